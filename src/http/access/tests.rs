//! Every route for every role.
