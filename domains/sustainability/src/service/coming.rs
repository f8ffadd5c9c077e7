//! What is known of sites hour by hour: what was, and what is expected.

use super::{
    Options, ServiceError, Sustainability,
    book::zones,
    stated::{self, SeriesName, Values},
};
use crate::{
    SustainabilityError,
    energy::{HOUR, hour_of},
    forecast::{Expected, Model, Settings},
    intensity::{Method, Point, Series},
    quantity::Intensity,
    store,
};
use hansa_ontology::{Currency, Site, SiteId};
use hansa_repository::Connection;
use std::collections::{BTreeMap, BTreeSet};

const DAY: i64 = 24 * HOUR;

/// Which of a site's series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quantity {
    /// Location-based carbon intensity, in mg/kWh.
    Intensity,
    /// The price of energy in a currency, in micro-units for each kilowatt-hour.
    Price(Currency),
}

impl Quantity {
    fn name(self, zone: &str) -> SeriesName {
        match self {
            Self::Intensity => SeriesName::intensity(zone, Method::Location),
            Self::Price(currency) => SeriesName::price(zone, currency),
        }
    }
}

/// The hours of a site, and who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hours {
    /// In steps of an hour.
    pub(super) series: Series,
    /// Whose values are in it.
    pub(super) sources: BTreeSet<String>,
}

/// What is known of one zone.
struct Told {
    zone: String,
    stated: Option<Values>,
    forecast: Option<Values>,
    expected: Vec<Expected>,
}

impl Told {
    /// None: nothing.
    fn open(
        connection: &mut Connection,
        (quantity, zone): (Quantity, &str),
        (from, to): (i64, i64),
        now: Option<i64>,
    ) -> Result<Option<Self>, ServiceError> {
        let name = quantity.name(zone);
        let stated = stated::load(connection, &name, (now.map_or(from, |now| from.min(now - 28 * DAY)), to))?;
        let forecast = match now {
            Some(now) => stated::load(connection, &name.forecast(), (now, to))?,
            None => None,
        };
        let learnt = stated.as_ref().zip(now).and_then(|(known, now)| {
            let model = Model::learn(&known.series, now, Settings::default())?;
            Some(model.expect(&known.series, now))
        });
        let told = Self { zone: zone.to_owned(), stated, forecast, expected: learnt.unwrap_or_default() };
        Ok((told.stated.is_some() || told.forecast.is_some()).then_some(told))
    }

    /// What is stated counts before the source's own forecast, and that before what is
    /// learnt from the last four weeks.
    fn at(&self, hour: i64) -> Option<(i64, String)> {
        let mean = |values: &Option<Values>, what: &str| {
            let values = values.as_ref()?;
            let (mean, _) = values.series.mean(hour, hour + HOUR)?;
            Some((mean, format!("{}{what} ({})", values.source, self.zone)))
        };
        let learnt = || {
            let expected = self.expected.iter().find(|expected| expected.begin == hour)?;
            Some((expected.value, format!("expected by the last four weeks ({})", self.zone)))
        };
        mean(&self.stated, "").or_else(|| mean(&self.forecast, ", forecast")).or_else(learnt)
    }
}

/// What is known of sites between two moments. With `now` also what is expected from
/// then on; without it only what is stated.
pub(super) struct Sight<'s> {
    options: &'s Options,
    quantity: Quantity,
    window: (i64, i64),
    now: Option<i64>,
    told: BTreeMap<String, Option<Told>>,
}

impl<'s> Sight<'s> {
    pub(super) const fn new(options: &'s Options, quantity: Quantity, window: (i64, i64), now: Option<i64>) -> Self {
        Self { options, quantity, window, now, told: BTreeMap::new() }
    }

    /// The hours of a site: of each hour the nearest zone counts that knows it. None where
    /// nothing is known.
    pub(super) fn hours(&mut self, connection: &mut Connection, site: &Site) -> Result<Option<Hours>, ServiceError> {
        let zones: Vec<String> = zones(self.options, &site.id, Some(&site.country)).collect();
        for zone in &zones {
            if !self.told.contains_key(zone) {
                let told = Told::open(connection, (self.quantity, zone.as_str()), self.window, self.now)?;
                self.told.insert(zone.clone(), told);
            }
        }
        let all: Vec<&Told> = zones.iter().filter_map(|zone| self.told.get(zone)?.as_ref()).collect();
        let (mut points, mut sources) = (Vec::new(), BTreeSet::new());
        for begin in (hour_of(self.window.0)..self.window.1).step_by(usize::try_from(HOUR).unwrap_or(1)) {
            let Some((value, source)) = all.iter().find_map(|told| told.at(begin)) else { continue };
            points.push(Point { begin, measured: true, said: 0, value });
            sources.insert(source);
        }
        match points.is_empty() {
            true => Ok(None),
            false => Ok(Some(Hours { series: Series::new(HOUR, points)?, sources })),
        }
    }
}

/// The same value in every hour: what a site states once and for all.
pub(super) fn constant(value: i64, (from, to): (i64, i64)) -> Result<Series, SustainabilityError> {
    let hours = usize::try_from((to - hour_of(from)).max(0).div_euclid(HOUR) + 1).unwrap_or_default();
    Series::of_values(hour_of(from), HOUR, &vec![value; hours])
}

/// What a site's grid is expected to emit in some hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComingIntensity {
    /// The mean of these hours, location-based.
    pub intensity: Intensity,
    /// Whose series or expectations are in it.
    pub sources: BTreeSet<String>,
}

impl Sustainability {
    /// The mean intensity of the coming hours at every site of the catalogue of which all
    /// of them are known: stated, told by a source as its forecast, or expected by the
    /// last four weeks.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn coming(&self, hours: u32) -> Result<BTreeMap<SiteId, ComingIntensity>, ServiceError> {
        let snapshot = self.catalogue.snapshot().await?;
        let (this, now) = (self.clone(), self.clock.now().timestamp());
        self.database
            .read(move |connection| {
                let known = store::zones(connection, SeriesName::INTENSITY)?;
                let window = (hour_of(now), hour_of(now) + i64::from(hours) * HOUR);
                let mut sight = Sight::new(&this.options, Quantity::Intensity, window, Some(now));
                let mut all = BTreeMap::new();
                for site in &snapshot.catalogue.sites {
                    if !zones(&this.options, &site.id, Some(&site.country)).any(|zone| known.contains(&zone)) {
                        continue;
                    }
                    let Some(Hours { series, sources }) = sight.hours(connection, site)? else { continue };
                    let mean = series.mean(window.0, window.1);
                    if let Some((mean, _)) =
                        mean.filter(|(_, seconds)| *seconds == (window.1 - window.0).unsigned_abs())
                    {
                        all.insert(site.id.clone(), ComingIntensity { intensity: Intensity::of(mean), sources });
                    }
                }
                Ok(all)
            })
            .await
    }
}
