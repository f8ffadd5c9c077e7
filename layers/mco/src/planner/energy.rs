//! What an hour of a machine emits, and what is assumed where nobody says.

use hansa_ontology::{Offer, Site, site::EnergyProfile};
use rust_decimal::Decimal;

/// Mean power of one virtual processor at half load, in milliwatts: 0.74 W idle
/// and 3.5 W full, averaged over the machines of a large provider. Source:
/// Cloud Carbon Footprint, methodology, appendix I (Apache-2.0).
const MILLIWATTS_PER_CPU: i64 = 2_120;
/// Power of one GiB of memory, in milliwatts: 0.392 W for each GB. Same source.
const MILLIWATTS_PER_GIB: i64 = 421;
/// Taken where neither offer nor site states an intensity, in g/kWh: that of coal power.
pub(super) const UNKNOWN_INTENSITY: i64 = 1_000;
/// Taken with it, in hundredths: the mean of data centres (Uptime Institute, survey of 2023).
const UNKNOWN_PUE_HUNDREDTHS: i64 = 158;

/// What one unit of an offer draws and emits.
#[derive(Debug, Clone, PartialEq)]
pub struct Footprint {
    /// Watts before power usage effectiveness.
    pub watts: Decimal,
    /// Whether the watts are an estimate from processors and memory.
    pub estimated: bool,
    /// Grams for each kilowatt-hour, if it is known of the site's grid, or the offer or its site states it.
    pub intensity: Option<Decimal>,
    /// Grams an hour, rounded to micrograms.
    pub grams: Decimal,
    /// The same in micrograms.
    pub micrograms: i64,
}

/// What a grid is expected to emit in the coming hours, in the place of what offers and
/// sites state once and for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coming {
    /// Mean intensity, in g/kWh.
    pub intensity: Decimal,
    /// Whose series or expectation it is, and for which hours, for people.
    pub source: String,
}

/// The profile that counts for an offer: its own, else its site's.
pub(super) fn profile<'a>(offer: &'a Offer, site: Option<&'a Site>) -> Option<&'a EnergyProfile> {
    offer.energy.as_ref().or_else(|| site.and_then(|site| site.energy.as_ref()))
}

/// What an hour of one unit of an offer draws and emits; estimated from processors
/// and memory where the offer does not state its power.
#[must_use]
pub fn footprint(offer: &Offer, site: Option<&Site>) -> Footprint {
    footprint_at(offer, site, None)
}

/// The same at what the site's grid is expected to emit, where that is known.
pub(super) fn footprint_at(offer: &Offer, site: Option<&Site>, coming: Option<&Coming>) -> Footprint {
    let profile = profile(offer, site);
    let stated = offer.energy.as_ref().and_then(|energy| energy.power_watts);
    let watts = stated.unwrap_or_else(|| estimate(offer));
    let intensity = coming.map(|coming| coming.intensity).or(profile.map(|profile| profile.carbon_intensity));
    let pue = profile.map_or_else(|| Decimal::new(UNKNOWN_PUE_HUNDREDTHS, 2), |profile| profile.pue);
    let grams = watts
        .checked_mul(pue)
        .and_then(|power| power.checked_mul(intensity.unwrap_or_else(|| Decimal::from(UNKNOWN_INTENSITY))))
        .and_then(|milligrams| milligrams.checked_div(Decimal::from(1_000)))
        .unwrap_or(Decimal::MAX)
        .round_dp(6);
    let micrograms = grams.checked_mul(Decimal::from(1_000_000)).and_then(|value| i64::try_from(value).ok());
    Footprint {
        watts,
        estimated: stated.is_none(),
        intensity,
        grams,
        micrograms: micrograms.unwrap_or(i64::MAX / 1_000_000),
    }
}

fn estimate(offer: &Offer) -> Decimal {
    let cpu = i128::from(offer.flavour.cpu_milli) * i128::from(MILLIWATTS_PER_CPU) / 1_000;
    let memory = i128::from(offer.flavour.memory_mib) * i128::from(MILLIWATTS_PER_GIB) / 1_024;
    Decimal::try_from_i128_with_scale(cpu + memory, 3).unwrap_or(Decimal::MAX)
}

#[cfg(test)]
mod tests;
