//! The specification's schemas: its own examples pass, and what breaks them doesn't.

use crate::wycheproof::shared;
use hansa_federation::{
    ErrorKind,
    dsp::{MessageKind, validate},
};
use serde_json::{Value, json};
use std::{fs, path::Path};

fn kind_of(path: &Path, example: &Value) -> Option<MessageKind> {
    match path.file_name()?.to_str()? {
        "protocol-version.json" => Some(MessageKind::VersionResponse),
        _ => MessageKind::named(example.get("@type")?.as_str()?),
    }
}

fn examples() -> Vec<(String, MessageKind, Value)> {
    let Some(root) = shared("dsp") else { return Vec::new() };
    let mut found = Vec::new();
    for folder in ["catalog/example", "negotiation/example", "common/example"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let example: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            if let Some(kind) = kind_of(&path, &example) {
                found.push((path.display().to_string(), kind, example));
            }
        }
    }
    assert!(found.len() > 14, "{}", found.len());
    found
}

#[test]
fn the_examples_of_the_specification_fit() {
    for (path, kind, example) in examples() {
        validate(kind, &example).unwrap_or_else(|error| panic!("{path}: {error}"));
    }
}

#[test]
fn an_example_without_one_of_its_members_does_not_fit_where_it_is_required() {
    let mut refused = 0;
    for (path, kind, example) in examples() {
        for required in [
            "@context",
            "@type",
            "consumerPid",
            "providerPid",
            "agreement",
            "offer",
            "state",
            "eventType",
            "participantId",
            "protocolVersions",
        ] {
            let mut less = example.clone();
            if less.as_object_mut().unwrap().remove(required).is_none() {
                continue;
            }
            match validate(kind, &less) {
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Invalid, "{path}");
                    refused += 1;
                }
                // Both have one of two members only: callbackAddress and a pid exclude each other.
                Ok(()) => assert!(
                    matches!(kind, MessageKind::Dataset | MessageKind::Catalog) && required == "@type",
                    "{path} without {required}"
                ),
            }
        }
    }
    assert!(refused > 30 || examples().is_empty(), "{refused}");
}

#[test]
fn the_built_in_files_are_those_of_the_specification() {
    let Some(root) = shared("dsp") else { return };
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/dsp");
    let mut compared = 0;
    for folder in ["catalog", "negotiation", "common", "context"] {
        for entry in fs::read_dir(own.join(folder)).unwrap() {
            let name = entry.unwrap().file_name();
            assert_eq!(
                fs::read(own.join(folder).join(&name)).unwrap(),
                fs::read(root.join(folder).join(&name)).unwrap(),
                "{folder}/{name:?}"
            );
            compared += 1;
        }
    }
    assert_eq!(compared, 19);
}

#[test]
fn violations_are_named_with_their_place_and_cut() {
    let message = json!({"@context": ["x"], "@type": "ContractNegotiation", "providerPid": 1, "consumerPid": "y".repeat(10_000), "state": "z".repeat(10_000)});
    let error = validate(MessageKind::ContractNegotiation, &message).unwrap_err().to_string();
    assert!(error.contains("/providerPid") && error.contains("/state"), "{error}");
    assert!(error.len() < 2_000, "{}", error.len());
}
