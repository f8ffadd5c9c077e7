//! On both databases: rules are stated, asked in rounds, and told; a restart
//! neither forgets what fires nor tells it twice.

use super::*;
use crate::{
    Labels,
    alert::{Gauge, Measured, NewRule, Rule, Sampled},
    fault::{FaultKind, FaultState, Severity},
};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{Actor, ProjectId, ProjectScope, quantity::TimeSpan};
use hansa_repository::{
    DatabaseOptions, ErrorKind, RepositoryError,
    ambient::Clock,
    event::{self, Event, EventFilter, Order},
    testing::{CountedIds, HandClock, TestDatabase, for_each_test_database},
};
use std::sync::Mutex;

/// What is measured is what a test has set.
#[derive(Debug, Default)]
struct Meter(Mutex<Measured>);

#[async_trait]
impl Gauge for Meter {
    async fn measure(&self, _project: Option<&ProjectId>) -> Measured {
        self.0.lock().unwrap().clone()
    }
}

struct Broker {
    database: Database,
    clock: Arc<HandClock>,
    assurance: Assurance,
    meter: Meter,
}

fn project() -> ProjectId {
    ProjectId::new("acme/web").unwrap()
}

fn wish(name: &str, expr: &str) -> NewRule {
    NewRule {
        name: name.to_owned(),
        project: Some(project()),
        expr: expr.to_owned(),
        hold: TimeSpan::from_millis(30_000),
        severity: Severity::Critical,
        summary: Some("{{pod}} has {{value}}".to_owned()),
        enabled: true,
    }
}

impl Broker {
    fn new(database: Database) -> Self {
        let clock = Arc::new(HandClock::new("2026-03-01T10:00:00Z".parse::<DateTime<Utc>>().unwrap()));
        let assurance = Assurance::new(database.clone(), Arc::clone(&clock) as _, Arc::new(CountedIds::default()));
        Self { database, clock, assurance, meter: Meter::default() }
    }

    /// Another process in the place of this one: what it had in memory is gone.
    fn restart(&mut self) {
        let ids = Arc::new(CountedIds::default());
        self.assurance = Assurance::new(self.database.clone(), Arc::clone(&self.clock) as _, ids);
    }

    async fn put(&self, new: NewRule, expected: Option<i64>) -> Result<Rule, RepositoryError> {
        self.assurance.rule_put(new, expected, Actor::Local, false).await
    }

    fn measure(&self, pods: &[(&str, f64)], lacks: Option<&str>) {
        let sample = |(pod, value): &(&str, f64)| Sampled {
            metric: "memory".to_owned(),
            labels: Labels::new([("pod", *pod)]),
            value: *value,
        };
        let lacks = lacks.map(|why| ("memory".to_owned(), why.to_owned())).into_iter().collect();
        *self.meter.0.lock().unwrap() = Measured { samples: pods.iter().map(sample).collect(), lacks };
    }

    /// Fifteen seconds later it is asked; what is told then.
    async fn round(&self) -> Vec<String> {
        self.clock.advance(TimeDelta::seconds(15));
        let before = self.database.read(event::last_sequence).await.unwrap();
        while self.assurance.rule_round("one", &self.meter).await.unwrap() {}
        let told = self.events(before).await;
        told.iter().map(|event| event.message.clone()).collect()
    }

    async fn events(&self, after: i64) -> Vec<Event> {
        let filter =
            EventFilter { after: Some(after), kind_prefix: Some("alert.".to_owned()), ..EventFilter::default() };
        let list = move |connection: &mut _| event::list(connection, &filter, 100, Order::OldestFirst);
        self.database.read(list).await.unwrap()
    }

    async fn state(&self, name: &str) -> &'static str {
        self.assurance.rule(Some(&project()), name).await.unwrap().watch.state()
    }
}

const NONE: [&str; 0] = [];

#[test]
fn what_holds_for_long_enough_fires_once_also_after_a_restart_and_is_over_once() {
    for_each_test_database(&[crate::MIGRATIONS], async |database: &TestDatabase| {
        let mut broker = Broker::new(database.database());
        broker.put(wish("memory", "memory > 5"), None).await.unwrap();
        broker.measure(&[("a", 3.0), ("b", 3.0)], None);
        assert_eq!(broker.round().await, NONE);
        assert_eq!(broker.state("memory").await, "ok");
        broker.measure(&[("a", 7.0), ("b", 3.0)], None);
        assert_eq!(broker.round().await, NONE);
        assert_eq!(broker.state("memory").await, "pending");
        broker.restart();
        assert_eq!(broker.round().await, NONE, "half of the time");
        assert_eq!(broker.round().await, ["the alert memory fires: a has 7"]);
        assert_eq!(broker.round().await, NONE, "once");
        broker.restart();
        assert_eq!(broker.round().await, NONE, "once, whoever asks");
        assert_eq!(broker.state("memory").await, "firing");
        // What can't be measured is no all-clear, and is told once.
        broker.measure(&[("b", 3.0)], Some("a does not tell"));
        broker.restart();
        assert_eq!(broker.round().await, ["the alert memory can't be watched: a does not tell"]);
        assert_eq!((broker.round().await, broker.state("memory").await), (vec![], "firing"));
        // An instance that is gone is over at once, not when its value is old.
        broker.measure(&[("b", 3.0)], None);
        assert_eq!(broker.round().await, [r#"the alert memory no longer fires: {pod="a"}"#]);
        assert_eq!(broker.state("memory").await, "ok");
        assert!(!broker.assurance.rule_waits().await.unwrap(), "not before its time");
    });
}

#[test]
fn an_expression_that_looks_back_knows_nothing_right_after_a_restart() {
    for_each_test_database(&[crate::MIGRATIONS], async |database: &TestDatabase| {
        let mut broker = Broker::new(database.database());
        let hold = TimeSpan::from_millis(0);
        let rising = NewRule { hold, summary: None, ..wish("rising", "delta(memory[30s]) > 1") };
        broker.put(rising, None).await.unwrap();
        let mut value = 0.0;
        let mut told = Vec::new();
        for _ in 0..4 {
            value += 10.0;
            broker.measure(&[("a", value)], None);
            told.extend(broker.round().await);
        }
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains("it looks 30 s back, and has been measured for 0 s"), "{told:?}");
        assert!(
            told[1].starts_with("the alert rising fires: delta(memory[30s]) > 1 has held: {pod=\"a\"} "),
            "{told:?}"
        );
        broker.restart();
        let after = broker.round().await;
        assert!(after.len() == 1 && after[0].contains("can't be watched"), "nothing is over: {after:?}");
        assert_eq!(broker.state("rising").await, "firing");
    });
}

#[test]
fn a_firing_is_a_fault_of_its_rule_until_nothing_of_it_fires() {
    for_each_test_database(&[crate::MIGRATIONS], async |database: &TestDatabase| {
        let broker = Broker::new(database.database());
        let own = NewRule { project: None, hold: TimeSpan::from_millis(0), ..wish("queue", "memory > 5") };
        broker.put(wish("memory", "memory > 5"), None).await.unwrap();
        broker.put(own, None).await.unwrap();
        broker.measure(&[("a", 7.0), ("b", 7.0)], None);
        for _ in 0..4 {
            broker.round().await;
        }
        let faults = async |whose: Whose| {
            while !broker.assurance.fault_follow().await.unwrap() {}
            let query = FaultQuery { whose, application: None, state: None, kind: None, severity: None };
            broker.assurance.fault_list(&query, &PageRequest::default()).await.unwrap().items
        };
        let tenants = || Whose::Projects(ProjectScope::Only([project()].into()));
        let found = faults(tenants()).await;
        let shown: Vec<_> = found.iter().map(|one| (one.kind, one.severity, one.thing.as_str(), one.count)).collect();
        assert_eq!(shown, [(FaultKind::AlertFiring, Severity::Critical, "project/acme/web/alert/memory", 2)]);
        let own = faults(Whose::Broker).await;
        assert_eq!((own.len(), own[0].thing.as_str()), (1, "alert/queue"), "the broker's own is nobody else's");
        broker.measure(&[("a", 7.0)], None);
        broker.round().await;
        assert_eq!(faults(tenants()).await[0].state, FaultState::Open, "one still fires");
        // Whoever takes the rule away ends it.
        broker.assurance.rule_delete(Some(&project()), "memory", true).await.unwrap();
        broker.assurance.rule_delete(Some(&project()), "memory", false).await.unwrap();
        assert!(!faults(tenants()).await[0].is_open());
        assert!(faults(Whose::Broker).await[0].is_open());
        let gone = broker.assurance.rule(Some(&project()), "memory").await.unwrap_err();
        assert_eq!(gone.kind(), ErrorKind::NotFound);
    });
}

#[test]
fn a_change_of_what_is_asked_begins_anew_and_a_change_of_words_does_not() {
    for_each_test_database(&[crate::MIGRATIONS], async |database: &TestDatabase| {
        let broker = Broker::new(database.database());
        let now = NewRule { hold: TimeSpan::from_millis(0), ..wish("memory", "memory > 5") };
        let made = broker.put(now.clone(), None).await.unwrap();
        broker.measure(&[("a", 7.0)], None);
        assert_eq!(broker.round().await.len(), 1);
        let worded = NewRule { severity: Severity::Minor, ..now.clone() };
        let changed = broker.put(worded, Some(made.version)).await.unwrap();
        assert_eq!((changed.id, changed.version, changed.watch.state()), (made.id, 2, "firing"));
        assert_eq!(broker.round().await, NONE);
        let stale = broker.put(now.clone(), Some(made.version)).await.unwrap_err();
        assert_eq!(stale.kind(), ErrorKind::PreconditionFailed);
        let before = broker.database.read(event::last_sequence).await.unwrap();
        let off = NewRule { enabled: false, ..now.clone() };
        broker.put(off, None).await.unwrap();
        let told = broker.events(before).await;
        assert_eq!((told.len(), told[0].kind.as_str()), (1, "alert.resolved"));
        assert_eq!((broker.round().await, broker.state("memory").await), (vec![], "new"));
        // What is off can be tried.
        let trial = broker.assurance.rule_test(Some(&project()), "memory", &broker.meter).await.unwrap();
        assert_eq!((trial.holds.len(), trial.lacking), (1, None));
    });
}

#[test]
fn a_rule_has_to_make_sense() {
    for_each_test_database(&[crate::MIGRATIONS], async |database: &TestDatabase| {
        let broker = Broker::new(database.database());
        for (bad, field) in [
            (wish("Memory", "memory > 5"), "name"),
            (wish("a", "memory >"), "expr"),
            (wish("a", "memory[5m]"), "expr"),
            (wish("a", "rate(memory[1h]) > 5"), "expr"),
            (NewRule { hold: TimeSpan::from_millis(8 * 86_400_000), ..wish("a", "memory") }, "for"),
            (NewRule { summary: Some("{{a b}}".to_owned()), ..wish("a", "memory") }, "summary"),
            (NewRule { summary: Some("two\nlines".to_owned()), ..wish("a", "memory") }, "summary"),
        ] {
            let error = broker.put(bad, None).await.unwrap_err();
            assert!(error.kind() == ErrorKind::Invalid && error.to_string().starts_with(field), "{error}");
        }
        let missing = broker.put(wish("a", "memory"), Some(1)).await.unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::PreconditionFailed);
        broker.assurance.rule_put(wish("a", "memory"), None, Actor::Local, true).await.unwrap();
        assert_eq!(broker.assurance.rule_list(Some(&project())).await.unwrap(), [], "a dry run");
        for place in 0..50 {
            broker.put(wish(&format!("rule-{place}"), "memory"), None).await.unwrap();
        }
        assert_eq!(broker.put(wish("more", "memory"), None).await.unwrap_err().kind(), ErrorKind::Invalid);
        broker.put(NewRule { project: None, ..wish("more", "memory") }, None).await.unwrap();
        let reopened = database.reopen(&[crate::MIGRATIONS], DatabaseOptions::default()).unwrap();
        let again = Assurance::new(reopened, Arc::clone(&broker.clock) as _, Arc::new(CountedIds::default()));
        assert_eq!(again.rule_list(Some(&project())).await.unwrap().len(), 50);
        assert_eq!(Clock::now(&*broker.clock), again.rule(None, "more").await.unwrap().changed_at);
    });
}
