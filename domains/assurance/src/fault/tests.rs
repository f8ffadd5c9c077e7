//! What follows from which events.

use super::*;
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{Actor, ApplicationId, ProjectId};
use hansa_repository::event::Event;
use serde_json::{Value, json};
use uuid::Uuid;

const APPLICATION: ApplicationId = ApplicationId(Uuid::from_u128(4));
const MACHINE: &str = "machine/00000000-0000-0000-0000-000000000001";

/// A log in memory: each event a minute after the one before.
#[derive(Default)]
struct Log {
    events: Vec<Event>,
    desk: Desk,
    later: TimeDelta,
}

impl Log {
    fn tell(&mut self, subject: &str, kind: &str, data: Value) -> i64 {
        let own = subject.starts_with("machine/") || subject.starts_with("workload/") || subject.starts_with("app");
        let sequence = i64::try_from(self.events.len()).unwrap() + 1;
        self.later += TimeDelta::minutes(1);
        let event = Event {
            sequence,
            at: DateTime::<Utc>::UNIX_EPOCH + self.later,
            actor: Actor::Broker,
            application: own.then_some(APPLICATION),
            subject: subject.to_owned(),
            kind: kind.to_owned(),
            message: format!("{subject} {kind}"),
            data,
            request: None,
            project: (own || subject.starts_with("project/")).then(|| ProjectId::new("acme/web").unwrap()),
        };
        let around = self.around(&event);
        self.desk.take(&event, &around);
        self.events.push(event);
        sequence
    }

    fn around(&self, event: &Event) -> Around {
        if !is_loss(event) {
            return Around::default();
        }
        let newest_first: Vec<Event> = self.events.iter().rev().cloned().collect();
        let of_machine: Vec<Event> = newest_first.iter().filter(|one| one.subject == event.subject).cloned().collect();
        let Some(Ok(id)) = event.subject.strip_prefix("machine/").map(str::parse) else { return Around::default() };
        let instances = instances(id, &newest_first);
        let node = node_of(&of_machine).or_else(|| instances.iter().find_map(|one| one.node().map(str::to_owned)));
        Around { instances, node }
    }

    fn workload(&mut self, workload: &str, kind: &str, ordinal: u64) -> i64 {
        let machine = MACHINE.strip_prefix("machine/");
        let data = json!({ "component": "web", "ordinal": ordinal, "machine": machine, "node": "edge.w1" });
        self.tell(&format!("workload/{workload}"), kind, data)
    }

    fn faults(&self) -> Vec<&Fault> {
        self.desk.faults().values().collect()
    }

    fn of(&self, kind: FaultKind) -> &Fault {
        self.desk.faults().values().find(|fault| fault.kind == kind).expect("a fault of this kind")
    }
}

#[test]
fn a_host_explains_its_machine_and_that_what_was_in_it() {
    let mut log = Log::default();
    log.workload("a", "workload.started", 0);
    log.workload("a", "workload.healthy", 0);
    log.workload("b", "workload.started", 1);
    log.workload("b", "workload.removed", 1);
    // The instance fails first, its host is told next, its machine last.
    let failed = log.workload("a", "workload.unhealthy", 0);
    let host = log.tell("node/edge.w1", "node.lost", json!({ "system": "edge" }));
    let machine = log.tell(MACHINE, "machine.rental-interrupted", json!({ "offer": "urn:o", "partner": null }));
    assert_eq!(log.faults().len(), 3, "the instance that was taken away has none: {:?}", log.faults());
    let component = log.of(FaultKind::ComponentFailing);
    let why: Vec<_> = component.causes.iter().map(|cause| (cause.kind, cause.events.clone(), cause.own)).collect();
    assert_eq!(
        why,
        [(FaultKind::MachineLost, vec![machine], false), (FaultKind::HostLost, vec![host], true)],
        "the nearest first"
    );
    assert_eq!((component.count, component.signs[0].event, component.signs.len()), (1, failed, 2));
    assert_eq!(component.project, Some(ProjectId::new("acme/web").unwrap()));
    assert_eq!((log.of(FaultKind::HostLost).project.clone(), log.of(FaultKind::HostLost).number), (None, 2));
    // Its replacement works elsewhere; the machine is given up, the host is found.
    let healthy = log.workload("c", "workload.healthy", 0);
    log.tell(MACHINE, "machine.rental-ended", json!({}));
    log.tell("node/edge.w1", "node.found", json!({ "system": "edge" }));
    assert!(log.faults().iter().all(|fault| !fault.is_open()));
    let component = log.of(FaultKind::ComponentFailing);
    let FaultState::Resolved(Resolution { by: Ended::Event(sign), .. }) = &component.state else { panic!() };
    assert_eq!((sign.event, component.duration(DateTime::<Utc>::MAX_UTC)), (healthy, TimeDelta::minutes(3)));
}

#[test]
fn a_machine_that_is_lost_takes_what_runs_in_it_along() {
    let mut log = Log::default();
    log.workload("a", "workload.healthy", 0);
    log.workload("b", "workload.exited", 1);
    log.tell("partner/did:web:north", "partner.unreachable", json!({ "name": "north" }));
    log.tell(MACHINE, "machine.lost", json!({ "partner": "north" }));
    let found: Vec<_> = log.faults().iter().map(|fault| (fault.kind, fault.also.clone())).collect();
    assert_eq!(
        found,
        [
            (FaultKind::ComponentFailing, vec!["web#1".to_owned()]),
            (FaultKind::PartnerSilent, vec!["partner/north".to_owned()]),
            (FaultKind::MachineLost, Vec::new()),
            (FaultKind::ComponentFailing, vec!["web#0".to_owned()]),
        ]
    );
    let last = log.faults()[3];
    let why: Vec<FaultKind> = last.causes.iter().map(|cause| cause.kind).collect();
    assert_eq!(why, [FaultKind::MachineLost, FaultKind::PartnerSilent]);
    assert!(log.faults()[0].causes.iter().any(|cause| cause.kind == FaultKind::MachineLost), "it may explain it");
    log.tell("partner/did:web:north", "partner.heard-again", json!({ "name": "north" }));
    log.tell(MACHINE, "machine.rented", json!({}));
    log.workload("a", "workload.removed", 0);
    let open: Vec<u64> = log.faults().iter().filter(|fault| fault.is_open()).map(|fault| fault.count).collect();
    assert_eq!(open, [1], "only what failed by itself");
}

#[test]
fn repeats_are_counted_and_what_comes_again_soon_is_the_same() {
    let mut log = Log::default();
    for _ in 0..40 {
        log.workload("a", "workload.exited", 0);
    }
    log.workload("a", "workload.unhealthy", 0);
    let [fault] = log.faults()[..] else { panic!() };
    assert_eq!((fault.count, fault.signs.len()), (40, 20));
    let events: Vec<i64> = fault.signs.iter().map(|sign| sign.event).collect();
    assert_eq!((&events[..5], events[19]), (&[1, 2, 3, 4, 5][..], 41), "the first ones and the last ones");
    log.workload("a", "workload.healthy", 0);
    log.later += TimeDelta::minutes(29);
    log.workload("a", "workload.exited", 0);
    let [fault] = log.faults()[..] else { panic!() };
    assert_eq!((fault.reopened, fault.count, fault.is_open(), fault.open_seconds), (1, 41, true, 41 * 60));
    assert!(fault.opened > fault.since);
    log.workload("a", "workload.healthy", 0);
    log.later += TimeDelta::minutes(30);
    log.workload("a", "workload.exited", 0);
    assert_eq!(log.faults().iter().map(|fault| fault.number).collect::<Vec<_>>(), [1, 2], "too late: another one");
}

#[test]
fn somebody_sees_to_it_and_says_that_it_is_over() {
    let mut log = Log::default();
    log.tell("system/edge", "system.lost", json!({}));
    log.tell("fault/1", ACKNOWLEDGED, json!({ "fault": 1, "note": "a new switch" }));
    let FaultState::Acknowledged(note) = &log.faults()[0].state else { panic!("{:?}", log.faults()) };
    assert_eq!(note.note, "a new switch");
    log.tell("system/edge", "system.lost", json!({}));
    assert_eq!(log.faults()[0].state.name(), "acknowledged", "a repeat doesn't undo that");
    log.tell("fault/1", CLOSED, json!({ "fault": 1, "note": "replaced" }));
    assert_eq!(log.faults()[0].state.name(), "resolved");
    log.tell("fault/1", ACKNOWLEDGED, json!({ "fault": 1, "note": "too late" }));
    assert_eq!(log.faults()[0].state.name(), "resolved");
    log.tell("fault/7", CLOSED, json!({ "fault": 7, "note": "there is none" }));
    let news: Vec<News> = log.desk.news().map(|(news, _)| news).collect();
    assert_eq!(news, [News::Opened], "what somebody said is in the log");
}

#[test]
fn a_month_ends_what_is_of_it() {
    let mut log = Log::default();
    let budget = json!({ "budget": "all", "month": "1970-01" });
    log.tell("project/acme/web", "budget.exhausted", budget);
    log.tell("project/acme/web", "carbon.threshold-reached", json!({ "limit": "all", "month": "1970-01" }));
    log.tell("project/acme/web", "budget.warned", json!({ "budget": "all", "month": "1970-01" }));
    assert_eq!(log.faults().len(), 2);
    assert_eq!(log.faults()[0].thing, "project/acme/web/budget/all");
    log.later = TimeDelta::days(40);
    log.tell("site/x", "site.added", json!({}));
    let end: DateTime<Utc> = "1970-02-01T00:00:00Z".parse().unwrap();
    for fault in log.faults() {
        assert_eq!(fault.state, FaultState::Resolved(Resolution { at: end, by: Ended::Time }));
    }
}

#[test]
fn an_application_that_is_gone_has_no_faults_and_a_level_that_is_kept_again_neither() {
    let mut log = Log::default();
    let application = format!("application/{APPLICATION}");
    log.workload("a", "workload.exited", 0);
    log.tell(&application, "service-level.missed", json!({ "serviceLevel": "page" }));
    log.tell(&application, "service-level.missed", json!({ "serviceLevel": "other" }));
    log.tell(&application, "application.blocked", json!({}));
    assert_eq!(log.of(FaultKind::ServiceLevelMissed).causes[0].kind, FaultKind::ComponentFailing);
    log.tell(&application, "service-level.reported", json!({ "serviceLevel": "page", "reached": false }));
    assert_eq!(log.faults().iter().filter(|fault| fault.is_open()).count(), 4);
    log.tell(&application, "service-level.reported", json!({ "serviceLevel": "page", "reached": true }));
    assert_eq!(log.faults().iter().filter(|fault| fault.is_open()).count(), 3);
    log.tell(&application, "application.removed", json!({}));
    assert!(log.faults().iter().all(|fault| !fault.is_open()));
}

#[test]
fn what_can_t_be_read_and_what_is_no_news_opens_nothing() {
    let mut log = Log::default();
    for (subject, kind, data) in [
        ("workload/a", "workload.exited", json!(null)),
        ("workload/a", "workload.exited", json!({ "component": "web", "ordinal": -1, "machine": "x" })),
        ("other", "machine.lost", json!({})),
        ("machine/x", "sla.missed", json!({ "breach": 1 })),
        ("project/acme/web", "budget.exhausted", json!({ "budget": "all" })),
        ("fault/1", ACKNOWLEDGED, json!({ "fault": "one" })),
        ("workload/a", "workload.started", json!({ "component": "web", "ordinal": 0, "machine": "x" })),
        ("x", "no-dot", json!({})),
    ] {
        log.tell(subject, kind, data);
    }
    assert_eq!(log.faults(), Vec::<&Fault>::new());
}
