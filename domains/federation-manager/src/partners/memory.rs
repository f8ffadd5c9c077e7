//! What is remembered of partners between calls: how often each sends, which
//! refusals were told, when keys were last looked up. Bounded by the number of
//! partners, because strangers share one entry.

use super::rate::Bucket;
use chrono::{DateTime, TimeDelta, Utc};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// How many refusals of one sender are told in events, at most one a second on average.
const REFUSALS: u32 = 20;
/// How often a partner's keys are looked up because a message names an unknown one.
const KEYS_EVERY: TimeDelta = TimeDelta::seconds(10);

/// What is remembered of partners between calls.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    of: Mutex<HashMap<String, Sender>>,
}

#[derive(Debug, Default)]
struct Sender {
    messages: Option<Bucket>,
    failures: Option<Bucket>,
    refusals: Option<Bucket>,
    untold: u64,
    keys_at: Option<DateTime<Utc>>,
    keys_turn: Arc<tokio::sync::Mutex<()>>,
}

/// The entry that all strangers share.
const STRANGER: &str = "";

impl Memory {
    /// Takes a token of a sender's bucket for messages.
    pub(crate) fn message(
        &self,
        did: Option<&str>,
        per_second: u32,
        burst: u32,
        now: DateTime<Utc>,
    ) -> Result<(), Duration> {
        let mut all = self.lock();
        let sender = all.entry(did.unwrap_or(STRANGER).to_owned()).or_default();
        sender.messages.get_or_insert_with(|| Bucket::full(burst, now)).take(per_second, burst, now)
    }

    /// Takes a token of a sender's bucket for messages whose signature isn't
    /// good. Its own, so that who only claims to be a partner can't silence it.
    pub(crate) fn failure(&self, did: &str, now: DateTime<Utc>) -> Result<(), Duration> {
        let mut all = self.lock();
        let sender = all.entry(did.to_owned()).or_default();
        sender.failures.get_or_insert_with(|| Bucket::full(50, now)).take(10, 50, now)
    }

    /// Whether a refusal is told in an event, and how many before it weren't.
    pub(crate) fn refusal(&self, did: Option<&str>, now: DateTime<Utc>) -> Option<u64> {
        let mut all = self.lock();
        let sender = all.entry(did.unwrap_or(STRANGER).to_owned()).or_default();
        let bucket = sender.refusals.get_or_insert_with(|| Bucket::full(REFUSALS, now));
        if bucket.take(1, REFUSALS, now).is_ok() {
            return Some(std::mem::take(&mut sender.untold));
        }
        sender.untold += 1;
        None
    }

    /// Whoever holds it looks up the partner's keys; who waits for it finds them.
    pub(crate) fn keys_turn(&self, did: &str) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(&self.lock().entry(did.to_owned()).or_default().keys_turn)
    }

    /// Whether a partner's keys may be looked up again now; notes that they are.
    pub(crate) fn keys_due(&self, did: &str, now: DateTime<Utc>) -> bool {
        let mut all = self.lock();
        let sender = all.entry(did.to_owned()).or_default();
        let due = sender.keys_at.is_none_or(|at| now.signed_duration_since(at).abs() >= KEYS_EVERY);
        if due {
            sender.keys_at = Some(now);
        }
        due
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Sender>> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
