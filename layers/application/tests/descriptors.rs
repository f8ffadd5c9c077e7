//! A folder of descriptors, each beside what is said about it. After a change
//! that is meant, run the tests with `UPDATE=1` and read the difference.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use hansa_application::{Code, Diagnostic, read_descriptor_bytes, write_descriptor};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn folder(name: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/descriptors").join(name);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml" || extension == "json"));
    files.sort();
    let stems: BTreeSet<_> = files.iter().map(|path| path.file_stem()).collect();
    assert_eq!(stems.len(), files.len(), "each has its own .expected");
    assert!(!files.is_empty(), "{}", folder.display());
    files
}

fn told(diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for Diagnostic { line, column, pointer, code, message, hint, .. } in diagnostics {
        out.push_str(&format!("{line}:{column} {code} {pointer}\n    {message}\n"));
        if let Some(hint) = hint {
            out.push_str(&format!("    hint: {hint}\n"));
        }
    }
    out
}

/// Compares with what stands beside the descriptor, or writes it there.
fn compare(path: &Path, found: &str, wrong: &mut Vec<String>) {
    let beside = path.with_extension("expected");
    let expected = fs::read_to_string(&beside).unwrap_or_default();
    if found == expected {
        return;
    }
    if std::env::var_os("UPDATE").is_none() {
        wrong.push(format!("{}\n--- expected\n{expected}--- found\n{found}", path.display()));
    } else if found.is_empty() {
        fs::remove_file(&beside).unwrap();
    } else {
        fs::write(&beside, found).unwrap();
    }
}

fn inside(text: &[u8], diagnostics: &[Diagnostic], path: &Path) {
    let text = String::from_utf8_lossy(text);
    for diagnostic in diagnostics {
        let line = text.split('\n').nth(diagnostic.line - 1);
        let length = line.unwrap_or_else(|| panic!("{}: {diagnostic}", path.display())).chars().count();
        assert!((1..=length + 1).contains(&diagnostic.column), "{}: {diagnostic}", path.display());
        assert!(diagnostic.pointer.is_empty() || diagnostic.pointer.starts_with('/'));
        assert!(!diagnostic.message.contains("under any of the schemas"), "{diagnostic}");
    }
}

#[test]
fn broken_descriptors_are_refused_with_every_fault() {
    let (mut wrong, mut seen) = (Vec::new(), BTreeSet::new());
    for path in folder("broken") {
        let bytes = fs::read(&path).unwrap();
        let Err(diagnostics) = read_descriptor_bytes(&bytes) else {
            wrong.push(format!("{} was read", path.display()));
            continue;
        };
        inside(&bytes, &diagnostics.list, &path);
        seen.extend(diagnostics.list.iter().map(|diagnostic| diagnostic.code));
        compare(&path, &told(&diagnostics.list), &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Warnings, bounds on size and what no check foresaw are tried elsewhere.
    let elsewhere = [Code::NothingToCall, Code::NoEffect, Code::TooLarge, Code::TooDeep, Code::Invalid];
    for code in Code::ALL.iter().filter(|code| !elsewhere.contains(code) && !code.is_of_tosca()) {
        assert!(seen.contains(code), "no broken descriptor shows `{code}`");
    }
}

#[test]
fn valid_descriptors_are_read_and_written_without_loss() {
    let (mut wrong, mut seen) = (Vec::new(), BTreeSet::new());
    for path in folder("valid") {
        let bytes = fs::read(&path).unwrap();
        match read_descriptor_bytes(&bytes) {
            Ok(described) => {
                inside(&bytes, &described.warnings, &path);
                seen.extend(described.warnings.iter().map(|warning| warning.code));
                compare(&path, &told(&described.warnings), &mut wrong);
                let written = write_descriptor(&described.model);
                let again =
                    read_descriptor_bytes(written.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{written}"));
                assert_eq!(again.model, described.model, "{written}");
            }
            Err(diagnostics) => wrong.push(format!("{}\n{diagnostics}", path.display())),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for code in [Code::NothingToCall, Code::NoEffect] {
        assert!(seen.contains(&code), "no valid descriptor shows the warning `{code}`");
    }
}

/// `examples/` of the repository: what people begin with must be read without a warning.
#[test]
fn the_examples_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            let text = fs::read_to_string(&path).unwrap();
            // Other kinds of documents may stand there too.
            if !text.lines().any(|line| line.starts_with("hansa:")) {
                continue;
            }
            let described =
                read_descriptor_bytes(text.as_bytes()).unwrap_or_else(|error| panic!("{}\n{error}", path.display()));
            assert_eq!(described.warnings, [], "{}", path.display());
            count += 1;
        }
    }
    assert!(count >= 4, "{count} examples");
}
