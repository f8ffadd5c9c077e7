//! What becomes of templates.

use crate::{read_file, read_text, said, templates};
use hansa_application::{
    read_descriptor,
    tosca::convert::{Converted, RemarkKind},
    write_descriptor,
};
use hansa_ontology::{
    quantity::{CpuMilli, Mebibytes},
    resource_model::{HealthProbe, Minimise, Package, Replicas, Rule, RunPolicy, Scope, scaling::MicadoLevel},
};

fn valid(name: &str) -> Converted {
    let file = templates("valid").into_iter().find(|file| file.ends_with(name)).unwrap();
    let outcome = read_file(&file);
    let told = said(&outcome);
    outcome.template.unwrap_or_else(|| panic!("{told}")).convert()
}

fn of_text(text: &str) -> Converted {
    let outcome = read_text(text);
    let told = said(&outcome);
    outcome.template.unwrap_or_else(|| panic!("{told}")).convert()
}

/// Whether a line of the report is of this kind and has these words.
#[track_caller]
fn reports(converted: &Converted, kind: RemarkKind, words: &str) {
    let found = converted.report.iter().any(|remark| remark.kind == kind && remark.what.contains(words));
    let all: Vec<String> = converted.report.iter().map(ToString::to_string).collect();
    assert!(found, "{kind:?} {words}\n{}", all.join("\n"));
}

#[test]
fn containers_become_components() {
    let converted = valid("shop.yaml");
    let model = converted.model.as_ref().unwrap();
    assert_eq!(read_descriptor(&write_descriptor(model)).unwrap().model, *model);
    let front = &model.components["front-end"];
    let Package::Container(package) = &front.package else { panic!("{:?}", front.package) };
    assert_eq!(package.image, "registry.example/shop:1");
    assert_eq!(
        package.command,
        ["serve", "--port=8080", "${DB_HOST}", "$HOME $${HOME} $(OTHER)"],
        "so the model refers to variables"
    );
    assert!(!front.environment.contains_key("PORT_NUMBER"), "it belongs to the broker");
    assert_eq!((front.resources.cpu, front.resources.memory), (CpuMilli(250), Mebibytes(1_024)));
    let port = &front.ports["tcp-8080"];
    assert!(
        port.public && port.number == Some(8_080) && front.ports.len() == 1,
        "two entries say each a part of one port"
    );
    assert_eq!(front.replicas, Replicas::Fixed(1));
    assert!(matches!(&front.health.as_ref().unwrap().probe, HealthProbe::Http(probe) if probe.path == "/health"));
    let cache = &front.volumes["cache"];
    assert_eq!((cache.size, cache.mount.as_deref()), (Mebibytes(2_048), Some("/cache")));
    assert_eq!(front.files["settings"].text["shop.conf"], "a = 1");
    let store = &model.components["store"];
    assert!(matches!(&store.package, Package::Container(package) if package.image == "mysql:8"));
    assert_eq!((store.resources.cpu, store.resources.memory), (CpuMilli(500), Mebibytes(489)));
    assert_eq!(model.components["cleanup"].run, RunPolicy::Once);
    let workers = &model.machines["worker"];
    assert_eq!(workers.count, Replicas::Fixed(2));
    assert_eq!((workers.resources.cpu, workers.resources.memory), (Some(CpuMilli(2_000)), Some(Mebibytes(3_815))));
    assert!(front.machines.contains("worker") && model.components["queue"].machines.contains("worker"));
}

#[test]
fn settings_are_files_and_variables() {
    let converted = valid("attached.yaml");
    let model = converted.model.as_ref().unwrap();
    assert_eq!(read_descriptor(&write_descriptor(model)).unwrap().model, *model);
    let web = &model.components["web"];
    let set = |name: &str| (web.files[name].mount.as_deref(), web.files[name].names().collect::<Vec<_>>());
    assert_eq!(set("pages"), (Some("/usr/share/web"), vec!["empty", "index.html", "logo.png"]));
    assert_eq!(web.files["pages"].text["index.html"], "<p>$HOME ${HOME}</p>\n", "nothing is put in");
    assert_eq!(set("more-pages"), (None, vec!["index.html"]), "its place is taken");
    assert_eq!(set("devices"), (None, vec!["a"]), "the system's own");
    assert!(!web.files.contains_key("colours"), "it is attached nowhere");
    let told: Vec<(&str, &str)> = web.environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(told, [("C_LEVEL", "info"), ("C_ROOF", "3"), ("C_WALL", "white"), ("LEVEL", "info")]);
    for (kind, words) in [
        (RemarkKind::Derived, "the settings `pages` of `web`"),
        (RemarkKind::Changed, "the settings `more_pages` of `web`"),
        (RemarkKind::Changed, "the settings `devices` of `web`"),
        (RemarkKind::LeftOut, "`../etc/passwd` in the settings `pages`"),
        (RemarkKind::LeftOut, "`broken.png` in the settings `pages`"),
        (RemarkKind::ToBind, "`list` in the settings `more_pages`"),
        (RemarkKind::LeftOut, "the variable `C_not a name` of `web`"),
        (RemarkKind::LeftOut, "the variable `OTHER` of `web`"),
        (RemarkKind::LeftOut, "variables of `web`"),
    ] {
        reports(&converted, kind, words);
    }
    let of_colours = converted.report.iter().filter(|remark| remark.what == "the volume `colours`");
    assert_eq!(of_colours.count(), 0, "its values are read");
}

#[test]
fn probes_are_health_checks_with_the_time_that_they_gave() {
    let converted = valid("attached.yaml");
    let components = &converted.model.as_ref().unwrap().components;
    let check = |name: &str| components[name].health.clone().unwrap();
    let probed = check("probed");
    assert!(
        matches!(&probed.probe, HealthProbe::Http(probe) if probe.port == "tcp-8080" && probe.path == "/health"),
        "{probed:?}"
    );
    assert_eq!((probed.interval.to_string(), probed.failures), ("90s".to_owned(), 5));
    let startup = |name: &str| check(name).startup.to_string();
    assert_eq!(startup("ready"), "5m", "readiness alone ends nothing");
    assert_eq!(startup("lively"), "100s", "the delay, and four tries of which none must succeed");
    assert!(components["asked"].health.is_none());
    for words in ["`healthcheck` of `asked`", "`livenessProbe` of `asked`"] {
        reports(&converted, RemarkKind::LeftOut, words);
    }
}

#[test]
fn alerting_policies_are_alerts_of_the_model() {
    let converted = valid("attached.yaml");
    let alerts = &converted.model.as_ref().unwrap().alerts;
    let told: Vec<(&str, &str, Option<&str>)> =
        alerts.iter().map(|it| (it.alert.as_str(), it.expr.as_str(), it.duration.as_deref())).collect();
    assert_eq!(told, [("busy", "sum(rate(requests_total[1m])) > 5", Some("30s"))]);
    for name in ["busy", "odd", "open", "long"] {
        reports(&converted, RemarkKind::LeftOut, &format!("the alert `{name}` of the policy `alarms`"));
    }
    reports(&converted, RemarkKind::Changed, "the policy `alarms`");
}

#[test]
fn volumes_have_the_places_that_the_template_names() {
    let converted = valid("attached.yaml");
    let web = &converted.model.as_ref().unwrap().components["web"];
    let places: Vec<(&str, Option<&str>)> =
        web.volumes.iter().map(|(name, volume)| (name.as_str(), volume.mount.as_deref())).collect();
    let expected = [
        ("data", Some("/var/lib/web")),
        ("host", Some("/etc/micado/volumes")),
        ("scratch", Some("/tmp/web")),
        ("shared", None),
    ];
    assert_eq!(places, expected, "of two with one place the first has it");
    assert_eq!(web.volumes["data"].size, Mebibytes(2_048));
    reports(&converted, RemarkKind::LeftOut, "the volume `socket` of `web`");
    for name in ["data", "host", "shared"] {
        reports(&converted, RemarkKind::Changed, &format!("the volume `{name}` of `web`"));
    }
    let scratch = |remark: &&hansa_application::tosca::convert::Remark| remark.what == "the volume `scratch` of `web`";
    assert_eq!(converted.report.iter().filter(scratch).count(), 0, "it is there as it says");
}

#[test]
fn nothing_is_lost_silently() {
    let converted = valid("shop.yaml");
    for (kind, words) in [
        (RemarkKind::Changed, "`front_end` is the component `front-end`"),
        (RemarkKind::Changed, "the limits of `front_end`"),
        (RemarkKind::Changed, "`port` of port 8080"),
        (RemarkKind::Changed, "`nodePort` of port 8080"),
        (RemarkKind::Changed, "the machine `worker`"),
        (RemarkKind::LeftOut, "the variable `PORT_NUMBER`"),
        (RemarkKind::LeftOut, "`tty` of `front_end`"),
        (RemarkKind::Derived, "the settings `settings` of `front_end`"),
        (RemarkKind::LeftOut, "`clusterIP` of port 3306"),
        (RemarkKind::LeftOut, "the output `port`"),
        (RemarkKind::LeftOut, "`image_id` of the machine `worker`"),
        (RemarkKind::Derived, "the link from `front-end` to `store`"),
        (RemarkKind::Derived, "`everywhere` for `measure`"),
    ] {
        reports(&converted, kind, words);
    }
    for remark in &converted.report {
        assert!(remark.line > 0 && !remark.path.is_empty() && !remark.why.is_empty(), "{remark:?}");
    }
}

#[test]
fn names_in_the_environment_are_links() {
    let model = valid("shop.yaml").model.unwrap();
    let links: Vec<(&str, &str, Option<&str>)> =
        model.links.iter().map(|link| (link.from.as_str(), link.to.as_str(), link.port.as_deref())).collect();
    assert_eq!(
        links,
        [("front-end", "queue", Some("tcp-5672")), ("front-end", "store", None)],
        "DB_NAME names no host"
    );
}

#[test]
fn machines_and_policies_are_typed() {
    let converted = valid("shop.yaml");
    let [machine] = converted.machines.as_slice() else { panic!("{:?}", converted.machines) };
    assert_eq!((machine.name.as_str(), machine.cloud.as_deref()), ("worker", Some("ec2")));
    assert_eq!((machine.cpu, machine.memory), (Some(CpuMilli(2_000)), Some(Mebibytes(3_815))));
    assert_eq!((machine.instance_type.as_deref(), machine.region.as_deref()), (Some("t3.large"), Some("eu-west-2")));
    assert_eq!((machine.min, machine.max), (2, 4));
    assert_eq!(machine.hosted, ["front-end", "store", "measure"]);
    let [nodes, containers] = converted.policies.scaling.as_slice() else { panic!() };
    assert_eq!((nodes.level, containers.level), (MicadoLevel::Machine, MicadoLevel::Container));
    assert_eq!((nodes.min, nodes.max, containers.max), (Some(2), Some(4), Some(4)));
    assert_eq!(nodes.rule, "if busy:\n  m_node_count += 1\n");
    let [in_machines, in_containers] = converted.model.as_ref().unwrap().micado.as_slice() else { panic!() };
    assert_eq!((in_machines.level, in_machines.target.as_str()), (MicadoLevel::Machine, "worker"));
    assert_eq!((in_containers.level, in_containers.target.as_str()), (MicadoLevel::Container, "front-end"));
    assert_eq!(in_containers.host.as_deref(), Some("worker"));
    assert_eq!(in_containers.max_instances, serde_json::json!(4), "a constant of another policy holds too");
    assert_eq!(
        (in_containers.queries["IDLE"].as_str(), in_containers.labels["IDLE"].as_str()),
        ("idle_workers", "node")
    );
    assert!(!in_containers.labels.contains_key("LOAD"), "it gives a number");
    assert_eq!(in_machines.sources, ["front-end:9100", "else:1"], "exporters tell all policies");
    assert!(in_containers.sources.is_empty());
    let place = nodes.rule_position.as_ref().unwrap();
    assert_eq!((place.line, place.column), (93, 13), "where the rule itself begins");
    assert_eq!((containers.alerts[0].alert.as_str(), containers.alerts[0].duration.as_deref()), ("busy", Some("30s")));
    assert_eq!(containers.queries["IDLE"].label.as_deref(), Some("node"));
    assert!(converted.policies.monitoring[0].container_metrics);
    let rule = converted.model.unwrap().rules;
    assert!(
        matches!(rule.as_slice(), [Rule::Everywhere(rule)] if rule.component == "measure" && rule.except == ["cleanup", "queue"]),
        "{rule:?}"
    );
}

#[test]
fn the_normative_types_are_carried_over_as_far_as_they_go() {
    let converted = of_text(
        "tosca_definitions_version: tosca_simple_yaml_1_3
node_types:
  my.App: { derived_from: tosca.nodes.Container.Application }
topology_template:
  node_templates:
    server: { type: Compute, capabilities: { host: { properties: { num_cpus: 2, mem_size: 4 GiB } }, os: { properties: { architecture: arm64 } } } }
    web:
      type: my.App
      artifacts: { picture: { type: tosca.artifacts.Deployment.Image.Container.Docker, file: \"web:1\" } }
      interfaces: { Standard: { create: install.sh } }
      requirements: [{ host: server }]
    db:
      type: my.App
      artifacts: { picture: { type: tosca.artifacts.Deployment.Image.Container.Docker, file: \"db:1\" } }
    there: { type: my.App, directives: [select], artifacts: { picture: { type: tosca.artifacts.Deployment.Image.Container.Docker, file: \"x:1\" } } }
    old: { type: SoftwareComponent, interfaces: { Standard: { create: old.sh } }, requirements: [{ host: server }] }
  groups:
    both: { type: tosca.groups.Root, members: [web, db] }
  policies:
    - apart: { type: my.AntiAffinity, targets: [both], properties: { scope: site } }
    - many: { type: my.Scaling, targets: [web], properties: { min_instances: 2, max_instances: 5 } }
policy_types:
  my.AntiAffinity: { derived_from: tosca.policies.Placement, properties: { scope: { type: string } } }
  my.Scaling: { derived_from: tosca.policies.Scaling, properties: { min_instances: { type: integer }, max_instances: { type: integer } } }
",
    );
    let model = converted.model.as_ref().unwrap();
    assert_eq!(model.components.keys().collect::<Vec<_>>(), ["db", "web"]);
    assert_eq!(model.components["web"].replicas, Replicas::Range { min: 2, max: Some(5) });
    assert_eq!(model.components["web"].constraints.cpu_arch, Some(hansa_ontology::offer::CpuArch::Arm64));
    assert!(model.rules.contains(&Rule::Apart(vec!["web".to_owned(), "db".to_owned()])));
    assert!(model.rules.iter().any(|rule| matches!(rule, Rule::Spread(spread) if spread.over == Scope::Site)));
    assert_eq!(converted.machines[0].memory, Some(Mebibytes(4_096)));
    reports(&converted, RemarkKind::LeftOut, "the node `old`");
    reports(&converted, RemarkKind::LeftOut, "the node `there`");
    reports(&converted, RemarkKind::LeftOut, "the operation `Standard.create` of `web`");
}

#[test]
fn a_pod_keeps_its_containers_together() {
    let converted = of_text(
        "tosca_definitions_version: tosca_simple_yaml_1_2
imports: [micado_types.yaml]
topology_template:
  node_templates:
    main: { type: tosca.nodes.MiCADO.Container.Application.Docker, properties: { image: a, ports: [{ port: 80 }] } }
    side: { type: tosca.nodes.MiCADO.Container.Application.Docker, properties: { image: b } }
    pod:
      type: tosca.nodes.MiCADO.Container.Application.Pod.Deployment
      requirements: [{ container: main }, { container: side }]
    client: { type: tosca.nodes.MiCADO.Container.Application.Docker, properties: { image: c, env: [{ name: URL, value: \"http://pod:80/\" }] } }
    object:
      type: tosca.nodes.MiCADO.Kubernetes
      interfaces: { Kubernetes: { create: { inputs: { apiVersion: v1, kind: ConfigMap, data: { a: b } } } } }
",
    );
    let model = converted.model.as_ref().unwrap();
    assert_eq!(model.rules, [Rule::Together(vec!["main".to_owned(), "side".to_owned()])]);
    assert_eq!(model.links.len(), 1, "the pod's name means its container with that port: {:?}", model.links);
    assert_eq!((model.links[0].to.as_str(), model.links[0].port.as_deref()), ("main", Some("tcp-80")));
    assert!(
        matches!(&model.components["object"].package, Package::Kubernetes(package) if package.manifests.contains("ConfigMap"))
    );
    reports(&converted, RemarkKind::Changed, "the pod `pod`");
}

#[test]
fn jobs_may_wait_by_a_policy() {
    let template = |properties: &str, targets: &str| {
        of_text(&format!(
            "tosca_definitions_version: tosca_simple_yaml_1_3
imports: [micado_types.yaml]
policy_types:
  hansa.policies.Deferral:
    derived_from: tosca.policies.Root
    properties:
      deadline: {{ type: string }}
      duration: {{ type: string }}
      minimise: {{ type: string, required: false }}
topology_template:
  node_templates:
    report: {{ type: tosca.nodes.MiCADO.Container.Application.Docker.Job, properties: {{ image: a }} }}
    web: {{ type: tosca.nodes.MiCADO.Container.Application.Docker, properties: {{ image: b }} }}
  policies:
    - night: {{ type: hansa.policies.Deferral, targets: [{targets}], properties: {{ {properties} }} }}
"
        ))
    };
    let converted = template("deadline: 24h, duration: 2h, minimise: price", "report, web");
    let model = converted.model.as_ref().unwrap();
    let deferral = model.components["report"].defer.as_ref().unwrap();
    assert_eq!((deferral.deadline.to_string().as_str(), deferral.minimise), ("24h", Minimise::Price));
    assert_eq!(model.components["web"].defer, None);
    reports(&converted, RemarkKind::Derived, "`defer` of report");
    reports(&template("deadline: soon, duration: 2h", "report"), RemarkKind::LeftOut, "the policy `night`");
    reports(&template("deadline: 24h, duration: 2h", "web"), RemarkKind::LeftOut, "the policy `night`");
}

#[test]
fn a_template_of_machines_alone_gives_no_model_and_says_so() {
    let converted = of_text(
        "tosca_definitions_version: tosca_simple_yaml_1_3\ntopology_template:\n  node_templates:\n    a: { type: Compute }\n",
    );
    assert!(converted.model.is_none() && converted.machines.len() == 1);
    reports(&converted, RemarkKind::LeftOut, "the whole template");
}

#[test]
fn secrets_are_in_no_part_of_it() {
    let text = "tosca_definitions_version: tosca_simple_yaml_1_2
imports: [micado_types.yaml]
topology_template:
  node_templates:
    w: { type: tosca.nodes.MiCADO.Container.Application.Docker, properties: { image: a } }
  policies:
    - p:
        type: tosca.policies.Security.MiCADO.Network.HttpProxy
        targets: [w]
        properties: { target_ports: [443], encryption: true, encryption_key: very-secret }
    - s:
        type: tosca.policies.Security.MiCADO.Secret.KubernetesSecretDistribution
        properties: { text_secrets: { salt: very-secret } }
";
    let outcome = read_text(text);
    assert!(!format!("{outcome:?}").contains("very-secret"));
    let template = outcome.template.unwrap();
    assert!(!serde_json::to_string(&template.view()).unwrap().contains("very-secret"));
    let converted = template.convert();
    assert!(
        !serde_json::to_string(&converted).unwrap().contains("very-secret")
            && !format!("{converted:?}").contains("very-secret")
    );
    assert_eq!(converted.policies.network[0].ports, [443]);
    assert_eq!(converted.policies.secrets[0].secrets, ["salt"]);
}

#[test]
fn micado_s_occurrences_are_so_many_nodes_each_with_its_part_of_a_list() {
    let template = |count: &str, more: &str| {
        format!(
            "tosca_definitions_version: tosca_simple_yaml_1_3
imports: [micado_types.yaml]
topology_template:
  inputs:
    ports: {{ type: list, entry_schema: integer, default: [4092, 4093] }}
    hosts: {{ type: list, entry_schema: string, default: [north, south] }}
    count: {{ type: integer, default: 2 }}
  node_templates:
    receiver:
      type: tosca.nodes.MiCADO.Container.Application.Docker.Deployment
      occurrences: [1, UNBOUNDED]
      instance_count: {count}
      properties:
        image: a
        env: [{{ name: PORT, value: {{ get_input: [ports, INDEX] }} }}]
        ports: [{{ containerPort: {{ get_input: [ports, INDEX] }} }}]
      requirements: [{{ host: {{ get_input: [hosts, INDEX] }} }}]
    north: {{ type: tosca.nodes.MiCADO.EC2.Compute, properties: {{ region_name: a, image_id: b, instance_type: t3.large }} }}
    south: {{ type: tosca.nodes.MiCADO.EC2.Compute, properties: {{ region_name: a, image_id: b, instance_type: t3.large }} }}
{more}
  policies:
    - grow:
        type: tosca.policies.Scaling.MiCADO
        targets: [receiver]
        properties: {{ min_instances: 1, max_instances: 3, scaling_rule: 'm_container_count = 2' }}
"
        )
    };
    for count in ["2", "'2'", "{ get_input: count }"] {
        let converted = of_text(&template(count, ""));
        let model = converted.model.unwrap();
        assert_eq!(model.components.keys().map(String::as_str).collect::<Vec<_>>(), ["receiver-1", "receiver-2"]);
        for (name, port, host) in [("receiver-1", "4092", "north"), ("receiver-2", "4093", "south")] {
            let one = &model.components[name];
            assert_eq!(one.environment["PORT"].as_str(), port);
            assert!(one.ports.contains_key(&format!("tcp-{port}")), "{:?}", one.ports);
            assert!(one.machines.contains(host), "{:?}", one.machines);
            assert!(model.micado.iter().any(|policy| policy.target == name), "{:?}", model.micado);
        }
    }
    let refused = |text: &str, words: &str| {
        let outcome = read_text(text);
        let told = said(&outcome);
        assert!(outcome.template.is_none() && told.contains(words), "{told}");
    };
    refused(&template("3", ""), "has no part `2`");
    refused(&template("many", ""), "must be a whole number up to 1000");
    refused(&template("9999999", ""), "must be a whole number up to 1000");
    refused(
        &template("2", "    receiver-1: { type: tosca.nodes.MiCADO.Edge, properties: { public_ip: 192.0.2.1 } }"),
        "receiver-1",
    );
    refused(&template("2", "").replace("_1_3", "_1_2"), "has no field `instance_count`");
    refused(&template("1", "").replace("UNBOUNDED", "1").replace("[1, 1]", "[2, 4]"), "don't have that");
}

#[test]
fn init_containers_are_steps_of_what_names_them() {
    let template = |of: &str| {
        format!(
            "tosca_definitions_version: tosca_simple_yaml_1_2
imports: [micado_types.yaml]
topology_template:
  node_templates:
    web: {{ type: tosca.nodes.MiCADO.Container.Application.Docker, properties: {{ image: web:1 }}{of} }}
    log: {{ type: tosca.nodes.MiCADO.Container.Application.Docker, properties: {{ image: log:1 }} }}
    wait:
      type: tosca.nodes.MiCADO.Container.Application.Docker.Init
      properties:
        image: busybox
        command: [sh, -c]
        args: ['until nc -z $(DB) 3306; do sleep 1; done']
        env: [{{ name: DB, value: db }}]
    pod:
      type: tosca.nodes.MiCADO.Container.Application.Pod
      requirements: [{{ container: wait }}, {{ container: log }}]
      interfaces: {{ Kubernetes: {{ create: {{}} }} }}
"
        )
    };
    let converted = of_text(&template(", requirements: [{ container: wait }]"));
    let model = converted.model.unwrap();
    assert_eq!(model.components.keys().collect::<Vec<_>>(), ["log", "web"]);
    for name in ["web", "log"] {
        let Package::Container(package) = &model.components[name].package else { panic!("{name}") };
        let [step] = package.init.as_slice() else { panic!("{:?}", package.init) };
        assert_eq!(step.image.as_deref(), Some("busybox"));
        assert_eq!(
            (step.command.join(" "), step.arguments[0].as_str()),
            ("sh -c".to_owned(), "until nc -z ${DB} 3306; do sleep 1; done")
        );
        assert_eq!(step.environment["DB"], "db");
    }
    let unnamed = template("").replace("{ container: wait }, ", "");
    reports(&of_text(&unnamed), RemarkKind::LeftOut, "the init container `wait`");
}
