//! What can be typed of organisations, projects, members and quotas.

use clap::{Args, Subcommand};

/// Whether a change is made, and on what condition.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Condition {
    /// Only if it still has this version.
    #[arg(long, value_name = "VERSION")]
    pub if_version: Option<i64>,
    /// Only check; write nothing.
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PlaceCommand {
    /// List those that one may see.
    List,
    /// Show one.
    Show {
        /// Its name: `acme`, or of a project `acme/web`.
        name: String,
    },
    /// Make one.
    Create {
        /// Its name: `acme`, or of a project `acme/web`. It is given once.
        name: String,
        /// How people call it.
        #[arg(long)]
        title: Option<String>,
        /// Only check; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Give it another title.
    Rename {
        /// Its name.
        name: String,
        /// How people call it.
        title: String,
        #[command(flatten)]
        condition: Condition,
    },
    /// Close it, when nothing is in it. Its name is never given again.
    Close {
        /// Its name.
        name: String,
        #[command(flatten)]
        condition: Condition,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum MemberCommand {
    /// List the members of an organisation or a project.
    List {
        /// `acme`, or `acme/web`.
        place: String,
    },
    /// Make somebody a member, or give a member other roles.
    Set {
        /// `acme`, or `acme/web`.
        place: String,
        /// Handle or id of the account.
        member: String,
        /// use-case-administrator, use-case-user, auditor, billing.
        #[arg(required = true, value_name = "ROLE")]
        roles: Vec<String>,
        #[command(flatten)]
        condition: Condition,
    },
    /// Take a member's roles away.
    Remove {
        /// `acme`, or `acme/web`.
        place: String,
        /// Handle or id of the account.
        member: String,
        #[command(flatten)]
        condition: Condition,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum QuotaCommand {
    /// Show the quota of an organisation or a project, and what is taken of it.
    Show {
        /// `acme`, or `acme/web`.
        place: String,
    },
    /// Set a quota as a whole: what isn't named is not limited.
    Set {
        /// `acme`, or `acme/web`.
        place: String,
        /// Applications.
        #[arg(long)]
        applications: Option<u32>,
        /// Instances of all components.
        #[arg(long)]
        instances: Option<u32>,
        /// Processors, such as 40 or 500m.
        #[arg(long)]
        cpu: Option<String>,
        /// Memory, such as 80Gi.
        #[arg(long)]
        memory: Option<String>,
        /// The price of all plans for an hour, such as "5 EUR".
        #[arg(long, value_name = "AMOUNT CURRENCY")]
        price_per_hour: Option<String>,
        #[command(flatten)]
        condition: Condition,
    },
}
