//! No text makes the reader fall, hang or grow without bound.

use crate::{read_text, said, templates};
use proptest::{collection, prelude::*};
use std::sync::LazyLock;

static TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let files = templates("valid").into_iter().chain(templates("invalid"));
    files.map(|file| std::fs::read_to_string(file).unwrap()).collect()
});

/// Reads and, where that goes, shows and converts.
fn all(text: &str) {
    let outcome = read_text(text);
    for found in &outcome.diagnostics {
        assert!(found.line >= 1 && found.column >= 1 && !found.message.is_empty());
    }
    assert_eq!(outcome.template.is_some(), !outcome.has_errors() && outcome.template.is_some());
    if let Some(template) = outcome.template {
        serde_json::to_string(&template.view()).unwrap();
        serde_json::to_string(&template.convert()).unwrap();
    }
}

/// A value in the place of another one.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(vec![
            "null",
            "[]",
            "{}",
            "5",
            "-1",
            "1e400",
            "true",
            "\"\"",
            "x",
            "[[[]]]",
            "{ get_input: x }",
            "{ get_property: [SELF, a] }",
            "{ concat: [{ get_property: [SELF, url] }, { get_property: [SELF, url] }] }",
            "{ token: [a, b, -1] }",
            "*one",
            "<<",
            "UNBOUNDED",
            "[1, UNBOUNDED]",
            "$value",
            "{ $x: y }",
            "2 GB",
            "{{X}}",
            "&a [*a]",
            "!!x y",
            "tosca.nodes.Root",
            "9999999999999999999",
        ])
        .prop_map(str::to_owned),
        "[a-z: {}\\[\\],&*$'\"\\-]{0,16}",
    ]
}

/// A template of ours with parts of lines replaced, lines moved, doubled or lost.
fn mutated() -> impl Strategy<Value = String> {
    let steps =
        collection::vec((any::<proptest::sample::Index>(), any::<proptest::sample::Index>(), 0..6_u8, piece()), 1..6);
    (any::<proptest::sample::Index>(), steps).prop_map(|(which, steps)| {
        let mut lines: Vec<String> = which.get(&TEXTS).lines().map(str::to_owned).collect();
        for (a, b, what, piece) in steps {
            if lines.is_empty() {
                break;
            }
            let (a, b) = (a.index(lines.len()), b.index(lines.len()));
            match what {
                0 => drop(lines.remove(a)),
                1 => lines.swap(a, b),
                2 => lines.insert(a, lines[b].clone()),
                3 => lines[a] = format!("  {}", lines[a]),
                4 => lines[a].push_str(&piece),
                _ => {
                    if let Some((key, _)) = lines[a].clone().split_once(": ") {
                        lines[a] = format!("{key}: {piece}");
                    }
                }
            }
        }
        lines.join("\n")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_templates_are_read_or_refused(text in mutated()) {
        all(&text);
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        all(&text);
        all(&format!("tosca_definitions_version: tosca_simple_yaml_1_3\n{text}"));
        all(&format!("tosca_definitions_version: tosca_2_0\nservice_template:\n  node_templates:\n    a: {text}"));
    }
}

#[test]
fn bombs_do_not_go_off() {
    let mut aliases =
        String::from("tosca_definitions_version: tosca_simple_yaml_1_3\ndsl_definitions:\n  a0: &a0 [x, x]\n");
    for level in 1..40 {
        aliases.push_str(&format!("  a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 9].join(", ")));
    }
    assert!(said(&read_text(&aliases)).contains("aliases make"), "{}", said(&read_text(&aliases)));

    let deep = format!("tosca_definitions_version: tosca_simple_yaml_1_3\nmetadata: {}", "[".repeat(100_000));
    assert!(read_text(&deep).has_errors());

    // Each property is the one before, twice.
    let head = "tosca_definitions_version: tosca_simple_yaml_1_3\nnode_types:\n  N: { derived_from: tosca.nodes.Root, properties: { p: { type: VALUE } } }\ntopology_template:\n  node_templates:\n";
    for (of_type, first, next) in [("list", "[x]", "[GET, GET]"), ("string", "x", "{ concat: [GET, GET] }")] {
        let mut text = head.replace("VALUE", of_type);
        text.push_str(&format!("    n0: {{ type: N, properties: {{ p: {first} }} }}\n"));
        for number in 1..60 {
            let get = format!("{{ get_property: [n{}, p] }}", number - 1);
            text.push_str(&format!(
                "    n{number}: {{ type: N, properties: {{ p: {} }} }}\n",
                next.replace("GET", &get)
            ));
        }
        assert!(read_text(&text).has_errors(), "{of_type}");
    }
}

#[test]
fn long_chains_end() {
    let mut text = String::from(
        "tosca_definitions_version: tosca_simple_yaml_1_3\nnode_types:\n  t0: { derived_from: tosca.nodes.Root }\n",
    );
    for number in 1..3_000 {
        text.push_str(&format!("  t{number}: {{ derived_from: t{} }}\n", number - 1));
    }
    assert!(said(&read_text(&text)).contains("ancestors"));
    let mut text = String::from("tosca_definitions_version: tosca_simple_yaml_1_3\nnode_types:\n");
    for number in 0..3_000 {
        text.push_str(&format!("  t{number}: {{ derived_from: t{} }}\n", (number + 1) % 3_000));
    }
    assert!(read_text(&text).has_errors());
}

/// Many of a kind take no more than a few times as long as they are more.
#[test]
fn crowds_are_read() {
    let head = "tosca_definitions_version: tosca_simple_yaml_1_3\ntopology_template:\n  node_templates:\n";
    let of = |line: &dyn Fn(usize) -> String| {
        let mut text = head.to_owned();
        (0..30_000).for_each(|number| text.push_str(&line(number)));
        text
    };
    let copies = of(&|number| format!("    n{number}: {{ type: Compute, copy: n{} }}\n", number + 1));
    assert!(said(&read_text(&copies)).contains("is a copy of more than"));
    let lost =
        of(&|number| format!("    n{number}: {{ type: Compute, requirements: [{{ local_storage: m{number} }}] }}\n"));
    assert!(read_text(&lost).omitted > 1_000);
    let unknown = of(&|number| format!("    n{number}: {{ type: tosca.nodes.T{number}, properties: {{ a: 1 }} }}\n"));
    assert!(read_text(&unknown).has_errors());
    let names: Vec<String> = (0..30_000).map(|number| format!("n{number}")).collect();
    let group = format!(
        "{head}    a: {{ type: Compute }}\n  groups:\n    g: {{ type: tosca.groups.Root, members: [{}] }}\n",
        names.join(", ")
    );
    assert!(read_text(&group).has_errors());
}
