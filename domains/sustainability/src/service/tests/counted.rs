//! Machines that are counted hour by hour.

use super::*;

#[test]
fn a_machine_s_day_is_what_the_formula_says() {
    for_each(async |database| {
        let broker = Broker::new(database.database(), "2026-02-27T00:00:00Z").await;
        // Who makes it is first; that means nothing yet.
        broker.tell(Thing::Machine(MACHINE), LifeChange::Resumed, json!({})).await;
        broker.rent(rental(Some(small()), Some(energy(None)))).await;
        broker.until("2026-02-28T00:00:00Z").await;
        broker.end(Thing::Machine(MACHINE)).await;
        broker.end(Thing::Machine(MACHINE)).await;
        broker.until("2026-03-01T05:00:00Z").await;
        let report = broker.carbon("2026-02-01", "2026-03-01", &[Dimension::Day]).await;
        assert_eq!(report.rows.len(), 1, "{report:?}");
        assert_eq!(report.rows[0].of[&Dimension::Day], "2026-02-27");
        let figures = report.total;
        let hand = hour_by_hand(0.5) * 24.0 / 1e3;
        close("energy", figures.assumed.kwh(), hand);
        assert_eq!(figures.assumed, figures.footprint.modelled);
        assert_eq!((figures.footprint.measured, figures.utilised, figures.stated), Default::default());
        close("with the building", figures.footprint.facility.kwh(), hand * 1.2);
        close("location-based", figures.footprint.location.grams(), hand * 1.2 * 400.0);
        close("embodied", figures.footprint.embodied.grams(), embodied_by_hand() * 24.0);
        // Nobody states a market-based intensity: that is no zero.
        assert_eq!(figures.footprint.market_unknown, figures.footprint.facility);
        assert_eq!(figures.footprint.location_unknown, Energy::ZERO);
        let sources: Vec<_> = report.location_sources.into_iter().collect();
        assert_eq!(sources, [("stated with offer urn:hansa:offer:small".to_owned(), figures.footprint.facility)]);
        assert!(report.market_sources.is_empty());
        let (sci, _) =
            broker.sustainability.sci(&query("2026-02-27", "2026-02-27", &[]), (1_000, "request"), None).await.unwrap();
        close("sci", sci.score.grams(), (hand * 1.2 * 400.0 + embodied_by_hand() * 24.0) / 1_000.0);
    });
}

#[test]
fn what_is_not_known_is_never_zero() {
    for_each(async |database| {
        let broker = Broker::new(database.database(), "2026-02-27T00:00:00Z").await;
        broker.rent(rental(None, None)).await;
        broker.until("2026-02-27T02:30:00Z").await;
        let total = broker.carbon("2026-02-27", "2026-02-27", &[]).await.total;
        assert!((9_000..=9_400).contains(&total.energy_unknown), "{total:?}");
        assert_eq!((total.energy_unknown, total.footprint.facility), (total.embodied_unknown, Energy::ZERO));
        let refused = broker.sustainability.sci(&query("2026-02-27", "2026-02-27", &[]), (1, "request"), None).await;
        assert!(refused.unwrap_err().to_string().contains("there is no energy"));
        // Now its size is told, and still nothing of the place.
        broker.rent(rental(Some(small()), None)).await;
        broker.until("2026-02-27T05:30:00Z").await;
        let footprint = broker.carbon("2026-02-27", "2026-02-27", &[]).await.total.footprint;
        assert!(footprint.facility > Energy::ZERO);
        close(
            "the PUE that is assumed",
            footprint.facility.kwh(),
            (footprint.modelled.millionths(1_580_000)).kwh().to_string().parse().unwrap(),
        );
        assert_eq!((footprint.location, footprint.location_unknown), (Carbon::ZERO, footprint.facility));
        assert_eq!((footprint.market, footprint.market_unknown), (Carbon::ZERO, footprint.facility));
    });
}

#[test]
fn rounds_that_are_killed_repeated_or_late_count_the_same() {
    for_each(async |database| {
        let broker = Broker::new(database.database(), "2026-02-27T00:20:00Z").await;
        broker.rent(rental(Some(small()), Some(energy(None)))).await;
        broker.place(FRONT, "front", 500).await;
        // Two at one time: one of them does each round.
        for hour in 1..12 {
            broker.set(&format!("2026-02-27T{hour:02}:20:00Z"));
            if hour == 4 {
                broker.end(Thing::Machine(MACHINE)).await;
            }
            if hour == 6 {
                broker.tell(Thing::Machine(MACHINE), LifeChange::Resumed, json!({})).await;
            }
            for _ in 0..4 {
                let (one, other) = (broker.sustainability.clone(), broker.sustainability.clone());
                let (one, other) = tokio::join!(one.follow(), other.follow());
                one.unwrap();
                other.unwrap();
            }
        }
        let often = broker.carbon("2026-02-27", "2026-02-27", &[Dimension::Component]).await;
        // It ran for four hours, and for five.
        close("energy", often.total.assumed.kwh(), hour_by_hand(0.5) * 9.0 / 1e3);
        // The same log, followed once at the end.
        let log = broker
            .database
            .read(|connection| event::list(connection, &event::EventFilter::default(), 100, event::Order::OldestFirst))
            .await
            .unwrap();
        assert_eq!(log.len(), 4);
        let forget = |connection: &mut hansa_repository::Connection| crate::store::testing_forget(connection);
        broker.database.write(forget).await.unwrap();
        broker.follow().await;
        assert_eq!(broker.carbon("2026-02-27", "2026-02-27", &[Dimension::Component]).await, often);
        assert!(broker.sustainability.follow().await.unwrap().is_idle());
    });
}
