//! The graph in which people query offers: in memory, and read only by SPARQL.
//! Placement never comes here.

mod answer;
mod error;
mod limits;
mod query;

pub use answer::{AnswerFormat, AnswerTerm, QueryAnswer};
pub use error::GraphError;
pub use limits::QueryLimits;

use crate::{
    catalogue::Catalogue,
    rdf::{self, node::Resource, offer::KINDS, triples::triples},
    vocabulary::{HANSA, RDF},
};
use oxigraph::{
    model::{NamedNode, Triple},
    store::Store,
};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// The offers, sites and providers as a queryable graph. Cheap to clone: clones share the content.
///
/// Each resource is a named graph under its own IRI; a query that names no
/// graph sees all of them as one.
#[derive(Clone)]
pub struct OfferGraph {
    store: Store,
    /// How many resources were ever put: the store knows a blank node by its
    /// label, so labels must not repeat.
    written: Arc<AtomicU64>,
    slots: query::Slots,
}

impl std::fmt::Debug for OfferGraph {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OfferGraph").finish_non_exhaustive()
    }
}

impl OfferGraph {
    /// An empty graph.
    ///
    /// # Errors
    /// When the store can't be made.
    pub fn new() -> Result<Self, GraphError> {
        Ok(Self {
            store: Store::new().map_err(GraphError::store)?,
            written: Arc::default(),
            slots: query::Slots::default(),
        })
    }

    /// Puts each resource in, in place of what was there under its IRI; all at once or not at all.
    ///
    /// # Errors
    /// When the store fails.
    pub fn put(&self, catalogue: &Catalogue) -> Result<(), GraphError> {
        let mut transaction = self.store.start_transaction().map_err(GraphError::store)?;
        for resource in &rdf::resources(catalogue) {
            let number = self.written.fetch_add(1, Ordering::Relaxed);
            let graph = NamedNode::new_unchecked(resource.iri.as_str());
            transaction.clear_graph(&graph).map_err(GraphError::store)?;
            for triple in stated_and_implied(resource, number) {
                transaction.insert(triple.as_ref().in_graph(&graph));
            }
        }
        transaction.commit().map_err(GraphError::store)
    }

    /// Takes a resource out. That it isn't there is no error.
    ///
    /// # Errors
    /// When the store fails.
    pub fn remove(&self, iri: &str) -> Result<(), GraphError> {
        let Ok(graph) = NamedNode::new(iri) else {
            return Ok(());
        };
        self.store.remove_named_graph(&graph).map_err(GraphError::store)?;
        Ok(())
    }

    /// Takes everything out.
    ///
    /// # Errors
    /// When the store fails.
    pub fn clear(&self) -> Result<(), GraphError> {
        self.store.clear().map_err(GraphError::store)
    }

    /// How many triples there are.
    ///
    /// # Errors
    /// When the store fails.
    pub fn len(&self) -> Result<usize, GraphError> {
        self.store.len().map_err(GraphError::store)
    }

    /// Whether there are no triples.
    ///
    /// # Errors
    /// When the store fails.
    pub fn is_empty(&self) -> Result<bool, GraphError> {
        self.store.is_empty().map_err(GraphError::store)
    }

    /// Answers a SPARQL 1.1 query: SELECT, ASK, CONSTRUCT or DESCRIBE. Blocks until it is answered
    /// or the time is over. The prefixes of the vocabulary are known without declaring them.
    ///
    /// # Errors
    /// When the query is malformed, an update, uses SERVICE or exceeds the limits,
    /// or when four others are being answered.
    pub fn query(&self, sparql: &str, limits: &QueryLimits) -> Result<QueryAnswer, GraphError> {
        limits.check_length(sparql)?;
        query::answer(&self.store, &self.slots, sparql, limits)
    }
}

/// The triples of a resource, and that an offer of any kind is a `hansa:Offer`:
/// there is no reasoner, and people ask for all offers.
fn stated_and_implied(resource: &Resource, number: u64) -> Vec<Triple> {
    let mut triples = triples(resource, &format!("r{number}b"));
    let named = |term: crate::vocabulary::Term| NamedNode::new_unchecked(term.iri);
    let is_offer = triples.iter().any(|triple| KINDS.iter().any(|(class, _)| triple.object == named(*class).into()));
    if is_offer {
        let subject = NamedNode::new_unchecked(resource.iri.as_str());
        triples.push(Triple::new(subject, named(RDF::TYPE), named(HANSA::OFFER)));
    }
    triples
}
