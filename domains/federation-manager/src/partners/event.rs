//! Events about partners, for the audit trail.

use super::Partner;
use chrono::{DateTime, Utc};
use hansa_ontology::Actor;
use hansa_repository::event::NewEvent;
use serde_json::{Value, json};

/// Something happened to a partner: `partner.active`.
pub(crate) fn of_partner(partner: &Partner, kind: &str, message: String, actor: Actor, at: DateTime<Utc>) -> NewEvent {
    let data = json!({
        "did": partner.did,
        "name": partner.name,
        "state": partner.state,
        "reason": partner.reason,
    });
    with_data(&partner.did, kind, message, data, actor, at)
}

/// As [`of_partner`], with other data.
pub(crate) fn with_data(
    did: &str,
    kind: &str,
    message: String,
    data: Value,
    actor: Actor,
    at: DateTime<Utc>,
) -> NewEvent {
    NewEvent { at, actor, application: None, subject: format!("partner/{did}"), kind: kind.to_owned(), message, data }
}

/// ` because REASON`, or nothing.
pub(crate) fn because(reason: Option<&str>) -> String {
    reason.map(|reason| format!(": {}", short(reason))).unwrap_or_default()
}

/// A text of others, cut to what a log and a page can bear.
pub(crate) fn short(text: &str) -> String {
    const MOST: usize = 500;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST).chain(['…']).collect()
}
