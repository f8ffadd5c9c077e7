//! The reference part of docs/resource-model.md, from the JSON Schema. The
//! order of the fields is that of their declaration, which the schema forgets.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use hansa_application::Code;
use hansa_ontology::resource_model::{
    AllowDeny, AvailabilityLevel, Component, ConflictRule, Constraints, ContainerPackage, CountRule, Deferral,
    EverywhereRule, ExposedPort, FILES_VARIABLE, FileSet, HealthCheck, HelmPackage, HttpProbe, InitStep,
    KubernetesPackage, LatencyLevel, Link, MachineGroup, MachineSize, ProcessPackage, QueryLevel, RatioRule, Resources,
    SpreadRule, TcpProbe, UpdatePolicy, Volume, Weights,
    contract::{BROKER_VARIABLES, SYSTEM_VARIABLES},
    scaling::{
        ChangePolicy, DeadlinePolicy, EndpointMetric, MicadoAlert, MicadoPolicy, Prediction, RulePolicy, ScaleToZero,
        Scaling, ScalingBehavior, ScalingPolicy, ScalingRules, SchedulePolicy, Step, StepPolicy, TargetPolicy,
    },
};
use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor, value::Error as Refusal},
    forward_to_deserialize_any,
};
use serde_json::Value;

/// A section: its definition in the schema, and its fields in order.
type Section = (&'static str, Vec<&'static str>);

fn sections() -> Vec<Section> {
    let mut all = described();
    all.extend(scaling());
    all.extend(bounded());
    all
}

/// What there is.
fn described() -> Vec<Section> {
    vec![
        ("Component", fields::<Component>()),
        ("Package", vec![]),
        ("ProcessPackage", fields::<ProcessPackage>()),
        ("ContainerPackage", fields::<ContainerPackage>()),
        ("InitStep", fields::<InitStep>()),
        ("KubernetesPackage", fields::<KubernetesPackage>()),
        ("HelmPackage", fields::<HelmPackage>()),
        ("Resources", fields::<Resources>()),
        ("ExposedPort", fields::<ExposedPort>()),
        ("Protocol", vec![]),
        ("Volume", fields::<Volume>()),
        ("FileSet", fields::<FileSet>()),
        ("Replicas", vec!["min", "max"]),
        ("HealthCheck", fields::<HealthCheck>()),
        ("HealthProbe", vec![]),
        ("HttpProbe", fields::<HttpProbe>()),
        ("TcpProbe", fields::<TcpProbe>()),
        ("RunPolicy", vec![]),
        ("Deferral", fields::<Deferral>()),
        ("Minimise", vec![]),
        ("OnPeerChange", vec![]),
        ("Link", fields::<Link>()),
        ("MachineGroup", fields::<MachineGroup>()),
        ("MachineSize", fields::<MachineSize>()),
    ]
}

/// How many there are.
fn scaling() -> Vec<Section> {
    vec![
        ("Scaling", fields::<Scaling>()),
        ("ScalingPolicy", fields::<ScalingPolicy>()),
        ("TargetPolicy", fields::<TargetPolicy>()),
        ("TargetKind", vec![]),
        ("Prediction", fields::<Prediction>()),
        ("StepPolicy", fields::<StepPolicy>()),
        ("Step", fields::<Step>()),
        ("SchedulePolicy", fields::<SchedulePolicy>()),
        ("DeadlinePolicy", fields::<DeadlinePolicy>()),
        ("ServiceTime", vec![]),
        ("RulePolicy", fields::<RulePolicy>()),
        ("ScaleToZero", fields::<ScaleToZero>()),
        ("MetricSource", vec![]),
        ("ResourceUnit", vec![]),
        ("EndpointMetric", fields::<EndpointMetric>()),
        ("ScalingBehavior", fields::<ScalingBehavior>()),
        ("ScalingRules", fields::<ScalingRules>()),
        ("SelectPolicy", vec![]),
        ("ChangePolicy", fields::<ChangePolicy>()),
        ("ChangeKind", vec![]),
        ("MicadoPolicy", fields::<MicadoPolicy>()),
        ("MicadoLevel", vec![]),
        ("MicadoAlert", fields::<MicadoAlert>()),
    ]
}

/// What it must fulfil.
fn bounded() -> Vec<Section> {
    vec![
        ("Constraints", fields::<Constraints>()),
        ("AllowDeny_Area", fields::<AllowDeny<hansa_ontology::place::Area>>()),
        ("AllowDeny_string", fields::<AllowDeny<String>>()),
        ("OfferKind", vec![]),
        ("CpuArch", vec![]),
        ("Rule", vec![]),
        ("ConflictRule", fields::<ConflictRule>()),
        ("SpreadRule", fields::<SpreadRule>()),
        ("Scope", vec![]),
        ("EverywhereRule", fields::<EverywhereRule>()),
        ("CountRule", fields::<CountRule>()),
        ("RatioRule", fields::<RatioRule>()),
        ("ServiceLevel", vec![]),
        ("AvailabilityLevel", fields::<AvailabilityLevel>()),
        ("LatencyLevel", fields::<LatencyLevel>()),
        ("QueryLevel", fields::<QueryLevel>()),
        ("Window", vec![]),
        ("Objective", vec![]),
        ("ObjectiveKind", vec![]),
        ("Weights", fields::<Weights>()),
        ("MovePolicy", vec![]),
        ("UpdatePolicy", fields::<UpdatePolicy>()),
        ("UpdateStrategy", vec![]),
        ("Promotion", vec![]),
        ("CpuMilli", vec![]),
        ("Mebibytes", vec![]),
        ("TimeSpan", vec![]),
        ("Moment", vec![]),
        ("Area", vec![]),
        ("Currency", vec![]),
    ]
}

/// The fields of a struct, as serde knows them.
struct Fields<'f>(&'f mut Vec<&'static str>);

impl<'de> Deserializer<'de> for Fields<'_> {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Refusal> {
        Err(Refusal::custom("no struct"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Refusal> {
        self.0.extend(fields);
        Err(Refusal::custom("enough"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

fn fields<T: for<'de> Deserialize<'de>>() -> Vec<&'static str> {
    let mut names = Vec::new();
    assert!(T::deserialize(Fields(&mut names)).is_err());
    assert!(!names.is_empty());
    names
}

/// The whole reference.
pub(crate) fn reference(schema: &Value) -> String {
    let sections = sections();
    let mut names: Vec<&str> = sections.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    let mut defined: Vec<&str> = schema["$defs"].as_object().unwrap().keys().map(String::as_str).collect();
    defined.sort_unstable();
    assert_eq!(names, defined, "every definition has its section");
    let mut out = String::from("\n### Resource model\n\n");
    out.push_str(&format!("{}\n\n", prose(schema)));
    // What only brokers set on each other's orders is no field of a description.
    let mut own = fields::<hansa_ontology::ResourceModel>();
    own.retain(|name| *name != "delivery");
    table(&mut out, schema, schema, &own);
    for (name, fields) in sections {
        let definition = &schema["$defs"][name];
        out.push_str(&format!("### {}\n\n{}\n\n", title(schema, name), prose(definition)));
        body(&mut out, schema, definition, &fields);
    }
    codes(&mut out);
    variables(&mut out);
    out
}

fn title(schema: &Value, name: &str) -> String {
    let spoken = |name: &str| match name {
        "AllowDeny_Area" => "Allowed and denied areas".to_owned(),
        "AllowDeny_string" => "Allowed and denied names".to_owned(),
        "CpuMilli" => "Processors".to_owned(),
        "Mebibytes" => "Memory and disk".to_owned(),
        "TimeSpan" => "Time span".to_owned(),
        "OfferKind" => "Kind of offer".to_owned(),
        "CpuArch" => "Processor architecture".to_owned(),
        other => other.to_owned(),
    };
    match schema["$defs"][name]["title"].as_str() {
        Some(title) if !name.starts_with("AllowDeny") => title.to_owned(),
        _ => spoken(name),
    }
}

fn link(schema: &Value, name: &str) -> String {
    let title = title(schema, name);
    format!("[{}](#{})", title.to_lowercase(), title.to_lowercase().replace(' ', "-"))
}

fn prose(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().replace('\n', " ")
}

/// Text in a cell.
fn cell(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|")
}

fn body(out: &mut String, schema: &Value, definition: &Value, fields: &[&str]) {
    let branches: Vec<&Value> =
        ["oneOf", "anyOf"].iter().filter_map(|keyword| definition[*keyword].as_array()).flatten().collect();
    match branches[..] {
        [] if definition["properties"].is_object() => table(out, schema, definition, fields),
        [] => examples(out, definition),
        [first, second] if first["properties"].is_null() && second["properties"].is_object() => {
            let (one, other) = (prose(first), prose(second));
            out.push_str(&format!("A {}: {one}\n\nOr a mapping: {other}\n\n", kind(schema, first)));
            table(out, schema, second, fields);
        }
        _ => alternatives(out, schema, &branches),
    }
}

fn examples(out: &mut String, definition: &Value) {
    let shown = |one: &Value| {
        let text = one.as_str().map_or_else(|| one.to_string(), str::to_owned);
        format!("`{text}`")
    };
    if let Some(all) = definition["examples"].as_array() {
        let shown: Vec<String> = all.iter().map(shown).collect();
        out.push_str(&format!("For example {}.\n\n", shown.join(", ")));
    }
}

fn alternatives(out: &mut String, schema: &Value, branches: &[&Value]) {
    if branches.iter().any(|branch| branch["$ref"].is_string()) {
        for branch in branches {
            out.push_str(&format!("- {}: {}\n", kind(schema, branch), prose(branch)));
        }
    } else if branches.iter().all(|branch| branch["const"].is_string()) {
        out.push_str("| word | meaning |\n|---|---|\n");
        for branch in branches {
            let word = branch["const"].as_str().unwrap();
            out.push_str(&format!("| `{word}` | {} |\n", cell(&prose(branch))));
        }
    } else {
        out.push_str("Exactly one of these fields:\n\n| field | value | meaning |\n|---|---|---|\n");
        for branch in branches {
            let (name, value) = branch["properties"].as_object().unwrap().iter().next().unwrap();
            out.push_str(&format!("| `{name}` | {} | {} |\n", kind(schema, value), cell(&prose(branch))));
        }
    }
    out.push('\n');
}

fn table(out: &mut String, schema: &Value, definition: &Value, fields: &[&str]) {
    let properties = definition["properties"].as_object().unwrap();
    let mut known: Vec<&str> = properties.keys().map(String::as_str).collect();
    let mut listed = fields.to_vec();
    known.sort_unstable();
    listed.sort_unstable();
    assert_eq!(known, listed);
    out.push_str("| field | value | if absent | meaning |\n|---|---|---|---|\n");
    for field in fields {
        let property = &properties[*field];
        let required = definition["required"].as_array().is_some_and(|names| names.iter().any(|name| name == field));
        let absent = match (required, &property["default"]) {
            (true, _) => "**required**".to_owned(),
            (false, Value::Null) => "none".to_owned(),
            (false, Value::String(text)) => format!("`{text}`"),
            (false, Value::Object(_)) => "see there".to_owned(),
            (false, other) => format!("`{other}`"),
        };
        let description = if property["description"].is_string() { prose(property) } else { String::new() };
        out.push_str(&format!(
            "| `{field}` | {} | {} | {} |\n",
            kind(schema, property),
            cell(&absent),
            cell(&description)
        ));
    }
    out.push('\n');
}

/// What a schema takes, in a few words.
fn kind(schema: &Value, property: &Value) -> String {
    if let Some(name) = property["$ref"].as_str().and_then(|reference| reference.strip_prefix("#/$defs/")) {
        return link(schema, name);
    }
    if let Some(branches) = property["anyOf"].as_array() {
        let kinds = branches.iter().filter(|branch| branch["type"] != "null").map(|branch| kind(schema, branch));
        return kinds.collect::<Vec<_>>().join(" or ");
    }
    let names: Vec<&str> = match &property["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).filter(|name| *name != "null").collect(),
        _ => Vec::new(),
    };
    let bounds = match (property["minimum"].as_f64(), property["maximum"].as_f64()) {
        (Some(least), Some(most)) if least == most => format!(": {least}"),
        (Some(least), Some(most)) => format!(", {least} to {most}"),
        (Some(least), None) if least > 0.0 => format!(", at least {least}"),
        _ => String::new(),
    };
    match names[..] {
        ["string", "number"] | ["number"] => format!("number{bounds}"),
        ["integer"] => format!("whole number{bounds}"),
        ["boolean"] => "`true` or `false`".to_owned(),
        ["string"] => "text".to_owned(),
        ["array"] => {
            let least = property["minItems"].as_u64().map_or_else(String::new, |least| format!(", at least {least}"));
            format!("list of {}{least}", kind(schema, &property["items"]))
        }
        ["object"] if property["additionalProperties"] == true => "mapping".to_owned(),
        ["object"] => format!("mapping of names to {}", kind(schema, &property["additionalProperties"])),
        [] if property.is_object() => "anything".to_owned(),
        _ => panic!("no words for {property}"),
    }
}

fn codes(out: &mut String) {
    out.push_str("### Codes of faults and warnings\n\n| code | meaning |\n|---|---|\n");
    for code in Code::ALL.iter().filter(|code| !code.is_of_tosca()) {
        out.push_str(&format!("| `{code}` | {} |\n", cell(code.meaning())));
    }
    out.push('\n');
}

fn variables(out: &mut String) {
    out.push_str("### Environment variables that every workload gets\n\n| variable | meaning |\n|---|---|\n");
    for (name, meaning) in BROKER_VARIABLES.iter().chain([&FILES_VARIABLE]).chain(&SYSTEM_VARIABLES) {
        out.push_str(&format!("| `{name}` | {} |\n", cell(meaning)));
    }
    out.push('\n');
}
