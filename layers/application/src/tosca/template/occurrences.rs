//! Several nodes of one template, as MiCADO's own parser has them in TOSCA 1.3:
//! `instance_count` makes so many of it, each with its own part of a list that
//! an input holds (`[INPUT, INDEX]`). TOSCA 2.0 has `count` in its place.

use super::{Input, Topology};
use crate::{
    descriptor::node::{Data, Entry, Node},
    diagnostic::Code,
    suggestion::shown,
    tosca::{report::Fault, types::flat::occurrences, version::Version, world::World},
};
use indexmap::IndexMap;
use std::borrow::Cow;

/// The most nodes of one template.
const MOST: i64 = 1_000;

/// The names of what a template became.
type Spread = IndexMap<String, Vec<String>>;

impl World {
    /// A topology in which each template that says how many there are stands so
    /// many times, as `NAME-1` and so on; policies and groups that name it name
    /// all of them.
    pub(super) fn spread<'n>(&mut self, node: &'n Node, topology: &Topology) -> Cow<'n, Node> {
        let section = node.given("node_templates").map(Node::entries).unwrap_or_default();
        let counted = |entry: &Entry| entry.value.given("instance_count").is_some();
        if self.version_of(topology.unit) != Version::V1_3 || !section.iter().any(counted) {
            return Cow::Borrowed(node);
        }
        let (mut templates, mut spread) = (Vec::new(), Spread::new());
        for entry in section {
            match self.count_of(entry, &topology.inputs) {
                Some(count) => {
                    let (names, one) =
                        (names(&entry.key, count), without(&entry.value, &["instance_count", "occurrences"]));
                    let made = |(index, key): (usize, &String)| Entry {
                        key: key.clone(),
                        at: entry.at,
                        value: numbered(&one, index, &topology.inputs),
                    };
                    self.no_namesake(entry, section, &names);
                    templates.extend(names.iter().enumerate().map(made));
                    spread.insert(entry.key.clone(), names);
                }
                None => templates.push(Entry { value: without(&entry.value, &["instance_count"]), ..entry.clone() }),
            }
        }
        let mut node = node.clone();
        if let Data::Mapping(sections) = &mut node.data {
            for section in sections {
                match section.key.as_str() {
                    "node_templates" => section.value.data = Data::Mapping(std::mem::take(&mut templates)),
                    "policies" => name_all(&mut section.value, "targets", &spread),
                    "groups" => name_all(&mut section.value, "members", &spread),
                    _ => {}
                }
            }
        }
        Cow::Owned(node)
    }

    fn no_namesake(&mut self, of: &Entry, section: &[Entry], names: &[String]) {
        for other in section.iter().filter(|other| names.contains(&other.key)) {
            let message = format!("the node template `{}` has the name of one of `{}`", other.key, shown(&of.key));
            self.report.say(Fault::error(other.at, Code::DuplicateKey, message).hint("rename one of them"));
        }
    }

    /// How many there are of a template. None: one, or that was said.
    fn count_of(&mut self, entry: &Entry, inputs: &IndexMap<String, Input>) -> Option<usize> {
        let stated = entry.value.given("instance_count")?;
        let input = |name: &str| inputs.get(name).and_then(|input| input.value.as_ref());
        let value = match stated.given("get_input") {
            Some(name) => name.text().and_then(input),
            None => Some(stated),
        };
        let what = format!("`instance_count` of the node template `{}`", shown(&entry.key));
        let whole = |value: &Node| value.integer().or_else(|| value.text()?.trim().parse().ok());
        let Some(count) = value.and_then(whole).filter(|count| (0..=MOST).contains(count)) else {
            let message = format!("{what} must be a whole number up to {MOST}, or `get_input` of one");
            self.report.say(Fault::error(stated.at, Code::WrongType, message));
            return None;
        };
        let bounds = entry.value.given("occurrences").and_then(occurrences);
        if let Some((least, most)) = bounds
            && count > 0
            && (count.unsigned_abs() < least || most.is_some_and(|most| count.unsigned_abs() > most))
        {
            let message = format!("{what} is {count}, and its `occurrences` don't have that");
            self.report.say(Fault::error(stated.at, Code::OutOfRange, message));
        }
        let message = format!("{what} is MiCADO's own: there are {count}, the first is `{}-1`", shown(&entry.key));
        let note = Fault::note(stated.at, Code::Lenient, message).hint("TOSCA 2.0 has `count`");
        (count > 0).then(|| self.report.say(note))?;
        usize::try_from(count).ok()
    }
}

fn names(of: &str, count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("{of}-{number}")).collect()
}

fn without(template: &Node, fields: &[&str]) -> Node {
    let mut template = template.clone();
    if let Data::Mapping(entries) = &mut template.data {
        entries.retain(|entry| !fields.contains(&entry.key.as_str()));
    }
    template
}

/// The same with what the node of this number takes of lists.
fn numbered(node: &Node, index: usize, inputs: &IndexMap<String, Input>) -> Node {
    if let Some(part) = indexed(node, index, inputs) {
        return part;
    }
    let data = match &node.data {
        Data::Sequence(items) => Data::Sequence(items.iter().map(|item| numbered(item, index, inputs)).collect()),
        Data::Mapping(entries) => Data::Mapping(
            entries.iter().map(|one| Entry { value: numbered(&one.value, index, inputs), ..one.clone() }).collect(),
        ),
        data => data.clone(),
    };
    Node { at: node.at, data }
}

/// `get_input: [INPUT, INDEX]`: what the list of the input has there, or the
/// call with the number where it has nothing, which is said when it is worked out.
fn indexed(node: &Node, index: usize, inputs: &IndexMap<String, Input>) -> Option<Node> {
    let [Entry { key, value: path, at }] = node.entries() else { return None };
    let [input, step] = path.items() else { return None };
    if key != "get_input" || step.text() != Some("INDEX") {
        return None;
    }
    let list = inputs.get(input.text()?).and_then(|input| input.value.as_ref());
    let part = list.and_then(|list| list.items().get(index)).map(|part| part.clone().placed(node.at));
    let number = Node { at: step.at, data: Data::Number(index.into(), index.to_string()) };
    let path = Node { at: path.at, data: Data::Sequence(vec![input.clone(), number]) };
    let call = Entry { key: key.clone(), at: *at, value: path };
    Some(part.unwrap_or_else(|| Node { at: node.at, data: Data::Mapping(vec![call]) }))
}

/// Names all that a template became, wherever a list of this field names it.
fn name_all(node: &mut Node, field: &str, spread: &Spread) {
    match &mut node.data {
        Data::Sequence(items) => items.iter_mut().for_each(|item| name_all(item, field, spread)),
        Data::Mapping(entries) => {
            for entry in entries {
                match &mut entry.value.data {
                    Data::Sequence(names) if entry.key == field => {
                        *names = names.iter().flat_map(|name| renamed(name, spread)).collect();
                    }
                    _ => name_all(&mut entry.value, field, spread),
                }
            }
        }
        _ => {}
    }
}

fn renamed(name: &Node, spread: &Spread) -> Vec<Node> {
    match name.text().and_then(|text| spread.get(text)) {
        Some(all) => all.iter().map(|one| Node::of_text(name.at, one.clone())).collect(),
        None => vec![name.clone()],
    }
}
