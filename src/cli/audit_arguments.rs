//! What can be typed after `hansa audit`.

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use uuid::Uuid;

/// What to do with the audit trail.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// List records, the latest last.
    List {
        #[command(flatten)]
        filter: AuditFilter,
        /// At most so many of the latest.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Show a record.
    Show {
        /// Its place in the trail.
        place: u64,
        /// Show the proof that it is in the trail instead.
        #[arg(long)]
        proof: bool,
    },
    /// Export the whole trail, to be kept elsewhere and verified.
    Export {
        /// The file to write; `-` for standard output.
        #[arg(value_name = "FILE", default_value = "-")]
        file: PathBuf,
    },
    /// Verify an export, offline: exit code 2 and the first fault, where there is one.
    Verify(VerifyOptions),
    /// Show the newest signed checkpoint, to be kept elsewhere for `verify --against`.
    Checkpoint {
        /// List the newest checkpoints instead.
        #[arg(long)]
        list: bool,
        /// Check that the trail has only grown since so many records.
        #[arg(long, value_name = "SIZE")]
        since: Option<u64>,
    },
    /// The keys that sign checkpoints: list, rotate.
    #[command(subcommand)]
    Key(AuditKeyCommand),
}

/// Which records.
#[derive(Debug, Args)]
pub(crate) struct AuditFilter {
    /// Only of this actor.
    #[arg(long)]
    pub actor: Option<String>,
    /// Only actions, or kinds of events, that begin so.
    #[arg(long, value_name = "PREFIX")]
    pub action: Option<String>,
    /// Only about this: `application/ID`.
    #[arg(long)]
    pub subject: Option<String>,
    /// Only decisions with this outcome: allowed, denied, failed.
    #[arg(long)]
    pub outcome: Option<String>,
    /// Only `decision` or `event`.
    #[arg(long)]
    pub kind: Option<String>,
    /// Only of this request: the id that was answered as X-Request-Id.
    #[arg(long, value_name = "ID")]
    pub request: Option<Uuid>,
    /// Only from this time on, such as 2026-11-22T08:00:00Z.
    #[arg(long, value_name = "TIME")]
    pub from: Option<DateTime<Utc>>,
    /// Only before this time.
    #[arg(long, value_name = "TIME")]
    pub until: Option<DateTime<Utc>>,
}

/// What is verified, and what is known already.
#[derive(Debug, Args)]
pub(crate) struct VerifyOptions {
    /// The export; `-` for standard input.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// An earlier checkpoint or export: whether the trail has only grown since.
    #[arg(long, value_name = "FILE")]
    pub against: Option<PathBuf>,
    /// A public key that you know to be the broker's (`name+id+key`, or a file that holds it).
    #[arg(long, value_name = "KEY")]
    pub key: Vec<String>,
}

/// The keys that sign checkpoints.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditKeyCommand {
    /// List them, the oldest first.
    List,
    /// Put a new key in the place of the one that signs.
    Rotate {
        /// Only check; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
}
