//! Numbers by a specification.

use super::Spec;
use crate::rule::{fault::Trouble, show};

/// A whole number, with at least so many digits.
pub(super) fn int(spec: &Spec, value: i128, least: usize) -> Result<String, Trouble> {
    if spec.precision.is_some() || spec.kind == Some('s') {
        return Err(Trouble::value("a whole number can't be formatted like this").hint("write d, or .2f"));
    }
    let size = value.unsigned_abs();
    let (base, digits) = match spec.kind {
        None | Some('d') => ("", size.to_string()),
        Some('b') => ("0b", format!("{size:b}")),
        Some('o') => ("0o", format!("{size:o}")),
        Some('x') => ("0x", format!("{size:x}")),
        Some('X') => ("0X", format!("{size:X}")),
        _ => return Err(Trouble::value("a rule doesn't format numbers as letters")),
    };
    let digits = format!("{}{digits}", "0".repeat(least.saturating_sub(digits.len())));
    let group = if base.is_empty() { 3 } else { 4 };
    if spec.grouping == Some(',') && !base.is_empty() {
        return Err(Trouble::value("`,` groups decimal digits only").hint("write _"));
    }
    let front = format!("{}{}", sign(spec, value < 0), if spec.alternate { base } else { "" });
    Ok(finish(spec, front, &digits, "", group))
}

/// A floating point number.
pub(super) fn float(spec: &Spec, value: f64) -> Result<String, Trouble> {
    let negative = value.is_sign_negative() && !value.is_nan();
    let size = value.abs();
    let body = match spec.kind {
        _ if !size.is_finite() => show::float(size),
        Some('f' | 'F') => fixed(size, spec.precision.unwrap_or(6), spec.alternate),
        Some('%') => fixed(size * 100.0, spec.precision.unwrap_or(6), spec.alternate),
        Some('e' | 'E') => scientific(size, spec.precision.unwrap_or(6), spec.alternate),
        Some('g' | 'G') => general(size, spec.precision.unwrap_or(6), spec.alternate, false),
        None => match spec.precision {
            Some(precision) => general(size, precision, spec.alternate, true),
            None => match show::float(size) {
                shown if spec.alternate && !shown.contains('.') => shown.replacen('e', ".e", 1),
                shown => shown,
            },
        },
        _ => return Err(Trouble::value("a floating point number can't be formatted like this").hint("write .2f")),
    };
    let body = if matches!(spec.kind, Some('E' | 'F' | 'G')) { body.to_uppercase() } else { body };
    let body = if spec.kind == Some('%') { body + "%" } else { body };
    let end = body.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(body.len());
    let (digits, rest) = body.split_at(end);
    Ok(finish(spec, sign(spec, negative).to_owned(), digits, rest, 3))
}

fn sign(spec: &Spec, negative: bool) -> &'static str {
    match (negative, spec.sign) {
        (true, _) => "-",
        (false, Some('+')) => "+",
        (false, Some(' ')) => " ",
        _ => "",
    }
}

/// Groups the digits, and fills up.
fn finish(spec: &Spec, front: String, digits: &str, rest: &str, group: usize) -> String {
    let Some(separator) = spec.grouping else {
        return spec.pad(front, &format!("{digits}{rest}"), '>');
    };
    let mut digits = digits.to_owned();
    // Zeros that fill up are grouped too.
    let behind_the_sign = spec.align == Some('=') || (spec.align.is_none() && spec.zero);
    if behind_the_sign && spec.fill.unwrap_or(if spec.zero { '0' } else { ' ' }) == '0' {
        let width = spec.width.saturating_sub(front.len() + rest.len());
        while digits.len() + (digits.len().saturating_sub(1)) / group < width {
            digits.insert(0, '0');
        }
    }
    let mut grouped = String::with_capacity(digits.len() * 2);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(group) {
            grouped.push(separator);
        }
        grouped.push(digit);
    }
    spec.pad(front, &format!("{grouped}{rest}"), '>')
}

fn fixed(size: f64, precision: usize, alternate: bool) -> String {
    // Rust formats up to 65,535 digits; behind the 1,074th all are 0.
    let exact = precision.min(1_100);
    let mut text = format!("{size:.exact$}");
    text.extend(std::iter::repeat_n('0', precision - exact));
    if alternate && precision == 0 {
        text.push('.');
    }
    text
}

/// The digits and the exponent of a number with so many digits behind the point.
fn parts(size: f64, precision: usize) -> (String, i32) {
    let exact = precision.min(1_100);
    let text = format!("{size:.exact$e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let mut digits = digits.to_owned();
    if exact > 0 {
        digits.extend(std::iter::repeat_n('0', precision - exact));
    }
    (digits, exponent.parse().unwrap_or(0))
}

fn with_exponent(digits: &str, exponent: i32) -> String {
    format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

fn scientific(size: f64, precision: usize, alternate: bool) -> String {
    let (mut digits, exponent) = parts(size, precision);
    if alternate && precision == 0 {
        digits.push('.');
    }
    with_exponent(&digits, exponent)
}

/// C's `%g`; `dotted` is Python's way where no type is given: with `.0` at least.
fn general(size: f64, precision: usize, alternate: bool, dotted: bool) -> String {
    let precision = precision.max(1);
    let (digits, exponent) = parts(size, precision - 1);
    let wide = i32::try_from(precision).unwrap_or(i32::MAX);
    let trim = |text: String| {
        if alternate {
            return if text.contains('.') { text } else { text + "." };
        }
        if !text.contains('.') {
            return text;
        }
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    if exponent < -4 || exponent >= wide - i32::from(dotted) {
        return with_exponent(&trim(digits), exponent);
    }
    let behind = usize::try_from(wide.saturating_sub(1).saturating_sub(exponent)).unwrap_or(0);
    let text = trim(fixed(size, behind, alternate));
    if dotted && !text.contains('.') { text + ".0" } else { text }
}
