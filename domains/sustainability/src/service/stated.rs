//! What operators state and sources publish: series of intensity, price and
//! generation, and what is expected of them.

use super::{ServiceError, Sustainability};
use crate::{
    SustainabilityError,
    energy::HOUR,
    forecast::{Expected, Model, Settings, combined},
    intensity::{
        Clock, Factors, IntensitySeries, Method, Point, Series, Standing, read_carbon_aware_sdk, read_csv,
        read_electricity_maps, read_generation, read_json, read_mix, read_neso, read_neso_mix, read_prices,
    },
    store::{self, Chunk, Key},
};
use chrono::{DateTime, Datelike as _, Months, NaiveDate, Utc};
use chrono_tz::Tz;
use hansa_ontology::Currency;
use hansa_repository::{Connection, RepositoryError};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, str::FromStr};

macro_rules! formats {
    ($($(#[$doc:meta])+ $variant:ident = $name:literal,)+) => {
        /// How a series is written.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Format {
            $($(#[$doc])+ $variant,)+
        }

        impl Format {
            /// The names of all.
            pub const NAMES: &'static [&'static str] = &[$($name,)+];

            /// Its name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }

        impl FromStr for Format {
            type Err = SustainabilityError;

            fn from_str(text: &str) -> Result<Self, SustainabilityError> {
                match text {
                    $($name => Ok(Self::$variant),)+
                    other => {
                        let problem = format!("`{other}` is none; take one of {}", Self::NAMES.join(", "));
                        Err(SustainabilityError::invalid("format", problem))
                    }
                }
            }
        }
    };
}

formats! {
    /// Intensity in our CSV.
    Csv = "csv",
    /// Intensity in our JSON.
    Json = "json",
    /// An answer of Electricity Maps.
    ElectricityMaps = "electricity-maps",
    /// An answer of the Carbon Intensity API of Great Britain.
    Neso = "neso",
    /// Emissions of the Carbon Aware SDK.
    CarbonAwareSdk = "carbon-aware-sdk",
    /// What generates, by fuel, in CSV.
    Mix = "mix",
    /// The generation mix of the Carbon Intensity API.
    NesoMix = "neso-mix",
    /// Prices in our CSV.
    Prices = "prices",
    /// Generation of sites in our CSV.
    Generation = "generation",
}

/// The kinds of series.
const INTENSITY: &str = "intensity";
const PRICE: &str = "price";
const GENERATION: &str = "generation";
/// Behind the method where a source's own forecast is kept.
const FORECAST: &str = "-forecast";

/// The time zone of a name (IANA), such as `Europe/Berlin`.
///
/// # Errors
/// When there is none of that name.
pub fn time_zone(name: &str) -> Result<Tz, SustainabilityError> {
    let problem =
        |_| SustainabilityError::invalid("timeZone", format!("`{name}` is none; take one such as Europe/Berlin"));
    name.parse().map_err(problem)
}

/// Which series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeriesName {
    /// `intensity`, `price` or `generation`.
    pub kind: String,
    /// The zone; of generation the site.
    pub zone: String,
    /// Of intensity `location` or `market`, and with `-forecast` what a source expects;
    /// of prices the currency.
    pub variant: String,
}

/// What there is of a series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeriesInfo {
    /// Which.
    #[serde(flatten)]
    pub name: SeriesName,
    /// Who says so, of its latest month.
    pub source: String,
    /// Seconds of a step.
    pub step: i64,
    /// From when on.
    pub from: DateTime<Utc>,
    /// Until when.
    pub to: DateTime<Utc>,
}

/// A part of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Values {
    /// Who says so, of its latest month.
    pub source: String,
    /// Intensity in mg/kWh, prices in micro-units/kWh, generation in mW.
    pub series: Series,
}

impl From<SeriesName> for Key {
    fn from(name: SeriesName) -> Self {
        Self { kind: name.kind, zone: name.zone, variant: name.variant }
    }
}

impl fmt::Display for SeriesName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} ({})", self.kind, self.zone, self.variant)
    }
}

impl SeriesName {
    /// The kind of those of carbon intensity.
    pub(super) const INTENSITY: &'static str = INTENSITY;

    /// The intensity of a zone that was.
    pub(super) fn intensity(zone: &str, method: Method) -> Self {
        Self { kind: INTENSITY.to_owned(), zone: zone.to_owned(), variant: method_name(method).to_owned() }
    }

    /// The price of a zone's energy.
    pub(super) fn price(zone: &str, currency: Currency) -> Self {
        Self { kind: PRICE.to_owned(), zone: zone.to_owned(), variant: currency.to_string() }
    }

    /// What a source expects of it.
    pub(super) fn forecast(&self) -> Self {
        Self { variant: format!("{}{FORECAST}", self.variant), ..self.clone() }
    }

    /// What a site generates.
    pub(super) fn generation(site: &str) -> Self {
        Self { kind: GENERATION.to_owned(), zone: site.to_owned(), variant: String::new() }
    }
}

const fn method_name(method: Method) -> &'static str {
    match method {
        Method::Location => "location",
        Method::Market => "market",
    }
}

/// A series that was read, and where it belongs.
struct Draft {
    name: SeriesName,
    source: String,
    series: Series,
}

impl From<IntensitySeries> for Draft {
    fn from(read: IntensitySeries) -> Self {
        let mut name = SeriesName::intensity(&read.zone, read.method);
        if read.standing == Standing::Forecast {
            name.variant.push_str(FORECAST);
        }
        Self { name, source: read.source.to_string(), series: read.series }
    }
}

impl Format {
    fn read(self, text: &str, source: &str, mut clock: Clock) -> Result<Vec<Draft>, SustainabilityError> {
        let intensity = match self {
            Self::Csv => read_csv(text, source, None, &mut clock)?,
            Self::Json => read_json(text, &mut clock)?,
            Self::ElectricityMaps => read_electricity_maps(text)?,
            Self::Neso => read_neso(text)?,
            Self::CarbonAwareSdk => read_carbon_aware_sdk(text)?,
            Self::Mix => read_mix(text, source, &Factors::default(), &mut clock)?,
            Self::NesoMix => vec![read_neso_mix(text, &Factors::default())?],
            Self::Prices => {
                let price = |read: crate::intensity::PriceSeries| {
                    let name = SeriesName::price(&read.zone, read.currency);
                    Draft { name, source: read.source.to_string(), series: read.series }
                };
                return Ok(read_prices(text, source, &mut clock)?.into_iter().map(price).collect());
            }
            Self::Generation => {
                let generation = |read: crate::intensity::GenerationSeries| {
                    let name = SeriesName::generation(&read.site);
                    Draft { name, source: read.source.to_string(), series: read.series }
                };
                return Ok(read_generation(text, source, &mut clock)?.into_iter().map(generation).collect());
            }
        };
        Ok(intensity.into_iter().map(Draft::from).collect())
    }
}

impl Sustainability {
    /// Takes series in a format. `source` says who tells them, where the format
    /// doesn't; times without an offset are local times of `zone`. Of one step what is
    /// put last counts, so that the same may be put again, and parts may overlap. All of
    /// it is taken, or nothing; with `dry_run` nothing.
    ///
    /// # Errors
    /// When it can't be read, with line and column; when nothing is in it; when a series
    /// is known in other steps.
    pub async fn series_put(
        &self,
        format: Format,
        (source, zone): (&str, Option<Tz>),
        text: String,
        dry_run: bool,
    ) -> Result<Vec<SeriesInfo>, ServiceError> {
        let source = source.to_owned();
        let clock = zone.map_or_else(Clock::universal, Clock::local);
        let read = tokio::task::spawn_blocking(move || format.read(&text, &source, clock)).await;
        let read = read.map_err(|error| ServiceError::internal("reading series", error))??;
        let read: Vec<Draft> = read.into_iter().filter(|draft| !draft.series.is_empty()).collect();
        if read.is_empty() {
            return Err(SustainabilityError::invalid("series", "has no values; is it in another format?").into());
        }
        let put = self
            .database
            .write(move |connection| {
                for draft in &read {
                    let (key, chunks) = merged(connection, draft)?;
                    if !dry_run {
                        chunks.iter().try_for_each(|chunk| store::chunk_put(connection, &key, chunk))?;
                    }
                }
                let info = |draft: Draft| Ok(info(draft.name, &draft.source, &draft.series));
                read.into_iter().map(info).collect()
            })
            .await;
        self.series_changed();
        put
    }

    /// What series there are, by kind and zone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn series_list(&self) -> Result<Vec<SeriesInfo>, ServiceError> {
        let all = self.database.read(|connection| Ok::<_, ServiceError>(store::chunk_list(connection)?)).await?;
        let shown = |(key, first, last): (Key, Chunk, Chunk)| {
            let name = SeriesName { kind: key.kind, zone: key.zone, variant: key.variant };
            let source = last.source.clone();
            Ok(info(name, &source, &joined(vec![first, last])?.series))
        };
        all.into_iter().map(shown).collect()
    }

    /// A series between two moments, at most two years of it.
    ///
    /// # Errors
    /// `NotFound` when nothing is known then.
    pub async fn series(
        &self,
        name: &SeriesName,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Values, ServiceError> {
        if to - from > chrono::TimeDelta::days(2 * 366) {
            return Err(SustainabilityError::invalid("to", "must be within two years after from").into());
        }
        let (key, window) = (name.clone(), (from.timestamp(), to.timestamp()));
        let found = self.database.read(move |connection| load(connection, &key, window)).await?;
        let values = found.map(|all| Values { series: all.series.part(window.0, window.1), ..all });
        values
            .filter(|values| !values.series.is_empty())
            .ok_or_else(|| ServiceError::missing(format!("{name} between {from} and {to}")))
    }

    /// Forgets a series; with `dry_run` only says whether it is there.
    ///
    /// # Errors
    /// `NotFound` when there is none of that name.
    pub async fn series_delete(&self, name: &SeriesName, dry_run: bool) -> Result<(), ServiceError> {
        let wanted = name.clone();
        self.database
            .write(move |connection| {
                let key = Key::from(wanted.clone());
                let there = match dry_run {
                    true => !store::chunk_load(connection, &key, (i64::MIN, i64::MAX))?.is_empty(),
                    false => store::chunk_delete(connection, &key)?,
                };
                there.then_some(()).ok_or_else(|| ServiceError::missing(wanted.to_string()))
            })
            .await?;
        self.series_changed();
        Ok(())
    }

    /// What is expected of a series in the 48 hours from now on: by its source where
    /// that says so, else from the last four weeks.
    ///
    /// # Errors
    /// `NotFound` when less than two days of the last four weeks are known.
    pub async fn series_forecast(&self, name: &SeriesName, zone: Tz) -> Result<Vec<Expected>, ServiceError> {
        let (now, wanted) = (self.clock.now().timestamp(), name.clone());
        let settings = Settings { zone, ..Settings::default() };
        self.database
            .read(move |connection| {
                let missing = || {
                    ServiceError::missing(format!(
                        "two days of {wanted} within the last four weeks; state it, and a forecast"
                    ))
                };
                let day = 24 * HOUR;
                let known = load(connection, &wanted, (now - 28 * day, now))?.ok_or_else(missing)?;
                let model = Model::learn(&known.series, now, settings).ok_or_else(missing)?;
                let own = load(connection, &wanted.forecast(), (now, now + 3 * day))?;
                Ok(combined(model.expect(&known.series, now), own.as_ref().map(|own| &own.series)))
            })
            .await
    }
}

/// The begin of the UTC month in which a moment lies, and of the next one.
fn month(moment: i64) -> (i64, i64) {
    let day = DateTime::from_timestamp(moment, 0).unwrap_or_default().date_naive().with_day(1).unwrap_or_default();
    let begin = |day: NaiveDate| day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp();
    (begin(day), begin(day.checked_add_months(Months::new(1)).unwrap_or(day)))
}

/// The months that a series touches, with what was known of them.
fn merged(connection: &mut Connection, draft: &Draft) -> Result<(Key, Vec<Chunk>), ServiceError> {
    let (key, step) = (Key::from(draft.name.clone()), draft.series.step());
    let mut months: BTreeMap<i64, Vec<(usize, i64)>> = BTreeMap::new();
    for (begin, value) in draft.series.steps() {
        let Some(value) = value else { continue };
        let first = month(begin).0;
        let place = usize::try_from((begin - first) / step).unwrap_or_default();
        months.entry(first).or_default().push((place, value));
    }
    let mut chunks = Vec::new();
    for (first, values) in months {
        let known = store::chunk_load(connection, &key, (first, first))?.pop();
        if let Some(known) = known.as_ref().filter(|known| known.step != step) {
            let problem =
                format!("{} is known in steps of {} s, not of {step} s; remove it first", draft.name, known.step);
            return Err(RepositoryError::conflict(problem).into());
        }
        let mut all = known.map(|known| known.values).unwrap_or_default();
        for (place, value) in values {
            if all.len() <= place {
                all.resize(place + 1, None);
            }
            if let Some(slot) = all.get_mut(place) {
                *slot = Some(value);
            }
        }
        chunks.push(Chunk { month: first, step, source: draft.source.clone(), values: all });
    }
    Ok((key, chunks))
}

/// What is known of a series around a time: whole months.
pub(super) fn load(
    connection: &mut Connection,
    name: &SeriesName,
    (from, to): (i64, i64),
) -> Result<Option<Values>, ServiceError> {
    let chunks = store::chunk_load(connection, &name.clone().into(), (month(from).0, to))?;
    if chunks.is_empty() { Ok(None) } else { joined(chunks).map(Some) }
}

/// Months side by side. Where their steps differ, in the longest.
fn joined(chunks: Vec<Chunk>) -> Result<Values, ServiceError> {
    let step = chunks.iter().map(|chunk| chunk.step).max().unwrap_or(HOUR);
    let source = chunks.last().map(|chunk| chunk.source.clone()).unwrap_or_default();
    let mut points = Vec::new();
    for chunk in chunks {
        let begins = (chunk.month..).step_by(usize::try_from(chunk.step).unwrap_or(1).max(1));
        let known = begins.zip(chunk.values).filter_map(|(begin, value)| Some((begin, value?)));
        let own: Vec<Point> = known.map(|(begin, value)| Point { begin, measured: true, said: 0, value }).collect();
        let series = Series::new(chunk.step, own)?;
        let series = if chunk.step == step { series } else { series.resampled(step)? };
        let steps = series.steps().filter_map(|(begin, value)| Some((begin, value?)));
        points.extend(steps.map(|(begin, value)| Point { begin, measured: true, said: 0, value }));
    }
    Ok(Values { source, series: Series::new(step, points)? })
}

fn info(name: SeriesName, source: &str, series: &Series) -> SeriesInfo {
    let time = |seconds| DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    let (from, to) = (time(series.begin()), time(series.end()));
    SeriesInfo { name, source: source.to_owned(), step: series.step(), from, to }
}
