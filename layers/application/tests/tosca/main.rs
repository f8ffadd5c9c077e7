//! The reader of TOSCA, against templates of our own, the descriptions of
//! MiCADO's users, and the parser that MiCADO relies on.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it skips"
)]

mod converted;
mod imports;
mod packages;
mod parser;
mod robust;
mod samples;
mod templates;

use hansa_application::{
    Severity,
    tosca::{Files, Inputs, NoFiles, Offline, Outcome, Source, read},
};
use std::path::{Path, PathBuf};

/// The folder of a template.
struct Folder(PathBuf);

impl Files for Folder {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        let path = self.0.join(path);
        if path.is_file() { std::fs::read(path).map(Some).map_err(|error| error.to_string()) } else { Ok(None) }
    }
}

/// Reads a file with what lies beside it.
fn read_file(path: &Path) -> Outcome {
    let bytes = std::fs::read(path).unwrap();
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let files = Folder(path.parent().unwrap().to_path_buf());
    read(&Source { name: &name, bytes: &bytes, files: &files }, &Offline, &Inputs::default())
}

/// Reads a text that stands alone.
fn read_text(text: &str) -> Outcome {
    read_with(text, &[])
}

/// The same with values for its inputs.
fn read_with(text: &str, inputs: &[(&str, &str)]) -> Outcome {
    let given = inputs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let inputs = Inputs { given, file: None };
    read(&Source { name: "a.yaml", bytes: text.as_bytes(), files: &NoFiles }, &Offline, &inputs)
}

/// The errors, as `line code`.
fn errors(outcome: &Outcome) -> Vec<String> {
    let errors = outcome.diagnostics.iter().filter(|found| found.severity == Severity::Error);
    errors.map(|found| format!("{} {}", found.line, found.code)).collect()
}

/// Everything that was said, for people.
fn said(outcome: &Outcome) -> String {
    outcome
        .diagnostics
        .iter()
        .map(|found| format!("{}: {}\n", found.severity.as_str(), outcome.render(found)))
        .collect()
}

fn templates(kind: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tosca/templates").join(kind);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 5, "{kind}: {}", files.len());
    files
}
