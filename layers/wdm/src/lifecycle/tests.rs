//! The rules, case by case.

use super::{Action, Workload};
use crate::{
    WdmError,
    connectors::{Activity, Observation},
    model::{Exit, LimitSupport, Peers, Target, WorkloadSpec, WorkloadState},
};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{
    ApplicationId, MachineId, ProviderId, SiteId, WorkloadId,
    resource_model::{Package, ProcessPackage, Resources, RunPolicy},
};
use std::{collections::BTreeMap, net::Ipv4Addr};
use uuid::Uuid;

fn workload() -> Workload {
    let spec = WorkloadSpec {
        id: WorkloadId(Uuid::nil()),
        application: ApplicationId(Uuid::nil()),
        application_name: "shop".into(),
        component: "web".into(),
        ordinal: 0,
        revision: "1".into(),
        provider: ProviderId::new("urn:p").unwrap(),
        target: Target {
            machine: MachineId(Uuid::nil()),
            site: SiteId::new("urn:s").unwrap(),
            node: "n".into(),
            address: Ipv4Addr::LOCALHOST.into(),
            directory: "/n".into(),
            system: None,
        },
        package: Package::Process(ProcessPackage { command: vec!["web".into()] }),
        resources: Resources::default(),
        ports: BTreeMap::new(),
        environment: BTreeMap::new(),
        volumes: BTreeMap::new(),
        files: BTreeMap::new(),
        health: None,
        run: RunPolicy::Service,
    };
    Workload::new(spec, LimitSupport::default(), at(0))
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn seen(run: u64, activity: Activity) -> Observation {
    Observation { run, activity, limits: None, verdict: None }
}

fn exited(run: u64) -> Observation {
    let exit = Exit { at: at(0), code: Some(1), signal: None, out_of_memory_mib: None, detail: None };
    seen(run, Activity::Exited(exit))
}

/// One reconciliation: takes in what is seen, then decides.
fn apply(workload: &mut Workload, seen: &Observation, now: i64) -> Action {
    workload.observed(seen, at(now));
    workload.advance(seen, &Peers::new(), at(now)).0
}

#[test]
fn a_start_is_repeated_until_its_run_is_there_and_then_never_again() {
    let mut it = workload();
    let nothing = seen(0, Activity::Nothing);
    assert_eq!(apply(&mut it, &nothing, 0), Action::Start(1));
    assert_eq!(apply(&mut it, &nothing, 1), Action::Start(1));
    assert_eq!(apply(&mut it, &seen(1, Activity::Starting), 2), Action::Wait);
    assert_eq!(apply(&mut it, &seen(1, Activity::Running { pid: 5 }), 2), Action::Wait);
    assert_eq!(it.progress.pid, Some(5));
}

#[test]
fn each_end_counts_once_and_an_earlier_one_not_at_all() {
    let mut it = workload();
    apply(&mut it, &seen(0, Activity::Nothing), 0);
    assert_eq!(it.observed(&exited(1), at(1)).len(), 1);
    assert!(it.observed(&exited(1), at(2)).is_empty());
    assert_eq!(it.progress.crashes, 1);
    assert_eq!(apply(&mut it, &exited(1), 2), Action::Start(2));
    assert_eq!(apply(&mut it, &exited(1), 3), Action::Start(2));
    assert_eq!(it.progress.crashes, 1);
    assert_eq!(apply(&mut it, &exited(2), 4), Action::Wait);
    assert_eq!(it.progress.crashes, 2);
    assert!(matches!(it.progress.state, WorkloadState::BackingOff { until, .. } if until == at(5)));
}

#[test]
fn a_new_revision_waits_for_no_back_off_and_replaces_what_runs() {
    let mut it = workload();
    for run in 0..5 {
        apply(&mut it, &exited(run), 100 * i64::try_from(run).unwrap());
    }
    apply(&mut it, &exited(5), 400);
    assert_eq!(apply(&mut it, &exited(5), 400), Action::Wait);
    it.spec.revision = "2".into();
    assert_eq!(apply(&mut it, &exited(5), 400), Action::Start(6));
    let running = seen(6, Activity::Running { pid: 5 });
    assert_eq!(apply(&mut it, &running, 401), Action::Wait);
    it.spec.revision = "3".into();
    assert_eq!(apply(&mut it, &running, 402), Action::Stop);
    assert_eq!(apply(&mut it, &seen(6, Activity::Ending), 403), Action::Stop);
    let crashes = it.progress.crashes;
    assert_eq!(apply(&mut it, &exited(6), 404), Action::Start(7));
    assert_eq!(it.progress.crashes, crashes, "a wished end is no crash");
}

#[test]
fn a_database_from_a_backup_goes_on_above_the_runs_that_are_there() {
    let mut it = workload();
    assert_eq!(apply(&mut it, &exited(9), 0), Action::Start(10));
    let mut it = workload();
    // It runs, in a revision that nobody remembers: replaced, not doubled.
    assert_eq!(apply(&mut it, &seen(9, Activity::Running { pid: 5 }), 0), Action::Stop);
}

#[test]
fn a_start_that_was_given_up_and_succeeded_after_all_is_what_runs() {
    let mut it = workload();
    let nothing = seen(0, Activity::Nothing);
    assert_eq!(apply(&mut it, &nothing, 0), Action::Start(1));
    it.start_failed(1, &WdmError::NoSystems("out of luck".to_owned()), at(0));
    assert_eq!(apply(&mut it, &nothing, 0), Action::Start(2));
    let first = seen(1, Activity::Running { pid: 5 });
    assert_eq!(apply(&mut it, &first, 1), Action::Wait);
    assert_eq!(it.progress.pid, Some(5));
    apply(&mut it, &first, 3);
    assert!(it.progress.state.is_healthy());
    // It ends, and the next number is one that was never begun.
    it.observed(&exited(1), at(4));
    assert_eq!(apply(&mut it, &exited(1), 10), Action::Start(2));
}

#[test]
fn who_is_being_removed_is_never_started() {
    let mut it = workload();
    apply(&mut it, &seen(0, Activity::Nothing), 0);
    assert_eq!(it.begin_removal(at(1)).len(), 1);
    assert!(it.begin_removal(at(2)).is_empty());
    for observation in [seen(0, Activity::Nothing), exited(1), seen(1, Activity::Ending)] {
        assert_eq!(apply(&mut it, &observation, 3), Action::Stop);
    }
    assert!(matches!(it.progress.state, WorkloadState::Stopping { since } if since == at(1)));
}

#[test]
fn a_job_that_ended_well_is_done_and_one_that_failed_is_tried_again() {
    let mut it = workload();
    it.spec.run = RunPolicy::Once;
    apply(&mut it, &seen(0, Activity::Nothing), 0);
    assert_eq!(apply(&mut it, &exited(1), 1), Action::Start(2), "it failed");
    let well = seen(2, Activity::Exited(Exit { code: Some(0), ..Exit::at(at(5)) }));
    assert_eq!(apply(&mut it, &well, 6), Action::Wait);
    assert_eq!(it.progress.state, WorkloadState::Completed { at: at(5) });
    assert_eq!((it.progress.crashes, it.observed(&well, at(7)).len()), (0, 0));
    assert_eq!(apply(&mut it, &seen(0, Activity::Nothing), 400), Action::Wait, "what is done stays done");
    it.spec.revision = "2".into();
    assert_eq!(apply(&mut it, &well, 401), Action::Start(3), "another revision is another job");
}

#[test]
fn a_refusal_is_kept_until_it_runs() {
    let mut it = workload();
    apply(&mut it, &seen(0, Activity::Nothing), 0);
    let full = |run| seen(run, Activity::Refused("exceeded quota".to_owned()));
    apply(&mut it, &full(1), 1);
    let first = it.progress.refused.clone().unwrap();
    assert_eq!((first.since, first.reason.as_str()), (at(1), "exceeded quota"));
    apply(&mut it, &full(1), 60);
    apply(&mut it, &full(2), 61);
    assert_eq!(it.progress.refused, Some(first), "its time counts from the first");
    apply(&mut it, &full(2), 400);
    let works = Observation { verdict: Some(Ok(())), ..seen(3, Activity::Running { pid: 5 }) };
    apply(&mut it, &works, 401);
    assert!(it.progress.state.is_healthy() && it.progress.refused.is_none());
}

#[test]
fn those_who_meter_are_told_when_it_runs() {
    use hansa_repository::life::{LifeChange, Placement, Thing};
    let mut workload = workload();
    let told = |workload: &Workload, kind: &str| workload.life(kind).map(|life| (life.thing, life.change));
    assert_eq!(told(&workload, "workload.failed"), None, "it was blocked, and never started");
    workload.progress.run = 1;
    let thing = Thing::Workload(workload.spec.id);
    let placed = Placement { machine: workload.spec.target.machine, mebibytes: None };
    assert_eq!(told(&workload, "workload.started"), Some((thing.clone(), LifeChange::Placed(placed))));
    for kind in ["exited", "failed", "completed", "stopped", "removed"] {
        assert_eq!(told(&workload, &format!("workload.{kind}")), Some((thing.clone(), LifeChange::Ended)));
    }
    for kind in ["prepared", "healthy", "unhealthy", "stopping", "removing", "seen", "unseen"] {
        assert_eq!(told(&workload, &format!("workload.{kind}")), None);
    }
}
