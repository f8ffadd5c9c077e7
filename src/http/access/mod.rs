//! Who calls, and what they may do: between a request and its handler.

mod caller;

pub(crate) use caller::Caller;
