//! Hours of jobs: which are chosen, and what that saved.

use super::{
    advised::{OTHER, offer, site},
    *,
};
use hansa_ontology::{SiteId, resource_model::Minimise};
use hansa_repository::shifted::{BEGUN, BegunJob, DONE};
use serde_json::Value;
use std::fmt::Write as _;

fn iri(site: &str) -> SiteId {
    SiteId::new(site).unwrap()
}

/// Hours in CSV, from a time on.
fn hours(zone: &str, standing: &str, from: &str, values: &[i64]) -> String {
    let mut text = "time,zone,intensity,standing\n".to_owned();
    for (hour, value) in (0..).zip(values) {
        let time = (moment(from) + TimeDelta::hours(hour)).to_rfc3339();
        writeln!(text, "{time},{zone},{value},{standing}").unwrap();
    }
    text
}

fn asked(elsewhere: &[&str]) -> JobQuery {
    JobQuery {
        home: iri(SITE),
        elsewhere: elsewhere.iter().map(|site| iri(site)).collect(),
        ready: moment("2026-02-27T10:00:00Z"),
        latest: moment("2026-02-27T20:00:00Z"),
        seconds: 3_600,
        cpu_milli: 1_000,
        memory_mib: 1_024,
        minimise: Minimise::Carbon,
        currency: Currency::EUR,
    }
}

impl Broker {
    async fn states(&self, text: String) {
        self.sustainability.series_put(Format::Csv, ("the grid", None), text, false).await.unwrap();
    }

    async fn best(&self, query: JobQuery) -> JobChoice {
        self.sustainability.job_begin(query).await.unwrap()
    }

    async fn news(&self, kind: &str, data: Value) {
        let (at, kind) = (self.now(), kind.to_owned());
        let subject = format!("application/{APPLICATION}");
        let (actor, application, message) = (Actor::Broker, Some(APPLICATION), String::new());
        let new = event::NewEvent { at, actor, application, subject, kind, message, data };
        self.database.write(move |connection| event::append(connection, &new)).await.unwrap();
    }

    async fn savings(&self) -> Vec<JobSaving> {
        let (from, through) = (day("2026-02-27"), day("2026-02-27"));
        let query = SavingsQuery { project: project(), application: None, from, through };
        self.sustainability.savings(&query).await.unwrap()
    }
}

#[test]
fn hours_are_chosen_by_what_is_stated_and_expected() {
    for_each(async |database| {
        let broker = Broker::new(database.database(), "2026-02-27T10:00:00Z").await;
        let offers = [SITE, OTHER].map(|at| offer(if at == SITE { "a" } else { "b" }, at, small()));
        broker.sells(vec![site(SITE, "DE", None), site(OTHER, "PT", Some(50))], offers.into()).await;
        // Nothing is stated: now, at home.
        let found = broker.best(asked(&[])).await;
        assert_eq!((found.begin.known, found.begin.chosen.begin), (false, broker.now().timestamp()));
        // Four weeks of the same; then its source expects a good hour.
        let version = broker.sustainability.series_version();
        broker.states(hours("DE", "recorded", "2026-01-30T10:00:00Z", &[400; 28 * 24])).await;
        assert_ne!(broker.sustainability.series_version(), version, "it is to be thought over");
        let learnt = broker.best(asked(&[])).await;
        assert_eq!((learnt.begin.known, learnt.begin.chosen.begin), (true, broker.now().timestamp()));
        assert_eq!(learnt.begin.chosen.intensity.unwrap().grams(), Decimal::from(400));
        broker.states(hours("DE", "forecast", "2026-02-27T10:00:00Z", &[410, 400, 390, 100, 400])).await;
        let found = broker.best(asked(&[])).await;
        assert_eq!(found.begin.chosen.begin, moment("2026-02-27T13:00:00Z").timestamp());
        // By hand: a processor at half its load and a GiB, with a building that nobody states.
        let kwh = (0.74 + 0.5 * 2.76 + 1.073_741_824 * 0.392) / 1_000.0 * 1.58;
        let grams = |start: &crate::shift::Start| start.carbon.unwrap().grams();
        let about = |figure: Decimal, hand: f64| {
            let figure: f64 = figure.to_string().parse().unwrap();
            assert!((figure - hand).abs() < hand * 1e-3, "{figure} is not {hand}");
        };
        about(grams(&found.begin.chosen), kwh * 100.0);
        about(grams(&found.begin.at_once), kwh * 410.0);
        assert_eq!(
            found.sources,
            ["expected by the last four weeks (DE)", "the grid, forecast (DE)"].map(str::to_owned).into()
        );
        // What a site states once and for all counts beside series, with its own building.
        let found = broker.best(asked(&[OTHER])).await;
        assert_eq!((&found.begin.chosen.site, found.begin.chosen.begin), (&iri(OTHER), broker.now().timestamp()));
        assert!(found.sources.contains(&format!("stated with site {OTHER}")));
        // What its operator states of an hour to come counts before any forecast.
        broker.states(hours("DE", "recorded", "2026-02-27T15:00:00Z", &[7])).await;
        let found = broker.best(asked(&[OTHER])).await;
        assert_eq!(found.begin.chosen.begin, moment("2026-02-27T15:00:00Z").timestamp());
        // Prices are another question.
        let price = JobQuery { minimise: Minimise::Price, ..asked(&[]) };
        assert!(!broker.best(price.clone()).await.begin.known);
        let prices = "time,zone,price,currency\n2026-02-27T10:00:00Z,DE,90,EUR\n2026-02-27T11:00:00Z,DE,-5,EUR\n";
        broker
            .sustainability
            .series_put(Format::Prices, ("the exchange", None), prices.to_owned(), false)
            .await
            .unwrap();
        let cheap = broker.best(price).await.begin;
        assert_eq!((cheap.known, cheap.chosen.begin), (true, moment("2026-02-27T11:00:00Z").timestamp()));
        assert!(cheap.chosen.price.unwrap() < 0 && cheap.at_once.price.unwrap() > 0);
    });
}

#[test]
fn what_was_saved_is_told_as_it_was_also_where_it_was_worse() {
    for_each(async |database| {
        let broker = Broker::new(database.database(), "2026-02-27T00:00:00Z").await;
        let offers = vec![offer("a", SITE, small()), offer("b", OTHER, small())];
        broker.sells(vec![site(SITE, "DE", None), site(OTHER, "PT", Some(50))], offers).await;
        let profile = EnergyProfile { pue: Decimal::ONE, ..energy(Some(1_000)) };
        broker.rent(rental(Some(small()), Some(profile))).await;
        broker.until("2026-02-27T03:30:00Z").await;
        assert_eq!(broker.savings().await, []);
        // All of the machine, for an hour, an hour and a half after it was ready.
        let job = BegunJob {
            component: "report".to_owned(),
            ready: moment("2026-02-27T02:00:00Z"),
            home: iri(OTHER),
            begun: broker.now(),
            saves_micrograms: Some(450_000_000),
            saves_micros: None,
            currency: Currency::EUR,
            why: "better".to_owned(),
        };
        broker.news(BEGUN, job.tell(json!({ "component": "report" })).unwrap()).await;
        broker.place(FRONT, "report", 2_000).await;
        broker.until("2026-02-27T04:30:00Z").await;
        broker.end(Thing::Workload(FRONT)).await;
        broker.news(DONE, json!({ "component": "report" })).await;
        broker.until("2026-02-27T06:30:00Z").await;
        // By hand: at home, with a building of 1.2, at the 50 g that the site states, and here at the offer's 400 g.
        let [one] = broker.savings().await.try_into().unwrap();
        assert_eq!((one.energy.kwh(), one.done), (Decimal::ONE, Some(moment("2026-02-27T04:30:00Z"))));
        assert_eq!(one.at_once.unwrap().grams(), Decimal::from(60));
        assert_eq!(one.emitted.unwrap().grams(), Decimal::from(400));
        assert_eq!(one.saved().unwrap().grams(), Decimal::from(-340), "what is worse is told");
        assert_eq!((one.saved_micros(), one.job), (None, job));
        // 100 g for half an hour and 300 g for the other, against 500 g with the building.
        broker.states(hours("DE", "recorded", "2026-02-27T03:00:00Z", &[100, 300])).await;
        broker.states(hours("PT", "recorded", "2026-02-27T02:00:00Z", &[500])).await;
        let [one] = broker.savings().await.try_into().unwrap();
        assert_eq!((one.emitted.unwrap().grams(), one.at_once.unwrap().grams()), (200.into(), 600.into()));
        assert_eq!(one.saved().unwrap().grams(), Decimal::from(400));
        let listed = broker.carbon("2026-02-27", "2026-02-27", &[Dimension::Component]).await;
        let row = listed.rows.iter().find(|row| row.of[&Dimension::Component] == "report").unwrap();
        assert_eq!(Some(row.figures.footprint.location), one.emitted, "it is what is counted anyway");
        // Begun again it is another run, of which nothing is known yet.
        broker.news(BEGUN, BegunJob { begun: broker.now(), ..one.job }.tell(json!({})).unwrap()).await;
        let [again, before] = broker.savings().await.try_into().unwrap();
        assert_eq!((again.saved(), again.done, before.saved().unwrap().grams()), (None, None, 400.into()));
    });
}
