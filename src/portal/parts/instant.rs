//! A moment, as people speak of it and as it is exactly.

use crate::portal::Language;
use askama::{Template, filters::HtmlSafe};
use chrono::{DateTime, SecondsFormat, Utc};

/// A moment: `<time>` with the exact time for programs.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(
    source = r#"<time datetime="{{ exact }}"{% if let Some(title) = title %} title="{{ title }}"{% endif %}>{{ said }}</time>"#,
    ext = "html"
)]
pub(crate) struct Instant {
    exact: String,
    title: Option<String>,
    said: String,
}

impl HtmlSafe for Instant {}

impl Instant {
    /// How long ago; the exact minute is the title.
    pub(crate) fn ago(language: Language, at: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        Self { exact: exact(at), title: Some(language.minute(at)), said: language.ago(at, now) }
    }

    /// The minute, in UTC.
    pub(crate) fn minute(language: Language, at: DateTime<Utc>) -> Self {
        Self { exact: exact(at), title: None, said: language.minute(at) }
    }

    /// The day.
    pub(crate) fn day(language: Language, at: DateTime<Utc>) -> Self {
        Self { exact: exact(at), title: Some(language.minute(at)), said: language.day(at) }
    }
}

fn exact(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
