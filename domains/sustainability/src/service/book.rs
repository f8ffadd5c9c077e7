//! The intensities that hold at sites, hour by hour, each with its source.

use super::{
    Options, ServiceError,
    stated::{self, SeriesName, Values},
};
use crate::{
    course::{Cell, Subject},
    energy::{HOUR, share_out},
    intensity::Method,
    quantity::{Energy, Intensity, MILLION},
    store::{self, Cells, Window},
};
use hansa_ontology::{SiteId, place::Area};
use hansa_repository::Connection;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What is needed to go from energy to carbon in a time.
pub(super) struct Book {
    options: Arc<Options>,
    series: BTreeMap<(String, &'static str), Values>,
    /// What sites generated for each part of what was drawn there.
    own: BTreeMap<(Arc<Subject>, i64), Energy>,
}

const LOCATION: &str = "location";
const MARKET: &str = "market";

/// An intensity, and who says so.
pub(super) type Said = (Intensity, String);

impl Book {
    /// For these sites and their countries, between two moments.
    pub(super) fn open(
        connection: &mut Connection,
        options: Arc<Options>,
        sites: &BTreeSet<(SiteId, Option<Area>)>,
        window: (i64, i64),
    ) -> Result<Self, ServiceError> {
        let mut series = BTreeMap::new();
        for zone in sites.iter().flat_map(|(site, country)| zones(&options, site, country.as_ref())) {
            for (variant, method) in [(LOCATION, Method::Location), (MARKET, Method::Market)] {
                let key = (zone.clone(), variant);
                if series.contains_key(&key) {
                    continue;
                }
                if let Some(found) = stated::load(connection, &SeriesName::intensity(&zone, method), window)? {
                    series.insert(key, found);
                }
            }
        }
        Ok(Self { options, series, own: BTreeMap::new() })
    }

    /// With what sites generated themselves, shared by what everybody used there in
    /// each hour. `live` gives what is not stored of anybody's.
    pub(super) fn with_generation(
        mut self,
        connection: &mut Connection,
        sites: &BTreeSet<(SiteId, Option<Area>)>,
        (from, to): (i64, i64),
        live: impl Fn(&mut Connection) -> Result<Cells, ServiceError>,
    ) -> Result<Self, ServiceError> {
        for (site, _) in sites {
            let name = SeriesName::generation(site.as_str());
            let Some(generation) = stated::load(connection, &name, (from, to))? else { continue };
            let window = Window { project: None, site: Some(site.clone()), from, to };
            let mut cells = store::cells_load(connection, &window)?;
            cells.extend(live(connection)?.into_iter().filter(|((subject, _), _)| subject.site == *site));
            let mut hours: BTreeMap<i64, Vec<(Arc<Subject>, Energy)>> = BTreeMap::new();
            for ((subject, hour), cell) in cells {
                let facility = self.facility(&subject, &cell);
                hours.entry(hour).or_default().push((subject, facility));
            }
            for (hour, parts) in hours {
                let Some((power, seconds)) = generation.series.mean(hour, hour + HOUR) else { continue };
                let generated = Energy::of_power(power.max(0).unsigned_abs(), seconds * 1_000);
                let all: Energy = parts.iter().map(|(_, energy)| *energy).sum();
                let weights = parts.iter().map(|(_, energy)| u64::try_from(energy.get()).unwrap_or(u64::MAX));
                let (owns, _) = share_out(generated.min(all), weights, 0);
                self.own.extend(parts.iter().zip(owns).map(|((subject, _), own)| ((Arc::clone(subject), hour), own)));
            }
        }
        Ok(self)
    }

    /// Energy with cooling and the rest of the building; by the mean of data centres
    /// where nobody states it.
    pub(super) fn facility(&self, subject: &Subject, cell: &Cell) -> Energy {
        let pue = subject.pue.unwrap_or(self.options.coefficients.default_pue.value);
        cell.energy().millionths(pue.max(MILLION))
    }

    /// What of it the site generated.
    pub(super) fn own(&self, subject: &Arc<Subject>, hour: i64) -> Energy {
        self.own.get(&(Arc::clone(subject), hour)).copied().unwrap_or_default()
    }

    /// Location-based: by a series of the site, of its zone, of its country; else what
    /// the offer or its site states.
    pub(super) fn location(&self, subject: &Subject, hour: i64) -> Option<Said> {
        let place = (&subject.site, subject.country.as_ref());
        self.said(LOCATION, place, (hour, hour + HOUR)).or_else(|| {
            let intensity = subject.intensity?;
            Some((intensity, format!("stated with offer {}", subject.offer)))
        })
    }

    /// Market-based: by a series of the site, of its zone, of its country. A
    /// location-based one never stands for it.
    pub(super) fn market(&self, subject: &Subject, hour: i64) -> Option<Said> {
        self.said(MARKET, (&subject.site, subject.country.as_ref()), (hour, hour + HOUR))
    }

    /// The mean location-based intensity at a site over a time, its tenth and its
    /// ninetieth percentile by hours.
    pub(super) fn usual(&self, place: (&SiteId, Option<&Area>), (from, to): (i64, i64)) -> Option<[Intensity; 3]> {
        let hours = (from..to).step_by(usize::try_from(HOUR).unwrap_or(1));
        let mut all: Vec<i64> =
            hours.filter_map(|hour| Some(self.said(LOCATION, place, (hour, hour + HOUR))?.0.get())).collect();
        all.sort_unstable();
        let count = i64::try_from(all.len()).ok().filter(|count| *count > 0)?;
        let tenth = |tenths: usize| all.get((all.len() * tenths / 10).min(all.len() - 1)).copied().unwrap_or_default();
        Some([all.iter().sum::<i64>() / count, tenth(1), tenth(9)].map(Intensity::of))
    }

    fn said(
        &self,
        variant: &'static str,
        (site, country): (&SiteId, Option<&Area>),
        (from, to): (i64, i64),
    ) -> Option<Said> {
        zones(&self.options, site, country).find_map(|zone| {
            let known = self.series.get(&(zone.clone(), variant))?;
            let (value, _) = known.series.mean(from, to)?;
            Some((Intensity::of(value), format!("{} ({zone})", known.source)))
        })
    }
}

/// The names under which a site's series may stand, the nearest first.
pub(super) fn zones(options: &Options, site: &SiteId, country: Option<&Area>) -> impl Iterator<Item = String> + use<> {
    let named = options.zones.get(site).cloned();
    let country = country.filter(|_| named.is_none()).map(ToString::to_string);
    [Some(site.to_string()), named, country].into_iter().flatten()
}
