//! The page that tells of an error.

use crate::portal::{Frame, Place};
use askama::Template;

/// What went wrong, in the page's language, and what the broker says to it.
#[derive(Debug, Template)]
#[template(path = "problem.html")]
pub(crate) struct ProblemPage {
    /// What is around it.
    pub frame: Frame,
    /// The HTTP status.
    pub status: u16,
    /// The broker's own words.
    pub told: String,
    /// Which request it was.
    pub instance: String,
}
