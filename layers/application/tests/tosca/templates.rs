//! Templates of our own: the valid ones have no error, the invalid ones just
//! those that comments at their lines name.

use crate::{errors, read_file, read_text, read_with, said, templates};

#[test]
fn valid_templates_are_read() {
    for file in templates("valid") {
        let outcome = read_file(&file);
        assert!(outcome.template.is_some() && !outcome.has_errors(), "{}\n{}", file.display(), said(&outcome));
    }
}

#[test]
fn each_fault_is_told_at_its_line_and_no_other() {
    for file in templates("invalid") {
        let text = std::fs::read_to_string(&file).unwrap();
        let mut wanted: Vec<String> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let comment = line.split_once("# !").map(|(_, codes)| format!("!{codes}")).unwrap_or_default();
            wanted.extend(
                comment
                    .split_whitespace()
                    .filter_map(|word| word.strip_prefix('!'))
                    .map(|code| format!("{} {code}", index + 1)),
            );
        }
        let outcome = read_file(&file);
        let mut found = errors(&outcome);
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted, "{}\n{}", file.display(), said(&outcome));
        assert!(outcome.template.is_none() && !wanted.is_empty());
    }
}

#[test]
fn a_fault_names_its_file_field_and_remedy() {
    let outcome = read_text(
        "tosca_definitions_version: tosca_simple_yaml_1_2\ntopology_template:\n  node_templates:\n    a:\n      type: tosca.nodes.Compute\n      propertie: {}\n",
    );
    let found = &outcome.diagnostics[0];
    assert_eq!((found.file.as_deref(), found.line, found.column), (Some("a.yaml"), 6, 7));
    assert_eq!(found.pointer, "/topology_template/node_templates/a/propertie");
    assert_eq!(found.hint.as_deref(), Some("did you mean `properties`?"));
}

const INPUT: &str = "tosca_definitions_version: tosca_simple_yaml_1_3
topology_template:
  inputs:
    cpus: { type: integer, constraints: [{ in_range: [1, 4] }] }
  node_templates:
    m:
      type: Compute
      capabilities: { host: { properties: { num_cpus: { get_input: cpus } } } }
";

#[test]
fn inputs_are_given_and_checked() {
    let without = read_text(INPUT);
    assert!(without.template.is_some() && said(&without).contains("--input cpus=VALUE"), "{}", said(&without));
    let view = read_with(INPUT, &[("cpus", "3")]).template.unwrap().view();
    assert_eq!(view.nodes["m"].capabilities["host"]["num_cpus"], 3);
    for (value, code) in [("9", "constraint-violated"), ("many", "wrong-type")] {
        let outcome = read_with(INPUT, &[("cpus", value)]);
        assert!(errors(&outcome).iter().any(|found| found.ends_with(code)), "{}", said(&outcome));
        assert!(outcome.diagnostics.iter().any(|found| found.file.as_deref() == Some("--input cpus")));
    }
    let unknown = read_with(INPUT, &[("cpus", "1"), ("cpu", "1")]);
    assert!(said(&unknown).contains("did you mean `cpus`?"), "{}", said(&unknown));
}

#[test]
fn values_are_worked_out() {
    let file = templates("valid").into_iter().find(|file| file.ends_with("functions.yaml")).unwrap();
    let view = read_file(&file).template.unwrap().view();
    let app = &view.nodes["app"].properties;
    assert_eq!(app["url"], "http://a.b.c:81");
    assert_eq!(app["part"], "b");
    assert_eq!(app["memory"], "2 GB");
    assert_eq!(app["names"][0], "a.b.c");
    assert_eq!(app["secret"]["token"], "x");
    assert_eq!(view.nodes["other"].properties["port"], 81);
    assert_eq!(view.outputs["url"], "http://a.b.c:81");
    assert!(view.outputs["address"]["get_attribute"].is_array(), "what is known only when it runs stays a call");
}

#[test]
fn copies_relationships_and_scalars_of_ones_own() {
    let shown = |name: &str| {
        let file = templates("valid").into_iter().find(|file| file.ends_with(name)).unwrap();
        let outcome = read_file(&file);
        outcome.template.unwrap_or_else(|| panic!("{name}")).view()
    };
    let view = shown("house.yaml");
    let wider = &view.nodes["wider"];
    assert_eq!((&wider.properties["board"]["kind"], &wider.properties["board"]["rows"]), (&"one".into(), &8.into()));
    assert_eq!(wider.properties["age"], "5 d");
    assert_eq!(
        (&wider.capabilities["main"]["volts"], &wider.capabilities["spare"]["volts"]),
        (&12.5.into(), &110.into())
    );
    assert_eq!(view.nodes["wide"].properties["board"]["kind"], "flat");
    let view = shown("house-2.0.yaml");
    let (first, second) = (&view.nodes["first"].properties, &view.nodes["second"].properties);
    assert_eq!((&first["number"], &second["number"]), (&10.into(), &10.into()));
    assert_eq!((&first["truth"], &second["truth"]), (&true.into(), &true.into()));
    assert_eq!((&first["words"]["a"], &first["words"]["b"]), (&"x-y".into(), &"q".into()));
    assert_eq!(second["room"]["area"], 4.5);
}

#[test]
fn a_scalar_has_the_units_that_its_prefixes_make() {
    let text = "tosca_definitions_version: tosca_2_0
data_types:
  Size: { derived_from: scalar, data_type: integer, units: { B: 1 }, prefixes: { k: 1000 }, validation: { $less_than: [$value, 2 kB] } }
node_types:
  N: { properties: { size: { type: Size } } }
service_template:
  node_templates:
    n: { type: N, properties: { size: 1.5 kB } }
";
    assert_eq!(errors(&read_text(text)), [""; 0]);
    assert_eq!(errors(&read_text(&text.replace("1.5 kB", "3 kB"))), ["8 constraint-violated"]);
    assert_eq!(errors(&read_text(&text.replace("1.5 kB", "3 MB"))), ["8 wrong-type"]);
}

#[test]
fn what_workflows_name_is_looked_for() {
    let outcome = read_text(
        "tosca_definitions_version: tosca_simple_yaml_1_3
topology_template:
  node_templates:
    a: { type: Compute }
  workflows:
    go:
      steps:
        first: { target: b, activities: [{ inline: gone }], on_success: [secnd] }
        second: { target: a, activities: [{ inline: go }, { set_state: up }], on_failure: [first] }
",
    );
    let named = outcome.diagnostics.iter().filter(|found| found.code == hansa_application::Code::UnknownName);
    let told: Vec<(usize, &str)> = named.map(|found| (found.line, found.message.as_str())).collect();
    let of = "which the step `first` of the workflow `go` names";
    let expected = [("node template", "b"), ("workflow", "gone"), ("step", "secnd")]
        .map(|(what, name)| (8, format!("there is no {what} `{name}`, {of}")));
    assert_eq!(told, expected.each_ref().map(|(line, message)| (*line, message.as_str())));
    assert!(outcome.template.is_some(), "they have no meaning here, so nothing is refused for them");
}

#[test]
fn rules_in_python_2_are_warned_of() {
    let text = "tosca_definitions_version: tosca_simple_yaml_1_2
imports: [https://raw.githubusercontent.com/micado-scale/tosca/main/micado_types.yaml]
topology_template:
  node_templates:
    w: { type: tosca.nodes.MiCADO.Container.Application.Docker, properties: { image: a } }
  policies:
    - p:
        type: tosca.policies.Scaling.MiCADO
        targets: [w]
        properties:
          min_instances: 1
          max_instances: 2
          scaling_rule: |
            if x:
              print \"so many:\", x
";
    let outcome = read_text(text);
    let warning = outcome.diagnostics.iter().find(|found| found.message.contains("Python 2")).unwrap();
    assert_eq!((warning.line, warning.column), (15, 15));
    assert!(!said(&read_text(&text.replace("print \"so many:\", x", "print(\"so many:\", x)"))).contains("Python 2"));
}

#[test]
fn whatever_version_a_type_is_of_it_is_one_type() {
    let file = templates("valid").into_iter().find(|file| file.ends_with("broad-1.3.yaml")).unwrap();
    let told = said(&read_file(&file));
    assert!(!told.contains("asks for"), "a web server of 1.0 runs on the machine of 1.2: {told}");
}
