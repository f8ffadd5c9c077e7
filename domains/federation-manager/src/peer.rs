//! Who sent a message, once that is proved.

use crate::partners::PartnerState;
use hansa_ontology::Actor;

/// A message from outside, as far as its token is bound to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inbound<'a> {
    /// `GET`, `POST` and so on.
    pub method: &'a str,
    /// Path with query, as it was asked for: `/federation/v1/offers?after=100`.
    pub path_and_query: &'a str,
    /// The body's exact bytes; empty without one.
    pub body: &'a [u8],
    /// The header `Authorization`.
    pub authorization: Option<&'a str>,
}

/// A partner that has proved who it is with the message at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its DID.
    pub did: String,
    /// Its name for people.
    pub name: String,
    /// How we stand with it.
    pub state: PartnerState,
}

impl Peer {
    /// The partner as who acts.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::Partner(self.did.clone())
    }
}
