//! The trail as a file: JSON Lines that anyone can verify without the broker.
//!
//! ```text
//! {"hansaAuditExport":1,"origin":…,"size":N,"at":…}
//! {"key":"…"}            every key's statement, in the order of their use
//! {"checkpoint":"…"}     every signed checkpoint, the smallest first; the last covers all records
//! {"place":0,…}          N records, each the very line that is hashed
//! {"end":{"lines":L,"sha256":"…"}}   how many lines before it, and the hash of those that are no records
//! ```

use super::{AuditError, Trail, store};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use hansa_repository::{Connection, RepositoryError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// How many records are read at once.
const PAGE: usize = 1_000;

/// The first line of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Header {
    /// The version of the format.
    pub(super) hansa_audit_export: u32,
    /// The trail's name.
    pub(super) origin: String,
    /// How many records follow.
    pub(super) size: u64,
    /// When it was written.
    pub(super) at: String,
}

/// A line between the header and the end that is no record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) enum Extra {
    /// A key's statement.
    Key(String),
    /// A signed checkpoint.
    Checkpoint(String),
    /// A row of the database whose columns say something else than its line.
    AlteredRow {
        /// The record.
        place: u64,
        /// The column.
        column: String,
    },
    /// The last line.
    End {
        /// How many lines there are before it.
        lines: u64,
        /// The SHA-256 over those of them that are no records, base64. (Records are in the tree.)
        sha256: String,
    },
}

/// An export under way: a piece at a time, so that the whole is never in memory.
#[derive(Debug)]
pub struct Export {
    trail: Trail,
    origin: String,
    size: u64,
    next: Next,
    lines: u64,
    hash: Sha256,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Head,
    Records(u64),
    Nothing,
}

impl Trail {
    /// Begins an export of all that has been recorded until now.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn export(&self) -> Result<Export, AuditError> {
        self.seal_now().await?;
        let origin = self.origin().await?;
        let size = self.checkpoints(None, 1).await?.first().map_or(0, |last| last.size);
        Ok(Export { trail: self.clone(), origin, size, next: Next::Head, lines: 0, hash: Sha256::new() })
    }
}

impl Export {
    /// How many records it has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The next piece, whole lines; None at the end.
    ///
    /// # Errors
    /// When the database refuses. What was written so far has no last line, and is refused by a verifier.
    pub async fn piece(&mut self) -> Result<Option<String>, AuditError> {
        let mut text = String::new();
        match self.next {
            Next::Head => {
                self.head(&mut text).await?;
                self.hash.update(text.as_bytes());
                self.next = Next::Records(0);
            }
            Next::Records(from) if from < self.size => {
                let until = self.size;
                let read = move |connection: &mut Connection| store::lines(connection, from, until, PAGE);
                let found = self.trail.database().read(read).await?;
                // Where rows are missing, the export says so by missing lines.
                self.next = Next::Records(found.last().map_or(self.size, |last| last.place + 1));
                for stored in found {
                    line(&mut text, &one_line(stored.line));
                    if let Some(column) = stored.altered {
                        let mut altered = String::new();
                        extra(&mut altered, &Extra::AlteredRow { place: stored.place, column: column.to_owned() })?;
                        self.hash.update(altered.as_bytes());
                        text.push_str(&altered);
                    }
                }
            }
            Next::Records(_) => {
                let sha256 = BASE64_STANDARD.encode(self.hash.clone().finalize());
                extra(&mut text, &Extra::End { lines: self.lines, sha256 })?;
                self.next = Next::Nothing;
            }
            Next::Nothing => return Ok(None),
        }
        self.lines += u64::try_from(text.matches('\n').count()).unwrap_or_default();
        Ok(Some(text))
    }

    async fn head(&self, text: &mut String) -> Result<(), AuditError> {
        let size = self.size;
        let read = move |connection: &mut Connection| {
            Ok::<_, RepositoryError>((
                store::keys(connection)?,
                store::checkpoints(connection, Some(size), usize::MAX)?,
            ))
        };
        let (keys, checkpoints) = self.trail.database().read(read).await?;
        let at = self.trail.clock().now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        line(text, &json!({ "hansaAuditExport": 1, "origin": self.origin, "size": size, "at": at }).to_string());
        for key in keys {
            extra(text, &Extra::Key(key))?;
        }
        for checkpoint in checkpoints.into_iter().rev() {
            extra(text, &Extra::Checkpoint(checkpoint.note))?;
        }
        Ok(())
    }
}

/// A line that was altered may hold ends of lines; it is refused anyway.
fn one_line(text: String) -> String {
    if text.contains('\n') { text.replace('\n', " ") } else { text }
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn extra(text: &mut String, what: &Extra) -> Result<(), AuditError> {
    let json = hansa_repository::json::to_column("line of an export", what)?;
    line(text, &json);
    Ok(())
}
