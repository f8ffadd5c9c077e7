//! Opaque page tokens: where the next page begins, and of which list.

use super::problem::{ApiError, ProblemKind};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

/// The token of a position in a list. The list's name is part of it, so that
/// a token of one list is refused by another.
pub(crate) fn seal(list: &str, position: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("1\n{list}\n{position}"))
}

/// The page of a list that was asked for one more than fits: its items, and
/// the token of the next page where there is one.
pub(crate) fn cut<T>(
    list: &str,
    size: usize,
    mut found: Vec<T>,
    position: impl Fn(&T) -> String,
) -> (Vec<T>, Option<String>) {
    let more = found.len() > size;
    found.truncate(size);
    let next = found.last().filter(|_| more).map(|last| seal(list, &position(last)));
    (found, next)
}

/// The position of a token.
///
/// # Errors
/// When it is no token of this list.
pub(crate) fn open(list: &str, token: &str) -> Result<String, ApiError> {
    let refuse = || {
        ApiError::new(
            ProblemKind::Malformed,
            "pageToken: it is not a token of this list; give back what the page before gave as `next`",
        )
    };
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok().ok_or_else(refuse)?;
    let text = String::from_utf8(bytes).ok().ok_or_else(refuse)?;
    let position =
        text.strip_prefix("1\n").and_then(|rest| rest.strip_prefix(list)).and_then(|rest| rest.strip_prefix('\n'));
    position.map(str::to_owned).ok_or_else(refuse)
}

/// As [`open`], where there may be no token, for a position of another type.
///
/// # Errors
/// As [`open`].
pub(crate) fn open_as<T: std::str::FromStr>(list: &str, token: Option<&str>) -> Result<Option<T>, ApiError> {
    let Some(token) = token else { return Ok(None) };
    let position = open(list, token)?;
    position.parse().ok().map(Some).ok_or_else(|| ApiError::new(ProblemKind::Malformed, "pageToken: it is damaged"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_goes_on_has_a_next_page() {
        let page = |found: &[u32]| cut("numbers", 2, found.to_vec(), u32::to_string);
        assert_eq!(page(&[]), (vec![], None));
        assert_eq!(page(&[1, 2]), (vec![1, 2], None));
        let (items, next) = page(&[1, 2, 3]);
        assert_eq!((items, open("numbers", &next.unwrap()).unwrap().as_str()), (vec![1, 2], "2"));
    }

    #[test]
    fn a_token_belongs_to_its_list() {
        let token = seal("events", "42");
        assert_eq!(open_as::<i64>("events", Some(&token)).unwrap(), Some(42));
        assert!(open("offers", &token).is_err());
        assert!(open("events", "???").is_err());
        assert!(open("events", "").is_err());
    }
}
