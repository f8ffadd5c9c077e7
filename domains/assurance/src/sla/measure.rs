//! What was measured of one objective in one stretch, and how it stands.

use super::{Course, Down, Reported, Stretch, covered};
use crate::{LevelState, Tally, level::AT_RISK};
use chrono::{DateTime, Utc};
use hansa_ontology::{
    ApplicationId, MachineId, OfferId, ProjectId, ProviderId, SiteId,
    sla::{Metric, ServiceLevelObjective, Window},
};
use hansa_repository::breach::{Excluded, Outage};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

/// Decimals of what is told: a second of a year is three millionths of a percent.
const DECIMALS: u32 = 6;

/// What was measured in a stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// Seconds that count: those of the stretch without announced maintenance.
    pub counted: i64,
    /// Seconds of these in which the machine could not be used.
    pub down: i64,
    /// The value in the metric's unit, exactly; none: nothing was measured.
    pub value: Option<Decimal>,
}

/// How one objective of one rental stands in one window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// The machine.
    pub machine: MachineId,
    /// The number of the objective among those of the SLA, from 0.
    pub objective: usize,
    /// Whose machine it is.
    pub project: ProjectId,
    /// For which application.
    pub application: Option<ApplicationId>,
    /// By which offer it was rented.
    pub offer: OfferId,
    /// Who delivers it.
    pub provider: ProviderId,
    /// Where.
    pub site: SiteId,
    /// The partner who delivers it, by its name for people; none: we do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<String>,
    /// What is measured.
    pub metric: Metric,
    /// What was promised, in the metric's unit.
    pub target: Decimal,
    /// In each of these windows.
    pub window: Window,
    /// Where the window, or the rental within it, begins.
    pub from: DateTime<Utc>,
    /// Where the window ends, or ended with the rental.
    pub until: DateTime<Utc>,
    /// Whether that is over, so that nothing changes any more.
    pub judged: bool,
    /// Seconds that count so far.
    pub counted_seconds: i64,
    /// Seconds of these in which the machine could not be used.
    pub down_seconds: i64,
    /// What was measured, in the metric's unit; none: nothing was, or this is not measured here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Decimal>,
    /// How much of the error budget of the whole window is spent, in percent;
    /// none: the objective has no budget.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent_percent: Option<Decimal>,
    /// How many seconds the machine may be away until the end of the window; below 0: it was away too long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_left_seconds: Option<i64>,
    /// How it stands.
    pub state: LevelState,
    /// What the partner who delivers it has reported of the stretch; none: nothing, or we deliver it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported: Option<Reported>,
    /// What is owed where it was missed, in percent of what the machine was charged for the stretch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_percent: Option<Decimal>,
}

/// As it is told.
pub(super) fn told(value: Decimal) -> Decimal {
    value.round_dp_with_strategy(DECIMALS, RoundingStrategy::MidpointNearestEven).normalize()
}

impl Course {
    /// What was measured of an objective in a stretch of the rental, less what
    /// was announced. What is down at its end is down until then.
    #[must_use]
    pub fn measure(&self, objective: &ServiceLevelObjective, of: &Stretch, announced: &[Stretch]) -> Measured {
        let counted = of.seconds() - covered(of, announced);
        let admitted = self.admitted(of).into_iter().map(|(part, _)| part);
        let down = self.down_in(of).into_iter().chain(admitted);
        let down: i64 = down.map(|part| part.seconds() - covered(&part, announced)).sum();
        let value = match objective.metric {
            Metric::Availability => Tally { good: (counted - down).unsigned_abs(), bad: down.unsigned_abs() }.percent(),
            Metric::ProvisioningTime if of.from() == self.begun => self.provisioned.map(Decimal::from),
            Metric::RepairTime => percentile(self.repairs(of, announced), objective.percentile),
            // Nothing here measures these, and nothing is guessed.
            Metric::ProvisioningTime | Metric::Latency | Metric::Throughput | Metric::ErrorRate => None,
        };
        Measured { counted, down, value }
    }

    /// The parts of a stretch in which the machine could not be used, by our own measure.
    pub(super) fn down_in(&self, of: &Stretch) -> Vec<Stretch> {
        let part = |down: &Down| Stretch::new(down.from, down.until.unwrap_or(i64::MAX))?.overlap(of);
        self.downs.iter().filter_map(part).collect()
    }

    /// The faults that ended in a stretch: the machine was there again, or was
    /// given up. The end of the rental belongs to it.
    fn ended_in(&self, of: &Stretch) -> impl Iterator<Item = (&Down, Stretch)> {
        let ended = move |until: i64| {
            (of.from()..of.until()).contains(&until) || (until == of.until() && self.ended == Some(until))
        };
        let whole = move |down: &Down| Stretch::new(down.from, down.until.filter(|until| ended(*until))?);
        self.downs.iter().filter_map(move |down| Some((down, whole(down)?)))
    }

    /// How many minutes they lasted.
    fn repairs(&self, of: &Stretch, announced: &[Stretch]) -> Vec<Decimal> {
        let seconds = self.ended_in(of).map(|(_, part)| part.seconds() - covered(&part, announced));
        seconds.filter(|seconds| *seconds > 0).map(|seconds| Decimal::from(seconds) / Decimal::from(60)).collect()
    }

    /// What shows how an objective was missed in a stretch, with the numbers of the events.
    pub(super) fn outages(&self, metric: Metric, of: &Stretch) -> Vec<Outage> {
        let outage = |part: Stretch, over: bool, events: &[i64]| {
            let (from, until) = part.times();
            Outage { from, until: over.then_some(until), events: events.to_vec() }
        };
        match metric {
            Metric::RepairTime => self.ended_in(of).map(|(down, part)| outage(part, true, &down.events)).collect(),
            Metric::ProvisioningTime => {
                self.provision().map(|(part, event)| outage(part, true, &[event])).into_iter().collect()
            }
            _ => {
                let part = |down: &Down| {
                    let part = Stretch::new(down.from, down.until.unwrap_or(i64::MAX))?.overlap(of)?;
                    let over = down.until.is_some_and(|until| until <= of.until());
                    // What ended it came later, and shows nothing of this stretch.
                    let events = if over { down.events.as_slice() } else { down.events.get(..1).unwrap_or_default() };
                    Some(outage(part, over, events))
                };
                let admitted = self.admitted(of).into_iter().map(|(part, event)| outage(part, true, &[event]));
                let mut all: Vec<Outage> = self.downs.iter().filter_map(part).chain(admitted).collect();
                all.sort_by_key(|outage| outage.from);
                all
            }
        }
    }

    /// How an objective stands in a stretch. `room` is the whole window as far
    /// as the rental may reach; the stretch is what of it has passed.
    pub(super) fn standing(
        &self,
        objective: usize,
        what: &ServiceLevelObjective,
        (passed, room): (&Stretch, &Stretch),
        announced: &[Stretch],
        judged: bool,
    ) -> Standing {
        let terms = &self.terms;
        let measured = self.measure(what, passed, announced);
        let budget = (what.metric == Metric::Availability).then(|| {
            let seconds = room.seconds() - covered(room, announced);
            Decimal::from(seconds) * (Decimal::ONE_HUNDRED - what.target) / Decimal::ONE_HUNDRED
        });
        let down = Decimal::from(measured.down);
        let spent = budget.and_then(|budget| (down * Decimal::ONE_HUNDRED).checked_div(budget));
        let missed = match budget {
            Some(budget) => down > budget,
            None => measured.value.is_some_and(|value| what.metric.is_worse(value, what.target)),
        };
        let state = match spent {
            _ if measured.value.is_none() => LevelState::Unmeasured,
            _ if missed => LevelState::Missed,
            Some(spent) if !judged && spent >= AT_RISK => LevelState::AtRisk,
            _ => LevelState::Kept,
        };
        let ((from, _), (_, until)) = (passed.times(), room.times());
        let credit = (judged && state == LevelState::Missed).then_some(measured.value).flatten();
        Standing {
            machine: self.machine,
            objective,
            project: terms.project.clone(),
            application: terms.application,
            offer: terms.offer.clone(),
            provider: terms.provider.clone(),
            site: terms.site.clone(),
            partner: terms.partner.clone(),
            metric: what.metric,
            target: what.target,
            window: what.window,
            from,
            until,
            judged,
            counted_seconds: measured.counted,
            down_seconds: measured.down,
            measured: measured.value.map(told),
            spent_percent: spent.map(told),
            budget_left_seconds: budget.and_then(|budget| i64::try_from((budget - down).floor()).ok()),
            state,
            reported: (what.metric == Metric::Availability).then(|| self.reported(passed)).flatten(),
            credit_percent: credit
                .map(|value| what.remedy(value).map_or(Decimal::ZERO, |remedy| remedy.credit_percent)),
        }
    }
}

/// The value that so many percent of all do not exceed (nearest rank); the
/// greatest where no percentile is named. None of none.
fn percentile(mut values: Vec<Decimal>, percent: Option<Decimal>) -> Option<Decimal> {
    values.sort_unstable();
    let share = percent.unwrap_or(Decimal::ONE_HUNDRED) / Decimal::ONE_HUNDRED;
    let rank = (share * Decimal::from(values.len())).ceil().max(Decimal::ONE);
    let place = usize::try_from(rank).unwrap_or(usize::MAX).min(values.len());
    values.get(place.checked_sub(1)?).copied()
}

/// The announcements that touch a stretch, as evidence.
pub(super) fn excluded(of: &Stretch, announced: &[(String, Stretch)]) -> Vec<Excluded> {
    let part = |(name, stretch): &(String, Stretch)| {
        let (from, until) = stretch.overlap(of)?.times();
        Some(Excluded { announcement: name.clone(), from, until })
    };
    announced.iter().filter_map(part).collect()
}
