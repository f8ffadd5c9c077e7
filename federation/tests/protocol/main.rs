//! The protocol from outside: what is accepted, and above all what is refused.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on says so by falling"
)]

mod addresses;
mod broker;
mod calls;
mod catalogue;
mod contexts;
mod documents;
mod identities;
mod key_files;
mod messages;
mod negotiation;
mod schemas;
mod strict_json;
mod tls;
mod tokens;
mod wycheproof;
