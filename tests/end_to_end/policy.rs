//! `hansa policy test`: policies over recorded measurements, without a broker.

use crate::harness::{hansa, program};
use serde_json::Value;
use std::{fmt::Write as _, fs, io::Write as _, path::Path, process::Stdio};

/// A component that keeps its processor time at a value.
fn model(value: u32) -> String {
    format!(
        "hansa: 1
name: shop
components:
  web:
    package: {{ process: {{ command: [sleep, '9'] }} }}
    resources: {{ cpu: 100m }}
    scaling:
      max: 9
      policies: [{{ name: load, target: {{ metric: {{ cpu: utilization }}, value: {value} }} }}]
"
    )
}

const MICADO: &str = "tosca_definitions_version: tosca_simple_yaml_1_2
imports: [https://raw.githubusercontent.com/micado-scale/tosca/main/micado_types.yaml]
topology_template:
  inputs: { each: { type: integer, default: 10 } }
  node_templates:
    web:
      type: tosca.nodes.MiCADO.Container.Application.Docker.Deployment
      properties: { image: 'web:1' }
  policies:
    - by_load:
        type: tosca.policies.Scaling.MiCADO
        targets: [web]
        properties:
          constants: { EACH: { get_input: each } }
          queries: { LOAD: sum(load) }
          alerts: [{ alert: late, expr: 'wait > 5' }]
          min_instances: 1
          max_instances: 6
          scaling_rule: 'm_container_count = ceil(LOAD / EACH) + (1 if late else 0)'
";

/// A load of all: a minute of 50, two of 250, one of 50.
const DAY: &str = "time,name,value
2026-07-01T08:00:00Z,cpu:utilization,50
2026-07-01T08:01:00Z,cpu:utilization,250
2026-07-01T08:03:00Z,cpu:utilization,50
2026-07-01T08:04:00Z,cpu:utilization,50
";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn json(folder: &Path, arguments: &[&str]) -> Value {
    let said = hansa(folder, &[&["policy", "test", "-o", "json"], arguments].concat(), &[]).ok();
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
}

#[test]
fn a_recorded_day_runs_through_the_policies_of_a_model() {
    let folder = folder(&[("shop.yaml", &model(50)), ("day.csv", DAY)]);
    let shared = ["--model", "shared", "--objective", "cpu:utilization=80", "--ready-after", "10s", "shop.yaml"];
    let arguments = [&shared[..], &["day.csv"]].concat();
    let said = hansa(folder.path(), &[&["policy", "test"], &arguments[..]].concat(), &[]).ok();
    let lines: Vec<_> = said.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).collect();
    assert_eq!(lines[0], ["TIME", "TARGET", "FROM", "TO", "WHY"], "{said}");
    assert_eq!(lines[1][..4], ["2026-07-01T08:01:00Z", "web", "1", "5"], "{said}");
    assert!(said.contains("load: ") && said.contains("SCALING  "), "{said}");
    // One instance bears 80 of 250 until the others are ready, after 10 s.
    let summary = lines.last().unwrap();
    assert_eq!((summary[0], summary[1]), ("web", "10s"), "{said}");

    let tested = json(folder.path(), &arguments);
    assert_eq!((&tested[0]["target"], &tested[0]["kind"]), (&"web".into(), &"component".into()));
    let decisions = tested[0]["decisions"].as_array().unwrap();
    assert_eq!(decisions.len(), 241, "a round each second, all told");
    assert_eq!((&tested[0]["violation"], &tested[0]["most"]), (&"10s".into(), &5.into()));
    let changing = decisions.iter().filter(|one| one["from"] != one["to"]).count();
    assert_eq!(tested[0]["changes"], changing);
    let fewer = json(folder.path(), &[&arguments[..], &["--changes"]].concat());
    assert_eq!(fewer[0]["decisions"].as_array().unwrap().len(), changing);
    let all = hansa(folder.path(), &[&["policy", "test", "--all"], &arguments[..]].concat(), &[]).ok();
    assert!(all.lines().count() > 241, "{all}");
}

#[test]
fn several_models_are_compared_in_one_table() {
    let folder = folder(&[("a.yaml", &model(50)), ("b.yaml", &model(25)), ("day.csv", DAY)]);
    let arguments = ["policy", "test", "--interval", "15s", "--model", "shared", "a.yaml", "b.yaml", "day.csv"];
    let said = hansa(folder.path(), &arguments, &[]).ok();
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines.len(), 3, "{said}");
    assert!(lines[1].starts_with("a.yaml: web") && lines[2].starts_with("b.yaml: web"), "{said}");
    let hours = |line: &str| line.split_whitespace().nth(3).unwrap().parse::<f64>().unwrap();
    assert!(hours(lines[2]) > hours(lines[1]), "twice as many for the same load: {said}");
    assert_eq!(lines[1].split_whitespace().nth(2), Some("-"), "no objective says what a violation is");
}

#[test]
fn policies_of_micado_are_replayed_as_the_template_has_them() {
    let folder = folder(&[("adt.yaml", MICADO)]);
    let mut day = String::new();
    for (second, load) in [(0, 15), (30, 35), (60, 95)] {
        let sample = |name: &str, value: u32| {
            format!(
                "{{\"time\":\"2026-07-01T08:{:02}:{:02}Z\",\"name\":\"{name}\",\"value\":{value}}}",
                second / 60,
                second % 60
            )
        };
        writeln!(day, "{}\n{}", sample("LOAD", load), sample("late", u32::from(second == 30))).unwrap();
    }
    let mut child = program(folder.path())
        .args(["policy", "test", "adt.yaml", "-", "--interval", "30s", "-o", "json", "--input", "each=20"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(day.as_bytes()).unwrap();
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success());
    let tested: Value = serde_json::from_slice(&ended.stdout).unwrap();
    let numbers: Vec<_> = tested[0]["decisions"].as_array().unwrap().iter().map(|one| one["to"].clone()).collect();
    assert_eq!(numbers, [1, 3, 5], "15/20; 35/20 and one for the alert; 95/20");

    fs::write(folder.path().join("load.csv"), "1782892800,LOAD,15\n1782892830,LOAD,35\n").unwrap();
    let ended = hansa(folder.path(), &["policy", "test", "adt.yaml", "load.csv", "--interval", "30s"], &[]);
    assert!(ended.stderr.contains("adt.yaml: without a sample these alerts never hold: `late`"), "{}", ended.stderr);
    assert!(ended.ok().contains("web"));
}

#[test]
fn what_cannot_be_replayed_is_told_with_its_place_and_a_remedy() {
    let unscaled = model(50).split("    scaling").next().unwrap().to_owned();
    let two = model(50).replace("\ncomponents:\n  web:", "\ncomponents:\n  api: &it") + "  web: *it\n";
    let folder = folder(&[
        ("shop.yaml", &model(50)),
        ("zero.yaml", &model(0)),
        ("plain.yaml", &unscaled),
        ("two.yaml", &two),
        ("day.csv", DAY),
        ("empty.csv", "time,name,value\n"),
        ("broken.csv", "time,name,value\n2026-07-01T08:00:00Z,cpu:utilization,much\n"),
        ("other.csv", "1782892800,cpu:usage,5\n"),
    ]);
    fs::write(folder.path().join("latin.csv"), b"time,name,value\n1,caf\xe9,2\n").unwrap();
    for (arguments, words) in [
        (vec!["shop.yaml", "broken.csv"], vec!["broken.csv: line 2: value: `much` is no number such as 12.5"]),
        (vec!["shop.yaml", "latin.csv"], vec!["latin.csv: line 2", "save the file as UTF-8"]),
        (vec!["shop.yaml", "empty.csv"], vec!["empty.csv: it has no sample", "time,name,value"]),
        (vec!["shop.yaml", "other.csv"], vec!["other.csv has no `cpu:utilization`; it has `cpu:usage`"]),
        (vec!["zero.yaml", "day.csv"], vec!["zero.yaml:9:79", "must be greater than 0"]),
        (vec!["plain.yaml", "day.csv"], vec!["plain.yaml: it has no scaling policy: give a component"]),
        (vec!["two.yaml", "day.csv"], vec!["`api`, `web` measure `cpu:utilization`", "--component"]),
        (vec!["two.yaml", "day.csv", "--component", "db"], vec!["no policy scales `db`", "`api`, `web`"]),
        (vec!["shop.yaml", "nothing.csv"], vec!["nothing.csv can't be read"]),
        (vec!["-", "-"], vec!["only one of FILE and SERIES"]),
        (vec!["shop.yaml", "day.csv", "--objective", "load=2"], vec!["--objective", "no `load`", "`cpu:utilization`"]),
        (vec!["shop.yaml", "day.csv", "--objective", "load"], vec!["METRIC=MOST"]),
        (vec!["shop.yaml", "day.csv", "--interval", "5ms"], vec!["give 1s or more"]),
    ] {
        let told = hansa(folder.path(), &[&["policy", "test"], &arguments[..]].concat(), &[]).failed(2);
        for word in words {
            assert!(told.contains(word), "{arguments:?} has no {word:?}: {told}");
        }
    }
    let tested = json(folder.path(), &["two.yaml", "day.csv", "--component", "api", "--changes"]);
    assert_eq!(tested.as_array().unwrap().len(), 1);
    assert_eq!(tested[0]["target"], "api");
}
