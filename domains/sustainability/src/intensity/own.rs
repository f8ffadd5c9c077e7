//! Series in files of our own: CSV, and JSON for intensity.

use super::{
    Clock, Draft, GenerationSeries, IntensitySeries, Method, Point, PriceSeries, Series, Standing, draft, resolution,
};
use crate::{
    SustainabilityError,
    quantity::{Intensity, scaled},
    table::{Row, Table},
};
use hansa_ontology::Currency;
use rust_decimal::Decimal;
use serde::Deserialize;
use std::{collections::BTreeMap, sync::Arc};

/// Reads carbon intensity from CSV: `time,zone,intensity` (g/kWh) and, where they are
/// there, `method` (`location`, the default, or `market`), `standing` (`recorded`, the
/// default, or `forecast`), `measured` (`true`, the default, or `false`) and `said` (a
/// time). Any number of zones, in any order; `step` in seconds, else as the points lie apart.
///
/// # Errors
/// When a row can't be read; names its line, column and the remedy.
pub fn read_csv(
    text: &str,
    source: &str,
    step: Option<i64>,
    clock: &mut Clock,
) -> Result<Vec<IntensitySeries>, SustainabilityError> {
    let source: Arc<str> = source.into();
    let mut drafts: Vec<Draft> = Vec::new();
    for row in Table::with(text, &["time", "zone", "intensity"], &["method", "standing", "measured", "said"])? {
        let row = row?;
        let intensity = Intensity::of_grams(row.decimal("intensity")?);
        let value = intensity.map_err(|error| row.fault("intensity", &error.to_string()))?.get();
        let method = match row.text("method") {
            "" | "location" => Method::Location,
            "market" => Method::Market,
            _ => return Err(row.fault("method", "must be `location` or `market`")),
        };
        let standing = match row.text("standing") {
            "" | "recorded" => Standing::Recorded,
            "forecast" => Standing::Forecast,
            _ => return Err(row.fault("standing", "must be `recorded` or `forecast`")),
        };
        let measured = match row.text("measured") {
            "" | "true" => true,
            "false" => false,
            _ => return Err(row.fault("measured", "must be `true` or `false`")),
        };
        let zone = name(&row, "zone")?;
        let said = match row.text("said") {
            "" => 0,
            text => super::clock::universal(text).ok_or_else(|| row.fault("said", "must be a time with an offset"))?,
        };
        let begin = time(&row, clock, zone)?;
        draft(&mut drafts, zone, method, standing, &source).push(Point { begin, measured, said, value });
    }
    drafts.into_iter().map(|draft| draft.finish(step)).collect()
}

/// Reads prices of energy from CSV: `time,zone,price,currency`, the price for each
/// megawatt-hour, as markets state it.
///
/// # Errors
/// When a row can't be read, or a zone has two currencies.
pub fn read_prices(text: &str, source: &str, clock: &mut Clock) -> Result<Vec<PriceSeries>, SustainabilityError> {
    let mut zones: BTreeMap<String, (Currency, Vec<Point>)> = BTreeMap::new();
    for row in Table::new(text, &["time", "zone", "price", "currency"])? {
        let row = row?;
        let currency: Currency = (row.text("currency").parse())
            .map_err(|error: hansa_ontology::money::InvalidMoney| row.fault("currency", &error.to_string()))?;
        let value = scaled(row.decimal("price")?, 1_000).and_then(|value| i64::try_from(value).ok());
        let value = value.filter(|value| value.abs() <= 1_000_000_000_000);
        let value = value.ok_or_else(|| row.fault("price", "must be below 10^9 for each MWh"))?;
        let zone = name(&row, "zone")?;
        let begin = time(&row, clock, zone)?;
        let (known, points) = zones.entry(zone.to_owned()).or_insert_with(|| (currency, Vec::new()));
        if *known != currency {
            return Err(row.fault("currency", &format!("must be {known}, as in the zone's first row")));
        }
        points.push(Point { begin, measured: true, said: 0, value });
    }
    let series = |(zone, (currency, points)): (String, (Currency, Vec<Point>))| {
        let series = Series::new(resolution(&points), points)?;
        Ok(PriceSeries { zone: zone.into(), currency, source: source.into(), series })
    };
    zones.into_iter().map(series).collect()
}

/// Reads what sites generate from CSV: `time,site,watts`.
///
/// # Errors
/// When a row can't be read.
pub fn read_generation(
    text: &str,
    source: &str,
    clock: &mut Clock,
) -> Result<Vec<GenerationSeries>, SustainabilityError> {
    let mut sites: BTreeMap<String, Vec<Point>> = BTreeMap::new();
    for row in Table::new(text, &["time", "site", "watts"])? {
        let row = row?;
        let value = scaled(row.decimal("watts")?, 1_000).and_then(|value| i64::try_from(value).ok());
        let value = value.filter(|value| (0..=1_000_000_000_000_000).contains(value));
        let value = value.ok_or_else(|| row.fault("watts", "must be from 0 to 10^12"))?;
        let site = name(&row, "site")?;
        let begin = time(&row, clock, site)?;
        sites.entry(site.to_owned()).or_default().push(Point { begin, measured: true, said: 0, value });
    }
    let series = |(site, points): (String, Vec<Point>)| {
        Ok(GenerationSeries {
            site: site.into(),
            source: source.into(),
            series: Series::new(resolution(&points), points)?,
        })
    };
    sites.into_iter().map(series).collect()
}

fn name<'r>(row: &'r Row, column: &str) -> Result<&'r str, SustainabilityError> {
    match row.text(column) {
        "" => Err(row.fault(column, "is empty; name it")),
        name => Ok(name),
    }
}

fn time(row: &Row, clock: &mut Clock, series: &str) -> Result<i64, SustainabilityError> {
    clock.read(series, row.text("time")).map_err(|error| match error {
        SustainabilityError::Invalid { problem, .. } => row.fault("time", &problem),
        other => other,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    zone: Arc<str>,
    #[serde(default = "location")]
    method: Method,
    #[serde(default = "recorded")]
    standing: Standing,
    source: Arc<str>,
    step: Option<i64>,
    values: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Value {
    time: String,
    intensity: Number,
    #[serde(default = "yes")]
    measured: bool,
    said: Option<String>,
}

/// A number, or its text.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Number {
    Number(serde_json::Number),
    Text(String),
}

impl Number {
    pub(super) fn intensity(&self) -> Result<i64, SustainabilityError> {
        let text = match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        };
        let number: Option<Decimal> = crate::table::decimal(&text);
        let number = number.ok_or_else(|| SustainabilityError::invalid("intensity", format!("`{text}` is no number")));
        Intensity::of_grams(number?).map(Intensity::get)
    }
}

fn location() -> Method {
    Method::Location
}

fn recorded() -> Standing {
    Standing::Recorded
}

fn yes() -> bool {
    true
}

/// Reads carbon intensity from our JSON: an object, or a list of objects, with `zone`,
/// `source`, `values` (`time`, `intensity` in g/kWh, `measured`, `said`) and, where they
/// differ from the default, `method`, `standing` and `step` in seconds.
///
/// # Errors
/// When it is not of that form.
pub fn read_json(text: &str, clock: &mut Clock) -> Result<Vec<IntensitySeries>, SustainabilityError> {
    let fault = |error: serde_json::Error| SustainabilityError::invalid("series", error.to_string());
    let all: Vec<Written> = if text.trim_start().starts_with('[') {
        serde_json::from_str(text).map_err(fault)?
    } else {
        vec![serde_json::from_str(text).map_err(fault)?]
    };
    let one = |written: Written| {
        let point = |value: &Value| {
            let said = value.said.as_deref().map(|said| Clock::universal().read("", said)).transpose()?;
            Ok(Point {
                begin: clock.read(&written.zone, &value.time)?,
                measured: value.measured,
                said: said.unwrap_or_default(),
                value: value.intensity.intensity()?,
            })
        };
        let points = written.values.iter().map(point).collect::<Result<_, SustainabilityError>>()?;
        let Written { zone, method, standing, source, step, .. } = written;
        Draft { zone, method, standing, source, points }.finish(step)
    };
    all.into_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantity::Energy;

    #[test]
    fn a_file_with_two_zones_and_both_methods_gives_three_series() {
        let text = "time,zone,intensity,method\n2026-03-29T00:00:00Z,DE,380.5,\n2026-03-29T01:00:00Z,DE,400,location\n\
            2026-03-29T00:00:00Z,DE,12.25,market\n2026-03-29T00:30:00Z,GB,210,\n2026-03-29T00:00:00Z,GB,200,\n";
        let all = read_csv(text, "test", None, &mut Clock::universal()).unwrap();
        let told: Vec<_> =
            all.iter().map(|one| (&*one.zone, one.method, one.series.step(), one.series.len())).collect();
        let (location, market) = (Method::Location, Method::Market);
        assert_eq!(told, [("DE", location, 3_600, 2), ("DE", market, 3_600, 1), ("GB", location, 1_800, 2)]);
        let begin = all[0].series.begin();
        assert_eq!(all[0].mean(begin, begin + 7_200), Some((Intensity::of(390_250), 7_200)));
        assert_eq!(all[0].carbon(Energy::of(1), begin - 3_600, begin), None, "what isn't known is not zero");
    }

    #[test]
    fn a_day_of_25_hours_in_local_times_has_no_hole() {
        let mut text = "time,zone,intensity\n".to_owned();
        for hour in [0, 1, 2, 2, 3, 4] {
            text.push_str(&format!("2026-10-25T0{hour}:00,DE,{}\n", 100 + hour));
        }
        let all = read_csv(&text, "test", None, &mut Clock::local(chrono_tz::Tz::Europe__Berlin)).unwrap();
        assert_eq!((all[0].series.len(), all[0].series.holes()), (6, Vec::new()));
    }

    #[test]
    fn two_years_in_local_times_are_every_hour_once() {
        // 2027 and 2028, a leap year, by clocks that are changed four times.
        let berlin = chrono_tz::Tz::Europe__Berlin;
        let (begin, hours) = (1_798_761_600, 24 * (365 + 366));
        let mut text = "time,zone,intensity\n".to_owned();
        for hour in 0..hours {
            let time = chrono::DateTime::from_timestamp(begin + hour * 3_600, 0).unwrap().with_timezone(&berlin);
            text.push_str(&format!("{},DE,{}\n", time.format("%Y-%m-%d %H:%M"), hour % 700));
        }
        let all = read_csv(&text, "test", None, &mut Clock::local(berlin)).unwrap();
        let values: Vec<_> = all[0].series.steps().map(|step| step.1.unwrap()).collect();
        assert_eq!((all[0].series.begin(), values), (begin, (0..hours).map(|hour| hour % 700 * 1_000).collect()));
    }

    #[test]
    fn faults_name_line_and_column() {
        let faults = [
            (
                "2026-01-01T00:00:00Z,DE,380000",
                "line 2, column `intensity`: carbon intensity: 380000 is not from 0 to 5000",
            ),
            ("2026-01-01T00:00:00,DE,380", "line 2, column `time`: `2026-01-01T00:00:00` has no offset"),
            ("2026-01-01T00:00:00Z,,380", "line 2, column `zone`: is empty; name it"),
            ("2026-01-01T00:00:00Z,DE,x", "line 2, column `intensity`: `x` is no number"),
        ];
        for (row, said) in faults {
            let text = format!("time,zone,intensity\n{row}\n");
            let error = read_csv(&text, "test", None, &mut Clock::universal()).unwrap_err().to_string();
            assert!(error.starts_with(said), "{error}");
        }
    }

    #[test]
    fn prices_may_be_negative_and_generation_may_not() {
        let text = "time,zone,price,currency\n2026-01-01T00:00:00Z,DE,-12.5,EUR\n2026-01-01T00:15:00Z,DE,80,EUR\n";
        let prices = read_prices(text, "test", &mut Clock::universal()).unwrap();
        let values: Vec<_> = prices[0].series.steps().map(|step| step.1.unwrap()).collect();
        assert_eq!((prices[0].series.step(), values), (900, vec![-12_500, 80_000]));
        assert!(
            read_prices(&format!("{text}2026-01-01T00:15:00Z,DE,80,USD\n"), "test", &mut Clock::universal()).is_err()
        );
        let text = "time,site,watts\n2026-01-01T00:00:00Z,roof,1500.5\n";
        let roof = &read_generation(text, "test", &mut Clock::universal()).unwrap()[0];
        let begin = roof.series.begin();
        assert_eq!(roof.energy(begin, begin + 3_600).kwh().to_string(), "1.5005");
        assert!(
            read_generation("time,site,watts\n2026-01-01T00:00:00Z,roof,-1\n", "t", &mut Clock::universal()).is_err()
        );
    }

    #[test]
    fn json_is_read_alone_and_in_lists() {
        let one = r#"{"zone":"DE","source":"Ember","method":"market","step":3600,
            "values":[{"time":"2026-01-01T00:00:00Z","intensity":380.95},{"time":"2026-01-01T02:00:00Z","intensity":"1"}]}"#;
        let all = read_json(&format!("[{one}]"), &mut Clock::universal()).unwrap();
        assert_eq!(all, read_json(one, &mut Clock::universal()).unwrap());
        assert_eq!((all[0].series.at(all[0].series.begin()), all[0].series.holes().len()), (Some(380_950), 1));
        assert!(read_json(r#"{"zone":"DE"}"#, &mut Clock::universal()).unwrap_err().to_string().contains("source"));
    }
}
