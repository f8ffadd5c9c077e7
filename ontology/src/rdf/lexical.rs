//! Numbers and times as XML Schema writes them, read exactly or not at all.

use chrono::{DateTime, SecondsFormat, Utc};
use rust_decimal::Decimal;

/// An `xsd:decimal` or `xsd:integer` of at most 28 digits.
pub(super) fn decimal(text: &str) -> Option<Decimal> {
    let (negative, digits) = signed(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits.bytes().any(|byte| byte.is_ascii_digit())
        || !is_number(whole)
        || !is_number(fraction)
        || whole.len() + fraction.len() > 28
    {
        return None;
    }
    let mut number = Decimal::from_str_exact(&format!("0{whole}.{fraction}0")).ok()?.normalize();
    number.set_sign_negative(negative && !number.is_zero());
    Some(number)
}

/// An `xsd:integer` from 0 to 2³² - 1.
pub(super) fn count(text: &str) -> Option<u32> {
    let (negative, digits) = signed(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let trimmed = digits.trim_start_matches('0');
    let number = if trimmed.is_empty() { 0 } else { trimmed.parse().ok()? };
    (!negative || number == 0).then_some(number)
}

fn signed(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// An `xsd:dateTime` with a time zone, to the nanosecond.
pub(super) fn time(text: &str) -> Option<DateTime<Utc>> {
    let too_fine =
        text.split_once('.').is_some_and(|(_, rest)| rest.bytes().take_while(u8::is_ascii_digit).count() > 9);
    let leap_second = text.as_bytes().get(17..19) == Some(b"60");
    if too_fine || leap_second {
        return None;
    }
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc())
}

/// As [`time`] reads it again.
pub(super) fn time_text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_decimals_exactly() {
        for (text, expected) in [
            ("0.0125", "0.0125"),
            ("+007.50", "7.5"),
            ("-.5", "-0.5"),
            ("5.", "5"),
            ("-0", "0"),
            ("1234567890123456789012345678", "1234567890123456789012345678"),
            ("0000000000000000000000000000000000000001.10000000000000000000000000000000", "1.1"),
        ] {
            assert_eq!(decimal(text).map(|number| number.to_string()).as_deref(), Some(expected), "{text}");
        }
        for bad in ["", ".", "-", "1e3", "1,5", "0x1", " 1", "--1", "1.2.3", "12345678901234567890123456789"] {
            assert_eq!(decimal(bad), None, "{bad}");
        }
    }

    #[test]
    fn reads_counts_and_times() {
        assert_eq!(count("+0012"), Some(12));
        assert_eq!(count("4294967295"), Some(u32::MAX));
        for bad in ["", "-1", "4294967296", "1.0", "one"] {
            assert_eq!(count(bad), None, "{bad}");
        }
        let noon = time("2026-03-01T12:00:00.000000001+01:00").unwrap();
        assert_eq!(time_text(noon), "2026-03-01T11:00:00.000000001Z");
        for bad in [
            "2026-03-01",
            "2026-03-01T12:00:00",
            "2026-02-30T12:00:00Z",
            "2026-03-01T12:00:60Z",
            "2026-03-01T12:00:00.0000000001Z",
        ] {
            assert_eq!(time(bad), None, "{bad}");
        }
    }
}
