//! What is shown where there is nothing to show.

use askama::{Template, filters::HtmlSafe};

/// An empty state: says why there is nothing, and what can be done.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "parts/empty.html")]
pub(crate) struct Empty {
    /// Why there is nothing.
    pub title: String,
    /// What one could do.
    pub text: String,
    /// Address and label of the next step.
    pub action: Option<(String, String)>,
}

impl HtmlSafe for Empty {}

impl Empty {
    /// Without a next step.
    pub(crate) fn new(title: impl Into<String>, text: impl Into<String>) -> Self {
        Self { title: title.into(), text: text.into(), action: None }
    }

    /// With a next step.
    #[must_use]
    pub(crate) fn action(mut self, href: impl Into<String>, label: impl Into<String>) -> Self {
        self.action = Some((href.into(), label.into()));
        self
    }
}
