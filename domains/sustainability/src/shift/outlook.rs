//! What is known of the coming hours at a site.

use crate::{
    energy::HOUR,
    forecast::Expected,
    intensity::Series,
    quantity::{Intensity, MILLION},
};
use hansa_ontology::SiteId;
use serde::Serialize;
use std::collections::BTreeMap;

/// What is expected of an hour at a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Hour {
    /// Carbon intensity.
    pub intensity: Intensity,
    /// Above this it is in one of ten cases.
    pub high: Intensity,
    /// Price of energy in micro-units for each kilowatt-hour.
    pub price: i64,
}

/// The coming hours.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Outlook {
    /// The first hour's begin, in seconds since 1970.
    pub begin: i64,
    /// One hour after the other; none where nothing is known. Nothing is planned there.
    pub hours: Vec<Option<Hour>>,
}

/// A site in which work may run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Site {
    /// Which.
    pub id: SiteId,
    /// Power usage effectiveness in millionths.
    pub pue: u64,
    /// How much there is for deferrable work in every hour, in the unit of [`super::Job::room`].
    pub room: u64,
    /// What of it is taken already, by the hour's begin.
    pub taken: BTreeMap<i64, u64>,
    /// Round-trip times to other sites in microseconds.
    pub latencies: BTreeMap<SiteId, u32>,
    /// What is expected there.
    pub outlook: Outlook,
}

impl Outlook {
    /// From expectations of intensity, and prices; an hour without a price has that of 0
    /// where there are none at all, and is unknown where others have one.
    #[must_use]
    pub fn of_expected(expected: &[Expected], prices: Option<&Series>) -> Self {
        let begin = expected.first().map_or(0, |first| first.begin);
        let hour = |one: &Expected| {
            let price = price(prices, one.begin)?;
            Some(Hour { intensity: Intensity::of(one.value), high: Intensity::of(one.high), price })
        };
        Self { begin, hours: expected.iter().map(hour).collect() }
    }

    /// What was, between two moments: for hindsight.
    #[must_use]
    pub fn of_recorded(intensity: &Series, prices: Option<&Series>, from: i64, to: i64) -> Self {
        let begin = from.div_euclid(HOUR) * HOUR;
        let hour = |begin| {
            let (value, _) = intensity.mean(begin, begin + HOUR)?;
            let (intensity, price) = (Intensity::of(value), price(prices, begin)?);
            Some(Hour { intensity, high: intensity, price })
        };
        let begins = (0_i64..).map(|number| begin + number * HOUR).take_while(|begin| *begin < to);
        Self { begin, hours: begins.map(hour).collect() }
    }

    /// What is known of the hour that begins then.
    #[must_use]
    pub fn at(&self, begin: i64) -> Option<&Hour> {
        let place = usize::try_from((begin - self.begin).div_euclid(HOUR)).ok()?;
        self.hours.get(place)?.as_ref()
    }
}

fn price(prices: Option<&Series>, begin: i64) -> Option<i64> {
    prices.map_or(Some(0), |prices| prices.mean(begin, begin + HOUR).map(|(price, _)| price))
}

impl Site {
    /// A site with room for anything, without a building and without others.
    #[must_use]
    pub fn new(id: SiteId, outlook: Outlook) -> Self {
        let (taken, latencies) = (BTreeMap::new(), BTreeMap::new());
        Self { id, pue: MILLION, room: u64::MAX, taken, latencies, outlook }
    }

    /// Round-trip time from another site; none where nobody stated it.
    pub(super) fn latency(&self, from: &Self) -> Option<u32> {
        self.latencies.get(&from.id).or_else(|| from.latencies.get(&self.id)).copied()
    }
}
