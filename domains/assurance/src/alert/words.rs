//! What a rule says when it fires: its summary, with the values of labels in it.

use super::LabelSet;
use crate::series::is_label;

/// The most letters of a value that is put in.
const OF_VALUE: usize = 200;
/// The name of what is measured itself.
const VALUE: &str = "value";

/// Whether `{{label}}` stands in it as it should.
///
/// # Errors
/// What is wrong, and what to write.
pub(crate) fn check(summary: &str) -> Result<(), String> {
    let mut rest = summary;
    while let Some((_, behind)) = rest.split_once("{{") {
        let (name, after) = behind.split_once("}}").ok_or("`{{` has no `}}`: write {{component}}")?;
        if !is_label(name.trim()) {
            return Err(format!("`{{{{{name}}}}}` names no label: write {{{{component}}}} or {{{{value}}}}"));
        }
        rest = after;
    }
    Ok(())
}

/// The summary with values in the place of `{{label}}` and `{{value}}`. What is
/// put in is text alone: nothing of it is read again.
pub(crate) fn fill(summary: &str, labels: &LabelSet, value: Option<f64>) -> String {
    let (mut filled, mut rest) = (String::new(), summary);
    while let Some((before, behind)) = rest.split_once("{{") {
        let Some((name, after)) = behind.split_once("}}") else { break };
        filled.push_str(before);
        match labels.get(name.trim()) {
            Some(text) => filled.push_str(&shown(text)),
            None if name.trim() == VALUE => filled.push_str(&number(value)),
            None => filled.push_str(&format!("(no {})", name.trim())),
        }
        rest = after;
    }
    filled + rest
}

/// `{component="web", pod="web-0"}`.
pub(crate) fn set(labels: &LabelSet) -> String {
    let each: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={:?}", shown(value))).collect();
    format!("{{{}}}", each.join(", "))
}

/// A number as people read it.
pub(crate) fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "no finite number".to_owned(), |value| value.to_string())
}

fn shown(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(OF_VALUE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_in_the_place_of_their_names() {
        let labels = [("component".to_owned(), "web".to_owned()), ("odd".to_owned(), "{{value}}\r\nBcc: x".to_owned())];
        let labels = labels.into();
        let filled = |summary| fill(summary, &labels, Some(93.5));
        assert_eq!(filled("{{component}} has {{ value }} %"), "web has 93.5 %");
        assert_eq!(filled("{{odd}}, {{gone}}"), "{{value}}  Bcc: x, (no gone)", "what is put in is not read again");
        assert_eq!((filled("nothing"), filled("{{open")), ("nothing".to_owned(), "{{open".to_owned()));
        assert_eq!(fill("{{value}}", &labels, None), "no finite number");
        assert_eq!(set(&labels), r#"{component="web", odd="{{value}}  Bcc: x"}"#);
    }

    #[test]
    fn only_names_of_labels_stand_between_the_brackets() {
        assert_eq!(check("{{component}} and {{ value }}, } {"), Ok(()));
        for (bad, why) in [("{{component", "no `}}`"), ("{{a-b}}", "names no label"), ("{{}}", "names no label")] {
            assert!(check(bad).unwrap_err().contains(why), "{bad}");
        }
    }
}
