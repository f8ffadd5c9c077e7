//! What can be typed of service accounts.

use super::tenancy_arguments::Condition;
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum ServiceAccountCommand {
    /// List the service accounts of an organisation or a project.
    List {
        /// `acme`, or `acme/web`.
        place: String,
    },
    /// Make a service account.
    Create {
        /// `acme`, or `acme/web`.
        place: String,
        /// Its name there; never given again.
        name: String,
        /// use-case-user, use-case-administrator, auditor, billing.
        #[arg(long)]
        role: String,
        /// Only check; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Show one.
    Show(ServiceAccountName),
    /// Remove one: its tokens are refused from now on.
    Remove {
        #[command(flatten)]
        account: ServiceAccountName,
        #[command(flatten)]
        condition: Condition,
    },
    /// Its tokens: list, create, rotate, revoke.
    #[command(subcommand)]
    Token(ServiceTokenCommand),
}

/// Which service account.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServiceAccountName {
    /// `acme`, or `acme/web`.
    pub place: String,
    /// Its name, handle or id.
    pub account: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ServiceTokenCommand {
    /// List its tokens.
    List(ServiceAccountName),
    /// Make a token; it is shown once.
    Create {
        #[command(flatten)]
        account: ServiceAccountName,
        /// What the token is for.
        name: String,
        /// Only this permission, such as application.read; may be repeated.
        #[arg(long, value_name = "PERMISSION")]
        action: Vec<String>,
        /// Only this project, such as acme/web; may be repeated.
        #[arg(long = "only-project", value_name = "PROJECT")]
        only_project: Vec<String>,
        /// How long it is good, such as 30days. Without it: as long as the broker allows.
        #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
        expires: Option<std::time::Duration>,
        /// Only check; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Put a new token in the place of one, which is refused from now on.
    Rotate {
        #[command(flatten)]
        account: ServiceAccountName,
        /// The token's id.
        token: String,
        /// Only check; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Revoke a token: it is refused from now on.
    Revoke {
        #[command(flatten)]
        account: ServiceAccountName,
        /// The token's id.
        token: String,
        /// Only check; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
}
