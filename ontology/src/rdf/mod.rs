//! The words as RDF: typed values as trees, the trees as triples and as
//! Turtle, and back. One file for each class.

mod claim;
pub(crate) mod description;
mod energy;
mod flavour;
mod format;
mod lexical;
pub(crate) mod node;
pub(crate) mod offer;
mod order;
pub(crate) mod provider;
pub(crate) mod site;
mod sla;
mod terms;
pub(crate) mod triples;
mod turtle;

pub use format::RdfFormat;

use crate::{catalogue::Catalogue, offer::Offer, provider::Provider, site::Site};
use node::Resource;

/// A whole catalogue as Turtle. Equal catalogues give equal text.
#[must_use]
pub fn write_turtle(catalogue: &Catalogue) -> String {
    turtle::document(&resources(catalogue))
}

/// One provider as a Turtle document of its own.
#[must_use]
pub fn write_provider_turtle(provider: &Provider) -> String {
    turtle::document(&[provider::resource(provider)])
}

/// One site as a Turtle document of its own.
#[must_use]
pub fn write_site_turtle(site: &Site) -> String {
    turtle::document(&[site::resource(site)])
}

/// One offer as a Turtle document of its own.
#[must_use]
pub fn write_offer_turtle(offer: &Offer) -> String {
    turtle::document(&[offer::resource(offer)])
}

/// Every resource of a catalogue, in its order.
pub(crate) fn resources(catalogue: &Catalogue) -> Vec<Resource> {
    let providers = catalogue.providers.iter().map(provider::resource);
    let sites = catalogue.sites.iter().map(site::resource);
    let offers = catalogue.offers.iter().map(offer::resource);
    providers.chain(sites).chain(offers).collect()
}
