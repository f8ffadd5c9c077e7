//! Years of hourly intensity: recorded ones, and one that is made from a seed.

use hansa_ontology::SiteId;
use hansa_sustainability::{
    intensity::{Point, Series},
    shift::{Outlook, Site, World},
};
use std::{collections::BTreeMap, path::Path};

pub(crate) const HOUR: i64 = 3_600;
/// 1 December 2027: the year after its first month has a leap day, and all of them have
/// days on which clocks change.
pub(crate) const BEGIN: i64 = 1_827_619_200;

pub(crate) fn id(name: &str) -> SiteId {
    SiteId::new(format!("https://{name}.example/site")).unwrap()
}

/// Numbers that look random, from a seed (splitmix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    /// From -1 to 1, near 0 most of the time.
    fn noise(&mut self) -> f64 {
        (0..6).map(|_| self.below(2_001) as f64 / 1_000.0 - 1.0).sum::<f64>() / 6.0
    }
}

/// How a made zone looks, in g/kWh.
pub(crate) struct Zone {
    pub(crate) name: &'static str,
    pub(crate) base: f64,
    /// How much the sun takes off at noon in summer; in winter a third.
    pub(crate) sun: f64,
    /// How much wind that comes and goes over days takes off, or is missing.
    pub(crate) wind: f64,
    /// How much less is emitted on weekends.
    pub(crate) weekend: f64,
}

pub(crate) const ZONES: &[Zone] = &[
    Zone { name: "north", base: 330.0, sun: 60.0, wind: 260.0, weekend: 30.0 },
    Zone { name: "middle", base: 420.0, sun: 220.0, wind: 150.0, weekend: 50.0 },
    Zone { name: "south", base: 390.0, sun: 300.0, wind: 60.0, weekend: 25.0 },
];

/// Hours of a made zone. No recorded series: it is only like one.
pub(crate) fn made(zone: &Zone, hours: i64, seed: u64) -> Vec<i64> {
    let (mut dice, mut wind) = (Dice(seed), 0.0_f64);
    let value = |hour: i64| {
        wind = 0.985 * wind + 0.35 * dice.noise();
        let (day, clock) = (hour / 24, hour % 24);
        let year = (day as f64 - 203.0) / 365.25 * std::f64::consts::TAU;
        let summer = 0.67 + 0.33 * year.cos();
        let sun = (((clock - 12) as f64) / 12.0 * std::f64::consts::PI).cos().max(0.0).powi(2);
        let evening = if (17..21).contains(&clock) { 40.0 } else { 0.0 };
        // 1 December 2027 is a Wednesday.
        let weekend = if matches!((day + 2) % 7, 5 | 6) { zone.weekend } else { 0.0 };
        let grams = zone.base - zone.sun * summer * sun - zone.wind * wind.clamp(-1.0, 1.0) - weekend
            + evening
            + 12.0 * dice.noise();
        (grams.max(15.0) * 1_000.0) as i64
    };
    (0..hours).map(value).collect()
}

pub(crate) fn world(name: &str, series: Series, price: Option<Series>) -> World {
    let mut site = Site::new(id(name), Outlook::default());
    site.pue = 1_250_000;
    World { site, intensity: series, price }
}

/// Three made zones, 20 ms apart. The price follows how dirty the hour is, or is a
/// tariff that makes nights cheap, when the sun doesn't shine.
pub(crate) fn made_worlds(hours: i64, tariff: bool) -> Vec<World> {
    let one = |(number, zone): (u64, &Zone)| {
        let values = made(zone, hours, 7 + number);
        let night = |hour: i64| if (6..22).contains(&(hour % 24)) { 160_000 } else { 100_000 };
        let price = |(hour, value): (i64, &i64)| if tariff { night(hour) } else { 40_000 + value / 4 };
        let prices: Vec<i64> = (0_i64..).zip(&values).map(price).collect();
        let series = |values: &[i64]| Series::of_values(BEGIN, HOUR, values).unwrap();
        let mut world = world(zone.name, series(&values), Some(series(&prices)));
        world.site.latencies = ZONES.iter().map(|other| (id(other.name), 20_000)).collect::<BTreeMap<_, _>>();
        world
    };
    (0_u64..).zip(ZONES).map(one).collect()
}

/// The first column of a file of CityLearn, in thousandths of a gram for each unit; one
/// hour after the other, without times: it is laid on [`BEGIN`]. An hour of 0 is
/// one that wasn't recorded.
pub(crate) fn recorded(folder: &Path, file: &str, scale: f64) -> Series {
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    let values = text.lines().skip(1).filter_map(|line| line.split(',').next()?.trim().parse::<f64>().ok());
    let point = |(number, value): (i64, f64)| Point {
        begin: BEGIN + number * HOUR,
        measured: true,
        said: 0,
        value: (value * scale).round() as i64,
    };
    Series::new(HOUR, (0_i64..).zip(values).filter(|(_, value)| *value > 0.0).map(point).collect()).unwrap()
}
