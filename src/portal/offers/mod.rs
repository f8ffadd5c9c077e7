//! Offers in the portal: the list, offers side by side, one offer.

mod index;
mod query;
mod shelf;
#[cfg(test)]
mod tests;

pub(crate) use index::{Choices, Found, KINDS, OfferIndex, Position, Row};
pub(crate) use shelf::OfferShelf;
pub(crate) use query::{Direction, MOST_COMPARED, OfferQuery, SIZES, SortBy};
