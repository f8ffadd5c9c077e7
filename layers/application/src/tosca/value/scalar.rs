//! Values that are written as one text: amounts with units, versions, times, ranges.

use crate::{descriptor::node::Node, tosca::types::schema::Units};
use indexmap::IndexMap;

/// An amount with its unit, in the base unit: bytes, seconds, hertz, bits a second.
pub(crate) fn amount(text: &str, units: Units) -> Option<f64> {
    let (number, unit) = split(text)?;
    let worth = match units {
        Units::Named => return unit.is_empty().then_some(number),
        Units::Size => size(unit),
        Units::Time => time(unit),
        Units::Frequency => frequency(unit),
        Units::Bitrate => bitrate(unit),
    };
    Some(number * worth?)
}

/// An amount in units that a data type of 2.0 names.
pub(crate) fn amount_of(text: &str, units: &IndexMap<String, f64>) -> Option<f64> {
    let (number, unit) = split(text)?;
    let same = |(name, _): &(&String, &f64)| name.eq_ignore_ascii_case(unit);
    let worth = units.get(unit).or_else(|| units.iter().find(same).map(|(_, worth)| worth))?;
    Some(number * worth)
}

/// Number and unit. The number may have decimals and an exponent, and no sign but plus.
fn split(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let text = text.strip_prefix('+').unwrap_or(text);
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (mantissa, mut rest) = text.split_at_checked(digits)?;
    let mut number = mantissa.parse::<f64>().ok()?;
    // `1e3 kHz`, but not `1 EB`.
    if let Some(after) = rest.strip_prefix(['e', 'E']) {
        let sign = after.starts_with(['-', '+']);
        let body = if sign { after.get(1..)? } else { after };
        let end = body.find(|c: char| !c.is_ascii_digit()).unwrap_or(body.len());
        if end > 0 {
            let exponent: i32 = after.get(..end + usize::from(sign))?.parse().ok()?;
            number *= 10_f64.powi(exponent);
            rest = body.get(end..)?;
        }
    }
    let unit = rest.trim();
    (number.is_finite() && unit.chars().all(|c| c.is_alphanumeric() || c == '/' || c == '%')).then_some((number, unit))
}

fn size(unit: &str) -> Option<f64> {
    Some(match unit.to_ascii_lowercase().as_str() {
        "b" => 1.0,
        "kb" => 1e3,
        "kib" => 1024.0,
        "mb" => 1e6,
        "mib" => 1_048_576.0,
        "gb" => 1e9,
        "gib" => 1_073_741_824.0,
        "tb" => 1e12,
        "tib" => 1_099_511_627_776.0,
        _ => return None,
    })
}

fn time(unit: &str) -> Option<f64> {
    Some(match unit.to_ascii_lowercase().as_str() {
        "d" => 86_400.0,
        "h" => 3_600.0,
        "m" => 60.0,
        "s" => 1.0,
        "ms" => 1e-3,
        "us" => 1e-6,
        "ns" => 1e-9,
        _ => return None,
    })
}

fn frequency(unit: &str) -> Option<f64> {
    Some(match unit.to_ascii_lowercase().as_str() {
        "hz" => 1.0,
        "khz" => 1e3,
        "mhz" => 1e6,
        "ghz" => 1e9,
        _ => return None,
    })
}

/// Here the case tells bits from bytes.
fn bitrate(unit: &str) -> Option<f64> {
    let head = unit.strip_suffix("ps")?;
    let (prefix, bits) = match head.strip_suffix('B') {
        Some(prefix) => (prefix, 8.0),
        None => (head.strip_suffix('b')?, 1.0),
    };
    let worth = match prefix.to_ascii_lowercase().as_str() {
        "" => 1.0,
        "k" => 1e3,
        "ki" => 1024.0,
        "m" => 1e6,
        "mi" => 1_048_576.0,
        "g" => 1e9,
        "gi" => 1_073_741_824.0,
        "t" => 1e12,
        "ti" => 1_099_511_627_776.0,
        _ => return None,
    };
    Some(worth * bits)
}

/// The numbers of a version: major, minor, fix, build; and its qualifier. The
/// standard asks for major and minor; that major alone will do is what other readers have.
pub(crate) fn version(text: &str) -> Option<([u64; 4], String)> {
    let (core, build) = match text.trim().rsplit_once('-') {
        Some((core, build)) => (core, build.parse::<u64>().ok()?),
        None => (text.trim(), 0),
    };
    let mut numbers = [0, 0, 0, build];
    let mut qualifier = String::new();
    for (index, part) in core.split('.').enumerate() {
        match numbers.get_mut(index).filter(|_| index < 3) {
            Some(slot) => *slot = part.parse().ok()?,
            None if index == 3 && !part.is_empty() && part.chars().all(char::is_alphanumeric) => {
                part.clone_into(&mut qualifier);
            }
            None => return None,
        }
    }
    Some((numbers, qualifier))
}

/// A date, or a date with a time (YAML 1.1's timestamp, of which ISO 8601 is nearly a part).
pub(crate) fn is_timestamp(text: &str) -> bool {
    let text = text.trim();
    let date = text.get(..10).unwrap_or(text);
    let parts: Vec<&str> = date.split(['T', 't', ' ']).next().unwrap_or_default().split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let number = |part: &str, most: u32| part.len() <= 4 && part.parse::<u32>().is_ok_and(|n| n >= 1 && n <= most);
    year.len() == 4
        && year.bytes().all(|b| b.is_ascii_digit())
        && number(month, 12)
        && number(day, 31)
        && text
            .get(10..)
            .unwrap_or_default()
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, 'T' | 't' | 'Z' | 'z' | ':' | '.' | '+' | '-' | ' '))
}

/// The bounds of a range; None for the upper one: there is none.
pub(crate) fn range(value: &Node) -> Option<(f64, Option<f64>)> {
    let [low, high] = value.items() else { return None };
    let unbounded = |node: &Node| node.text().is_some_and(|text| text.eq_ignore_ascii_case("UNBOUNDED"));
    let low = if unbounded(low) { f64::MIN } else { low.number()? };
    if unbounded(high) {
        return Some((low, None));
    }
    let high = high.number()?;
    (low <= high).then_some((low, Some(high)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_with_units() {
        assert_eq!(amount("2 GB", Units::Size), Some(2e9));
        assert_eq!(amount("512MiB", Units::Size), Some(536_870_912.0));
        assert_eq!(amount("1.23 gb", Units::Size), Some(1.23e9));
        assert_eq!(amount("123e3 kHz", Units::Frequency), Some(123e6));
        assert_eq!(amount("10.5m", Units::Time), Some(630.0));
        assert_eq!(amount("1 KiBps", Units::Bitrate), Some(8192.0));
        assert_eq!(amount("1 Mbps", Units::Bitrate), Some(1e6));
        for (text, units) in
            [("2", Units::Size), ("2 XB", Units::Size), ("GB", Units::Size), ("-1 s", Units::Time), ("", Units::Time)]
        {
            assert_eq!(amount(text, units), None, "{text}");
        }
    }

    #[test]
    fn versions_and_times() {
        assert_eq!(version("1.2.3.beta-4"), Some(([1, 2, 3, 4], "beta".to_owned())));
        assert_eq!(version("16.0").map(|found| found.0), Some([16, 0, 0, 0]));
        for text in ["", "a", "1.a", "1.2.3.4.5", "1..2", "1.2-x"] {
            assert_eq!(version(text), None, "{text}");
        }
        for text in ["2015-05-07T07:00:00Z", "1975-09-15 12:34:56.7 +2", "2030-01-31"] {
            assert!(is_timestamp(text), "{text}");
        }
        for text in ["", "yesterday", "2030-13-01", "2030", "30-01-01", "2030-01-31x"] {
            assert!(!is_timestamp(text), "{text}");
        }
    }
}
