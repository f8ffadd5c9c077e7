//! The ontology from outside, as one program: one link instead of six.

mod documents;
mod graph;
mod reading;
mod refusals;
mod round_trip;
mod support;
