//! What can be typed behind `hansa sla`.

use chrono::{DateTime, Utc};
use clap::Subcommand;

/// What was promised of rented machines, and how it is kept.
#[derive(Debug, Subcommand)]
pub(crate) enum SlaCommand {
    /// How objectives stand, the newest windows first.
    List {
        /// Only of this application: name or id.
        #[arg(long, value_name = "APPLICATION")]
        application: Option<String>,
        /// Only what this provider delivers: its IRI.
        #[arg(long, value_name = "PROVIDER")]
        provider: Option<String>,
        /// Only windows that end after this time, such as 2026-11-01T00:00:00Z.
        #[arg(long, value_name = "TIME")]
        from: Option<DateTime<Utc>>,
        /// Only windows that begin before this time.
        #[arg(long, value_name = "TIME")]
        until: Option<DateTime<Utc>>,
        /// Only what was missed.
        #[arg(long)]
        missed: bool,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// What was missed, the newest first.
    Breaches {
        /// Only of this application: name or id.
        #[arg(long, value_name = "APPLICATION")]
        application: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
}
