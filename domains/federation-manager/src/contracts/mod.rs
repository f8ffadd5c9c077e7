//! Negotiations and agreements, as consumer and as provider.
