//! What can be typed behind `hansa notify`.

use clap::Subcommand;

/// Who is told of what, by webhook or mail.
#[derive(Debug, Subcommand)]
pub(crate) enum NotifyCommand {
    /// Have somebody told. The secret by which messages to a URL are signed is shown once.
    Add {
        /// Its name: `a-z`, `0-9`, `-`.
        name: String,
        /// Where to: an https URL, or a mail address.
        #[arg(long, value_name = "URL|ADDRESS")]
        to: String,
        /// The kinds of events begin so, such as `fault.`; several may be given.
        #[arg(long = "kind", value_name = "KIND", required = true)]
        kinds: Vec<String>,
        /// Of faults only those that are at least so bad: `minor`, `major`, `critical`.
        #[arg(long, value_name = "SEVERITY")]
        severity: Option<String>,
        /// Of what concerns the broker itself.
        #[arg(long)]
        broker: bool,
        /// Only check; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Who is told of what.
    List {
        /// Of what concerns the broker itself.
        #[arg(long)]
        broker: bool,
    },
    /// Send a test now, and say what came of it.
    Test {
        /// Its name.
        name: String,
        /// Of what concerns the broker itself.
        #[arg(long)]
        broker: bool,
    },
    /// What was delivered and what was given up, the newest event first.
    Deliveries {
        /// Its name.
        name: String,
        /// Of what concerns the broker itself.
        #[arg(long)]
        broker: bool,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// Tell them no more.
    Remove {
        /// Its name.
        name: String,
        /// Of what concerns the broker itself.
        #[arg(long)]
        broker: bool,
        /// Only check; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
}
