//! The development login from its outside.
