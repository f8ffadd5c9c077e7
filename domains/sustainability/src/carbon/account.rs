//! One figure with everything that it was computed from.

use super::{Footprint, Sci, sci};
use crate::{
    SustainabilityError,
    energy::{Embodied, Modelled, Named},
    quantity::{Carbon, Energy, Intensity, MILLION},
};
use rust_decimal::Decimal;
use serde::Serialize;
use std::{fmt, sync::Arc};

/// What a meter showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Measured {
    /// How much.
    pub energy: Energy,
    /// Which meter, and how what it shows was split: `RAPL of node-1, by processor time`.
    pub meter: String,
}

/// A machine that was reserved, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reservation {
    /// What it took to make the machine.
    pub machine: Named<Embodied>,
    /// How long, in seconds.
    pub seconds: u64,
    /// How much of the machine, in any unit.
    pub reserved: u64,
    /// The whole machine, in the same unit.
    pub total: u64,
}

/// What a figure is computed from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Inputs {
    /// Where there is a meter.
    pub measured: Option<Measured>,
    /// Where there is none.
    pub modelled: Option<Modelled>,
    /// In millionths.
    pub pue: Named<u64>,
    /// What the site generated for it.
    pub own: Energy,
    /// Location-based.
    pub location: Option<Named<Intensity>>,
    /// Market-based.
    pub market: Option<Named<Intensity>>,
    /// The machine, where it is known.
    pub reservation: Option<Reservation>,
    /// How many functional units were served, and what they are.
    pub units: Option<(u64, String)>,
}

/// One step of a computation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What: `energy of processors`.
    pub what: String,
    /// The value with its unit.
    pub value: String,
    /// How it was computed.
    pub how: String,
    /// Where its coefficient comes from.
    pub source: Arc<str>,
}

/// A figure with how it was computed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Account {
    /// The figure.
    pub footprint: Footprint,
    /// The software carbon intensity, where functional units were counted.
    pub sci: Option<Sci>,
    /// How it was computed, step by step.
    pub steps: Vec<Step>,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            write!(f, "{} = {}", step.what, step.value)?;
            if !step.how.is_empty() {
                write!(f, " = {}", step.how)?;
            }
            if !step.source.is_empty() {
                write!(f, " [{}]", step.source)?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// Computes a figure over a time in which PUE and intensity are constant, and says how.
///
/// # Errors
/// As [`sci`], where functional units are given.
pub fn account(inputs: &Inputs) -> Result<Account, SustainabilityError> {
    let mut steps = Vec::new();
    let mut say = |what: &str, value: &dyn fmt::Display, how: String, source: &Arc<str>| {
        steps.push(Step { what: what.to_owned(), value: value.to_string(), how, source: source.clone() });
    };
    let none: Arc<str> = "".into();
    let measured = inputs.measured.as_ref().map_or(Energy::ZERO, |measured| measured.energy);
    if let Some(meter) = &inputs.measured {
        say("measured energy", &measured, String::new(), &meter.meter.as_str().into());
    }
    for part in inputs.modelled.iter().flat_map(|modelled| &modelled.parts) {
        say(&format!("energy of {}", part.what), &part.energy, part.how.clone(), &part.source);
    }
    let modelled = inputs.modelled.as_ref().map_or(Energy::ZERO, Modelled::total);
    let used = measured + modelled;
    let facility = used.millionths(inputs.pue.value.max(MILLION));
    let factor = Decimal::from_i128_with_scale(i128::from(inputs.pue.value.max(MILLION)), 6).normalize();
    say("energy with the building", &facility, format!("{used} × PUE {factor}"), &inputs.pue.source);
    let own = inputs.own.min(facility);
    if own != Energy::ZERO {
        say("generated at the site", &own, String::new(), &none);
    }
    let bought = facility - own;
    let mut footprint = Footprint { measured, modelled, facility, own, ..Footprint::default() };
    let mut emitted = |what: &str, intensity: &Option<Named<Intensity>>| match intensity {
        Some(intensity) => {
            let carbon = bought.at(intensity.value);
            say(what, &carbon, format!("{bought} × {}", intensity.value), &intensity.source);
            (carbon, Energy::ZERO)
        }
        None => (Carbon::ZERO, bought),
    };
    (footprint.location, footprint.location_unknown) = emitted("operational carbon, location-based", &inputs.location);
    (footprint.market, footprint.market_unknown) = emitted("operational carbon, market-based", &inputs.market);
    if let Some(reservation) = &inputs.reservation {
        let Reservation { machine, seconds, reserved, total } = reservation;
        footprint = footprint.with_embodied(&machine.value, *seconds, *reserved, *total);
        let (made, life) = (machine.value.carbon, machine.value.life_hours);
        let how = format!("{made} × {seconds} s ÷ {life} h × {reserved} ÷ {total}");
        say("embodied carbon", &footprint.embodied, how, &machine.source);
    }
    let score = inputs.units.as_ref().map(|(units, unit)| sci(&footprint, *units, unit, None)).transpose()?;
    if let Some(score) = &score {
        let how = format!("({} + {}) ÷ {} {}", score.operational, score.embodied, score.units, score.unit);
        say("software carbon intensity", &score.score, how, &"ISO/IEC 21031".into());
    }
    Ok(Account { footprint, sci: score, steps })
}
