//! Something that has to be read: what was done, what went wrong.

use super::Tone;
use askama::{Template, filters::HtmlSafe};

/// A notice.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "parts/notice.html")]
pub(crate) struct Notice {
    /// How it is to be taken.
    pub tone: Tone,
    /// What it is about, in a few words of the page's language.
    pub title: String,
    /// The broker's own words, which are English.
    pub details: Vec<String>,
    /// Where one goes from here: address and label.
    pub link: Option<(String, String)>,
}

impl HtmlSafe for Notice {}

impl Notice {
    /// A notice with a title alone.
    pub(crate) fn new(tone: Tone, title: impl Into<String>) -> Self {
        Self { tone, title: title.into(), details: Vec::new(), link: None }
    }

    /// With a sentence of the broker's own.
    #[must_use]
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }

    /// With a link.
    #[must_use]
    pub(crate) fn link(mut self, href: impl Into<String>, label: impl Into<String>) -> Self {
        self.link = Some((href.into(), label.into()));
        self
    }

    /// Whether a screen reader says it at once.
    pub(crate) const fn is_urgent(&self) -> bool {
        matches!(self.tone, Tone::Bad)
    }
}
