//! The pages: a view model for each, ready to be shown.

pub(crate) mod contracts;
pub(crate) mod infrastructure;
pub(crate) mod offer;
pub(crate) mod offers;
pub(crate) mod overview;
pub(crate) mod partners;
pub(crate) mod problem;
pub(crate) mod sites;
