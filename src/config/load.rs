//! Merges defaults, file and environment, and finds every fault at once.

use super::{ConfigFault, Settings, rules, suggest::nearest, yaml_to_json};
use figment::{
    Figment, Metadata, Profile, Provider,
    error::Kind,
    providers::Serialized,
    value::{Dict, Map, Value as FigmentValue},
};
use serde_json::Value;
use std::{collections::BTreeMap, path::Path};

/// The file that is read where none is named.
const DEFAULT_FILE: &str = "hansa.yaml";

/// Settings that an environment variable can hold, by their path.
const FROM_ENVIRONMENT: [&str; 70] = [
    "server.listen",
    "server.public_url",
    "auth.dev_login",
    "auth.roots",
    "auth.session_idle",
    "auth.session_absolute",
    "auth.token_longest",
    "auth.claims_valid",
    "server.body_limit",
    "server.request_timeout",
    "server.shutdown_timeout",
    "data_dir",
    "database.url",
    "log.format",
    "log.level",
    "currency",
    "workers",
    "workload_ports",
    "provider.id",
    "provider.name",
    "provider.country",
    "server.tls.certificate",
    "server.tls.key",
    "server.tls.client_ca",
    "moving.consolidate",
    "moving.improve",
    "moving.interval",
    "moving.pause",
    "moving.horizon",
    "moving.overlap",
    "moving.least_percent",
    "moving.lost_after",
    "billing.budgets",
    "billing.close_months",
    "notifications.allow_loopback",
    "notifications.mail.host",
    "notifications.mail.port",
    "notifications.mail.tls",
    "notifications.mail.user",
    "notifications.mail.password_file",
    "notifications.mail.authorities",
    "notifications.mail.sender",
    "agents.url",
    "agents.authorities",
    "scaling.interval",
    "scaling.prometheus.url",
    "scaling.prometheus.token_file",
    "scaling.prometheus.authorities",
    "federation.enabled",
    "federation.listen",
    "federation.public_url",
    "federation.did",
    "federation.name",
    "federation.keys_dir",
    "federation.allow_loopback",
    "federation.stale_after",
    "federation.grace",
    "federation.pull_interval",
    "federation.hold_time",
    "federation.usage_period",
    "federation.claim_tolerance",
    "federation.settle_after",
    "federation.settle_grace",
    "federation.dispute_deadline",
    "federation.offers_limit",
    "federation.conformance",
    "federation.tls.roots",
    "federation.tls.certificate",
    "federation.tls.key",
    "config",
];

/// The settings in force, and the file that was read.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// The file, if there was one.
    pub file: Option<String>,
}

/// Reads the configuration: `defaults`, then `file` (or `hansa.yaml`, where it
/// is there), then `environment`.
///
/// # Errors
/// Every fault, each with its field and remedy.
pub(crate) fn load(
    defaults: &Settings,
    file: Option<&Path>,
    environment: &BTreeMap<String, String>,
) -> Result<Loaded, Vec<ConfigFault>> {
    let mut faults = Vec::new();
    let default_values = serde_json::to_value(defaults).unwrap_or_default();
    let mut figment = Figment::from(Source::new("the defaults", default_values.clone()));
    let read = read_file(file).unwrap_or_else(|fault| {
        faults.push(fault);
        None
    });
    let name = read.as_ref().map(|(name, _)| name.clone());
    if let Some((name, values)) = read {
        figment = figment.merge(Source::new(name, values));
    }
    for (variable, text) in environment {
        match variable_setting(variable) {
            Ok(Some(path)) => {
                figment =
                    figment.merge(Source::new(format!("the environment variable {variable}"), nested(path, text)));
            }
            Ok(None) => {}
            Err(fault) => faults.push(fault),
        }
    }
    let settings = settle(&figment, &default_values, &mut faults);
    if let Some(settings) = &settings {
        let known: Vec<String> = faults.iter().map(|fault| fault.field.clone()).collect();
        faults.extend(
            rules::check(settings)
                .into_iter()
                .filter(|fault| !known.iter().any(|field| !field.is_empty() && fault.field.starts_with(field.as_str())))
                .map(|fault| with_source(fault, &figment)),
        );
    }
    match settings {
        Some(settings) if faults.is_empty() => Ok(Loaded { settings, file: name }),
        _ => Err(faults),
    }
}

/// The file's name and values. None where no file was named and there is none.
fn read_file(file: Option<&Path>) -> Result<Option<(String, Value)>, ConfigFault> {
    let path = file.unwrap_or_else(|| Path::new(DEFAULT_FILE));
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && file.is_none() => {
            return Ok(None);
        }
        Err(error) => {
            return Err(ConfigFault::new(
                "",
                format!("the configuration file {} can't be read: {error}", path.display()),
                "name a readable file with --config",
            ));
        }
    };
    let values = yaml_to_json(&text)
        .and_then(|values| if values.is_object() { Ok(values) } else { Err("it is no mapping of settings".to_owned()) })
        .map_err(|fault| {
            ConfigFault::new(
                "",
                format!("{} is no configuration: {fault}", path.display()),
                "`hansa config show` prints every setting with its value",
            )
        })?;
    Ok(Some((path.display().to_string(), values)))
}

/// Which setting an environment variable holds. A name that only looks like a
/// setting's is a fault: it was meant, and would have no effect.
fn variable_setting(variable: &str) -> Result<Option<&'static str>, ConfigFault> {
    let name = |path: &str| format!("HANSA_{}", path.replace('.', "_").to_uppercase());
    if let Some(path) = FROM_ENVIRONMENT.iter().find(|path| name(path) == variable) {
        return Ok((*path != "config").then_some(*path));
    }
    if OTHER_VARIABLES.contains(&variable) || !variable.starts_with("HANSA_") {
        return Ok(None);
    }
    let names: Vec<String> = FROM_ENVIRONMENT.iter().map(|path| name(path)).collect();
    match nearest(variable, names.iter().map(String::as_str)) {
        Some(meant) if strsim::levenshtein(meant, variable) <= 2 => {
            Err(ConfigFault::new(variable, "there is no such setting", format!("did you mean {meant}?")))
        }
        _ => Ok(None),
    }
}

/// Variables of ours that are no settings of a broker.
const OTHER_VARIABLES: [&str; 5] = ["HANSA_SERVER", "HANSA_OUTPUT", "HANSA_TOKEN", "HANSA_CA_FILE", "HANSA_PROJECT"];

fn nested(path: &str, text: &str) -> Value {
    let leaf = match (path, text) {
        ("workers" | "federation.offers_limit" | "moving.least_percent" | "notifications.mail.port", number)
            if number.parse::<u64>().is_ok() =>
        {
            number.parse::<u64>().map_or(Value::Null, Value::from)
        }
        (
            "auth.dev_login"
            | "federation.enabled"
            | "federation.allow_loopback"
            | "federation.conformance"
            | "billing.close_months"
            | "moving.consolidate"
            | "moving.improve"
            | "notifications.allow_loopback",
            "true" | "false",
        ) => Value::from(text == "true"),
        _ => Value::from(text),
    };
    path.rsplit('.').fold(leaf, |inner, key| Value::Object([(key.to_owned(), inner)].into_iter().collect()))
}

/// Reads the merged values, again and again with the faulty value put right,
/// so that one reading gives every fault.
fn settle(figment: &Figment, defaults: &Value, faults: &mut Vec<ConfigFault>) -> Option<Settings> {
    let mut values: Value = figment.extract().ok()?;
    for _ in 0..200 {
        let error = match Figment::from(Serialized::defaults(&values)).extract::<Settings>() {
            Ok(settings) => return Some(settings),
            Err(error) => error,
        };
        let mut path = error.path.clone();
        if let Kind::UnknownField(field, _) = &error.kind
            && path.last() != Some(field)
        {
            path.push(field.clone());
        }
        if let Kind::MissingField(field) = &error.kind {
            path.push(field.clone().into_owned());
        }
        faults.push(with_source(describe(&path, &error.kind), figment));
        if !put_right(&mut values, defaults, &path, &error.kind) {
            return None;
        }
    }
    None
}

fn describe(path: &[String], kind: &Kind) -> ConfigFault {
    let field = path.join(".");
    let list = |words: &[&str]| words.join(", ");
    match kind {
        Kind::UnknownField(name, known) => ConfigFault::new(
            field,
            "there is no such setting",
            match nearest(name, known.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("known here: {}", list(known)),
            },
        ),
        Kind::UnknownVariant(name, known) => {
            ConfigFault::new(field, format!("`{name}` is not possible here"), format!("choose one of: {}", list(known)))
        }
        Kind::MissingField(name) => ConfigFault::new(field, "it is missing", format!("add `{name}`")),
        // What was found may be a secret of the wrong form.
        Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) if field.ends_with("secret") => {
            ConfigFault::new(field, "it has the wrong form", format!("give {expected}"))
        }
        Kind::InvalidType(found, expected) | Kind::InvalidValue(found, expected) => {
            ConfigFault::new(field, format!("found {found}"), format!("give {expected}"))
        }
        other => ConfigFault { field, source: None, message: other.to_string(), remedy: None },
    }
}

/// Replaces the value at `path` by the default or a stand-in, or takes it away.
fn put_right(values: &mut Value, defaults: &Value, path: &[String], kind: &Kind) -> bool {
    let Some((last, parents)) = path.split_last() else {
        return false;
    };
    let pointer: String = parents.iter().map(|part| format!("/{part}")).collect();
    let stand_in = match kind {
        Kind::UnknownField(..) => None,
        _ => defaults.pointer(&format!("{pointer}/{last}")).cloned().or_else(|| stand_in(last)),
    };
    match values.pointer_mut(&pointer) {
        Some(Value::Object(object)) => {
            let before = object.get(last).cloned();
            match stand_in {
                Some(value) => object.insert(last.clone(), value),
                None => object.remove(last),
            };
            object.get(last) != before.as_ref()
        }
        Some(Value::Array(items)) => match (last.parse::<usize>().ok().and_then(|at| items.get_mut(at)), stand_in) {
            (Some(item), Some(value)) => {
                *item = value;
                true
            }
            _ => false,
        },
        _ => false,
    }
}

/// A value of the right form for a required setting that has no default.
fn stand_in(setting: &str) -> Option<Value> {
    Some(match setting {
        "id" => Value::from("urn:hansa:unknown"),
        "name" => Value::from("unknown"),
        "cpu" => Value::from("1"),
        "memory" => Value::from("1Gi"),
        "nodes" => Value::Array(Vec::new()),
        "url" => Value::from("https://unknown.example"),
        "client_id" => Value::from("unknown"),
        "role" => Value::from("auditor"),
        "over" => Value::from("broker"),
        _ => return None,
    })
}

fn with_source(mut fault: ConfigFault, figment: &Figment) -> ConfigFault {
    fault.source = figment.find_metadata(&fault.field).map(|metadata| metadata.name.clone().into_owned());
    fault
}

/// One source of settings, with the name under which a person knows it.
struct Source {
    name: String,
    values: Value,
}

impl Source {
    fn new(name: impl Into<String>, values: Value) -> Self {
        Self { name: name.into(), values }
    }
}

impl Provider for Source {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> figment::error::Result<Map<Profile, Dict>> {
        let dict = FigmentValue::serialize(&self.values)?.into_dict().unwrap_or_default();
        Ok(Map::from([(Profile::Default, dict)]))
    }
}

#[cfg(test)]
mod tests;
