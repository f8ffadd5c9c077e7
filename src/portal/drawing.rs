//! Pictures drawn by the server.

pub(crate) mod bars;
pub(crate) mod layers;
pub(crate) mod steps;
pub(crate) mod topology;
