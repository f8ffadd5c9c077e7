//! Many jobs, several sites, and the room that there is.

use super::{
    Cost, Job, Objective, Placement, Site,
    best::{best, earliest},
    cost::Pricing,
    room::Room,
};
use crate::{
    SustainabilityError,
    quantity::{Energy, MILLION},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// By which rules work is shifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rules {
    /// What is made small.
    pub objective: Objective,
    /// How much dearer a job may become, in millionths of its price at once at home.
    /// None: as much as it takes.
    pub most_dearer: Option<u64>,
    /// How careful it is about forecasts, in millionths: a job leaves its place only where
    /// carbon is saved even if the new hours are worse than expected by this part of the
    /// way to the high end of their interval. 0: the expectation is believed. Only with
    /// [`Objective::Carbon`].
    pub caution: u64,
    /// Energy of a network for each GB (10^9 bytes) that is moved.
    pub network: Energy,
}

impl Rules {
    /// Carbon first, whatever it costs; expectations are believed; 0.001 kWh for each GB
    /// (Cloud Carbon Footprint).
    #[must_use]
    pub fn carbon() -> Self {
        let network = Energy::of(3_600_000_000);
        Self { objective: Objective::Carbon, most_dearer: None, caution: 0, network }
    }
}

/// Why a job is where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Reason {
    /// At once at home: nothing better is known.
    AtOnce,
    /// Another time or place is better.
    Better,
    /// At once at home isn't possible, for want of room or of knowledge: the best that is.
    OnlyWay,
}

/// What was decided of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Chosen {
    /// The job.
    pub job: String,
    /// Where and when it runs.
    pub placement: Placement,
    /// What that is expected to emit and cost. None: nothing is known of some hour.
    pub cost: Option<Cost>,
    /// At once at home, where that has room.
    pub at_once: Option<Placement>,
    /// What that would be expected to emit and cost.
    pub at_once_cost: Option<Cost>,
    /// Why.
    pub reason: Reason,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Plan {
    /// In the order of the jobs.
    pub chosen: Vec<Chosen>,
    /// Jobs for which there is no room before their deadline.
    pub without_room: Vec<String>,
}

impl Plan {
    /// What is expected of jobs of which both are known: at once at home, and as planned.
    #[must_use]
    pub fn totals(&self) -> (Cost, Cost) {
        let both = self.chosen.iter().filter_map(|one| one.at_once_cost.zip(one.cost));
        both.fold((Cost::default(), Cost::default()), |sum, each| (sum.0 + each.0, sum.1 + each.1))
    }
}

/// Prices of a kilogram of carbon in micro-units, by which a placement is sought that is
/// not too dear.
const PRICES: [u64; 7] = [3_000_000, 1_000_000, 500_000, 250_000, 120_000, 60_000, 20_000];

/// How often all jobs are looked at again.
const PASSES: usize = 4;

/// Where a job stands while it is planned.
struct Standing {
    /// Number of the site, and the placement.
    now: Option<(usize, Placement, Option<Cost>)>,
    at_once: Option<(Placement, Option<Cost>)>,
}

struct Planner<'a> {
    jobs: &'a [Job],
    sites: &'a [Site],
    rules: Rules,
    room: Room,
    homes: Vec<usize>,
}

/// Decides when and where jobs run. First each is placed at once at home, in the order
/// in which they are there, as far as there is room. Then each in turn leaves its place
/// for the best that has room, if that is better by the objective, until none does: so
/// by what is known no job ends worse than it began.
///
/// # Errors
/// When a job can't be planned, or its home is no site that is known.
pub fn schedule(jobs: &[Job], sites: &[Site], rules: Rules) -> Result<Plan, SustainabilityError> {
    let mut planner = planner(jobs, sites, rules)?;
    let mut standings = planner.at_once();
    for _ in 0..PASSES {
        if !planner.improve(&mut standings) {
            break;
        }
    }
    Ok(planner.tell(standings))
}

/// Where each job runs at once at home, as far as there is room.
pub(super) fn at_once(
    jobs: &[Job],
    sites: &[Site],
    rules: Rules,
) -> Result<Vec<Option<Placement>>, SustainabilityError> {
    let standings = planner(jobs, sites, rules)?.at_once();
    Ok(standings.into_iter().map(|standing| standing.at_once.map(|at_once| at_once.0)).collect())
}

fn planner<'a>(jobs: &'a [Job], sites: &'a [Site], rules: Rules) -> Result<Planner<'a>, SustainabilityError> {
    let numbers: BTreeMap<_, usize> = sites.iter().enumerate().map(|(number, site)| (&site.id, number)).collect();
    let home = |job: &Job| {
        job.check()?;
        let unknown = || SustainabilityError::Unknown { field: "home", what: "site", name: job.home.to_string() };
        numbers.get(&job.home).copied().ok_or_else(unknown)
    };
    let homes = jobs.iter().map(home).collect::<Result<Vec<_>, _>>()?;
    Ok(Planner { jobs, sites, rules, room: Room::default(), homes })
}

impl<'a> Planner<'a> {
    fn pricing(&self, number: usize, site: usize) -> Option<Pricing<'a>> {
        let home = self.sites.get(*self.homes.get(number)?)?;
        Some(Pricing { job: self.jobs.get(number)?, home, site: self.sites.get(site)?, network: self.rules.network })
    }

    fn open(&self, job: &Job, number: usize, site: &Site, begin: i64) -> bool {
        self.room.free(number, site, begin) >= job.room
    }

    /// In the order of arrival; of those that are there together, the most urgent first.
    fn at_once(&mut self) -> Vec<Standing> {
        let mut order: Vec<usize> = (0..self.jobs.len()).collect();
        order.sort_by_key(|number| self.jobs.get(*number).map(|job| (job.window().0, job.latest(), &job.id)));
        let mut standings: Vec<Standing> = self.jobs.iter().map(|_| Standing { now: None, at_once: None }).collect();
        for number in order {
            let Some((job, home)) = self.jobs.get(number).zip(self.homes.get(number).copied()) else { continue };
            let Some(pricing) = self.pricing(number, home) else { continue };
            let found = earliest(job, &pricing, |begin| self.open(job, home, pricing.site, begin));
            let (Some(placement), Some(standing)) = (found, standings.get_mut(number)) else { continue };
            let cost = pricing.all(&placement);
            self.room.take(home, job, &placement);
            *standing = Standing { now: Some((home, placement.clone(), cost)), at_once: Some((placement, cost)) };
        }
        standings
    }

    /// Looks at every job once. Whether one has moved.
    fn improve(&mut self, standings: &mut [Standing]) -> bool {
        let mut moved = false;
        for (number, standing) in standings.iter_mut().enumerate() {
            let Some(job) = self.jobs.get(number) else { continue };
            if let Some((site, placement, _)) = &standing.now {
                self.room.give_back(*site, job, placement);
            }
            if let Some(better) = self.better(number, job, standing) {
                standing.now = Some(better);
                moved = true;
            }
            if let Some((site, placement, _)) = &standing.now {
                self.room.take(*site, job, placement);
            }
        }
        moved
    }

    /// A better place than the one it has, that obeys all rules.
    fn better(&self, number: usize, job: &Job, standing: &Standing) -> Option<(usize, Placement, Option<Cost>)> {
        let key = |cost: &Cost| self.rules.objective.key(cost);
        let mut least = standing.now.as_ref().and_then(|now| now.2.as_ref()).map(key);
        let fixed = standing.now.is_some() && least.is_none();
        let mut found = None;
        for (place, _) in self.sites.iter().enumerate().filter(|_| !fixed) {
            let Some(pricing) = self.pricing(number, place).filter(|pricing| may_run(pricing)) else { continue };
            let open = |begin| self.open(job, place, pricing.site, begin);
            for objective in self.objectives() {
                let Some(placement) = best(&pricing, objective, open) else { break };
                let Some(cost) = pricing.all(&placement) else { break };
                if !self.allowed(standing, &pricing, &placement, &cost) {
                    continue;
                }
                if least.is_none_or(|least| key(&cost) < least) {
                    least = Some(key(&cost));
                    found = Some((place, placement, Some(cost)));
                }
                break;
            }
        }
        found
    }

    /// By what the best placement is sought. Where prices are bounded: ever less carbon for
    /// ever more money, until it is not too dear.
    fn objectives(&self) -> impl Iterator<Item = Objective> {
        let bounded = self.rules.most_dearer.is_some() && self.rules.objective != Objective::Price;
        let softer = PRICES.into_iter().map(Objective::Weighted).filter(move |_| bounded);
        std::iter::once(self.rules.objective).chain(softer)
    }

    /// Whether a placement is not too dear, and sure enough.
    fn allowed(&self, standing: &Standing, pricing: &Pricing<'_>, placement: &Placement, cost: &Cost) -> bool {
        let Some(at_once) = standing.at_once.as_ref().and_then(|at_once| at_once.1) else { return true };
        let dear = self.rules.most_dearer.is_some_and(|most| {
            let more = i128::from(cost.price.saturating_sub(at_once.price)) * i128::from(MILLION);
            more > i128::from(at_once.price.abs()) * i128::from(most)
        });
        let share = |begin: &i64| {
            let hour = pricing.site.outlook.at(*begin)?;
            let above = (hour.high.get() - hour.intensity.get()).max(0).unsigned_abs();
            Some(crate::quantity::Intensity::of(i64::try_from(above).ok()?))
        };
        let hour = Energy::of_power(pricing.job.milliwatts, 3_600_000).millionths(pricing.site.pue);
        let risk: i128 = placement.hours.iter().filter_map(share).map(|above| hour.at(above).get()).sum();
        let risk = risk.saturating_mul(i128::from(self.rules.caution)) / i128::from(MILLION);
        let saved = at_once.carbon.get() - cost.carbon.get();
        let sure = self.rules.caution == 0 || self.rules.objective != Objective::Carbon || saved > risk;
        !dear && sure
    }

    fn tell(&self, standings: Vec<Standing>) -> Plan {
        let mut plan = Plan::default();
        for (job, standing) in self.jobs.iter().zip(standings) {
            let Some((_, placement, cost)) = standing.now else {
                plan.without_room.push(job.id.clone());
                continue;
            };
            let (at_once, at_once_cost) = standing.at_once.map_or((None, None), |(at, cost)| (Some(at), cost));
            let reason = match &at_once {
                None => Reason::OnlyWay,
                Some(at_once) if *at_once == placement => Reason::AtOnce,
                Some(_) => Reason::Better,
            };
            plan.chosen.push(Chosen { job: job.id.clone(), placement, cost, at_once, at_once_cost, reason });
        }
        plan
    }
}

/// At home always; elsewhere where it may, near enough.
pub(super) fn may_run(pricing: &Pricing<'_>) -> bool {
    let (job, site, home) = (pricing.job, pricing.site, pricing.home);
    let near = || job.most_latency.is_none_or(|most| site.latency(home).is_some_and(|latency| latency <= most));
    site.id == home.id || (job.elsewhere.contains(&site.id) && near())
}
