//! Pictures drawn by the server.

pub(crate) mod layers;
pub(crate) mod topology;
