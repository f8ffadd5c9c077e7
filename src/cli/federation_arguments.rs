//! What can be typed about partners and what is agreed with them.

use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum PartnerCommand {
    /// Invite another provider's broker; prints one line for its owner, to be sent by a safe way.
    Invite {
        /// What you call the partner until it tells its name.
        #[arg(long)]
        name: Option<String>,
        /// Only check; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Accept the invitation of another provider's broker.
    Accept {
        /// The line that its owner got: `hansa-invite:…`; `-` for standard input.
        invitation: String,
        /// Only check; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// List partners.
    List,
    /// Show a partner: state, keys, policy, when it was last heard.
    Show {
        /// DID or name.
        partner: String,
    },
    /// Order nothing new of a partner and take no new order of it; what runs goes on.
    Suspend {
        /// DID or name.
        partner: String,
        /// Why.
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        change: PartnerChange,
    },
    /// End a suspension.
    Resume {
        /// DID or name.
        partner: String,
        #[command(flatten)]
        change: PartnerChange,
    },
    /// Leave a partner: its offers vanish at once, what runs is moved or comes to its end first.
    Terminate {
        /// DID or name.
        partner: String,
        /// Why.
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        change: PartnerChange,
    },
    /// Trust the keys that a partner serves now, after its owner has confirmed them by a safe way.
    Repin {
        /// DID or name.
        partner: String,
        /// Thumbprint (RFC 7638) of a key that has to be among them; may be repeated.
        #[arg(long = "key", value_name = "THUMBPRINT")]
        keys: Vec<String>,
        #[command(flatten)]
        change: PartnerChange,
    },
    /// Show a partner's policy, or put another in its place.
    Policy {
        /// DID or name.
        partner: String,
        /// The policy, YAML or JSON; `-` for standard input. Without it: show the one in force.
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        #[command(flatten)]
        change: PartnerChange,
    },
}

/// How a change of a partner is made.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct PartnerChange {
    /// Only if the partner still has this version.
    #[arg(long, value_name = "VERSION")]
    pub if_version: Option<i64>,
    /// Only check; write nothing.
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AgreementCommand {
    /// List agreements, as customer and as provider.
    List {
        /// Only with this partner (DID or name).
        #[arg(long)]
        partner: Option<String>,
    },
    /// Show an agreement: what both sides signed.
    Show {
        /// Its id.
        agreement: String,
        /// Print the signed documents as a bundle for `hansa federation verify`.
        #[arg(long)]
        bundle: bool,
    },
    /// Verify both signatures of an agreement, here, with the keys of its bundle.
    Verify {
        /// Its id.
        agreement: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum OrderCommand {
    /// List orders: what partners deliver for us and what we deliver for them.
    List {
        /// Only of this partner (DID or name).
        #[arg(long)]
        partner: Option<String>,
        /// Only in this state.
        #[arg(long)]
        state: Option<String>,
    },
    /// Show an order.
    Show {
        /// Its id.
        order: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum HoldCommand {
    /// List holds.
    List {
        /// Only of this partner (DID or name).
        #[arg(long)]
        partner: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum QuarantineCommand {
    /// List what was refused, with its reason.
    List {
        /// Only of this partner (DID or name).
        #[arg(long)]
        partner: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum FederationCommand {
    /// Show who this broker is to its partners: DID, keys, endpoint.
    Show,
    /// Verify a signed document, or a bundle with its keys, offline.
    Verify {
        /// The file, JSON.
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a new key; the old one stays valid for a while, so that no message is lost.
    Rotate {
        /// Only say what would happen.
        #[arg(long)]
        dry_run: bool,
    },
}
