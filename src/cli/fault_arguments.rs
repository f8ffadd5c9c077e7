//! What can be typed behind `hansa fault`.

use clap::{Args, Subcommand};

/// What is wrong, why, and who sees to it.
#[derive(Debug, Subcommand)]
pub(crate) enum FaultCommand {
    /// Faults, the newest first.
    List {
        /// Only of this application: name or id.
        #[arg(long, value_name = "APPLICATION", conflicts_with = "broker")]
        application: Option<String>,
        /// Only those that are `open`, `acknowledged`, `resolved`, or `living`: not resolved.
        #[arg(long, value_name = "STATE")]
        state: Option<String>,
        /// Only of this kind, such as `machine-lost`.
        #[arg(long, value_name = "KIND")]
        kind: Option<String>,
        /// Only those that are at least so bad: `minor`, `major`, `critical`.
        #[arg(long, value_name = "SEVERITY")]
        severity: Option<String>,
        /// Those of the broker itself instead of those of projects.
        #[arg(long)]
        broker: bool,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// One fault: its events, what explains it, who sees to it.
    Show {
        /// Its number.
        number: u64,
        /// One of the broker itself.
        #[arg(long)]
        broker: bool,
    },
    /// Say that one sees to a fault.
    Acknowledge(FaultNoteOptions),
    /// Say that a fault is over where no event shows it; `--note` says why.
    Resolve(FaultNoteOptions),
}

/// What somebody says of a fault.
#[derive(Debug, Args)]
pub(crate) struct FaultNoteOptions {
    /// Its number.
    pub number: u64,
    /// What they say.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub note: String,
    /// One of the broker itself.
    #[arg(long)]
    pub broker: bool,
    /// Only check; write nothing.
    #[arg(long)]
    pub dry_run: bool,
}
