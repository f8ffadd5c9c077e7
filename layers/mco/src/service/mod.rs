//! What callers use: plan, hold what a plan rents, carry it out, take it away.

mod agents;
mod beside;
mod holding;
mod holds;
mod leaving;
mod machines;
mod ordering;
mod planning;
mod realising;
mod refusals;
mod relocating;
mod rental;
mod room;
mod sightings;
mod systems;
mod viewing;
mod volumes;
mod workloads;

pub use beside::{beside_ended, beside_serves};
pub use holds::Hold;
pub use leaving::{Departure, Fate};
pub use realising::{ApplicationRef, BesideLook, Realised};
pub use volumes::{MovedVolumes, Uncopied};

use crate::{
    error::McoError,
    grid::{ComingBySite, Grids, NoGrids},
    infrastructure::Infrastructure,
    model::{Machine, Plan},
    planner::OfferIndex,
    store,
};
use hansa_ontology::{ApplicationId, Currency};
use hansa_repository::{
    Database,
    ambient::{SharedClock, SharedIds},
    catalogue::CatalogueService,
};
use hansa_wdm::Wdm;
use sightings::Sightings;
use std::sync::{Arc, Mutex};

/// The Multi-Cloud Orchestrator. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Mco {
    rooms: Arc<Rooms>,
    sightings: Arc<Sightings>,
    grids: Arc<dyn Grids>,
}

/// What the orchestrator works with.
#[derive(Debug)]
pub struct Rooms {
    /// The database.
    pub database: Database,
    /// Time.
    pub clock: SharedClock,
    /// Identifiers.
    pub ids: SharedIds,
    /// Providers, sites and offers.
    pub catalogue: CatalogueService,
    /// The layers that provide machines.
    pub infrastructure: Infrastructure,
    /// The layer that runs workloads.
    pub wdm: Wdm,
    /// The currency of plans whose model names none.
    pub default_currency: Currency,
    /// The offers compiled for the planner, and the catalogue's generation that they are of.
    pub index: OfferIndexCache,
}

/// The offers as they were last compiled.
#[derive(Debug, Default)]
pub struct OfferIndexCache(Mutex<Option<Compiled>>);

/// Offers of a generation of the catalogue, at what grids were expected to emit.
#[derive(Debug)]
struct Compiled {
    generation: i64,
    coming: Arc<ComingBySite>,
    index: Arc<OfferIndex>,
}

impl Mco {
    /// An orchestrator over these rooms.
    #[must_use]
    pub fn new(rooms: Rooms) -> Self {
        Self { rooms: Arc::new(rooms), sightings: Arc::default(), grids: Arc::new(NoGrids::default()) }
    }

    /// With somebody who knows what grids will emit.
    #[must_use]
    pub fn with_grids(self, grids: Arc<dyn Grids>) -> Self {
        Self { grids, ..self }
    }

    /// The plan in force of an application and the revision that it was made for.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn plan_in_force(&self, application: ApplicationId) -> Result<Option<(i64, Plan)>, McoError> {
        self.rooms.database.read(move |connection| Ok(store::plan_get(connection, application)?)).await
    }

    /// The machines of an application, or of all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn machine_list(&self, application: Option<ApplicationId>) -> Result<Vec<Machine>, McoError> {
        self.rooms.database.read(move |connection| Ok(store::machine_list(connection, application)?)).await
    }

    /// The layer that runs workloads, for those who read logs and states.
    #[must_use]
    pub fn wdm(&self) -> &Wdm {
        &self.rooms.wdm
    }
}
