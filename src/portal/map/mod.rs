//! The map of sites: the globe on the page, land, sites, clusters, latencies.

mod bounds;
mod chart;
mod land;
mod projection;

pub(crate) use bounds::Bounds;
pub(crate) use chart::{Chart, HEIGHT, Link, MapSite, Mark, WIDTH};
