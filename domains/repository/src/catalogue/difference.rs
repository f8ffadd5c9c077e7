//! What an import changes.

use super::model::{Change, ChangeKind, Resource};
use crate::{error::RepositoryError, event::NewEvent, json};
use chrono::{DateTime, Utc};
use hansa_ontology::Actor;
use serde_json::Value;

/// What is stored of a resource, as far as it decides about a change.
#[derive(Debug, Clone)]
pub(super) struct Before {
    pub(super) document: String,
    pub(super) statements: String,
    pub(super) withdrawn: bool,
    /// The partner it comes from; None: it is our own.
    pub(super) partner: Option<String>,
}

/// The change that `resource` is against what is stored; None: it is stored just so.
pub(super) fn change<T: Resource>(
    resource: &T,
    document: &str,
    statements: &str,
    before: Option<&Before>,
) -> Result<Option<Change>, RepositoryError> {
    let kind = match before {
        Some(before) if !before.withdrawn => {
            if before.document == document && before.statements == statements {
                return Ok(None);
            }
            ChangeKind::Changed { fields: differing(&before.document, document)? }
        }
        _ => ChangeKind::Imported,
    };
    Ok(Some(of(resource, kind)))
}

/// A change of a resource.
pub(super) fn of<T: Resource>(resource: &T, kind: ChangeKind) -> Change {
    Change { iri: resource.iri().to_owned(), class: T::CLASS, title: resource.title().to_owned(), kind }
}

/// Names of the fields in which two documents differ.
fn differing(before: &str, after: &str) -> Result<Vec<String>, RepositoryError> {
    let before: Value = json::from_column("resource", before)?;
    let after: Value = json::from_column("resource", after)?;
    let (Value::Object(before), Value::Object(after)) = (before, after) else {
        return Ok(Vec::new());
    };
    let mut fields: Vec<String> =
        before.keys().chain(after.keys()).filter(|key| before.get(*key) != after.get(*key)).cloned().collect();
    fields.sort();
    fields.dedup();
    Ok(fields)
}

/// The event that tells of a change.
pub(super) fn event(change: &Change, actor: &Actor, at: DateTime<Utc>) -> NewEvent {
    let what = change.kind.name();
    let details = match &change.kind {
        ChangeKind::Changed { fields } if !fields.is_empty() => format!(": {}", fields.join(", ")),
        _ => String::new(),
    };
    NewEvent {
        at,
        actor: actor.clone(),
        application: None,
        subject: format!("{}/{}", change.class, change.iri),
        kind: format!("{}.{what}", change.class),
        message: format!("{} \"{}\" was {what}{details}.", capitalised(change.class.name()), change.title),
        data: serde_json::json!(change),
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
