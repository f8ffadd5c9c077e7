//! Published coefficients: what a processor, memory, storage and the network
//! draw, and what it took to make a server; each with its source.

use crate::{
    SustainabilityError,
    quantity::{Carbon, Energy, Intensity, MILLION, divided},
};
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};

const CCF: &str = "Cloud Carbon Footprint, methodology and ccf-coefficients (Apache-2.0)";
const UPTIME: &str = "Uptime Institute, Global Data Center Survey 2023: mean PUE";
const TEADS: &str = "Teads Engineering, Building an AWS EC2 carbon emissions dataset (2021), as CCF uses it";

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named<T> {
    /// The value.
    pub value: T,
    /// Its source: who published it, where.
    pub source: Arc<str>,
}

impl<T> Named<T> {
    /// A value with its source.
    pub fn new(value: T, source: impl Into<Arc<str>>) -> Self {
        Self { value, source: source.into() }
    }
}

/// What one virtual processor draws by its utilisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Processor {
    /// Utilisation in millionths and microwatts, from 0 to 1,000,000, in ascending order.
    curve: Vec<(u64, u64)>,
}

impl Processor {
    /// A straight line between idle and full load, in microwatts for each virtual processor.
    #[must_use]
    pub fn line(idle: u64, full: u64) -> Self {
        Self { curve: vec![(0, idle), (MILLION, full)] }
    }

    /// Straight lines between points of utilisation (millionths) and microwatts.
    ///
    /// # Errors
    /// When the points don't go from 0 to 1,000,000 in ascending order.
    pub fn curve(points: Vec<(u64, u64)>) -> Result<Self, SustainabilityError> {
        let ends =
            points.first().map(|point| point.0) == Some(0) && points.last().map(|point| point.0) == Some(MILLION);
        if ends && points.is_sorted_by(|one, next| one.0 < next.0) {
            return Ok(Self { curve: points });
        }
        Err(SustainabilityError::invalid("curve", "its points must ascend from a utilisation of 0 to one of 1,000,000"))
    }

    /// Microwatts of one virtual processor at a utilisation in millionths; above one it counts as one.
    #[must_use]
    pub fn microwatts(&self, utilisation: u64) -> u64 {
        let used = utilisation.min(MILLION);
        let mut before = (0, 0);
        for point in &self.curve {
            if point.0 >= used {
                let (length, part) = (point.0 - before.0, used - before.0);
                if length == 0 {
                    return point.1;
                }
                let rise = (i128::from(point.1) - i128::from(before.1)) * i128::from(part);
                let sum = i128::from(before.1) + divided(rise, i128::from(length));
                return u64::try_from(sum).unwrap_or_default();
            }
            before = *point;
        }
        before.1
    }
}

/// What it took to make a machine, and how long it is expected to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Embodied {
    /// Made, brought and disposed of (TE in ISO/IEC 21031).
    pub carbon: Carbon,
    /// Expected life in hours (EL in ISO/IEC 21031).
    pub life_hours: u64,
}

impl Embodied {
    /// A rack server by what is in it, after Teads: 1,000 kg with one processor and
    /// 16 GB; 100 kg for each further processor, 533/384 kg for each further GB,
    /// 50 kg for a hard disk, 100 kg for a solid-state disk, 150 kg for a graphics
    /// processor. Four years of life, as Cloud Carbon Footprint takes it.
    #[must_use]
    pub fn server(processors: u64, memory_gb: u64, hard_disks: u64, solid_disks: u64, graphics: u64) -> Self {
        let kilograms =
            1_000 + 100 * processors.saturating_sub(1) + 50 * hard_disks + 100 * solid_disks + 150 * graphics;
        let memory = divided(i128::from(memory_gb.saturating_sub(16)) * 533_000_000_000, 384);
        Self { carbon: Carbon::of(i128::from(kilograms) * 1_000_000_000 + memory), life_hours: 4 * 365 * 24 }
    }

    /// The source of [`Embodied::server`].
    #[must_use]
    pub fn source() -> Arc<str> {
        TEADS.into()
    }
}

/// All coefficients that a model needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Coefficients {
    /// By the processor's architecture, in lower case.
    pub processors: BTreeMap<String, Named<Processor>>,
    /// Where the architecture isn't known.
    pub processor: Named<Processor>,
    /// Microwatts for each GB (10^9 bytes) of memory.
    pub memory: Named<u64>,
    /// Microwatts for each TB (10^12 bytes) on solid-state disks.
    pub solid: Named<u64>,
    /// Microwatts for each TB (10^12 bytes) on hard disks.
    pub hard: Named<u64>,
    /// For each GB (10^9 bytes) that goes over a network.
    pub network: Named<Energy>,
    /// Power usage effectiveness in millionths by provider or site.
    pub pue: BTreeMap<String, Named<u64>>,
    /// Where nobody states it.
    pub default_pue: Named<u64>,
    /// Machines by type, such as `m5.xlarge`, in lower case.
    pub embodied: BTreeMap<String, Named<Embodied>>,
    /// Yearly mean intensity of regions and countries, location-based, in lower case.
    pub intensity: BTreeMap<String, Named<Intensity>>,
}

impl Default for Coefficients {
    /// The small table of our own, from published figures.
    fn default() -> Self {
        // Microwatts for each virtual processor, idle and at full load.
        let known = [
            ("sandy bridge", 2_170_000, 8_580_000),
            ("ivy bridge", 3_040_000, 8_250_000),
            ("haswell", 1_900_000, 6_010_000),
            ("broadwell", 710_000, 3_690_000),
            ("skylake", 640_000, 4_190_000),
            ("cascade lake", 640_000, 3_970_000),
            ("coffee lake", 1_140_000, 5_420_000),
            ("epyc 1st gen", 820_000, 2_550_000),
            ("epyc 2nd gen", 470_000, 1_690_000),
            ("epyc 3rd gen", 450_000, 2_020_000),
            ("graviton2", 470_000, 1_690_000),
        ];
        let processors =
            known.map(|(name, idle, full)| (name.to_owned(), Named::new(Processor::line(idle, full), CCF)));
        let pue = [("aws", 1_135_000), ("azure", 1_185_000), ("gcp", 1_100_000)];
        Self {
            processors: processors.into(),
            processor: Named::new(Processor::line(740_000, 3_500_000), CCF),
            memory: Named::new(392_000, CCF),
            solid: Named::new(1_200_000, CCF),
            hard: Named::new(650_000, CCF),
            // 0.001 kWh.
            network: Named::new(Energy::of(3_600_000_000), CCF),
            pue: pue.map(|(name, value)| (name.to_owned(), Named::new(value, CCF))).into(),
            default_pue: Named::new(1_580_000, UPTIME),
            embodied: BTreeMap::new(),
            intensity: BTreeMap::new(),
        }
    }
}

impl Coefficients {
    /// The processor of an architecture, or the mean of those that are known.
    #[must_use]
    pub fn processor(&self, architecture: Option<&str>) -> &Named<Processor> {
        let known = architecture.and_then(|name| self.processors.get(&name.trim().to_lowercase()));
        known.unwrap_or(&self.processor)
    }

    /// The PUE of a provider or site in millionths, or the mean of data centres.
    #[must_use]
    pub fn pue(&self, name: &str) -> &Named<u64> {
        self.pue.get(&name.to_lowercase()).unwrap_or(&self.default_pue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn power_follows_the_line() {
        let processor = Processor::line(740_000, 3_500_000);
        let all = [0, 500_000, MILLION, 2 * MILLION].map(|used| processor.microwatts(used));
        assert_eq!(all, [740_000, 2_120_000, 3_500_000, 3_500_000]);
    }

    #[test]
    fn a_curve_goes_through_its_points() {
        let points = vec![(0, 100), (100_000, 300), (500_000, 700), (MILLION, 900)];
        let processor = Processor::curve(points.clone()).unwrap();
        assert!(points.iter().all(|(used, power)| processor.microwatts(*used) == *power));
        assert_eq!(processor.microwatts(300_000), 500);
        for bad in [vec![(0, 1)], vec![(1, 1), (MILLION, 2)], vec![(0, 1), (MILLION, 2), (MILLION, 3)], vec![]] {
            assert!(Processor::curve(bad).is_err());
        }
    }

    #[test]
    fn a_server_is_made_of_its_parts() {
        assert_eq!(Embodied::server(1, 16, 0, 0, 0).carbon.grams().to_string(), "1000000");
        // 1000 + 100 + 533/384 × 112 + 2 × 100 + 50 + 150 kg.
        let big = Embodied::server(2, 128, 1, 2, 1);
        assert_eq!(big.carbon.grams().round_dp(1).to_string(), "1655458.3");
        assert_eq!(big.life_hours, 35_040);
    }
}
