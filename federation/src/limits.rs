//! Every bound of the protocol in one place, with the reason for its size. A
//! partner may be slow, wrong or hostile; nothing it sends is read past these.

use std::time::Duration;

/// The longest DID, in bytes.
pub const DID_BYTES: usize = 512;
/// The largest DID document, in bytes. A key takes about 400, a service 200.
pub const DID_DOCUMENT_BYTES: usize = 64 * 1024;
/// The most keys that a DID document or a key list may name.
pub const KEYS: usize = 100;
/// The most key lists of one chain: two for each rotation.
pub const KEY_LISTS: usize = 1_000;
/// The largest protected header of a signature, encoded, in bytes.
pub const HEADER_BYTES: usize = 4 * 1024;
/// The largest request token, in bytes; it travels in a header field.
pub const TOKEN_BYTES: usize = 8 * 1024;
/// The longest life of a request token.
pub const TOKEN_LIFE: Duration = Duration::from_secs(60);
/// How far two brokers' clocks may be apart before tokens are refused.
pub const LEEWAY: Duration = Duration::from_secs(30);
/// How far a partner's clock may be off before a client no longer makes up for
/// it, and before what it has signed counts as signed in the future.
pub const SKEW: Duration = Duration::from_secs(15 * 60);
/// The largest content of one signed document, in bytes.
pub const DOCUMENT_BYTES: usize = 1024 * 1024;
/// The largest body of a request that a broker accepts from a partner, in bytes.
pub const REQUEST_BYTES: usize = 2 * 1024 * 1024;
/// The largest answer that a client reads, in bytes, unless the call allows more.
pub const ANSWER_BYTES: usize = 2 * 1024 * 1024;
/// The largest page of the feed, in bytes.
pub const FEED_PAGE_BYTES: usize = 8 * 1024 * 1024;
/// Items of a full page of the feed; pages are cut at multiples of it.
pub const FEED_PAGE_ITEMS: u64 = 100;
/// The largest catalogue that is read in one piece, in bytes.
pub const CATALOG_BYTES: usize = 16 * 1024 * 1024;
/// The largest file that `verify` reads, in bytes.
pub const FILE_BYTES: usize = 16 * 1024 * 1024;
/// The most lines of a log that one call may ask for.
pub const LOG_LINES: u32 = 10_000;
/// The longest text for people (a name, a reason) in a message, in bytes.
pub const TEXT_BYTES: usize = 4 * 1024;
