//! Partners and what is agreed with them, for this broker's owner: the admin
//! side of the federation. What partners themselves call is in `http::federation`.

pub(crate) mod contracts;
pub(super) mod identity;
pub(super) mod partners;
pub(super) mod settlement;

use crate::http::{
    Broker,
    problem::{ApiError, ProblemKind},
};
use hansa_federation_manager::{FederationManager, partners::Partner};
use hansa_iam::PartnerScope;
use std::collections::BTreeMap;

/// The Federation Manager.
///
/// # Errors
/// `NotFound` where this broker federates with nobody.
pub(crate) fn manager(broker: &Broker) -> Result<&FederationManager, ApiError> {
    broker.federation.as_ref().ok_or_else(|| {
        ApiError::new(
            ProblemKind::NotFound,
            "this broker federates with nobody: federation.enabled is false, or it listens on a port that changes with each start",
        )
    })
}

/// The partner of this DID, or the only one of this name.
///
/// # Errors
/// `NotFound`; `Conflict` where several have that name.
pub(crate) async fn find(manager: &FederationManager, reference: &str) -> Result<Partner, ApiError> {
    let partners = manager.partner_list().await?;
    if let Some(partner) = partners.iter().find(|partner| partner.did == reference) {
        return Ok(partner.clone());
    }
    let named: Vec<&Partner> = partners.iter().filter(|partner| partner.name == reference).collect();
    match named.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(ApiError::new(ProblemKind::NotFound, format!("there is no partner `{reference}`"))),
        several => {
            let dids: Vec<&str> = several.iter().map(|partner| partner.did.as_str()).collect();
            let detail =
                format!("{} partners are called `{reference}`; give a DID: {}", several.len(), dids.join(", "));
            Err(ApiError::new(ProblemKind::Conflict, detail))
        }
    }
}

/// The DID that a filter names.
async fn filter(
    manager: &FederationManager,
    reference: Option<&String>,
    scope: &PartnerScope,
) -> Result<Option<String>, ApiError> {
    match reference {
        Some(reference) => {
            let missing = || ApiError::new(ProblemKind::NotFound, format!("there is no partner `{reference}`"));
            let found = find(manager, reference).await.map(|partner| partner.did);
            // Whoever sees one partner is told nothing of the others' names.
            match found {
                Ok(did) if scope.covers(&did) => Ok(Some(did)),
                Err(error) if *scope == PartnerScope::All => Err(error),
                _ => Err(missing()),
            }
        }
        None => Ok(None),
    }
}

/// The partners' names by their DIDs.
pub(crate) async fn names(manager: &FederationManager) -> Result<BTreeMap<String, String>, ApiError> {
    Ok(manager.partner_list().await?.into_iter().map(|partner| (partner.did, partner.name)).collect())
}
