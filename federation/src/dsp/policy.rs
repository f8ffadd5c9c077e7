//! ODRL offers and agreements, as far as a negotiation has to look into them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An odrl:Offer or an odrl:Agreement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// Its id. Ours name the signed offer: [`super::catalogue::terms_id`].
    #[serde(rename = "@id")]
    pub id: String,
    /// Which of the two.
    #[serde(rename = "@type", default)]
    pub kind: PolicyKind,
    /// The dataset. Absent inside a catalogue, where the dataset is around it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Who delivers; in an agreement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigner: Option<String>,
    /// Who orders; in an agreement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    /// When it was agreed; in an agreement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// Everything else, unchanged: `permission`, `prohibition`, `obligation`, `profile`.
    #[serde(flatten)]
    pub rules: Map<String, Value>,
}

/// The kind of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum PolicyKind {
    /// An offer, or what is asked for.
    #[default]
    Offer,
    /// An agreement.
    Agreement,
}

impl Policy {
    /// An offer with a target, as messages have it.
    #[must_use]
    pub fn targeted(&self, target: &str) -> Self {
        Self { kind: PolicyKind::Offer, target: Some(target.to_owned()), ..self.clone() }
    }

    /// The agreement on this offer.
    #[must_use]
    pub fn agreed(&self, id: String, target: &str, assigner: &str, assignee: &str, timestamp: String) -> Self {
        Self {
            id,
            kind: PolicyKind::Agreement,
            target: Some(target.to_owned()),
            assigner: Some(assigner.to_owned()),
            assignee: Some(assignee.to_owned()),
            timestamp: Some(timestamp),
            rules: self.rules.clone(),
        }
    }

    /// Whether both say the same rules; ids, parties and times aside.
    #[must_use]
    pub fn same_terms(&self, other: &Self) -> bool {
        self.rules == other.rules
    }
}
