//! The catalogue in memory, brought up to date by what has changed since.

use super::{
    model::{Class, Resource, Snapshot},
    store::{self, Changed},
};
use crate::{Connection, error::RepositoryError};
use hansa_ontology::{Offer, Provider, Site, catalogue::Catalogue, graph::OfferGraph};
use std::collections::BTreeSet;

/// What has changed between two generations.
pub(super) struct Update {
    pub(super) generation: i64,
    /// Whether it stands in the place of everything before.
    whole: bool,
    /// IRIs of all that is different or gone.
    touched: BTreeSet<String>,
    /// What is different.
    changed: Catalogue,
}

impl Update {
    /// What has changed since `generation`; None: nothing.
    pub(super) fn since(connection: &mut Connection, generation: i64) -> Result<Option<Self>, RepositoryError> {
        let current = store::generation(connection)?;
        if current == generation {
            return Ok(None);
        }
        // A smaller number than before: the database was restored from a backup.
        let whole = current < generation;
        let rows = store::since(connection, if whole { 0 } else { generation })?;
        let mut update = Self { generation: current, whole, touched: BTreeSet::new(), changed: Catalogue::default() };
        for row in rows {
            update.add(row)?;
        }
        Ok(Some(update))
    }

    fn add(&mut self, row: Changed) -> Result<(), RepositoryError> {
        if !row.withdrawn {
            let class = Class::ALL.into_iter().find(|class| class.name() == row.class);
            match class {
                Some(Class::Provider) => self.changed.providers.push(row.resource()?),
                Some(Class::Site) => self.changed.sites.push(row.resource()?),
                Some(Class::Offer) => self.changed.offers.push(row.resource()?),
                None => {
                    return Err(RepositoryError::unreadable("resource", &format!("class {}", row.class)));
                }
            }
        }
        self.touched.insert(row.iri);
        Ok(())
    }

    /// The snapshot after these changes.
    pub(super) fn apply(&self, snapshot: &Snapshot) -> Snapshot {
        let mut next = Snapshot { generation: self.generation, catalogue: Catalogue::default() };
        self.merge::<Provider>(&snapshot.catalogue, &mut next.catalogue);
        self.merge::<Site>(&snapshot.catalogue, &mut next.catalogue);
        self.merge::<Offer>(&snapshot.catalogue, &mut next.catalogue);
        next
    }

    fn merge<T: Resource>(&self, before: &Catalogue, after: &mut Catalogue) {
        let kept = T::list(before).iter().filter(|resource| !self.whole && !self.touched.contains(resource.iri()));
        let mut all: Vec<T> = kept.chain(T::list(&self.changed)).cloned().collect();
        all.sort_by(|one, other| one.iri().cmp(other.iri()));
        *T::list_mut(after) = all;
    }

    /// Brings the graph up to date. Blocks.
    pub(super) fn draw(&self, graph: &OfferGraph) -> Result<(), RepositoryError> {
        if self.whole {
            graph.clear()?;
        }
        for iri in &self.touched {
            graph.remove(iri)?;
        }
        graph.put(&self.changed)?;
        Ok(())
    }
}
