//! The page on which one chooses with whom to sign in.

use crate::portal::{Frame, Place, parts::Empty};
use askama::Template;

/// Who can say who somebody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Issuer {
    /// Where the login begins.
    pub href: String,
    /// How people call it.
    pub name: String,
    /// Whose server that is.
    pub host: String,
}

/// The page on which one chooses with whom to sign in.
#[derive(Debug, Template)]
#[template(path = "sign_in.html")]
pub(crate) struct SignInPage {
    frame: Frame,
    issuers: Vec<Issuer>,
    empty: Option<Empty>,
}

impl SignInPage {
    /// With these issuers.
    pub(crate) fn new(frame: Frame, issuers: Vec<Issuer>) -> Self {
        let empty = issuers.is_empty().then(|| {
            Empty::new(frame.t("sign-in-none"), frame.t("sign-in-none-text")).action("/", frame.t("error-back"))
        });
        Self { frame, issuers, empty }
    }
}
