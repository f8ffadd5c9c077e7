//! From what generates a zone's electricity to its carbon intensity.

use super::{Clock, Draft, IntensitySeries, Method, Point, Standing, draft};
use crate::{
    SustainabilityError,
    energy::Named,
    quantity::{Intensity, divided, scaled},
};
use serde::Deserialize;
use std::{collections::BTreeMap, sync::Arc};

/// Lifecycle emissions by fuel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factors(BTreeMap<String, Named<Intensity>>);

impl Default for Factors {
    /// Medians of IPCC AR5 WG III, annex III, table A.III.2; oil and unknown apart.
    fn default() -> Self {
        const IPCC: &str = "IPCC AR5 WG III (2014), annex III, table A.III.2, median";
        const OIL: &str = "UK POST note 383 (2011), as Electricity Maps takes it";
        const WORST: &str = "taken for that of coal, so that silence is never rewarded";
        let known = [
            ("biomass", 230, IPCC),
            ("coal", 820, IPCC),
            ("gas", 490, IPCC),
            ("geothermal", 38, IPCC),
            ("hydro", 24, IPCC),
            ("nuclear", 12, IPCC),
            ("oil", 650, OIL),
            ("solar", 48, IPCC),
            ("unknown", 820, WORST),
            ("wind", 11, IPCC),
            ("wind-offshore", 12, IPCC),
        ];
        let named = |(fuel, grams, source): (&str, i64, &str)| {
            (fuel.to_owned(), Named::new(Intensity::of(grams * 1_000), source))
        };
        Self(known.into_iter().map(named).collect())
    }
}

impl Factors {
    /// Sets the factor of a fuel, with its source.
    pub fn set(&mut self, fuel: &str, intensity: Named<Intensity>) {
        self.0.insert(fuel.to_lowercase(), intensity);
    }

    /// The factor of a fuel, by its own name or one that ENTSO-E or NESO has for it.
    #[must_use]
    pub fn of(&self, fuel: &str) -> Option<&Named<Intensity>> {
        let fuel = fuel.trim().to_lowercase();
        let known = match fuel.as_str() {
            "fossil brown coal/lignite" | "fossil hard coal" | "fossil peat" | "lignite" | "hard coal" => "coal",
            "fossil gas" | "fossil coal-derived gas" | "natural_gas" | "natural gas" => "gas",
            "fossil oil" | "fossil oil shale" | "petroleum" => "oil",
            "hydro run-of-river and poundage" | "hydro water reservoir" | "hydro pumped storage" => "hydro",
            "hydroelectricity" => "hydro",
            "wind onshore" => "wind",
            "wind offshore" => "wind-offshore",
            "other" | "imports" | "waste" => "unknown",
            other => other,
        };
        self.0.get(&fuel).or_else(|| self.0.get(known))
    }

    /// The intensity of a mix: fuels with what they generate, in any one unit. None
    /// where nothing is generated. What is negative (pumps) counts as nothing.
    ///
    /// # Errors
    /// When a fuel has no factor.
    pub fn intensity<'f>(
        &self,
        mix: impl Iterator<Item = (&'f str, i128)>,
    ) -> Result<Option<Intensity>, SustainabilityError> {
        let (mut sum, mut carbon) = (0_i128, 0_i128);
        for (fuel, amount) in mix.filter(|(_, amount)| *amount > 0) {
            let factor = self.of(fuel).ok_or_else(|| SustainabilityError::Unknown {
                field: "generation mix",
                what: "emission factor",
                name: fuel.to_owned(),
            })?;
            sum = sum.saturating_add(amount);
            carbon = carbon.saturating_add(amount.saturating_mul(i128::from(factor.value.get())));
        }
        let intensity = (sum > 0).then(|| divided(carbon, sum)).and_then(|value| i64::try_from(value).ok());
        Ok(intensity.map(Intensity::of))
    }
}

/// Reads a generation mix from CSV: `time`, `zone`, and a column for each fuel with its
/// power or energy, such as ENTSO-E's "Actual Generation per Production Type" laid out
/// by type. Empty fields are nothing. What comes over borders is not in it: this is the
/// intensity of production.
///
/// # Errors
/// When a row can't be read, or a fuel has no factor.
pub fn read_mix(
    text: &str,
    source: &str,
    factors: &Factors,
    clock: &mut Clock,
) -> Result<Vec<IntensitySeries>, SustainabilityError> {
    let source: Arc<str> = source.into();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let fault = |error: csv::Error| SustainabilityError::invalid("table", error.to_string());
    let header = reader.headers().map_err(fault)?.clone();
    for needed in ["time", "zone"] {
        if !header.iter().any(|column| column == needed) {
            return Err(SustainabilityError::invalid("header", format!("has no column `{needed}`")));
        }
    }
    let mut drafts: Vec<Draft> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(fault)?;
        let line = record.position().map_or(0, csv::Position::line);
        let (mut time, mut zone, mut mix) = ("", "", Vec::new());
        for (column, text) in header.iter().zip(&record) {
            match column {
                "time" => time = text,
                "zone" => zone = text,
                _ if text.is_empty() => {}
                fuel => {
                    let amount = crate::table::decimal(text).and_then(|value| scaled(value, 1_000));
                    let problem = || SustainabilityError::invalid(format!("line {line}, column `{fuel}`"), "no number");
                    mix.push((fuel, amount.ok_or_else(problem)?));
                }
            }
        }
        let begin = clock.read(zone, time)?;
        let Some(intensity) = factors.intensity(mix.into_iter())? else { continue };
        let point = Point { begin, measured: true, said: 0, value: intensity.get() };
        draft(&mut drafts, zone, Method::Location, Standing::Recorded, &source).push(point);
    }
    drafts.into_iter().map(|draft| draft.finish(None)).collect()
}

#[derive(Deserialize)]
struct NesoMix {
    data: Vec<NesoPeriod>,
}

#[derive(Deserialize)]
struct NesoPeriod {
    from: String,
    generationmix: Vec<NesoFuel>,
}

#[derive(Deserialize)]
struct NesoFuel {
    fuel: String,
    perc: serde_json::Number,
}

/// Reads an answer of the Carbon Intensity API of Great Britain, `/generation/…`.
///
/// # Errors
/// When it is not of that form, or a fuel has no factor.
pub fn read_neso_mix(text: &str, factors: &Factors) -> Result<IntensitySeries, SustainabilityError> {
    let read: NesoMix = serde_json::from_str(text)
        .map_err(|error| SustainabilityError::invalid("answer of the Carbon Intensity API", error.to_string()))?;
    let mut points = Vec::new();
    for period in &read.data {
        let amount = |fuel: &NesoFuel| crate::table::decimal(&fuel.perc.to_string()).and_then(|all| scaled(all, 1_000));
        let mix = period.generationmix.iter().map(|fuel| (fuel.fuel.as_str(), amount(fuel).unwrap_or_default()));
        if let Some(intensity) = factors.intensity(mix)? {
            let begin = Clock::universal().read("GB", &period.from)?;
            points.push(Point { begin, measured: true, said: 0, value: intensity.get() });
        }
    }
    let source = "Carbon Intensity API (NESO), generation mix".into();
    let (method, standing) = (Method::Location, Standing::Recorded);
    Draft { zone: "GB".into(), method, standing, source, points }.finish(Some(1_800))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mix_is_the_mean_of_its_fuels_weighted_by_what_they_give() {
        let text = "time,zone,Fossil Gas,Wind Onshore,Solar,Hydro Pumped Storage\n\
            2026-06-01T12:00:00Z,DE,100,300,,-50\n2026-06-01T13:00:00Z,DE,,,,\n2026-06-01T14:00:00Z,DE,0,0,10,\n";
        let all = read_mix(text, "test", &Factors::default(), &mut Clock::universal()).unwrap();
        let values: Vec<_> = all[0].series.steps().map(|step| step.1).collect();
        // (100 × 490 + 300 × 11) ÷ 400; nothing known; solar alone.
        assert_eq!(values, [Some(130_750), None, Some(48_000)]);
    }

    #[test]
    fn a_fuel_that_nobody_knows_is_named() {
        let text = "time,zone,dilithium\n2026-06-01T12:00:00Z,DE,100\n";
        let error = read_mix(text, "test", &Factors::default(), &mut Clock::universal()).unwrap_err().to_string();
        assert!(error.contains("emission factor of `dilithium`"), "{error}");
        let mut factors = Factors::default();
        factors.set("Dilithium", Named::new(Intensity::of(5_000), "lab"));
        assert!(read_mix(text, "test", &factors, &mut Clock::universal()).is_ok());
    }

    #[test]
    fn great_britain_in_shares() {
        let text = r#"{"data":[{"from":"2026-01-20T12:00Z","to":"2026-01-20T12:30Z","generationmix":[
            {"fuel":"gas","perc":43.6},{"fuel":"coal","perc":0},{"fuel":"imports","perc":6.4},{"fuel":"nuclear","perc":17.6},{"fuel":"wind","perc":32.4}]}]}"#;
        let series = read_neso_mix(text, &Factors::default()).unwrap();
        // 0.436 × 490 + 0.064 × 820 + 0.176 × 12 + 0.324 × 11.
        assert_eq!(series.series.at(series.series.begin()), Some(271_796));
    }
}
