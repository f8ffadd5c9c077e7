//! What the owner sells, from the first draft on: flavours, and offers that
//! are drafted, published, priced anew and withdrawn. Publishing puts an offer
//! into the catalogue, by the same checks as an import; what planner, portal
//! and partners see is the catalogue alone.

mod flavour;
mod offer;
mod site;
mod store;

pub use offer::offer_of;
pub(super) use offer::withdrawn;

use chrono::{DateTime, Utc};
use hansa_ontology::{Actor, Offer, OfferKind, offer::Flavour, reading::RefusedResource};
use serde::{Deserialize, Serialize};

/// A named shape of machines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NamedFlavour {
    /// What a machine of it has. Its name is unique.
    pub flavour: Flavour,
    /// Which kind of machine it is sold as.
    pub kind: OfferKind,
    /// Grows with every change.
    #[serde(default)]
    pub version: i64,
}

/// Where an offer of the owner's stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SaleState {
    /// Nobody else sees it.
    Draft,
    /// It is in the catalogue.
    Published,
    /// It was in the catalogue.
    Withdrawn,
}

impl SaleState {
    /// Its name: `draft`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// An offer of the owner's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    /// The offer as it is now; of a draft as it would be.
    pub offer: Offer,
    /// Where it stands.
    pub state: SaleState,
    /// Whether its units follow from the site's nodes.
    pub units_from_nodes: bool,
    /// Grows with every change.
    pub version: i64,
    /// When it was drafted.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub changed_at: DateTime<Utc>,
    /// By whom.
    pub changed_by: Actor,
}

/// One version of an offer of the owner's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleVersion {
    /// Its number.
    pub version: i64,
    /// What was done: `drafted`, `changed`, `published`, `priced`, `withdrawn`.
    pub change: String,
    /// The offer as of then.
    pub offer: Offer,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// By whom.
    pub changed_by: Actor,
    /// From when it counts.
    pub valid_from: DateTime<Utc>,
    /// Whether it has come into force. One that has not waits for its time.
    pub in_force: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SaleOutcome {
    /// It is so now, or would be.
    Done(Box<Sale>),
    /// It breaks its shape, or refers to what isn't there.
    Refused(Vec<RefusedResource>),
}
