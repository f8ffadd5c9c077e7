//! What callers use of the catalogue.

use super::{
    difference,
    import::Import,
    model::{ChangeKind, Class, ImportReport, ImportRequest, OfferFilter, Resource, SiteFilter, Snapshot, Stored},
    page::{self, Page, PageRequest},
    sale, store,
    view::Update,
};
use crate::{Connection, Database, error::RepositoryError, event};
use chrono::{DateTime, Utc};
use hansa_ontology::{
    Actor, Offer, OfferId, Provider, ProviderId, Site, SiteId,
    graph::{OfferGraph, QueryAnswer, QueryLimits},
    reading,
};
use std::sync::Arc;
use tokio::sync::Mutex;

/// The catalogue. Clones share their memory.
#[derive(Debug, Clone)]
pub struct CatalogueService {
    pub(super) database: Database,
    snapshot: Arc<Mutex<Arc<Snapshot>>>,
    graph: Arc<Mutex<Graph>>,
}

/// The graph and the generation that it shows. It is brought up to date when
/// somebody asks it, not before: importing and planning do not need it.
#[derive(Debug)]
struct Graph {
    graph: OfferGraph,
    generation: i64,
}

impl CatalogueService {
    /// The catalogue of a database.
    ///
    /// # Errors
    /// When the graph cannot be made.
    pub fn new(database: Database) -> Result<Self, RepositoryError> {
        let graph = Graph { graph: OfferGraph::new()?, generation: 0 };
        Ok(Self { database, snapshot: Arc::default(), graph: Arc::new(Mutex::new(graph)) })
    }

    /// Reads a document, checks it, and takes in what is new or has changed,
    /// with one event each, in one transaction. The same document again changes nothing.
    ///
    /// # Errors
    /// When the document as a whole cannot be read, or the database fails.
    /// What is wrong with single resources is told in [`ImportReport::refused`].
    pub async fn import(&self, request: ImportRequest) -> Result<ImportReport, RepositoryError> {
        let dry_run = request.dry_run;
        let import = blocking(move || -> Result<Import, RepositoryError> {
            let reading = reading::read(&request.bytes, request.format)?;
            Ok(Import { reading, request })
        })
        .await?;
        if dry_run {
            self.database.read(|connection| import.carry_out(connection)).await
        } else {
            self.database.write(|connection| import.carry_out(connection)).await
        }
    }

    /// The whole catalogue as it stands in the database now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn snapshot(&self) -> Result<Arc<Snapshot>, RepositoryError> {
        let mut current = self.snapshot.lock().await;
        let generation = current.generation;
        if let Some(update) = self.update_since(generation).await? {
            let before = Arc::clone(&current);
            *current = blocking(move || Ok::<_, RepositoryError>(Arc::new(update.apply(&before)))).await?;
        }
        Ok(Arc::clone(&current))
    }

    /// Answers a read-only SPARQL query over providers, sites and offers.
    ///
    /// # Errors
    /// When the query is malformed or exceeds the limits, or the database fails.
    pub async fn query(&self, sparql: String, limits: QueryLimits) -> Result<QueryAnswer, RepositoryError> {
        let graph = self.graph().await?;
        blocking(move || Ok::<_, RepositoryError>(graph.query(&sparql, &limits)?)).await
    }

    async fn graph(&self) -> Result<OfferGraph, RepositoryError> {
        let mut current = self.graph.lock().await;
        if let Some(update) = self.update_since(current.generation).await? {
            let graph = current.graph.clone();
            let generation = update.generation;
            blocking(move || update.draw(&graph)).await?;
            current.generation = generation;
        }
        Ok(current.graph.clone())
    }

    async fn update_since(&self, generation: i64) -> Result<Option<Update>, RepositoryError> {
        self.database.read(move |connection| Update::since(connection, generation)).await
    }

    /// Offers that pass the filter, by IRI.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] for a wrong page size or token.
    pub async fn offer_list(&self, filter: &OfferFilter, page: &PageRequest) -> Result<Page<Offer>, RepositoryError> {
        page::cut(&self.snapshot().await?.catalogue.offers, page, |offer| filter.passes(offer))
    }

    /// Sites that pass the filter, by IRI.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] for a wrong page size or token.
    pub async fn site_list(&self, filter: &SiteFilter, page: &PageRequest) -> Result<Page<Site>, RepositoryError> {
        page::cut(&self.snapshot().await?.catalogue.sites, page, |site| filter.passes(site))
    }

    /// Providers, by IRI.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] for a wrong page size or token.
    pub async fn provider_list(&self, page: &PageRequest) -> Result<Page<Provider>, RepositoryError> {
        page::cut(&self.snapshot().await?.catalogue.providers, page, |_| true)
    }

    /// One offer, with its source.
    ///
    /// # Errors
    /// [`crate::ErrorKind::NotFound`] when the catalogue has no such offer.
    pub async fn offer(&self, id: &OfferId) -> Result<Stored<Offer>, RepositoryError> {
        self.stored(id.as_str()).await
    }

    /// One site, with its source.
    ///
    /// # Errors
    /// [`crate::ErrorKind::NotFound`] when the catalogue has no such site.
    pub async fn site(&self, id: &SiteId) -> Result<Stored<Site>, RepositoryError> {
        self.stored(id.as_str()).await
    }

    /// One provider, with its source.
    ///
    /// # Errors
    /// [`crate::ErrorKind::NotFound`] when the catalogue has no such provider.
    pub async fn provider(&self, id: &ProviderId) -> Result<Stored<Provider>, RepositoryError> {
        self.stored(id.as_str()).await
    }

    async fn stored<T: Resource>(&self, iri: &str) -> Result<Stored<T>, RepositoryError> {
        let iri = iri.to_owned();
        self.database.read(move |connection| store::get(connection, T::CLASS, &iri)?.into_stored()).await
    }

    /// Takes an offer out of the catalogue, with the event `offer.withdrawn`.
    /// What was rented from it goes on; nothing new is.
    ///
    /// # Errors
    /// [`crate::ErrorKind::NotFound`] when the catalogue has no such offer.
    pub async fn offer_withdraw(&self, id: &OfferId, actor: Actor, now: DateTime<Utc>) -> Result<(), RepositoryError> {
        let iri = id.to_string();
        self.database
            .write(move |connection| {
                withdraw(connection, &iri, &actor, now)?;
                sale::withdrawn(connection, &iri, &actor, now)
            })
            .await
    }
}

/// Takes an offer out of the catalogue, with its event.
pub(super) fn withdraw(
    connection: &mut Connection,
    iri: &str,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    let row = store::get(connection, Class::Offer, iri)?;
    withdraw_resource::<Offer>(connection, row, actor, now)
}

/// Takes a resource out of the catalogue, with its event.
pub(super) fn withdraw_resource<T: Resource>(
    connection: &mut Connection,
    mut row: store::Row,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    let resource: T = crate::json::from_column(T::CLASS.name(), &row.document)?;
    row.withdrawn = true;
    row.generation = store::next_generation(connection)?;
    store::replace(connection, vec![row])?;
    let change = difference::of(&resource, ChangeKind::Withdrawn);
    event::append(connection, &difference::event(&change, actor, now)).map(drop)
}

/// Work that would keep others from the thread.
pub(super) async fn blocking<T, E>(f: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, RepositoryError>
where
    T: Send + 'static,
    E: Send + 'static,
    RepositoryError: From<E>,
{
    match tokio::task::spawn_blocking(f).await {
        Ok(result) => Ok(result?),
        Err(failure) if failure.is_panic() => std::panic::resume_unwind(failure.into_panic()),
        Err(_) => Err(RepositoryError::Internal { message: "the program is shutting down".to_owned(), source: None }),
    }
}
