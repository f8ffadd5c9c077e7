//! Which fields each definition of the language has, and since when. The
//! tables are those of the standards' clauses on keynames; where the parser
//! that MiCADO relies on takes a field earlier than the standard, so do we.

mod keys;

pub(crate) use keys::*;

use super::{
    report::{Fault, Report},
    version::Version,
};
use crate::{
    descriptor::node::Node,
    diagnostic::Code,
    suggestion::{closest, shown},
};

/// A field: its name, and the versions that have it.
pub(crate) struct Field(&'static str, Version, Version);

/// The fields of a definition.
pub(crate) type Fields = &'static [Field];

/// Says which fields of a mapping the language doesn't have. False: it is no
/// mapping at all, which was said.
pub(crate) fn fields(report: &mut Report, node: &Node, fields: Fields, version: Version, what: &str) -> bool {
    if !node.is_mapping() {
        let message = format!("{what} must be a map of fields, not {}", node.what());
        report.say(Fault::error(node.at, Code::WrongType, message));
        return false;
    }
    for entry in node.entries() {
        if let Some(fault) = unknown(entry.key.as_str(), fields, version, what) {
            report.say(fault.placed(entry.at));
        }
    }
    true
}

/// As [`fields`], where other readers ignore what they don't know: warnings.
pub(crate) fn fields_loosely(report: &mut Report, node: &Node, known: Fields, version: Version, what: &str) {
    for entry in node.entries() {
        if let Some(fault) = unknown(entry.key.as_str(), known, version, what) {
            report.say(fault.softened(entry.at));
        }
    }
}

impl Fault {
    fn softened(self, at: crate::descriptor::node::Position) -> Self {
        let said = Self::warning(at, Code::UnknownField, self.message().to_owned());
        said.hint("it is ignored")
    }
}

fn unknown(key: &str, known: Fields, version: Version, what: &str) -> Option<Fault> {
    let found = known.iter().find(|field| field.0 == key);
    if found.is_some_and(|field| (field.1..=field.2).contains(&version)) {
        return None;
    }
    let message = format!("{what} has no field `{}` in TOSCA {version}", shown(key));
    let fault = Fault::error(crate::descriptor::node::Position::START, Code::UnknownField, message);
    if let Some(Field(_, since, until)) = found {
        let hint = if *since > version {
            format!("TOSCA {since} has it: change `tosca_definitions_version` to {}", since.as_str())
        } else {
            format!("it went with TOSCA {until}; {}", successor(key))
        };
        return Some(fault.hint(hint));
    }
    let names = || known.iter().filter(|field| (field.1..=field.2).contains(&version)).map(|field| field.0);
    let hint = match closest(key, names()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("its fields: {}", names().collect::<Vec<_>>().join(", ")),
    };
    Some(fault.hint(hint))
}

/// What 2.0 has in place of a field of 1.x.
fn successor(key: &str) -> &'static str {
    match key {
        "topology_template" => "2.0 has `service_template`",
        "constraints" => "2.0 has `validation`",
        "occurrences" => "2.0 has `count_range`, `count` or `optional`",
        "instance_count" => "2.0 has `count`",
        "namespace_prefix" => "2.0 has `namespace`",
        "file" => "2.0 has `url`",
        "valid_source_types" => "2.0 has `valid_source_node_types`",
        "valid_target_types" => "2.0 has `valid_capability_types`",
        _ => "leave it out",
    }
}
