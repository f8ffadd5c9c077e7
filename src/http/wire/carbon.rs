//! Energy and carbon on the wire, in kilowatt-hours and grams.

use super::{Names, usage::name};
use chrono::{DateTime, Utc};
use hansa_ontology::{ApplicationId, ProjectId};
use hansa_sustainability::{
    SustainabilityError,
    advice::Compared,
    carbon::Sci as Computed,
    quantity::{Carbon, Energy},
    service::{self, Dimension},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Energy before cooling and the rest of the building, by how it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KnownBy {
    /// By a meter.
    pub measured: Decimal,
    /// By published coefficients, at the use of processors that was measured.
    pub utilised: Decimal,
    /// By the power that the offer states.
    pub stated: Decimal,
    /// By published coefficients, at the use that is assumed where nobody measured it: half.
    pub assumed: Decimal,
}

/// What something drew and emitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CarbonFigures {
    /// Energy in kWh, with cooling and the rest of the building (PUE).
    pub energy_kwh: Decimal,
    /// In kWh without them, by how it is known.
    pub known_by: KnownBy,
    /// What of it the site generated itself, in kWh.
    pub own_kwh: Decimal,
    /// Operational carbon, location-based, in grams of CO2 equivalent.
    pub location_grams: Decimal,
    /// Energy of which no location-based intensity is known, in kWh. In no carbon figure.
    pub location_unknown_kwh: Decimal,
    /// Operational carbon, market-based, in grams of CO2 equivalent.
    pub market_grams: Decimal,
    /// Energy of which no market-based intensity is known, in kWh. In no carbon figure.
    pub market_unknown_kwh: Decimal,
    /// Its share of making the machines, in grams of CO2 equivalent.
    pub embodied_grams: Decimal,
    /// Machine-seconds of which no energy is known. In no other figure.
    pub energy_unknown_seconds: u64,
    /// Machine-seconds of which no embodied share is known. In no other figure.
    pub embodied_unknown_seconds: u64,
}

/// What has something in common, and what it drew and emitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CarbonRow {
    /// What it has in common, by dimension; an empty text where that is none.
    pub of: BTreeMap<String, String>,
    /// What people call its application, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_name: Option<String>,
    /// How much.
    #[serde(flatten)]
    pub figures: CarbonFigures,
}

/// Who says an intensity, and for how much energy it was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IntensitySource {
    /// Who says so.
    pub source: String,
    /// For so much energy, in kWh.
    pub energy_kwh: Decimal,
}

/// What a project drew and emitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CarbonReport {
    /// The rows, by what they have in common. Days are those of UTC.
    pub items: Vec<CarbonRow>,
    /// All of them.
    pub total: CarbonFigures,
    /// Whose location-based intensities were taken.
    pub location_sources: Vec<IntensitySource>,
    /// Whose market-based intensities were taken.
    pub market_sources: Vec<IntensitySource>,
}

/// One among others: what it emitted for what components reserved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CarbonComparison {
    /// Which; an empty text where there is none.
    pub key: String,
    /// What people call it, where it is an application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_name: Option<String>,
    /// Hours of a virtual processor that components reserved.
    pub processor_hours: Decimal,
    /// Energy in kWh, with cooling and the rest of the building (PUE).
    pub energy_kwh: Decimal,
    /// Operational carbon, location-based, in grams, as far as the intensity is known.
    pub location_grams: Decimal,
    /// Its share of making the machines, in grams.
    pub embodied_grams: Decimal,
    /// Both for each hour of a virtual processor, in grams; absent: nothing was reserved, or something isn't known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grams_each: Option<Decimal>,
}

/// A software carbon intensity (ISO/IEC 21031).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sci {
    /// (O + M) ÷ R, in grams for each functional unit, to the microgram.
    pub score_grams: Decimal,
    /// O: operational, location-based, in grams.
    pub operational_grams: Decimal,
    /// M: embodied, in grams.
    pub embodied_grams: Decimal,
    /// R: how many functional units.
    pub units: u64,
    /// What the functional unit is.
    pub unit: String,
    /// Energy that was taken at the assumed intensity, in kWh.
    pub assumed_kwh: Decimal,
    /// Energy in kWh without cooling and the rest of the building, by how it is known.
    pub known_by: KnownBy,
}

/// Advice: a move, and what it is expected to save.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CarbonAdvice {
    /// For which application.
    pub application: String,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_name: Option<String>,
    /// From which site.
    pub from: String,
    /// To which.
    pub to: String,
    /// What its machines there emit in thirty days if they stay, in grams.
    pub stays_grams: Decimal,
    /// What is expected to be saved in thirty days, in grams.
    pub saves_grams: Decimal,
    /// The least in nine of ten hours of the new place, in grams; below 0: it would be worse.
    pub least_grams: Decimal,
    /// The most in nine of ten hours of the new place, in grams.
    pub most_grams: Decimal,
}

/// What a month of UTC shall emit at most, location-based and embodied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"grams": "25000"}))]
pub(crate) struct CarbonLimit {
    /// Its name; that of the path.
    #[serde(default)]
    pub name: String,
    /// Of one application only: name or id, of which the id is kept; absent: of the whole project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// This much, in grams of CO2 equivalent.
    pub grams: Decimal,
}

/// What there is of a series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IntensityInfo {
    /// `intensity`, `price` or `generation`.
    pub kind: String,
    /// The zone; of generation the site.
    pub zone: String,
    /// Of intensity `location` or `market`, and with `-forecast` what a source expects; of prices the currency.
    pub variant: String,
    /// Who says so, of its latest month.
    pub source: String,
    /// Seconds of a step.
    pub step_seconds: i64,
    /// From when on.
    pub from: DateTime<Utc>,
    /// Until when.
    pub to: DateTime<Utc>,
}

/// A step of a series, or of what is expected of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IntensityValue {
    /// Its begin.
    pub time: DateTime<Utc>,
    /// The value: g/kWh of intensity, for each kWh of a price, W of generation. Absent: nothing is known.
    pub value: Option<Decimal>,
    /// Of what is expected: one of ten fell below this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<Decimal>,
    /// Of what is expected: one of ten fell above this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<Decimal>,
}

impl CarbonFigures {
    fn new(figures: &service::Figures) -> Self {
        let footprint = &figures.footprint;
        Self {
            energy_kwh: footprint.facility.kwh(),
            known_by: KnownBy::new(figures),
            own_kwh: footprint.own.kwh(),
            location_grams: footprint.location.grams(),
            location_unknown_kwh: footprint.location_unknown.kwh(),
            market_grams: footprint.market.grams(),
            market_unknown_kwh: footprint.market_unknown.kwh(),
            embodied_grams: footprint.embodied.grams(),
            energy_unknown_seconds: figures.energy_unknown,
            embodied_unknown_seconds: figures.embodied_unknown,
        }
    }
}

impl CarbonComparison {
    pub(crate) fn new(compared: Compared<String>, names: &Names) -> Self {
        let Compared { key, footprint, units, each } = compared;
        let hours = Decimal::from(units) / Decimal::from(service::PROCESSOR_HOUR);
        Self {
            application_name: name(&key, names),
            key,
            processor_hours: hours.round_dp(6).normalize(),
            energy_kwh: footprint.facility.kwh(),
            location_grams: footprint.location.grams(),
            embodied_grams: footprint.embodied.grams(),
            grams_each: each.map(Carbon::grams),
        }
    }
}

impl KnownBy {
    fn new(figures: &service::Figures) -> Self {
        Self {
            measured: figures.footprint.measured.kwh(),
            utilised: figures.utilised.kwh(),
            stated: figures.stated.kwh(),
            assumed: figures.assumed.kwh(),
        }
    }
}

impl CarbonReport {
    pub(crate) fn new(report: service::Report, names: &Names) -> Self {
        let row = |row: service::Row| CarbonRow {
            application_name: row.of.get(&Dimension::Application).and_then(|id| name(id, names)),
            of: row.of.iter().map(|(dimension, value)| (dimension.name().to_owned(), value.clone())).collect(),
            figures: CarbonFigures::new(&row.figures),
        };
        let sources = |all: BTreeMap<String, Energy>| {
            let one = |(source, energy): (String, Energy)| IntensitySource { source, energy_kwh: energy.kwh() };
            all.into_iter().map(one).collect()
        };
        Self {
            total: CarbonFigures::new(&report.total),
            items: report.rows.into_iter().map(row).collect(),
            location_sources: sources(report.location_sources),
            market_sources: sources(report.market_sources),
        }
    }
}

impl Sci {
    pub(crate) fn new(sci: Computed, report: &service::Report) -> Self {
        Self {
            score_grams: sci.score.grams(),
            operational_grams: sci.operational.grams(),
            embodied_grams: sci.embodied.grams(),
            units: sci.units,
            unit: sci.unit,
            assumed_kwh: sci.assumed.kwh(),
            known_by: KnownBy::new(&report.total),
        }
    }
}

impl CarbonAdvice {
    pub(crate) fn new(advice: service::Advice, names: &Names) -> Self {
        let application = advice.application.to_string();
        Self {
            application_name: name(&application, names),
            application,
            from: advice.from.to_string(),
            to: advice.to.to_string(),
            stays_grams: advice.stays.grams(),
            saves_grams: advice.recommendation.expected.grams(),
            least_grams: advice.recommendation.least.grams(),
            most_grams: advice.recommendation.most.grams(),
        }
    }
}

impl From<service::CarbonLimit> for CarbonLimit {
    fn from(limit: service::CarbonLimit) -> Self {
        let application = limit.application.map(|id| id.to_string());
        Self { name: limit.name, application, grams: limit.carbon.grams() }
    }
}

impl CarbonLimit {
    /// As the service wants it; `application` is what its reference means.
    pub(crate) fn of(
        self,
        project: ProjectId,
        application: Option<ApplicationId>,
    ) -> Result<service::CarbonLimit, SustainabilityError> {
        let carbon = Carbon::of_grams(self.grams)?;
        Ok(service::CarbonLimit { name: self.name, project, application, carbon })
    }
}

impl From<service::SeriesInfo> for IntensityInfo {
    fn from(info: service::SeriesInfo) -> Self {
        let service::SeriesName { kind, zone, variant } = info.name;
        Self { kind, zone, variant, source: info.source, step_seconds: info.step, from: info.from, to: info.to }
    }
}

impl IntensityValue {
    /// Of a series of this kind.
    pub(crate) fn new(kind: &str, begin: i64, value: Option<i64>, within: Option<(i64, i64)>) -> Self {
        // Prices are whole micro-units, the rest thousandths.
        let places = if kind == "price" { 6 } else { 3 };
        let shown = |value: i64| Decimal::new(value, places).normalize();
        Self {
            time: DateTime::from_timestamp(begin, 0).unwrap_or_default(),
            value: value.map(shown),
            low: within.map(|within| shown(within.0)),
            high: within.map(|within| shown(within.1)),
        }
    }
}
