//! What can be typed behind `hansa invoice`, `budget`, `billing` and `ledger`.

use super::owner_arguments::OwnerChange;
use chrono::NaiveDate;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Invoices and credit notes.
#[derive(Debug, Subcommand)]
pub(crate) enum InvoiceCommand {
    /// List a project's invoices and credit notes.
    List {
        /// Those of all projects, as who bills sees them.
        #[arg(long)]
        all: bool,
    },
    /// Show an invoice or a credit note as it was issued.
    Show {
        /// Its number.
        number: String,
        /// Of any project, as who bills sees it.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        form: DocumentForm,
    },
    /// Show the invoice that a month would be now; nothing is written.
    Draft {
        /// The month, such as 2026-11. Without it: this month.
        #[arg(long, value_name = "MONTH")]
        month: Option<String>,
        #[command(flatten)]
        form: DocumentForm,
    },
    /// Bill a month that is over, of one project (--project) or of all.
    Issue {
        /// The month, such as 2026-11.
        month: String,
        /// Only say what would be billed; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Take an invoice back by a credit note; its month can be billed again then.
    TakeBack {
        /// Its number.
        number: String,
        /// Only say what would be issued; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

/// The form of a document.
#[derive(Debug, Args)]
pub(crate) struct DocumentForm {
    /// As the canonical document, as UBL 2.1 (EN 16931), or as a page to print. Without it: in short.
    #[arg(long)]
    pub format: Option<DocumentFormat>,
    /// The language of a page to print: en, de, fr or es.
    #[arg(long, default_value = "en")]
    pub language: String,
    /// Where it is written; without it standard output.
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// The forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DocumentFormat {
    Json,
    Ubl,
    Html,
}

/// What a project may spend in a month.
#[derive(Debug, Subcommand)]
pub(crate) enum BudgetCommand {
    /// List the budgets, and how each stands this month.
    List,
    /// Show one, and how it stands this month.
    Show {
        /// Its name.
        name: String,
    },
    /// State one, in the place of the one of its name.
    Set {
        /// Its name: small letters, digits and hyphens.
        name: String,
        /// How much a month, before tax: `"100 EUR"`.
        limit: String,
        /// Of one application only: its name or id.
        #[arg(long, value_name = "APPLICATION")]
        application: Option<String>,
        /// People are told when so many percent of it are charged; several with commas between.
        #[arg(long, value_name = "PERCENT", value_delimiter = ',', default_value = "80,100")]
        warn: Vec<u32>,
        /// People are told when the month is expected to come to so many percent.
        #[arg(long, value_name = "PERCENT", value_delimiter = ',')]
        forecast: Vec<u32>,
        /// Nothing new is started once so many percent of it are charged.
        #[arg(long, value_name = "PERCENT")]
        stop: Option<u32>,
        #[command(flatten)]
        change: OwnerChange,
    },
    /// Forget one.
    Remove {
        /// Its name.
        name: String,
        /// Only check; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

/// What is stated about money, by who bills.
#[derive(Debug, Subcommand)]
pub(crate) enum BillingCommand {
    /// What was agreed with whom: list, show, set.
    #[command(subcommand)]
    Account(BillingAccountCommand),
    /// Who sells: show, set.
    #[command(subcommand)]
    Seller(SellerCommand),
    /// Price plans, which never change: list, show, set.
    #[command(subcommand)]
    Plan(PricePlanCommand),
    /// What currencies are worth: list, set.
    #[command(subcommand)]
    ExchangeRate(ExchangeRateCommand),
    /// Standard rates of tax: list, set.
    #[command(subcommand)]
    TaxRate(TaxRateCommand),
    /// What could not be metered as it was told.
    Faults,
}

/// Billing accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum BillingAccountCommand {
    /// List those that were stated.
    List,
    /// Show a project's; where none was stated, what holds without one.
    Show {
        /// `organisation/project`.
        project: String,
    },
    /// State a project's: currency, time zone, buyer, discounts, reservations.
    Set {
        /// `organisation/project`.
        project: String,
        /// The account, YAML or JSON; `-` for standard input.
        file: PathBuf,
        #[command(flatten)]
        change: OwnerChange,
    },
}

/// Who sells.
#[derive(Debug, Subcommand)]
pub(crate) enum SellerCommand {
    /// Show it.
    Show,
    /// State it: party, bank, series of numbers, days for payment.
    Set {
        /// The seller, YAML or JSON; `-` for standard input.
        file: PathBuf,
        #[command(flatten)]
        change: OwnerChange,
    },
}

/// Price plans.
#[derive(Debug, Subcommand)]
pub(crate) enum PricePlanCommand {
    /// List them.
    List,
    /// Show one.
    Show {
        /// Its name.
        plan: String,
    },
    /// State one.
    Set {
        /// Its name.
        plan: String,
        /// The plan, YAML or JSON; `-` for standard input.
        file: PathBuf,
        /// Only check; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

/// Exchange rates.
#[derive(Debug, Subcommand)]
pub(crate) enum ExchangeRateCommand {
    /// List them.
    List,
    /// State one, for good.
    Set {
        /// One unit of this currency
        from: String,
        /// is worth so much of this one,
        to: String,
        /// such as 1.0825,
        rate: rust_decimal::Decimal,
        /// from this day on.
        day: NaiveDate,
        /// Only check; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

/// Rates of tax.
#[derive(Debug, Subcommand)]
pub(crate) enum TaxRateCommand {
    /// List them.
    List,
    /// State one, for good.
    Set {
        /// The country: two letters of ISO 3166-1.
        country: String,
        /// In percent, such as 19 or 5.5.
        percent: rust_decimal::Decimal,
        /// From this day on.
        day: NaiveDate,
        /// Only check; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

/// The books.
#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// The debits and credits of every account.
    Balance {
        /// Through this day. Without it: all.
        #[arg(long, value_name = "DAY")]
        through: Option<NaiveDate>,
    },
    /// The entries, in the order in which they were booked.
    Entries,
    /// The periods that are closed.
    Closings,
    /// Close the books through a day: nothing is booked on these days any more.
    Close {
        /// The last day.
        through: NaiveDate,
        /// Only check; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Check whether every closed period is what it was when it was closed.
    Check,
}
