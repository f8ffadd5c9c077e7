//! Sustainability: what work draws and emits, and how it would emit less.
//!
//! Pure: values go in, values come out. Time is an argument, sums are whole
//! numbers and don't depend on their order. Only [`feed`], which fetches a series,
//! speaks to anybody. Knows no database and no layer.

pub mod advice;
pub mod carbon;
pub mod energy;
mod error;
pub mod feed;
pub mod forecast;
pub mod intensity;
pub mod quantity;
pub mod shift;
mod table;

pub use error::SustainabilityError;
