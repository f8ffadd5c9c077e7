//! Coefficients from files: in a format of our own, and in the columns that
//! Cloud Carbon Footprint publishes.

use super::{Coefficients, Embodied, Named, Processor};
use crate::{
    SustainabilityError,
    quantity::{Carbon, Energy, Intensity, MILLION, millionths, scaled},
    table::{Row, Table},
};
use rust_decimal::Decimal;
use std::{collections::BTreeMap, sync::Arc};

impl Coefficients {
    /// Takes the rows of our own format into the table: `figure,name,value,unit,source`.
    ///
    /// | figure | name | unit |
    /// |---|---|---|
    /// | `processor-idle`, `processor-full` | architecture; empty: where it isn't known | `W/vCPU` |
    /// | `memory` | | `W/GB` |
    /// | `solid`, `hard` | | `W/TB` |
    /// | `network` | | `kWh/GB` |
    /// | `pue` | provider or site; empty: where nobody states it | `1` |
    /// | `embodied` | type of machine | `kg` |
    /// | `life` | type of machine | `h` |
    /// | `intensity` | region or country | `g/kWh` |
    ///
    /// # Errors
    /// When a row can't be read; names it, its column and the remedy. Nothing is taken then.
    pub fn load(&mut self, text: &str) -> Result<(), SustainabilityError> {
        let mut taken = self.clone();
        let mut pairs = Pairs::default();
        for row in Table::new(text, &["figure", "name", "value", "unit", "source"])? {
            let row = row?;
            let source: Arc<str> = row.text("source").into();
            if source.is_empty() {
                return Err(row.fault("source", "is empty; say who published the figure"));
            }
            taken.take(&row, &source, &mut pairs)?;
        }
        pairs.finish(&mut taken)?;
        *self = taken;
        Ok(())
    }

    fn take(&mut self, row: &Row, source: &Arc<str>, pairs: &mut Pairs) -> Result<(), SustainabilityError> {
        let (figure, name) = (row.text("figure"), row.text("name").to_lowercase());
        let unit = match figure {
            "processor-idle" | "processor-full" => "W/vCPU",
            "memory" => "W/GB",
            "solid" | "hard" => "W/TB",
            "network" => "kWh/GB",
            "pue" => "1",
            "embodied" => "kg",
            "life" => "h",
            "intensity" => "g/kWh",
            _ => return Err(row.fault("figure", "is none that is known; see docs/sustainability.md for the list")),
        };
        if row.text("unit") != unit {
            return Err(row.fault("unit", &format!("must be `{unit}`; convert the value")));
        }
        let value = row.decimal("value")?;
        match figure {
            "processor-idle" => _ = pairs.idle.insert(name, (micro(row, value)?, source.clone())),
            "processor-full" => _ = pairs.full.insert(name, (micro(row, value)?, source.clone())),
            "memory" => self.memory = Named::new(micro(row, value)?, source.clone()),
            "solid" => self.solid = Named::new(micro(row, value)?, source.clone()),
            "hard" => self.hard = Named::new(micro(row, value)?, source.clone()),
            "network" => {
                micro(row, value)?;
                self.network = Named::new(Energy::of_kwh(value)?, source.clone());
            }
            "pue" => {
                let pue = Named::new(millionths("pue", value, MILLION, 10 * MILLION)?, source.clone());
                if name.is_empty() { self.default_pue = pue } else { _ = self.pue.insert(name, pue) }
            }
            "embodied" => _ = pairs.made.insert(name, (kilograms(row, value)?, source.clone())),
            "life" => {
                let hours = u64::try_from(value).ok().filter(|hours| *hours > 0);
                pairs.life.insert(name, hours.ok_or_else(|| row.fault("value", "must be whole hours, at least 1"))?);
            }
            _ => _ = self.intensity.insert(name, Named::new(Intensity::of_grams(value)?, source.clone())),
        }
        Ok(())
    }

    /// Takes a table of Cloud Carbon Footprint into ours, by its header:
    /// `Architecture,Min Watts,Max Watts` (use), `type,…,total` (embodied, kg), or
    /// `Region,…,CO2e (metric ton/kWh)` (intensity). Rows that can't be right are not
    /// taken, and told: there are some in what is published. A machine type that is
    /// made with several architectures is there as `type/architecture` and, with the
    /// most of them, as `type`.
    ///
    /// # Errors
    /// When the header is none of these.
    pub fn load_ccf(&mut self, text: &str, source: &str) -> Result<Loaded, SustainabilityError> {
        let source: Arc<str> = source.into();
        let header = text.lines().next().unwrap_or_default();
        let table = if header.contains("Architecture") {
            Table::new(text, &["Architecture", "Min Watts", "Max Watts"])?
        } else if header.contains("total") {
            Table::with(text, &["type", "total"], &["microarchitecture"])?
        } else {
            Table::new(text, &["Region", TONS])?
        };
        let mut loaded = Loaded::default();
        for row in table {
            match row.and_then(|row| self.take_ccf(&row, &source)) {
                Ok(()) => loaded.rows += 1,
                Err(fault) => loaded.faults.push(fault),
            }
        }
        Ok(loaded)
    }

    fn take_ccf(&mut self, row: &Row, source: &Arc<str>) -> Result<(), SustainabilityError> {
        if row.has("Architecture") {
            let [idle, full] = ["Min Watts", "Max Watts"].map(|column| micro(row, row.decimal(column)?));
            let processor = Named::new(Processor::line(idle?, full?), source.clone());
            self.processors.insert(row.text("Architecture").to_lowercase(), processor);
        } else if row.has("total") {
            let carbon = kilograms(row, row.decimal("total")?)?;
            let embodied = Named::new(Embodied { carbon, life_hours: LIFE_HOURS }, source.clone());
            let kind = row.text("type").to_lowercase();
            if row.has("microarchitecture") {
                let architecture = row.text("microarchitecture").to_lowercase();
                self.embodied.insert(format!("{kind}/{architecture}"), embodied.clone());
            }
            let known = self.embodied.entry(kind).or_insert_with(|| embodied.clone());
            if known.source != *source || known.value.carbon < carbon {
                *known = embodied;
            }
        } else {
            let tons = row.decimal(TONS)?;
            let grams = tons.checked_mul(Decimal::from(1_000_000)).unwrap_or(Decimal::MAX);
            let intensity = Intensity::of_grams(grams).map_err(|error| row.fault(TONS, &error.to_string()))?;
            self.intensity.insert(row.text("Region").to_lowercase(), Named::new(intensity, source.clone()));
        }
        Ok(())
    }
}

/// What was taken of a table of somebody else's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Loaded {
    /// How many rows.
    pub rows: usize,
    /// What is wrong with the others.
    pub faults: Vec<SustainabilityError>,
}

const TONS: &str = "CO2e (metric ton/kWh)";
/// Four years, as Cloud Carbon Footprint takes it.
const LIFE_HOURS: u64 = 4 * 365 * 24;

/// Figures that come in two rows.
#[derive(Default)]
struct Pairs {
    idle: BTreeMap<String, (u64, Arc<str>)>,
    full: BTreeMap<String, (u64, Arc<str>)>,
    made: BTreeMap<String, (Carbon, Arc<str>)>,
    life: BTreeMap<String, u64>,
}

impl Pairs {
    fn finish(mut self, into: &mut Coefficients) -> Result<(), SustainabilityError> {
        for (name, (idle, source)) in self.idle {
            let (full, _) = self.full.remove(&name).ok_or_else(|| alone("processor-idle", "processor-full", &name))?;
            let processor = Named::new(Processor::line(idle, full), source);
            if name.is_empty() { into.processor = processor } else { _ = into.processors.insert(name, processor) }
        }
        if let Some(name) = self.full.keys().next() {
            return Err(alone("processor-full", "processor-idle", name));
        }
        for (name, (carbon, source)) in self.made {
            let life_hours = self.life.remove(&name).unwrap_or(LIFE_HOURS);
            into.embodied.insert(name, Named::new(Embodied { carbon, life_hours }, source));
        }
        match self.life.keys().next() {
            Some(name) => Err(alone("life", "embodied", name)),
            None => Ok(()),
        }
    }
}

fn alone(there: &str, missing: &str, name: &str) -> SustainabilityError {
    SustainabilityError::invalid("figure", format!("`{there}` of `{name}` has no `{missing}` beside it; add that row"))
}

/// Millionths of a number that is not negative, at most a billion.
fn micro(row: &Row, value: Decimal) -> Result<u64, SustainabilityError> {
    let all = scaled(value, 1_000_000).and_then(|value| u64::try_from(value).ok());
    all.filter(|value| *value <= 1_000_000_000_000_000).ok_or_else(|| row.fault("value", "must be from 0 to 10^9"))
}

fn kilograms(row: &Row, value: Decimal) -> Result<Carbon, SustainabilityError> {
    micro(row, value)?;
    Carbon::of_grams(value * Decimal::from(1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "figure,name,value,unit,source\n";

    #[test]
    fn a_file_of_ours_replaces_what_it_names() {
        let mut table = Coefficients::default();
        let text = "processor-idle,Zen 5,0.5,W/vCPU,lab\nprocessor-full,zen 5,2.25,W/vCPU,lab\nmemory,,0.3,W/GB,lab\n\
            pue,north,1.12,1,\"report, 2026\"\nembodied,edge-1,350,kg,maker\nlife,edge-1,43800,h,maker\n\
            intensity,DE,380.95,g/kWh,Ember\nnetwork,,0.0005,kWh/GB,lab\n";
        table.load(&format!("{HEAD}{text}")).unwrap();
        assert_eq!(table.processor(Some(" ZEN 5")).value.microwatts(MILLION), 2_250_000);
        assert_eq!(
            (table.memory.value, table.pue("North").value, &*table.pue("north").source),
            (300_000, 1_120_000, "report, 2026")
        );
        assert_eq!(
            table.embodied["edge-1"].value,
            Embodied { carbon: Carbon::of(350_000_000_000), life_hours: 43_800 }
        );
        assert_eq!(table.intensity["de"].value.to_string(), "380.95 g/kWh");
        assert_eq!(table.network.value, Energy::of(1_800_000_000));
    }

    #[test]
    fn faults_name_the_row_and_the_remedy_and_change_nothing() {
        let faults = [
            ("memory,,0.3,mW/GB,lab", "line 2, column `unit`: must be `W/GB`; convert the value"),
            ("memory,,many,W/GB,lab", "line 2, column `value`: `many` is no number; write one such as 380.5"),
            ("memory,,-1,W/GB,lab", "line 2, column `value`: must be from 0 to 10^9"),
            ("memory,,1,W/GB,", "line 2, column `source`: is empty; say who published the figure"),
            (
                "ram,,1,W/GB,lab",
                "line 2, column `figure`: is none that is known; see docs/sustainability.md for the list",
            ),
            (
                "processor-idle,x,1,W/vCPU,lab",
                "figure: `processor-idle` of `x` has no `processor-full` beside it; add that row",
            ),
            ("life,x,1,h,lab", "figure: `life` of `x` has no `embodied` beside it; add that row"),
        ];
        for (row, said) in faults {
            let mut table = Coefficients::default();
            let error = table.load(&format!("{HEAD}{row}\n")).unwrap_err();
            assert_eq!(error.to_string(), said);
            assert_eq!(table, Coefficients::default());
        }
        let error = Coefficients::default().load("figure,value\n").unwrap_err().to_string();
        assert_eq!(error, "header: has no column `name`; its columns must be named in the first line");
    }
}
