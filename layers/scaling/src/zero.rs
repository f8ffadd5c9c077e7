//! Scaling to zero: none while nothing is to be done, one as soon as there is.

use crate::{
    decide::Round,
    decision::{Input, Keeper, Reason, Suppressed},
    measure::delta,
    rule::Datum,
    state::ScalingState,
};
use hansa_ontology::resource_model::scaling::ScaleToZero;

/// What the activation metric says of this round.
pub(crate) struct Gate {
    pub(crate) reason: Reason,
    says: Says,
}

enum Says {
    /// There is something to do, or there may be: at least one.
    Some,
    /// There was something until just now: at least one.
    Cooling(String),
    /// Nothing: none.
    None,
    /// None is there, and it isn't known whether one is needed.
    Unknown(String),
}

pub(crate) fn look(zero: &ScaleToZero, round: &Round<'_>, state: &mut ScalingState) -> Gate {
    const NAME: &str = "zero";
    let measured = match round.readings.of(&zero.metric).sum() {
        Ok(measured) => measured,
        Err(why) => {
            let words = format!("{} has no value: {why}", zero.metric);
            let inputs = vec![Input::known(&zero.metric, Datum::None)];
            let says = if round.fleet.wanted == 0 { Says::Unknown(words.clone()) } else { Says::Some };
            return Gate { reason: Reason::new(NAME, None, inputs, words), says };
        }
    };
    let inputs = vec![Input::measured(&zero.metric, measured, round.now)];
    let against = format!("{} against {}", measured.value, zero.activation);
    if measured.value > zero.activation {
        state.last_active = Some(round.now);
        let words = format!("{against}: there is something to do");
        return Gate { reason: Reason::new(NAME, None, inputs, words), says: Says::Some };
    }
    // Whoever has just been watched for the first time gets the whole time.
    let last = *state.last_active.get_or_insert(round.now);
    if round.fleet.wanted > 0 && last + delta(zero.cool_down) > round.now {
        let words = format!("{against}: nothing to do, but for less than {}", zero.cool_down);
        return Gate { reason: Reason::new(NAME, None, inputs, words.clone()), says: Says::Cooling(words) };
    }
    let words = format!("{against}: nothing to do");
    Gate { reason: Reason::new(NAME, Some(0), inputs, words), says: Says::None }
}

impl Gate {
    /// The number with the gate, and whether nothing else may change it.
    pub(crate) fn apply(&self, wanted: u32, suppressed: &mut Vec<Suppressed>) -> (u32, bool) {
        let (allowed, why, forced) = match &self.says {
            Says::Some => (wanted.max(1), &self.reason.formula, false),
            Says::Cooling(why) => (wanted.max(1), why, false),
            Says::None => (0, &self.reason.formula, true),
            Says::Unknown(why) => (0, why, true),
        };
        if allowed != wanted {
            suppressed.push(Suppressed { by: Keeper::Zero, proposed: wanted, allowed, why: why.clone() });
        }
        (allowed, forced)
    }
}
