//! What can be typed about claims and about what partners owe each other.

use chrono::NaiveDate;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum SettlementCommand {
    /// List statements with partners.
    List {
        /// Only with this partner (DID or name).
        #[arg(long)]
        partner: Option<String>,
        /// Only in this state: open, proposed, agreed, disputed.
        #[arg(long)]
        state: Option<String>,
    },
    /// Show a statement: every charge and claim, what is left out, and what differs.
    Show {
        /// Its id.
        settlement: String,
    },
    /// Ask for a statement of some days, or have a disputed one proposed again.
    Make {
        /// With whom: DID or name.
        partner: String,
        /// The first day (UTC), such as 2026-11-01.
        #[arg(long)]
        from: NaiveDate,
        /// The last day (UTC), today at most.
        #[arg(long)]
        through: NaiveDate,
        /// The currency, by ISO 4217.
        #[arg(long, default_value = "EUR")]
        currency: String,
        /// Only check; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Print an agreed statement with both signatures, for `hansa settlement verify`.
    Export {
        /// Its id.
        settlement: String,
    },
    /// List what is to be paid for agreed statements, netted.
    Payments {
        /// Only periods that end on this day (UTC) or later.
        #[arg(long)]
        from: Option<NaiveDate>,
        /// Only periods that end on this day (UTC) or earlier.
        #[arg(long)]
        through: Option<NaiveDate>,
    },
    /// Verify an exported statement, offline: both signatures, every amount, every sum.
    Verify {
        /// The file; `-` for standard input.
        file: PathBuf,
        /// A signer's keys, got elsewhere: its DID document, such as https://BROKER/.well-known/did.json
        /// gives it. Give it once for each signer; without it the keys in the file are believed.
        #[arg(long = "keys", value_name = "FILE")]
        keys: Vec<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ClaimCommand {
    /// List claims, of this broker and of partners.
    List {
        /// Only with this partner (DID or name).
        #[arg(long)]
        partner: Option<String>,
        /// Only in this state: raised, accepted, disputed, withdrawn.
        #[arg(long)]
        state: Option<String>,
    },
    /// Accept a partner's claim that was disputed.
    Accept {
        /// Its id.
        claim: String,
        /// Only check; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Take a claim of this broker back.
    Withdraw {
        /// Its id.
        claim: String,
        /// Why; the partner is told.
        #[arg(long)]
        reason: Option<String>,
        /// Only check; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
}
