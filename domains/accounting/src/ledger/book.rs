//! The book itself: only appended to; what is wrong is taken back by a
//! counter-entry; what is closed stays as it is.

use super::{Balance, Entry, LedgerAccount, Posting};
use crate::{AccountingError, hex};
use chrono::NaiveDate;
use hansa_ontology::Currency;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, HashMap};

/// The end of a closed period, and the proof of what was in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Closing {
    /// Its last day.
    pub through: NaiveDate,
    /// How many entries it has.
    pub entries: usize,
    /// SHA-256 of the closing before it and of its entries' canonical JSON, in hexadecimal digits.
    pub digest: String,
}

/// What is to stand in the book about one thing of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The day it counts for, while that day is open.
    pub day: NaiveDate,
    /// Of what.
    pub about: String,
    /// Debits and credits.
    pub postings: Vec<Posting>,
}

/// A ledger of double entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ledger {
    entries: Vec<Entry>,
    by_id: HashMap<String, usize>,
    /// What holds, by group and what it is about: neither taken back, nor taking back.
    holding: BTreeMap<String, BTreeMap<String, usize>>,
    closings: Vec<Closing>,
}

impl Closing {
    /// The end of the period after `before` through a day. Entries of other days don't count.
    ///
    /// # Errors
    /// When an entry can't be written.
    pub fn new(before: Option<&Self>, through: NaiveDate, entries: &[Entry]) -> Result<Self, AccountingError> {
        let after = before.map(|closing| closing.through);
        let in_period = |entry: &&Entry| entry.day() <= through && after.is_none_or(|after| entry.day() > after);
        let mut within: Vec<&Entry> = entries.iter().filter(in_period).collect();
        within.sort_unstable_by_key(|entry| (entry.day(), entry.id()));
        let mut hash = Sha256::new();
        hash.update(before.map_or("", |closing| &closing.digest));
        for entry in &within {
            hash.update(serde_json::to_vec(entry).map_err(|error| AccountingError::writing("an entry", error))?);
            hash.update(b"\n");
        }
        Ok(Self { through, entries: within.len(), digest: hex(&hash.finalize()) })
    }
}

/// Debits and credits of every account and currency.
pub type TrialBalance = BTreeMap<(LedgerAccount, Currency), Balance>;

impl Ledger {
    /// A part of a book as it was kept elsewhere: all entries of some groups in
    /// the order in which they were booked, and what is closed of the whole.
    ///
    /// # Errors
    /// When they can't have been booked so.
    pub fn restored(entries: Vec<Entry>, closings: Vec<Closing>) -> Result<Self, AccountingError> {
        let mut ledger = Self::default();
        entries.into_iter().try_for_each(|entry| ledger.append(entry))?;
        ledger.closings = closings;
        Ok(ledger)
    }

    /// All entries, in the order in which they were booked.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What was closed.
    #[must_use]
    pub fn closings(&self) -> &[Closing] {
        &self.closings
    }

    /// Through which day it is closed.
    #[must_use]
    pub fn closed_through(&self) -> Option<NaiveDate> {
        self.closings.last().map(|closing| closing.through)
    }

    /// Books an entry. One that is in the book already is not booked twice.
    ///
    /// # Errors
    /// When its day is closed, its id has another entry, or what it takes back does not hold.
    pub fn append(&mut self, entry: Entry) -> Result<(), AccountingError> {
        if let Some(known) = self.by_id.get(entry.id()).and_then(|place| self.entries.get(*place)) {
            let conflict = || AccountingError::Conflict { what: "entry", name: entry.id().to_owned() };
            return if *known == entry { Ok(()) } else { Err(conflict()) };
        }
        if let Some(through) = self.closed_through().filter(|through| entry.day() <= *through) {
            return Err(AccountingError::Closed { entry: entry.id().to_owned(), through });
        }
        let holding = self.holding.entry(entry.group().to_owned()).or_default();
        let before = holding.get(entry.about()).and_then(|place| self.entries.get(*place)).map(Entry::id);
        if before != entry.reverses() {
            let problem = match before {
                Some(before) => format!("`{before}` holds for `{}`; take it back first", entry.about()),
                None => format!("nothing holds for `{}` that could be taken back", entry.about()),
            };
            return Err(AccountingError::invalid(format!("entry `{}`", entry.id()), problem));
        }
        let place = self.entries.len();
        match entry.reverses() {
            Some(_) => holding.remove(entry.about()),
            None => holding.insert(entry.about().to_owned(), place),
        };
        self.by_id.insert(entry.id().to_owned(), place);
        self.entries.push(entry);
        Ok(())
    }

    /// Makes the book say of a group what is wanted, by new entries and by
    /// counter-entries, and nothing where it says so already. What belongs to
    /// a closed day is booked on `today`. Gives how many entries were written.
    ///
    /// # Errors
    /// When something does not balance, or `today` is closed. Then nothing is booked.
    pub fn revise(&mut self, group: &str, wanted: &[Wanted], today: NaiveDate) -> Result<usize, AccountingError> {
        let open = |day: NaiveDate| match self.closed_through() {
            Some(through) if day <= through => today,
            _ => day,
        };
        let mut news = Vec::new();
        let held = self.holding.get(group);
        let holds = |about: &str| held.and_then(|held| held.get(about)).and_then(|place| self.entries.get(*place));
        let of: HashMap<&str, &Wanted> = wanted.iter().map(|one| (one.about.as_str(), one)).collect();
        if of.len() != wanted.len() {
            return Err(AccountingError::invalid(
                format!("group `{group}`"),
                "names one thing twice; add them up first",
            ));
        }
        for known in held.into_iter().flatten().filter_map(|(about, _)| holds(about)) {
            if of.get(known.about()).is_none_or(|one| one.postings != known.postings()) {
                news.push(known.reversed(format!("{}/back", known.id()), open(known.day())));
            }
        }
        for one in wanted {
            if holds(&one.about).is_none_or(|known| known.postings() != one.postings) {
                let id = self.free_id(group, &one.about);
                news.push(Entry::new(id, open(one.day), group, &one.about, one.postings.clone())?);
            }
        }
        if let Some(late) =
            news.iter().find(|entry| self.closed_through().is_some_and(|through| entry.day() <= through))
        {
            let through = self.closed_through().unwrap_or_default();
            return Err(AccountingError::Closed { entry: late.id().to_owned(), through });
        }
        let written = news.len();
        news.into_iter().try_for_each(|entry| self.append(entry))?;
        Ok(written)
    }

    fn free_id(&self, group: &str, about: &str) -> String {
        let first = format!("{group}/{about}");
        let next = (2..).map(|number| format!("{group}/{about}/{number}"));
        std::iter::once(first).chain(next).find(|id| !self.by_id.contains_key(id)).unwrap_or_default()
    }

    /// Closes all days through this one: nothing is booked on them any more.
    ///
    /// # Errors
    /// When they are closed already.
    pub fn close(&mut self, through: NaiveDate) -> Result<&Closing, AccountingError> {
        if let Some(last) = self.closed_through().filter(|last| through <= *last) {
            let problem = format!("the books are closed through {last} already; name a later day");
            return Err(AccountingError::invalid("through", problem));
        }
        let closing = Closing::new(self.closings.last(), through, &self.entries)?;
        let place = self.closings.len();
        self.closings.push(closing);
        self.closings.get(place).ok_or(AccountingError::TooLarge { what: "the list of closings" })
    }

    /// Whether every closed period is still what it was when it was closed.
    ///
    /// # Errors
    /// Names the first one that is not.
    pub fn check(&self) -> Result<(), AccountingError> {
        let mut before = None;
        for closing in &self.closings {
            if Closing::new(before, closing.through, &self.entries)? != *closing {
                return Err(AccountingError::Conflict { what: "closed period", name: closing.through.to_string() });
            }
            before = Some(closing);
        }
        Ok(())
    }

    /// Debits and credits of every account through a day; of all days where none is named.
    ///
    /// # Errors
    /// When a sum is too large.
    pub fn trial_balance(&self, through: Option<NaiveDate>) -> Result<TrialBalance, AccountingError> {
        let mut balances = TrialBalance::new();
        let entries = self.entries.iter().filter(|entry| through.is_none_or(|through| entry.day() <= through));
        for posting in entries.flat_map(Entry::postings) {
            balances.entry((posting.account.clone(), posting.currency)).or_default().add(posting.micros)?;
        }
        Ok(balances)
    }
}
