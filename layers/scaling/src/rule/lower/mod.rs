//! From Python's whole tree to the tree of what a rule may say. What has no
//! place there is refused with what to write instead.

mod call;
mod expression;
mod statement;
mod text;

use super::{
    fault::{FaultKind, Trouble},
    limits::DEEPEST,
};
use ruff_text_size::Ranged;

/// Goes through the tree; notes what is refused, and goes on.
#[derive(Default)]
pub(super) struct Lowering {
    pub(super) faults: Vec<Trouble>,
    depth: u32,
    loops: u32,
}

impl Lowering {
    /// Notes a refusal; gives nothing, so that its caller does too.
    fn refuse<T>(&mut self, place: &impl Ranged, message: impl Into<String>, hint: &str) -> Option<T> {
        self.note(place, FaultKind::Forbidden, message, hint)
    }

    fn note<T>(&mut self, place: &impl Ranged, kind: FaultKind, message: impl Into<String>, hint: &str) -> Option<T> {
        let trouble = Trouble::new(kind, message).at(place.start().to_u32());
        self.faults.push(if hint.is_empty() { trouble } else { trouble.hint(hint) });
        None
    }

    /// One level deeper, if there is still one.
    fn deeper<T>(&mut self, place: &impl Ranged, go: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth >= DEEPEST {
            // Said once: everything that holds it is too deep as well.
            if !self.faults.iter().any(|fault| fault.is_limit()) {
                let message = format!("this is nested more than {DEEPEST} deep");
                let hint = "split it into several statements, with a variable between them";
                return self.note(place, FaultKind::Limit, message, hint);
            }
            return None;
        }
        self.depth += 1;
        let done = go(self);
        self.depth -= 1;
        done
    }
}
