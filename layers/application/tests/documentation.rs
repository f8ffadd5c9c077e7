//! docs/resource-model.md and its JSON Schema say what the code does: the
//! reference is generated from the schema, every descriptor in the text is read.
//! After a change that is meant, run the tests with `UPDATE=1`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod reference;

use hansa_application::{json_schema, read_descriptor};
use std::{fs, path::PathBuf};

const BEGIN: &str = "<!-- reference: generated, see layers/application/tests/documentation.rs -->\n";
const END: &str = "<!-- end of reference -->\n";

fn document(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name)
}

/// Compares a file with what it should hold, or writes it.
fn check(name: &str, wanted: &str) {
    let path = document(name);
    let found = fs::read_to_string(&path).unwrap_or_default();
    if found != wanted {
        assert!(
            std::env::var_os("UPDATE").is_some(),
            "docs/{name} is stale: run the tests of hansa-application with UPDATE=1"
        );
        fs::write(path, wanted).unwrap();
    }
}

/// The reference is generated, and the faults shown in the text are those that are found.
#[test]
fn the_page_is_current() {
    let text = fs::read_to_string(document("resource-model.md")).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the beginning of the reference");
    let (_, after) = rest.split_once(END).expect("the end of the reference");
    let reference = reference::reference(&json_schema());
    let text = format!("{before}{BEGIN}{reference}{END}{after}");

    let (before, rest) = text.split_once("```yaml broken\n").expect("a broken descriptor");
    let (broken, rest) = rest.split_once("```").unwrap();
    let (between, rest) = rest.split_once("```text\n").unwrap();
    let (_, after) = rest.split_once("```").unwrap();
    let faults = read_descriptor(broken).unwrap_err().list;
    let found: Vec<String> = faults.iter().map(|fault| fault.render("shop.yaml", broken)).collect();
    let found = found.join("\n");
    check("resource-model.md", &format!("{before}```yaml broken\n{broken}```{between}```text\n{found}\n```{after}"));
}

#[test]
fn the_schema_is_current() {
    check("resource-model.schema.json", &format!("{}\n", serde_json::to_string_pretty(&json_schema()).unwrap()));
}

#[test]
fn every_descriptor_in_the_text_is_read() {
    let text = fs::read_to_string(document("resource-model.md")).unwrap();
    let blocks: Vec<&str> = text
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .filter(|block| block.starts_with("hansa:"))
        .collect();
    assert!(blocks.len() >= 2, "{}", blocks.len());
    for block in blocks {
        let described = read_descriptor(block).unwrap_or_else(|error| panic!("{error}\n{block}"));
        assert_eq!(described.warnings, []);
    }
}
