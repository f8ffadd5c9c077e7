//! On both databases: faults follow from the log, are told once, and are seen to.

use super::{fault::around, *};
use crate::fault::{Desk, Fault, FaultKind, FaultState, Severity};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{Actor, ApplicationId, ProjectId, ProjectScope};
use hansa_repository::{
    DatabaseOptions, ErrorKind,
    ambient::Clock,
    event::{self, Event, EventFilter, NewEvent, Order},
    testing::{CountedIds, HandClock, TestDatabase, for_each_test_database},
};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

const APPLICATION: ApplicationId = ApplicationId(Uuid::from_u128(4));
const MACHINE: Uuid = Uuid::from_u128(1);

struct Broker {
    database: Database,
    clock: Arc<HandClock>,
    assurance: Assurance,
}

fn project() -> ProjectId {
    ProjectId::new("acme/web").unwrap()
}

fn tenants() -> Whose {
    Whose::Projects(ProjectScope::Only([project()].into()))
}

impl Broker {
    async fn new(database: Database) -> Self {
        let clock = Arc::new(HandClock::new("2026-03-01T10:00:00Z".parse::<DateTime<Utc>>().unwrap()));
        let ids = Arc::new(CountedIds::default());
        let assurance = Assurance::new(database.clone(), Arc::clone(&clock) as _, ids);
        let assigned = |connection: &mut _| hansa_repository::project::assign(connection, APPLICATION, &project());
        database.write(assigned).await.unwrap();
        Self { database, clock, assurance }
    }

    /// A minute later this is told.
    async fn tell(&self, application: Option<ApplicationId>, subject: &str, kind: &str, data: Value) {
        self.clock.advance(TimeDelta::minutes(1));
        let new = NewEvent {
            at: Clock::now(&*self.clock),
            actor: Actor::Broker,
            application,
            subject: subject.to_owned(),
            kind: kind.to_owned(),
            message: format!("{subject} {kind}"),
            data,
        };
        self.database.write(move |connection| event::append(connection, &new)).await.unwrap();
    }

    async fn workload(&self, kind: &str) {
        let data = json!({ "component": "web", "ordinal": 0, "machine": MACHINE, "node": "edge.w1" });
        self.tell(Some(APPLICATION), "workload/a", kind, data).await;
    }

    /// What ran on a host that dies; a partner that is silent.
    async fn outage(&self) {
        self.workload("workload.healthy").await;
        self.tell(None, "node/edge.w1", "node.lost", json!({ "system": "edge" })).await;
        let machine = format!("machine/{MACHINE}");
        self.tell(Some(APPLICATION), &machine, "machine.rental-interrupted", json!({})).await;
        self.tell(None, "partner/did:web:north", "partner.unreachable", json!({ "name": "north" })).await;
    }

    async fn follow(&self) {
        while !self.assurance.fault_follow().await.unwrap() {}
    }

    async fn list(&self, whose: Whose, state: Option<&str>) -> Vec<Fault> {
        let query =
            FaultQuery { whose, application: None, state: state.map(str::to_owned), kind: None, severity: None };
        self.assurance.fault_list(&query, &PageRequest::default()).await.unwrap().items
    }

    async fn log(&self) -> Vec<Event> {
        let filter = EventFilter::default();
        self.database.read(move |connection| event::list(connection, &filter, 1_000, Order::OldestFirst)).await.unwrap()
    }

    async fn told(&self, kind: &str) -> Vec<Event> {
        self.log().await.into_iter().filter(|event| event.kind == kind).collect()
    }

    /// All faults, as they follow from the whole log once more.
    async fn replayed(&self) -> Vec<Fault> {
        let mut desk = Desk::default();
        for event in self.log().await {
            let of = event.clone();
            let around = self.database.read(move |connection| around(connection, &of)).await.unwrap();
            desk.take(&event, &around);
        }
        desk.faults().values().cloned().collect()
    }

    async fn all(&self) -> Vec<Fault> {
        let mut all = self.list(Whose::Projects(ProjectScope::All), None).await;
        all.extend(self.list(Whose::Broker, None).await);
        all.sort_by_key(|fault| fault.number);
        all
    }
}

#[test]
fn faults_follow_from_the_log_alone_and_are_told_once() {
    for_each_test_database(&[crate::MIGRATIONS], async |database: &TestDatabase| {
        let broker = Broker::new(database.database()).await;
        broker.outage().await;
        // Two brokers on one database follow at one time.
        let second = database.reopen(&[crate::MIGRATIONS], DatabaseOptions::default()).unwrap();
        let second = Assurance::new(second, Arc::clone(&broker.clock) as _, Arc::new(CountedIds::default()));
        let (one, other) = tokio::join!(broker.assurance.fault_follow(), second.fault_follow());
        assert!(one.is_ok() && other.is_ok());
        broker.follow().await;
        let own = broker.list(tenants(), None).await;
        let kinds: Vec<FaultKind> = own.iter().map(|fault| fault.kind).collect();
        assert_eq!(kinds, [FaultKind::ComponentFailing, FaultKind::MachineLost], "the newest first");
        let why: Vec<FaultKind> = own[0].causes.iter().map(|cause| cause.kind).collect();
        assert_eq!(why, [FaultKind::MachineLost, FaultKind::HostLost]);
        let opened = broker.told("fault.opened").await;
        let numbers: Vec<i64> = opened.iter().map(|event| event.data["fault"].as_i64().unwrap()).collect();
        assert_eq!(numbers, [1, 2, 3, 4]);
        let seen = opened.iter().filter(|event| event.project == Some(project())).count();
        assert_eq!(seen, 2, "its people are told of their own, and of nothing else");
        broker.workload("workload.healthy").await;
        broker.tell(None, "node/edge.w1", "node.found", json!({ "system": "edge" })).await;
        broker.follow().await;
        let state = |state: &'static str| broker.list(tenants(), Some(state));
        assert_eq!((state("living").await.len(), state("resolved").await.len()), (1, 1));
        assert_eq!(broker.told("fault.resolved").await.len(), 2);
        let counts = broker.assurance.fault_counts().await.unwrap();
        let counted: Vec<(&str, i64)> = counts.iter().map(|one| (one.kind.as_str(), one.count)).collect();
        assert!(counted.contains(&("machine-lost", 1)) && counted.contains(&("partner-silent", 1)), "{counts:?}");
        assert_eq!(counted.len(), 2, "{counts:?}");
        assert_eq!(broker.replayed().await, broker.all().await);
        // What was resolved comes again within the time: the same fault, in a later round.
        broker.workload("workload.exited").await;
        broker.follow().await;
        let again = broker.list(tenants(), Some("open")).await;
        assert_eq!(again.iter().map(|fault| (fault.number, fault.reopened)).collect::<Vec<_>>(), [(3, 1), (2, 0)]);
        assert_eq!(broker.told("fault.reopened").await.len(), 1);
        assert_eq!(broker.replayed().await, broker.all().await);
    });
}

#[test]
fn a_fault_is_seen_to_by_those_whose_it_is() {
    for_each_test_database(&[crate::MIGRATIONS], async |database: &TestDatabase| {
        let broker = Broker::new(database.database()).await;
        broker.outage().await;
        broker.follow().await;
        let person = || Actor::Person("ben".to_owned());
        let act = async |number, whose: &Whose, act, note: &str, dry_run| {
            broker.assurance.fault_act(number, whose, (act, note.to_owned()), person(), dry_run).await
        };
        let (acknowledge, resolve) = (FaultAct::Acknowledge, FaultAct::Resolve);
        // Fault 1 is the host's: the broker's own.
        let hidden = act(1, &tenants(), acknowledge, "", false).await.unwrap_err();
        assert_eq!(hidden.kind(), ErrorKind::NotFound);
        assert_eq!(broker.assurance.fault(2, &Whose::Broker).await.unwrap_err().kind(), ErrorKind::NotFound);
        let tried = act(2, &tenants(), acknowledge, "", true).await.unwrap();
        assert_eq!(tried.state, FaultState::Open, "a dry run");
        let seen = act(2, &tenants(), acknowledge, " I look ", false).await.unwrap();
        let FaultState::Acknowledged(note) = &seen.state else { panic!("{seen:?}") };
        assert_eq!((&note.by, note.note.as_str()), (&person(), "I look"));
        let empty = act(2, &tenants(), resolve, " ", false).await.unwrap_err();
        assert!(empty.kind() == ErrorKind::Invalid && empty.to_string().contains("note"), "{empty}");
        let long = act(2, &tenants(), acknowledge, &"x".repeat(1_001), false).await.unwrap_err();
        assert!(long.to_string().contains("1000 letters"), "{long}");
        let over = act(2, &tenants(), resolve, "given up", false).await.unwrap();
        assert_eq!(over.state.name(), "resolved");
        let twice = act(2, &tenants(), resolve, "again", false).await.unwrap_err();
        assert_eq!(twice.kind(), ErrorKind::Conflict);
        assert!(act(1, &Whose::Broker, acknowledge, "", false).await.is_ok());
        let said = broker.told("fault.closed").await;
        assert_eq!((said.len(), said[0].actor.clone(), said[0].project.clone()), (1, person(), Some(project())));
        assert_eq!(broker.replayed().await, broker.all().await);
    });
}

#[test]
fn lists_are_cut_down_and_come_in_pages() {
    for_each_test_database(&[crate::MIGRATIONS], async |database: &TestDatabase| {
        let broker = Broker::new(database.database()).await;
        broker.outage().await;
        broker.tell(None, "system/edge", "system.lost", json!({})).await;
        broker.follow().await;
        let query =
            |kind, severity| FaultQuery { whose: Whose::Broker, application: None, state: None, kind, severity };
        let list = async |query: &FaultQuery, page: &PageRequest| broker.assurance.fault_list(query, page).await;
        let all = list(&query(None, None), &PageRequest::default()).await.unwrap().items;
        assert_eq!(all.len(), 3);
        let worst = list(&query(None, Some(Severity::Critical)), &PageRequest::default()).await.unwrap().items;
        assert_eq!(worst.iter().map(|fault| fault.thing.as_str()).collect::<Vec<_>>(), ["system/edge"]);
        let hosts = list(&query(Some(FaultKind::HostLost), None), &PageRequest::default()).await.unwrap().items;
        assert_eq!(hosts.len(), 1);
        let (mut token, mut paged) = (None, Vec::new());
        loop {
            let page = list(&query(None, None), &PageRequest { limit: 2, token }).await.unwrap();
            paged.extend(page.items);
            token = page.next;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(paged, all);
        let other = Whose::Projects(ProjectScope::Only([ProjectId::new("acme/other").unwrap()].into()));
        assert_eq!(broker.list(other, None).await, []);
        let wrong = FaultQuery { state: Some("broken".to_owned()), ..query(None, None) };
        assert_eq!(list(&wrong, &PageRequest::default()).await.unwrap_err().kind(), ErrorKind::Invalid);
    });
}
