//! What other readers of YAML take and the standard doesn't: lines of a list in
//! brackets that stand further to the left than the field they belong to.

use crate::{
    descriptor::node::Position,
    diagnostic::Code,
    finding::{Finding, Place},
};

/// How far such lines are moved.
const FAR: usize = 64;

/// The text with such lines indented, and where the first one is. None: that was not the trouble.
pub(super) fn indented(text: &str, findings: &[Finding]) -> Option<(String, Position)> {
    let at = findings.iter().find_map(|finding| match finding.place {
        Place::At(at) if finding.code == Code::Syntax && finding.message.contains("indentation") => Some(at),
        _ => None,
    })?;
    let (mut out, mut depth, mut quote) = (String::with_capacity(text.len() + 1024), 0_usize, None::<char>);
    for line in text.split_inclusive('\n') {
        if depth > 0 && quote.is_none() && !line.trim().is_empty() {
            out.push_str(&" ".repeat(FAR));
        }
        let mut before = ' ';
        for c in line.chars() {
            match (quote, c) {
                (None, '#') if before.is_whitespace() => break,
                // A quote opens a text only where a value begins.
                (None, '"' | '\'') if matches!(before, ' ' | '[' | '{' | ',' | ':' | '(') => quote = Some(c),
                (Some(open), c) if c == open && before != '\\' => quote = None,
                (None, '[' | '{') => depth += 1,
                (None, ']' | '}') => depth = depth.saturating_sub(1),
                _ => {}
            }
            before = c;
        }
        out.push_str(line);
    }
    Some((out, at))
}
