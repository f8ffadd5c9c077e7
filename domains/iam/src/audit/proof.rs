//! Proofs (RFC 6962, sections 2.1.1 and 2.1.2) about the trail, for those who
//! don't want all of it.

use super::{AuditError, Record, StoredCheckpoint, seal::damaged, store, tree};
use hansa_repository::Connection;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use tlog_tiles::{
    Error as TreeError, Hash, HashReader, check_record, check_tree, prove_record, prove_tree, record_hash, tree_hash,
};

/// That a record is in the trail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InclusionProof {
    /// The record's place.
    pub place: u64,
    /// The record: the very line that is hashed.
    pub line: String,
    /// Of how many records.
    pub size: u64,
    /// The root over them, base64.
    pub root: String,
    /// The audit path, base64, from the leaf up.
    pub hashes: Vec<String>,
    /// The signed checkpoint of this size, where there is one.
    pub checkpoint: Option<String>,
}

/// That the trail has only grown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConsistencyProof {
    /// Of how many records.
    pub from: u64,
    /// The root over them, base64.
    pub from_root: String,
    /// To how many.
    pub to: u64,
    /// The root over those, base64.
    pub to_root: String,
    /// The proof, base64.
    pub hashes: Vec<String>,
}

impl InclusionProof {
    /// Whether it proves what it says; whether root and checkpoint are to be believed is another question.
    #[must_use]
    pub fn holds(&self) -> bool {
        let check = || {
            let (path, root) = (hashes(&self.hashes)?, Hash::parse_hash(&self.root)?);
            check_record(&path, self.size, root, self.place, record_hash(self.line.as_bytes()))
        };
        let place = serde_json::from_str::<Record>(&self.line).map(|record| record.place);
        place.is_ok_and(|place| place == self.place) && check().is_ok()
    }
}

impl ConsistencyProof {
    /// Whether it proves what it says.
    #[must_use]
    pub fn holds(&self) -> bool {
        let check = || {
            let (from, to) = (Hash::parse_hash(&self.from_root)?, Hash::parse_hash(&self.to_root)?);
            check_tree(&hashes(&self.hashes)?, self.to, to, self.from, from)
        };
        check().is_ok()
    }
}

fn hashes(texts: &[String]) -> Result<Vec<Hash>, TreeError> {
    texts.iter().map(|text| Hash::parse_hash(text)).collect()
}

pub(super) fn inclusion(
    connection: &mut Connection,
    place: u64,
    size: Option<u64>,
) -> Result<InclusionProof, AuditError> {
    let size = known_size(connection, "size", size)?;
    if place >= size {
        return Err(AuditError::NotFound(format!("record {place} among the first {size}")));
    }
    let lines = store::lines(connection, place, place + 1, 1)?;
    let line = lines.into_iter().next().ok_or_else(|| AuditError::NotFound(format!("record {place}")))?.line;
    let checkpoint = checkpoint_of(connection, size)?.map(|checkpoint| checkpoint.note);
    let stored = Stored(RefCell::new(connection));
    let hashes = prove_record(size, place, &stored).map_err(damaged)?;
    let root = tree_hash(size, &stored).map_err(damaged)?;
    let hashes = hashes.into_iter().map(tree::text).collect();
    Ok(InclusionProof { place, line, size, root: tree::text(root), hashes, checkpoint })
}

pub(super) fn consistency(
    connection: &mut Connection,
    from: u64,
    to: Option<u64>,
) -> Result<ConsistencyProof, AuditError> {
    let to = known_size(connection, "to", to)?;
    if !(1..=to).contains(&from) {
        let message = format!("{from} is out of bounds; give 1 to {to}");
        return Err(AuditError::Invalid { field: "from", message });
    }
    let stored = Stored(RefCell::new(connection));
    let hashes = prove_tree(to, from, &stored).map_err(damaged)?.into_iter().map(tree::text).collect();
    let root = |size| tree_hash(size, &stored).map(tree::text).map_err(damaged);
    Ok(ConsistencyProof { from, from_root: root(from)?, to, to_root: root(to)?, hashes })
}

/// The size asked for, or that of the newest checkpoint.
fn known_size(connection: &mut Connection, field: &'static str, size: Option<u64>) -> Result<u64, AuditError> {
    let sealed = store::state(connection)?.map_or(0, |state| u64::try_from(state.size).unwrap_or_default());
    match size {
        Some(size) if size <= sealed => Ok(size),
        Some(size) => {
            Err(AuditError::Invalid { field, message: format!("{size} is out of bounds; there are {sealed} records") })
        }
        None => Ok(store::checkpoints(connection, None, 1)?.first().map_or(0, |last| last.size)),
    }
}

fn checkpoint_of(connection: &mut Connection, size: u64) -> Result<Option<StoredCheckpoint>, AuditError> {
    Ok(store::checkpoints(connection, Some(size), 1)?.into_iter().find(|last| last.size == size))
}

struct Stored<'a>(RefCell<&'a mut Connection>);

impl HashReader for Stored<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, TreeError> {
        let known = store::hashes(&mut self.0.borrow_mut(), indexes)
            .map_err(|error| TreeError::InvalidInput(error.to_string()))?;
        let found = |index: &u64| {
            let missing = || TreeError::InvalidInput(format!("hash {index} of the tree is missing"));
            known.get(index).copied().ok_or_else(missing)
        };
        indexes.iter().map(found).collect()
    }
}
