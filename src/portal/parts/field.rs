//! A field of a form with its label, hint and error.

use askama::{Template, filters::HtmlSafe};

/// What is entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FieldKind {
    /// A line of text; the `type` of the input: `text`, `search`, `number`, `date`, `email`, `url`.
    Line(&'static str),
    /// Several lines; so many are shown.
    Lines(u32),
    /// One of these.
    Choice(Vec<Choice>),
    /// Any of these; what is chosen stands in the field's value, with commas between.
    Checks(Vec<Choice>),
}

/// One of the values of a choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Its value.
    pub value: String,
    /// How people call it.
    pub label: String,
}

/// A field of a form.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "parts/field.html")]
pub(crate) struct Field {
    /// Its name in the form; its id is `f-NAME`.
    pub name: String,
    /// What is asked.
    pub label: String,
    /// What is entered.
    pub kind: FieldKind,
    /// What stands in it.
    pub value: String,
    /// How it is to be filled in.
    pub hint: Option<String>,
    /// What is wrong with it, in the API's words.
    pub error: Option<String>,
    /// Whether it must be filled in.
    pub required: bool,
    /// The `autocomplete` of it (WCAG 1.3.5).
    pub autocomplete: Option<&'static str>,
}

impl HtmlSafe for Field {}

impl Field {
    /// A field that may be left empty.
    pub(crate) fn new(name: &str, label: impl Into<String>, kind: FieldKind) -> Self {
        Self {
            name: name.to_owned(),
            label: label.into(),
            kind,
            value: String::new(),
            hint: None,
            error: None,
            required: false,
            autocomplete: None,
        }
    }

    /// With this in it.
    #[must_use]
    pub(crate) fn value(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }

    /// With a hint.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// With an error, where there is one.
    #[must_use]
    pub(crate) fn error(mut self, error: Option<String>) -> Self {
        self.error = error;
        self
    }

    /// To be filled in.
    #[must_use]
    pub(crate) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Whether this one of several is chosen.
    fn has(&self, value: &str) -> bool {
        self.value.split(',').any(|chosen| chosen == value)
    }

    /// The ids of what describes it, for `aria-describedby`.
    pub(crate) fn described_by(&self) -> Option<String> {
        let hint = self.hint.as_ref().map(|_| format!("f-{}-hint", self.name));
        let error = self.error.as_ref().map(|_| format!("f-{}-error", self.name));
        let ids: Vec<String> = [hint, error].into_iter().flatten().collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }
}
