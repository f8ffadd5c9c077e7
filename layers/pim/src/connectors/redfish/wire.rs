//! Reading Redfish's JSON. Services leave out and null what they don't know,
//! so nothing is taken for granted.

use serde_json::Value;

/// What stands there, unless it is null.
pub(super) fn at<'a>(value: &'a Value, pointer: &str) -> Option<&'a Value> {
    value.pointer(pointer).filter(|found| !found.is_null())
}

/// A text that is not empty.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    at(value, pointer)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// A number.
pub(super) fn number(value: &Value, pointer: &str) -> Option<f64> {
    at(value, pointer)?.as_f64()
}

/// A whole number that is not negative.
pub(super) fn whole(value: &Value, pointer: &str) -> Option<u64> {
    let found = at(value, pointer)?;
    found.as_u64().or_else(|| found.as_f64().filter(|number| *number >= 0.0).map(floor))
}

/// The whole part; what is out of bounds is cut to them.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of this kind saturates")]
pub(super) const fn floor(number: f64) -> u64 {
    number as u64
}

/// A list; nothing where there is none.
pub(super) fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    at(value, pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The reference in a property.
pub(super) fn link<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    text(at(value, pointer)?, "/@odata.id")
}

/// The references in a list.
pub(super) fn links<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a str> {
    list(value, pointer).iter().filter_map(|item| text(item, "/@odata.id"))
}

/// The last part of a reference: what tells one member of a collection from the others.
pub(super) fn name_of(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or(path)
}

/// What an error says: the messages of its extended information (DSP0266, 8.6), else its own.
pub(super) fn words(body: &Value) -> Option<String> {
    let mut said: Vec<&str> = Vec::new();
    for place in ["/error/@Message.ExtendedInfo", "/@Message.ExtendedInfo", "/Messages"] {
        for message in list(body, place).iter().filter_map(|info| text(info, "/Message")) {
            if !said.contains(&message) {
                said.push(message);
            }
        }
    }
    if said.is_empty() { text(body, "/error/message").map(str::to_owned) } else { Some(said.join(" ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_extended_information_is_what_an_error_says() {
        let body = json!({"error": {"code": "Base.1.8.GeneralError", "message": "See ExtendedInfo",
            "@Message.ExtendedInfo": [{"Message": "The property AssetTag is too long."}, {"MessageId": "x"}]}});
        assert_eq!(words(&body).unwrap(), "The property AssetTag is too long.");
        assert_eq!(words(&json!({"error": {"message": "No"}})).unwrap(), "No");
        assert_eq!(words(&json!({})), None);
    }

    #[test]
    fn what_is_null_or_missing_is_nothing() {
        let body = json!({"A": null, "B": " ", "C": 1.9, "L": {"@odata.id": "/redfish/v1/Systems/1/"}});
        assert_eq!((at(&body, "/A"), text(&body, "/B"), whole(&body, "/C")), (None, None, Some(1)));
        assert_eq!(name_of(link(&body, "/L").unwrap()), "1");
        assert!(list(&body, "/X").is_empty());
    }
}
