//! What is asked to move, what the broker moves of its own accord, and when
//! that is worth it. Pure.

use chrono::{DateTime, TimeDelta, Utc};
use hansa_mco::{
    MovedVolumes,
    model::{Instance, Plan},
    relocation::{Destination, Gain, Transfer},
    rollout::runs_side_by_side,
};
use hansa_ontology::{Currency, MachineId, Money, OperationId, ResourceModel, quantity::TimeSpan};
use hansa_wdm::{ASSUMED_RATE, CopyOutlook, amount, expected_seconds};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What somebody asks to move.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MoveRequest {
    /// Instances such as `web#0`, and ids of machines of which all goes.
    pub what: Vec<String>,
    /// Ids of machines of the application, offers and sites; none: anywhere but where it is.
    pub to: Vec<String>,
    /// Instances that keep data in volumes go too, and begin with empty ones.
    pub leave_volumes: bool,
}

/// What a move would come to.
#[derive(Debug, Clone, PartialEq)]
pub struct MovePreview {
    /// Who goes where.
    pub transfers: Vec<Transfer>,
    /// What is away for a while, and what of its data.
    pub interruptions: Vec<Interruption>,
    /// What the machines cost an hour now.
    pub before: Money,
    /// What they would cost.
    pub after: Money,
    /// The plan with it.
    pub plan: Plan,
}

/// An instance that can't run beside its replacement: it is stopped first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interruption {
    /// The instance.
    pub instance: Instance,
    /// How long its replacement may take until it works; None: it counts as working once it runs.
    pub at_most: Option<TimeSpan>,
    /// Volumes whose content is not copied.
    pub volumes: Vec<String>,
    /// Why they can't be copied; None: they can, or somebody asked to leave them.
    pub why_not: Option<String>,
    /// Volumes whose content is copied while it is away.
    pub copied: Option<CopyForecast>,
}

/// What copying the volumes of an instance takes, as far as that is known beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyForecast {
    /// Their names.
    pub volumes: Vec<String>,
    /// How much they hold, bytes; None: their system doesn't tell.
    pub bytes: Option<u64>,
}

impl CopyForecast {
    /// How long it takes at the rate that is assumed, seconds.
    #[must_use]
    pub fn seconds(&self) -> Option<u64> {
        self.bytes.map(expected_seconds)
    }
}

impl std::fmt::Display for CopyForecast {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the data in {} is copied meanwhile: ", self.volumes.join(", "))?;
        match (self.bytes, self.seconds()) {
            (Some(bytes), Some(seconds)) => {
                write!(f, "{}, about {seconds} s at {} a second", amount(bytes), amount(ASSUMED_RATE))
            }
            _ => f.write_str("how much that is isn't known"),
        }
    }
}

impl std::fmt::Display for Interruption {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Instance { component, ordinal } = &self.instance;
        write!(f, "{component}#{ordinal} is stopped before its replacement starts, and away until that works")?;
        if let Some(longest) = self.at_most {
            write!(f, ", for which it has {longest}")?;
        }
        if let Some(copied) = &self.copied {
            write!(f, "; {copied}")?;
        }
        if self.volumes.is_empty() {
            return Ok(());
        }
        let volumes = self.volumes.join(", ");
        match &self.why_not {
            Some(why) => write!(f, "; the data in {volumes} can't be copied ({why})")?,
            None => write!(f, "; the data in {volumes} is not copied")?,
        }
        f.write_str(": it stays where it is, and on another node the replacement begins with nothing")
    }
}

/// Why something of an application moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MoveKind {
    /// Somebody asked.
    Move,
    /// The others have room for what runs in a machine.
    Consolidation,
    /// Something as good costs less now.
    BetterPlace,
    /// What the model asks for emits less elsewhere now.
    CleanerPlace,
}

/// What leaves which machine, and where it may go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MoveWish {
    pub(crate) leaving: BTreeMap<MachineId, BTreeSet<Instance>>,
    pub(crate) to: Destination,
    pub(crate) leave_volumes: bool,
}

impl MoveWish {
    /// What of it is in its machine still.
    pub(crate) fn left(&self, plan: &Plan) -> BTreeMap<MachineId, BTreeSet<Instance>> {
        let there = |id: MachineId, one: &Instance| {
            plan.machines.iter().any(|machine| machine.held == Some(id) && machine.instances.contains(one))
        };
        let left = self.leaving.iter().map(|(id, instances)| {
            (*id, instances.iter().filter(|one| there(*id, one)).cloned().collect::<BTreeSet<_>>())
        });
        left.filter(|(_, instances)| !instances.is_empty()).collect()
    }
}

/// The last time that something of an application was moved from its place, or is about to be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Relocation {
    pub(crate) kind: MoveKind,
    /// The revision whose plan it changes.
    pub(crate) revision: i64,
    /// The operation that asked for it; None: the broker decided.
    pub(crate) operation: Option<OperationId>,
    pub(crate) wish: MoveWish,
    /// What was told of it before it began.
    pub(crate) told: Option<String>,
    pub(crate) begun_at: DateTime<Utc>,
    /// When a plan with it came in force.
    pub(crate) adopted_at: Option<DateTime<Utc>>,
    /// When all of it was done.
    pub(crate) done_at: Option<DateTime<Utc>>,
}

/// What the broker moves of its own accord, and when that is worth it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MovingPolicy {
    /// Empties the least used machine where the others have room.
    pub consolidate: bool,
    /// Gives up machines for cheaper places among today's offers, and for those that
    /// emit less where the model's objective counts carbon.
    pub improve: bool,
    /// How often an application is looked at.
    pub interval: TimeDelta,
    /// Time between two such moves of one application.
    pub pause: TimeDelta,
    /// For how long a saving is counted against what the move costs.
    pub horizon: TimeDelta,
    /// For how long old and new machines are both paid, and draw: what a move costs.
    pub overlap: TimeDelta,
    /// The least saving, in percent of what the application costs, or emits.
    pub least_percent: u32,
}

impl Default for MovingPolicy {
    /// Both, every 5 minutes, at most once an hour; for at least 5 % that pay within a day.
    fn default() -> Self {
        Self {
            consolidate: true,
            improve: true,
            interval: TimeDelta::minutes(5),
            pause: TimeDelta::hours(1),
            horizon: TimeDelta::hours(24),
            overlap: TimeDelta::minutes(15),
            least_percent: 5,
        }
    }
}

/// What a move saves, and what it costs: of money micro-units, of carbon micrograms
/// of CO2 equivalent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saving {
    /// Of what.
    pub gain: Gain,
    /// Of money.
    pub currency: Currency,
    /// What the machines cost, or emit, an hour now.
    pub before: i64,
    /// What they would.
    pub after: i64,
    /// What the new machines cost, or emit, beside the old ones.
    pub cost: i64,
    /// The least saving an hour that is worth a move.
    pub least: i64,
}

impl Saving {
    /// The saving an hour; negative where it is more.
    #[must_use]
    pub const fn per_hour(&self) -> i64 {
        self.before.saturating_sub(self.after)
    }

    /// For people.
    #[must_use]
    pub fn amount(&self, micros: i64) -> String {
        match self.gain {
            Gain::Price => Money::new(micros, self.currency).to_string(),
            Gain::Carbon => format!("{} g of CO2e", Decimal::new(micros, 6).round_dp(3).normalize()),
        }
    }
}

impl MovingPolicy {
    /// The least saving an hour that is worth a move, of so much an hour; never nothing.
    #[must_use]
    pub fn least(&self, per_hour: i64) -> i64 {
        let least = i128::from(per_hour) * i128::from(self.least_percent) / 100;
        i64::try_from(least).unwrap_or(i64::MAX).max(1)
    }

    /// What a move from one plan to the other saves and costs.
    #[must_use]
    pub fn saving(&self, before: &Plan, after: &Plan, gain: Gain) -> Saving {
        let rented = after.machines.iter().filter(|one| one.held.is_none());
        let (before_hour, after_hour, new) = match gain {
            Gain::Price => (
                before.price_per_hour_micros,
                after.price_per_hour_micros,
                rented.map(|one| one.price_per_hour_micros).sum(),
            ),
            Gain::Carbon => (
                micrograms(before.carbon_grams_per_hour),
                micrograms(after.carbon_grams_per_hour),
                rented.map(|one| micrograms(one.carbon_grams_per_hour)).sum(),
            ),
        };
        Saving {
            gain,
            currency: before.currency,
            before: before_hour,
            after: after_hour,
            cost: during(new, self.overlap),
            least: self.least(before_hour),
        }
    }

    /// Whether a saving is large enough, and more than the move costs within the horizon.
    #[must_use]
    pub fn is_worth(&self, saving: &Saving) -> bool {
        saving.per_hour() >= saving.least && during(saving.per_hour(), self.horizon) > saving.cost
    }
}

/// What an hour comes to in a time, in the unit of the hour.
fn during(per_hour: i64, time: TimeDelta) -> i64 {
    let total = i128::from(per_hour) * i128::from(time.num_seconds()) / 3_600;
    i64::try_from(total).unwrap_or(i64::MAX)
}

/// What one plan emits less an hour than the other, in micrograms of CO2 equivalent;
/// below nothing where it is more.
pub(crate) fn saved_micrograms(before: &Plan, after: &Plan) -> i64 {
    micrograms(before.carbon_grams_per_hour).saturating_sub(micrograms(after.carbon_grams_per_hour))
}

fn micrograms(grams: Decimal) -> i64 {
    let micrograms = grams.checked_mul(Decimal::from(1_000_000)).and_then(|micrograms| micrograms.round().to_i64());
    // Bounded so that some of them can be summed.
    micrograms.unwrap_or(i64::MAX).min(i64::MAX / 1_000)
}

/// What can't run beside its replacement is away for a while. Volumes of which
/// there is no outlook stay where they are.
pub(crate) fn interruptions(
    model: &ResourceModel,
    transfers: &[Transfer],
    outlooks: &BTreeMap<Instance, CopyOutlook>,
) -> Vec<Interruption> {
    let of = |transfer: &Transfer| {
        let component = model.components.get(&transfer.instance.component)?;
        if transfer.to.is_none() || runs_side_by_side(component) {
            return None;
        }
        let names: Vec<String> = component.volumes.keys().cloned().collect();
        let (volumes, why_not, copied) = match outlooks.get(&transfer.instance) {
            Some(CopyOutlook::Possible { bytes }) => {
                (Vec::new(), None, Some(CopyForecast { volumes: names, bytes: *bytes }))
            }
            Some(CopyOutlook::Impossible(why)) => (names, Some(why.clone()), None),
            None => (names, None, None),
        };
        let at_most = component.health.as_ref().map(|health| health.startup);
        Some(Interruption { instance: transfer.instance.clone(), at_most, volumes, why_not, copied })
    };
    transfers.iter().filter_map(of).collect()
}

/// What becomes of the volumes of what moves: those that can be copied are.
pub(crate) fn moved_volumes(transfers: &[Transfer], interruptions: &[Interruption]) -> MovedVolumes {
    let from = |one: &Instance| transfers.iter().find(|transfer| transfer.instance == *one)?.from.machine;
    let mut moved = MovedVolumes::default();
    for interruption in interruptions {
        let one = interruption.instance.clone();
        match (&interruption.copied, from(&one)) {
            (Some(_), Some(machine)) => {
                moved.followed.insert(one, machine);
            }
            _ => {
                moved.left.insert(one);
            }
        }
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saving(before: i64, after: i64, cost: i64, policy: &MovingPolicy) -> Saving {
        let least = policy.least(before);
        Saving { gain: Gain::Price, currency: Currency::EUR, before, after, cost, least }
    }

    #[test]
    fn only_what_pays_within_the_horizon_and_is_no_trifle_is_worth_it() {
        let policy = MovingPolicy { horizon: TimeDelta::hours(10), ..MovingPolicy::default() };
        let worth = |before, after, cost| policy.is_worth(&saving(before, after, cost, &policy));
        assert!(worth(1_000, 950, 499), "5 % and less than ten hours of it");
        assert!(!worth(1_000, 950, 500), "no more than it costs");
        assert!(!worth(1_000, 951, 0), "a trifle");
        assert!(!worth(1_000, 1_000, 0));
        assert!(!worth(0, 0, 0), "what costs nothing saves nothing");
        assert!(!worth(1_000, 2_000, 0));
    }

    #[test]
    fn amounts_are_told_in_their_unit() {
        let price = saving(1_500_000, 500_000, 0, &MovingPolicy::default());
        assert_eq!(price.amount(price.per_hour()), "1 EUR");
        let carbon = Saving { gain: Gain::Carbon, ..price };
        assert_eq!(carbon.amount(1_500_400), "1.5 g of CO2e");
        assert_eq!(micrograms("1.5000004".parse().unwrap()), 1_500_000);
        assert_eq!(micrograms(Decimal::MAX), i64::MAX / 1_000);
    }

    #[test]
    fn what_a_move_costs_is_the_new_machines_while_the_old_are_paid() {
        assert_eq!(during(4_000, TimeDelta::minutes(15)), 1_000);
        assert_eq!(during(-4_000, TimeDelta::hours(2)), -8_000);
        assert_eq!(during(i64::MAX, TimeDelta::days(400)), i64::MAX);
    }
}
