//! Settlement: claims for what was promised and missed, and statements of what
//! brokers owe each other.
//!
//! The rules (amounts, claims, statements, netting) are `hansa-accounting`'s and
//! pure; this module gives them the memory and the way to the partner. Whatever
//! is sent is signed and written down before; every answer is final for what it
//! answers, so messages may be lost, repeated and late.

mod books;
mod claim;
mod claim_buyer;
mod claim_judge;
mod claim_seller;
mod claim_work;
mod make;
mod measured;
mod receive;
mod statement;
mod view;
mod work;

pub use claim::{ClaimRecord, ClaimState, ClaimTerms};
pub use measured::{Measured, ServiceMeasure};
pub use statement::{Settlement, SettlementState};
pub use view::SettlementBundle;

pub(crate) use claim_work::claim_work;
pub(crate) use make::settlements_due;
pub(crate) use work::statement_work;

use hansa_ontology::ProviderId;

use crate::{FederationError, FederationManager, partners::PartnerState, store};

/// Whether nothing is exchanged with a partner any more.
async fn is_left(manager: &FederationManager, partner: &str) -> Result<bool, FederationError> {
    let did = partner.to_owned();
    let found = manager.database().read(move |connection| store::partners::find(connection, &did)).await?;
    Ok(found.is_none_or(|partner| partner.state == PartnerState::Terminated))
}

/// A broker as statements and claims name it: by its DID.
fn named(did: &str) -> Result<ProviderId, FederationError> {
    ProviderId::new(did).map_err(|error| FederationError::invalid("did", error.to_string()))
}

/// What a rule of accounting says is wrong.
fn ruled(error: hansa_accounting::AccountingError) -> FederationError {
    match error {
        hansa_accounting::AccountingError::Invalid { field, problem } => FederationError::invalid(field, problem),
        other => FederationError::invalid("statement", other.to_string()),
    }
}
