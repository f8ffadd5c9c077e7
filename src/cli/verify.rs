//! `hansa federation verify`: whether a stored document is what its signers
//! signed. Offline: nothing is fetched, and nobody is believed.

use super::{Output, Table, event, read_input};
use crate::failure::Failure;
use hansa_federation::verify::{Finding, verify_file};
use hansa_repository::ambient::{Clock, SystemClock};
use serde::Serialize;
use std::path::Path;

/// A good signature, for programs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Good {
    signer: String,
    key: String,
    issued_at: chrono::DateTime<chrono::Utc>,
    content_type: String,
    digest: String,
    pinned: bool,
}

/// Verifies the bundle in a file.
///
/// # Errors
/// As [`verify`], and when the file can't be read.
pub(super) fn run(output: Output, file: &Path) -> Result<(), Failure> {
    verify(output, &file.display().to_string(), &read_input(file)?)
}

/// Verifies a bundle, and says whose signatures are good.
///
/// # Errors
/// When one of them isn't: exit code 2, for the document is at fault.
pub(super) fn verify(output: Output, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let findings = verify_file(bytes, SystemClock.now())
        .map_err(|error| Failure::input(format!("{name} is NOT proved to be what its signers signed: {error}")))?;
    let good: Vec<Good> = findings.into_iter().map(Good::from).collect();
    output.show(&good, |good| {
        let mut table = Table::new("nobody has signed it", ["SIGNED BY", "AT", "KEY IS", "KEY"]);
        for one in good {
            let pinned = if one.pinned { "pinned" } else { "only in the file" };
            table.row([one.signer.clone(), event::time(one.issued_at), pinned.to_owned(), one.key.clone()]);
        }
        let digest = good.first().map(|one| one.digest.as_str()).unwrap_or_default();
        format!("{name} is genuine: every signature is good.\nSHA-256 of the content: {digest}\n\n{}", table.text())
    })
}

impl From<Finding> for Good {
    fn from(finding: Finding) -> Self {
        Self {
            signer: finding.verified.signer.to_string(),
            key: finding.verified.key.to_string(),
            issued_at: finding.verified.issued_at,
            content_type: finding.content_type,
            digest: finding.digest,
            pinned: finding.pinned,
        }
    }
}

impl Good {
    /// Who has signed.
    pub(super) fn signer(&self) -> &str {
        &self.signer
    }
}
