//! Pictures drawn by the server.

pub(crate) mod layers;
pub(crate) mod steps;
pub(crate) mod topology;
