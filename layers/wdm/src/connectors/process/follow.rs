//! Reading captured output, from the files that the supervisor writes.

use super::{LogStream, layout::is_absent, shim::log_files};
use crate::{
    WdmError,
    model::{LogLine, LogQuery, LogSource},
};
use chrono::{DateTime, Utc};
use futures_util::{StreamExt as _, stream};
use std::{
    collections::VecDeque,
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    path::PathBuf,
    time::Duration,
};

/// Between two looks for new lines.
const LOOK: Duration = Duration::from_millis(100);
/// How much is read at once.
const CHUNK: u64 = 256 * 1_024;

/// The lines that the query asks for, and those to come where it follows.
pub(super) fn stream(directory: PathBuf, query: LogQuery) -> LogStream {
    let state = State { reader: Reader::new(directory), query, ready: VecDeque::new(), first: true };
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

struct State {
    reader: Reader,
    query: LogQuery,
    ready: VecDeque<LogLine>,
    /// What is there already hasn't been read yet: `tail` counts in it.
    first: bool,
}

impl State {
    async fn next(&mut self) -> Result<Option<LogLine>, WdmError> {
        loop {
            if let Some(line) = self.ready.pop_front() {
                return Ok(Some(line));
            }
            let ended = self.fill().await?;
            if self.ready.is_empty() && (ended || !self.query.follow) {
                return Ok(None);
            }
            if self.ready.is_empty() {
                tokio::time::sleep(LOOK).await;
            }
        }
    }

    /// Reads on. True where the workload's directory has gone.
    async fn fill(&mut self) -> Result<bool, WdmError> {
        let mut reader = std::mem::take(&mut self.reader);
        let (query, whole) = (self.query, std::mem::take(&mut self.first));
        let (reader, lines) = tokio::task::spawn_blocking(move || {
            let lines = if whole { reader.read_all(&query) } else { reader.read_some(&query) };
            (reader, lines)
        })
        .await?;
        let directory = reader.directory.clone();
        self.reader = reader;
        self.ready = lines.map_err(WdmError::io("read the output in", &directory))?;
        // The logs directory comes with the first line; the one above it goes at the removal.
        Ok(!directory.parent().is_some_and(std::path::Path::exists))
    }
}

/// Reads numbered files one after the other, each to its end.
#[derive(Default)]
struct Reader {
    directory: PathBuf,
    current: Option<(u64, File)>,
    /// Bytes of a line that isn't complete yet.
    rest: Vec<u8>,
    /// Text of a line that was written in parts.
    parts: Option<LogLine>,
}

impl Reader {
    fn new(directory: PathBuf) -> Self {
        Self { directory, ..Self::default() }
    }

    /// All that is there now; the last so many of it.
    fn read_all(&mut self, query: &LogQuery) -> io::Result<VecDeque<LogLine>> {
        let mut lines = VecDeque::new();
        loop {
            let some = self.read_some(query)?;
            if some.is_empty() && !self.more()? {
                return Ok(lines);
            }
            lines.extend(some);
            if let Some(tail) = query.tail {
                lines.drain(..lines.len().saturating_sub(tail));
            }
        }
    }

    /// Whether there are bytes not read yet.
    fn more(&mut self) -> io::Result<bool> {
        let Some((number, file)) = &mut self.current else {
            return Ok(false);
        };
        let here = file.stream_position()? < file.metadata()?.len();
        let number = *number;
        Ok(here || self.files()?.iter().any(|(next, _)| *next > number))
    }

    fn files(&self) -> io::Result<Vec<(u64, PathBuf)>> {
        match log_files(&self.directory) {
            Err(error) if is_absent(&error) => Ok(Vec::new()),
            files => files,
        }
    }

    /// The next lines, at most a chunk of them; none where there is nothing new.
    fn read_some(&mut self, query: &LogQuery) -> io::Result<VecDeque<LogLine>> {
        // The list first: a file that is finished now was finished before the next was begun.
        let files = self.files()?;
        let Some((number, file)) = &mut self.current else {
            self.open_next(&files, 0)?;
            return if self.current.is_some() { self.read_some(query) } else { Ok(VecDeque::new()) };
        };
        let number = *number;
        // Where a full disk cut the file back, what follows is read from its new end.
        let length = file.metadata()?.len();
        if file.stream_position()? > length {
            file.seek(SeekFrom::Start(length))?;
        }
        let read = io::Read::take(&mut *file, CHUNK).read_to_end(&mut self.rest)?;
        if read == 0 && files.iter().any(|(next, _)| *next > number) {
            self.rest.clear();
            self.open_next(&files, number)?;
            return self.read_some(query);
        }
        Ok(self.complete_lines(query.since))
    }

    fn open_next(&mut self, files: &[(u64, PathBuf)], after: u64) -> io::Result<()> {
        self.current = None;
        for (number, path) in files.iter().filter(|(number, _)| *number > after) {
            match File::open(path) {
                Ok(file) => {
                    self.current = Some((*number, file));
                    return Ok(());
                }
                // Rotated away just now.
                Err(error) if is_absent(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn complete_lines(&mut self, since: Option<DateTime<Utc>>) -> VecDeque<LogLine> {
        let mut lines = VecDeque::new();
        let bytes = std::mem::take(&mut self.rest);
        let mut rest = bytes.as_slice();
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, tail) = rest.split_at(end);
            rest = tail.get(1..).unwrap_or_default();
            let Some((line, partial)) = parse(&String::from_utf8_lossy(line)) else {
                continue;
            };
            let whole = match self.parts.take() {
                Some(mut begun) if begun.source == line.source => {
                    begun.text.push_str(&line.text);
                    begun
                }
                _ => line,
            };
            if partial && whole.text.len() < 1 << 20 {
                self.parts = Some(whole);
            } else if since.is_none_or(|since| whole.at >= since) {
                lines.push_back(whole);
            }
        }
        self.rest = rest.to_vec();
        lines
    }
}

/// `time stream F|P text`; whether it is a part.
fn parse(line: &str) -> Option<(LogLine, bool)> {
    let mut fields = line.splitn(4, ' ');
    let at = DateTime::parse_from_rfc3339(fields.next()?).ok()?.to_utc();
    let source = match fields.next()? {
        "stdout" => LogSource::Stdout,
        "stderr" => LogSource::Stderr,
        "note" => LogSource::Note,
        _ => return None,
    };
    let partial = fields.next()? == "P";
    let text = fields.next().unwrap_or_default().to_owned();
    Some((LogLine { at, source, text }, partial))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn write(folder: &tempfile::TempDir, number: u64, text: &str) {
        fs::write(folder.path().join(format!("{number:010}.log")), text).unwrap();
    }

    fn texts(lines: &VecDeque<LogLine>) -> Vec<&str> {
        lines.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn reads_over_files_joins_parts_and_keeps_the_tail() {
        let folder = tempfile::tempdir().unwrap();
        let t = "2026-06-01T12:00:00.000000Z";
        write(&folder, 1, &format!("{t} stdout F one\n{t} stdout P tw\n"));
        write(&folder, 2, &format!("{t} stdout F o\nno line\n{t} stderr F \n{t} note F thr"));
        let mut reader = Reader::new(folder.path().to_owned());
        let all = reader.read_all(&LogQuery::default()).unwrap();
        assert_eq!(texts(&all), ["one", "two", ""]);
        let mut reader = Reader::new(folder.path().to_owned());
        let tail = reader.read_all(&LogQuery { tail: Some(1), ..LogQuery::default() }).unwrap();
        assert_eq!(texts(&tail), [""]);
    }

    #[test]
    fn follows_into_the_next_file_without_loss() {
        let folder = tempfile::tempdir().unwrap();
        let line = |text: &str| format!("2026-06-01T12:00:00.000000Z stdout F {text}\n");
        let query = LogQuery::default();
        write(&folder, 1, &line("a"));
        let mut reader = Reader::new(folder.path().to_owned());
        assert_eq!(texts(&reader.read_all(&query).unwrap()), ["a"]);
        assert!(reader.read_some(&query).unwrap().is_empty());
        write(&folder, 1, &(line("a") + &line("b")));
        write(&folder, 2, &line("c"));
        assert_eq!(texts(&reader.read_some(&query).unwrap()), ["b"]);
        assert_eq!(texts(&reader.read_some(&query).unwrap()), ["c"]);
    }
}
