//! Placement: model and offers in, plan out.
