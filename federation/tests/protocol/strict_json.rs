//! JSON is read strictly, and otherwise as everybody reads it.

use hansa_federation::{ErrorKind, json};
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use serde_json::{Map, Value};

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e9..1e9_f64).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

proptest! {
    #[test]
    fn what_names_no_key_twice_is_read_as_everybody_reads_it(value in values()) {
        let text = value.to_string();
        prop_assert_eq!(json::value("x", text.as_bytes(), text.len()).unwrap(), value);
        prop_assert!(json::value("x", text.as_bytes(), text.len() - 1).is_err());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let strict = json::value("x", &bytes, 1_000);
        let lenient = serde_json::from_slice::<Value>(&bytes);
        prop_assert!(strict.is_err() || lenient.is_ok());
    }

    #[test]
    fn base64url_goes_round_and_has_one_form(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let text = json::encode(&bytes);
        prop_assert_eq!(json::decode("x", &text).unwrap(), bytes);
        let padded = text + "=";
        prop_assert!(json::decode("x", &padded).is_err());
    }
}

#[test]
fn keys_that_stand_twice_are_found_at_any_depth_and_in_any_spelling() {
    for text in [r#"{"a":1,"a":1}"#, r#"[{"x":{"a":1,"b":2,"a":3}}]"#, r#"{"a":1,"\u0061":2}"#, r#"{"":1,"":2}"#] {
        let error = json::value("x", text.as_bytes(), 1_000).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{text}");
        assert!(error.to_string().contains("twice"), "{error}");
    }
    assert!(json::value("x", br#"{"a":1,"A":{"a":1}}"#, 1_000).is_ok());
}

#[test]
fn what_follows_the_value_is_refused() {
    for text in ["{}{}", "{} x", "1 2", "nul", "{\"a\":1,}", "\u{feff}{}"] {
        assert!(json::value("x", text.as_bytes(), 1_000).is_err(), "{text}");
    }
    assert!(json::value("x", b" {} \n", 1_000).is_ok());
}

#[test]
fn stray_last_bits_of_base64url_are_refused() {
    assert_eq!(json::decode("x", "AA").unwrap(), [0]);
    for wrong in ["AB", "A", "A+", "A/", "AA==", " AA", "A\nA"] {
        assert!(json::decode("x", wrong).is_err(), "{wrong}");
    }
}
