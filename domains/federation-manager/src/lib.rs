//! Federation Manager (ICRA): the partners of this broker, the exchange of
//! offers with them, agreements, holds, orders and settlement, on both sides of each.
//!
//! Every wish towards a partner is written down first and carried out by
//! workers of this room, so nobody above waits for the network. The protocol
//! itself (messages, signatures, client) is the crate `hansa-federation`; this
//! one gives it a memory. It knows no HTTP server and no layer.

pub mod contracts;
mod error;
pub mod exchange;
#[cfg(test)]
mod faults;
mod identity;
mod manager;
mod options;
pub mod orders;
pub mod outbox;
pub mod partners;
mod peer;
pub mod settlement;
mod store;
#[doc(hidden)]
pub mod testing;
mod transport;

pub use error::{ErrorKind, FederationError};
pub use manager::{FederationManager, Rooms};
pub use options::FederationOptions;
pub use peer::{Inbound, Peer};
pub use store::MIGRATIONS;
pub use transport::{Answer, Call, Method, Transport, TransportError};
