//! What a kilowatt-hour emits and costs, over time: series by zone, with their
//! source, from files and from formats that are published.
//!
//! Location-based and market-based intensity are two series, and never mixed
//! (GHG Protocol, Scope 2 Guidance). Times are UTC, so that days of 23 and 25
//! hours and leap days are like any other.

mod clock;
mod formats;
mod mix;
mod own;
mod series;

pub use clock::Clock;
pub use formats::{read_carbon_aware_sdk, read_electricity_maps, read_neso};
pub use mix::{Factors, read_mix, read_neso_mix};
pub use own::{read_csv, read_generation, read_json, read_prices};
pub use series::{Hole, Point, Series};

use crate::{
    SustainabilityError,
    quantity::{Carbon, Energy, Intensity},
};
use hansa_ontology::Currency;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How an intensity was determined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Method {
    /// Of the grid at the place.
    Location,
    /// Of what was bought: contracts, guarantees of origin, residual mix.
    Market,
}

/// Whether a series tells what was, or what was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Standing {
    /// What was.
    Recorded,
    /// What its source expects.
    Forecast,
}

/// Carbon intensity of a zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IntensitySeries {
    /// The zone, as its source names it: `DE`, `US-CAL-CISO`.
    pub zone: Arc<str>,
    /// How it was determined.
    pub method: Method,
    /// Recorded or expected.
    pub standing: Standing,
    /// Who says so.
    pub source: Arc<str>,
    /// Milligrams of CO2 equivalent for each kilowatt-hour.
    pub series: Series,
}

/// The price of energy in a zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PriceSeries {
    /// The zone.
    pub zone: Arc<str>,
    /// In which currency.
    pub currency: Currency,
    /// Who says so.
    pub source: Arc<str>,
    /// Micro-units for each kilowatt-hour; may be negative.
    pub series: Series,
}

/// What a site generates for itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GenerationSeries {
    /// The site, as the file names it.
    pub site: Arc<str>,
    /// Who says so.
    pub source: Arc<str>,
    /// Mean power in milliwatts.
    pub series: Series,
}

impl GenerationSeries {
    /// What was generated between two moments; only what is known counts.
    #[must_use]
    pub fn energy(&self, from: i64, to: i64) -> Energy {
        let known = self.series.mean(from, to);
        known.map_or(Energy::ZERO, |(power, seconds)| Energy::of_power(power.max(0).unsigned_abs(), seconds * 1_000))
    }
}

impl IntensitySeries {
    /// A constant, such as a yearly mean.
    ///
    /// # Errors
    /// When the stretch is longer than a series can be.
    pub fn constant(
        zone: &str,
        method: Method,
        source: &str,
        intensity: Intensity,
        (from, to): (i64, i64),
    ) -> Result<Self, SustainabilityError> {
        let hours = usize::try_from((to - from) / 3_600).unwrap_or_default();
        let series = Series::of_values(from, 3_600, &vec![intensity.get(); hours])?;
        Ok(Self { zone: zone.into(), method, standing: Standing::Recorded, source: source.into(), series })
    }

    /// The mean intensity over a stretch, and how many seconds of it are known.
    #[must_use]
    pub fn mean(&self, from: i64, to: i64) -> Option<(Intensity, u64)> {
        self.series.mean(from, to).map(|(value, known)| (Intensity::of(value), known))
    }

    /// What an energy that was used evenly between two moments emits. None where the
    /// series knows nothing of that time: a hole is never taken for zero.
    #[must_use]
    pub fn carbon(&self, energy: Energy, from: i64, to: i64) -> Option<Carbon> {
        self.mean(from, to).map(|(intensity, _)| energy.at(intensity))
    }
}

/// A series that is being read.
struct Draft {
    zone: Arc<str>,
    method: Method,
    standing: Standing,
    source: Arc<str>,
    points: Vec<Point>,
}

impl Draft {
    /// In steps that are given, or as the points lie apart.
    fn finish(self, step: Option<i64>) -> Result<IntensitySeries, SustainabilityError> {
        let step = step.unwrap_or_else(|| resolution(&self.points));
        let series = Series::new(step, self.points)?;
        Ok(IntensitySeries {
            zone: self.zone,
            method: self.method,
            standing: self.standing,
            source: self.source,
            series,
        })
    }
}

/// The draft with these properties, made where there is none yet.
fn draft<'d>(
    drafts: &'d mut Vec<Draft>,
    zone: &str,
    method: Method,
    standing: Standing,
    source: &Arc<str>,
) -> &'d mut Vec<Point> {
    let same = |draft: &Draft| &*draft.zone == zone && draft.method == method && draft.standing == standing;
    let place = drafts.iter().position(same).unwrap_or(drafts.len());
    if place == drafts.len() {
        drafts.push(Draft { zone: zone.into(), method, standing, source: source.clone(), points: Vec::new() });
    }
    // Just looked up, or just put there.
    #[allow(clippy::indexing_slicing, reason = "the place exists")]
    &mut drafts[place].points
}

/// The widest usual step in which all points lie: an hour, where there is no more than one.
fn resolution(points: &[Point]) -> i64 {
    let mut times: Vec<i64> = points.iter().map(|point| point.begin).collect();
    times.sort_unstable();
    times.dedup();
    let least = times.iter().zip(times.iter().skip(1)).map(|(one, next)| next - one).min();
    let usual = [86_400, 3_600, 1_800, 900, 300];
    least.map_or(3_600, |least| usual.into_iter().find(|step| *step <= least).unwrap_or(60))
}
