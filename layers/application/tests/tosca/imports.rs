//! Files that import files.

use crate::{Folder, errors, read_file, said};
use hansa_application::tosca::{Fetch, Inputs, Missing, Offline, Outcome, Source, read};
use std::{cell::RefCell, fs, path::Path};

const HEAD: &str = "tosca_definitions_version: tosca_simple_yaml_1_3\n";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("{HEAD}{text}")).unwrap();
    }
    folder
}

fn use_of(name: &str) -> String {
    format!("topology_template:\n  node_templates:\n    a: {{ type: {name} }}\n")
}

const MINE: &str = "node_types:\n  my.Node: { derived_from: tosca.nodes.Root }\n";

#[test]
fn every_notation_is_understood() {
    for (imports, name) in [
        ("imports: [types/mine.yaml]\n", "my.Node"),
        ("imports: [{ mine: types/mine.yaml }]\n", "my.Node"),
        ("imports: [{ mine: { file: types/mine.yaml } }]\n", "my.Node"),
        ("imports: [{ file: types/mine.yaml, namespace_prefix: p }]\n", "p:my.Node"),
        ("imports: [{ mine: { file: types/mine.yaml, namespace_prefix: p } }]\n", "p.my.Node"),
        ("repositories: { here: types }\nimports: [{ file: mine.yaml, repository: here }]\n", "my.Node"),
        (
            "repositories: { here: { url: types/ } }\nimports: [{ m: { file: mine.yaml, repository: here } }]\n",
            "my.Node",
        ),
    ] {
        let folder = folder(&[("main.yaml", &format!("{imports}{}", use_of(name))), ("types/mine.yaml", MINE)]);
        let outcome = read_file(&folder.path().join("main.yaml"));
        assert!(outcome.template.is_some(), "{imports}{}", said(&outcome));
    }
    let two = "tosca_definitions_version: tosca_2_0\nimports:\n  - url: mine.yaml\n    namespace: p\nservice_template:\n  node_templates:\n    a: { type: p:N }\n";
    let folder = folder(&[]);
    fs::write(folder.path().join("main.yaml"), two).unwrap();
    fs::write(folder.path().join("mine.yaml"), "tosca_definitions_version: tosca_2_0\nnode_types:\n  N: {}\n").unwrap();
    let outcome = read_file(&folder.path().join("main.yaml"));
    assert!(outcome.template.is_some(), "{}", said(&outcome));
}

#[test]
fn faults_name_the_file_that_has_them() {
    let bad = "node_types:\n  my.Node: { derived_from: tosca.nodes.Root, properties: { a: { type: integr, required: false } } }\n";
    let folder =
        folder(&[("main.yaml", &format!("imports: [types/bad.yaml]\n{}", use_of("my.Node"))), ("types/bad.yaml", bad)]);
    let outcome = read_file(&folder.path().join("main.yaml"));
    let found = outcome.diagnostics.iter().find(|found| found.severity.is_error()).unwrap();
    assert_eq!((found.file.as_deref(), found.line), (Some("types/bad.yaml"), 3), "{}", said(&outcome));
    assert!(outcome.render(found).contains("integr"), "the line itself is shown");
}

#[test]
fn circles_and_gaps_are_found() {
    let circle = folder(&[("main.yaml", "imports: [b.yaml]\n"), ("b.yaml", "imports: [main.yaml]\n")]);
    let outcome = read_file(&circle.path().join("main.yaml"));
    assert_eq!(errors(&outcome), ["2 import-cycle"], "{}", said(&outcome));
    let gap = folder(&[(
        "main.yaml",
        &format!("imports: [nothing.yaml, https://example.org/x.yaml]\n{}", use_of("their.Node")),
    )]);
    let outcome = read_file(&gap.path().join("main.yaml"));
    assert_eq!(
        errors(&outcome),
        ["2 import-missing", "2 import-missing"],
        "what it would have defined is not missed again"
    );
    assert!(said(&outcome).contains("--allow-network"));
    let twice = folder(&[("main.yaml", "imports: [{ a: b.yaml }, { a: b.yaml }]\n"), ("b.yaml", "")]);
    assert_eq!(errors(&read_file(&twice.path().join("main.yaml"))), ["2 duplicate-entry"]);
}

#[test]
fn a_diamond_is_no_clash() {
    let folder = folder(&[
        ("main.yaml", &format!("imports: [l.yaml, r.yaml]\n{}", use_of("my.Node"))),
        ("l.yaml", "imports: [mine.yaml]\n"),
        ("r.yaml", "imports: [mine.yaml]\n"),
        ("mine.yaml", MINE),
    ]);
    let outcome = read_file(&folder.path().join("main.yaml"));
    assert_eq!(said(&outcome), "");
}

struct Recorded(RefCell<Vec<String>>);

impl Fetch for Recorded {
    fn fetch(&self, url: &str) -> Result<Vec<u8>, Missing> {
        self.0.borrow_mut().push(url.to_owned());
        match url {
            "https://example.org/a/x.yaml" => Ok(format!("{HEAD}imports: [../y.yaml]\n").into_bytes()),
            "https://example.org/y.yaml" => Ok(format!("{HEAD}{MINE}").into_bytes()),
            _ => Err(Missing { said: "404".to_owned(), remedy: String::new() }),
        }
    }
}

#[test]
fn the_network_is_asked_only_for_what_is_not_built_in() {
    let text = format!(
        "{HEAD}imports: [https://example.org/a/x.yaml, https://raw.githubusercontent.com/micado-scale/tosca/main/micado_types.yaml]\n{}",
        use_of("my.Node")
    );
    let fetch = Recorded(RefCell::new(Vec::new()));
    let files = Folder(Path::new(".").to_path_buf());
    let ask = |fetch: &dyn Fetch| -> Outcome {
        read(&Source { name: "main.yaml", bytes: text.as_bytes(), files: &files }, fetch, &Inputs::default())
    };
    let outcome = ask(&fetch);
    assert!(outcome.template.is_some(), "{}", said(&outcome));
    assert_eq!(*fetch.0.borrow(), ["https://example.org/a/x.yaml", "https://example.org/y.yaml"]);
    assert!(ask(&Offline).template.is_none());
}
