//! OpenID Connect: this broker as the relying party of several issuers at once.
//!
//! Code flow with PKCE (OpenID Connect Core 1.0, section 3.1; RFC 7636;
//! RFC 9700), discovery, rotation of keys, logout; and the checks of tokens
//! that issuers signed (RFC 8725, RFC 9068).

mod algorithm;
mod attempt;
pub mod device;
mod discovery;
mod exchange;
mod http;
mod json;
mod jwt;
mod keys;
mod party;
#[cfg(test)]
mod tests;
mod verify;

pub use algorithm::{Algorithm, UnknownAlgorithm};
pub(crate) use attempt::{ATTEMPT_LIFE, Attempt, return_path};
pub(crate) use exchange::Begun;
pub(crate) use http::is_loopback;
pub(crate) use jwt::unverified_issuer;
pub(crate) use party::Party;
pub(crate) use verify::{Verified, s256};
