//! From text to model: parse, check against the schema, deserialise, check
//! what the schema can't say. Each step adds what it finds; a step that finds
//! faults doesn't keep the later ones from finding theirs.

mod builder;
mod emitter;
mod json;
pub(crate) mod node;
pub(crate) mod scalar;
pub(crate) mod yaml;

pub use emitter::write_descriptor;

use crate::{
    checks,
    diagnostic::{Code, Diagnostic, Diagnostics},
    finding::{Finding, Place, located},
    schema,
};
use hansa_ontology::ResourceModel;
use node::{Node, Position};
use yaml::Bounds;

/// The largest descriptor that is read, in bytes.
pub const MAX_BYTES: usize = 1 << 20;
/// How many faults are listed.
const MAX_LISTED: usize = 500;

/// A descriptor that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Described {
    /// The model.
    pub model: ResourceModel,
    /// What its author should know.
    pub warnings: Vec<Diagnostic>,
}

/// Reads a descriptor, YAML 1.2 or JSON (RFC 8259).
///
/// # Errors
/// Everything that is wrong with it, in the order of the text.
pub fn read_descriptor(text: &str) -> Result<Described, Diagnostics> {
    let mut findings = Vec::new();
    if text.len() > MAX_BYTES {
        findings.push(too_large());
        return Err(refused(findings, None, ""));
    }
    let Some(root) = parse(text, &mut findings) else {
        return Err(refused(findings, None, text));
    };
    let value = root.to_value();
    schema::check(&value, &root, &mut findings);
    let checks::Verdict { faults, warnings } = checks::check(&value, &findings);
    findings.extend(faults);
    if !findings.is_empty() {
        return Err(refused(findings, Some(&root), text));
    }
    match serde_json::from_value(value) {
        Ok(model) => Ok(Described { model, warnings: located(warnings, Some(&root), text) }),
        Err(error) => Err(refused(vec![Finding::key("", Code::Invalid, error.to_string())], Some(&root), text)),
    }
}

/// Reads a descriptor from bytes, which must be UTF-8.
///
/// # Errors
/// As [`read_descriptor`], and when the bytes are no UTF-8.
pub fn read_descriptor_bytes(bytes: &[u8]) -> Result<Described, Diagnostics> {
    match std::str::from_utf8(bytes) {
        Ok(text) => read_descriptor(text),
        Err(_) if bytes.len() > MAX_BYTES => Err(refused(vec![too_large()], None, "")),
        Err(error) => {
            let before = String::from_utf8_lossy(bytes.get(..error.valid_up_to()).unwrap_or_default());
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            let at = Place::At(Position { file: 0, line, column });
            let finding = Finding::new("", at, Code::Encoding, "this byte is no UTF-8").hint("save the file as UTF-8");
            Err(refused(vec![finding], None, &String::from_utf8_lossy(bytes)))
        }
    }
}

fn parse(text: &str, findings: &mut Vec<Finding>) -> Option<Node> {
    let begins = text.trim_start_matches('\u{feff}').trim_start();
    let json = begins.starts_with(['{', '[']).then(|| json::read(text, findings)).flatten();
    json.or_else(|| yaml::read(text, Bounds::DESCRIPTOR, findings))
}

fn too_large() -> Finding {
    Finding::key("", Code::TooLarge, format!("a descriptor may have at most {} KiB", MAX_BYTES >> 10))
}

fn refused(findings: Vec<Finding>, root: Option<&Node>, text: &str) -> Diagnostics {
    let mut list = located(findings, root, text);
    let omitted = list.len().saturating_sub(MAX_LISTED);
    list.truncate(MAX_LISTED);
    Diagnostics { list, omitted }
}

/// The fields of a value as the reader keeps them, for the emitter.
fn tree(value: &impl serde::Serialize) -> Option<Node> {
    let text = serde_json::to_string(value).ok()?;
    json::read(&text, &mut Vec::new())
}
