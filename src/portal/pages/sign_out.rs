//! What one sees between signing out here and signing out where one signed in.

use crate::portal::{Frame, Place};
use askama::Template;

/// The session here has ended; the way on to end it where it began.
#[derive(Debug, Template)]
#[template(path = "sign_out.html")]
pub(crate) struct SignOutPage {
    /// What every page has.
    pub(crate) frame: Frame,
    /// Where the issuer ends its own session.
    pub(crate) on: String,
}
