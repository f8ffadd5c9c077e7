//! Bills, budgets and the books on the wire. What people state (accounts, prices,
//! rates) crosses it in accounting's own words.

use super::{Amount, Price};
use chrono::{DateTime, NaiveDate, Utc};
use hansa_accounting::{
    budget,
    invoice::{self, DocumentKind},
    ledger,
    service::{self, BudgetStanding},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An invoice or a credit note, in short. The whole document is what
/// `GET …/invoices/{number}` gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Invoice {
    /// Its number; `DRAFT` where it isn't issued.
    pub number: String,
    /// `invoice` or `credit-note`.
    pub kind: String,
    /// Whose use is billed.
    pub project: String,
    /// Who gets it.
    pub buyer: String,
    /// The first day of the period.
    pub from: NaiveDate,
    /// The last day of the period.
    pub through: NaiveDate,
    /// The day on which it is issued.
    pub issued: NaiveDate,
    /// The day on which it is to be paid.
    pub due: NaiveDate,
    /// Before tax.
    pub net: Price,
    /// The tax.
    pub tax: Price,
    /// What is to be paid; of a credit note what is given back.
    pub payable: Price,
    /// The invoice that it takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takes_back: Option<String>,
    /// Whether a credit note has taken it back.
    pub taken_back: bool,
}

/// Which month is to be billed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct BillRequest {
    /// The month, in the billing time zone: `2026-02`.
    pub month: String,
    /// The project: `organisation/project`. Absent: every project that has used anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
}

/// What became of a project's month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Billed {
    /// The project.
    pub project: String,
    /// Its invoice. Absent: nothing was used or owed, or it can't be billed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice: Option<Invoice>,
    /// Why it can't be billed, and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// What a month will have cost at its end, before tax.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Forecast {
    /// The month, in the billing time zone.
    pub month: String,
    /// What has been charged through today.
    pub charged: Price,
    /// What the month comes to if it goes on as on average of the recent days.
    pub expected: Price,
    /// If every day is as cheap as the cheapest recent one.
    pub low: Price,
    /// If every day is as dear as the dearest recent one.
    pub high: Price,
    /// How many whole days it rests on, at most 7. With 0 it rests on today.
    pub days: u64,
}

/// What may be spent in a billing month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct BudgetRequest {
    /// Of one application only: its name or id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// How much, before tax, in the currency of the project's account.
    pub limit: Amount,
    /// What happens at which share of it.
    pub thresholds: Vec<Threshold>,
}

/// Something that happens when a share of a budget is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Threshold {
    /// The share, in percent of the limit.
    pub percent: u32,
    /// Of what: `actual`, what has been charged, or `forecast`, what the month is expected to come to.
    #[serde(default = "actual")]
    pub of: String,
    /// What happens: `warn`, people are told, or `stop`, nothing new is started. A forecast only warns.
    #[serde(default = "warn")]
    pub action: String,
}

fn actual() -> String {
    "actual".to_owned()
}

fn warn() -> String {
    "warn".to_owned()
}

/// A budget, and how it stands this month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Budget {
    /// Its name within its project.
    pub name: String,
    /// Of one application only: its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// How much, before tax.
    pub limit: Price,
    /// What happens at which share of it.
    pub thresholds: Vec<Threshold>,
    /// The month, in the billing time zone.
    pub month: String,
    /// What has been charged of it. Absent where that can't be computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charged: Option<Price>,
    /// What it is expected to come to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Price>,
    /// Why that can't be computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Its version: the ETag, and what If-Match is compared with.
    pub version: i64,
}

/// The debits and credits of an account of the ledger in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LedgerBalance {
    /// The account: `receivable:acme/web`.
    pub account: String,
    /// What was debited.
    pub debit: Price,
    /// What was credited.
    pub credit: Price,
}

/// An entry of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LedgerEntry {
    /// Its id.
    pub id: String,
    /// The day it counts for.
    pub day: NaiveDate,
    /// The group of things that it belongs to: `charges/acme/web/2026-02`.
    pub group: String,
    /// Of what in that group.
    pub about: String,
    /// The entry that it takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverses: Option<String>,
    /// Its debits, and its credits below 0.
    pub postings: Vec<LedgerPosting>,
}

/// One side of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LedgerPosting {
    /// The account.
    pub account: String,
    /// A debit; below 0 a credit.
    pub amount: Price,
}

/// Through which day the books are to be closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ClosingRequest {
    /// The last day on which nothing is booked any more.
    pub through: NaiveDate,
}

/// The end of a closed period of the books, and the proof of what was in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Closing {
    /// Its last day.
    pub through: NaiveDate,
    /// How many entries it has.
    pub entries: u64,
    /// SHA-256 of the closing before it and of its entries' canonical JSON, in hexadecimal digits.
    pub digest: String,
}

/// Whether the books are what they were when they were closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BooksCheck {
    /// Whether every closed period is what it was.
    pub sound: bool,
    /// What isn't.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Something that could not be metered as it was told, or is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MeteringFault {
    /// When.
    pub at: DateTime<Utc>,
    /// Of which thing: `machine/<id>`.
    pub thing: String,
    /// Whose. Absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// What.
    pub problem: String,
}

impl Invoice {
    pub(crate) fn new(of: &invoice::Invoice, taken_back: bool) -> Self {
        let price = |micros| Price::new(micros, of.currency);
        Self {
            number: of.heading.number.clone(),
            kind: match of.kind {
                DocumentKind::Invoice => "invoice",
                DocumentKind::CreditNote => "credit-note",
            }
            .to_owned(),
            project: of.project.to_string(),
            buyer: of.heading.buyer.name.clone(),
            from: of.from,
            through: of.through,
            issued: of.heading.issued,
            due: of.heading.due,
            net: price(of.net_micros),
            tax: price(of.tax_micros),
            payable: price(of.payable_micros),
            takes_back: of.takes_back.as_ref().map(|(number, _)| number.clone()),
            taken_back,
        }
    }
}

impl From<service::Document> for Invoice {
    fn from(document: service::Document) -> Self {
        Self::new(&document.invoice, document.taken_back)
    }
}

impl Threshold {
    /// As a threshold; the field that is wrong and what would be right.
    pub(crate) fn read(&self) -> Result<budget::Threshold, (&'static str, &'static str)> {
        Ok(budget::Threshold {
            percent: self.percent,
            of: match self.of.as_str() {
                "actual" => budget::Measure::Actual,
                "forecast" => budget::Measure::Forecast,
                _ => return Err(("of", "write `actual` or `forecast`")),
            },
            action: match self.action.as_str() {
                "warn" => budget::BudgetAction::Warn,
                "stop" => budget::BudgetAction::Stop,
                _ => return Err(("action", "write `warn` or `stop`")),
            },
        })
    }
}

impl From<&budget::Threshold> for Threshold {
    fn from(threshold: &budget::Threshold) -> Self {
        let of = match threshold.of {
            budget::Measure::Actual => "actual",
            budget::Measure::Forecast => "forecast",
        };
        let action = match threshold.action {
            budget::BudgetAction::Warn => "warn",
            budget::BudgetAction::Stop => "stop",
        };
        Self { percent: threshold.percent, of: of.to_owned(), action: action.to_owned() }
    }
}

impl From<BudgetStanding> for Budget {
    fn from(standing: BudgetStanding) -> Self {
        let BudgetStanding { budget, version, month, forecast } = standing;
        let limit = budget.budget.limit;
        let price = |micros| Price::new(micros, limit.currency);
        let (known, problem) = match forecast {
            Ok(forecast) => (Some(forecast), None),
            Err(problem) => (None, Some(problem)),
        };
        Self {
            name: budget.name,
            application: budget.budget.application.map(|id| id.to_string()),
            limit: price(limit.micros),
            thresholds: budget.budget.thresholds.iter().map(Threshold::from).collect(),
            month,
            charged: known.map(|forecast| price(forecast.known_micros)),
            expected: known.map(|forecast| price(forecast.expected_micros)),
            problem,
            version,
        }
    }
}

impl LedgerBalance {
    pub(crate) fn all(balances: ledger::TrialBalance) -> Vec<Self> {
        let row = |((account, currency), balance): ((ledger::LedgerAccount, _), ledger::Balance)| Self {
            account: account.to_string(),
            debit: Price::new(balance.debit, currency),
            credit: Price::new(balance.credit, currency),
        };
        balances.into_iter().map(row).collect()
    }
}

impl From<&ledger::Entry> for LedgerEntry {
    fn from(entry: &ledger::Entry) -> Self {
        let posting = |posting: &ledger::Posting| LedgerPosting {
            account: posting.account.to_string(),
            amount: Price::new(posting.micros, posting.currency),
        };
        Self {
            id: entry.id().to_owned(),
            day: entry.day(),
            group: entry.group().to_owned(),
            about: entry.about().to_owned(),
            reverses: entry.reverses().map(str::to_owned),
            postings: entry.postings().iter().map(posting).collect(),
        }
    }
}

impl From<ledger::Closing> for Closing {
    fn from(closing: ledger::Closing) -> Self {
        let ledger::Closing { through, entries, digest } = closing;
        Self { through, entries: entries as u64, digest }
    }
}

impl From<service::Fault> for MeteringFault {
    fn from(fault: service::Fault) -> Self {
        let service::Fault { at, thing, project, problem } = fault;
        Self { at, thing, project: project.map(|project| project.to_string()), problem }
    }
}
