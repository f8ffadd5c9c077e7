//! Describing an application: a new one, or another revision of one that runs.

use super::{
    plan::ConflictView,
    source::{Fault, SourceLine, beside},
};
use crate::portal::{
    Frame, Place,
    parts::{AlsoBy, Choice, Field, FieldKind, Notice, Tone},
};
use askama::Template;

/// An example that one can start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Example {
    /// Its name in the address.
    pub name: &'static str,
    /// What is in it.
    pub text: &'static str,
    /// The message that says what it shows.
    pub about: &'static str,
}

/// The examples of this repository.
pub(crate) const EXAMPLES: [Example; 5] = [
    Example {
        name: "three-tier",
        text: include_str!("../../../examples/three-tier.yaml"),
        about: "model-example-three-tier",
    },
    Example { name: "minimal", text: include_str!("../../../examples/minimal.yaml"), about: "model-example-minimal" },
    Example {
        name: "sovereign",
        text: include_str!("../../../examples/sovereign.yaml"),
        about: "model-example-sovereign",
    },
    Example { name: "batch", text: include_str!("../../../examples/batch.yaml"), about: "model-example-batch" },
    Example {
        name: "federation",
        text: include_str!("../../../examples/federation.yaml"),
        about: "model-example-federation",
    },
];

/// For which application a model is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A new one, in one of these projects.
    New {
        /// The projects in which the visitor may make one.
        projects: Vec<String>,
        /// The chosen one.
        project: String,
    },
    /// Another revision of this one.
    Update {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// The version that the visitor saw.
        version: i64,
    },
}

/// What came of reading or planning the text.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    /// Faults of the text.
    pub faults: Vec<Fault>,
    /// What can't hold together.
    pub conflict: Option<ConflictView>,
    /// What else was said.
    pub refusal: Option<String>,
}

/// The page on which an application is described.
#[derive(Debug, Template)]
#[template(path = "model_form.html")]
pub(crate) struct ModelPage {
    frame: Frame,
    subject: Subject,
    action: String,
    text: Field,
    project: Option<Field>,
    notices: Vec<Notice>,
    loose: Vec<Fault>,
    lines: Vec<SourceLine>,
    conflict: Option<ConflictView>,
    also: AlsoBy,
}

impl ModelPage {
    /// The form with this text in it, and what is wrong with that.
    pub(crate) fn new(frame: Frame, subject: Subject, text: &str, trouble: Trouble) -> Self {
        let (action, also) = match &subject {
            Subject::New { .. } => ("/applications/new".to_owned(), also_new(&frame)),
            Subject::Update { id, name, .. } => (format!("/applications/{id}/update"), also_update(&frame, name)),
        };
        let project = match &subject {
            Subject::New { projects, project } if projects.len() > 1 => {
                let choices = projects.iter().map(|one| Choice { value: one.clone(), label: one.clone() }).collect();
                let label = frame.t("applications-project");
                Some(Field::new("project", label, FieldKind::Choice(choices)).value(project))
            }
            _ => None,
        };
        let count = trouble.faults.len();
        let mut notices = Vec::new();
        if count > 0 {
            notices.push(Notice::new(Tone::Bad, frame.msg("model-faults").with("count", count).to_string()));
        }
        if let Some(refusal) = trouble.refusal {
            notices.push(Notice::new(Tone::Bad, frame.t("model-refused")).detail(refusal));
        }
        let field = Field::new("model", frame.t("model-text"), FieldKind::Lines(24))
            .value(text)
            .hint(frame.t("model-text-hint"));
        Self {
            lines: beside(text, &trouble.faults),
            loose: trouble.faults.into_iter().filter(|fault| fault.line == 0).collect(),
            conflict: trouble.conflict,
            text: field,
            project,
            notices,
            action,
            subject,
            also,
            frame,
        }
    }

    fn examples(&self) -> &'static [Example] {
        match self.subject {
            Subject::New { .. } => &EXAMPLES,
            Subject::Update { .. } => &[],
        }
    }
}

fn also_new(frame: &Frame) -> AlsoBy {
    let yaml = Some(("application/yaml", "@model.yaml"));
    AlsoBy::new(frame)
        .cli(&["plan", "model.yaml"])
        .cli(&["app", "submit", "model.yaml", "--wait"])
        .request("POST", "/api/v1/plans", yaml, &[])
        .request("POST", "/api/v1/applications", yaml, &["Idempotency-Key: KEY"])
}

fn also_update(frame: &Frame, name: &str) -> AlsoBy {
    let yaml = Some(("application/yaml", "@model.yaml"));
    let path = format!("/api/v1/applications/{name}");
    AlsoBy::new(frame)
        .cli(&["app", "update", name, "model.yaml", "--dry-run"])
        .cli(&["app", "update", name, "model.yaml", "--wait"])
        .request("PUT", &format!("{path}?dryRun=true"), yaml, &[])
        .request("PUT", &path, yaml, &["If-Match: \"VERSION\""])
}
