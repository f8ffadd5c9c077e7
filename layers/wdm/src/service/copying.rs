//! Copying volumes from where they are to where their instance is to run: in
//! a task of its own, since it may take hours and a round may not.
//!
//! Everything is written to a place that nothing uses, read back, compared,
//! put in place, and called whole in one transaction. A broker that dies before
//! that begins anew; one that is too late finds that another attempt was begun.

use super::{
    Wdm,
    following::{same_place, void_set},
};
use crate::{
    WdmError, WorkloadSpec,
    connectors::{
        Connector,
        copying::{Archive, Content, Pieces, WAITING},
    },
    model::{MOST_BYTES, amount, at_most},
    store::{self, CopyRow},
};
use chrono::{DateTime, Utc};
use futures_util::{StreamExt as _, stream};
use hansa_ontology::{Actor, ApplicationId};
use hansa_repository::{Connection, event};
use serde_json::json;
use std::{
    collections::HashMap,
    io,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{sync::mpsc, task::AbortHandle};

/// A source that says nothing for so long is given up.
const SILENCE: Duration = Duration::from_secs(60);

/// Application, component, ordinal.
type Key = (ApplicationId, String, u32);

/// What is being copied by this broker.
#[derive(Debug, Default)]
pub(super) struct Copying {
    running: Mutex<HashMap<Key, Running>>,
}

#[derive(Debug)]
struct Running {
    spec: WorkloadSpec,
    progress: Arc<Progress>,
    task: AbortHandle,
}

/// How far it is, in bytes; `of` is 0 where that isn't known.
#[derive(Debug, Default)]
struct Progress {
    done: AtomicU64,
    of: AtomicU64,
}

/// Copying the volumes of one instance.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) wdm: Wdm,
    pub(super) spec: WorkloadSpec,
    pub(super) copy: CopyRow,
}

impl Copying {
    fn running(&self) -> MutexGuard<'_, HashMap<Key, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to copy, where that isn't being done already.
    pub(super) fn begin(&self, task: Task) {
        let key = (task.spec.application, task.spec.component.clone(), task.spec.ordinal);
        let mut running = self.running();
        if let Some(known) = running.get(&key) {
            if !known.task.is_finished() && same_place(&known.spec.target, &task.spec.target) {
                return;
            }
            known.task.abort();
        }
        let (spec, progress) = (task.spec.clone(), Arc::<Progress>::default());
        let handle = tokio::spawn(task.run(Arc::clone(&progress)));
        running.insert(key, Running { spec, progress, task: handle.abort_handle() });
    }

    /// Ends it, whatever came of it.
    pub(super) fn end(&self, application: ApplicationId, component: &str, ordinal: u32) {
        if let Some(known) = self.running().remove(&(application, component.to_owned(), ordinal)) {
            known.task.abort();
        }
    }

    /// How many bytes of how many; None where nothing is copied now.
    pub(super) fn progress(
        &self,
        application: ApplicationId,
        component: &str,
        ordinal: u32,
    ) -> Option<(u64, Option<u64>)> {
        let running = self.running();
        let known = running.get(&(application, component.to_owned(), ordinal))?;
        let of = known.progress.of.load(Ordering::Relaxed);
        let done = known.progress.done.load(Ordering::Relaxed);
        (!known.task.is_finished()).then_some((done, (of > 0).then_some(of)))
    }
}

impl Task {
    async fn run(self, progress: Arc<Progress>) {
        let (name, application) = (format!("{}#{}", self.spec.component, self.spec.ordinal), self.spec.application);
        match self.copied(&progress).await {
            Ok(()) => {}
            Err(error) => {
                tracing::warn!(%application, instance = name, %error, "volumes couldn't be copied");
                if let Err(error) = self.failed(error.to_string()).await {
                    tracing::warn!(%application, instance = name, %error, "that can't be written down; it is tried again");
                }
            }
        }
    }

    /// Copies them, unless another does or somebody still uses them.
    async fn copied(&self, progress: &Arc<Progress>) -> Result<(), WdmError> {
        let source = WorkloadSpec { target: self.copy.source.clone(), ..self.spec.clone() };
        let (from, to) = (self.wdm.connector(&source).await?, self.wdm.connector(&self.spec).await?);
        let Some(_lock) = to.copy_lock(&self.spec).await? else { return Ok(()) };
        let Some(attempt) = self.claim().await? else { return Ok(()) };
        let begun = self.wdm.clock.now();
        let bytes = from.volumes_size(&source).await?;
        let declared = self.spec.volumes.values().fold(0, |all, volume| volume.size.0.saturating_add(all));
        bounded(&self.spec, bytes.unwrap_or_default())?;
        progress.of.store(bytes.unwrap_or_default(), Ordering::Relaxed);
        let longest = at_most(bytes.unwrap_or_default().max(declared.saturating_mul(1024 * 1024)));
        let all = self.all(&from, &source, &to, attempt, progress);
        let copied = tokio::time::timeout(longest, all).await;
        if let Err(error) = from.copy_end(&source).await {
            tracing::warn!(application = %source.application, %error, "what volumes were read through stays");
        }
        let content = match copied {
            Ok(content) => content?,
            Err(_elapsed) => {
                let seconds = longest.as_secs();
                return Err(broken(&self.spec, format!("it wasn't done within {seconds} s")));
            }
        };
        to.copy_finish(&self.spec, attempt).await?;
        self.whole(attempt, &content, begun).await
    }

    /// Takes the next number, and marks what is at the target as of no use.
    async fn claim(&self) -> Result<Option<i64>, WdmError> {
        let (spec, copy) = (self.spec.clone(), self.copy.clone());
        self.wdm
            .database
            .write(move |connection| {
                let Some(mut now) = current(connection, &spec)?.filter(|now| now.attempt >= copy.attempt) else {
                    return Ok(None);
                };
                let mut others = store::workload_list(connection, Some(spec.application))?.into_iter();
                let same = |other: &WorkloadSpec| (&other.component, other.ordinal) == (&spec.component, spec.ordinal);
                if others.any(|other| same(&other.spec) && other.spec.id != spec.id) || now.source != copy.source {
                    return Ok(None);
                }
                now.attempt += 1;
                store::copy_put(connection, spec.application, &now)?;
                void_set(connection, &spec, &spec.target, true)?;
                Ok(Some(now.attempt))
            })
            .await
    }

    async fn all(
        &self,
        from: &Arc<dyn Connector>,
        source: &WorkloadSpec,
        to: &Arc<dyn Connector>,
        attempt: i64,
        progress: &Arc<Progress>,
    ) -> Result<Content, WdmError> {
        to.copy_discard(&self.spec).await?;
        to.copy_begin(&self.spec, attempt).await?;
        let mut total = Content::default();
        for volume in self.spec.volumes.keys() {
            let archive = watched(from.volume_read(source, volume, None).await?, progress);
            let (archive, sent) = read_along(archive);
            to.volume_write(&self.spec, volume, attempt, archive).await?;
            let sent = sent.await?.map_err(WdmError::io("read volume", volume))?;
            let (back, arrived) = read_along(to.volume_read(&self.spec, volume, Some(attempt)).await?);
            back.for_each(async |_piece| {}).await;
            let arrived = arrived.await?.map_err(WdmError::io("read back volume", volume))?;
            // An instance that never ran has no volume yet; its copy is an empty folder.
            if sent.entries > 0 && arrived != sent {
                let text = format!(
                    "of volume {volume} {} in {} entries arrived, and not the {} in {} that were sent, or not as they were",
                    amount(arrived.bytes),
                    arrived.entries,
                    amount(sent.bytes),
                    sent.entries
                );
                return Err(broken(&self.spec, text));
            }
            total.bytes += sent.bytes;
            total.entries += sent.entries;
        }
        Ok(total)
    }

    /// All is there: from now on that is what is used, and the source is not.
    async fn whole(&self, attempt: i64, content: &Content, begun: DateTime<Utc>) -> Result<(), WdmError> {
        let (spec, source, now) = (self.spec.clone(), self.copy.source.clone(), self.wdm.clock.now());
        let told = told(&spec, content, begun, now);
        self.wdm
            .database
            .write(move |connection| {
                // Another attempt was begun: this one says nothing any more.
                let Some(mut copy) = current(connection, &spec)?.filter(|copy| copy.attempt == attempt) else {
                    return Ok(());
                };
                void_set(connection, &spec, &spec.target, false)?;
                void_set(connection, &spec, &source, true)?;
                copy.copied = true;
                store::copy_put(connection, spec.application, &copy)?;
                event::append(connection, &told)?;
                Ok(())
            })
            .await
    }

    /// Nothing of it is used; what moved goes back.
    async fn failed(&self, reason: String) -> Result<(), WdmError> {
        let spec = self.spec.clone();
        let (asked, source) = (self.copy.asked_at, self.copy.source.clone());
        self.wdm
            .database
            .write(move |connection| {
                let current = current(connection, &spec)?.filter(|now| now.asked_at == asked && now.source == source);
                match current {
                    Some(copy) => {
                        let failed = CopyRow { failed: Some(reason), ..copy };
                        Ok::<_, WdmError>(store::copy_put(connection, spec.application, &failed)?)
                    }
                    None => Ok(()),
                }
            })
            .await?;
        // What arrived in part only takes room; where this fails too it goes with the machine.
        let target = self.wdm.connector(&self.spec).await?;
        let Some(_lock) = target.copy_lock(&self.spec).await? else { return Ok(()) };
        target.copy_discard(&self.spec).await
    }
}

/// What is known of it, as long as it is wanted and neither done nor failed.
fn current(connection: &mut Connection, spec: &WorkloadSpec) -> Result<Option<CopyRow>, WdmError> {
    let found = store::copy_find(connection, spec.application, &spec.component, spec.ordinal)?;
    Ok(found.filter(|copy| !copy.copied && copy.failed.is_none()))
}

fn bounded(spec: &WorkloadSpec, bytes: u64) -> Result<(), WdmError> {
    if bytes <= MOST_BYTES {
        return Ok(());
    }
    let text = format!("its volumes hold {}, and at most {} are copied", amount(bytes), amount(MOST_BYTES));
    Err(broken(spec, text))
}

fn broken(spec: &WorkloadSpec, text: String) -> WdmError {
    let volumes = PathBuf::from(format!("the volumes of {}#{}", spec.component, spec.ordinal));
    WdmError::Io { action: "copy", path: volumes, source: io::Error::other(text) }
}

/// The same archive, counted; it ends with an error where its source falls
/// silent, or sends more than is copied.
fn watched(archive: Archive, progress: &Arc<Progress>) -> Archive {
    let next = async |(mut archive, progress): (Archive, Arc<Progress>)| {
        let piece = match tokio::time::timeout(SILENCE, archive.next()).await {
            Ok(piece) => piece?,
            Err(_elapsed) => Err(io::Error::other(format!("nothing came for {} s", SILENCE.as_secs()))),
        };
        let length = piece.as_ref().map_or(0, Vec::len) as u64;
        let done = progress.done.fetch_add(length, Ordering::Relaxed).saturating_add(length);
        if done > MOST_BYTES {
            return Some((
                Err(io::Error::other(format!("it is more than {}", amount(MOST_BYTES)))),
                (archive, progress),
            ));
        }
        Some((piece, (archive, progress)))
    };
    stream::unfold((archive, Arc::clone(progress)), next).boxed()
}

/// The same archive, and what is found in it while it passes.
fn read_along(archive: Archive) -> (Archive, tokio::task::JoinHandle<io::Result<Content>>) {
    let (sender, pieces) = mpsc::channel::<io::Result<Vec<u8>>>(WAITING);
    let content = tokio::task::spawn_blocking(move || Content::of(Pieces::new(pieces)));
    let next = async |(mut archive, sender): (Archive, mpsc::Sender<io::Result<Vec<u8>>>)| {
        let piece = archive.next().await?;
        let copy = match &piece {
            Ok(piece) => Ok(piece.clone()),
            Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
        };
        // Who reads along may have found a fault, which is told by what it found.
        drop(sender.send(copy).await);
        Some((piece, (archive, sender)))
    };
    (stream::unfold((archive, sender), next).boxed(), content)
}

fn told(spec: &WorkloadSpec, content: &Content, begun: DateTime<Utc>, now: DateTime<Utc>) -> event::NewEvent {
    let (name, took) = (format!("{}#{}", spec.component, spec.ordinal), (now - begun).num_milliseconds().max(1));
    let millis = u64::try_from(took).unwrap_or(1);
    let rate = content.bytes.saturating_mul(1_000) / millis;
    event::NewEvent {
        at: now,
        actor: Actor::Broker,
        application: Some(spec.application),
        subject: format!("workload/{}", spec.id),
        kind: "volume.copied".to_owned(),
        message: format!(
            "the volumes of {name} are copied to node {}: {} in {}.{:03} s, {} a second",
            spec.target.node,
            amount(content.bytes),
            millis / 1_000,
            millis % 1_000,
            amount(rate)
        ),
        data: json!({
            "component": spec.component,
            "ordinal": spec.ordinal,
            "bytes": content.bytes,
            "entries": content.entries,
            "milliseconds": millis,
        }),
    }
}
