//! Packages (CSAR).

use crate::said;
use hansa_application::tosca::{Inputs, NoFiles, Offline, Outcome, Source, read};
use std::io::{Cursor, Write};
use zip::{ZipWriter, write::SimpleFileOptions};

const META: &str =
    "TOSCA-Meta-File-Version: 1.1\nCSAR-Version: 1.1\nCreated-By: me\nEntry-Definitions: Definitions/main.yaml\n";
const MAIN: &str = "tosca_definitions_version: tosca_simple_yaml_1_3
imports: [../types/mine.yaml]
topology_template:
  node_templates:
    a:
      type: my.Node
      interfaces: { Standard: { create: ../scripts/create.sh } }
";
const MINE: &str =
    "tosca_definitions_version: tosca_simple_yaml_1_3\nnode_types:\n  my.Node: { derived_from: tosca.nodes.Root }\n";

fn package(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn open(bytes: &[u8]) -> Outcome {
    read(&Source { name: "a.csar", bytes, files: &NoFiles }, &Offline, &Inputs::default())
}

fn usual(replaced: &str, by: Option<&[u8]>) -> Vec<u8> {
    let mut files: Vec<(&str, &[u8])> = vec![
        ("TOSCA-Metadata/TOSCA.meta", META.as_bytes()),
        ("Definitions/main.yaml", MAIN.as_bytes()),
        ("types/mine.yaml", MINE.as_bytes()),
        ("scripts/create.sh", b"#!/bin/sh\n"),
    ];
    files.retain(|(name, _)| *name != replaced);
    files.extend(by.map(|bytes| (replaced, bytes)));
    package(&files)
}

#[test]
fn a_package_is_read_with_all_in_it() {
    let outcome = open(&usual("", None));
    assert!(outcome.template.is_some(), "{}", said(&outcome));
    let root = package(&[("main.yaml", MINE.as_bytes()), ("README.md", b"x")]);
    assert!(open(&root).template.is_some(), "one template at the root");
}

#[test]
fn broken_packages_are_refused_with_the_reason() {
    for (bytes, reason) in [
        (usual("TOSCA-Metadata/TOSCA.meta", None), "neither"),
        (usual("TOSCA-Metadata/TOSCA.meta", Some(b"CSAR-Version: 1.1\n")), "no `Entry-Definitions`"),
        (usual("Definitions/main.yaml", None), "which is not in the package"),
        (usual("types/mine.yaml", None), "there is no file `types/mine.yaml`"),
        (usual("scripts/create.sh", None), "names the file `../scripts/create.sh`"),
        (package(&[("a.yaml", b"x"), ("b.yaml", b"x")]), "2 templates at its root"),
        (package(&[("../evil.yaml", b"x")]), "outside the package"),
        (package(&[("/etc/evil.yaml", b"x")]), "outside the package"),
        (b"PK\x03\x04 and nothing".to_vec(), "no zip"),
        (
            package(&[("main.yaml", b"tosca_definitions_version: tosca_simple_yaml_1_0\n")]),
            "TOSCA 1.0 names its main template",
        ),
    ] {
        let outcome = open(&bytes);
        assert!(outcome.template.is_none() && said(&outcome).contains(reason), "{reason}\n{}", said(&outcome));
    }
}

#[test]
fn packages_that_swell_are_refused() {
    let zeros = vec![b' '; 20 << 20];
    let outcome = open(&package(&[("main.yaml", &zeros)]));
    assert!(said(&outcome).contains("too large by unpacking"), "{}", said(&outcome));
    let zeros = vec![b' '; 4 << 20];
    let outcome = open(&package(&[("main.yaml", &zeros)]));
    assert!(said(&outcome).contains("too large by unpacking"), "a ratio that no text has: {}", said(&outcome));
    let names: Vec<String> = (0..2_001).map(|number| format!("{number}.txt")).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"x"[..])).collect();
    assert!(said(&open(&package(&many))).contains("more than 2000 files"));
}
