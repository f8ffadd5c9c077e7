//! docs/operations.md says what is so: every setting with its default, every
//! kind of problem, every metric.

use crate::harness::{Broker, hansa, repository_file};
use std::{collections::BTreeMap, fs};

fn page() -> String {
    fs::read_to_string(repository_file("docs/operations.md")).unwrap()
}

/// First cell and second cell of each row of the table under a heading, without backticks.
fn table(heading: &str) -> BTreeMap<String, String> {
    let page = page();
    let (_, section) = page.split_once(&format!("## {heading}\n")).unwrap_or_else(|| panic!("no section `{heading}`"));
    let section = section.split("\n## ").next().unwrap();
    let cell = |text: &str| text.trim().trim_matches('`').to_owned();
    section
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
            (cell(cells[0]), cell(cells[1]))
        })
        .collect()
}

/// The YAML that `hansa config show` prints as `a.b.c` and value. It is plain: maps, lists, scalars, two blanks a level.
fn settings(yaml: &str) -> BTreeMap<String, String> {
    let mut path: Vec<(usize, String)> = Vec::new();
    let mut found = BTreeMap::new();
    for line in yaml.lines().filter(|line| !line.trim_start().starts_with('#') && !line.trim().is_empty()) {
        let dashed = line.replacen("- ", "  ", 1);
        let indent = dashed.len() - dashed.trim_start().len();
        let Some((key, value)) = dashed.trim().split_once(':') else {
            continue;
        };
        path.retain(|(depth, _)| *depth < indent);
        path.push((indent, key.to_owned()));
        if !value.trim().is_empty() {
            let name = path.iter().map(|(_, part)| part.as_str()).collect::<Vec<_>>().join(".");
            let value = value.trim().trim_matches('"');
            found.insert(name, if value == "~" { "" } else { value }.to_owned());
        }
    }
    found
}

#[test]
fn every_setting_is_in_the_table_with_its_default() {
    let folder = tempfile::tempdir().unwrap();
    let shown = hansa(folder.path(), &["config", "show"], &[]).ok();
    let (told, real) = (table("Settings"), settings(&shown));
    let names = |all: &BTreeMap<String, String>| all.keys().cloned().collect::<Vec<_>>();
    // What the machine itself decides has no fixed default.
    let by_machine = ["sites.nodes.cpu", "sites.nodes.memory", "sites.nodes.disk"];
    for (name, value) in &real {
        let default = told.get(name).unwrap_or_else(|| panic!("`{name}` is not in the table, only {:?}", names(&told)));
        assert!(
            default == value || by_machine.contains(&name.as_str()),
            "{name}: the page says {default}, the broker {value}"
        );
    }
    for name in told.keys() {
        let optional = ["sites.offers", "sites.name", "sites.country", "sites.nodes.capabilities"];
        assert!(real.contains_key(name) || optional.contains(&name.as_str()), "there is no setting `{name}`");
    }
}

#[test]
fn every_kind_of_problem_is_explained() {
    let broker = Broker::usual();
    let told = table("What an error means");
    let kinds = broker.get("/problems").ok();
    let kinds = kinds["problems"].as_array().unwrap();
    for kind in kinds {
        let name = kind["type"].as_str().unwrap().trim_start_matches("urn:hansa:problem:");
        assert_eq!(
            told.get(name).map(String::as_str),
            kind["status"].as_u64().map(|s| s.to_string()).as_deref(),
            "{name}"
        );
    }
    assert_eq!(told.len(), kinds.len(), "{told:?}");
}

#[test]
fn every_metric_is_explained() {
    let broker = Broker::usual();
    broker.get("/livez");
    let told = table("Metrics");
    let metrics = broker.get("/metrics").body;
    for line in metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').unwrap();
        assert_eq!(told.get(name).map(String::as_str), Some(kind), "{name} in {told:?}");
    }
}
