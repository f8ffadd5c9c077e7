//! Plain scalars by the core schema of YAML 1.2 (clause 10.3.2): `no` is text,
//! `0o17` is fifteen, and what JSON can't hold is refused.

use super::node::Data;
use serde_json::Number;

/// What a plain scalar stands for. None: infinity or not-a-number.
pub(super) fn resolve(text: &str) -> Option<Data> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Some(Data::Null),
        "true" | "True" | "TRUE" => Some(Data::Bool(true, text.to_owned())),
        "false" | "False" | "FALSE" => Some(Data::Bool(false, text.to_owned())),
        ".nan" | ".NaN" | ".NAN" => None,
        _ => match text.strip_prefix(['-', '+']).unwrap_or(text) {
            ".inf" | ".Inf" | ".INF" => None,
            _ => resolve_number(text),
        },
    }
}

/// What a scalar with a tag of the core schema stands for, whatever its style. None: not that.
pub(super) fn tagged(text: &str, tag: &str) -> Option<Data> {
    match (tag, resolve(text)) {
        ("str", _) => Some(Data::Text(text.to_owned())),
        ("int", found @ Some(Data::Number(..))) if integer(text).is_some() => found,
        ("float", found @ Some(Data::Number(..)))
        | ("bool", found @ Some(Data::Bool(..)))
        | ("null", found @ Some(Data::Null)) => found,
        _ => None,
    }
}

fn resolve_number(text: &str) -> Option<Data> {
    if let Some(number) = integer(text) {
        return Some(Data::Number(number, text.to_owned()));
    }
    if !is_decimal(text) {
        return Some(Data::Text(text.to_owned()));
    }
    let number = text.parse::<f64>().ok().and_then(Number::from_f64)?;
    Some(Data::Number(number, text.to_owned()))
}

fn integer(text: &str) -> Option<Number> {
    let radix = |digits: &str, radix: u32| {
        let plain = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
        plain.then(|| u64::from_str_radix(digits, radix).ok().map(Number::from)).flatten()
    };
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8);
    }
    text.parse::<i64>()
        .map(Number::from)
        .or_else(|_: std::num::ParseIntError| text.parse::<u64>().map(Number::from))
        .ok()
}

/// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (units, decimals) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    digits(units)
        && digits(decimals)
        && !(units.is_empty() && decimals.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn core_schema_not_yaml_1_1() {
        for text in [
            "no",
            "on",
            "yes",
            "off",
            "NO",
            "0b1",
            "1_000",
            "12:30:45",
            "0x",
            "0xg",
            "e5",
            ".",
            "-",
            "1.2.3",
            "2026-01-01",
        ] {
            assert!(matches!(resolve(text), Some(Data::Text(_))), "{text}");
        }
        for (text, number) in
            [("0o17", 15.0), ("0x1F", 31.0), ("007", 7.0), ("+5", 5.0), (".5", 0.5), ("5.", 5.0), ("1e3", 1000.0)]
        {
            match resolve(text) {
                Some(Data::Number(found, _)) => assert_eq!(found.as_f64(), Some(number), "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
        for text in [".inf", "-.INF", ".nan", "1e999"] {
            assert!(resolve(text).is_none(), "{text}");
        }
    }
}
