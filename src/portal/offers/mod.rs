//! Offers in the portal: the list, offers side by side, one offer.

mod index;
mod query;
mod shelf;
#[cfg(test)]
mod tests;

pub(crate) use index::{Choices, Found, KINDS, OfferIndex, Position, Row};
pub(crate) use query::{Direction, OfferQuery, SIZES, SortBy, encoded_query, sort_text};
pub(crate) use shelf::OfferShelf;
