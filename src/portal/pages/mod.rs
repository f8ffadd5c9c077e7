//! The pages: a view model for each, ready to be shown.

pub(crate) mod account;
pub(crate) mod application;
pub(crate) mod applications;
pub(crate) mod audit;
pub(crate) mod carbon;
pub(crate) mod confirm;
pub(crate) mod contracts;
pub(crate) mod costs;
pub(crate) mod infrastructure;
pub(crate) mod model_form;
pub(crate) mod names;
pub(crate) mod no_project;
pub(crate) mod offer;
pub(crate) mod offers;
pub(crate) mod overview;
pub(crate) mod owners;
pub(crate) mod partners;
pub(crate) mod plan;
pub(crate) mod problem;
pub(crate) mod projects;
pub(crate) mod promises;
pub(crate) mod sign_in;
pub(crate) mod sign_out;
pub(crate) mod sites;
pub(crate) mod source;
