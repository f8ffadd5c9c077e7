//! What was wanted of an application at one time, and what each change of it changed.

use chrono::{DateTime, Utc};
use hansa_ontology::Actor;
use serde_json::Value;

/// A revision of an application.
#[derive(Debug, Clone, PartialEq)]
pub struct Revision {
    /// Its number, from 1.
    pub number: i64,
    /// Who made it.
    pub actor: Actor,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When everything of it first ran. None: it never did.
    pub ran_at: Option<DateTime<Utc>>,
    /// The earlier revision whose model it took over.
    pub restores: Option<i64>,
    /// What it changed of the one before; nothing of the first.
    pub changes: Vec<FieldChange>,
}

/// A field of a model that a revision changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// Which field, as a JSON Pointer (RFC 6901) into the model.
    pub pointer: String,
    /// What it was; None where it is new.
    pub before: Option<Value>,
    /// What it is; None where it is gone.
    pub after: Option<Value>,
}

/// The fields by which two models differ, by pointer. A list is one field.
#[must_use]
pub fn field_changes(before: &Value, after: &Value) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    compare(String::new(), Some(before), Some(after), &mut changes);
    changes
}

fn compare(pointer: String, before: Option<&Value>, after: Option<&Value>, changes: &mut Vec<FieldChange>) {
    if before == after {
        return;
    }
    let (Some(Value::Object(old)), Some(Value::Object(new))) = (before, after) else {
        changes.push(FieldChange { pointer, before: before.cloned(), after: after.cloned() });
        return;
    };
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort();
    names.dedup();
    for name in names {
        let escaped = name.replace('~', "~0").replace('/', "~1");
        compare(format!("{pointer}/{escaped}"), old.get(name), new.get(name), changes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_differs_is_named_and_nothing_else() {
        let before = json!({"name": "shop", "components": {"web": {"replicas": 1, "command": ["a"]}, "db": {}}});
        let after = json!({"name": "shop", "components": {"web": {"replicas": 3, "command": ["a", "b"]}, "c/d": {}}});
        let changes = field_changes(&before, &after);
        let pointers: Vec<&str> = changes.iter().map(|change| change.pointer.as_str()).collect();
        assert_eq!(
            pointers,
            ["/components/c~1d", "/components/db", "/components/web/command", "/components/web/replicas"]
        );
        assert_eq!((&changes[0].before, &changes[0].after), (&None, &Some(json!({}))));
        assert_eq!((&changes[1].before, &changes[1].after), (&Some(json!({})), &None));
        assert_eq!((&changes[3].before, &changes[3].after), (&Some(json!(1)), &Some(json!(3))));
        assert!(field_changes(&after, &after).is_empty());
    }
}
