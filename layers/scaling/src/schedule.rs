//! Schedules: so many at these times, in a time zone, also on the days on
//! which its clock is changed.

use crate::{
    decide::Proposal,
    decision::{Input, Keeper},
    measure::delta,
};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};
use hansa_ontology::{quantity::TimeSpan, resource_model::scaling::SchedulePolicy};

/// A schedule that was read.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    zone: Tz,
    start: Cron,
    ends: Ends,
}

#[derive(Debug, Clone)]
enum Ends {
    At(Box<Cron>),
    After(TimeSpan),
}

/// The longest cron expression, in bytes.
const LONGEST: usize = 256;

/// Reads a cron expression of five fields.
fn cron(text: &str) -> Result<Cron, String> {
    if text.len() > LONGEST {
        return Err(format!("a cron expression has at most {LONGEST} letters"));
    }
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    parser.parse(text).map_err(|fault| {
        format!("`{text}` is no cron expression of five fields (minute, hour, day of the month, month, day of the week): {fault}")
    })
}

impl Schedule {
    /// Reads a policy.
    ///
    /// # Errors
    /// The field that is wrong, and what is wrong with it.
    pub(crate) fn read(policy: &SchedulePolicy) -> Result<Self, (&'static str, String)> {
        let zone = policy.time_zone.parse::<Tz>().map_err(|fault| {
            (
                "timeZone",
                format!("`{}` is no time zone of the IANA database, such as Europe/Berlin: {fault}", policy.time_zone),
            )
        })?;
        let start = cron(&policy.start).map_err(|why| ("start", why))?;
        let ends = match (&policy.end, policy.duration) {
            (Some(end), None) => Ends::At(Box::new(cron(end).map_err(|why| ("end", why))?)),
            (None, Some(duration)) if duration.0 > 0 => Ends::After(duration),
            (None, Some(_)) => return Err(("duration", "must be longer than 0s".to_owned())),
            _ => return Err(("duration", "needs either `end` or `duration`".to_owned())),
        };
        Ok(Self { zone, start, ends })
    }

    /// When the run began that lasts at this moment, if one does.
    pub(crate) fn running(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let started = self.last(&self.start, now)?;
        let lasts = match &self.ends {
            Ends::After(duration) => started + delta(*duration) > now,
            Ends::At(end) => self.last(end, now).is_none_or(|ended| ended < started),
        };
        lasts.then_some(started)
    }

    /// The last moment at or before this one that an expression names.
    fn last(&self, cron: &Cron, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = now.with_timezone(&self.zone);
        cron.find_previous_occurrence(&local, true).ok().map(|it| it.with_timezone(&Utc))
    }
}

pub(crate) fn propose(policy: &SchedulePolicy, name: &str, now: DateTime<Utc>) -> Proposal {
    let schedule = match Schedule::read(policy) {
        Ok(schedule) => schedule,
        Err((field, why)) => return Proposal::broken(name, Keeper::RuleFault, Vec::new(), format!("`{field}`: {why}")),
    };
    let local = now.with_timezone(&schedule.zone).format("%FT%T%:z").to_string();
    let inputs = vec![Input::known("time", local.as_str())];
    match schedule.running(now) {
        Some(started) => {
            let since = started.with_timezone(&schedule.zone).format("%FT%T%:z");
            let formula = format!("since {since} it is `{}`: {}", policy.start, policy.instances);
            Proposal::of(name, policy.instances, inputs, formula)
        }
        None => Proposal::nothing(name, inputs, format!("it is not `{}` now", policy.start)),
    }
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
