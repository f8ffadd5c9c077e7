//! The ontology from outside, as one program: one link instead of six.

mod round_trip;
mod support;
