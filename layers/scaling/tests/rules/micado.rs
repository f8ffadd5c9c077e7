//! MiCADO's own descriptions: their rules run unmodified, and mean what they
//! mean in Python; what is Python 2 is told.

use super::python::{judge, there};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::resource_model::scaling::{MicadoLevel, MicadoPolicy};
use hansa_scaling::{
    Decision, Keeper,
    micado::{Answer, Machines, MicadoRound, MicadoState, PolicySet},
    rule::{Datum, FaultKind, Inputs, Limits, Rule},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

/// The descriptions; None, said loudly, where they are absent.
fn descriptions() -> Option<Vec<(String, Value)>> {
    let folder = hansa_test_systems::shared_data("micado-adt/accept")?;
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        (path.file_stem().unwrap().to_string_lossy().into_owned(), serde_saphyr::from_str(&text).unwrap())
    };
    Some(files.iter().map(read).collect())
}

/// The scaling policies of a description, with the defaults of its own types.
fn policies(description: &Value) -> Vec<MicadoPolicy> {
    let nodes = &description["topology_template"]["node_templates"];
    let listed = description["topology_template"]["policies"].as_array().cloned().unwrap_or_default();
    let mut found = Vec::new();
    for policy in listed.iter().filter_map(Value::as_object).flat_map(|named| named.values()) {
        let kind = policy["type"].as_str().unwrap_or_default();
        if !kind.starts_with("tosca.policies.Scaling.MiCADO") {
            continue;
        }
        let mut properties = serde_json::Map::new();
        let types = description["policy_types"][kind]["properties"].as_object().cloned().unwrap_or_default();
        properties.extend(types.into_iter().filter_map(|(name, it)| Some((name, it.get("default")?.clone()))));
        properties.extend(policy["properties"].as_object().cloned().unwrap_or_default());
        let target = policy["targets"][0].as_str().unwrap().to_owned();
        let compute = nodes[&target]["type"].as_str().unwrap_or_default().contains("Compute");
        properties.insert("target".to_owned(), json!(target));
        properties.insert("level".to_owned(), json!(if compute { "machine" } else { "container" }));
        found.push(serde_json::from_value(Value::Object(properties)).unwrap());
    }
    found
}

fn named(name: &str) -> Option<Vec<MicadoPolicy>> {
    let all = descriptions()?;
    let found = all.iter().find(|(other, _)| other == name).map(|(_, description)| policies(description));
    Some(found.unwrap_or_else(|| panic!("{name} is there")))
}

#[test]
fn every_description_is_taken_and_only_python_2_is_refused() {
    let Some(all) = descriptions() else { return };
    let mut rules = 0;
    for (name, description) in &all {
        let policies = policies(description);
        rules += policies.len();
        let (_, faults) = PolicySet::compile(&policies);
        let kinds: Vec<_> = faults.iter().map(|fault| fault.rule.as_ref().map(|rule| rule.kind)).collect();
        match name.as_str() {
            "cqueue" => {
                assert_eq!(kinds, [Some(FaultKind::Python2); 5].to_vec()[..kinds.len()].to_vec(), "{faults:?}");
                assert_eq!(kinds.len(), 5, "two lines in one rule, three in the other: {faults:?}");
            }
            _ => assert!(faults.is_empty(), "{name}: {faults:?}"),
        }
    }
    assert!(rules >= 12, "{rules}");
}

/// Values that rules meet, by a fixed sequence.
struct Chance(u64);

impl Chance {
    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        from[usize::try_from(self.0 >> 33).unwrap() % from.len()].clone()
    }
}

/// Values for all names that the policies' rules may use.
fn variables(policies: &[MicadoPolicy], chance: &mut Chance) -> BTreeMap<String, Value> {
    let numbers = [json!(null), json!(0.0), json!(0.5), json!(3.0), json!(12.0), json!(400.0), json!(-400.0)];
    let mut variables: BTreeMap<String, Value> = BTreeMap::new();
    for policy in policies {
        variables.extend(policy.queries.keys().map(|query| (query.clone(), chance.pick(&numbers))));
        variables.extend(policy.alerts.iter().map(|it| (it.alert.clone(), json!(chance.pick(&[true, false])))));
    }
    for policy in policies {
        variables.extend(policy.constants.clone());
    }
    let nodes: Vec<u32> = (0..chance.pick(&[0, 1, 2, 3])).collect();
    let own = [
        ("m_nodes", json!(nodes)),
        ("m_node_count", json!(chance.pick(&[0, 1, 2, 3, 9]))),
        ("m_container_count", json!(chance.pick(&[0, 1, 2, 8]))),
        ("m_time_since_node_count_changed", json!(chance.pick(&[0, 30, 61, 100, 500]))),
        ("m_userdata", chance.pick(&[json!(null), json!({ "container_count": 4, "time": -100.0 })])),
    ];
    variables.extend(own.map(|(name, value)| (name.to_owned(), value)));
    variables
}

/// What a rule prints with these values; None where it ends with a fault.
fn ours(text: &str, variables: &BTreeMap<String, Value>) -> Option<String> {
    let rule = Rule::parse(text).unwrap();
    assert!(rule.undefined(variables.keys().map(String::as_str)).is_empty());
    let data = variables.iter().map(|(name, value)| (name.clone(), Datum::from_json(value).unwrap()));
    let inputs = Inputs { variables: data.collect(), ..Inputs::default() };
    rule.run(&inputs, &Limits::default()).map(|outcome| outcome.printed.join("\n")).ok()
}

#[test]
fn their_rules_mean_what_they_mean_in_python() {
    let Some(all) = descriptions() else { return };
    if !there() {
        return;
    }
    let mut chance = Chance(42);
    let (mut asked, mut told) = (Vec::new(), Vec::new());
    for (_, description) in &all {
        let policies = policies(description);
        for policy in policies.iter().filter(|policy| Rule::parse(&policy.scaling_rule).is_ok()) {
            let show = "print(repr([m_node_count, m_container_count, m_userdata]))";
            let text = format!("{}\n{show}", policy.scaling_rule);
            for _ in 0..150 {
                let variables = variables(&policies, &mut chance);
                told.push(ours(&text, &variables));
                asked.push(json!({ "text": text, "variables": variables, "now": 0.0 }));
            }
        }
    }
    let pythons = judge(&asked);
    let worked = pythons.iter().flatten().count();
    println!("{} runs of MiCADO's rules, {worked} without an error", pythons.len());
    assert!(worked > 500, "{worked}");
    for ((program, pythons), ours) in asked.iter().zip(&pythons).zip(&told) {
        let pythons = pythons.as_ref().map(|text| text.trim_end().to_owned());
        assert_eq!(&pythons, ours, "{program}");
    }
}

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_760_000_000, 0).unwrap()
}

/// A small world: as many nodes are ready as were wanted in the round before.
struct World {
    set: PolicySet,
    state: MicadoState,
    machines: BTreeMap<String, Machines>,
    containers: BTreeMap<String, u32>,
    now: DateTime<Utc>,
}

impl World {
    fn new(policies: &[MicadoPolicy]) -> Self {
        let (set, faults) = PolicySet::compile(policies);
        assert!(faults.is_empty(), "{faults:?}");
        let of =
            |level| policies.iter().filter(move |policy| policy.level == level).map(|policy| policy.target.clone());
        let machines =
            of(MicadoLevel::Machine).map(|target| (target, Machines { wanted: 1, nodes: vec!["node-0".to_owned()] }));
        let containers = of(MicadoLevel::Container).map(|target| (target, 1));
        Self {
            set,
            state: MicadoState::default(),
            machines: machines.collect(),
            containers: containers.collect(),
            now: start(),
        }
    }

    /// One round, and 15 s.
    fn round(&mut self, answers: &[(&str, f64)], firing: &[&str]) -> Vec<Decision> {
        for machines in self.machines.values_mut() {
            machines.nodes = (0..machines.wanted).map(|node| format!("node-{node}")).collect();
        }
        let value = |value: f64| Answer::Value { value: Datum::Float(value), at: self.now };
        let answers = answers.iter().map(|(name, it)| ((*name).to_owned(), value(*it))).collect();
        let firing: BTreeSet<String> = firing.iter().map(|&name| name.to_owned()).collect();
        let round = MicadoRound {
            now: self.now,
            answers: &answers,
            firing: &firing,
            machines: &self.machines,
            containers: &self.containers,
        };
        // What is remembered is written down and read again.
        self.state = serde_json::from_str(&serde_json::to_string(&self.state).unwrap()).unwrap();
        let decisions = self.set.round(&round, &mut self.state);
        for decision in &decisions {
            if let Some(machines) = self.machines.get_mut(&decision.target) {
                machines.wanted = decision.to;
            }
            if let Some(count) = self.containers.get_mut(&decision.target) {
                *count = decision.to;
            }
        }
        self.now += TimeDelta::seconds(15);
        decisions
    }
}

#[test]
fn outlandish_grows_by_alerts_machines_before_containers() {
    let Some(policies) = named("outlandish") else { return };
    let mut world = World::new(&policies);
    for _ in 0..6 {
        world.round(&[], &["node_overloaded", "wordpress_overloaded"]);
    }
    assert_eq!(world.machines["worker_node"].wanted, 2, "only 60 s after the nodes were as wanted");
    assert_eq!(world.containers["wordpress"], 1, "while a node is missing nothing moves");
    world.round(&[], &["wordpress_overloaded"]);
    assert_eq!(world.containers["wordpress"], 2, "no more containers than machines");
    world.round(&[], &["wordpress_overloaded"]);
    assert_eq!(world.containers["wordpress"], 2);
    let decisions = world.round(&[], &["wordpress_underloaded"]);
    assert_eq!(world.containers["wordpress"], 1);
    let wordpress = decisions.iter().find(|decision| decision.target == "wordpress").unwrap();
    let seen: Vec<_> = wordpress.because[0].inputs.iter().map(|input| input.name.as_str()).collect();
    assert!(seen.contains(&"wordpress_underloaded") && seen.contains(&"m_nodes"), "{seen:?}");
    for _ in 0..30 {
        world.round(&[], &["node_underloaded", "wordpress_underloaded"]);
    }
    assert_eq!((world.machines["worker_node"].wanted, world.containers["wordpress"]), (1, 1), "never below the least");
    assert_eq!(world.set.alerts().count(), 6);
    assert!(world.set.alerts().any(|alert| alert.expr.ends_with("> 66")), "constants are put in");
}

#[test]
fn a_machine_that_is_ready_at_once_is_waited_after_all_the_same() {
    let Some(policies) = named("outlandish") else { return };
    let mut world = World::new(&policies);
    let mut grown = Vec::new();
    for round in 0..20 {
        let before = world.machines["worker_node"].wanted;
        world.round(&[], &["node_overloaded"]);
        if world.machines["worker_node"].wanted > before {
            grown.push(round * 15);
        }
    }
    assert!(grown.len() >= 3, "{grown:?}");
    assert!(grown.windows(2).all(|two| two[1] - two[0] > 60), "more than 60 s apart: {grown:?}");
}

#[test]
fn nginx_shares_its_userdata_and_its_constants() {
    let Some(policies) = named("nginx") else { return };
    let mut world = World::new(&policies);
    let mut counts = Vec::new();
    for round in 0..60 {
        world.round(&[("REQUESTSPERCONT", 9.0), ("TIME", f64::from(round) * 15.0)], &[]);
        counts.push((world.machines["worker-node"].wanted, world.containers["nginxapp"]));
    }
    assert_eq!(counts.first(), Some(&(1, 1)));
    assert_eq!(counts.last(), Some(&(2, 8)), "{counts:?}");
    assert!(counts.contains(&(1, 4)) && counts.contains(&(2, 4)), "a machine comes when the first is full: {counts:?}");
    let Datum::Dict(userdata) = &world.state.userdata else { panic!("{:?}", world.state) };
    assert_eq!(userdata[0], (Datum::from("container_count"), Datum::Int(8)));
}

#[test]
fn a_missing_query_is_told_and_keeps_the_number() {
    let Some(policies) = named("nginx") else { return };
    let mut world = World::new(&policies);
    world.containers.insert("nginxapp".to_owned(), 3);
    let decisions = world.round(&[("TIME", 1000.0)], &[]);
    let nginx = decisions.iter().find(|decision| decision.target == "nginxapp").unwrap();
    assert_eq!((nginx.from, nginx.to), (3, 3));
    // The machine's rule set m_userdata to now, so the container's rule asks for nothing yet.
    world.now += TimeDelta::seconds(300);
    let decisions = world.round(&[("TIME", 1300.0)], &[]);
    let nginx = decisions.iter().find(|decision| decision.target == "nginxapp").unwrap();
    assert_eq!((nginx.to, nginx.suppressed[0].by), (3, Keeper::MissingMetric));
    let why = &nginx.suppressed[0].why;
    assert!(why.contains("REQUESTSPERCONT has no value") && why.contains("line 4"), "{why}");
}

#[test]
fn a_rule_in_python_2_keeps_the_number_within_its_bounds() {
    let Some(policies) = named("cqueue") else { return };
    let (set, _) = PolicySet::compile(&policies);
    let machines = [("worker-node".to_owned(), Machines { wanted: 7, nodes: Vec::new() })].into();
    let containers = [("cqueue-worker".to_owned(), 3)].into();
    let round = MicadoRound {
        now: start(),
        answers: &BTreeMap::new(),
        firing: &BTreeSet::new(),
        machines: &machines,
        containers: &containers,
    };
    let decisions = set.round(&round, &mut MicadoState::default());
    let numbers: Vec<_> = decisions.iter().map(|decision| (decision.from, decision.to)).collect();
    assert_eq!(numbers, [(7, 2), (3, 3)]);
    assert!(decisions[0].suppressed[0].why.contains("Python 2"), "{:?}", decisions[0]);
}

#[test]
fn nodes_to_drop_are_named_and_bounded() {
    let policy = |rule: &str| {
        serde_json::from_value::<MicadoPolicy>(json!({
            "target": "workers", "level": "machine", "min_instances": "{{ LEAST }}", "max_instances": 5,
            "constants": { "LEAST": 2 }, "scaling_rule": rule
        }))
        .unwrap()
    };
    let mut world = World::new(&[policy("m_nodes_todrop = m_nodes[:3] + ['stranger']")]);
    world.machines.get_mut("workers").unwrap().wanted = 4;
    let decisions = world.round(&[], &[]);
    assert_eq!((decisions[0].to, decisions[0].drop.as_slice()), (2, &["node-0".to_owned(), "node-1".to_owned()][..]));
    let mut world = World::new(&[policy("m_nodes_todrop.append(m_nodes[-1])")]);
    world.machines.get_mut("workers").unwrap().wanted = 4;
    let decisions = world.round(&[], &[]);
    assert_eq!((decisions[0].to, decisions[0].drop.as_slice()), (3, &["node-3".to_owned()][..]));
}

#[test]
fn a_query_with_a_label_gives_the_list_of_its_values() {
    let policy = |labels: Value| {
        serde_json::from_value::<MicadoPolicy>(json!({
            "target": "workers", "level": "machine", "min_instances": 1, "max_instances": 5,
            "queries": { "IDLE": "idle == 1", "LOAD": "load" }, "labels": labels,
            "scaling_rule": "for node in IDLE:\n  if node in m_nodes: m_nodes_todrop.append(node)\n"
        }))
        .unwrap()
    };
    let (set, faults) = PolicySet::compile(&[policy(json!({ "IDLE": "instance" }))]);
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!((set.label("IDLE"), set.label("LOAD")), (Some("instance"), None));
    let nodes: Vec<String> = ["a", "b", "c"].map(str::to_owned).into();
    let idle = Datum::List(["b", "elsewhere"].map(|name| Datum::Text(name.to_owned())).into());
    let answers = BTreeMap::from([("IDLE".to_owned(), Answer::Value { value: idle, at: start() })]);
    let machines = BTreeMap::from([("workers".to_owned(), Machines { wanted: 3, nodes })]);
    let (firing, containers) = (BTreeSet::new(), BTreeMap::new());
    let round =
        MicadoRound { now: start(), answers: &answers, firing: &firing, machines: &machines, containers: &containers };
    let decisions = set.round(&round, &mut MicadoState::default());
    assert_eq!((decisions[0].to, decisions[0].drop.as_slice()), (2, &["b".to_owned()][..]), "{:?}", decisions[0]);
    let (_, faults) = PolicySet::compile(&[policy(json!({ "IDEL": "instance" }))]);
    assert_eq!(faults[0].field, "labels.IDEL");
}

#[test]
fn what_is_wrong_with_policies_is_told_at_once() {
    let policies: Vec<MicadoPolicy> = serde_json::from_value(json!([
        { "target": "a", "level": "machine", "min_instances": "{{LEST}}", "max_instances": 1, "constants": { "LEAST": 2 },
          "queries": { "Q": "rate(x[{{WINDOW}}])" }, "scaling_rule": "if LOAD > 1: m_node_count += 1" },
        { "target": "b", "level": "container", "min_instances": 3, "max_instances": "{{LEAST}}", "queries": { "LOADS": "load" },
          "scaling_rule": "import os" }
    ]))
    .unwrap();
    let (_, faults) = PolicySet::compile(&policies);
    let told: Vec<_> = faults.iter().map(|fault| (fault.policy, fault.field.as_str())).collect();
    let expected =
        [(0, "queries.Q"), (0, "min_instances"), (0, "scaling_rule"), (1, "max_instances"), (1, "scaling_rule")];
    assert_eq!(told, expected, "{faults:?}");
    assert!(faults[1].problem.contains("did you mean `LEAST`"), "{:?}", faults[1]);
    assert!(faults[2].problem.contains("did you mean `LOADS`"), "{:?}", faults[2]);
}
