//! The audit trail as the rest of the broker uses it.

use super::{
    AuditError, AuditFilter, NewAuditRecord, Record, StoredCheckpoint,
    keyring::KeyFiles,
    note::{Keys, KnownKey, SigningKey},
    proof::{self, ConsistencyProof, InclusionProof},
    seal::{self, Round, Sealed},
    steps::reached,
    store,
};
use chrono::TimeDelta;
use hansa_repository::{
    Connection, Database, RepositoryError,
    ambient::{SharedClock, SharedIds},
};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::sync::{Mutex, Notify};
use tokio_util::sync::CancellationToken;

/// How often the sealer looks for what other processes wrote.
const POLL: Duration = Duration::from_secs(1);
/// How long it lets things come together after the first.
const GATHER: Duration = Duration::from_millis(100);
/// The least time between two checkpoints.
const CHECKPOINT_AFTER: TimeDelta = TimeDelta::seconds(2);

/// The audit trail. Clones are the same trail.
#[derive(Debug, Clone)]
pub struct Trail {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    database: Database,
    clock: SharedClock,
    ids: SharedIds,
    folder: PathBuf,
    owner: String,
    wake: Notify,
    /// A round and a change of keys take turns: a replaced key signs nothing more.
    turn: Mutex<()>,
    key: Mutex<Option<Arc<SigningKey>>>,
}

/// A record as it is listed.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// The record.
    pub record: Record,
    /// The column of its row that was altered, which the line betrays.
    pub altered: Option<&'static str>,
}

/// A key that signs or has signed checkpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditKey {
    /// The public key in the form of C2SP signed-note: `name+id+key`.
    pub public: String,
    /// Its id: eight hexadecimal digits.
    pub id: String,
    /// How many records there were when it came into use.
    pub from: u64,
    /// The id of the key that it replaces.
    pub replaces: Option<String>,
    /// Its statement, a signed note.
    pub statement: String,
}

impl Trail {
    /// The trail of this database. Its signing key is kept in `folder`, and
    /// nothing is done before it is needed.
    #[must_use]
    pub fn new(database: Database, clock: SharedClock, ids: SharedIds, folder: PathBuf) -> Self {
        let owner = ids.next().to_string();
        let inner = Inner {
            database,
            clock,
            ids,
            folder,
            owner,
            wake: Notify::new(),
            turn: Mutex::default(),
            key: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Records a decision. When this returns it is written for good; its place
    /// it gets a moment later.
    ///
    /// # Errors
    /// When the database refuses. What was decided must then not be done.
    pub async fn append(&self, new: NewAuditRecord) -> Result<(), AuditError> {
        self.inner.database.write(move |connection| append(connection, &new)).await?;
        self.inner.wake.notify_one();
        Ok(())
    }

    /// Seals until told to stop, one process at a time.
    pub async fn run(&self, stop: CancellationToken) {
        let mut events = self.inner.database.event_signal();
        while !stop.is_cancelled() {
            events.mark_unchanged();
            match self.round().await {
                Ok(Sealed::More) => continue,
                Ok(Sealed::All | Sealed::Elsewhere) => {}
                Err(error) => tracing::warn!(%error, "the audit trail can't be sealed now; trying again"),
            }
            tokio::select! {
                () = tokio::time::sleep(POLL) => {}
                () = self.inner.wake.notified() => tokio::time::sleep(GATHER).await,
                Ok(()) = events.changed() => tokio::time::sleep(GATHER).await,
                () = stop.cancelled() => {}
            }
        }
        if let Err(error) = self.end().await {
            tracing::warn!(%error, "the audit trail isn't sealed at the end; the next start does it");
        }
    }

    /// Seals what is left, and lets the next process seal at once.
    async fn end(&self) -> Result<(), AuditError> {
        self.seal_now().await?;
        let owner = self.inner.owner.clone();
        Ok(self.inner.database.write(move |connection| store::lease_end(connection, &owner)).await?)
    }

    /// Seals all that waits, whoever's turn it is, and signs a checkpoint over it.
    ///
    /// # Errors
    /// When the database refuses, or the key can't be used.
    pub async fn seal_now(&self) -> Result<(), AuditError> {
        while self.seal(true).await? == Sealed::More {}
        Ok(())
    }

    async fn round(&self) -> Result<Sealed, AuditError> {
        if !self.inner.database.read(seal::is_pending).await? {
            return Ok(Sealed::All);
        }
        self.seal(false).await
    }

    async fn seal(&self, whoever: bool) -> Result<Sealed, AuditError> {
        let _turn = self.inner.turn.lock().await;
        let round = Round {
            owner: self.inner.owner.clone(),
            key: self.key().await?,
            now: self.inner.clock.now(),
            checkpoint_after: if whoever { TimeDelta::zero() } else { CHECKPOINT_AFTER },
            whoever,
        };
        let sealed = self.inner.database.write(move |connection| seal::seal(connection, &round)).await?;
        reached("sealed");
        Ok(sealed)
    }

    /// The key in force. Begins the trail where there is none.
    async fn key(&self) -> Result<Arc<SigningKey>, AuditError> {
        let mut held = self.inner.key.lock().await;
        if let Some(key) = &*held {
            return Ok(Arc::clone(key));
        }
        let (folder, origin, now) = (self.inner.folder.clone(), self.origin().await?, self.inner.clock.now());
        let files = KeyFiles::new(&folder, &origin);
        let key = self
            .inner
            .database
            .write(move |connection| {
                let key = files.load(connection)?;
                KeyFiles::list(connection, &key, now)?;
                Ok::<_, AuditError>(key)
            })
            .await?;
        reached("key listed");
        *held = Some(Arc::clone(&key));
        Ok(key)
    }

    /// The trail's name, which every checkpoint bears.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn origin(&self) -> Result<String, AuditError> {
        let new = format!("hansa.audit/{}", self.inner.ids.next());
        let origin = self
            .inner
            .database
            .write(move |connection| match store::state(connection)? {
                Some(state) => Ok::<_, RepositoryError>(state.origin),
                None => store::state_begin(connection, &new).map(|()| new),
            })
            .await?;
        reached("state begun");
        Ok(origin)
    }

    /// Puts another key in the place of the one that signs; the old one vouches for it.
    ///
    /// # Errors
    /// When the database or the file system refuses; then the old key stays in force.
    pub async fn key_rotate(&self) -> Result<AuditKey, AuditError> {
        let _turn = self.inner.turn.lock().await;
        let current = self.key().await?;
        let files = KeyFiles::new(&self.inner.folder, &self.origin().await?);
        let mut held = self.inner.key.lock().await;
        let now = self.inner.clock.now();
        let preparing = files.clone();
        let next = self
            .inner
            .database
            .write(move |connection| {
                let next = preparing.prepare()?;
                KeyFiles::list_next(connection, &next, &current, now)?;
                Ok::<_, AuditError>(next)
            })
            .await?;
        reached("next key listed");
        // Forgotten first: whatever happens now, the files tell what is in force.
        *held = None;
        self.inner.database.read(move |_| files.replace()).await?;
        drop(held);
        self.key().await?;
        let keys = self.keys().await?;
        let listed = keys.into_iter().find(|key| key.public == next.public);
        listed.ok_or_else(|| AuditError::NotFound("the new key".to_owned()))
    }

    /// The keys that sign or have signed, in the order in which they came into use.
    ///
    /// # Errors
    /// When the database refuses, or holds what is none.
    pub async fn keys(&self) -> Result<Vec<AuditKey>, AuditError> {
        self.key().await?;
        let origin = self.origin().await?;
        let statements = self.inner.database.read(store::keys).await?;
        let keys = Keys::read(&origin, &statements).map_err(AuditError::Damaged)?;
        Ok(keys.list().iter().zip(statements).map(|(key, statement)| AuditKey::new(key, statement)).collect())
    }

    /// The newest records that pass the filter, the newest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn list(&self, filter: AuditFilter, limit: usize) -> Result<Vec<Listed>, AuditError> {
        let lines = self.inner.database.read(move |connection| store::list(connection, &filter, limit)).await?;
        lines.iter().map(Listed::read).collect()
    }

    /// The newest checkpoints of at most this size, the newest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn checkpoints(&self, at_most: Option<u64>, limit: usize) -> Result<Vec<StoredCheckpoint>, AuditError> {
        let read = move |connection: &mut Connection| store::checkpoints(connection, at_most, limit);
        Ok(self.inner.database.read(read).await?)
    }

    /// The proof that a record is among the first `size`; without a size, of the newest checkpoint.
    ///
    /// # Errors
    /// When there is no such record or no such size, or the database refuses.
    pub async fn inclusion(&self, place: u64, size: Option<u64>) -> Result<InclusionProof, AuditError> {
        self.inner.database.read(move |connection| proof::inclusion(connection, place, size)).await
    }

    /// The proof that the first `from` records are still the first of `to`.
    ///
    /// # Errors
    /// When there are no such sizes, or the database refuses.
    pub async fn consistency(&self, from: u64, to: Option<u64>) -> Result<ConsistencyProof, AuditError> {
        self.inner.database.read(move |connection| proof::consistency(connection, from, to)).await
    }

    pub(super) fn database(&self) -> &Database {
        &self.inner.database
    }

    pub(super) fn clock(&self) -> &SharedClock {
        &self.inner.clock
    }
}

/// Records a decision in the transaction that carries it out: both are written, or neither.
///
/// # Errors
/// When the database refuses.
pub fn append(connection: &mut Connection, new: &NewAuditRecord) -> Result<(), RepositoryError> {
    let text = hansa_repository::json::to_column("audit record", new)?;
    store::intake_add(connection, &text)
}

impl Listed {
    fn read(stored: &store::StoredLine) -> Result<Self, AuditError> {
        let record = serde_json::from_str(&stored.line)
            .map_err(|error| AuditError::Damaged(format!("record {} can't be read: {error}", stored.place)))?;
        Ok(Self { record, altered: stored.altered })
    }
}

impl AuditKey {
    fn new(key: &KnownKey, statement: String) -> Self {
        Self {
            public: key.public.clone(),
            id: format!("{:08x}", key.id),
            from: key.from,
            replaces: key.replaces.map(|id| format!("{id:08x}")),
            statement,
        }
    }
}
