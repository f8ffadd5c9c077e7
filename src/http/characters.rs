//! Control characters have no business in names and texts: PostgreSQL stores no
//! NUL, terminals obey the rest. They are refused where they come in, and the
//! place is named. Tabs and line ends are text, but not in a path.

use super::{
    access::decoded,
    problem::{ApiError, ProblemKind},
};
use actix_web::web;
use serde_json::Value;

/// The first character that isn't taken.
fn unwanted(text: &str) -> Option<char> {
    text.chars().find(|letter| letter.is_control() && !matches!(letter, '\t' | '\n' | '\r'))
}

fn said(letter: char) -> String {
    format!("it holds the control character U+{:04X}; leave it out", u32::from(letter))
}

/// That the parts of a path hold none.
///
/// # Errors
/// Names the part by its name in the pattern.
pub(crate) fn expect_in_path(pattern: &str, path: &str) -> Result<(), ApiError> {
    for (name, part) in pattern.split('/').zip(path.split('/')) {
        if let Some(letter) = decoded(part).chars().find(|letter| letter.is_control()) {
            let name = name.trim_start_matches('{').trim_end_matches('}');
            let name = name.split(':').next().unwrap_or_default();
            return Err(ApiError::new(ProblemKind::Malformed, format!("the path's `{name}`: {}", said(letter))));
        }
    }
    Ok(())
}

/// That the parameters of a query hold none.
///
/// # Errors
/// Names the parameter.
pub(crate) fn expect_in_query(query: &str) -> Result<(), ApiError> {
    // What isn't read here is refused by the handler, which says what it takes.
    let Ok(pairs) = web::Query::<Vec<(String, String)>>::from_query(query) else { return Ok(()) };
    for (name, value) in pairs.iter() {
        if let Some(letter) = unwanted(name).or_else(|| unwanted(value)) {
            return Err(ApiError::new(ProblemKind::Malformed, format!("{}: {}", shown(name), said(letter))));
        }
    }
    Ok(())
}

/// That the fields of a form hold none.
///
/// # Errors
/// Names the field.
pub(crate) fn expect_in_fields(fields: &[(String, String)]) -> Result<(), ApiError> {
    match fields.iter().find_map(|(name, value)| Some((name, unwanted(name).or_else(|| unwanted(value))?))) {
        None => Ok(()),
        Some((name, letter)) => Err(ApiError::field(&shown(name), said(letter))),
    }
}

/// That the texts of a JSON body hold none.
///
/// # Errors
/// Names the member by its JSON pointer (RFC 6901).
pub(crate) fn expect_in_json(body: &[u8]) -> Result<(), ApiError> {
    // In JSON they can only stand escaped, or as the two bytes of U+0080 to U+009F.
    let suspect = |pair: &[u8]| matches!(pair, [b'\\', b'u' | b'b' | b'f'] | [0xc2, 0x80..=0x9f] | [_, 0x7f]);
    if !body.windows(2).any(suspect) {
        return Ok(());
    }
    // What is no JSON is refused by whoever reads it.
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return Ok(()) };
    match find(&value, "") {
        None => Ok(()),
        Some((pointer, letter)) => Err(ApiError::field(&pointer, said(letter))),
    }
}

/// Where the first one stands, and which it is.
fn find(value: &Value, pointer: &str) -> Option<(String, char)> {
    match value {
        Value::String(text) => unwanted(text).map(|letter| (pointer.to_owned(), letter)),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(number, item)| find(item, &format!("{pointer}/{number}")))
        }
        Value::Object(members) => members.iter().find_map(|(name, member)| {
            let step = format!("{pointer}/{}", shown(name).replace('~', "~0").replace('/', "~1"));
            unwanted(name).map(|letter| (step.clone(), letter)).or_else(|| find(member, &step))
        }),
        _ => None,
    }
}

/// A name as it may be told.
fn shown(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_control()).take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_member_that_holds_one_is_named() {
        let told = |body: &str| expect_in_json(body.as_bytes()).map_err(|error| error.to_string());
        for good in
            [r#"{"a":"tab\t line\n","b":["\u00e9 \\u0000"]}"#, "[]", "no JSON \\u0000", r#"{"a":"\ud83d\ude00"}"#]
        {
            assert_eq!(told(good), Ok(()), "{good}");
        }
        for (bad, place) in [
            (r#"{"title":"a\u0000b"}"#, "/title: it holds the control character U+0000"),
            (r#"{"a":{"b/c":["x","\u001b[2J"]}}"#, "/a/b~1c/1: it holds the control character U+001B"),
            (r#"{"a\u0000":1}"#, "/a: it holds the control character U+0000"),
            ("{\"a\":\"\u{85}\"}", "/a: it holds the control character U+0085"),
            ("{\"a\":\"\u{7f}\"}", "/a: it holds the control character U+007F"),
            (r#""\b""#, ": it holds the control character U+0008"),
        ] {
            let error = told(bad).unwrap_err();
            assert!(error.starts_with(place), "{bad}: {error}");
        }
    }

    #[test]
    fn paths_and_queries_name_the_part() {
        let told = |path: &str| expect_in_path("/a/{name}/{id:.+}", path).map_err(|error| error.to_string());
        assert_eq!(told("/a/x%20y/z"), Ok(()));
        assert!(told("/a/x%00/z").unwrap_err().contains("`name`"));
        assert!(told("/a/x/\u{7f}").unwrap_err().contains("`id`"));
        assert!(expect_in_query("query=SELECT%0A%09x&limit=1").is_ok());
        assert!(expect_in_query("a=1&name=%00").unwrap_err().to_string().starts_with("name: "));
    }
}
