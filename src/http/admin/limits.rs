//! What the texts of a request may be: checked here once, as the description says it.

use crate::http::problem::ApiError;

/// Longest IRI.
const LONGEST_IRI: usize = 2_048;
/// Numbers beyond this are nobody's machine.
const LARGEST: u64 = 1_000_000_000;

/// A text of people: of this length, without control characters.
pub(super) fn text(field: &str, value: &str, least: usize, most: usize) -> Result<(), ApiError> {
    let length = value.chars().count();
    if !(least..=most).contains(&length) {
        return Err(ApiError::field(field, format!("must have {least} to {most} letters; it has {length}")));
    }
    if value.chars().any(|letter| letter.is_control() && letter != '\n') {
        return Err(ApiError::field(field, "has a control character; leave it out"));
    }
    Ok(())
}

/// An IRI or the last segment of one.
pub(super) fn reference(field: &str, value: &str) -> Result<(), ApiError> {
    text(field, value, 1, LONGEST_IRI)
}

/// Words such as capabilities: few and short.
pub(super) fn words<'a>(field: &str, values: impl IntoIterator<Item = &'a String>) -> Result<(), ApiError> {
    let good = |word: &str| {
        (1..=63).contains(&word.len())
            && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.' | b':'))
    };
    let mut count = 0;
    for word in values {
        count += 1;
        if !good(word) {
            return Err(ApiError::field(
                field,
                format!("`{}` is no such word: 1 to 63 of a-z, 0-9, `-`, `.` and `:`", word.escape_default()),
            ));
        }
    }
    if count > 64 {
        return Err(ApiError::field(field, format!("at most 64; there are {count}")));
    }
    Ok(())
}

/// An amount of a machine.
pub(super) fn amount(field: &str, value: u64) -> Result<(), ApiError> {
    if value <= LARGEST {
        return Ok(());
    }
    Err(ApiError::field(field, format!("at most {LARGEST}; it is {value}")))
}
