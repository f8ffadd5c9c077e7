//! A workload's output: what its container has printed, and the container
//! before that in the same pod. A cluster keeps no more.

use super::{naming::CONTAINER, record::PodRecord, watch::Cache};
use crate::{
    WdmError,
    connectors::LogStream,
    model::{LogLine, LogQuery, LogSource},
};
use chrono::{DateTime, Utc};
use futures_util::{AsyncBufReadExt as _, StreamExt as _, TryStreamExt as _, stream};
use hansa_kubernetes_client::Cluster;
use hansa_ontology::WorkloadId;
use hansa_repository::system::{SystemError, SystemErrorKind};
use k8s_openapi::{api::core::v1::Pod, jiff::Timestamp};
use kube::{Api, api::LogParams};
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Between two looks for a pod that has something to say.
const PAUSE: Duration = Duration::from_millis(500);

/// The lines that are asked for, as they come.
pub(super) fn stream(cluster: Cluster, cache: Arc<Cache>, workload: WorkloadId, query: LogQuery) -> LogStream {
    let (send, receive) = channel(64);
    let reader = Reader { cluster, cache, workload, query, send, last: query.since };
    tokio::spawn(reader.read());
    let next = |mut receive: Receiver<_>| async move { receive.recv().await.map(|line| (line, receive)) };
    stream::unfold(receive, next).boxed()
}

struct Reader {
    cluster: Cluster,
    cache: Arc<Cache>,
    workload: WorkloadId,
    query: LogQuery,
    send: Sender<Result<LogLine, WdmError>>,
    /// The time of the last line that was read.
    last: Option<DateTime<Utc>>,
}

impl Reader {
    async fn read(mut self) {
        let done = self.read_all().await;
        if let Err(error) = done {
            drop(self.send.send(Err(error.into())).await);
        }
    }

    fn pod(&self) -> Option<PodRecord> {
        self.cache.of(self.workload).1.into_iter().max_by_key(|pod| (pod.run, pod.created))
    }

    async fn read_all(&mut self) -> Result<(), SystemError> {
        if let Some(pod) = self.pod() {
            let mut lines = if pod.restarts > 0 { self.printed(&pod, true).await? } else { Vec::new() };
            lines.extend(self.printed(&pod, false).await?);
            let skipped = self.query.tail.map_or(0, |tail| lines.len().saturating_sub(tail));
            for line in lines.into_iter().skip(skipped) {
                if !self.tell(line).await {
                    return Ok(());
                }
            }
        }
        while self.query.follow {
            let Some(pod) = self.pod() else {
                // Between two runs there is no pod; after the last there is nothing at all.
                if self.cache.of(self.workload).0.is_none() {
                    return Ok(());
                }
                if !self.pause().await {
                    return Ok(());
                }
                continue;
            };
            if !self.follow(&pod).await? || !self.pause().await {
                return Ok(());
            }
        }
        Ok(())
    }

    /// False where nobody listens any more.
    async fn pause(&self) -> bool {
        tokio::select! {
            () = self.send.closed() => false,
            () = tokio::time::sleep(PAUSE) => true,
        }
    }

    async fn tell(&mut self, line: LogLine) -> bool {
        self.last = Some(line.at);
        self.send.send(Ok(line)).await.is_ok()
    }

    fn params(&self, previous: bool, follow: bool) -> LogParams {
        LogParams {
            container: Some(CONTAINER.to_owned()),
            previous,
            follow,
            timestamps: true,
            since_time: self.last.and_then(|at| Timestamp::from_second(at.timestamp()).ok()),
            tail_lines: if follow { None } else { self.query.tail.and_then(|tail| i64::try_from(tail).ok()) },
            ..LogParams::default()
        }
    }

    fn api(&self, pod: &PodRecord) -> Api<Pod> {
        Api::namespaced(self.cluster.client(), &pod.namespace)
    }

    /// What is there already, bounded by the query.
    async fn printed(&self, pod: &PodRecord, previous: bool) -> Result<Vec<LogLine>, SystemError> {
        let (api, params) = (self.api(pod), self.params(previous, false));
        match self.cluster.call(&format!("read the log of Pod {}", pod.name), api.logs(&pod.name, &params)).await {
            Ok(text) => Ok(text.lines().filter_map(|line| self.line(line)).collect()),
            Err(error) if is_silent(&error) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// New lines until the container ends. False where nobody listens any more.
    async fn follow(&mut self, pod: &PodRecord) -> Result<bool, SystemError> {
        let (api, params) = (self.api(pod), self.params(false, true));
        let action = format!("follow the log of Pod {}", pod.name);
        let mut lines = match self.cluster.call(&action, api.log_stream(&pod.name, &params)).await {
            Ok(reader) => Box::pin(reader.lines()),
            Err(error) if is_silent(&error) => return Ok(true),
            Err(error) => return Err(error),
        };
        loop {
            tokio::select! {
                () = self.send.closed() => return Ok(false),
                // A connection that breaks is opened again from the last line on.
                next = lines.try_next() => match next {
                    Ok(Some(text)) => {
                        if let Some(line) = self.line(&text)
                            && !self.tell(line).await
                        {
                            return Ok(false);
                        }
                    }
                    Ok(None) | Err(_) => return Ok(true),
                },
            }
        }
    }

    /// A line with its time before it; None where it was told before.
    fn line(&self, text: &str) -> Option<LogLine> {
        let (at, rest) = text.split_once(' ').unwrap_or((text, ""));
        let at = DateTime::parse_from_rfc3339(at).ok()?.with_timezone(&Utc);
        // The cluster cuts the time to seconds; what was read is not read again.
        if self.last.is_some_and(|last| at < last || at == last && Some(last) != self.query.since) {
            return None;
        }
        Some(LogLine { at, source: LogSource::Stdout, text: rest.to_owned() })
    }
}

/// There is no output yet, or no longer.
fn is_silent(error: &SystemError) -> bool {
    matches!(error.kind, SystemErrorKind::NotFound | SystemErrorKind::Invalid)
}
