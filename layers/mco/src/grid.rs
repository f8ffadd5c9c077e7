//! What the grids of sites are expected to emit: what this room asks of whoever knows.

use crate::planner::Coming;
use async_trait::async_trait;
use hansa_ontology::SiteId;
use std::{collections::BTreeMap, fmt::Debug, sync::Arc};

/// What is expected, by site. Of others nothing is.
pub type ComingBySite = BTreeMap<SiteId, Coming>;

/// Who knows what grids will emit.
#[async_trait]
pub trait Grids: Debug + Send + Sync {
    /// What is expected now. The very same value again as long as it is the same: offers
    /// are compiled anew for another one.
    async fn coming(&self) -> Arc<ComingBySite>;
}

/// Nobody knows: what offers and sites state counts.
#[derive(Debug, Clone, Default)]
pub struct NoGrids(Arc<ComingBySite>);

#[async_trait]
impl Grids for NoGrids {
    async fn coming(&self) -> Arc<ComingBySite> {
        Arc::clone(&self.0)
    }
}
