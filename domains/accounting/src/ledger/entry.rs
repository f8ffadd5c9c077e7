//! Entries of double-entry bookkeeping: balanced, or they can't be made.

use crate::{AccountingError, price::round};
use chrono::NaiveDate;
use hansa_ontology::{Currency, Money, ProjectId, ProviderId, place::Area};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// An account of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "of")]
pub enum LedgerAccount {
    /// What a project has used and has not been billed for.
    Unbilled(ProjectId),
    /// What a project was billed for and has not paid.
    Receivable(ProjectId),
    /// What was earned with a provider's services.
    Revenue(ProviderId),
    /// Tax that is owed to a country.
    Tax(Area),
    /// What rounding to the smallest coin has given and taken.
    Rounding,
    /// What a partner's services have cost.
    Cost(ProviderId),
    /// What a settlement says that we owe a partner, or with debits that it owes us.
    Settled(ProviderId),
}

impl fmt::Display for LedgerAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unbilled(project) => write!(f, "unbilled:{project}"),
            Self::Receivable(project) => write!(f, "receivable:{project}"),
            Self::Revenue(provider) => write!(f, "revenue:{provider}"),
            Self::Tax(country) => write!(f, "tax:{country}"),
            Self::Rounding => f.write_str("rounding"),
            Self::Cost(partner) => write!(f, "cost:{partner}"),
            Self::Settled(partner) => write!(f, "settled:{partner}"),
        }
    }
}

/// One side of an entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Posting {
    /// The account.
    pub account: LedgerAccount,
    /// Micro-units: debits above 0, credits below.
    pub micros: i64,
    /// The currency.
    pub currency: Currency,
}

impl Posting {
    /// A debit; a credit where the amount is below 0.
    #[must_use]
    pub const fn debit(account: LedgerAccount, amount: Money) -> Self {
        Self { account, micros: amount.micros, currency: amount.currency }
    }

    /// A credit; a debit where the amount is below 0.
    #[must_use]
    pub const fn credit(account: LedgerAccount, amount: Money) -> Self {
        Self { account, micros: amount.micros.saturating_neg(), currency: amount.currency }
    }
}

/// What is to be booked: balanced in every currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "Written", into = "Written")]
pub struct Entry {
    id: String,
    day: NaiveDate,
    group: String,
    about: String,
    reverses: Option<String>,
    postings: Vec<Posting>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    id: String,
    day: NaiveDate,
    group: String,
    about: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reverses: Option<String>,
    postings: Vec<Posting>,
}

impl TryFrom<Written> for Entry {
    type Error = AccountingError;
    fn try_from(written: Written) -> Result<Self, AccountingError> {
        let Written { id, day, group, about, reverses, postings } = written;
        Ok(Self { reverses, ..Self::new(id, day, group, about, postings)? })
    }
}

impl From<Entry> for Written {
    fn from(entry: Entry) -> Self {
        let Entry { id, day, group, about, reverses, postings } = entry;
        Self { id, day, group, about, reverses, postings }
    }
}

impl Entry {
    /// An entry about one thing of a group of things, such as a charge of a month.
    ///
    /// # Errors
    /// When its debits differ from its credits in a currency, or can't be turned round.
    pub fn new(
        id: impl Into<String>,
        day: NaiveDate,
        group: impl Into<String>,
        about: impl Into<String>,
        postings: Vec<Posting>,
    ) -> Result<Self, AccountingError> {
        let id = id.into();
        let mut sums: BTreeMap<Currency, i128> = BTreeMap::new();
        for posting in &postings {
            if posting.micros == i64::MIN {
                return Err(AccountingError::TooLarge { what: "a posting" });
            }
            *sums.entry(posting.currency).or_default() += i128::from(posting.micros);
        }
        match sums.into_iter().find(|(_, sum)| *sum != 0) {
            Some((currency, difference)) => Err(AccountingError::Unbalanced { entry: id, currency, difference }),
            None => Ok(Self { id, day, group: group.into(), about: about.into(), reverses: None, postings }),
        }
    }

    /// The same with debits and credits exchanged.
    #[must_use]
    pub(super) fn reversed(&self, id: String, day: NaiveDate) -> Self {
        let turn = |posting: &Posting| Posting { micros: posting.micros.saturating_neg(), ..posting.clone() };
        let postings = self.postings.iter().map(turn).collect();
        Self { id, day, reverses: Some(self.id.clone()), postings, ..self.clone() }
    }

    /// Its name in the ledger.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The day it counts for.
    #[must_use]
    pub const fn day(&self) -> NaiveDate {
        self.day
    }

    /// What it belongs to: `charges/acme/web/2026-02`.
    #[must_use]
    pub fn group(&self) -> &str {
        &self.group
    }

    /// What of the group it is about.
    #[must_use]
    pub fn about(&self) -> &str {
        &self.about
    }

    /// The entry that it takes back.
    #[must_use]
    pub fn reverses(&self) -> Option<&str> {
        self.reverses.as_deref()
    }

    /// Its debits and credits.
    #[must_use]
    pub fn postings(&self) -> &[Posting] {
        &self.postings
    }
}

/// The debits and credits of one account in one currency, in micro-units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Balance {
    /// What was debited.
    pub debit: i64,
    /// What was credited.
    pub credit: i64,
}

impl Balance {
    /// Debits less credits.
    #[must_use]
    pub const fn net(&self) -> i64 {
        self.debit.saturating_sub(self.credit)
    }

    pub(super) fn add(&mut self, micros: i64) -> Result<(), AccountingError> {
        let side = if micros >= 0 { &mut self.debit } else { &mut self.credit };
        *side = round::sum([*side, micros.saturating_abs()], "the balance of an account")?;
        Ok(())
    }
}
