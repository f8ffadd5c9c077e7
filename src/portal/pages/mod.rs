//! The pages: a view model for each, ready to be shown.

pub(crate) mod overview;
pub(crate) mod problem;
