//! Output, over all runs whose containers the engine still has, oldest first.

use super::names;
use crate::{
    WdmError,
    connectors::LogStream,
    model::{LogLine, LogQuery, LogSource},
};
use bollard::{
    container::LogOutput,
    query_parameters::{ListContainersOptions, LogsOptions},
};
use chrono::{DateTime, Utc};
use futures_util::{StreamExt as _, stream};
use hansa_docker::{ANSWER, Engine};
use hansa_ontology::WorkloadId;
use std::{collections::VecDeque, pin::Pin, sync::Arc, time::Duration};

/// Between two looks for the next run's container.
const LOOK: Duration = Duration::from_millis(500);
/// How long the engine may take for the next line that is there already.
const NEXT: Duration = ANSWER;
/// A line is told in parts beyond this; bytes.
const LONGEST: usize = 1 << 20;

/// So many characters of a line stand in a reason.
const SHOWN: usize = 300;

type Output = Pin<Box<dyn futures_util::Stream<Item = Result<LogOutput, bollard::errors::Error>> + Send>>;

/// The lines that the query asks for, and those to come where it follows.
pub(super) fn stream(engine: Engine, broker: Arc<str>, workload: WorkloadId, query: LogQuery) -> LogStream {
    let source = Source { engine, broker, workload };
    let state = Reader { source, query, ready: VecDeque::new(), begun: false, last: None, open: None };
    stream::unfold(Some(state), |state| async move {
        let mut state = state?;
        match state.next().await {
            Ok(Some(line)) => Some((Ok(line), Some(state))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    })
    .boxed()
}

struct Reader {
    source: Source,
    query: LogQuery,
    ready: VecDeque<LogLine>,
    /// What was there at first has been read: `tail` counts in it.
    begun: bool,
    /// The run that is read, and the time of its last line.
    last: Option<(u64, Option<DateTime<Utc>>)>,
    open: Option<(Output, Parts)>,
}

impl Reader {
    async fn next(&mut self) -> Result<Option<LogLine>, WdmError> {
        if !self.begun {
            self.begin().await?;
        }
        loop {
            if let Some(line) = self.ready.pop_front() {
                return Ok(Some(line));
            }
            if !self.query.follow || !self.go_on().await? {
                return Ok(None);
            }
        }
    }

    /// All that is there now; the last so many of it.
    async fn begin(&mut self) -> Result<(), WdmError> {
        self.begun = true;
        for (run, _, container) in self.source.runs().await? {
            let mut output = self.source.output(&container, self.query.since, self.query.tail, false);
            let mut parts = Parts::default();
            let mut lines = VecDeque::new();
            while let Some(piece) = self.source.piece(&mut output, NEXT).await? {
                lines.extend(parts.take(&piece));
            }
            lines.extend(parts.rest());
            let last = lines.back().map(|line: &LogLine| line.at);
            let since = self.query.since;
            self.ready.extend(lines.into_iter().filter(|line| since.is_none_or(|since| line.at >= since)));
            if let Some(tail) = self.query.tail {
                self.ready.drain(..self.ready.len().saturating_sub(tail));
            }
            self.last = Some((run, last));
        }
        Ok(())
    }

    /// The next lines of the run that is followed, or the next run. False when the workload has gone.
    async fn go_on(&mut self) -> Result<bool, WdmError> {
        let Some((mut output, mut parts)) = self.open.take() else { return self.open().await };
        match output.next().await {
            Some(Ok(piece)) => {
                let after = self.last.and_then(|(_, at)| at);
                // The engine knows whole seconds: what was told already is passed over.
                let fresh = parts.take(&piece).filter(|line| after.is_none_or(|after| line.at > after));
                if let (Some(line), Some((_, at))) = (&fresh, &mut self.last) {
                    *at = Some(line.at);
                }
                self.ready.extend(fresh);
                self.open = Some((output, parts));
            }
            // The run has ended, or the engine has gone: the next look tells.
            Some(Err(_)) | None => tokio::time::sleep(LOOK).await,
        }
        Ok(true)
    }

    async fn open(&mut self) -> Result<bool, WdmError> {
        let mut runs = self.source.runs().await?;
        // What steps before it write is told when they are read; it is the run that is followed.
        runs.retain(|(_, step, _)| step.is_none());
        let Some((newest, ..)) = runs.last() else { return Ok(false) };
        let (read, at) = self.last.unwrap_or((0, None));
        // First what is left of the run that was read, then those after it.
        let next = runs.iter().find(|(run, ..)| *run > read || (*run == read && run == newest));
        let Some((run, _, container)) = next else {
            tokio::time::sleep(LOOK).await;
            return Ok(true);
        };
        let since = if *run == read { at } else { None };
        self.last = Some((*run, since));
        self.open = Some((self.source.output(container, since.or(self.query.since), None, true), Parts::default()));
        Ok(true)
    }
}

/// Whose output, and where it is.
struct Source {
    engine: Engine,
    broker: Arc<str>,
    workload: WorkloadId,
}

impl Source {
    /// Runs with their containers, in their order, each after the steps before it.
    async fn runs(&self) -> Result<Vec<(u64, Option<usize>, String)>, WdmError> {
        let mut labels = names::of_broker(&self.broker);
        labels.insert(names::WORKLOAD.to_owned(), self.workload.to_string());
        let filters = Some(names::filter(&labels));
        let options = ListContainersOptions { all: true, filters, ..ListContainersOptions::default() };
        let call = || self.engine.api().list_containers(Some(options.clone()));
        let found = self.engine.ask_settled("list a workload's containers", ANSWER, call).await?;
        let mut runs: Vec<(u64, Option<usize>, String)> = found
            .into_iter()
            .filter_map(|one| {
                let labels = one.labels.as_ref();
                Some((names::read(labels, names::RUN)?, names::read(labels, names::STEP), one.id?))
            })
            .collect();
        runs.sort_by_key(|(run, step, _)| (*run, step.unwrap_or(usize::MAX)));
        Ok(runs)
    }

    fn output(&self, container: &str, since: Option<DateTime<Utc>>, tail: Option<usize>, follow: bool) -> Output {
        let options = LogsOptions {
            follow,
            stdout: true,
            stderr: true,
            timestamps: true,
            since: since.and_then(|since| i32::try_from(since.timestamp()).ok()).unwrap_or(0),
            tail: tail.map_or_else(|| "all".to_owned(), |tail| tail.to_string()),
            ..LogsOptions::default()
        };
        Box::pin(self.engine.patient().logs(container, Some(options)))
    }

    async fn piece(&self, output: &mut Output, within: Duration) -> Result<Option<LogOutput>, WdmError> {
        let action = "read a container's output";
        match tokio::time::timeout(within, output.next()).await {
            Ok(piece) => Ok(piece.transpose().map_err(|error| self.engine.troubles().of_call(action, &error))?),
            Err(_) => Err(self.engine.troubles().timed_out(action, within).into()),
        }
    }
}

/// The last lines of a container that has ended; none where they can't be had.
pub(super) async fn last(engine: &Engine, container: &str, lines: usize) -> Vec<String> {
    let options =
        LogsOptions { stdout: true, stderr: true, timestamps: true, tail: lines.to_string(), ..LogsOptions::default() };
    let (mut output, mut parts) = (engine.patient().logs(container, Some(options)), Parts::default());
    let mut found = Vec::new();
    while let Ok(Some(Ok(piece))) = tokio::time::timeout(NEXT, output.next()).await {
        found.extend(parts.take(&piece));
    }
    found.extend(parts.rest());
    found.into_iter().map(|line| line.text.chars().take(SHOWN).collect()).collect()
}

/// Joins what engines tell in parts: beyond 16 KiB of a line.
#[derive(Default)]
struct Parts {
    stdout: Option<LogLine>,
    stderr: Option<LogLine>,
}

impl Parts {
    fn take(&mut self, piece: &LogOutput) -> Option<LogLine> {
        let (source, slot) = match piece {
            LogOutput::StdErr { .. } => (LogSource::Stderr, &mut self.stderr),
            _ => (LogSource::Stdout, &mut self.stdout),
        };
        let text = String::from_utf8_lossy(piece.as_ref());
        let (time, rest) = text.split_once(' ').unwrap_or((&text, ""));
        let at = DateTime::parse_from_rfc3339(time.trim()).ok()?.to_utc();
        let (rest, whole) = match rest.strip_suffix('\n') {
            Some(line) => (line.strip_suffix('\r').unwrap_or(line), true),
            None => (rest, false),
        };
        let line = match slot.take() {
            Some(mut begun) => {
                begun.text.push_str(rest);
                begun
            }
            None => LogLine { at, source, text: rest.to_owned() },
        };
        if whole || line.text.len() >= LONGEST {
            return Some(line);
        }
        *slot = Some(line);
        None
    }

    /// A last line without its end.
    fn rest(self) -> impl Iterator<Item = LogLine> {
        [self.stdout, self.stderr].into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(text: &str) -> LogOutput {
        LogOutput::StdOut { message: text.to_owned().into() }
    }

    #[test]
    fn parts_become_one_line() {
        let mut parts = Parts::default();
        assert_eq!(parts.take(&piece("2026-11-22T08:13:51.25Z one")), None);
        let line = parts.take(&piece("2026-11-22T08:13:51.26Z  two\n")).unwrap();
        assert_eq!(line.text, "one two");
        assert_eq!(line.at.to_rfc3339(), "2026-11-22T08:13:51.250+00:00");
        assert_eq!(parts.take(&piece("2026-11-22T08:13:52Z \n")).unwrap().text, "");
        assert_eq!(parts.take(&piece("2026-11-22T08:13:52Z last")), None);
        assert_eq!(parts.rest().map(|line| line.text).collect::<Vec<_>>(), ["last"]);
    }
}
