//! Writes a model as people would: block style, short lists on one line,
//! quotes only where they are needed, fields in the order of the format.

use super::{
    node::{Data, Entry, Node},
    scalar::resolve,
    tree,
};
use hansa_ontology::ResourceModel;

/// How long a list may be to stay on one line.
const ONE_LINE: usize = 80;

/// The model as YAML that [`read_descriptor`](crate::read_descriptor) reads back without loss.
#[must_use]
pub fn write_descriptor(model: &ResourceModel) -> String {
    let mut out = String::new();
    let Some(mut root) = tree(model) else {
        return out;
    };
    bare_numbers(&mut root, "");
    if let Data::Mapping(entries) = &root.data {
        mapping(&mut out, entries, 0, false);
    }
    out
}

/// Fields that take a number as well as its text; exact numbers are kept as
/// text inside, but people write them without quotes.
const NUMBERS: [(&str, &[&str]); 6] = [
    ("resources", &["cpu"]),
    ("constraints", &["minAvailability", "maxPricePerHour", "maxCarbonIntensity"]),
    ("objective", &["price", "latency", "carbon"]),
    ("availability", &["target"]),
    ("latency", &["target"]),
    ("query", &["target"]),
];

fn bare_numbers(node: &mut Node, parent: &str) {
    let known = NUMBERS.iter().find(|(name, _)| *name == parent);
    match &mut node.data {
        Data::Sequence(items) => items.iter_mut().for_each(|item| bare_numbers(item, "")),
        Data::Mapping(entries) => {
            for entry in entries {
                let takes_number = known.is_some_and(|(_, fields)| fields.contains(&entry.key.as_str()));
                match (&entry.value.data, takes_number) {
                    (Data::Text(text), true) if is_short(text) => {
                        if let Some(number @ Data::Number(..)) = resolve(text) {
                            entry.value.data = number;
                        }
                    }
                    _ => bare_numbers(&mut entry.value, &entry.key),
                }
            }
        }
        _ => {}
    }
}

/// Whether a binary floating-point number holds this decimal one exactly enough to give it back.
fn is_short(number: &str) -> bool {
    number.bytes().filter(u8::is_ascii_digit).count() <= 15
}

fn mapping(out: &mut String, entries: &[Entry], indent: usize, in_line: bool) {
    for (index, entry) in entries.iter().enumerate() {
        if index > 0 || !in_line {
            out.push_str(&" ".repeat(indent));
        }
        out.push_str(&text(&entry.key));
        out.push(':');
        value(out, &entry.value, indent);
    }
}

/// What follows `key:`, with the line's end.
fn value(out: &mut String, node: &Node, indent: usize) {
    if let Some(line) = one_line(node) {
        out.push(' ');
        out.push_str(&line);
        out.push('\n');
        return;
    }
    out.push('\n');
    match &node.data {
        Data::Mapping(entries) => mapping(out, entries, indent + 2, false),
        Data::Sequence(items) => {
            for item in items {
                out.push_str(&" ".repeat(indent + 2));
                out.push_str("- ");
                entry(out, item, indent + 4);
            }
        }
        _ => {}
    }
}

/// What follows `- `, with the line's end.
fn entry(out: &mut String, node: &Node, indent: usize) {
    match (&node.data, one_line(node)) {
        (Data::Mapping(entries), None) => mapping(out, entries, indent, true),
        (_, Some(line)) => {
            out.push_str(&line);
            out.push('\n');
        }
        (_, None) => value(out, node, indent - 2),
    }
}

/// Scalars, what is empty, and short lists of scalars fit on the line of their key.
fn one_line(node: &Node) -> Option<String> {
    match &node.data {
        Data::Null => Some("null".to_owned()),
        Data::Bool(_, written) | Data::Number(_, written) => Some(written.clone()),
        Data::Text(given) => Some(text(given)),
        Data::Mapping(entries) => entries.is_empty().then(|| "{}".to_owned()),
        Data::Sequence(items) => {
            let scalar = |item: &Node| !matches!(item.data, Data::Mapping(_) | Data::Sequence(_));
            let line =
                items.iter().map(|item| scalar(item).then(|| one_line(item)).flatten()).collect::<Option<Vec<_>>>()?;
            let line = format!("[{}]", line.join(", "));
            (line.len() <= ONE_LINE).then_some(line)
        }
    }
}

/// Text, plain where it can be read back as just this text, else in double quotes.
fn text(given: &str) -> String {
    let plain = |c: char| {
        c.is_alphanumeric() && (' '..'\u{d7ff}').contains(&c)
            || matches!(c, '-' | '_' | '.' | '/' | '+' | '$' | '%' | ' ' | '(' | ')')
    };
    let first = |c: char| c.is_alphanumeric() || matches!(c, '/' | '_' | '.' | '$');
    let reads_back = matches!(resolve(given), Some(Data::Text(_))) && !ambiguous(given);
    if given.chars().all(plain) && given.starts_with(first) && !given.ends_with(' ') && reads_back && given != "..." {
        return given.to_owned();
    }
    let mut out = String::from('"');
    for c in given.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            ' '..='~' | '\u{a1}'..='\u{200a}' | '\u{2030}'..='\u{205f}' | '\u{2070}'..='\u{d7ff}' => out.push(c),
            '\0'..='\u{ffff}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ => out.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    out.push('"');
    out
}

/// Text that other readers, of YAML 1.1, take for something else.
fn ambiguous(text: &str) -> bool {
    const WORDS: [&str; 8] = ["y", "n", "yes", "no", "on", "off", "true", "false"];
    text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains(|c: char| c.is_ascii_alphabetic())
        || WORDS.contains(&text.to_ascii_lowercase().as_str())
}
