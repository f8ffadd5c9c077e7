//! The protocol between the brokers of different providers: who they are, what
//! they sign, what they say to each other, in which states a contract can be,
//! and the client that speaks it. It keeps nothing: no database.
//!
//! It knows no HTTP server, no layer and no domain. Time is an argument of
//! every rule. `docs/federation.md` says the same for people who implement a
//! partner in another language; its examples are made by this crate's tests.

pub mod address;
pub mod client;
pub mod did;
pub mod document;
pub mod dsp;
mod error;
pub mod json;
pub mod jws;
pub mod keys;
pub mod limits;
pub mod token;
pub mod verify;
pub mod wire;

pub use address::AddressGuard;
pub use client::{CallError, Client};
pub use did::{Did, DidDocument};
pub use document::SignedDocument;
pub use error::{ErrorKind, FederationError};
pub use keys::{FileKeyStore, KeyId, KeySet, KeyStore};
