//! Deadlines: as many as are needed to finish all jobs in time; what
//! MiCADO's cqueue wanted, with jobs that can't be divided.

use crate::{
    decide::{Proposal, Round},
    decision::{Input, count},
    measure::delta,
};
use hansa_ontology::resource_model::scaling::{DeadlinePolicy, ServiceTime};

pub(crate) fn propose(policy: &DeadlinePolicy, name: &str, max: u32, round: &Round<'_>) -> Proposal {
    let jobs = match round.readings.of(&policy.jobs).sum() {
        Ok(jobs) => jobs,
        Err(reason) => return Proposal::missing(name, &policy.jobs, &reason),
    };
    let mut inputs = vec![Input::measured(&policy.jobs, jobs, round.now)];
    #[expect(clippy::cast_precision_loss, reason = "microseconds of years are exact")]
    let service = match &policy.service_time {
        ServiceTime::Stated(span) => span.0 as f64 / 1e6,
        ServiceTime::Measured(metric) => match round.readings.of(metric).average() {
            Ok(measured) => {
                inputs.push(Input::measured(metric, measured, round.now));
                measured.value
            }
            Err(reason) => return Proposal::missing(name, metric, &reason),
        },
    };
    let left = policy.by - delta(policy.margin) - round.now;
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of years are exact")]
    let left = left.num_milliseconds() as f64 / 1_000.0;
    inputs.push(Input::known("seconds left", left));
    let needed = needed(jobs.value, service, left, policy.parallel.max(1));
    let wanted = needed.instances.unwrap_or(max);
    Proposal::of(name, wanted, inputs, needed.words)
}

struct Needed {
    /// None: as many as there may be.
    instances: Option<u32>,
    words: String,
}

fn needed(jobs: f64, service: f64, left: f64, parallel: u32) -> Needed {
    let jobs = jobs.max(0.0).ceil();
    let parallel = f64::from(parallel);
    if jobs <= 0.0 {
        return Needed { instances: Some(0), words: "no job is left, so none is needed".to_owned() };
    }
    if service <= 0.0 {
        let words = "how long a job takes is not known yet, so one begins".to_owned();
        return Needed { instances: Some(1), words };
    }
    let all = count((jobs / parallel).ceil());
    // How many jobs one after another fit into what is left.
    let rounds = (left / service).floor();
    if left <= 0.0 || rounds < 1.0 {
        let words = format!("{left} s are left and a job takes {service} s: not all can be in time, each gets a place");
        return Needed { instances: all, words };
    }
    let instances = count((jobs / (rounds * parallel)).ceil());
    let words = format!(
        "ceil({jobs} jobs / (floor({left} s / {service} s) one after another × {parallel} at a time)) = {}",
        instances.unwrap_or(u32::MAX)
    );
    Needed { instances, words }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(jobs: f64, service: f64, left: f64, parallel: u32) -> Option<u32> {
        needed(jobs, service, left, parallel).instances
    }

    #[test]
    fn jobs_are_not_divided() {
        assert_eq!(count(100.0, 30.0, 600.0, 1), Some(5), "20 one after another, as cqueue's formula");
        assert_eq!(count(10.0, 6.0, 11.0, 1), Some(10), "the second would be late: cqueue's formula asks for 6");
        assert_eq!(count(10.0, 6.0, 12.0, 1), Some(5));
        assert_eq!(count(100.0, 30.0, 600.0, 5), Some(1));
        assert_eq!(count(0.0, 30.0, 600.0, 1), Some(0));
    }

    #[test]
    fn late_is_told_and_not_infinite() {
        assert_eq!(count(7.0, 30.0, 0.0, 1), Some(7));
        assert_eq!(count(7.0, 30.0, -500.0, 2), Some(4));
        assert_eq!(count(7.0, 0.0, 60.0, 1), Some(1), "nothing was measured yet");
        assert!(needed(7.0, 30.0, 10.0, 1).words.contains("not all can be in time"));
        assert_eq!(count(f64::INFINITY, 30.0, 10.0, 1), None);
    }
}
