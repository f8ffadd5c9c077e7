//! What something used and emitted. Adds up in any order.

use crate::{
    SustainabilityError,
    energy::Embodied,
    intensity::IntensitySeries,
    quantity::{Carbon, Energy, Intensity},
};
use serde::Serialize;
use std::{iter::Sum, ops::AddAssign};

/// What something used and emitted over some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Footprint {
    /// What its machines used by a meter.
    pub measured: Energy,
    /// What its machines used by a model.
    pub modelled: Energy,
    /// With cooling and the rest of the building (PUE).
    pub facility: Energy,
    /// What of that the site generated itself; counted as emitting nothing (GHG
    /// Protocol, Scope 2 Guidance: on-site generation that is consumed).
    pub own: Energy,
    /// Operational carbon, location-based.
    pub location: Carbon,
    /// Energy of hours of which no location-based intensity is known. In no carbon figure.
    pub location_unknown: Energy,
    /// Operational carbon, market-based.
    pub market: Carbon,
    /// Energy of hours of which no market-based intensity is known. In no carbon figure.
    pub market_unknown: Energy,
    /// Its share of making the machines.
    pub embodied: Carbon,
}

impl Footprint {
    /// Of an hour, or any stretch that lies within one: `facility` with `own` of it
    /// generated at the site, at the intensities of that time.
    #[must_use]
    pub fn operational(
        (measured, modelled): (Energy, Energy),
        (facility, own): (Energy, Energy),
        (from, to): (i64, i64),
        location: Option<&IntensitySeries>,
        market: Option<&IntensitySeries>,
    ) -> Self {
        let bought = facility - own.min(facility);
        let at = |series: Option<&IntensitySeries>| match series.and_then(|series| series.carbon(bought, from, to)) {
            Some(carbon) => (carbon, Energy::ZERO),
            None => (Carbon::ZERO, bought),
        };
        let ((location, location_unknown), (market, market_unknown)) = (at(location), at(market));
        Self {
            measured,
            modelled,
            facility,
            own: own.min(facility),
            location,
            location_unknown,
            market,
            market_unknown,
            embodied: Carbon::ZERO,
        }
    }

    /// With the embodied share of a machine of which `reserved` of `total` resources
    /// were reserved for some seconds.
    #[must_use]
    pub fn with_embodied(mut self, machine: &Embodied, seconds: u64, reserved: u64, total: u64) -> Self {
        self.embodied += machine.share(seconds, reserved, total);
        self
    }
}

impl AddAssign for Footprint {
    fn add_assign(&mut self, other: Self) {
        self.measured += other.measured;
        self.modelled += other.modelled;
        self.facility += other.facility;
        self.own += other.own;
        self.location += other.location;
        self.location_unknown += other.location_unknown;
        self.market += other.market;
        self.market_unknown += other.market_unknown;
        self.embodied += other.embodied;
    }
}

impl Sum for Footprint {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |mut sum, each| {
            sum += each;
            sum
        })
    }
}

/// A software carbon intensity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sci {
    /// O: operational, location-based, as the standard demands.
    pub operational: Carbon,
    /// M: embodied.
    pub embodied: Carbon,
    /// R: how many functional units.
    pub units: u64,
    /// What the functional unit is: `request`.
    pub unit: String,
    /// (O + M) ÷ R, rounded to the microgram.
    pub score: Carbon,
    /// What of the energy was taken at an assumed intensity, because none is known.
    pub assumed: Energy,
}

/// The software carbon intensity of ISO/IEC 21031: (O + M) per R. Neither market-based
/// measures nor offsets are in it. Energy of hours without a known intensity is taken
/// at `assumed`.
///
/// # Errors
/// When there is no functional unit, or an intensity isn't known and none is to be assumed.
pub fn sci(
    footprint: &Footprint,
    units: u64,
    unit: &str,
    assumed: Option<Intensity>,
) -> Result<Sci, SustainabilityError> {
    if units == 0 {
        let problem = format!("there was no `{unit}` in this time; take a longer one, or another functional unit");
        return Err(SustainabilityError::invalid("functional unit", problem));
    }
    let unknown = footprint.location_unknown;
    let more = match assumed {
        Some(intensity) => unknown.at(intensity),
        None if unknown == Energy::ZERO => Carbon::ZERO,
        None => {
            return Err(SustainabilityError::Unknown {
                field: "software carbon intensity",
                what: "location-based carbon intensity",
                name: unknown.to_string(),
            });
        }
    };
    let operational = footprint.location + more;
    let score = (operational + footprint.embodied).share(1, units);
    Ok(Sci { operational, embodied: footprint.embodied, units, unit: unit.to_owned(), score, assumed: unknown })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intensity::{Method, Standing};

    fn series(method: Method, values: &[i64]) -> IntensitySeries {
        let series = crate::intensity::Series::of_values(0, 3_600, values).unwrap();
        IntensitySeries { zone: "DE".into(), method, standing: Standing::Recorded, source: "test".into(), series }
    }

    fn kwh(thousandths: i64) -> Energy {
        Energy::of_kwh(rust_decimal::Decimal::new(thousandths, 3)).unwrap()
    }

    #[test]
    fn both_methods_stay_apart() {
        let (location, market) = (series(Method::Location, &[400_000]), series(Method::Market, &[0]));
        let used = (kwh(1_000), Energy::ZERO);
        let hour = Footprint::operational(used, (kwh(1_200), kwh(200)), (0, 3_600), Some(&location), Some(&market));
        assert_eq!((hour.location.grams(), hour.market), (400.into(), Carbon::ZERO));
        let later = Footprint::operational(used, (kwh(1_200), kwh(0)), (3_600, 7_200), Some(&location), None);
        assert_eq!(
            (later.location, later.location_unknown, later.market_unknown),
            (Carbon::ZERO, kwh(1_200), kwh(1_200))
        );
        let sum: Footprint = [hour, later].into_iter().sum();
        assert_eq!(sum, [later, hour].into_iter().sum());
        assert_eq!((sum.facility, sum.location_unknown), (kwh(2_400), kwh(1_200)));
    }

    #[test]
    fn a_score_needs_units_and_every_intensity() {
        let location = series(Method::Location, &[400_000]);
        let used = (kwh(1_000), Energy::ZERO);
        let known = Footprint::operational(used, (kwh(1_000), kwh(0)), (0, 3_600), Some(&location), None)
            .with_embodied(&Embodied::server(1, 16, 0, 0, 0), 3_600, 1, 4);
        // (400 + 7.13 g) ÷ 1000.
        assert_eq!(sci(&known, 1_000, "request", None).unwrap().score.grams().round_dp(4).to_string(), "0.4071");
        assert!(sci(&known, 0, "request", None).unwrap_err().to_string().contains("no `request`"));
        let unknown = Footprint::operational(used, (kwh(1_000), kwh(0)), (7_200, 9_000), Some(&location), None);
        assert!(sci(&unknown, 1, "request", None).unwrap_err().to_string().contains("1 kWh"));
        let told = sci(&unknown, 1, "request", Some(Intensity::of(1_000_000))).unwrap();
        assert_eq!((told.score.grams(), told.assumed), (1_000.into(), kwh(1_000)));
    }
}
