//! docs/resource-model.md and its JSON Schema say what the code does: the
//! reference is generated from the schema, every descriptor in the text is read.
//! After a change that is meant, run the tests with `UPDATE=1`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod reference;

use hansa_application::{
    Code, json_schema, read_descriptor,
    tosca::{Inputs, NoFiles, Offline, Source, read},
};
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

/// docs/tosca.md: its table of codes is generated, every template in it is read,
/// and what it says comes of the first is what comes of it.
#[test]
fn the_page_about_tosca_is_current() {
    let text = fs::read_to_string(document("tosca.md")).unwrap();
    let (before, rest) = text.split_once("<!-- codes: generated -->\n").expect("the beginning of the codes");
    let (_, after) = rest.split_once("<!-- end of codes -->\n").expect("the end of the codes");
    let mut codes = String::from("| code | meaning |\n|---|---|\n");
    for code in Code::ALL.iter().filter(|code| code.is_of_tosca()) {
        codes.push_str(&format!("| `{code}` | {} |\n", code.meaning().trim_start_matches("TOSCA: ")));
    }
    let templates: Vec<&str> = text
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .filter(|block| block.starts_with("tosca_definitions_version"))
        .collect();
    assert!(templates.len() >= 2, "{}", templates.len());
    let mut models = Vec::new();
    for template in templates {
        let source = Source { name: "shop.yaml", bytes: template.as_bytes(), files: &NoFiles };
        let outcome = read(&source, &Offline, &Inputs::default());
        assert!(outcome.template.is_some(), "{:#?}\n{template}", outcome.diagnostics);
        models.push(outcome.template.unwrap().convert());
    }
    let report: Vec<String> = models[0].report.iter().map(ToString::to_string).collect();
    let (head, rest) = before.split_once("```text\n").expect("a report");
    let (_, tail) = rest.split_once("```").unwrap();
    let before = format!("{head}```text\n{}\n```{tail}", report.join("\n"));
    check("tosca.md", &format!("{before}<!-- codes: generated -->\n{codes}<!-- end of codes -->\n{after}"));
    let model = hansa_application::write_descriptor(models[0].model.as_ref().unwrap());
    assert!(text.contains(&format!("```yaml\n{model}```")), "the model in docs/tosca.md is stale:\n{model}");
}
