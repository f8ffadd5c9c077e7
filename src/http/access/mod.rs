//! Who calls, and what they may do: between a request and its handler.
//!
//! [`layer::guard`] finds out who asks ([`proof`]), looks up the route
//! ([`table`]), finds what it is about ([`object`]), has the policies decide,
//! and keeps a record ([`record`]). A handler takes a [`Caller`].

mod caller;
mod layer;
mod object;
mod origin;
mod proof;
mod record;
pub(crate) mod table;
#[cfg(test)]
mod tests;
mod watch;

pub(crate) use caller::Caller;
pub(crate) use layer::guard;
pub(crate) use object::decoded;
pub(crate) use proof::shown;
