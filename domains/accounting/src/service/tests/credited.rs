//! Breaches that the log tells of become credits.

use super::{billed::with_account, *};
use crate::price::{Charge, ChargeKind};
use hansa_ontology::sla::{Metric, Window};
use hansa_repository::breach::{Breach, MISSED, Missed};

/// Of the machine of [`a_life`], in the whole of such a window.
fn breach(of: Window, at: &str, percent: &str, cap: Option<&str>) -> Breach {
    let number = |text: &str| text.parse().unwrap();
    let (from, until) = of.containing(moment(at));
    Breach {
        machine: MACHINE,
        offer: OfferId::new("urn:hansa:offer:small").unwrap(),
        provider: crate::testing::broker("north"),
        site: SiteId::new("urn:hansa:site:kiel").unwrap(),
        partner: None,
        customer: None,
        missed: Missed {
            metric: Metric::Availability,
            target: number("99.9"),
            window: of,
            percentile: None,
            from,
            until,
            measured: number("97.5"),
            credit_percent: number(percent),
        },
        outages: Vec::new(),
        excluded: Vec::new(),
        credit_cap_percent: cap.map(number),
    }
}

impl Broker {
    async fn miss(&self, breach: Breach) {
        let new = event::NewEvent {
            at: self.now(),
            actor: Actor::Broker,
            application: Some(APPLICATION),
            subject: format!("machine/{}", breach.machine),
            kind: MISSED.to_owned(),
            message: String::new(),
            data: breach.tell().unwrap(),
        };
        self.database.write(move |connection| event::append(connection, &new)).await.unwrap();
        self.follow().await;
    }

    async fn credited(&self, from: &str, through: &str) -> Vec<i64> {
        let report = self.cost(from, through, &[Dimension::Kind, Dimension::Day]).await;
        let credits = report.rows.items.iter().filter(|row| row.of[&Dimension::Kind] == "credit");
        credits.map(|row| row.net_micros).collect()
    }

    async fn charges(&self, number: &str) -> Vec<Charge> {
        let number = number.to_owned();
        self.database.read(move |connection| crate::store::invoice_charges(connection, &number)).await.unwrap()
    }
}

#[test]
fn a_breach_is_credited_in_the_month_in_which_it_is_told() {
    for_each_test_database(&[crate::MIGRATIONS], async |database: &TestDatabase| {
        let broker = Broker::new(database.database(), "2026-02-27T22:50:30Z").await;
        with_account(&broker, chrono_tz::UTC).await;
        a_life(&broker).await;
        broker.set("2026-03-02T00:00:00Z");
        broker.follow().await;
        // The hour of 10 micro-units a second in which it was there for ten minutes, an hour later for fifty.
        broker.miss(breach(Window::Hour, "2026-02-28T01:00:00Z", "50", None)).await;
        assert_eq!(broker.credited("2026-03-01", "2026-03-31").await, [-600 * 10 / 2]);
        // February is billed without it; then its month is judged, and more is owed in March.
        let Ok(Closed::Billed(february)) = broker.accounting.month_close(&project(), "2026-02").await else {
            panic!("nothing")
        };
        let used = seconds("2026-02-27T22:50:30Z", "2026-03-01T00:00:00Z") - 3_600;
        assert_eq!(february.invoice.exact_micros, used * 10);
        broker.miss(breach(Window::Month, "2026-02-28T01:00:00Z", "10", Some("10"))).await;
        // All that ended in February: at most 10 % of what February was charged for, of which some is given.
        let capped = used - 3_000;
        assert_eq!(broker.credited("2026-03-01", "2026-03-31").await, [-3_000 - capped]);
        // A third one has nothing left.
        broker.miss(breach(Window::Day, "2026-02-28T01:00:00Z", "100", Some("10"))).await;
        assert_eq!(broker.credited("2026-03-01", "2026-03-31").await, [-3_000 - capped]);
        assert_eq!(broker.credited("2026-02-01", "2026-02-28").await, [] as [i64; 0], "what is billed stays");

        broker.set("2026-04-01T01:30:00Z");
        broker.follow().await;
        let Ok(Closed::Billed(march)) = broker.accounting.month_close(&project(), "2026-03").await else {
            panic!("nothing")
        };
        let of_march = seconds("2026-03-01T00:00:00Z", "2026-03-01T05:10:00Z") * 10;
        assert_eq!(march.invoice.exact_micros, of_march - 3_000 - capped);
        let lines: Vec<_> = march.invoice.lines.iter().filter(|line| line.of.kind == ChargeKind::Credit).collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].name().contains("availability was 97.5 % from 2026-02-"), "{}", lines[0].name());
        let charges = broker.charges("H-2026-000002").await;
        let events: Vec<i64> = charges.iter().filter_map(|one| Some(one.credited.as_ref()?.event)).collect();
        assert_eq!(events.len(), 2, "the evidence stays with the charge");
        let balances = broker.accounting.trial_balance(None).await.unwrap();
        assert_eq!(balances.values().map(crate::ledger::Balance::net).sum::<i64>(), 0, "debits equal credits");
        let revenue =
            &balances[&(crate::ledger::LedgerAccount::Revenue(crate::testing::broker("north")), Currency::EUR)];
        assert_eq!(-revenue.net(), february.invoice.exact_micros + march.invoice.exact_micros);
        let mut csv = Vec::new();
        broker.accounting.focus_export(&project(), "2026-03").await.unwrap().csv(&mut csv).unwrap();
        assert_eq!(String::from_utf8(csv).unwrap().matches(",Credit,").count(), 2);
        // Taken back and billed anew it is the same.
        broker.accounting.credit_note("H-2026-000002").await.unwrap();
        let Ok(Closed::Billed(again)) = broker.accounting.month_close(&project(), "2026-03").await else {
            panic!("nothing")
        };
        assert_eq!(again.invoice.lines, march.invoice.lines);
    });
}

#[test]
fn hours_that_are_missed_one_by_one_give_back_what_their_day_does() {
    for_each_test_database(&[crate::MIGRATIONS], async |database: &TestDatabase| {
        let broker = Broker::new(database.database(), "2026-02-27T22:50:30Z").await;
        a_life(&broker).await;
        broker.set("2026-03-02T00:00:00Z");
        broker.follow().await;
        for hour in 0..24 {
            broker.miss(breach(Window::Hour, &format!("2026-02-28T{hour:02}:00:00Z"), "100", None)).await;
        }
        let of_day = broker.cost("2026-02-28", "2026-02-28", &[]).await.total_micros;
        assert_eq!(broker.credited("2026-03-01", "2026-03-31").await, [-of_day]);
        // What nobody was charged for, what others ordered, and what owes nothing give nothing back.
        broker.miss(Breach { machine: OTHER, ..breach(Window::Day, "2026-02-28T01:00:00Z", "100", None) }).await;
        let theirs = Some("did:web:south.example".to_owned());
        broker.miss(Breach { customer: theirs, ..breach(Window::Day, "2026-02-28T01:00:00Z", "100", None) }).await;
        broker.miss(breach(Window::Day, "2026-02-28T01:00:00Z", "0", None)).await;
        assert_eq!(broker.credited("2026-03-01", "2026-03-31").await, [-of_day]);
    });
}
