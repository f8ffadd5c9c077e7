//! Tells a newcomer what happens, with the seconds that each step took.

use crate::{cli::write_text, failure::Failure};
use std::{cell::Cell, time::Instant};

/// Tells what happens.
pub(super) struct Narrator {
    begun: Instant,
    step_begun: Cell<Instant>,
    steps: Cell<u32>,
}

impl Narrator {
    /// Nothing was told yet.
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self { begun: now, step_begun: Cell::new(now), steps: Cell::new(0) }
    }

    /// A new step begins.
    pub(super) fn step(&self, title: &str) -> Result<(), Failure> {
        self.steps.set(self.steps.get() + 1);
        self.step_begun.set(Instant::now());
        let gap = if self.steps.get() == 1 { "" } else { "\n" };
        write_text(&format!("{gap}{}. {title}\n", self.steps.get()))
    }

    /// Something about the step.
    pub(super) fn say(&self, text: &str) -> Result<(), Failure> {
        let lines: String = text.lines().map(|line| format!("   {line}").trim_end().to_owned() + "\n").collect();
        write_text(&lines)
    }

    /// The step has ended well.
    pub(super) fn well(&self, text: &str) -> Result<(), Failure> {
        self.say(&format!("ok: {text} ({:.1} s)", self.step_begun.get().elapsed().as_secs_f64()))
    }

    /// All has ended well.
    pub(super) fn done(&self) -> Result<(), Failure> {
        write_text(&format!("\nDone: {} steps in {:.1} s.\n", self.steps.get(), self.begun.elapsed().as_secs_f64()))
    }
}
