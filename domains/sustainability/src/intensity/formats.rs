//! Carbon intensity in the formats that others publish.

use super::{Clock, Draft, IntensitySeries, Method, Point, Standing, draft, own::Number};
use crate::SustainabilityError;
use serde::Deserialize;
use std::sync::Arc;

fn parsed<'t, T: Deserialize<'t>>(text: &'t str, what: &str) -> Result<T, SustainabilityError> {
    serde_json::from_str(text).map_err(|error| SustainabilityError::invalid(what, error.to_string()))
}

fn time(text: &str) -> Result<i64, SustainabilityError> {
    Clock::universal().read("", text)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ElectricityMaps {
    zone: Option<Arc<str>>,
    updated_at: Option<String>,
    temporal_granularity: Option<String>,
    #[serde(default, alias = "data")]
    history: Vec<ElectricityMapsPoint>,
    #[serde(default)]
    forecast: Vec<ElectricityMapsPoint>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ElectricityMapsPoint {
    zone: Option<Arc<str>>,
    datetime: String,
    carbon_intensity: Option<Number>,
    updated_at: Option<String>,
    is_estimated: Option<bool>,
}

/// Reads an answer of Electricity Maps: `carbon-intensity/history`, `past-range` (which
/// has `data`) or `forecast`, in version 3. Steps are of an hour but where
/// `temporalGranularity` says otherwise; what has no value yet is a hole.
///
/// # Errors
/// When it is not of that form, or names no zone.
pub fn read_electricity_maps(text: &str) -> Result<Vec<IntensitySeries>, SustainabilityError> {
    let read: ElectricityMaps = parsed(text, "answer of Electricity Maps")?;
    let step = match read.temporal_granularity.as_deref() {
        Some("5_minutes") => 300,
        Some("15_minutes") => 900,
        _ => 3_600,
    };
    let source: Arc<str> = "Electricity Maps".into();
    let mut drafts: Vec<Draft> = Vec::new();
    for (points, standing) in [(&read.history, Standing::Recorded), (&read.forecast, Standing::Forecast)] {
        for point in points {
            let Some(intensity) = &point.carbon_intensity else { continue };
            let zone = point.zone.as_ref().or(read.zone.as_ref());
            let zone = zone.ok_or_else(|| SustainabilityError::invalid("zone", "is missing; ask for one zone"))?;
            let said = point.updated_at.as_ref().or(read.updated_at.as_ref());
            let said = said.map(|said| time(said)).transpose()?.unwrap_or_default();
            let measured = standing == Standing::Recorded && !point.is_estimated.unwrap_or_default();
            let (begin, value) = (time(&point.datetime)?, intensity.intensity()?);
            let point = Point { begin, measured, said, value };
            draft(&mut drafts, zone, Method::Location, standing, &source).push(point);
        }
    }
    drafts.into_iter().map(|draft| draft.finish(Some(step))).collect()
}

#[derive(Deserialize)]
struct Neso {
    data: NesoData,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum NesoData {
    National(Vec<NesoPeriod>),
    Region { shortname: String, data: Vec<NesoPeriod> },
}

#[derive(Deserialize)]
struct NesoPeriod {
    from: String,
    intensity: NesoIntensity,
}

#[derive(Deserialize)]
struct NesoIntensity {
    forecast: Option<Number>,
    actual: Option<Number>,
}

/// Reads an answer of the Carbon Intensity API of Great Britain (NESO), `/intensity/…`
/// or `/regional/intensity/…` of one region. Steps are of half an hour. `actual`
/// becomes what was recorded, `forecast` what was expected.
///
/// # Errors
/// When it is not of that form.
pub fn read_neso(text: &str) -> Result<Vec<IntensitySeries>, SustainabilityError> {
    let read: Neso = parsed(text, "answer of the Carbon Intensity API")?;
    let (zone, periods) = match &read.data {
        NesoData::National(periods) => ("GB".to_owned(), periods),
        NesoData::Region { shortname, data } => (format!("GB-{shortname}"), data),
    };
    let source: Arc<str> = "Carbon Intensity API (NESO)".into();
    let mut drafts: Vec<Draft> = Vec::new();
    for period in periods {
        let begin = time(&period.from)?;
        let both = [(&period.intensity.actual, Standing::Recorded), (&period.intensity.forecast, Standing::Forecast)];
        for (value, standing) in both {
            let Some(value) = value else { continue };
            let point = Point { begin, measured: standing == Standing::Recorded, said: 0, value: value.intensity()? };
            draft(&mut drafts, &zone, Method::Location, standing, &source).push(point);
        }
    }
    drafts.into_iter().map(|draft| draft.finish(Some(1_800))).collect()
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Sdk {
    File {
        #[serde(alias = "Emissions")]
        emissions: Vec<SdkPoint>,
    },
    Forecasts(Vec<SdkForecast>),
    Emissions(Vec<SdkPoint>),
}

#[derive(Deserialize)]
struct SdkPoint {
    #[serde(alias = "Location")]
    location: Arc<str>,
    #[serde(alias = "Time", alias = "timestamp")]
    time: String,
    #[serde(alias = "Rating", alias = "value")]
    rating: Number,
    #[serde(alias = "Duration")]
    duration: Option<SdkDuration>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SdkForecast {
    generated_at: Option<String>,
    forecast_data: Vec<SdkPoint>,
}

/// A time span of .NET (`[d.]hh:mm:ss`), or minutes.
#[derive(Deserialize)]
#[serde(untagged)]
enum SdkDuration {
    Minutes(i64),
    Span(String),
}

impl SdkDuration {
    fn seconds(&self) -> Result<i64, SustainabilityError> {
        let text = match self {
            Self::Minutes(minutes) => return Ok(minutes.saturating_mul(60)),
            Self::Span(text) => text,
        };
        let fault = || SustainabilityError::invalid("duration", format!("`{text}` is no duration such as 00:30:00"));
        let (days, clock) = text.split_once('.').filter(|(days, _)| !days.contains(':')).unwrap_or(("0", text));
        let clock = clock.split('.').next().unwrap_or_default();
        let mut seconds: i64 = days.parse().map_err(|_error| fault())?;
        let parts: Vec<i64> = clock.split(':').map(str::parse).collect::<Result<_, _>>().map_err(|_error| fault())?;
        let [hours, minutes, rest] = parts.as_slice() else { return Err(fault()) };
        seconds = seconds.saturating_mul(24).saturating_add(*hours);
        Ok(seconds.saturating_mul(60).saturating_add(*minutes).saturating_mul(60).saturating_add(*rest))
    }
}

/// The longest that one value of the Carbon Aware SDK may count for: a year.
const LONGEST: i64 = 366 * 86_400;

/// Reads emissions of the Green Software Foundation's Carbon Aware SDK: the file of its
/// JSON source, or an answer of `/emissions/…` and `/emissions/forecasts/…`. A value
/// counts for its whole duration, in steps of five minutes, of a quarter, half or whole hour.
///
/// # Errors
/// When it is not of that form.
pub fn read_carbon_aware_sdk(text: &str) -> Result<Vec<IntensitySeries>, SustainabilityError> {
    let source: Arc<str> = "Carbon Aware SDK".into();
    let mut groups: Vec<(Vec<SdkPoint>, Standing, i64)> = Vec::new();
    match parsed(text, "emissions of the Carbon Aware SDK")? {
        Sdk::File { emissions } | Sdk::Emissions(emissions) => groups.push((emissions, Standing::Recorded, 0)),
        Sdk::Forecasts(all) => {
            for forecast in all {
                let said = forecast.generated_at.as_deref().map(time).transpose()?.unwrap_or_default();
                groups.push((forecast.forecast_data, Standing::Forecast, said));
            }
        }
    }
    let mut lengths = Vec::new();
    for point in groups.iter().flat_map(|group| &group.0) {
        lengths.push(point.duration.as_ref().map_or(Ok(3_600), SdkDuration::seconds)?);
    }
    if let Some(wrong) = lengths.iter().find(|length| !(60..=LONGEST).contains(*length)) {
        return Err(SustainabilityError::invalid("duration", format!("{wrong} s is not from a minute to a year")));
    }
    let step = [3_600, 1_800, 900, 300].into_iter().find(|step| lengths.iter().all(|length| length % step == 0));
    let step = step.unwrap_or(60);
    let mut drafts: Vec<Draft> = Vec::new();
    let mut lengths = lengths.into_iter();
    for (points, standing, said) in &groups {
        for point in points {
            let (from, value) = (time(&point.time)?, point.rating.intensity()?);
            let length = lengths.next().unwrap_or(step);
            let into = draft(&mut drafts, &point.location, Method::Location, *standing, &source);
            let steps = (from..from + length).step_by(usize::try_from(step).unwrap_or(60));
            let measured = *standing == Standing::Recorded;
            into.extend(steps.map(|begin| Point { begin, measured, said: *said, value }));
        }
    }
    drafts.into_iter().map(|draft| draft.finish(Some(step))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(series: &IntensitySeries) -> Vec<Option<i64>> {
        series.series.steps().map(|step| step.1).collect()
    }

    #[test]
    fn electricity_maps_history_and_forecast() {
        let text = r#"{"zone":"DE","history":[
            {"zone":"DE","carbonIntensity":302,"datetime":"2026-04-25T18:00:00.000Z","updatedAt":"2026-04-25T20:07:00.350Z",
             "emissionFactorType":"lifecycle","isEstimated":true,"estimationMethod":"TIME_SLICER_AVERAGE"},
            {"zone":"DE","carbonIntensity":311.5,"datetime":"2026-04-25T18:00:00.000Z","updatedAt":"2026-04-25T20:00:00.000Z","isEstimated":false},
            {"zone":"DE","carbonIntensity":null,"datetime":"2026-04-25T19:00:00.000Z","updatedAt":"2026-04-25T20:00:00.000Z","isEstimated":false},
            {"zone":"DE","carbonIntensity":290,"datetime":"2026-04-25T20:00:00.000Z","updatedAt":"2026-04-25T20:00:00.000Z","isEstimated":false}]}"#;
        let all = read_electricity_maps(text).unwrap();
        assert_eq!((all[0].standing, values(&all[0])), (Standing::Recorded, vec![Some(311_500), None, Some(290_000)]));
        let text = r#"{"zone":"DE","forecast":[{"carbonIntensity":326,"datetime":"2026-05-14T14:00:00.000Z"},
            {"carbonIntensity":297,"datetime":"2026-05-14T14:15:00.000Z"}],"temporalGranularity":"15_minutes","updatedAt":"2026-05-14T14:18:31.725Z"}"#;
        let all = read_electricity_maps(text).unwrap();
        assert_eq!((all[0].standing, all[0].series.step(), values(&all[0]).len()), (Standing::Forecast, 900, 2));
        assert!(
            read_electricity_maps(r#"{"forecast":[{"carbonIntensity":1,"datetime":"2026-05-14T14:00:00Z"}]}"#).is_err()
        );
    }

    #[test]
    fn great_britain_tells_both_what_is_and_what_is_expected() {
        let text = r#"{"data":[{"from":"2026-01-20T12:00Z","to":"2026-01-20T12:30Z","intensity":{"forecast":266,"actual":263,"index":"moderate"}},
            {"from":"2026-01-20T12:30Z","to":"2026-01-20T13:00Z","intensity":{"forecast":270,"actual":null,"index":"moderate"}}]}"#;
        let all = read_neso(text).unwrap();
        let told: Vec<_> = all.iter().map(|one| (&*one.zone, one.standing, values(one))).collect();
        let expected = vec![Some(266_000), Some(270_000)];
        assert_eq!(told, [("GB", Standing::Recorded, vec![Some(263_000)]), ("GB", Standing::Forecast, expected)]);
        let text = r#"{"data":{"regionid":3,"shortname":"North West England","data":[{"from":"2026-01-20T12:00Z","to":"2026-01-20T12:30Z",
            "intensity":{"forecast":26,"index":"low"},"generationmix":[]}]}}"#;
        assert_eq!(&*read_neso(text).unwrap()[0].zone, "GB-North West England");
    }

    #[test]
    fn the_sdk_s_file_and_answers() {
        let text = r#"{"Emissions":[{"Location":"eastus","Time":"2026-09-01T04:00:00+00:00","Rating":65.5,"Duration":"02:00:00"},
            {"Location":"eastus","Time":"2026-09-01T06:00:00+00:00","Rating":70,"Duration":"00:30:00"}]}"#;
        let all = read_carbon_aware_sdk(text).unwrap();
        assert_eq!((all[0].series.step(), values(&all[0]).len()), (1_800, 5));
        let text = r#"[{"location":"westus","time":"2026-09-01T04:00:00Z","rating":53,"duration":"1.00:00:00"}]"#;
        assert_eq!(values(&read_carbon_aware_sdk(text).unwrap()[0]), vec![Some(53_000); 24]);
        let text = r#"[{"generatedAt":"2026-09-01T00:00:00Z","location":"westus","forecastData":[
            {"location":"westus","timestamp":"2026-09-01T01:00:00Z","duration":15,"value":359.23}]}]"#;
        let all = read_carbon_aware_sdk(text).unwrap();
        assert_eq!(
            (all[0].standing, all[0].series.step(), values(&all[0])),
            (Standing::Forecast, 900, vec![Some(359_230)])
        );
        let text = r#"[{"location":"x","time":"2026-09-01T04:00:00Z","rating":53,"duration":"soon"}]"#;
        assert!(read_carbon_aware_sdk(text).unwrap_err().to_string().contains("`soon` is no duration"));
        let text = r#"[{"location":"x","time":"2026-09-01T04:00:00Z","rating":53,"duration":"999999.00:00:00"}]"#;
        assert!(read_carbon_aware_sdk(text).is_err(), "no room is taken for it");
    }
}
