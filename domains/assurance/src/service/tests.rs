//! On both databases: the log is followed, breaches are told once.

use super::*;
use crate::LevelState;
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{
    Actor, ApplicationId, Currency, MachineId, OfferId, OfferKind, ProjectId, ProjectScope, ProviderId, SiteId,
    offer::PricingModel,
    sla::{Metric, Remedy, ServiceLevelObjective, Sla, Window},
};
use hansa_repository::{
    DatabaseOptions, ErrorKind,
    ambient::Clock,
    breach::ToldBreach,
    event::{self, Event, EventFilter, Order},
    life::{Life, LifeChange, Rental, Thing},
    testing::{CountedIds, HandClock, TestDatabase, for_each_test_database},
};
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

pub(super) const MACHINE: MachineId = MachineId(Uuid::from_u128(1));
pub(super) const APPLICATION: ApplicationId = ApplicationId(Uuid::from_u128(4));

pub(super) struct Broker {
    pub(super) database: Database,
    pub(super) clock: Arc<HandClock>,
    pub(super) assurance: Assurance,
}

pub(super) fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn project() -> ProjectId {
    ProjectId::new("acme/web").unwrap()
}

fn site() -> SiteId {
    SiteId::new("urn:hansa:site:kiel").unwrap()
}

impl Broker {
    /// One in whose log an application rents a machine of which 99 % of each hour are promised.
    pub(super) async fn new(database: Database, now: &str) -> Self {
        Self::with(database, now, rental()).await
    }

    /// As [`Self::new`], with another rental.
    pub(super) async fn with(database: Database, now: &str, rental: Rental) -> Self {
        let clock = Arc::new(HandClock::new(moment(now)));
        let ids = Arc::new(CountedIds::default());
        let assurance = Assurance::new(database.clone(), Arc::clone(&clock) as _, ids);
        let assigned = |connection: &mut _| hansa_repository::project::assign(connection, APPLICATION, &project());
        database.write(assigned).await.unwrap();
        let broker = Self { database, clock, assurance };
        broker.tell(LifeChange::Rented(Box::new(rental))).await;
        broker
    }

    pub(super) async fn tell(&self, change: LifeChange) {
        let new = event::NewEvent {
            at: Clock::now(&*self.clock),
            actor: Actor::Broker,
            application: Some(APPLICATION),
            subject: format!("machine/{MACHINE}"),
            kind: "test.told".to_owned(),
            message: String::new(),
            data: Life { thing: Thing::Machine(MACHINE), change }.tell(json!({ "site": "x" })).unwrap(),
        };
        self.database.write(move |connection| event::append(connection, &new)).await.unwrap();
    }

    /// The clock goes on to then, and the log is followed.
    pub(super) async fn at(&self, then: &str) {
        self.clock.advance(moment(then) - Clock::now(&*self.clock));
        self.follow().await;
    }

    async fn follow(&self) {
        while !self.assurance.follow().await.unwrap().is_idle() {}
    }

    pub(super) async fn standings(&self, query: &StandingQuery) -> Vec<crate::sla::Standing> {
        self.assurance.standing_list(query, &PageRequest::default()).await.unwrap().items
    }

    pub(super) async fn breaches(&self) -> Vec<ToldBreach> {
        self.assurance.breach_list(&BreachQuery::default(), &PageRequest::default()).await.unwrap().items
    }

    pub(super) async fn told(&self, kind: &str) -> Vec<Event> {
        let filter = EventFilter { kind_prefix: Some(kind.to_owned()), ..EventFilter::default() };
        let read = move |connection: &mut _| event::list(connection, &filter, 1_000, Order::OldestFirst);
        self.database.read(read).await.unwrap()
    }
}

pub(super) fn rental() -> Rental {
    let remedy = Remedy { threshold: "99".parse().unwrap(), credit_percent: "10".parse().unwrap() };
    let objective = ServiceLevelObjective {
        metric: Metric::Availability,
        target: "99".parse().unwrap(),
        window: Window::Hour,
        percentile: None,
        remedies: vec![remedy],
    };
    Rental {
        offer: OfferId::new("urn:hansa:offer:small").unwrap(),
        title: "Small".to_owned(),
        provider: ProviderId::new("did:web:north.example").unwrap(),
        site: site(),
        kind: OfferKind::VirtualMachine,
        model: PricingModel::OnDemand,
        price_micros: 36_000,
        currency: Currency::EUR,
        customer: None,
        ordered: None,
        partner: None,
        flavour: None,
        sla: Some(Sla { objectives: vec![objective], credit_cap_percent: None }),
        energy: None,
    }
}

#[test]
fn an_outage_becomes_one_breach_with_its_evidence() {
    for_each_test_database(&[crate::MIGRATIONS], async |database: &TestDatabase| {
        let broker = Broker::new(database.database(), "2026-03-01T10:00:00Z").await;
        broker.at("2026-03-01T10:20:00Z").await;
        broker.tell(LifeChange::Lost).await;
        broker.at("2026-03-01T10:21:00Z").await;
        let [running] = &broker.standings(&StandingQuery::default()).await[..] else { panic!("one window") };
        assert_eq!((running.state, running.judged, running.down_seconds), (LevelState::Missed, false, 60));
        assert_eq!(broker.told("sla.at-risk").await.len(), 1);
        broker.at("2026-03-01T10:30:00Z").await;
        broker.tell(LifeChange::Resumed).await;
        broker.at("2026-03-01T11:00:59Z").await;
        assert_eq!(broker.breaches().await, []);
        // Two brokers on one database follow at one time.
        broker.clock.advance(TimeDelta::seconds(1));
        let second = database.reopen(&[crate::MIGRATIONS], DatabaseOptions::default()).unwrap();
        let second = Assurance::new(second, Arc::clone(&broker.clock) as _, Arc::new(CountedIds::default()));
        let (one, other) = tokio::join!(broker.assurance.follow(), second.follow());
        assert!(one.is_ok() && other.is_ok());
        broker.follow().await;
        let told = broker.told("sla.missed").await;
        let [event] = &told[..] else { panic!("{told:?}") };
        assert_eq!((event.project.clone(), event.application), (Some(project()), Some(APPLICATION)));
        assert!(event.message.contains("83.333333 %") && event.message.contains("10 % of its charge"));
        let breaches = broker.breaches().await;
        assert_eq!(breaches, [ToldBreach::read(event).unwrap().unwrap()]);
        let breach = &breaches[0].breach;
        assert_eq!((breach.partner.as_deref(), breach.missed.measured), (None, "83.333333".parse().unwrap()));
        let lives: Vec<i64> = broker.told("test.told").await.iter().map(|event| event.sequence).collect();
        assert_eq!(breach.outages[0].events, lives[1..], "the events that show it");
        assert_eq!(broker.told("sla.at-risk").await.len(), 1, "once a window");
    });
}

#[test]
fn standings_are_listed_by_whose_they_are_and_in_pages() {
    for_each_test_database(&[crate::MIGRATIONS], async |database: &TestDatabase| {
        let broker = Broker::new(database.database(), "2026-03-01T10:00:00Z").await;
        broker.at("2026-03-01T11:30:00Z").await;
        broker.tell(LifeChange::Lost).await;
        broker.at("2026-03-01T12:10:00Z").await;
        broker.tell(LifeChange::Ended).await;
        broker.at("2026-03-01T12:20:00Z").await;
        let all = broker.standings(&StandingQuery::default()).await;
        let states: Vec<_> = all.iter().map(|one| (one.from, one.until, one.down_seconds, one.judged)).collect();
        let hour = |from: &str, until: &str, down| (moment(from), moment(until), down, true);
        assert_eq!(
            states,
            [
                hour("2026-03-01T12:00:00Z", "2026-03-01T12:10:00Z", 600),
                hour("2026-03-01T11:00:00Z", "2026-03-01T12:00:00Z", 1_800),
                hour("2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z", 0),
            ]
        );
        let mut token = None;
        let mut paged = Vec::new();
        loop {
            let page = PageRequest { limit: 1, token };
            let found = broker.assurance.standing_list(&StandingQuery::default(), &page).await.unwrap();
            paged.extend(found.items);
            token = found.next;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(paged, all);
        let of = async |query: StandingQuery| broker.standings(&query).await.len();
        assert_eq!(of(StandingQuery { missed: true, ..StandingQuery::default() }).await, 2);
        let other = ProjectScope::Only([ProjectId::new("acme/other").unwrap()].into());
        assert_eq!(of(StandingQuery { scope: other, ..StandingQuery::default() }).await, 0);
        let own = ProjectScope::Only([project()].into());
        assert_eq!(
            of(StandingQuery { scope: own, application: Some(APPLICATION), ..StandingQuery::default() }).await,
            3
        );
        let until = Some(moment("2026-03-01T11:00:00Z"));
        assert_eq!(of(StandingQuery { until, ..StandingQuery::default() }).await, 1);
        assert_eq!(of(StandingQuery { from: until, ..StandingQuery::default() }).await, 2);
        let provider = |name| Some(ProviderId::new(name).unwrap());
        let north = StandingQuery { provider: provider("did:web:north.example"), ..StandingQuery::default() };
        assert_eq!(of(north).await, 3);
        let wrong = PageRequest { limit: 1, token: Some("x".to_owned()) };
        let refused = broker.assurance.standing_list(&StandingQuery::default(), &wrong).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Invalid);
        // It is given up and rented anew within the hour: that is another rental.
        broker.tell(LifeChange::Rented(Box::new(rental()))).await;
        broker.at("2026-03-01T13:01:00Z").await;
        let again = broker.standings(&StandingQuery::default()).await;
        let hours = again.iter().map(|one| one.from).filter(|from| *from >= moment("2026-03-01T12:00:00Z"));
        assert_eq!(hours.count(), 3, "of the first rental, of the second one, and the hour that runs: {again:?}");
        assert_eq!(broker.breaches().await.len(), 2);
    });
}

#[test]
fn who_follows_late_finds_the_same() {
    for_each_test_database(&[crate::MIGRATIONS], async |database: &TestDatabase| {
        let broker = Broker::new(database.database(), "2026-03-01T10:00:00Z").await;
        broker.clock.advance(TimeDelta::minutes(20));
        broker.tell(LifeChange::Lost).await;
        broker.clock.advance(TimeDelta::minutes(50));
        broker.tell(LifeChange::Resumed).await;
        // Nobody has followed for ten days: more windows than one round judges.
        broker.at("2026-03-11T10:01:00Z").await;
        let downs: Vec<i64> = broker.breaches().await.iter().map(|one| one.breach.outages.len() as i64).collect();
        assert_eq!(downs, [1, 1]);
        let page = PageRequest { limit: 1_000, token: None };
        let all = broker.assurance.standing_list(&StandingQuery::default(), &page).await.unwrap().items;
        assert_eq!(all.iter().filter(|one| one.judged).count(), 240);
    });
}

#[test]
fn maintenance_counts_where_it_was_announced_before() {
    for_each_test_database(&[crate::MIGRATIONS], async |database: &TestDatabase| {
        let broker = Broker::new(database.database(), "2026-03-01T10:00:00Z").await;
        let new = |from: &str, until: &str| NewAnnouncement {
            site: site(),
            offer: None,
            from: moment(from),
            until: moment(until),
            reason: "a new kernel".to_owned(),
        };
        let ask = async |new| broker.assurance.announce(new, Actor::Broker, false).await;
        for (bad, words) in [
            (new("2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z"), "from: must be after now"),
            (new("2026-03-01T10:10:00Z", "2026-03-01T10:10:00Z"), "until: must be after `from`"),
            (new("2026-03-01T10:10:00Z", "2026-03-09T10:10:00Z"), "until: must be within 7 days"),
            (
                NewAnnouncement { reason: " ".to_owned(), ..new("2026-03-01T10:10:00Z", "2026-03-01T10:20:00Z") },
                "reason",
            ),
        ] {
            let error = ask(bad).await.unwrap_err();
            assert!(error.kind() == ErrorKind::Invalid && error.to_string().contains(words), "{error}");
        }
        let kept = ask(new("2026-03-01T10:20:00.7Z", "2026-03-01T10:40:00Z")).await.unwrap();
        assert_eq!(kept.from, moment("2026-03-01T10:20:00Z"), "whole seconds");
        let taken_back = ask(new("2026-03-01T11:00:00Z", "2026-03-01T12:00:00Z")).await.unwrap();
        broker.assurance.announcement_withdraw(taken_back.id, Actor::Broker, true).await.unwrap();
        broker.assurance.announcement_withdraw(taken_back.id, Actor::Broker, false).await.unwrap();
        let missing = broker.assurance.announcement_withdraw(taken_back.id, Actor::Broker, false).await.unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound);
        broker.at("2026-03-01T10:20:00Z").await;
        broker.tell(LifeChange::Lost).await;
        let begun = broker.assurance.announcement_withdraw(kept.id, Actor::Broker, false).await.unwrap_err();
        assert_eq!(begun.kind(), ErrorKind::Conflict);
        broker.at("2026-03-01T10:40:00Z").await;
        broker.tell(LifeChange::Resumed).await;
        broker.at("2026-03-01T11:10:00Z").await;
        broker.tell(LifeChange::Lost).await;
        broker.at("2026-03-01T11:20:00Z").await;
        broker.tell(LifeChange::Resumed).await;
        broker.at("2026-03-01T12:01:00Z").await;
        let breaches = broker.breaches().await;
        let [breach] = &breaches[..] else { panic!("{breaches:?}") };
        assert_eq!(breach.breach.missed.from, moment("2026-03-01T11:00:00Z"));
        let list = broker.assurance.announcement_list(&PageRequest::default()).await.unwrap();
        assert_eq!(list.items, [kept]);
        assert_eq!(broker.told("maintenance.").await.len(), 3);
    });
}
