//! `{{CONSTANT}}`: the one thing of Jinja that MiCADO's policies use.

use crate::rule::Datum;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// A text with the constants put in.
///
/// # Errors
/// What can't be put in.
pub fn fill(text: &str, constants: &BTreeMap<String, Json>) -> Result<String, String> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("{{") {
        filled.push_str(before);
        let (name, after) = behind.split_once("}}").ok_or("`{{` is open: close it with `}}`")?;
        let name = name.trim();
        if name.is_empty() || !name.chars().all(|letter| letter.is_alphanumeric() || letter == '_') {
            return Err(format!("`{{{{{name}}}}}` is more than the name of a constant: calculate it in the rule"));
        }
        let value = constants.get(name).ok_or_else(|| {
            let known = constants.keys().map(String::as_str);
            match crate::rule::nearest_name(name, known) {
                Some(near) => format!("there is no constant `{name}`; did you mean `{near}`?"),
                None => format!("there is no constant `{name}` in any of the policies"),
            }
        })?;
        filled.push_str(&shown(value));
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// A constant as Python shows it.
pub(super) fn shown(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Null => "None".to_owned(),
        Json::Bool(true) => "True".to_owned(),
        Json::Bool(false) => "False".to_owned(),
        other => match Datum::from_json(other) {
            Ok(Datum::Float(value)) => crate::rule::show_float(value),
            _ => other.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn constants_are_put_in_with_and_without_blanks() {
        let constants =
            [("A".to_owned(), json!(3)), ("NAME".to_owned(), json!("x y")), ("F".to_owned(), json!(2.0))].into();
        let filled = |text| fill(text, &constants);
        assert_eq!(filled("{{A}} {{ NAME }}{{F}} { } }}"), Ok("3 x y2.0 { } }}".to_owned()));
        assert_eq!(filled("plain"), Ok("plain".to_owned()));
        assert!(filled("{{NAMES}}").unwrap_err().contains("did you mean `NAME`"));
        assert!(filled("{{A + 1}}").unwrap_err().contains("more than the name"));
        assert!(filled("{{A").unwrap_err().contains("is open"));
        assert!(filled("{{A}}{{").is_err());
    }
}
