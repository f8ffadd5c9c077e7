//! What the log tells becomes use, and use costs.

use super::*;
use crate::service::follow::FOLLOWER;
use hansa_repository::follow;

#[test]
fn what_the_log_tells_is_used_and_costs() {
    for_each_test_database(&[crate::MIGRATIONS], async |database: &TestDatabase| {
        let broker = Broker::new(database.database(), "2026-02-27T22:50:30Z").await;
        a_life(&broker).await;
        broker.until("2026-03-02T00:00:00Z").await;
        let whole = seconds("2026-02-27T22:50:30Z", "2026-03-01T05:10:00Z") - 3_600;
        // 10 micro-units a second; each day is rounded, and none has to be.
        let report = broker.cost("2026-02-01", "2026-03-31", &[Dimension::Day]).await;
        assert_eq!((report.total_micros, report.currency), (whole * 10, Currency::EUR));
        let days: Vec<_> =
            report.rows.items.iter().map(|row| (row.of[&Dimension::Day].as_str(), row.net_micros)).collect();
        let first = seconds("2026-02-27T22:50:30Z", "2026-02-28T00:00:00Z") * 10;
        assert_eq!(days, [("2026-02-27", first), ("2026-02-28", 23 * 36_000), ("2026-03-01", 186_000)]);
        let by = [Dimension::Application, Dimension::Resource, Dimension::Provider, Dimension::Plan];
        let report = broker.cost("2026-03-01", "2026-03-01", &by).await;
        let row = &report.rows.items[0];
        assert_eq!((report.rows.items.len(), row.net_micros), (1, 186_000));
        assert_eq!(row.of[&Dimension::Application], APPLICATION.to_string());
        assert!(row.of[&Dimension::Plan].starts_with("small:"), "{:?}", row.of);
        // What is in the machine is metered and costs nothing besides.
        let by = [Dimension::Resource];
        let used = broker.accounting.usage(&query("2026-02-01", "2026-03-31", &by), &PageRequest::default()).await;
        let told: Vec<_> = used
            .unwrap()
            .items
            .into_iter()
            .map(|row| (row.of[&Dimension::Resource].clone(), row.of[&Dimension::Meter].clone(), row.quantity))
            .collect();
        let kept = 100 * seconds("2026-02-27T22:50:30Z", "2026-03-02T00:00:00Z").unsigned_abs();
        let ran = seconds("2026-02-27T22:50:30Z", "2026-02-28T01:10:00Z").unsigned_abs();
        let row = |kind: &str, meter: &str, quantity| (kind.to_owned(), meter.to_owned(), quantity);
        assert_eq!(
            told,
            [
                row("machine", "machine-seconds", whole.unsigned_abs()),
                row("volume", "mib-seconds", kept),
                row("workload", "workload-seconds", ran)
            ]
        );
        assert!(
            broker.accounting.fault_list(&ProjectScope::All, &PageRequest::default()).await.unwrap().items.is_empty()
        );
        assert_eq!(broker.accounting.project_list().await.unwrap(), [project()]);
        assert_eq!(broker.accounting.plan_list(&PageRequest::default()).await.unwrap().items.len(), 1);
    });
}

#[test]
fn what_runs_costs_to_the_second_before_its_hour_is_over() {
    for_each_test_database(&[crate::MIGRATIONS], async |database: &TestDatabase| {
        let broker = Broker::new(database.database(), "2026-02-27T22:50:30Z").await;
        let assigned = |connection: &mut _| hansa_repository::project::assign(connection, APPLICATION, &project());
        broker.database.write(assigned).await.unwrap();
        broker.tell(Thing::Machine(OTHER), rental(3_600, OfferKind::BareMetal)).await;
        broker.until("2026-02-28T03:20:10Z").await;
        let total = broker.cost("2026-02-01", "2026-02-28", &[]).await.total_micros;
        assert_eq!(total, seconds("2026-02-27T22:50:30Z", "2026-02-28T03:20:10Z"));
        let told = broker.accounting.forecast(&project(), None, "2026-02").await.unwrap();
        assert_eq!(told.known_micros, total);
        assert!(told.expected_micros > total);
        let elsewhere = broker.accounting.forecast(&project(), Some(ApplicationId(Uuid::nil())), "2026-02").await;
        assert_eq!(elsewhere.unwrap().expected_micros, 0);
    });
}

#[test]
fn what_ran_while_nobody_followed_is_made_up_for() {
    for_each_test_database(&[crate::MIGRATIONS], async |database: &TestDatabase| {
        let broker = Broker::new(database.database(), "2026-02-01T22:50:30Z").await;
        let assigned = |connection: &mut _| hansa_repository::project::assign(connection, APPLICATION, &project());
        broker.database.write(assigned).await.unwrap();
        broker.tell(Thing::Machine(OTHER), rental(3_600, OfferKind::BareMetal)).await;
        broker.set("2026-02-11T12:00:30Z");
        let expected = seconds("2026-02-01T22:50:30Z", "2026-02-11T12:00:30Z");
        let mut rounds = 0;
        while !broker.accounting.follow().await.unwrap().is_idle() {
            rounds += 1;
            assert_eq!(broker.cost("2026-02-01", "2026-02-28", &[]).await.total_micros, expected, "round {rounds}");
        }
        assert!(rounds > 2, "in bits, so that nobody else waits long");
    });
}

#[test]
fn what_cannot_be_metered_is_listed_and_stops_nothing() {
    for_each_test_database(&[crate::MIGRATIONS], async |database: &TestDatabase| {
        let broker = Broker::new(database.database(), "2026-02-27T22:50:30Z").await;
        let placed = Placement { machine: OTHER, mebibytes: None };
        broker.tell(Thing::Workload(WORKLOAD), LifeChange::Placed(placed)).await;
        broker.tell(Thing::Machine(OTHER), rental(-1, OfferKind::Container)).await;
        let newer = event::NewEvent {
            at: moment("2026-02-27T22:50:30Z"),
            actor: Actor::Broker,
            application: None,
            subject: "moon/1".to_owned(),
            kind: "moon.rented".to_owned(),
            message: String::new(),
            data: json!({ "life": { "thing": { "kind": "moon", "id": 1 } } }),
        };
        broker.database.write(move |connection| event::append(connection, &newer)).await.unwrap();
        broker.tell(Thing::Machine(MACHINE), rental(36_000, OfferKind::Container)).await;
        // By a clock that is an hour behind.
        broker.set("2026-02-27T21:50:30Z");
        broker.tell(Thing::Machine(MACHINE), LifeChange::Ended).await;
        broker.set("2026-02-27T23:00:00Z");
        broker.follow().await;
        let first = PageRequest { limit: 3, token: None };
        let page = broker.accounting.fault_list(&ProjectScope::All, &first).await.unwrap();
        let rest = PageRequest { limit: 3, token: page.next.clone() };
        let rest = broker.accounting.fault_list(&ProjectScope::All, &rest).await.unwrap();
        let problems: Vec<String> = page.items.into_iter().chain(rest.items).map(|fault| fault.problem).collect();
        for words in ["nobody has told of its machine", "is below 0", "cannot be read", "which can't be; taken as"] {
            assert!(problems.iter().any(|problem| problem.contains(words)), "{words}: {problems:?}");
        }
        assert_eq!((problems.len(), rest.next), (4, None));
        let too_many = PageRequest { limit: 1_001, token: None };
        let refused = broker.accounting.fault_list(&ProjectScope::All, &too_many).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Invalid);
    });
}

#[test]
fn two_that_follow_one_log_do_each_round_once() {
    for_each_test_database(&[crate::MIGRATIONS], async |database: &TestDatabase| {
        let broker = Broker::new(database.database(), "2026-02-27T22:50:30Z").await;
        let second = database.reopen(&[crate::MIGRATIONS], DatabaseOptions::default()).unwrap();
        let second = Accounting::new(second, Arc::clone(&broker.clock) as _, Defaults::default());
        let assigned = |connection: &mut _| hansa_repository::project::assign(connection, APPLICATION, &project());
        broker.database.write(assigned).await.unwrap();
        let mut expected = 0;
        for number in 0..40_u128 {
            let machine = Thing::Machine(MachineId(Uuid::from_u128(100 + number)));
            broker.tell(machine.clone(), rental(3_600, OfferKind::VirtualMachine)).await;
            let began = broker.now();
            broker.clock.advance(TimeDelta::minutes(11));
            let (one, other) = tokio::join!(broker.accounting.follow(), second.follow());
            assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
            if number % 2 == 0 {
                broker.tell(machine, LifeChange::Ended).await;
                expected += 660;
            } else {
                expected += seconds_left(began);
            }
        }
        broker.until("2026-02-28T12:00:00Z").await;
        assert_eq!(broker.cost("2026-02-01", "2026-02-28", &[]).await.total_micros, expected);
    });
}

#[test]
fn a_round_that_is_cut_short_anywhere_is_done_again_as_a_whole() {
    let database = hansa_repository::testing::sqlite(&[crate::MIGRATIONS]);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let broker = Broker::new(database.database(), "2026-02-27T22:50:30Z").await;
        let assigned = |connection: &mut _| hansa_repository::project::assign(connection, APPLICATION, &project());
        broker.database.write(assigned).await.unwrap();
        for number in 0..60_u128 {
            let machine = Thing::Machine(MachineId(Uuid::from_u128(100 + number)));
            broker.tell(machine, rental(3_600, OfferKind::VirtualMachine)).await;
        }
        broker.set("2026-02-28T22:50:30Z");
        // A disk that gives a little more room each time.
        let position = |connection: &mut _| follow::position(connection, FOLLOWER);
        let (mut failed, mut pages) = (0, 1);
        loop {
            let options = DatabaseOptions { max_page_count: Some(pages), ..DatabaseOptions::default() };
            let full = database.reopen(&[crate::MIGRATIONS], options).unwrap();
            let before = full.read(position).await.unwrap();
            let full = Accounting::new(full, Arc::clone(&broker.clock) as _, Defaults::default());
            match full.follow().await {
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Full, "{error}");
                    assert_eq!(broker.database.read(position).await.unwrap(), before, "nothing is half done");
                    failed += 1;
                }
                Ok(done) if done.is_idle() => break,
                Ok(_) => continue,
            }
            pages += 3;
        }
        assert!(failed > 10, "{failed}");
        let day = 24 * 3_600;
        assert_eq!(broker.cost("2026-02-01", "2026-02-28", &[]).await.total_micros, 60 * day);
    });
}

fn seconds_left(began: DateTime<Utc>) -> i64 {
    (moment("2026-02-28T12:00:00Z") - began).num_seconds()
}

#[test]
fn rows_come_in_pages() {
    for_each_test_database(&[crate::MIGRATIONS], async |database: &TestDatabase| {
        let broker = Broker::new(database.database(), "2026-02-27T22:50:30Z").await;
        a_life(&broker).await;
        broker.follow().await;
        let asked = query("2026-02-01", "2026-03-31", &[Dimension::Day, Dimension::Thing]);
        let (mut page, mut days) = (PageRequest { limit: 1, token: None }, Vec::new());
        loop {
            let report = broker.accounting.cost(&asked, &page).await.unwrap();
            days.extend(report.rows.items.into_iter().map(|row| row.of[&Dimension::Day].clone()));
            match report.rows.next {
                Some(token) => page.token = Some(token),
                None => break,
            }
        }
        assert_eq!(days, ["2026-02-27", "2026-02-28", "2026-03-01"]);
        page.token = Some("nonsense".to_owned());
        assert_eq!(broker.accounting.cost(&asked, &page).await.unwrap_err().kind(), ErrorKind::Invalid);
        let turned = query("2026-03-01", "2026-02-01", &[]);
        let refused = broker.accounting.cost(&turned, &PageRequest::default()).await.unwrap_err();
        assert!(refused.to_string().starts_with("through: must be 2026-03-01 or later"), "{refused}");
        let long = query("2020-01-01", "2026-02-01", &[]);
        assert!(broker.accounting.usage(&long, &PageRequest::default()).await.is_err());
    });
}
