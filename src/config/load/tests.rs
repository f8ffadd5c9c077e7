//! The faults that people make, and what they are told.

use super::{super::local::defaults_for_tests, *};

fn load_text(text: &str, environment: &[(&str, &str)]) -> Result<Loaded, Vec<ConfigFault>> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    load(&defaults_for_tests(), Some(file.path()), &environment)
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
    let loaded = load_text(
        "server: {listen: '127.0.0.1:1'}\nworkers: 3\nlog: {level: debug}\n",
        &[("HANSA_SERVER_LISTEN", "127.0.0.1:2"), ("HANSA_WORKERS", "5"), ("HANSA_SERVER", "http://x")],
    )
    .unwrap();
    assert_eq!(loaded.settings.server.listen.port(), 2);
    assert_eq!(loaded.settings.workers, 5);
    assert_eq!(loaded.settings.log.level, "debug");
    assert_eq!(loaded.settings.currency, defaults_for_tests().currency);
}

#[test]
fn every_fault_comes_at_once_with_field_source_and_remedy() {
    let text = "
sever: {}
server: {lisen: 1, listen: 0.0.0.0:80}
log: {format: xml}
workers: many
sites:
  - id: here
    nodes: [{name: a, cpu: x, memory: 1Gi}, {name: b, cpu: 1}]
";
    let faults = load_text(text, &[("HANSA_DATA_DIRR", "x")]).unwrap_err();
    let all: Vec<String> = faults.iter().map(ToString::to_string).collect();
    let find = |field: &str| {
        all.iter().find(|line| line.starts_with(&format!("{field}:"))).unwrap_or_else(|| panic!("{field} in {all:#?}"))
    };
    assert!(find("sever").contains("did you mean `server`?"));
    assert!(find("server.lisen").contains("did you mean `listen`?"));
    assert!(find("server.listen").contains("loopback"));
    assert!(find("log.format").contains("text, json"));
    find("workers");
    assert!(find("sites.0.id").contains("IRI"));
    find("sites.0.nodes.0.cpu");
    assert!(find("sites.0.nodes.1.memory").contains("missing"));
    assert!(find("HANSA_DATA_DIRR").contains("HANSA_DATA_DIR?"));
    assert_eq!(all.len(), 9, "{all:#?}");
}

#[test]
fn a_named_file_that_is_not_there_is_a_fault_and_a_default_one_is_not() {
    let none = BTreeMap::new();
    assert!(load(&defaults_for_tests(), Some(Path::new("/nonexistent/hansa.yaml")), &none).is_err());
    assert!(load(&defaults_for_tests(), None, &none).is_ok());
}
