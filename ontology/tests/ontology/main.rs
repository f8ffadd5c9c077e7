//! The ontology from outside, as one program: one link instead of six.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "a test that fails panics; clippy knows the functions marked as tests only, not those they call"
)]

mod documents;
mod graph;
mod reading;
mod refusals;
mod round_trip;
mod support;
