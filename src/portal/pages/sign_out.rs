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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portal::{
        Language,
        sheet::tests::{HOSTILE, escaped, frame},
    };

    #[test]
    fn it_speaks_every_language_and_nothing_breaks_out() {
        for language in Language::ALL {
            let frame = Frame { place: Place::None, ..frame(language) };
            let page = SignOutPage { frame, on: HOSTILE.to_owned() }.render().unwrap();
            escaped(&page);
            assert!(page.contains(&language.t("sign-out-title")) && page.matches("<h1").count() == 1);
        }
    }
}
