//! Offers of the owner's: draft, published, withdrawn, and their prices.

use super::{Sale, SaleOutcome, SaleState, SaleVersion, store};
use crate::{
    Connection, OwnerChange,
    catalogue::{CatalogueService, ImportRequest, import::Import, service::blocking},
    error::RepositoryError,
};
use chrono::{DateTime, Utc};
use hansa_ontology::{Actor, Catalogue, Money, Offer, OfferId, rdf, rdf::RdfFormat, reading};

/// What is to be done with an offer.
enum Step {
    /// Write it down as a draft, or change it.
    Save { offer: Box<Offer>, units_from_nodes: bool, new: bool },
    /// Put it into the catalogue.
    Publish,
    /// Another price or number of units, from a time on.
    Revise { offer: Box<Offer>, units_from_nodes: bool, name: &'static str, from: DateTime<Utc> },
}

impl CatalogueService {
    /// Offers of the owner's, by IRI, after one, at most so many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sale_list(
        &self,
        state: Option<SaleState>,
        after: Option<String>,
        limit: usize,
    ) -> Result<Vec<Sale>, RepositoryError> {
        self.database.read(move |connection| store::sale_list(connection, state, after.as_deref(), limit)).await
    }

    /// One of them.
    ///
    /// # Errors
    /// [`crate::ErrorKind::NotFound`].
    pub async fn sale(&self, id: &OfferId) -> Result<Sale, RepositoryError> {
        let iri = id.to_string();
        self.database.read(move |connection| find(connection, &iri)).await
    }

    /// What it was, is and will be, the newest version first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sale_history(&self, id: &OfferId) -> Result<Vec<SaleVersion>, RepositoryError> {
        let iri = id.to_string();
        self.database.read(move |connection| store::version_list(connection, &iri)).await
    }

    /// Writes a new draft, or changes one. What is published is changed by
    /// [`Self::sale_price`] and [`Self::sale_units`].
    ///
    /// # Errors
    /// [`crate::ErrorKind::Conflict`] where the IRI is taken, or it is no draft.
    pub async fn sale_save(
        &self,
        offer: Offer,
        units_from_nodes: bool,
        new: bool,
        change: OwnerChange,
    ) -> Result<SaleOutcome, RepositoryError> {
        let id = offer.id.clone();
        self.step(id, Step::Save { offer: Box::new(offer), units_from_nodes, new }, change).await
    }

    /// Publishes a draft, or a withdrawn offer again.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Conflict`] where it is published.
    pub async fn sale_publish(&self, id: &OfferId, change: OwnerChange) -> Result<SaleOutcome, RepositoryError> {
        self.step(id.clone(), Step::Publish, change).await
    }

    /// Gives an offer another price from a time on. What was rented keeps the old one.
    ///
    /// # Errors
    /// [`crate::ErrorKind::NotFound`]; [`crate::ErrorKind::Invalid`] where the time has passed.
    pub async fn sale_price(
        &self,
        id: &OfferId,
        price: Money,
        from: Option<DateTime<Utc>>,
        change: OwnerChange,
    ) -> Result<SaleOutcome, RepositoryError> {
        let sale = self.sale(id).await?;
        let mut offer = sale.offer;
        offer.price_plan.price_per_hour = price;
        let from = from.unwrap_or(change.now);
        let step =
            Step::Revise { offer: Box::new(offer), units_from_nodes: sale.units_from_nodes, name: "priced", from };
        self.step(id.clone(), step, change).await
    }

    /// Says how many units there are: a number, or what the site's nodes give.
    ///
    /// # Errors
    /// [`crate::ErrorKind::NotFound`].
    pub async fn sale_units(
        &self,
        id: &OfferId,
        units: u32,
        units_from_nodes: bool,
        change: OwnerChange,
    ) -> Result<SaleOutcome, RepositoryError> {
        let mut offer = self.sale(id).await?.offer;
        offer.capacity = hansa_ontology::offer::Capacity { available_units: units, as_of: change.now };
        let from = change.now;
        let step = Step::Revise { offer: Box::new(offer), units_from_nodes, name: "units", from };
        self.step(id.clone(), step, change).await
    }

    /// Takes an offer out of the catalogue. Its history stays.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Conflict`] where it isn't published.
    pub async fn sale_withdraw(&self, id: &OfferId, change: OwnerChange) -> Result<Sale, RepositoryError> {
        let iri = id.to_string();
        self.database
            .write(move |connection| {
                let known = find(connection, &iri)?;
                change.expect("offer", known.version)?;
                if known.state != SaleState::Published {
                    return Err(conflict(format!(
                        "offer {iri} is {}: only what is published is withdrawn",
                        known.state.name()
                    )));
                }
                let withdrawn = next(known, SaleState::Withdrawn, &change);
                if !change.dry_run {
                    crate::catalogue::service::withdraw(connection, &iri, &change.actor, change.now)?;
                    written(connection, &withdrawn, "withdrawn", change.now)?;
                }
                Ok(withdrawn)
            })
            .await
    }

    /// Forgets a draft.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Conflict`] where it was published once.
    pub async fn sale_discard(&self, id: &OfferId, change: OwnerChange) -> Result<(), RepositoryError> {
        let iri = id.to_string();
        self.database
            .write(move |connection| {
                let known = find(connection, &iri)?;
                change.expect("offer", known.version)?;
                if known.state != SaleState::Draft {
                    return Err(conflict(format!(
                        "offer {iri} is {}: only a draft is removed; withdraw it",
                        known.state.name()
                    )));
                }
                if !change.dry_run {
                    store::sale_delete(connection, &iri)?;
                }
                Ok(())
            })
            .await
    }

    /// Brings versions into force whose time has come.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sales_due(&self, now: DateTime<Utc>) -> Result<usize, RepositoryError> {
        let due = self.database.read(move |connection| store::versions_due(connection, now)).await?;
        let mut done = 0;
        for version in due {
            let id = version.offer.id.clone();
            let change = OwnerChange::of_broker(now);
            let outcome = self.database.write(move |connection| enforce(connection, version, &change)).await;
            match outcome {
                Ok(()) => done += 1,
                Err(error) => tracing::warn!(offer = %id, %error, "a version of an offer can't come into force"),
            }
        }
        Ok(done)
    }

    async fn step(&self, id: OfferId, step: Step, change: OwnerChange) -> Result<SaleOutcome, RepositoryError> {
        self.database.write(move |connection| carry_out(connection, &id, step, &change)).await
    }
}

fn carry_out(
    connection: &mut Connection,
    id: &OfferId,
    step: Step,
    change: &OwnerChange,
) -> Result<SaleOutcome, RepositoryError> {
    let known = store::sale_get(connection, id.as_str())?;
    let (sale, name, from) = match (step, known) {
        (Step::Save { offer, units_from_nodes, new: true }, None) => {
            let sale = Sale {
                offer: *offer,
                state: SaleState::Draft,
                units_from_nodes,
                version: 1,
                created_at: change.now,
                changed_at: change.now,
                changed_by: change.actor.clone(),
            };
            (sale, "drafted", change.now)
        }
        (Step::Save { new: true, .. }, Some(_)) => {
            return Err(conflict(format!("there is an offer {id}; change it, or take another IRI")));
        }
        (_, None) => return Err(RepositoryError::NotFound(format!("offer {id}"))),
        (step, Some(known)) => {
            change.expect("offer", known.version)?;
            changed(step, known, change)?
        }
    };
    if let Some(refused) = tried(connection, &sale.offer, change, true)? {
        return Ok(SaleOutcome::Refused(refused));
    }
    if !change.dry_run {
        if from > change.now {
            return later(connection, &sale, name, from, change);
        }
        if sale.state == SaleState::Published {
            tried(connection, &sale.offer, change, false)?;
        }
        written(connection, &sale, name, from)?;
    }
    Ok(SaleOutcome::Done(Box::new(sale)))
}

fn changed(
    step: Step,
    known: Sale,
    change: &OwnerChange,
) -> Result<(Sale, &'static str, DateTime<Utc>), RepositoryError> {
    let state = known.state;
    Ok(match step {
        Step::Save { .. } if state != SaleState::Draft => {
            return Err(conflict(format!(
                "offer {} is {}: change its price or its units, or withdraw it and draft another",
                known.offer.id,
                state.name()
            )));
        }
        Step::Save { offer, units_from_nodes, .. } => {
            (Sale { offer: *offer, units_from_nodes, ..next(known, state, change) }, "changed", change.now)
        }
        Step::Publish if state == SaleState::Published => {
            return Err(conflict(format!("offer {} is published", known.offer.id)));
        }
        Step::Publish => (next(known, SaleState::Published, change), "published", change.now),
        Step::Revise { offer, units_from_nodes, name, from } => {
            (Sale { offer: *offer, units_from_nodes, ..next(known, state, change) }, name, from)
        }
    })
}

/// A version that waits for its time. The offer itself stays as it is.
fn later(
    connection: &mut Connection,
    sale: &Sale,
    name: &str,
    from: DateTime<Utc>,
    change: &OwnerChange,
) -> Result<SaleOutcome, RepositoryError> {
    let known = find(connection, sale.offer.id.as_str())?;
    store::version_put(connection, &version(sale, name, from, false))?;
    let waiting = Sale { version: sale.version, ..next(known, sale.state, change) };
    store::sale_put(connection, &waiting)?;
    Ok(SaleOutcome::Done(Box::new(Sale { version: sale.version, ..waiting })))
}

/// Brings one version into force: only what it is about is taken from it.
fn enforce(connection: &mut Connection, due: SaleVersion, change: &OwnerChange) -> Result<(), RepositoryError> {
    let mut known = find(connection, due.offer.id.as_str())?;
    known.offer.price_plan = due.offer.price_plan.clone();
    known.changed_at = change.now;
    known.changed_by = due.changed_by.clone();
    if known.state == SaleState::Published {
        tried(connection, &known.offer, change, false)?;
    }
    store::version_put(connection, &SaleVersion { in_force: true, ..due })?;
    store::sale_put(connection, &known)
}

fn next(known: Sale, state: SaleState, change: &OwnerChange) -> Sale {
    Sale { state, version: known.version + 1, changed_at: change.now, changed_by: change.actor.clone(), ..known }
}

fn version(sale: &Sale, name: &str, from: DateTime<Utc>, in_force: bool) -> SaleVersion {
    SaleVersion {
        version: sale.version,
        change: name.to_owned(),
        offer: sale.offer.clone(),
        at: sale.changed_at,
        changed_by: sale.changed_by.clone(),
        valid_from: from,
        in_force,
    }
}

fn written(connection: &mut Connection, sale: &Sale, name: &str, from: DateTime<Utc>) -> Result<(), RepositoryError> {
    store::version_put(connection, &version(sale, name, from, true))?;
    store::sale_put(connection, sale)
}

/// The import of the offer, for good or only as a trial: the same shapes and
/// the same references as for everybody. Some: what is wrong with it.
fn tried(
    connection: &mut Connection,
    offer: &Offer,
    change: &OwnerChange,
    dry_run: bool,
) -> Result<Option<Vec<reading::RefusedResource>>, RepositoryError> {
    let catalogue = Catalogue { offers: vec![offer.clone()], ..Catalogue::default() };
    let bytes = rdf::write_turtle(&catalogue).into_bytes();
    let reading = reading::read(&bytes, RdfFormat::Turtle)?;
    let request =
        ImportRequest { dry_run, ..ImportRequest::new(bytes, RdfFormat::Turtle, change.actor.clone(), change.now) };
    let report = Import { reading, request }.carry_out(connection)?;
    Ok((!report.refused.is_empty()).then_some(report.refused))
}

fn find(connection: &mut Connection, iri: &str) -> Result<Sale, RepositoryError> {
    store::sale_get(connection, iri)?.ok_or_else(|| RepositoryError::NotFound(format!("offer {iri}")))
}

/// An offer was taken out of the catalogue in another way: its owner's record says so, too.
pub(crate) fn withdrawn(
    connection: &mut Connection,
    iri: &str,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    match store::sale_get(connection, iri)? {
        Some(known) if known.state == SaleState::Published => {
            let change = OwnerChange { actor: actor.clone(), now, expected: None, dry_run: false };
            written(connection, &next(known, SaleState::Withdrawn, &change), "withdrawn", now)
        }
        _ => Ok(()),
    }
}

fn conflict(message: String) -> RepositoryError {
    RepositoryError::Conflict { message, source: None }
}

/// The one offer of a document.
///
/// # Errors
/// When it can't be read, or holds something else than one offer.
pub async fn offer_of(
    bytes: Vec<u8>,
    format: RdfFormat,
) -> Result<Result<Offer, Vec<reading::RefusedResource>>, RepositoryError> {
    let read = blocking(move || reading::read(&bytes, format)).await?;
    if !read.refused.is_empty() {
        return Ok(Err(read.refused));
    }
    let others = read.accepted.providers.len() + read.accepted.sites.len();
    match (<[Offer; 1]>::try_from(read.accepted.offers), others) {
        (Ok([offer]), 0) => Ok(Ok(offer)),
        _ => Err(RepositoryError::Invalid {
            field: String::new(),
            message: "the document of a draft holds one offer and nothing else; import takes whole catalogues"
                .to_owned(),
        }),
    }
}
