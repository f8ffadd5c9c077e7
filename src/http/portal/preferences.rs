//! The switches of language and theme: kept in cookies, for a year.

use super::{Flash, Form, see_other, visit::local_path};
use crate::{
    http::problem::Reply,
    portal::{Language, Theme},
};

/// Keeps a choice and leads back to where it was made.
pub(crate) async fn set(form: Form) -> Reply {
    let asked = &form.visit.asked;
    let mut response = see_other(asked, local_path(form.get("return")).unwrap_or("/"), None::<Flash>);
    let language = Language::of_tag(form.get("language")).map(|chosen| (asked.cookies.language(), chosen.tag()));
    let theme = Theme::of_name(form.get("theme")).map(|chosen| (asked.cookies.theme(), chosen.name()));
    for (name, value) in language.into_iter().chain(theme) {
        response
            .add_cookie(&asked.cookies.choice(name, value))
            .unwrap_or_else(|error| tracing::warn!(%error, "a cookie can't be set"));
    }
    Ok(response)
}
