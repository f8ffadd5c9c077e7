//! Claims and statements as owners look at them.

use super::{
    claim::ClaimRecord,
    statement::{Settlement, SettlementState},
};
use crate::{FederationError, FederationManager, store};
use chrono::NaiveDate;
use hansa_accounting::settle::{Payment, Statement, net};
use hansa_federation::verify::Bundle;

/// Claims and statements that a list has at most.
const LISTED: i64 = 1_000;

/// An agreed statement with all that is needed to verify it offline.
pub type SettlementBundle = Bundle;

impl FederationManager {
    /// The newest claims, in both roles.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_list(&self) -> Result<Vec<ClaimRecord>, FederationError> {
        Ok(self.database().read(|connection| store::claims::list(connection, LISTED)).await?)
    }

    /// One claim, with its signed documents.
    ///
    /// # Errors
    /// [`FederationError::NotFound`].
    pub async fn claim_show(&self, id: &str) -> Result<ClaimRecord, FederationError> {
        let key = id.to_owned();
        let found = self.database().read(move |connection| store::claims::named(connection, &key)).await?;
        found.into_iter().next().ok_or_else(|| FederationError::NotFound(format!("the claim {id}")))
    }

    /// The latest statements, the newest period first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn settlement_list(&self) -> Result<Vec<Settlement>, FederationError> {
        Ok(self.database().read(|connection| store::settlements::list(connection, LISTED)).await?)
    }

    /// One statement, with its signed documents.
    ///
    /// # Errors
    /// [`FederationError::NotFound`].
    pub async fn settlement_show(&self, id: &str) -> Result<Settlement, FederationError> {
        let key = id.to_owned();
        let found = self.database().read(move |connection| store::settlements::named(connection, &key)).await?;
        found.ok_or_else(|| FederationError::NotFound(format!("the statement {id}")))
    }

    /// The agreed statement with both signatures and both sides' keys. None: it isn't agreed.
    ///
    /// # Errors
    /// When the database fails, or our keys can't be read.
    pub async fn settlement_bundle(
        &self,
        settlement: &Settlement,
    ) -> Result<Option<SettlementBundle>, FederationError> {
        let (Some(proposal), Some(countersigned)) = (&settlement.proposal, &settlement.countersigned) else {
            return Ok(None);
        };
        Ok(Some(Bundle {
            document: proposal.clone(),
            countersignatures: vec![countersigned.signature.clone()],
            did_documents: vec![self.did_document()?],
            pinned: vec![self.partner_get(&settlement.partner).await?.keys],
            received_at: None,
        }))
    }

    /// The payments that settle our agreed statements with some partners whose
    /// periods end from one day through another.
    ///
    /// # Errors
    /// When the database fails, or a sum is too large.
    pub async fn settlement_payments(
        &self,
        (from, through): (NaiveDate, NaiveDate),
        partners: impl Fn(&str) -> bool,
    ) -> Result<Vec<Payment>, FederationError> {
        let wanted = |one: &Settlement| {
            one.state == SettlementState::Agreed && (from..=through).contains(&one.through) && partners(&one.partner)
        };
        let all = self.database().read(store::settlements::agreed).await?;
        let statements: Vec<Statement> =
            all.iter().filter(|one| wanted(one)).filter_map(Settlement::statement).collect();
        net(&statements).map_err(super::ruled)
    }
}
