//! Pages that are lists, facts and forms: put together from parts, shown by
//! one template, so that all of them look and read alike.

#![expect(clippy::let_underscore_must_use, reason = "it stands in what askama derives for a template that matches")]

mod cell;
mod form;
mod table;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use cell::{Cell, Meter};
pub(crate) use form::{Filters, FormBox};
pub(crate) use table::{Column, Facts, Row, Table};

use super::{
    Frame, Place,
    drawing::bars::Bars,
    parts::{AlsoBy, Empty, Notice, Pager, StateMark},
};
use askama::{Template, filters::HtmlSafe};

/// A page of parts.
#[derive(Debug, Clone, Template)]
#[template(path = "sheet/page.html")]
pub(crate) struct Sheet {
    frame: Frame,
    title: String,
    intro: Option<String>,
    state: Option<StateMark>,
    crumbs: Vec<(String, String)>,
    actions: Vec<(String, String)>,
    notices: Vec<Notice>,
    sections: Vec<Section>,
    also: AlsoBy,
}

/// A section of a page, with a heading of its own or without.
#[derive(Debug, Clone, Template)]
#[template(path = "sheet/section.html")]
pub(crate) struct Section {
    id: String,
    title: Option<String>,
    text: Option<String>,
    parts: Vec<Part>,
}

/// What stands in a section.
#[derive(Debug, Clone, Template)]
#[template(
    source = "{% match self %}{% when Self::Table(part) %}{{ part }}{% when Self::Facts(part) %}{{ part }}\
              {% when Self::Form(part) %}{{ part }}{% when Self::Filters(part) %}{{ part }}\
              {% when Self::Notice(part) %}{{ part }}{% when Self::Empty(part) %}{{ part }}\
              {% when Self::Pager(part) %}{{ part }}{% when Self::Bars(part) %}{{ part }}\
              {% when Self::Listing(text) %}<pre tabindex=\"0\"><code>{{ text }}</code></pre>{% endmatch %}",
    ext = "html"
)]
pub(crate) enum Part {
    /// A table.
    Table(Table),
    /// Facts with their names.
    Facts(Facts),
    /// A form that changes something.
    Form(FormBox),
    /// A form that only chooses what is shown.
    Filters(Filters),
    /// Something that has to be read.
    Notice(Notice),
    /// Why there is nothing.
    Empty(Empty),
    /// The way through a long list.
    Pager(Pager),
    /// Amounts side by side.
    Bars(Bars),
    /// A text as it is: a document, a signature.
    Listing(String),
}

impl HtmlSafe for Section {}
impl HtmlSafe for Part {}

impl Sheet {
    /// A page with a title and nothing else yet.
    pub(crate) fn new(frame: Frame, title: impl Into<String>) -> Self {
        let also = AlsoBy::new(&frame);
        Self {
            title: title.into(),
            intro: None,
            state: None,
            crumbs: Vec::new(),
            actions: Vec::new(),
            notices: Vec::new(),
            sections: Vec::new(),
            also,
            frame,
        }
    }

    /// With a sentence about what the page is for.
    #[must_use]
    pub(crate) fn intro(mut self, intro: impl Into<String>) -> Self {
        self.intro = Some(intro.into());
        self
    }

    /// With the state of what the page is about.
    #[must_use]
    pub(crate) fn state(mut self, state: StateMark) -> Self {
        self.state = Some(state);
        self
    }

    /// With a way up: address and name.
    #[must_use]
    pub(crate) fn crumb(mut self, href: impl Into<String>, name: impl Into<String>) -> Self {
        self.crumbs.push((href.into(), name.into()));
        self
    }

    /// With a link to what can be done from here.
    #[must_use]
    pub(crate) fn action(mut self, href: impl Into<String>, name: impl Into<String>) -> Self {
        self.actions.push((href.into(), name.into()));
        self
    }

    /// With something that has to be read first.
    #[must_use]
    pub(crate) fn notice(mut self, notice: Option<Notice>) -> Self {
        self.notices.extend(notice);
        self
    }

    /// With a section.
    #[must_use]
    pub(crate) fn section(mut self, mut section: Section) -> Self {
        let heading = section.title.as_ref().unwrap_or(&self.title);
        for part in &mut section.parts {
            if let Part::Table(table) = part {
                table.under(heading);
            }
        }
        self.sections.push(section);
        self
    }

    /// With the commands that do the same.
    #[must_use]
    pub(crate) fn also(mut self, say: impl FnOnce(AlsoBy) -> AlsoBy) -> Self {
        self.also = say(self.also);
        self
    }
}

impl Section {
    /// A section without a heading: what the page's title speaks of.
    pub(crate) fn plain(id: &str) -> Self {
        Self { id: id.to_owned(), title: None, text: None, parts: Vec::new() }
    }

    /// A section with a heading.
    pub(crate) fn new(id: &str, title: impl Into<String>) -> Self {
        Self { title: Some(title.into()), ..Self::plain(id) }
    }

    /// With a sentence under the heading.
    #[must_use]
    pub(crate) fn text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// With another part.
    #[must_use]
    pub(crate) fn with(mut self, part: impl Into<Part>) -> Self {
        self.parts.push(part.into());
        self
    }
}

macro_rules! parts {
    ($($part:ident)+) => {$(
        impl From<$part> for Part {
            fn from(part: $part) -> Self {
                Self::$part(part)
            }
        }
    )+};
}

parts!(Table Facts Filters Notice Empty Pager Bars);

impl From<FormBox> for Part {
    fn from(part: FormBox) -> Self {
        Self::Form(part)
    }
}
