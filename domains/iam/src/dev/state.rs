//! What the development login remembers: in memory alone, bounded, for minutes.

use super::people::Person;
use crate::{IamError, Secret};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// The most entries of each kind; the oldest give way.
const MOST: usize = 1_000;
/// How long somebody may take to choose, or a device to be let in.
pub(super) const PATIENCE: TimeDelta = TimeDelta::minutes(10);
/// How long a code is good (RFC 6749, section 4.1.2: at most ten minutes).
pub(super) const CODE_LIFE: TimeDelta = TimeDelta::minutes(1);
/// How long a refresh token is good.
pub(super) const REFRESH_LIFE: TimeDelta = TimeDelta::days(7);
/// User codes that may be tried wrongly within [`PATIENCE`] (RFC 8628, section 5.1).
const WRONG_CODES: usize = 50;

/// A request for authorization that was checked and waits for somebody to choose.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) client: String,
    pub(super) redirect: String,
    pub(super) state: Option<String>,
    pub(super) nonce: Option<String>,
    pub(super) challenge: String,
}

/// A code that was given.
#[derive(Debug, Clone)]
pub(super) struct Code {
    pub(super) asked: Asked,
    pub(super) person: &'static Person,
}

/// A device that waits to be let in.
#[derive(Debug, Clone)]
pub(super) struct Device {
    pub(super) client: String,
    pub(super) user_code: String,
    pub(super) decided: Option<Decided>,
    pub(super) polled_at: Option<DateTime<Utc>>,
}

/// What a person decided about a device.
#[derive(Debug, Clone, Copy)]
pub(super) enum Decided {
    Allowed(&'static Person),
    Refused,
}

/// Who may renew.
#[derive(Debug, Clone)]
pub(super) struct Refresh {
    pub(super) client: String,
    pub(super) person: &'static Person,
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) asked: Entries<Asked>,
    pub(super) codes: Entries<Code>,
    pub(super) devices: Entries<Device>,
    pub(super) refreshes: Entries<Refresh>,
    wrong: Vec<DateTime<Utc>>,
}

impl State {
    /// Whether one more wrong user code is too many.
    pub(super) fn wrong_code(&mut self, now: DateTime<Utc>) -> bool {
        self.wrong.retain(|at| now.signed_duration_since(*at) < PATIENCE);
        self.wrong.push(now);
        self.wrong.len() > WRONG_CODES
    }
}

/// Entries by the hash of a random key, each until its time.
#[derive(Debug)]
pub(super) struct Entries<T>(BTreeMap<String, (DateTime<Utc>, T)>);

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> Entries<T> {
    /// Keeps an entry and gives its key.
    pub(super) fn put(&mut self, entry: T, until: DateTime<Utc>, now: DateTime<Utc>) -> Result<Secret, IamError> {
        self.0.retain(|_, (until, _)| *until > now);
        if self.0.len() >= MOST {
            let first = self.0.iter().min_by_key(|(_, (until, _))| *until).map(|(key, _)| key.clone());
            first.and_then(|key| self.0.remove(&key));
        }
        let key = Secret::random()?;
        self.0.insert(key.hash(), (until, entry));
        Ok(key)
    }

    /// Takes an entry out: each is used once.
    pub(super) fn take(&mut self, key: &str, now: DateTime<Utc>) -> Option<T> {
        let (until, entry) = self.0.remove(&crate::secret::hash(key))?;
        (until > now).then_some(entry)
    }

    /// An entry that stays.
    pub(super) fn get_mut(&mut self, key: &str, now: DateTime<Utc>) -> Option<&mut T> {
        let (until, entry) = self.0.get_mut(&crate::secret::hash(key))?;
        (*until > now).then_some(entry)
    }

    /// The first that is so.
    pub(super) fn find(&mut self, now: DateTime<Utc>, is: impl Fn(&T) -> bool) -> Option<&mut T> {
        self.0.values_mut().find(|(until, entry)| *until > now && is(entry)).map(|(_, entry)| entry)
    }
}
