//! The words as RDF: writing typed values as triples and Turtle.

mod format;

pub use format::RdfFormat;

use crate::{catalogue::Catalogue, offer::Offer, provider::Provider, site::Site};

/// A whole catalogue as Turtle: canonical, so that equal catalogues give equal text.
#[must_use]
pub fn write_turtle(_catalogue: &Catalogue) -> String {
    String::new()
}

/// One provider as a Turtle document of its own.
#[must_use]
pub fn write_provider_turtle(_provider: &Provider) -> String {
    String::new()
}

/// One site as a Turtle document of its own.
#[must_use]
pub fn write_site_turtle(_site: &Site) -> String {
    String::new()
}

/// One offer as a Turtle document of its own.
#[must_use]
pub fn write_offer_turtle(_offer: &Offer) -> String {
    String::new()
}
