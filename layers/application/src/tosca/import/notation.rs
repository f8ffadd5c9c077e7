//! The ways to write an import: a path alone, a name with a path, a map of
//! fields, and 2.0's `url` and `profile`.

use crate::{
    descriptor::node::{Data, Entry, Node, Position},
    diagnostic::Code,
    tosca::{
        grammar,
        report::{Fault, Report},
        version::Version,
    },
};

/// One import.
#[derive(Debug, Clone)]
pub(crate) struct Import {
    pub(crate) at: Position,
    pub(crate) what: What,
    pub(crate) repository: Option<String>,
    /// What its names begin with here.
    pub(crate) prefix: Option<String>,
}

/// What is imported.
#[derive(Debug, Clone)]
pub(crate) enum What {
    /// A path or an address.
    File(String),
    /// A profile, by name.
    Profile(String),
}

pub(crate) fn read(report: &mut Report, section: &Node, version: Version) -> Vec<Import> {
    let mut found = Vec::new();
    match &section.data {
        Data::Sequence(items) => {
            let mut names = std::collections::BTreeSet::new();
            for item in items {
                if let ([entry], false) = (item.entries(), is_fields(item))
                    && !names.insert(entry.key.clone())
                {
                    let message = format!("two imports have the name `{}`", crate::suggestion::shown(&entry.key));
                    report.say(Fault::error(entry.at, Code::DuplicateEntry, message));
                }
                found.extend(one(report, item, version));
            }
        }
        Data::Mapping(entries) => {
            let message = "`imports` is a list; this map is read as one import for each name";
            report.say(Fault::warning(section.at, Code::Lenient, message));
            if is_fields(section) {
                found.extend(one(report, section, version));
            } else {
                found.extend(entries.iter().filter_map(|entry| named(report, entry, version)));
            }
        }
        Data::Text(_) => {
            let message = "`imports` is a list; this is read as its one entry";
            report.say(Fault::warning(section.at, Code::Lenient, message));
            found.extend(one(report, section, version));
        }
        _ => {
            let message = format!("`imports` must be a list, not {}", section.what());
            report.say(Fault::error(section.at, Code::WrongType, message));
        }
    }
    found
}

/// Whether a map is the fields of one import, not a name with an import.
fn is_fields(node: &Node) -> bool {
    ["file", "url", "profile"].iter().any(|field| node.get(field).is_some())
}

fn one(report: &mut Report, item: &Node, version: Version) -> Option<Import> {
    if let Some(path) = item.text() {
        return Some(Import { at: item.at, what: What::File(path.trim().to_owned()), repository: None, prefix: None });
    }
    if is_fields(item) {
        return fields(report, item, version);
    }
    match item.entries() {
        [entry] => named(report, entry, version),
        _ => {
            let message = "an import is a path, a name with a path, or a map with `file` (2.0: `url` or `profile`)";
            report.say(Fault::error(item.at, Code::WrongType, message));
            None
        }
    }
}

fn named(report: &mut Report, entry: &Entry, version: Version) -> Option<Import> {
    match &entry.value.data {
        Data::Text(path) => {
            let what = What::File(path.trim().to_owned());
            Some(Import { at: entry.value.at, what, repository: None, prefix: None })
        }
        Data::Mapping(_) => fields(report, &entry.value, version),
        _ => {
            let message = format!("the import `{}` names no file", crate::suggestion::shown(&entry.key));
            report.say(Fault::error(entry.at, Code::MissingField, message));
            None
        }
    }
}

fn fields(report: &mut Report, node: &Node, version: Version) -> Option<Import> {
    grammar::fields(report, node, grammar::IMPORT, version, "an import");
    let text = |field: &str| node.given(field).and_then(Node::text).map(|text| text.trim().to_owned());
    let place = text("file").or_else(|| text("url"));
    let at =
        node.given("file").or_else(|| node.given("url")).or_else(|| node.given("profile")).map_or(node.at, |n| n.at);
    let what = match (place, text("profile")) {
        (Some(place), _) => What::File(place),
        (None, Some(profile)) => What::Profile(profile),
        (None, None) => {
            let message =
                if version.is_two() { "an import needs `url` or `profile`" } else { "an import needs `file`" };
            report.say(Fault::error(node.at, Code::MissingField, message));
            return None;
        }
    };
    Some(Import {
        at,
        what,
        repository: text("repository"),
        prefix: text("namespace_prefix").or_else(|| text("namespace")),
    })
}
