//! What owners of infrastructure can type.

use clap::{Args, Subcommand};
use std::{path::PathBuf, time::Duration};

/// How something is changed.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct OwnerChange {
    /// Only say what would happen; write nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Only if it has this version still.
    #[arg(long, value_name = "VERSION")]
    pub if_version: Option<i64>,
}

/// What is done with things that are described in a file: sites, nodes, flavours.
#[derive(Debug, Subcommand)]
pub(crate) enum ThingCommand {
    /// List them.
    List,
    /// Show one with its version.
    Show {
        /// Its name, or IRI.
        name: String,
    },
    /// Add one.
    Add {
        /// Its description, YAML or JSON; `-` for standard input.
        file: PathBuf,
        #[command(flatten)]
        change: OwnerChange,
    },
    /// Change one.
    Change {
        /// Its name, or IRI.
        name: String,
        /// Its description, YAML or JSON; `-` for standard input.
        file: PathBuf,
        #[command(flatten)]
        change: OwnerChange,
    },
    /// Remove one that is not in use.
    Remove {
        /// Its name, or IRI.
        name: String,
        #[command(flatten)]
        change: OwnerChange,
    },
}

/// Offers from the first draft on.
#[derive(Debug, Subcommand)]
pub(crate) enum DraftCommand {
    /// List offers that were drafted here.
    List {
        /// Only `draft`, `published` or `withdrawn`.
        #[arg(long)]
        state: Option<String>,
    },
    /// Show one with its state and version.
    Show {
        /// IRI or last segment.
        offer: String,
    },
    /// Show what it was, is and will be.
    History {
        /// IRI or last segment.
        offer: String,
    },
    /// Draft an offer of a flavour at a site.
    Add {
        /// The draft, YAML or JSON; `-` for standard input.
        file: PathBuf,
        #[command(flatten)]
        change: OwnerChange,
    },
    /// Change a draft.
    Change {
        /// IRI or last segment.
        offer: String,
        /// The draft, YAML or JSON; `-` for standard input.
        file: PathBuf,
        #[command(flatten)]
        change: OwnerChange,
    },
    /// Publish: planner, portal and partners see it from now on.
    Publish {
        /// IRI or last segment.
        offer: String,
        #[command(flatten)]
        change: OwnerChange,
    },
    /// Give it another price, now or from a time on.
    Price {
        /// IRI or last segment.
        offer: String,
        /// The price of a unit for an hour, such as 0.02.
        amount: String,
        /// Its currency (ISO 4217).
        #[arg(long, default_value = "EUR")]
        currency: String,
        /// From when, such as 2030-01-01T00:00:00Z.
        #[arg(long, value_name = "TIME")]
        from: Option<String>,
        #[command(flatten)]
        change: OwnerChange,
    },
    /// Say how many units there are; without a number: what the site's nodes give.
    Units {
        /// IRI or last segment.
        offer: String,
        /// How many.
        units: Option<u32>,
        #[command(flatten)]
        change: OwnerChange,
    },
    /// Remove a draft that was never published.
    Remove {
        /// IRI or last segment.
        offer: String,
        #[command(flatten)]
        change: OwnerChange,
    },
}

/// Accounts of people and services.
#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// List accounts.
    List {
        /// Only those whose handle, name or e-mail address has this in it.
        text: Option<String>,
    },
    /// Show one.
    Show {
        /// Its handle, or id.
        account: String,
    },
    /// Lock one: its sessions end, and its tokens are refused, at once.
    Lock {
        /// Its handle, or id.
        account: String,
        /// Why, for whoever looks at it later.
        #[arg(long, default_value = "")]
        reason: String,
        #[command(flatten)]
        change: OwnerChange,
    },
    /// Unlock one: its tokens work again.
    Unlock {
        /// Its handle, or id.
        account: String,
        #[command(flatten)]
        change: OwnerChange,
    },
    /// End every session of one.
    EndSessions {
        /// Its handle, or id.
        account: String,
        /// Only say how many.
        #[arg(long)]
        dry_run: bool,
    },
    /// Revoke every token of one, for good.
    RevokeTokens {
        /// Its handle, or id.
        account: String,
        /// Only say how many.
        #[arg(long)]
        dry_run: bool,
    },
}

/// Credentials of infrastructure. Nobody can read their secrets.
#[derive(Debug, Subcommand)]
pub(crate) enum CredentialCommand {
    /// List credentials, without secrets.
    List,
    /// Show one, without its secret.
    Show {
        /// Its name.
        name: String,
    },
    /// Keep a credential.
    Add {
        /// Its name.
        name: String,
        /// What it is for: openstack, kubeconfig, redfish.
        #[arg(long)]
        kind: String,
        /// The file that holds the secret; `-` for standard input.
        #[arg(long, value_name = "FILE", default_value = "-")]
        secret: PathBuf,
        #[command(flatten)]
        change: OwnerChange,
    },
    /// Replace a secret.
    Rotate {
        /// Its name.
        name: String,
        /// The file that holds the secret; `-` for standard input.
        #[arg(long, value_name = "FILE", default_value = "-")]
        secret: PathBuf,
        #[command(flatten)]
        change: OwnerChange,
    },
    /// Forget a credential.
    Remove {
        /// Its name.
        name: String,
        #[command(flatten)]
        change: OwnerChange,
    },
}

/// Where idle nodes are turned off.
#[derive(Debug, Clone, Args)]
pub(crate) struct GreenOptions {
    /// Of which: its name. Without one it is listed where green mode is on.
    pub name: Option<String>,
    /// So long there was nothing on a node that is turned off.
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = humantime::parse_duration)]
    pub idle: Duration,
    /// So many idle nodes of the site stay on.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub reserve: u32,
    /// A node that doesn't work so long after it was woken is held for failed.
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = humantime::parse_duration)]
    pub wake: Duration,
    /// Turn it off.
    #[arg(long)]
    pub off: bool,
    #[command(flatten)]
    pub change: OwnerChange,
}

/// Draining nodes and sites; maintenance that is announced.
#[derive(Debug, Subcommand)]
pub(crate) enum MaintenanceCommand {
    /// List what is under maintenance, with its progress.
    List,
    /// Show how one stands: what is still there, where it goes, what can't move and why.
    Show {
        /// Its id.
        id: String,
    },
    /// Drain a node or a site: nothing new goes there, what runs there moves first.
    Drain {
        /// `node/NAME` or `site/NAME`.
        target: String,
        /// Why, for people.
        #[arg(long, default_value = "")]
        reason: String,
        /// Until when it should be empty, such as 2030-01-01T06:00:00Z.
        #[arg(long, value_name = "TIME")]
        deadline: Option<String>,
        /// Move what keeps data in a volume, too: it begins with an empty volume elsewhere.
        #[arg(long)]
        leave_volumes: bool,
        /// Only say what would move; write nothing.
        #[arg(long)]
        dry_run: bool,
        /// Wait until it is empty.
        #[arg(long)]
        wait: bool,
    },
    /// Announce maintenance before it begins: what is away then is no breach of what was promised.
    Announce {
        /// The site: its name or its IRI.
        site: String,
        /// Of this offer only: its name or its IRI.
        #[arg(long)]
        offer: Option<String>,
        /// When it begins, such as 2030-01-01T06:00:00Z.
        #[arg(long, value_name = "TIME")]
        from: String,
        /// When it is over.
        #[arg(long, value_name = "TIME")]
        until: String,
        /// Why, for people.
        #[arg(long)]
        reason: String,
        /// Only check; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// List what was announced.
    Announced,
    /// Withdraw an announcement before its maintenance begins.
    Withdraw {
        /// Its id.
        id: String,
        /// Only check; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// End a maintenance: the node or site gives machines again.
    Resume {
        /// Its id.
        id: String,
        #[command(flatten)]
        change: OwnerChange,
    },
}
