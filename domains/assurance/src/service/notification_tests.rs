//! On both databases: what happens is told to those who want it, in order, once
//! it can be; one that can't be told holds up nobody else.

use super::*;
use crate::notification::{Message, Sender, Subscription};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{Actor, ProjectId};
use hansa_repository::{
    DatabaseOptions, ErrorKind,
    ambient::Clock,
    event::{self, NewEvent},
    testing::{CountedIds, HandClock, TestDatabase, for_each_test_database},
};
use std::sync::{Arc, Mutex};

/// Who receives: remembers what came, and refuses while it is told to.
#[derive(Debug, Default)]
struct Receiver {
    came: Mutex<Vec<(String, String)>>,
    /// The addresses that refuse.
    refusing: Mutex<Vec<String>>,
}

#[async_trait]
impl Sender for Receiver {
    async fn send(&self, message: &Message) -> Result<(), String> {
        if self.refusing.lock().unwrap().contains(&message.url) {
            return Err("it answers 503".to_owned());
        }
        self.came.lock().unwrap().push((message.url.clone(), message.delivery.clone()));
        Ok(())
    }
}

struct Broker {
    database: Database,
    clock: Arc<HandClock>,
    assurance: Assurance,
    receiver: Receiver,
}

fn project() -> ProjectId {
    ProjectId::new("acme/web").unwrap()
}

fn wish(name: &str) -> NewSubscription {
    NewSubscription {
        name: name.to_owned(),
        project: Some(project()),
        kinds: vec!["fault.".to_owned()],
        severity: None,
        url: format!("https://{name}.example/hook"),
    }
}

impl Broker {
    fn new(database: Database) -> Self {
        let clock = Arc::new(HandClock::new("2026-03-01T10:00:00Z".parse::<DateTime<Utc>>().unwrap()));
        let assurance = Assurance::new(database.clone(), Arc::clone(&clock) as _, Arc::new(CountedIds::default()));
        Self { database, clock, assurance, receiver: Receiver::default() }
    }

    async fn subscribe(
        &self,
        new: NewSubscription,
        dry_run: bool,
    ) -> Result<Subscription, hansa_repository::RepositoryError> {
        self.assurance.subscribe(new, |id| Ok(format!("sealed {id}")), Actor::Local, dry_run).await
    }

    async fn tell(&self, kind: &str) -> i64 {
        let new = NewEvent {
            at: Clock::now(&*self.clock),
            actor: Actor::Broker,
            application: None,
            subject: format!("project/{}", project()),
            kind: kind.to_owned(),
            message: "it broke".to_owned(),
            data: serde_json::json!({}),
        };
        self.database.write(move |connection| event::append(connection, &new)).await.unwrap()
    }

    async fn deliver(&self) {
        self.assurance.notification_wake(None).await.unwrap();
        while self.assurance.notification_round("one", &self.receiver).await.unwrap() {}
    }

    fn came(&self, name: &str) -> Vec<i64> {
        let url = format!("https://{name}.example/hook");
        let came = self.receiver.came.lock().unwrap();
        let number = |delivery: &str| delivery.rsplit('-').next().unwrap().parse().unwrap();
        came.iter().filter(|(to, _)| *to == url).map(|(_, delivery)| number(delivery)).collect()
    }

    fn refuse(&self, name: &str, refuses: bool) {
        let url = format!("https://{name}.example/hook");
        let mut refusing = self.receiver.refusing.lock().unwrap();
        refusing.retain(|one| *one != url);
        refusing.extend(refuses.then_some(url));
    }
}

#[test]
fn each_is_told_in_order_and_who_refuses_holds_up_nobody() {
    for_each_test_database(&[crate::MIGRATIONS], async |database: &TestDatabase| {
        let broker = Broker::new(database.database());
        broker.tell("fault.opened").await;
        broker.subscribe(wish("good"), false).await.unwrap();
        broker.subscribe(wish("bad"), false).await.unwrap();
        broker.refuse("bad", true);
        let first = broker.tell("fault.opened").await;
        broker.tell("machine.ready").await;
        let second = broker.tell("fault.resolved").await;
        broker.deliver().await;
        assert_eq!((broker.came("good"), broker.came("bad")), (vec![first, second], vec![]), "not what was before");
        let bad = broker.assurance.subscription(Some(&project()), "bad").await.unwrap();
        let trouble = bad.trouble.unwrap();
        assert_eq!((trouble.event, trouble.attempts, trouble.said.as_str()), (first, 1, "it answers 503"));
        // It is not asked before its time, whatever happens.
        broker.tell("fault.opened").await;
        broker.refuse("bad", false);
        broker.deliver().await;
        assert_eq!((broker.came("good").len(), broker.came("bad").len()), (3, 0));
        // Another process goes on where this one ended.
        broker.clock.advance(TimeDelta::seconds(6));
        let again = database.reopen(&[crate::MIGRATIONS], DatabaseOptions::default()).unwrap();
        let again = Assurance::new(again, Arc::clone(&broker.clock) as _, Arc::new(CountedIds::default()));
        while again.notification_round("other", &broker.receiver).await.unwrap() {}
        assert_eq!(broker.came("bad"), broker.came("good"), "all of it, in its order");
        let page = PageRequest { limit: 2, token: None };
        let sent = broker.assurance.delivery_list(Some(&project()), "bad", &page).await.unwrap();
        let shown: Vec<(bool, u32)> = sent.items.iter().map(|one| (one.delivered, one.attempts)).collect();
        assert_eq!(shown, [(true, 1), (true, 1)], "the newest first");
        let rest = PageRequest { limit: 2, token: sent.next };
        let rest = broker.assurance.delivery_list(Some(&project()), "bad", &rest).await.unwrap();
        assert_eq!((rest.items[0].event, rest.items[0].attempts), (first, 2));
    });
}

#[test]
fn what_can_t_be_told_for_a_day_is_given_up_and_said() {
    for_each_test_database(&[crate::MIGRATIONS], async |database: &TestDatabase| {
        let broker = Broker::new(database.database());
        broker.subscribe(wish("bad"), false).await.unwrap();
        broker.refuse("bad", true);
        let first = broker.tell("fault.opened").await;
        let second = broker.tell("fault.resolved").await;
        for _ in 0..100 {
            broker.deliver().await;
            let known = broker.assurance.subscription(Some(&project()), "bad").await.unwrap();
            if known.given_up == 1 {
                break;
            }
            broker.clock.advance(known.trouble.unwrap().next - Clock::now(&*broker.clock));
        }
        broker.refuse("bad", false);
        broker.clock.advance(TimeDelta::hours(1));
        broker.deliver().await;
        assert_eq!(broker.came("bad"), [second]);
        let sent =
            broker.assurance.delivery_list(Some(&project()), "bad", &PageRequest::default()).await.unwrap().items;
        assert_eq!((sent[1].event, sent[1].delivered, sent[1].said.as_deref()), (first, false, Some("it answers 503")));
    });
}

#[test]
fn only_what_is_woken_is_looked_at_and_what_is_removed_is_told_nothing() {
    for_each_test_database(&[crate::MIGRATIONS], async |database: &TestDatabase| {
        let broker = Broker::new(database.database());
        let made = broker.subscribe(wish("one"), false).await.unwrap();
        let start = broker.assurance.notification_wake(None).await.unwrap();
        while broker.assurance.notification_round("one", &broker.receiver).await.unwrap() {}
        broker.tell("machine.ready").await;
        let reached = broker.assurance.notification_wake(Some(start)).await.unwrap();
        assert!(reached > start);
        assert!(!broker.assurance.notification_round("one", &broker.receiver).await.unwrap(), "nobody wants that");
        broker.tell("fault.opened").await;
        broker.assurance.notification_wake(Some(reached)).await.unwrap();
        broker.assurance.unsubscribe(Some(&project()), "one", Actor::Local, true).await.unwrap();
        broker.assurance.unsubscribe(Some(&project()), "one", Actor::Local, false).await.unwrap();
        assert!(broker.assurance.notification_round("one", &broker.receiver).await.unwrap());
        assert_eq!(broker.came("one"), Vec::<i64>::new());
        let gone = broker.assurance.subscription(Some(&project()), "one").await.unwrap_err();
        assert_eq!(gone.kind(), ErrorKind::NotFound);
        assert_eq!(made.sealed, format!("sealed {}", made.id));
    });
}

#[test]
fn a_wish_has_to_make_sense() {
    for_each_test_database(&[crate::MIGRATIONS], async |database: &TestDatabase| {
        let broker = Broker::new(database.database());
        for (bad, words) in [
            (NewSubscription { name: "Ops".to_owned(), ..wish("a") }, "name"),
            (NewSubscription { kinds: Vec::new(), ..wish("a") }, "kinds"),
            (NewSubscription { kinds: vec!["%".to_owned()], ..wish("a") }, "kinds"),
            (NewSubscription { url: "x".repeat(2_001), ..wish("a") }, "url"),
        ] {
            let error = broker.subscribe(bad, false).await.unwrap_err();
            assert!(error.kind() == ErrorKind::Invalid && error.to_string().contains(words), "{error}");
        }
        broker.subscribe(wish("a"), true).await.unwrap();
        assert_eq!(broker.assurance.subscription_list(Some(&project())).await.unwrap(), [], "a dry run");
        broker.subscribe(wish("a"), false).await.unwrap();
        let own = NewSubscription { project: None, ..wish("a") };
        broker.subscribe(own, false).await.unwrap();
        assert_eq!(broker.subscribe(wish("a"), false).await.unwrap_err().kind(), ErrorKind::Conflict);
        assert_eq!(broker.assurance.subscription_list(None).await.unwrap().len(), 1);
    });
}
