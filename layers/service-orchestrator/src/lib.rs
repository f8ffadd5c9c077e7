//! Owns applications: desired state, lifecycle, reconciliation.
