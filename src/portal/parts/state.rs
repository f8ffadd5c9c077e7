//! A state as a shape and a word: colour is never the only sign.

use crate::portal::Language;
use askama::{Template, filters::HtmlSafe};

/// How a state is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Tone {
    /// All is well: a disc.
    Good,
    /// It is on its way: a half disc.
    Busy,
    /// Something is not as it should be: a triangle.
    Warn,
    /// It doesn't work: a square with a cross.
    Bad,
    /// It is over, or not yet: a ring.
    Quiet,
}

impl Tone {
    /// Its stable name: a class in the style sheet, and the symbol `s-NAME`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Busy => "busy",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Quiet => "quiet",
        }
    }
}

/// A state, as shape and word.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(
    source = r##"<span class="state {{ tone.name() }}"><svg class="mark" aria-hidden="true"><use href="#s-{{ tone.name() }}"/></svg>{{ word }}</span>"##,
    ext = "html"
)]
pub(crate) struct StateMark {
    /// How it is to be taken.
    pub tone: Tone,
    /// The word, in the page's language.
    pub word: String,
}

impl HtmlSafe for StateMark {}

impl StateMark {
    /// A state that has a word in the page's language already.
    pub(crate) fn new(tone: Tone, word: impl Into<String>) -> Self {
        Self { tone, word: word.into() }
    }

    /// The state of an application, a workload, a machine, an operation or a
    /// partner by its stable name. A name that nobody knows is shown as it is.
    pub(crate) fn of(language: Language, name: &str) -> Self {
        let tone = match name {
            "running" | "ready" | "succeeded" | "completed" | "active" | "published" | "open" | "healthy"
            | "drained" | "kept" | "agreed" | "accepted" => Tone::Good,
            "planning" | "deploying" | "starting" | "prepared" | "ordered" | "held" | "stopping" | "removing"
            | "releasing" | "draining" | "pending" | "invited" | "draft" | "moves" | "moving" | "proposed"
            | "raised" => Tone::Busy,
            "degraded" | "unhealthy" | "backing-off" | "lost" | "stale" | "suspended" | "overdue" | "stays"
            | "at-risk" => Tone::Warn,
            "blocked" | "failed" | "unreachable" | "refused" | "expired" | "missed" | "disputed" => Tone::Bad,
            _ => Tone::Quiet,
        };
        let key = format!("state-{name}");
        let word = if language.knows(&key) { language.t(&key) } else { name.to_owned() };
        Self { tone, word }
    }
}
