//! From the workload's pipes to its log files.
//!
//! The workload must never wait for a disk: one thread for each pipe always
//! reads, and hands lines over through a bounded queue; what finds no room
//! there, or on the disk, is dropped and counted, and the count is noted in
//! the log once there is room again.

use super::{
    super::record::LogBounds,
    log_file::{Entry, LogFiles},
};
use crate::model::LogSource;
use hansa_repository::ambient::{Clock as _, SystemClock};
use std::{
    io::Read,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, channel, sync_channel},
    },
    thread,
    time::Duration,
};

/// A longer line is written in parts.
const LINE: usize = 16 * 1_024;
/// Lines that may wait for the disk.
const QUEUE: usize = 1_024;
/// Lines that are written at once.
const BATCH: usize = 256;

/// Captures output until the pipes are closed.
#[derive(Debug)]
pub(super) struct Capture {
    queue: Option<SyncSender<Entry>>,
    dropped: Arc<AtomicU64>,
    finished: Receiver<()>,
}

impl Capture {
    pub(super) fn start(directory: PathBuf, bounds: LogBounds) -> Self {
        let (queue, entries) = sync_channel(QUEUE);
        let (done, finished) = channel();
        let dropped = Arc::new(AtomicU64::new(0));
        let writer = Writer {
            files: LogFiles::new(directory, bounds),
            dropped: Arc::clone(&dropped),
            // Both are told where the disk is, so that a note helps.
            problem: None,
        };
        thread::spawn(move || {
            writer.run(&entries);
            drop(done);
        });
        Self { queue: Some(queue), dropped, finished }
    }

    /// Reads one pipe to its end, in a thread of its own.
    pub(super) fn pipe(&self, source: LogSource, mut pipe: impl Read + Send + 'static) {
        let Some(queue) = self.queue.clone() else {
            return;
        };
        let dropped = Arc::clone(&self.dropped);
        thread::spawn(move || {
            let mut splitter = Splitter { source, queue, dropped, line: Vec::new() };
            let mut chunk = vec![0; 64 * 1_024];
            while let Ok(count @ 1..) = pipe.read(&mut chunk) {
                splitter.take(chunk.get(..count).unwrap_or_default());
            }
            splitter.end();
        });
    }

    /// Writes a line of our own.
    pub(super) fn note(&self, text: String) {
        if let Some(queue) = &self.queue {
            send(queue, &self.dropped, Entry::note(SystemClock.now(), text));
        }
    }

    /// Waits until all is on the disk, but not for a disk that doesn't answer.
    pub(super) fn finish(&mut self, patience: Duration) {
        self.queue = None;
        // The writer never sends: the channel closes when it ends.
        if self.finished.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
            super::say("the last lines of output are not on the disk yet");
        }
    }
}

fn send(queue: &SyncSender<Entry>, dropped: &AtomicU64, entry: Entry) {
    if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = queue.try_send(entry) {
        dropped.fetch_add(1, Ordering::Relaxed);
    }
}

/// Bytes to lines.
struct Splitter {
    source: LogSource,
    queue: SyncSender<Entry>,
    dropped: Arc<AtomicU64>,
    line: Vec<u8>,
}

impl Splitter {
    fn take(&mut self, mut bytes: &[u8]) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (head, tail) = bytes.split_at(end);
            self.extend(head);
            self.emit(false);
            bytes = tail.get(1..).unwrap_or_default();
        }
        self.extend(bytes);
    }

    fn extend(&mut self, mut bytes: &[u8]) {
        while self.line.len() + bytes.len() > LINE {
            let (head, tail) = bytes.split_at(LINE - self.line.len());
            self.line.extend_from_slice(head);
            self.emit(true);
            bytes = tail;
        }
        self.line.extend_from_slice(bytes);
    }

    fn emit(&mut self, partial: bool) {
        let text = std::mem::take(&mut self.line);
        let entry = Entry { at: SystemClock.now(), source: self.source, partial, text };
        send(&self.queue, &self.dropped, entry);
    }

    /// The last line may lack its line end.
    fn end(&mut self) {
        if !self.line.is_empty() {
            self.emit(false);
        }
    }
}

/// The one thread that touches the disk.
struct Writer {
    files: LogFiles,
    dropped: Arc<AtomicU64>,
    problem: Option<String>,
}

impl Writer {
    fn run(mut self, entries: &Receiver<Entry>) {
        while let Ok(first) = entries.recv() {
            let mut batch = vec![first];
            batch.extend(entries.try_iter().take(BATCH - 1));
            self.write(batch);
        }
        self.note_dropped();
    }

    fn write(&mut self, batch: Vec<Entry>) {
        self.note_dropped();
        if let Err(error) = self.files.write(&batch) {
            self.problem = Some(error.to_string());
            self.dropped.fetch_add(batch.len() as u64, Ordering::Relaxed);
        }
    }

    fn note_dropped(&mut self) {
        let count = self.dropped.swap(0, Ordering::Relaxed);
        if count == 0 {
            return;
        }
        let why = self.problem.as_deref().unwrap_or("the disk was too slow");
        let note = Entry::note(SystemClock.now(), format!("{count} lines of output were dropped: {why}"));
        if self.files.write(&[note]).is_ok() {
            self.problem = None;
        } else {
            self.dropped.fetch_add(count, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_lines_and_cuts_long_ones() {
        let (queue, entries) = sync_channel(10);
        let dropped = Arc::new(AtomicU64::new(0));
        let mut splitter =
            Splitter { source: LogSource::Stderr, queue, dropped: Arc::clone(&dropped), line: Vec::new() };
        splitter.take(b"one\ntw");
        splitter.take(b"o\n\n");
        splitter.take(&[b'x'; LINE + 2]);
        splitter.end();
        drop(splitter);
        let lines: Vec<(bool, usize)> = entries.iter().map(|entry| (entry.partial, entry.text.len())).collect();
        assert_eq!(lines, [(false, 3), (false, 3), (false, 0), (true, LINE), (false, 2)]);
    }

    #[test]
    fn what_finds_no_room_is_counted_not_waited_for() {
        let (queue, entries) = sync_channel(2);
        let dropped = Arc::new(AtomicU64::new(0));
        let mut splitter =
            Splitter { source: LogSource::Stdout, queue, dropped: Arc::clone(&dropped), line: Vec::new() };
        splitter.take(b"1\n2\n3\n4\n5\n");
        assert_eq!(dropped.load(Ordering::Relaxed), 3);
        assert_eq!(entries.try_iter().count(), 2);
    }
}
