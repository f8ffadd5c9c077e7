//! On both databases: what partners report, and what is told to them.

use super::{
    tests::{APPLICATION, Broker, MACHINE, moment, rental},
    *,
};
use hansa_ontology::Actor;
use hansa_repository::{
    ambient::Clock,
    event,
    life::{LifeChange, Rental},
    report::{ProviderReport, REPORTED, ReportedPart},
    testing::{TestDatabase, for_each_test_database},
};
use serde_json::json;

async fn report(broker: &Broker, from: &str, until: &str, down: &[(&str, &str)]) {
    let part = |(from, until): &(&str, &str)| ReportedPart { from: moment(from), until: moment(until) };
    let told = ProviderReport {
        machine: MACHINE,
        partner: "did:web:north.example".to_owned(),
        digest: "d".to_owned(),
        from: moment(from),
        until: moment(until),
        down: down.iter().map(part).collect(),
        maintenance: Vec::new(),
        last: false,
    };
    let new = event::NewEvent {
        at: Clock::now(&*broker.clock),
        actor: Actor::Broker,
        application: Some(APPLICATION),
        subject: format!("machine/{MACHINE}"),
        kind: REPORTED.to_owned(),
        message: String::new(),
        data: told.tell(json!({})).unwrap(),
    };
    broker.database.write(move |connection| event::append(connection, &new)).await.unwrap();
}

#[test]
fn a_window_is_judged_with_its_report_and_a_difference_is_told_once() {
    for_each_test_database(&[crate::MIGRATIONS], async |database: &TestDatabase| {
        let rental = Rental { partner: Some("north".to_owned()), ..rental() };
        let broker = Broker::with(database.database(), "2026-03-01T10:00:00Z", rental).await;
        broker.at("2026-03-01T11:30:00Z").await;
        assert!(broker.breaches().await.is_empty() && broker.told("sla.").await.is_empty(), "it waits");
        let (from, until) = ("2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z");
        report(&broker, from, until, &[("2026-03-01T10:10:00Z", "2026-03-01T10:20:00Z")]).await;
        report(&broker, from, until, &[(from, until)]).await;
        broker.at("2026-03-01T11:31:00Z").await;
        let breaches = broker.breaches().await;
        let [told] = breaches.as_slice() else { panic!("{breaches:?}") };
        let evidence = broker.told(REPORTED).await[0].sequence;
        assert_eq!(told.breach.outages[0].events, [evidence]);
        assert_eq!(told.breach.missed.measured, "83.333333".parse().unwrap());
        let differs = broker.told("sla.report-differs").await;
        assert_eq!((differs.len(), &differs[0].data["reported"]["agreement"]), (1, &json!("admits-more")));
        // The next hour is waited for no longer than two hours.
        broker.at("2026-03-01T12:01:00Z").await;
        broker.at("2026-03-01T14:00:59Z").await;
        let judged = |all: Vec<crate::sla::Standing>| all.iter().filter(|one| one.judged).count();
        assert_eq!(judged(broker.standings(&StandingQuery::default()).await), 1);
        broker.at("2026-03-01T14:01:00Z").await;
        assert_eq!(judged(broker.standings(&StandingQuery::default()).await), 4, "all that was over by then");
        assert_eq!((broker.breaches().await.len(), broker.told("sla.report-differs").await.len()), (1, 1));
    });
}

#[test]
fn what_a_partner_ordered_is_known_after_it_was_judged() {
    for_each_test_database(&[crate::MIGRATIONS], async |database: &TestDatabase| {
        let rental = Rental { customer: Some("did:web:south.example".to_owned()), ..rental() };
        let broker = Broker::with(database.database(), "2026-03-01T10:00:00Z", rental).await;
        broker.at("2026-03-01T10:10:00Z").await;
        broker.tell(LifeChange::Lost).await;
        broker.at("2026-03-01T10:20:00Z").await;
        broker.tell(LifeChange::Resumed).await;
        broker.at("2026-03-01T12:30:00Z").await;
        let between = async |from: &str, until: &str| {
            broker.assurance.delivered(APPLICATION, moment(from), moment(until)).await.unwrap().unwrap().down
        };
        let whole = (moment("2026-03-01T10:10:00Z"), moment("2026-03-01T10:20:00Z"));
        assert_eq!(between("2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z").await, [whole]);
        let edge = moment("2026-03-01T10:15:00.5Z");
        assert_eq!(between("2026-03-01T10:00:00Z", "2026-03-01T10:15:00.5Z").await, [(whole.0, edge)]);
        assert_eq!(between("2026-03-01T10:15:00.5Z", "2026-03-01T11:00:00Z").await, [(edge, whole.1)]);
        assert_eq!(between("2026-03-01T11:00:00Z", "2026-03-01T12:00:00Z").await, []);
        let other = hansa_ontology::ApplicationId(uuid::Uuid::from_u128(99));
        assert_eq!(broker.assurance.delivered(other, whole.0, whole.1).await.unwrap(), None, "nothing was promised");
    });
}
