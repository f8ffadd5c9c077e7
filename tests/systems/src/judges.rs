//! Judges of documents: public validators that are not ours.

use crate::{python, wanted};
use std::{path::Path, process::Command};

const EN16931: &str = include_str!("en16931.py");

/// The rules of UBL 2.1 and EN 16931 that an invoice breaks. None: the judge is
/// not installed, and that was said.
#[must_use]
pub fn invoice_faults(file: &Path) -> Option<Vec<String>> {
    if !wanted("en16931", python::installed("en16931"), "run tests/systems/install/en16931.sh") {
        return None;
    }
    let mut command = Command::new(python::program("en16931", "python3"));
    let output = command.arg("-c").arg(EN16931).arg(file).output().expect("the judge of invoices runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let fired = text.lines().find_map(|line| line.strip_prefix("FIRED ")).unwrap_or_else(|| {
        panic!("{}: the judge has said nothing: {}", file.display(), String::from_utf8_lossy(&output.stderr))
    });
    eprintln!("{}: {fired} asked", file.display());
    Some(text.lines().filter_map(|line| line.strip_prefix("BROKEN ")).map(str::to_owned).collect())
}

/// What focus-validator says of a cost export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FocusVerdict {
    /// Rules that hold.
    pub passed: usize,
    /// Rules that don't, each with the reason.
    pub failed: Vec<String>,
    /// Rules that it can't check, or that do not apply.
    pub skipped: usize,
}

/// Judges a cost export of FOCUS 1.2, CSV or Parquet, with all that the
/// specification makes conditional. None: the judge is not installed, and that was said.
#[must_use]
pub fn focus_verdict(file: &Path, criteria: &str) -> Option<FocusVerdict> {
    if !wanted("focus", python::installed("focus"), "run tests/systems/install/focus.sh") {
        return None;
    }
    let mut command = Command::new(python::program("focus", "focus-validator"));
    command
        .args(["--block-download", "--validate-version", "1.2", "--show-violations"])
        .args(["--applicability-criteria", criteria, "--data-file"])
        .arg(file)
        .current_dir(beside(file));
    let output = command.output().expect("focus-validator runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("=== Validation Results ==="), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let of =
        |status: &str| text.lines().filter(|line| line.contains(&format!(": {status}"))).map(str::to_owned).collect();
    let (passed, failed, skipped): (Vec<String>, Vec<String>, Vec<String>) = (of("PASS"), of("FAIL"), of("SKIPPED"));
    Some(FocusVerdict { passed: passed.len(), failed, skipped: skipped.len() })
}

/// The folder of a file, in which the validator finds its own tables: it opens
/// them by a path from where it is started.
fn beside(file: &Path) -> &Path {
    let folder = file.parent().expect("a folder");
    let (library, link) = (python::cache().join("focus/lib"), folder.join("focus_validator"));
    let versions = std::fs::read_dir(&library).expect("a virtual environment").flatten();
    let found = versions.map(|version| version.path().join("site-packages/focus_validator")).find(|path| path.is_dir());
    if !link.exists() {
        std::os::unix::fs::symlink(found.expect("the validator's folder"), &link)
            .expect("a link in a temporary folder");
    }
    folder
}
