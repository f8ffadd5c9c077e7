//! What the seller measured of an order: signed by it with each usage record,
//! verified and kept by the buyer, whose log tells of it.

use super::{Purchase, Sale, note};
use crate::{FederationError, FederationManager, settlement::ServiceMeasure};
use chrono::{DateTime, Utc};
use hansa_federation::{
    SignedDocument,
    wire::{ReportedStretch, ServiceReport, UsageReason, UsageRecord},
};
use hansa_ontology::Actor;
use hansa_repository::{
    Connection,
    report::{ProviderReport, REPORTED, ReportedPart},
};
use serde_json::json;
use std::collections::BTreeMap;

/// Reports that were verified, by the begin of their stretch.
pub(crate) type Reports = BTreeMap<DateTime<Utc>, (ServiceReport, SignedDocument)>;

impl FederationManager {
    /// What we measured of a partner's order in the stretch of a record, signed.
    /// None: nothing was promised of it, so that nothing was measured.
    pub(super) async fn service_report(
        &self,
        sale: &Sale,
        record: &UsageRecord,
    ) -> Result<Option<SignedDocument>, FederationError> {
        let Some(measured) = self.inner.orders.measured.get() else { return Ok(None) };
        let found = measured.service(&sale.partner, sale.id, record.from, record.to).await?;
        let Some(ServiceMeasure { mut down, mut maintenance }) = found else { return Ok(None) };
        down.truncate(ServiceReport::PARTS);
        maintenance.truncate(ServiceReport::PARTS);
        let UsageRecord { order, agreement, offer, from, to, reason, .. } = record.clone();
        let report = ServiceReport { order, agreement, offer, from, to, down, maintenance, reason };
        if let Some(fault) = report.fault(record) {
            tracing::error!(%order, fault, "what was measured of an order makes no report");
            return Ok(None);
        }
        Ok(Some(self.sign_json(&report).await?))
    }

    /// The reports that the partner has signed. Others count for nothing, and
    /// take nothing from the usage beside them.
    pub(crate) async fn service_verified(
        &self,
        purchase: &Purchase,
        documents: Vec<SignedDocument>,
    ) -> Result<Reports, FederationError> {
        let mut found = Reports::new();
        for document in documents {
            let told = match self.signature_check(&purchase.partner, &document).await {
                Ok(()) => document.json::<ServiceReport>().map_err(FederationError::from),
                Err(error) => Err(error),
            };
            match told {
                Ok(report) => {
                    found.entry(report.from).or_insert((report, document));
                }
                Err(error @ FederationError::Words(_)) => {
                    tracing::warn!(partner = purchase.partner, order = %purchase.id, %error, "a report isn't taken");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }
}

/// The report that belongs to a record; none where it doesn't follow from it.
pub(super) fn of_record(reports: &mut Reports, record: &UsageRecord) -> Option<(ServiceReport, SignedDocument)> {
    let (report, document) = reports.remove(&record.from)?;
    match report.fault(record) {
        None => Some((report, document)),
        Some(fault) => {
            tracing::warn!(order = %record.order, fault, "a report isn't taken");
            None
        }
    }
}

/// The event of a report that was taken.
pub(super) fn told(
    connection: &mut Connection,
    purchase: &Purchase,
    (report, document): &(ServiceReport, SignedDocument),
    now: DateTime<Utc>,
) -> Result<(), FederationError> {
    let parts = |all: &[ReportedStretch]| -> Vec<ReportedPart> {
        all.iter().map(|part| ReportedPart { from: part.from, until: part.until }).collect()
    };
    let told = ProviderReport {
        machine: purchase.id,
        partner: purchase.partner.clone(),
        digest: document.digest(),
        from: report.from,
        until: report.to,
        down: parts(&report.down),
        maintenance: parts(&report.maintenance),
        last: matches!(report.reason, UsageReason::Ended | UsageReason::Failed),
    };
    let seconds: i64 = report.down.iter().map(|part| (part.until - part.from).num_seconds()).sum();
    note(
        connection,
        now,
        (Actor::Broker, Some(purchase.application)),
        (REPORTED, format!("machine/{}", purchase.id)),
        format!("{} reports {seconds} s of outage from {} to {}", purchase.partner, report.from, report.to),
        told.tell(json!({ "partner": purchase.partner, "downSeconds": seconds }))?,
    )?;
    Ok(())
}
