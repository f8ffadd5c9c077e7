//! What partners sent and we didn't take: kept as it came, with the reason,
//! shown, and forgotten when something good comes in its place.

use crate::{FederationError, FederationManager, store};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::BTreeMap;

/// The subject of the entry that tells that a partner has more offers than we take.
pub(crate) const CUT_OFF: &str = "urn:hansa:quarantine:cut-off";

/// Something that a partner sent and we didn't take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Quarantined {
    /// The partner's DID.
    pub partner: String,
    /// What it is about, in the partner's words.
    pub subject: String,
    /// Its number in the partner's feed.
    pub sequence: i64,
    /// Why it wasn't taken.
    pub reason: String,
    /// It may be taken when what it refers to has come.
    pub waits: bool,
    /// The bytes as they came, cut off at a length.
    pub content: String,
    /// How many bytes there were.
    pub content_bytes: i64,
    /// The signature that came with it.
    pub signature: String,
    /// When it came.
    pub at: DateTime<Utc>,
}

/// What is in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QuarantineView {
    /// The newest entries, the newest first.
    pub items: Vec<Quarantined>,
    /// How many entries there are, by partner.
    pub counts: BTreeMap<String, i64>,
}

impl FederationManager {
    /// What is in quarantine, of one partner or of all: at most `limit` entries, and how many there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn quarantine_list(
        &self,
        partner: Option<&str>,
        limit: usize,
    ) -> Result<QuarantineView, FederationError> {
        let partner = partner.map(str::to_owned);
        let limit = i64::try_from(limit.min(1_000)).unwrap_or(1_000);
        self.database()
            .read(move |connection| {
                let items = store::received::quarantine_list(connection, partner.as_deref(), limit)?;
                let mut counts = store::received::quarantine_counts(connection)?;
                counts.retain(|did, _| partner.as_ref().is_none_or(|wanted| wanted == did));
                Ok(QuarantineView { items, counts })
            })
            .await
    }
}
