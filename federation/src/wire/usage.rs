//! What was delivered, signed by who delivered it and countersigned by who ordered it.

use crate::SignedDocument;
use chrono::{DateTime, Utc};
use hansa_ontology::{MachineId, OfferId};
use serde::{Deserialize, Serialize};

/// What one order used in one stretch of time: the content of a signed
/// document. Named by (order, from): the same stretch is never told twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UsageRecord {
    /// The order.
    pub order: MachineId,
    /// The `@id` of its agreement.
    pub agreement: String,
    /// The offer.
    pub offer: OfferId,
    /// From when.
    pub from: DateTime<Utc>,
    /// Until when.
    pub to: DateTime<Utc>,
    /// Units times seconds.
    pub unit_seconds: u64,
    /// Why the stretch ends.
    pub reason: UsageReason,
}

/// Why a stretch of usage ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UsageReason {
    /// The clock struck; another follows.
    Interim,
    /// The order ended.
    Ended,
    /// It could not be delivered any longer.
    Failed,
}

/// `GET /federation/v1/orders/{id}/usage?after=TIME`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsagePage {
    /// Each a signed [`UsageRecord`], by its `from`.
    pub records: Vec<SignedDocument>,
    /// Each a signed [`ServiceReport`] of the stretch of one of the records. A
    /// record of what nothing was promised of, or by an older program, has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reports: Vec<SignedDocument>,
}

/// What the seller measured itself of an order in the stretch of one usage
/// record: the content of a signed document. Told once, with the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceReport {
    /// The order.
    pub order: MachineId,
    /// The `@id` of its agreement.
    pub agreement: String,
    /// The offer.
    pub offer: OfferId,
    /// From when: the record's.
    pub from: DateTime<Utc>,
    /// Until when: the record's.
    pub to: DateTime<Utc>,
    /// When the order could not be used, in order, each within the stretch.
    pub down: Vec<ReportedStretch>,
    /// Maintenance that the seller had announced before it began, likewise.
    pub maintenance: Vec<ReportedStretch>,
    /// Why the stretch ends: the record's.
    pub reason: UsageReason,
}

/// A part of what a service report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReportedStretch {
    /// From when.
    pub from: DateTime<Utc>,
    /// Until when.
    pub until: DateTime<Utc>,
}

impl ServiceReport {
    /// The most parts of each kind that one report may have.
    pub const PARTS: usize = 1_000;

    /// Why it isn't the report that belongs to a usage record; None: it is.
    #[must_use]
    pub fn fault(&self, record: &UsageRecord) -> Option<String> {
        let same = |field: &str, same: bool| (!same).then(|| format!("{field}: it isn't that of the usage record"));
        same("order", self.order == record.order)
            .or_else(|| same("agreement", self.agreement == record.agreement))
            .or_else(|| same("offer", self.offer == record.offer))
            .or_else(|| same("from", self.from == record.from))
            .or_else(|| same("to", self.to == record.to))
            .or_else(|| same("reason", self.reason == record.reason))
            .or_else(|| self.disorder("down", &self.down))
            .or_else(|| self.disorder("maintenance", &self.maintenance))
    }

    /// What is wrong with its parts.
    fn disorder(&self, field: &str, parts: &[ReportedStretch]) -> Option<String> {
        if parts.len() > Self::PARTS {
            return Some(format!("{field}: {} parts are more than {}", parts.len(), Self::PARTS));
        }
        let mut reached = self.from;
        for part in parts {
            if part.from < reached || part.until <= part.from || part.until > self.to {
                return Some(format!("{field}: parts lie within the stretch, one after the other"));
            }
            reached = part.until;
        }
        None
    }
}

/// `POST /federation/v1/orders/{id}/usage/ack`: the content of a signed document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UsageAcknowledgement {
    /// The order.
    pub order: MachineId,
    /// The record's `from`.
    pub from: DateTime<Utc>,
    /// SHA-256 of the record's content, base64url.
    pub digest: String,
    /// Whether it is right.
    pub verdict: UsageVerdict,
    /// Why not, when it isn't.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What the buyer says to a usage record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UsageVerdict {
    /// It agrees with what the buyer saw.
    Acknowledged,
    /// It doesn't.
    Disputed,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + chrono::TimeDelta::minutes(minutes)
    }

    fn part(from: i64, until: i64) -> ReportedStretch {
        ReportedStretch { from: at(from), until: at(until) }
    }

    fn record() -> UsageRecord {
        UsageRecord {
            order: MachineId(uuid::Uuid::from_u128(7)),
            agreement: "urn:uuid:1".to_owned(),
            offer: OfferId::new("https://a.example/o").unwrap(),
            from: at(0),
            to: at(60),
            unit_seconds: 3_600,
            reason: UsageReason::Interim,
        }
    }

    fn report(down: Vec<ReportedStretch>) -> ServiceReport {
        let UsageRecord { order, agreement, offer, from, to, reason, .. } = record();
        ServiceReport { order, agreement, offer, from, to, down, maintenance: Vec::new(), reason }
    }

    #[test]
    fn a_report_belongs_to_its_record_and_has_its_parts_in_order() {
        assert_eq!(report(vec![part(0, 5), part(5, 6), part(59, 60)]).fault(&record()), None);
        for wrong in [vec![part(5, 5)], vec![part(-1, 5)], vec![part(50, 61)], vec![part(5, 9), part(8, 10)]] {
            let said = report(wrong.clone()).fault(&record());
            assert!(said.is_some_and(|said| said.starts_with("down: ")), "{wrong:?}");
        }
        let many = (0..1_001).map(|second| {
            let from = DateTime::UNIX_EPOCH + chrono::TimeDelta::seconds(second);
            ReportedStretch { from, until: from + chrono::TimeDelta::seconds(1) }
        });
        assert!(report(many.collect()).fault(&record()).is_some_and(|said| said.contains("1001 parts")));
        let other = MachineId(uuid::Uuid::from_u128(8));
        let said = ServiceReport { order: other, ..report(Vec::new()) }.fault(&record());
        assert_eq!(said.as_deref(), Some("order: it isn't that of the usage record"));
        let longer = ServiceReport { to: at(61), ..report(Vec::new()) };
        assert!(longer.fault(&record()).is_some_and(|said| said.starts_with("to: ")));
        let ended = ServiceReport { reason: UsageReason::Ended, ..report(Vec::new()) };
        assert!(ended.fault(&record()).is_some_and(|said| said.starts_with("reason: ")));
    }
}
