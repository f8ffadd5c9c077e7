//! The examples and tables in `docs/federation.md` come from the code: each
//! stands between `<!-- example: NAME -->` and `<!-- end -->`. After a change
//! that is meant, run the tests with `UPDATE=1` and read the difference.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on says so by falling"
)]

mod contracts;
mod dataspace;
mod identity;
mod offers;
mod settlement;
mod signer;
mod tables;

use serde::Serialize;
use std::{collections::BTreeMap, fs, path::Path};

/// Examples by name, each with the language of its block; "" for a table.
pub(crate) type Examples = BTreeMap<&'static str, (&'static str, String)>;

pub(crate) fn pretty(value: &impl Serialize) -> (&'static str, String) {
    ("json", serde_json::to_string_pretty(value).unwrap())
}

fn examples() -> Examples {
    let mut all = Examples::new();
    for part in [
        identity::examples(),
        offers::examples(),
        contracts::examples(),
        settlement::examples(),
        dataspace::examples(),
        tables::examples(),
    ] {
        for (name, example) in part {
            assert!(all.insert(name, example).is_none(), "{name} twice");
        }
    }
    all
}

const BEGIN: &str = "<!-- example: ";
const END: &str = "<!-- end -->";

/// The document with every block replaced by what the code says, and the names of the blocks.
fn renewed(document: &str, examples: &Examples) -> (String, Vec<String>) {
    let (mut renewed, mut names) = (String::new(), Vec::new());
    let mut rest = document;
    while let Some((before, after)) = rest.split_once(BEGIN) {
        let (name, after) = after.split_once(" -->").expect("an example's marker is closed");
        let (_, after) = after.split_once(END).unwrap_or_else(|| panic!("the example {name} has no end"));
        let (language, text) = examples.get(name).unwrap_or_else(|| panic!("there is no example {name}"));
        let block = if language.is_empty() { text.clone() } else { format!("```{language}\n{text}\n```") };
        renewed.push_str(&format!("{before}{BEGIN}{name} -->\n\n{block}\n\n{END}"));
        names.push(name.to_owned());
        rest = after;
    }
    renewed.push_str(rest);
    (renewed, names)
}

#[test]
fn the_examples_are_those_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/federation.md");
    let document = fs::read_to_string(&path).unwrap();
    let examples = examples();
    let (renewed, mut names) = renewed(&document, &examples);
    names.sort();
    let known: Vec<String> = examples.keys().map(|name| (*name).to_owned()).collect();
    assert_eq!(names, known, "every example stands in the document, once");
    if renewed == document {
        return;
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, renewed).unwrap();
        return;
    }
    let (line, (now, then)) =
        document.lines().zip(renewed.lines()).enumerate().find(|(_, (now, then))| now != then).unwrap_or_default();
    panic!("docs/federation.md is stale at line {}: `{now}`, and the code says `{then}`; run with UPDATE=1", line + 1);
}

#[test]
fn a_changed_example_is_found() {
    let examples = Examples::from([("one", ("json", "{}".to_owned()))]);
    let stale = "a\n<!-- example: one -->\n\n```json\n[]\n```\n\n<!-- end -->\nb\n";
    let (good, names) = renewed(stale, &examples);
    assert_eq!(good, stale.replace("[]", "{}"));
    assert_eq!(names, ["one"]);
    assert_eq!(renewed(&good, &examples).0, good);
}
