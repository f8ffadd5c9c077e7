//! Gives what waits its place. One call is one transaction, so that a sealer
//! that is killed leaves either all of a round or nothing of it.

use super::{
    AuditError, NewAuditRecord, Record,
    note::SigningKey,
    steps::reached,
    store::{self, State},
    tree,
};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::Actor;
use hansa_repository::{
    Connection, RepositoryError,
    event::{self, EventFilter, Order},
};
use serde_json::json;
use std::{collections::HashMap, sync::Arc};
use tlog_tiles::{
    Error as TreeError, Hash, HashReader, stored_hash_index, stored_hashes_for_record_hash, sub_tree_index, tree_hash,
};

/// How many of each kind one round seals.
const BATCH: usize = 500;
/// How long a sealer that says nothing keeps the others waiting.
const LEASE: TimeDelta = TimeDelta::seconds(10);

/// One round's particulars.
#[derive(Debug, Clone)]
pub(super) struct Round {
    /// Who seals.
    pub(super) owner: String,
    /// What signs.
    pub(super) key: Arc<SigningKey>,
    /// When.
    pub(super) now: DateTime<Utc>,
    /// How old the last checkpoint must be before there is another; zero: now.
    pub(super) checkpoint_after: TimeDelta,
    /// Seal whoever has the lease. Harmless, for rounds are transactions.
    pub(super) whoever: bool,
}

/// What a round did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sealed {
    /// Another process seals.
    Elsewhere,
    /// There may be more.
    More,
    /// All that waited has its place.
    All,
}

/// Whether anything waits for the sealer.
pub(super) fn is_pending(connection: &mut Connection) -> Result<bool, RepositoryError> {
    let Some(state) = store::state(connection)? else { return Ok(true) };
    Ok(event::last_sequence(connection)? > state.last_event
        || !store::intake_list(connection, 1)?.is_empty()
        || is_uncovered(connection, &state)?)
}

fn is_uncovered(connection: &mut Connection, state: &State) -> Result<bool, RepositoryError> {
    let last = store::checkpoints(connection, None, 1)?;
    Ok(last.first().map_or(0, |last| last.size) < u64::try_from(state.size).unwrap_or_default())
}

/// Seals once.
pub(super) fn seal(connection: &mut Connection, round: &Round) -> Result<Sealed, AuditError> {
    let state = store::state(connection)?.ok_or_else(|| AuditError::Damaged("it has no beginning".to_owned()))?;
    if !round.whoever && state.is_others(&round.owner, round.now) {
        return Ok(Sealed::Elsewhere);
    }
    let size = u64::try_from(state.size).map_err(|error| AuditError::Damaged(error.to_string()))?;
    let waiting = Waiting::read(connection, &state)?;
    let more = waiting.more;
    let (last_event, last_intake) = (waiting.last_event, waiting.last_intake);
    let mut tree = Growing::load(connection, size)?;
    let sealed = tree.seal(waiting.records)?;
    reached("records made");
    let is_new = !sealed.is_empty();
    if is_new {
        store::records_add(connection, sealed)?;
        store::hashes_add(connection, &tree.new)?;
        reached("records written");
        if let Some(last) = last_intake {
            store::intake_remove(connection, last)?;
        }
        reached("intake emptied");
    }
    let covered = checkpoint(connection, round, &tree)?;
    if is_new || covered {
        store::state_set(connection, tree.size, last_event, (&round.owner, round.now + LEASE))?;
    }
    Ok(if more { Sealed::More } else { Sealed::All })
}

/// Writes a checkpoint where one is due.
fn checkpoint(connection: &mut Connection, round: &Round, tree: &Growing) -> Result<bool, AuditError> {
    let last = store::checkpoints(connection, None, 1)?;
    let last = last.first();
    let is_due = last.is_none_or(|last| last.at + round.checkpoint_after <= round.now);
    if tree.size <= last.map_or(0, |last| last.size) || !is_due {
        return Ok(false);
    }
    let root = tree_hash(tree.size, tree).map_err(damaged)?;
    let note = round.key.checkpoint(tree.size, root).map_err(AuditError::Damaged)?;
    store::checkpoint_add(connection, tree.size, round.now, &note)?;
    reached("checkpoint written");
    Ok(true)
}

/// What waits for its place, in the order in which it gets it.
struct Waiting {
    records: Vec<(Record, Option<i64>)>,
    last_event: i64,
    last_intake: Option<i64>,
    more: bool,
}

impl Waiting {
    fn read(connection: &mut Connection, state: &State) -> Result<Self, AuditError> {
        let filter = EventFilter { after: Some(state.last_event), ..EventFilter::default() };
        let events = event::list(connection, &filter, BATCH, Order::OldestFirst)?;
        let intake = store::intake_list(connection, BATCH)?;
        let more = events.len() == BATCH || intake.len() == BATCH;
        let last_event = events.last().map_or(state.last_event, |event| event.sequence);
        let last_intake = intake.last().map(|(number, _)| *number);
        let mut records = Vec::with_capacity(events.len() + intake.len());
        for event in events {
            records.push((Record::of_event(event).bounded(), None));
        }
        for (number, text) in intake {
            records.push((decision(&text), Some(number)));
        }
        // Stable: what came first through one door stays first.
        records.sort_by_key(|(record, _)| record.at);
        Ok(Self { records, last_event, last_intake, more })
    }
}

/// A decision of the intake. One that this program can't read is sealed as the
/// text that it is: nothing is lost, and nothing holds up the rest.
fn decision(text: &str) -> Record {
    let read = serde_json::from_str::<NewAuditRecord>(text);
    let new = read.unwrap_or_else(|error| NewAuditRecord {
        at: DateTime::UNIX_EPOCH,
        actor: Actor::Broker,
        account: None,
        via: crate::model::Via::Loopback,
        origin: None,
        request: None,
        action: "audit.unreadable".to_owned(),
        subject: "broker".to_owned(),
        project: None,
        outcome: super::AuditOutcome::Failed { status: 500 },
        policies: Vec::new(),
        data: json!({ "text": text, "error": error.to_string() }),
    });
    Record::of_decision(new).bounded()
}

/// The tree while records are added to it.
struct Growing {
    size: u64,
    head: Hash,
    known: HashMap<u64, Hash>,
    new: Vec<(u64, Hash)>,
}

impl Growing {
    fn load(connection: &mut Connection, size: u64) -> Result<Self, AuditError> {
        let Some(last) = size.checked_sub(1) else {
            return Ok(Self { size, head: tree::NOTHING, known: HashMap::new(), new: Vec::new() });
        };
        let last = stored_hash_index(0, last);
        let mut wanted = sub_tree_index(0, size, Vec::new());
        wanted.push(last);
        let known = store::hashes(connection, &wanted)?;
        let missing = || AuditError::Damaged(format!("hash {last} of the tree is missing"));
        let head = known.get(&last).copied().ok_or_else(missing)?;
        Ok(Self { size, head, known, new: Vec::new() })
    }

    fn seal(&mut self, waiting: Vec<(Record, Option<i64>)>) -> Result<Vec<(Record, String, Option<i64>)>, AuditError> {
        let mut sealed = Vec::with_capacity(waiting.len());
        for (mut record, intake) in waiting {
            record.place = self.size;
            record.previous = tree::text(self.head);
            let line = record.line().map_err(|error| AuditError::Damaged(error.to_string()))?;
            self.push(tree::leaf(line.as_bytes()))?;
            sealed.push((record, line, intake));
        }
        Ok(sealed)
    }

    fn push(&mut self, leaf: Hash) -> Result<(), AuditError> {
        let hashes = stored_hashes_for_record_hash(self.size, leaf, self).map_err(damaged)?;
        let first = stored_hash_index(0, self.size);
        for (number, hash) in (first..).zip(hashes) {
            self.known.insert(number, hash);
            self.new.push((number, hash));
        }
        self.head = leaf;
        self.size += 1;
        Ok(())
    }
}

impl HashReader for Growing {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, TreeError> {
        let found = |index: &u64| {
            let missing = || TreeError::InvalidInput(format!("hash {index} of the tree is missing"));
            self.known.get(index).copied().ok_or_else(missing)
        };
        indexes.iter().map(found).collect()
    }
}

pub(super) fn damaged(error: TreeError) -> AuditError {
    AuditError::Damaged(error.to_string())
}
