//! What was just done, told on the next page.

use super::{Asked, Cookies};
use crate::portal::{
    Language,
    parts::{Notice, Tone},
};
use actix_web::{HttpResponse, cookie::Cookie, http::header};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

/// The longest name that is told.
const LONGEST: usize = 200;

/// Something that was done: a message, and the name of what it was done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flash {
    key: String,
    name: String,
}

impl Flash {
    /// `key` is a message that begins with `done-` and may say `{ $name }`.
    pub(crate) fn done(key: &str, name: &str) -> Self {
        Self { key: key.to_owned(), name: name.to_owned() }
    }

    /// The session has ended.
    pub(crate) fn signed_out() -> Self {
        Self::done("done-signed-out", "")
    }

    /// As the value of a cookie.
    pub(super) fn cookie(&self, cookies: &Cookies) -> Cookie<'static> {
        let text = format!("{}\n{}", self.key, self.name);
        cookies.make(cookies.flash(), BASE64_URL_SAFE_NO_PAD.encode(text))
    }

    /// From the value of a cookie. A made-up one can only say what the portal says anyway.
    pub(super) fn of_cookie(value: &str) -> Option<Self> {
        let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(value).ok()?).ok()?;
        let (key, name) = text.split_once('\n')?;
        let known = key.starts_with("done-") && Language::English.knows(key);
        (known && name.len() <= LONGEST).then(|| Self::done(key, name))
    }

    /// For the page.
    pub(super) fn notice(&self, language: Language) -> Notice {
        Notice::new(Tone::Good, language.msg(&self.key).with("name", &self.name).to_string())
    }
}

/// Sends the browser to another page after a form (RFC 9110, section 15.4.4),
/// which tells what was done.
pub(crate) fn see_other(asked: &Asked, to: &str, flash: Option<Flash>) -> HttpResponse {
    let mut response = HttpResponse::SeeOther();
    response.insert_header((header::LOCATION, to)).insert_header((header::CACHE_CONTROL, "no-store"));
    if let Some(flash) = flash {
        response.cookie(flash.cookie(&asked.cookies));
    }
    response.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_portal_says_itself_is_told() {
        let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        let told = Flash::of_cookie(&encode("done-submitted\n<b>x</b>")).unwrap();
        assert!(!told.notice(Language::English).to_string().contains("<b>"));
        for bad in ["", "?", &encode("brand\nx"), &encode("done-nothing\nx"), &encode("done-submitted")] {
            assert_eq!(Flash::of_cookie(bad), None, "{bad}");
        }
        assert_eq!(Flash::of_cookie(&encode(&format!("done-submitted\n{}", "x".repeat(201)))), None);
    }
}
