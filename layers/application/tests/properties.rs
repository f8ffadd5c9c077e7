//! What holds for every text and every model.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use hansa_application::{Diagnostics, json_schema, read_descriptor, read_descriptor_bytes, write_descriptor};
use hansa_ontology::{
    ResourceModel,
    offer::{CpuArch, OfferKind},
    place::Area,
    quantity::{CpuMilli, Mebibytes, TimeSpan},
    resource_model::{
        AllowDeny, Component, ConflictRule, Constraints, ContainerPackage, CountRule, Deferral, ExposedPort, FileSet,
        HealthCheck, HealthProbe, HelmPackage, HttpProbe, InitStep, LatencyLevel, Link, MachineGroup, MachineSize,
        Minimise, Moment, MovePolicy, Objective, ObjectiveKind, OnPeerChange, Package, ProcessPackage, Promotion,
        Protocol, QueryLevel, RatioRule, Replicas, Resources, Rule, RunPolicy, Scope, ServiceLevel, SpreadRule,
        TcpProbe, UpdatePolicy, UpdateStrategy, Volume, Weights,
        scaling::{MicadoAlert, Scaling, ScalingBehavior, ScalingPolicy, SchedulePolicy},
    },
};
use proptest::{collection, option, prelude::*};
use rust_decimal::Decimal;
use std::{collections::BTreeMap, fs, path::Path, sync::LazyLock};

const NAMES: [&str; 4] = ["alpha", "b", "no", "1e3"];

fn text() -> impl Strategy<Value = String> {
    // Text in which quoting goes wrong easily, and any other.
    prop_oneof![
        "[a-z0-9: #\"'\\\\\n\t!&*%@`|>{}\\[\\],?~=<.-]{0,12}",
        "\\PC{0,8}",
        any::<String>().prop_map(|text| text.replace('\0', "")),
        proptest::sample::select(vec![
            "no", "~", "null", "1.10", "0x1f", "<<", "---", "...", " x", "x ", "", "\u{feff}", "1e3", "\u{85}",
            "\u{2028}"
        ])
        .prop_map(ToOwned::to_owned),
    ]
}

/// Text without references.
fn argument() -> impl Strategy<Value = String> {
    text().prop_map(|text| text.replace(['$', '\0'], ""))
}

fn decimal(most: i64) -> impl Strategy<Value = Decimal> {
    (0..=most, 0_u32..7).prop_map(|(digits, scale)| Decimal::new(digits, scale))
}

fn areas() -> impl Strategy<Value = AllowDeny<Area>> {
    let some = |codes: &'static [&'static str]| {
        proptest::sample::subsequence(codes.to_vec(), 0..=codes.len())
            .prop_map(|codes| codes.into_iter().map(|code| Area::new(code).unwrap()).collect())
    };
    (some(&["DE", "NO", "FR"]), some(&["US", "CN"])).prop_map(|(allow, deny)| AllowDeny { allow, deny })
}

fn constraints() -> impl Strategy<Value = Constraints> {
    (
        (areas(), areas(), collection::btree_set("[a-z]{1,5}", 0..3), collection::btree_set(text(), 0..3)),
        (
            option::of(decimal(100)),
            option::of(decimal(i64::from(u32::MAX))),
            option::of(decimal(1_000_000_000_000_000_000)),
        ),
        (
            option::of(Just(CpuArch::Arm64)),
            proptest::sample::subsequence(vec![OfferKind::BareMetal, OfferKind::Container], 0..=2),
        ),
    )
        .prop_map(
            |((location, jurisdiction, claims, capabilities), (availability, price, carbon), (cpu_arch, kind))| {
                Constraints {
                    service_area: location.allow.clone(),
                    location,
                    jurisdiction,
                    claims,
                    capabilities,
                    min_availability: availability,
                    max_price_per_hour: price,
                    max_carbon_intensity: carbon,
                    cpu_arch,
                    kind: kind.into_iter().collect(),
                    ..Constraints::default()
                }
            },
        )
}

fn port() -> impl Strategy<Value = ExposedPort> {
    (any::<bool>(), any::<bool>()).prop_map(|(public, udp)| ExposedPort {
        protocol: if udp { Protocol::Udp } else { Protocol::Tcp },
        public,
        number: None,
        host: None,
    })
}

fn file_set() -> impl Strategy<Value = FileSet> {
    let texts = collection::btree_map("[a-z.]?[a-zA-Z0-9_-]{1,9}", text(), 0..3);
    let others = collection::btree_map("[A-Z]{4}[.]bin", "([A-Za-z0-9+/]{4}){0,9}", 0..2);
    (texts, others).prop_map(|(text, base64)| FileSet { mount: None, text, base64 })
}

fn span() -> impl Strategy<Value = TimeSpan> {
    (1_u64..10_000_000_000).prop_map(TimeSpan)
}

fn health(port: String) -> impl Strategy<Value = HealthCheck> {
    (any::<bool>(), span(), span(), 1_u32.., span(), text()).prop_map(
        move |(http, interval, timeout, failures, startup, path)| {
            let port = port.clone();
            let probe = match http {
                true => HealthProbe::Http(HttpProbe { port, path: format!("/{path}") }),
                false => HealthProbe::Tcp(TcpProbe { port }),
            };
            HealthCheck { probe, interval, timeout, failures, startup }
        },
    )
}

fn package() -> impl Strategy<Value = Package> {
    prop_oneof![
        ("[a-z/]{1,9}", collection::vec(argument(), 0..9)).prop_map(|(program, mut command)| {
            command.insert(0, program);
            Package::Process(ProcessPackage { command })
        }),
        ("[a-z/:.]{1,20}", collection::vec(argument(), 0..3), collection::vec(argument(), 0..3)).prop_map(
            |(image, command, arguments)| {
                let step = InitStep { image: None, arguments: command.clone(), ..InitStep::default() };
                let init = if arguments.len() > 1 { vec![step] } else { Vec::new() };
                Package::Container(ContainerPackage { image, command, arguments, init })
            }
        ),
        ("[a-z]{1,9}", collection::btree_map("[a-zA-Z.]{1,9}", any::<Option<i64>>(), 0..4), any::<bool>()).prop_map(
            |(name, values, crds)| {
                let values = values.into_iter().map(|(key, value)| (key, value.into())).collect();
                let (chart, version) = (Some(format!("oci://registry.example/{name}")), Some("1.2.3".to_owned()));
                Package::Helm(HelmPackage { chart, version, values, crds, ..HelmPackage::default() })
            }
        ),
    ]
}

prop_compose! {
    fn component()(
        package in package(),
        resources in (1_u32.., 1_u64..1 << 30, 0_u64..1 << 40, 0_u32..9),
        ports in collection::btree_map(proptest::sample::select(&NAMES[..]).prop_map(ToOwned::to_owned), port(), 0..4),
        environment in collection::btree_map("[A-G_][A-Za-z0-9_]{0,5}", text().prop_map(|text| text.replace('\0', "")), 0..4),
        volumes in collection::btree_map(proptest::sample::select(&NAMES[..]).prop_map(ToOwned::to_owned), (1_u64..1 << 30).prop_map(Mebibytes), 0..3),
        files in collection::btree_map(proptest::sample::select(&NAMES[..]).prop_map(ToOwned::to_owned), file_set(), 0..3),
        replicas in prop_oneof![
            (0_u32..9).prop_map(Replicas::Fixed),
            (0_u32..9, 0_u32..9).prop_map(|(min, more)| Replicas::Range { min, max: Some(min + more) }),
        ],
        health in health(String::new()),
        (restart, job) in any::<(bool, bool)>(),
        constraints in constraints(),
    ) -> Component {
        let tcp = ports.iter().find(|(_, port)| port.protocol == Protocol::Tcp).map(|(name, _)| name.clone());
        let health = tcp.map(|port| HealthCheck {
            probe: match health.probe {
                HealthProbe::Http(probe) => HealthProbe::Http(HttpProbe { port, ..probe }),
                HealthProbe::Tcp(_) => HealthProbe::Tcp(TcpProbe { port }),
            },
            ..health
        });
        let in_container = matches!(package, Package::Container(_));
        let mount = |kind: &str, name: &str| in_container.then(|| format!("/srv/{kind}/{name}"));
        let volume = |(name, size): (String, Mebibytes)| {
            let mount = mount("volumes", &name);
            (name, Volume { size, variable: None, mount })
        };
        let set = |(name, set): (String, FileSet)| {
            let mount = mount("files", &name);
            (name, FileSet { mount, ..set })
        };
        let takes_files = !matches!(package, Package::Kubernetes(_) | Package::Helm(_));
        let files = if takes_files { files.into_iter().map(set).collect() } else { BTreeMap::new() };
        let (cpu, memory, disk, gpus) = resources;
        Component {
            package,
            resources: Resources { cpu: CpuMilli(cpu), burst: restart, memory: Mebibytes(memory), disk: Mebibytes(disk), gpus },
            ports,
            environment,
            volumes: volumes.into_iter().map(volume).collect(),
            files,
            replicas,
            scaling: None,
            run: if job { RunPolicy::Once } else { RunPolicy::Service },
            defer: None,
            health,
            machines: std::collections::BTreeSet::new(),
            on_peer_change: if restart { OnPeerChange::Restart } else { OnPeerChange::Keep },
            constraints,
        }
    }
}

/// What measures nothing that a component could lack.
fn scaling(minimum_interval: Option<TimeSpan>) -> Scaling {
    let schedule = SchedulePolicy {
        start: "0 8 * * 1-5".to_owned(),
        end: None,
        duration: Some(TimeSpan::from_millis(3_600_000)),
        time_zone: "Europe/Berlin".to_owned(),
        instances: 4,
    };
    let policy = ScalingPolicy { limit: false, schedule: Some(schedule), ..ScalingPolicy::default() };
    let behavior = ScalingBehavior::default();
    Scaling { min: 1, max: 9, policies: vec![policy], behavior, minimum_interval, zero: None }
}

/// Where no rule counts it.
fn may_wait(component: &Component) -> bool {
    let fixed = matches!(component.replicas, Replicas::Fixed(_));
    fixed && component.scaling.is_none() && component.run == RunPolicy::Once
}

/// With time enough for what it asks.
fn update(settle: TimeSpan) -> UpdatePolicy {
    let settle = TimeSpan(settle.0.min(86_400_000_000));
    let deadline = TimeSpan(settle.0 + 1_000_000);
    UpdatePolicy {
        strategy: UpdateStrategy::BlueGreen,
        settle,
        deadline,
        promote: Promotion::Manual,
        ..UpdatePolicy::default()
    }
}

fn deferral(duration: TimeSpan) -> Deferral {
    let duration = TimeSpan(duration.0.clamp(1, 86_400_000_000));
    Deferral {
        earliest: Some(Moment::After(TimeSpan::from_millis(90_000))),
        deadline: Moment::After(TimeSpan::from_millis(7 * 86_400_000)),
        duration,
        margin: TimeSpan::from_millis(1_000),
        minimise: if duration.0.is_multiple_of(2) { Minimise::Carbon } else { Minimise::Price },
        interruptible: false,
    }
}

fn alert() -> MicadoAlert {
    let (alert, expr) = ("it's {{ busy }}".to_owned(), "sum(rate(requests_total[1m])) > 5".to_owned());
    MicadoAlert { alert, expr, duration: Some("1m30s".to_owned()) }
}

/// One of each kind, with what else was chosen.
fn service_levels(below: Option<TimeSpan>) -> BTreeMap<String, ServiceLevel> {
    let Some(below) = below.filter(|span| (1..=10_000_000).contains(&span.0)) else { return BTreeMap::new() };
    let (component, target, every) = ("alpha".to_owned(), Decimal::new(999, 1), TimeSpan::from_millis(5_000));
    let probe = Some(HealthProbe::Tcp(TcpProbe { port: "web".to_owned() }));
    let quick = LatencyLevel { component, probe, below, target, window: hansa_ontology::sla::Window::Day, every };
    let promql = "sum(rate(requests_total[1m]))".to_owned();
    let (window, at_most) = (hansa_ontology::sla::Window::Month, None);
    let busy = QueryLevel { promql, at_least: Some(1.5), at_most, target, window, every };
    [("quick", ServiceLevel::Latency(quick)), ("busy", ServiceLevel::Query(busy))]
        .map(|(name, level)| (name.to_owned(), level))
        .into()
}

fn objective() -> impl Strategy<Value = Objective> {
    prop_oneof![
        proptest::sample::select(vec![ObjectiveKind::Price, ObjectiveKind::Latency, ObjectiveKind::Carbon])
            .prop_map(Objective::One),
        (1_i64..1_000_000_000, decimal(1_000_000_000_000), decimal(9)).prop_map(|(price, latency, carbon)| {
            Objective::Weighted(Weights { price: Decimal::new(price, 9), latency, carbon })
        }),
    ]
}

/// Rules over four components that can hold together whatever those are.
fn rules() -> impl Strategy<Value = Vec<Rule>> {
    let name = |index: usize| NAMES.get(index).copied().unwrap_or_default().to_owned();
    let all = vec![
        Rule::Together(vec![name(0), name(1)]),
        Rule::Apart(vec![name(1), name(2)]),
        Rule::Conflict(ConflictRule { component: name(0), with: vec![name(2), name(3)] }),
        Rule::Alone(vec![name(3)]),
        Rule::Spread(SpreadRule { component: name(2), over: Scope::Provider, max: 2 }),
        Rule::OneOf(vec![name(2), name(3)]),
        Rule::Count(CountRule { of: vec![name(0)], min: Some(0), max: Some(u32::MAX) }),
        Rule::Ratio(RatioRule { consumer: name(1), provider: name(2), needs: 1, serves: u32::MAX, exact: true }),
    ];
    // Without the alternative a provider without instances could not serve.
    proptest::sample::subsequence(all, 0..=8).prop_map(|rules| {
        let alternative = rules.iter().any(|rule| matches!(rule, Rule::OneOf(_)));
        rules.into_iter().filter(|rule| alternative || !matches!(rule, Rule::Ratio(_))).collect()
    })
}

fn model() -> impl Strategy<Value = ResourceModel> {
    let parts = collection::vec(component(), NAMES.len());
    (parts, option::of(text()), constraints(), rules(), objective(), option::of(span()), any::<bool>()).prop_map(
        |(parts, description, constraints, rules, objective, max_latency, links)| {
            let mut components: BTreeMap<String, Component> =
                NAMES.iter().map(|name| (*name).to_owned()).zip(parts).collect();
            let size = MachineSize { cpu: Some(CpuMilli(1_500)), ..MachineSize::default() };
            let group = MachineGroup { resources: size, constraints: constraints.clone(), ..MachineGroup::default() };
            let machines = BTreeMap::from_iter(links.then(|| ("workers".to_owned(), group)));
            for component in components.values_mut().take(2) {
                component.machines = machines.keys().cloned().collect();
            }
            for component in components.values_mut().filter(|it| matches!(it.replicas, Replicas::Fixed(_))).take(1) {
                component.scaling = Some(scaling(max_latency));
            }
            let free = !rules.iter().any(|rule| matches!(rule, Rule::OneOf(_)));
            if let Some(last) = components.get_mut("1e3").filter(|it| free && may_wait(it)) {
                last.defer = max_latency.map(deferral);
            }
            let target = components.get("b").and_then(|part| part.ports.keys().next().cloned());
            let link = Link { from: "alpha".to_owned(), to: "b".to_owned(), port: target, max_latency };
            ResourceModel {
                hansa: 1,
                name: "yes".to_owned(),
                description,
                currency: max_latency.map(|_| hansa_ontology::Currency::EUR),
                components,
                machines,
                micado: Vec::new(),
                links: if links { vec![link] } else { Vec::new() },
                constraints,
                rules,
                service_levels: service_levels(max_latency),
                alerts: if links { vec![alert()] } else { Vec::new() },
                objective,
                moves: if links { MovePolicy::Asked } else { MovePolicy::Automatic },
                update: max_latency.map(update).unwrap_or_default(),
                delivery: None,
            }
        },
    )
}

static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| jsonschema::validator_for(&json_schema()).unwrap());

/// Every descriptor of the data-driven tests, to begin from.
static CORPUS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/descriptors");
    let files = ["valid", "broken"].iter().flat_map(|kind| fs::read_dir(folder.join(kind)).unwrap());
    let mut paths: Vec<_> = files.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
});

fn check_places(bytes: &[u8], diagnostics: &Diagnostics) {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<usize> = text.split('\n').map(|line| line.chars().count()).collect();
    assert!(!diagnostics.list.is_empty());
    for diagnostic in &diagnostics.list {
        let length = lines.get(diagnostic.line - 1).unwrap_or_else(|| panic!("{diagnostic}"));
        assert!((1..=length + 1).contains(&diagnostic.column), "{diagnostic}");
        assert!(!diagnostic.message.chars().any(char::is_control), "{diagnostic:?}");
        assert!(diagnostic.render("text", &text).contains(&diagnostic.message));
    }
}

fn try_read(bytes: &[u8]) {
    match read_descriptor_bytes(bytes) {
        Ok(described) => assert!(SCHEMA.is_valid(&serde_json::to_value(&described.model).unwrap())),
        Err(diagnostics) => check_places(bytes, &diagnostics),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn models_survive_yaml_and_json(model in model()) {
        let yaml = write_descriptor(&model);
        let read = read_descriptor(&yaml).unwrap_or_else(|error| panic!("{error}\n{yaml}"));
        prop_assert_eq!(&read.model, &model, "{}", yaml);
        let json = serde_json::to_string_pretty(&model).unwrap();
        let read = read_descriptor(&json).unwrap_or_else(|error| panic!("{error}\n{json}"));
        prop_assert_eq!(&read.model, &model, "{}", json);
        prop_assert!(SCHEMA.is_valid(&serde_json::to_value(&model).unwrap()));
    }

    #[test]
    fn bytes_never_panic(bytes in collection::vec(any::<u8>(), 0..200)) {
        try_read(&bytes);
    }

    #[test]
    fn yaml_like_text_never_panics(
        tokens in collection::vec(proptest::sample::select(vec![
            "a", "hansa", "components", ": ", ":", "\n", "\n  ", "\n    ", "- ", "[", "]", "{", "}", ",", "&a ", "*a", "<<: ",
            "!!str ", "!x ", "\"", "'", "|", ">-", "---", "...", "#", "? ", "\t", "1", "~", "%YAML 1.2\n", "\\u00e9", "é", "\u{feff}", "\r\n",
        ]), 0..40)
    ) {
        try_read(tokens.concat().as_bytes());
    }

    #[test]
    fn damaged_descriptors_never_panic(
        which in any::<proptest::sample::Index>(),
        cuts in collection::vec((any::<proptest::sample::Index>(), 0_usize..20, "[ -~\n\t]{0,6}"), 1..6),
    ) {
        let mut bytes = which.get(&CORPUS[..]).clone();
        for (at, length, put) in cuts {
            let from = at.index(bytes.len() + 1);
            let to = (from + length).min(bytes.len());
            bytes.splice(from..to, put.bytes());
        }
        try_read(&bytes);
    }
}

#[test]
fn nothing_exhausts_the_reader() {
    let big = 1 << 19;
    let bomb: String = (0..40)
        .map(|level| format!("a{level}: &a{level} [{}]\n", format!("*a{}, ", level.max(1) - 1).repeat(9)))
        .collect();
    let long = format!("a: &a \"{}\"\nb: [{}]\n", "x".repeat(100_000), "*a, ".repeat(50_000));
    let nested_anchors = format!("{}{}", "[&a ".repeat(60), "x".repeat(big));
    let cases = [
        ("[".repeat(big), "too-deep"),
        ("{a: ".repeat(big / 4), "too-deep"),
        ("- ".repeat(big / 2), "too-deep"),
        (format!("{{\"a\":{}", "[".repeat(big)), "too-deep"),
        (format!("[{}]", "1,".repeat(250_000)), "too-large"),
        (bomb.replace("*a0, ", "x, "), "too-large"),
        (long, "too-large"),
        (nested_anchors, "syntax"),
        ("x".repeat(2 << 20), "too-large"),
        (format!("hansa: 1\nname: x\ncomponents: {{{}}}", "a: {}, ".repeat(20_000)), "duplicate-key"),
    ];
    for (text, code) in cases {
        let error = read_descriptor(&text).unwrap_err();
        assert!(error.list.iter().any(|d| d.code.as_str() == code), "{code}: {:?}", error.list.first());
        assert!(error.list.len() <= 500);
    }
    let many: String = (0..20_000).map(|field| format!("field{field}: 1\n")).collect();
    let error = read_descriptor(&many).unwrap_err();
    assert!(error.list.len() == 500 && error.omitted > 0, "{} {}", error.list.len(), error.omitted);
}
