//! What can be typed behind `hansa alert`.

use super::owner_arguments::OwnerChange;
use clap::Subcommand;

/// What people want to be warned of, over what is measured.
#[derive(Debug, Subcommand)]
pub(crate) enum AlertCommand {
    /// The rules, and how each stands.
    List {
        /// Those about the broker itself.
        #[arg(long)]
        broker: bool,
    },
    /// One rule, and what it holds for.
    Show {
        /// Its name.
        name: String,
        /// One about the broker itself.
        #[arg(long)]
        broker: bool,
    },
    /// State one, in the place of the one of its name.
    Set {
        /// Its name: `a-z`, `0-9`, `-`.
        name: String,
        /// What is asked, in PromQL: it holds for every set of labels that it gives.
        expr: String,
        /// For how long it must hold, such as `5m`; without it, it fires at once.
        #[arg(long = "for", value_name = "TIME")]
        hold: Option<String>,
        /// How bad that is: `minor`, `major`, `critical`.
        #[arg(long, value_name = "SEVERITY", default_value = "major")]
        severity: String,
        /// What is told: one line, with `{{label}}` and `{{value}}`.
        #[arg(long, value_name = "TEXT")]
        summary: Option<String>,
        /// Keep it, but don't ask it.
        #[arg(long)]
        off: bool,
        /// About the broker itself.
        #[arg(long)]
        broker: bool,
        #[command(flatten)]
        change: OwnerChange,
    },
    /// Measure and ask one now: what it holds for. Nothing is told.
    Test {
        /// Its name.
        name: String,
        /// One about the broker itself.
        #[arg(long)]
        broker: bool,
    },
    /// Remove one; what fires is over.
    Remove {
        /// Its name.
        name: String,
        /// One about the broker itself.
        #[arg(long)]
        broker: bool,
        /// Only check; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
}
