//! The way through a list that is longer than a page.

use crate::portal::Language;
use askama::{Template, filters::HtmlSafe};

/// Links to the first and the next page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "parts/pager.html")]
pub(crate) struct Pager {
    /// The page's language.
    pub language: Language,
    /// What part of the list this is, in a sentence.
    pub shown: String,
    /// The first page, where this isn't it.
    pub first: Option<String>,
    /// The page before, where there is a way back.
    pub previous: Option<String>,
    /// The next page, where there is one.
    pub next: Option<String>,
}

impl HtmlSafe for Pager {}
