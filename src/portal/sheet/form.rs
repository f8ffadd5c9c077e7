//! Forms: those that change something, and those that choose what is shown.

use crate::portal::{Frame, parts::Field};
use askama::{Template, filters::HtmlSafe};

/// A form that changes something.
#[derive(Debug, Clone, Template)]
#[template(path = "sheet/form.html")]
pub(crate) struct FormBox {
    action: String,
    csrf: String,
    hidden: Vec<(String, String)>,
    fields: Vec<Field>,
    button: String,
    /// What the button is about, for those who hear it alone.
    about: Option<String>,
    look: &'static str,
    method: &'static str,
}

/// A form that chooses what is shown; the choice stands in the address.
#[derive(Debug, Clone, Template)]
#[template(path = "sheet/filters.html")]
pub(crate) struct Filters {
    action: String,
    fields: Vec<Field>,
    button: String,
    reset: Option<String>,
}

impl HtmlSafe for FormBox {}
impl HtmlSafe for Filters {}

impl FormBox {
    /// A form that is sent to this address by this button.
    pub(crate) fn new(frame: &Frame, action: impl Into<String>, button: impl Into<String>) -> Self {
        Self {
            action: action.into(),
            csrf: frame.csrf.clone(),
            hidden: Vec::new(),
            fields: Vec::new(),
            button: button.into(),
            about: None,
            look: "",
            method: "post",
        }
    }

    /// With a field.
    #[must_use]
    pub(crate) fn field(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    /// With a value that is sent along.
    #[must_use]
    pub(crate) fn hidden(mut self, name: &str, value: impl Into<String>) -> Self {
        self.hidden.push((name.to_owned(), value.into()));
        self
    }

    /// What the button is about: read out with it.
    #[must_use]
    pub(crate) fn about(mut self, about: impl Into<String>) -> Self {
        self.about = Some(about.into());
        self
    }

    /// Whether it changes something, so that it needs a token against forgery.
    fn changes(&self) -> bool {
        self.method == "post"
    }

    /// It changes nothing: what is entered stands in the address of the page that it leads to.
    #[must_use]
    pub(crate) const fn asking(mut self) -> Self {
        self.method = "get";
        self
    }

    /// The button is what the page is for.
    #[must_use]
    pub(crate) const fn main(mut self) -> Self {
        self.look = "main";
        self
    }

    /// What it does can't be taken back.
    #[must_use]
    pub(crate) const fn danger(mut self) -> Self {
        self.look = "danger";
        self
    }
}

impl Filters {
    /// A form that leads to this address.
    pub(crate) fn new(action: impl Into<String>, button: impl Into<String>) -> Self {
        Self { action: action.into(), fields: Vec::new(), button: button.into(), reset: None }
    }

    /// With a field.
    #[must_use]
    pub(crate) fn field(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    /// With a way back to the whole list.
    #[must_use]
    pub(crate) fn reset(mut self, label: Option<String>) -> Self {
        self.reset = label;
        self
    }
}
