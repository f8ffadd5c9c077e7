//! What partners bring into the catalogue, and what of our own goes out to
//! them. These functions take a connection, because what is taken in and how
//! far the partner's feed was read are one transaction.
//!
//! A partner brings resources of its one provider alone. What is our own, or
//! another partner's, it can't touch.

use super::{
    difference::Before,
    model::{Class, Resource, Source},
    partner_store as rows,
    store::{self, Row},
};
use crate::{Connection, error::RepositoryError, json, time};
use chrono::{DateTime, Utc};
use hansa_ontology::{Offer, OfferId, Provider, ProviderId, Site, SiteId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Who brings it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerSource {
    /// The partner's DID.
    pub partner: String,
    /// The provider that it speaks for.
    pub provider: ProviderId,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// Until when it is used unless confirmed.
    pub holds_until: DateTime<Utc>,
}

/// A resource as it came, read and found good by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct PartnerResource {
    /// The resource.
    pub resource: AnyResource,
    /// All that the document says about it, as sorted N-Triples.
    pub statements: String,
    /// The exact text that was signed, and how it is to be read.
    pub source: Source,
    /// The detached signature over that text.
    pub signature: String,
}

/// A resource of any class.
#[derive(Debug, Clone, PartialEq)]
pub enum AnyResource {
    /// A provider.
    Provider(Provider),
    /// A site.
    Site(Site),
    /// An offer.
    Offer(Box<Offer>),
}

/// What came of one resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It wasn't there.
    New,
    /// It was there otherwise.
    Changed,
    /// It was there just so.
    Unchanged,
}

/// Why a resource isn't taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is another provider's.
    #[error("it is a resource of {provider}, and this partner speaks for {own} alone")]
    Provider {
        /// Whose it says it is.
        provider: String,
        /// For whom the partner speaks.
        own: ProviderId,
    },
    /// Its IRI is taken by another source.
    #[error("the catalogue has this IRI from {}", .partner.as_deref().map_or_else(|| "us".to_owned(), |partner| format!("the partner {partner}")))]
    Source {
        /// The other source; None: us.
        partner: Option<String>,
    },
    /// Its IRI is that of a different thing.
    #[error("the catalogue knows this IRI as that of a different thing, of class {0}")]
    Class(String),
    /// A site keeps its provider, an offer is at a site of its own provider.
    #[error("the site {site} belongs to {owner}")]
    Site {
        /// The site.
        site: SiteId,
        /// Whose it is.
        owner: String,
    },
    /// What it refers to has not come yet; it may be taken when that has.
    #[error("it refers to {0}, which has not come from this partner")]
    Missing(String),
}

impl AnyResource {
    /// What it is.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::Provider(_) => Class::Provider,
            Self::Site(_) => Class::Site,
            Self::Offer(_) => Class::Offer,
        }
    }

    /// Its IRI.
    #[must_use]
    pub fn iri(&self) -> &str {
        match self {
            Self::Provider(provider) => provider.iri(),
            Self::Site(site) => site.iri(),
            Self::Offer(offer) => offer.iri(),
        }
    }

    /// Its name for people.
    #[must_use]
    pub fn title(&self) -> &str {
        match self {
            Self::Provider(provider) => provider.title(),
            Self::Site(site) => site.title(),
            Self::Offer(offer) => offer.title(),
        }
    }

    fn provider(&self) -> &ProviderId {
        match self {
            Self::Provider(provider) => &provider.id,
            Self::Site(site) => &site.provider,
            Self::Offer(offer) => &offer.provider,
        }
    }

    fn document(&self) -> Result<String, RepositoryError> {
        match self {
            Self::Provider(provider) => json::to_column("provider", provider),
            Self::Site(site) => json::to_column("site", site),
            Self::Offer(offer) => json::to_column("offer", offer),
        }
    }
}

/// Takes resources in. The answers are in the order of the resources; each is
/// judged by itself, with providers and sites of the same call known to the
/// offers after them.
///
/// # Errors
/// When the database fails.
pub fn put(
    connection: &mut Connection,
    source: &PartnerSource,
    resources: Vec<PartnerResource>,
) -> Result<Vec<Result<Taken, Refusal>>, RepositoryError> {
    let mut known = Known::load(connection, &resources)?;
    // By IRI: a page may bring two versions of one, and the later one counts.
    let mut new = BTreeMap::new();
    let mut answers = Vec::with_capacity(resources.len());
    for resource in resources {
        let answer = known.judge(source, &resource)?;
        if answer.is_ok() {
            known.learn(source, &resource)?;
            new.insert(resource.resource.iri().to_owned(), row(source, resource)?);
        }
        answers.push(answer);
    }
    if !new.is_empty() {
        let generation = store::next_generation(connection)?;
        let new = new.into_values().map(|row| Row { generation, ..row }).collect();
        rows::replace_keeping_units(connection, new)?;
    }
    Ok(answers)
}

/// Withdraws what of these the partner has brought, and says how many that were.
///
/// # Errors
/// When the database fails.
pub fn withdraw(connection: &mut Connection, partner: &str, iris: &[String]) -> Result<usize, RepositoryError> {
    let generation = store::next_generation(connection)?;
    rows::withdraw(connection, partner, Some(iris), generation)
}

/// Withdraws everything that the partner has brought, and says how many that were.
///
/// # Errors
/// When the database fails.
pub fn withdraw_all(connection: &mut Connection, partner: &str) -> Result<usize, RepositoryError> {
    let generation = store::next_generation(connection)?;
    rows::withdraw(connection, partner, None, generation)
}

/// The partner still stands by all that it has brought: where that would end
/// before `renew_before`, it holds until `holds_until` now.
///
/// # Errors
/// When the database fails.
pub fn confirm(
    connection: &mut Connection,
    partner: &str,
    renew_before: DateTime<Utc>,
    holds_until: DateTime<Utc>,
) -> Result<usize, RepositoryError> {
    if !rows::ends_before(connection, partner, renew_before)? {
        return Ok(0);
    }
    let generation = store::next_generation(connection)?;
    rows::renew(connection, partner, renew_before, holds_until, generation)
}

/// How many units of each offer the partner says are left for us, as of a time:
/// of an offer that it doesn't name, none. Offers that aren't its own are passed
/// over. Says how many numbers changed.
///
/// # Errors
/// When the database fails.
pub fn capacity_set(
    connection: &mut Connection,
    partner: &str,
    units: &BTreeMap<OfferId, u32>,
    as_of: DateTime<Utc>,
) -> Result<usize, RepositoryError> {
    let stored = rows::units(connection, partner)?;
    let named: BTreeMap<&str, i64> = units.iter().map(|(offer, units)| (offer.as_str(), i64::from(*units))).collect();
    let changed: Vec<(&str, i64)> = stored
        .iter()
        .map(|(offer, before)| (offer.as_str(), *before, named.get(offer.as_str()).copied().unwrap_or_default()))
        .filter(|(_, before, units)| *before != Some(*units))
        .map(|(offer, _, units)| (offer, units))
        .collect();
    if !changed.is_empty() {
        let generation = store::next_generation(connection)?;
        rows::units_set(connection, &changed, as_of, generation)?;
    }
    Ok(changed.len())
}

/// How many resources of a class the partner has in the catalogue.
///
/// # Errors
/// When the database fails.
pub fn count(connection: &mut Connection, partner: &str, class: Class) -> Result<usize, RepositoryError> {
    rows::count(connection, partner, class)
}

/// Something of our own that changed.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnChange {
    /// Its IRI.
    pub iri: String,
    /// It as it is now; None: it is withdrawn.
    pub resource: Option<AnyResource>,
    /// The text that was imported, or what it says as N-Triples.
    pub source: Source,
    /// All that is said about it, as sorted N-Triples.
    pub statements: String,
}

/// Those of these sites that the catalogue has.
///
/// # Errors
/// When the database fails.
pub fn sites(connection: &mut Connection, iris: &[String]) -> Result<BTreeMap<SiteId, Site>, RepositoryError> {
    let found = store::before(connection, iris)?;
    let living = found.into_values().filter(|(class, row)| class == Class::Site.name() && !row.withdrawn);
    let sites = living.map(|(_, row)| json::from_column::<Site>("site", &row.document));
    sites.map(|site| site.map(|site| (site.id.clone(), site))).collect()
}

/// How far the changes of our own resources were followed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OwnCursor {
    /// The change of the catalogue.
    pub generation: i64,
    /// The last resource of that change.
    pub iri: String,
}

/// At most `limit` of our own resources of a class that changed after the cursor, each
/// with the cursor after it. None: that is all for now.
///
/// # Errors
/// When the database fails.
pub fn own_changes(
    connection: &mut Connection,
    class: Class,
    after: &OwnCursor,
    limit: usize,
) -> Result<Vec<(OwnChange, OwnCursor)>, RepositoryError> {
    let found = rows::own_after(connection, class, after.generation, &after.iri, limit)?;
    found
        .into_iter()
        .map(|row| {
            let cursor = OwnCursor { generation: row.generation, iri: row.iri.clone() };
            Ok((own_change(row)?, cursor))
        })
        .collect()
}

fn own_change(row: Row) -> Result<OwnChange, RepositoryError> {
    let resource = match row.class.as_str() {
        _ if row.withdrawn => None,
        "provider" => Some(AnyResource::Provider(json::from_column("provider", &row.document)?)),
        "site" => Some(AnyResource::Site(json::from_column("site", &row.document)?)),
        _ => Some(AnyResource::Offer(Box::new(json::from_column("offer", &row.document)?))),
    };
    let statements = row.statements;
    let source = match (row.original, row.original_media_type) {
        (Some(text), Some(media_type)) => Source { media_type, text },
        _ => Source { media_type: "application/n-triples".to_owned(), text: statements.clone() },
    };
    Ok(OwnChange { iri: row.iri, resource, source, statements })
}

/// What the catalogue knows of the resources at hand and of what they refer
/// to, by IRI: class and content.
struct Known {
    stored: BTreeMap<String, (String, Before)>,
}

impl Known {
    fn load(connection: &mut Connection, resources: &[PartnerResource]) -> Result<Self, RepositoryError> {
        let mut iris = BTreeSet::new();
        for resource in resources {
            iris.insert(resource.resource.iri().to_owned());
            iris.insert(resource.resource.provider().to_string());
            if let AnyResource::Offer(offer) = &resource.resource {
                iris.insert(offer.site.to_string());
            }
        }
        let iris: Vec<String> = iris.into_iter().collect();
        Ok(Self { stored: store::before(connection, &iris)? })
    }

    fn judge(
        &self,
        source: &PartnerSource,
        resource: &PartnerResource,
    ) -> Result<Result<Taken, Refusal>, RepositoryError> {
        let any = &resource.resource;
        if *any.provider() != source.provider {
            let provider = any.provider().to_string();
            return Ok(Err(Refusal::Provider { provider, own: source.provider.clone() }));
        }
        let before = self.stored.get(any.iri());
        if let Some((class, before)) = before
            && let Some(refusal) = clash(source, any, class, before)
        {
            return Ok(Err(refusal));
        }
        if let Err(refusal) = self.references(source, any) {
            return Ok(Err(refusal));
        }
        Ok(Ok(match before {
            Some((_, before)) if !before.withdrawn && before.partner.as_ref() == Some(&source.partner) => {
                let same = before.document == any.document()? && before.statements == resource.statements;
                if same { Taken::Unchanged } else { Taken::Changed }
            }
            _ => Taken::New,
        }))
    }

    fn references(&self, source: &PartnerSource, any: &AnyResource) -> Result<(), Refusal> {
        match any {
            AnyResource::Provider(_) => Ok(()),
            AnyResource::Site(site) => self.present(source, site.provider.as_str(), Class::Provider),
            AnyResource::Offer(offer) => {
                self.present(source, offer.provider.as_str(), Class::Provider)?;
                self.present(source, offer.site.as_str(), Class::Site).map_err(|missing| {
                    match self.stored.get(offer.site.as_str()) {
                        Some((_, site)) if !site.withdrawn && site.partner.as_ref() != Some(&source.partner) => {
                            let owner = site.partner.clone().unwrap_or_else(|| "us".to_owned());
                            Refusal::Site { site: offer.site.clone(), owner }
                        }
                        _ => missing,
                    }
                })
            }
        }
    }

    fn present(&self, source: &PartnerSource, iri: &str, class: Class) -> Result<(), Refusal> {
        let there = self.stored.get(iri).is_some_and(|(of, row)| {
            of == class.name() && !row.withdrawn && row.partner.as_ref() == Some(&source.partner)
        });
        if there { Ok(()) } else { Err(Refusal::Missing(format!("the {class} {iri}"))) }
    }

    fn learn(&mut self, source: &PartnerSource, resource: &PartnerResource) -> Result<(), RepositoryError> {
        let any = &resource.resource;
        let before = Before {
            document: any.document()?,
            statements: resource.statements.clone(),
            withdrawn: false,
            partner: Some(source.partner.clone()),
        };
        self.stored.insert(any.iri().to_owned(), (any.class().name().to_owned(), before));
        Ok(())
    }
}

/// Whether what is stored under the IRI forbids it.
fn clash(source: &PartnerSource, any: &AnyResource, class: &str, before: &Before) -> Option<Refusal> {
    // What was our own stays our own: a partner doesn't bring back what we have withdrawn.
    let others = before.partner.as_ref() != Some(&source.partner) && (!before.withdrawn || before.partner.is_none());
    if others {
        return Some(Refusal::Source { partner: before.partner.clone() });
    }
    (class != any.class().name()).then(|| Refusal::Class(class.to_owned()))
}

fn row(source: &PartnerSource, resource: PartnerResource) -> Result<Row, RepositoryError> {
    Ok(Row {
        iri: resource.resource.iri().to_owned(),
        class: resource.resource.class().name().to_owned(),
        document: resource.resource.document()?,
        statements: resource.statements,
        original: Some(resource.source.text),
        original_media_type: Some(resource.source.media_type),
        imported_at: time::to_column(source.received_at),
        withdrawn: false,
        generation: 0,
        partner: Some(source.partner.clone()),
        signature: Some(resource.signature),
        received_at: Some(time::to_column(source.received_at)),
        holds_until: Some(time::to_column(source.holds_until)),
        units: None,
        units_as_of: None,
    })
}
