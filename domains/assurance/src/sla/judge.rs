//! Windows that are over are judged, once; those that run are watched.

use super::{Announcement, Course, Standing, Stretch, measure::excluded, stretch::time};
use crate::{LevelState, level::AT_RISK};
use hansa_ontology::{
    ApplicationId, OfferId, ProjectId, ProviderId, SiteId,
    sla::{Metric, ServiceLevelObjective, Sla, Window},
};
use hansa_repository::{
    breach::{Breach, Missed},
    event::Event,
    life::Rental,
};
use serde::{Deserialize, Serialize};

/// Seconds after its end at which a window is judged: who writes an event has read the clock before.
const LATE: i64 = 60;

/// What was promised of a machine, and to whom: as it was when it was rented.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Terms {
    /// Whose machine it is; that of partners' orders where it belongs to no project of ours.
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
    pub partner: Option<String>,
    /// The DID of the partner whose order it delivers.
    pub customer: Option<String>,
    /// What was promised.
    pub sla: Sla,
}

impl Terms {
    /// Those of a rental that an event tells of; none where nothing was promised.
    #[must_use]
    pub fn of(event: &Event, rental: &Rental) -> Option<Self> {
        let sla = rental.sla.clone().filter(|sla| !sla.objectives.is_empty())?;
        Some(Self {
            project: event.project.clone().unwrap_or_else(ProjectId::orders),
            application: event.application,
            offer: rental.offer.clone(),
            provider: rental.provider.clone(),
            site: rental.site.clone(),
            partner: rental.partner.clone(),
            customer: rental.customer.clone(),
            sla,
        })
    }
}

/// Where the window of a second ends.
fn window_end(window: Window, second: i64) -> i64 {
    window.containing(time(second)).1.timestamp()
}

impl Course {
    /// What was announced for the machine.
    pub(super) fn announced(&self, all: &[Announcement]) -> Vec<(String, Stretch)> {
        let own = all.iter().filter(|one| one.concerns(&self.terms.site, &self.terms.offer));
        own.filter_map(|one| Some((one.id.to_string(), one.stretch()?))).collect()
    }

    fn objectives(&self) -> Vec<(usize, ServiceLevelObjective, i64)> {
        let known = self.terms.sla.objectives.iter().zip(&self.open).enumerate();
        known.map(|(number, (what, open))| (number, what.clone(), *open)).collect()
    }

    /// Judges windows that are over, each once, and gives how they ended, with
    /// the breach where one was missed. At most so many of each objective; true
    /// with them: there are more. Call it where the log was read to its end.
    pub fn judge(&mut self, now: i64, all: &[Announcement], most: usize) -> (Vec<(Standing, Option<Breach>)>, bool) {
        let named = self.announced(all);
        let announced: Vec<Stretch> = named.iter().map(|(_, stretch)| *stretch).collect();
        let (mut judged, mut more, mut waits) = (Vec::new(), false, false);
        for (number, what, mut open) in self.objectives() {
            let mut count = 0;
            while let Some(stretch) = self.over(what.window, open, now) {
                if what.metric == Metric::Availability && !self.is_reported(&stretch, now) {
                    waits = true;
                    break;
                }
                if count == most {
                    more = true;
                    break;
                }
                count += 1;
                let standing = self.standing(number, &what, (&stretch, &stretch), &announced, true);
                let missed = standing.state == LevelState::Missed;
                let breach = missed.then(|| self.breach(&standing, &stretch, &named));
                // A time to provide a machine is promised once of each rental.
                if what.metric != Metric::ProvisioningTime || stretch.from() == self.begun {
                    judged.push((standing, breach));
                }
                open = stretch.until();
            }
            if let Some(known) = self.open.get_mut(number) {
                *known = open;
            }
            self.hold(open);
        }
        if !more {
            self.forget();
        }
        if !waits {
            self.waits_no_more();
        }
        (judged, more)
    }

    /// The next stretch that is not judged and in which nothing changes any more.
    fn over(&self, window: Window, open: i64, now: i64) -> Option<Stretch> {
        let end = window_end(window, open);
        let gone = end.saturating_add(LATE) <= now || self.ended.is_some_and(|ended| ended <= end);
        self.within(open, end).filter(|_| gone)
    }

    fn breach(&self, standing: &Standing, stretch: &Stretch, announced: &[(String, Stretch)]) -> Breach {
        let (from, until) = stretch.times();
        let Terms { offer, provider, site, partner, customer, sla, .. } = self.terms.clone();
        Breach {
            machine: self.machine,
            offer,
            provider,
            site,
            partner,
            customer,
            missed: Missed {
                metric: standing.metric,
                target: standing.target,
                window: standing.window,
                percentile: sla.objectives.get(standing.objective).and_then(|objective| objective.percentile),
                from,
                until,
                measured: standing.measured.unwrap_or_default(),
                credit_percent: standing.credit_percent.unwrap_or_default(),
            },
            outages: self.outages(standing.metric, stretch),
            excluded: excluded(stretch, announced),
            credit_cap_percent: sla.credit_cap_percent,
        }
    }

    /// How the windows stand that are not judged yet.
    #[must_use]
    pub fn running(&self, now: i64, all: &[Announcement]) -> Vec<Standing> {
        let announced: Vec<Stretch> = self.announced(all).into_iter().map(|(_, stretch)| stretch).collect();
        let standing = |(number, what, open): (usize, ServiceLevelObjective, i64)| {
            let room = self.within(open, window_end(what.window, open))?;
            // Of one that has just begun at least its first second.
            let passed = Stretch::new(open, now.clamp(open.saturating_add(1), room.until()))?;
            if what.metric == Metric::ProvisioningTime && open != self.begun {
                return None;
            }
            Some(self.standing(number, &what, (&passed, &room), &announced, false))
        };
        self.objectives().into_iter().filter_map(standing).collect()
    }

    /// Which of the standings that run have come to risk and were not told of; from now on they were.
    pub fn warn(&mut self, running: &[Standing]) -> Vec<Standing> {
        let mut news = Vec::new();
        let at_risk = |one: &&Standing| {
            one.spent_percent.is_some() && matches!(one.state, LevelState::AtRisk | LevelState::Missed)
        };
        for standing in running.iter().filter(at_risk) {
            let begin = Some(standing.from.timestamp());
            if let Some(known) = self.warned.get_mut(standing.objective).filter(|known| **known != begin) {
                *known = begin;
                news.push(standing.clone());
            }
        }
        news
    }

    /// When this has to be looked at again if nothing is told of the machine:
    /// when a window can be judged, or when what is away now brings one to risk
    /// or over. None: never.
    #[must_use]
    pub fn next_look(&self, now: i64, running: &[Standing]) -> Option<i64> {
        let ends = self.objectives().into_iter().filter_map(|(_, what, open)| {
            let end = window_end(what.window, open);
            let waits = self.over(what.window, open, now).and_then(|_| self.waits_until());
            self.within(open, end).map(|_| waits.unwrap_or_else(|| end.saturating_add(LATE)))
        });
        let mut looks: Vec<i64> = ends.collect();
        if self.is_down() {
            looks.extend(running.iter().filter_map(|one| turns(one, now)));
        }
        looks.into_iter().min()
    }
}

/// When a standing turns to risk or to missed, while the machine is away.
fn turns(standing: &Standing, now: i64) -> Option<i64> {
    let (spent, left) = (standing.spent_percent?, standing.budget_left_seconds?);
    if standing.state == LevelState::Missed {
        return None;
    }
    let budget = left.saturating_add(standing.down_seconds);
    let until_risk = if spent < AT_RISK { (budget + 1) / 2 - standing.down_seconds } else { left + 1 };
    Some(now.saturating_add(until_risk.max(1)))
}
