//! What a program of this machine said last, for people who can't look there.

use std::{
    io::{Read as _, Seek as _, SeekFrom},
    path::Path,
    process::Stdio,
    time::Duration,
};
use tokio::process::Command;

/// So many bytes of the end are read.
const READ: u64 = 4_096;
/// So many lines are told.
const LINES: usize = 3;
/// And so many letters of them.
const LETTERS: usize = 500;
/// So long the journal may take.
const JOURNAL: Duration = Duration::from_secs(3);

/// Where it says it.
pub(super) struct LastWords<'a> {
    /// A file, where it is there.
    pub(super) log: &'a Path,
    /// Else the journal of this unit of systemd.
    pub(super) unit: &'a str,
}

impl LastWords<'_> {
    /// The last lines, joined and cut. None where it said nothing.
    pub(super) async fn read(&self) -> Option<String> {
        let text = match end(self.log) {
            Some(text) => text,
            None => self.journal().await?,
        };
        last(&text)
    }

    async fn journal(&self) -> Option<String> {
        let mut command = Command::new("journalctl");
        command.args(["--unit", self.unit, "--lines", "3", "--output", "cat", "--quiet", "--no-pager"]);
        command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let printed = tokio::time::timeout(JOURNAL, command.output()).await.ok()?.ok()?;
        Some(String::from_utf8_lossy(&printed.stdout).into_owned())
    }
}

fn end(file: &Path) -> Option<String> {
    let mut file = std::fs::File::open(file).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(READ))).ok()?;
    let mut bytes = Vec::new();
    file.take(READ).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn last(text: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let told = lines.get(lines.len().saturating_sub(LINES)..).unwrap_or_default().join(" / ");
    let told: String = told.chars().filter(|letter| !letter.is_control()).collect();
    let letters = told.chars().count();
    let cut: String = told.chars().skip(letters.saturating_sub(LETTERS)).collect();
    (!cut.is_empty()).then_some(cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_end_is_told_and_cut() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        std::fs::write(&log, format!("{}\none\n\ntwo \u{7}\nthree\n", "x".repeat(9_000))).unwrap();
        let words = LastWords { log: &log, unit: "none" }.read().await;
        assert_eq!(words.as_deref(), Some("one / two  / three"));
        assert_eq!(last(&format!("{}end", "y".repeat(900))).unwrap().len(), LETTERS);
        assert_eq!(last("\n \n"), None);
    }
}
