//! Series that are stated, what they change, and limits.

use super::*;
use crate::intensity::Method;
use hansa_ontology::{ProjectScope, SiteId};

fn csv(zone: &str, method: &str, from: &str, values: &[i64]) -> String {
    let begin = moment(from);
    let mut text = "time,zone,intensity,method\n".to_owned();
    for (hour, value) in (0..).zip(values) {
        text.push_str(&format!("{},{zone},{value},{method}\n", (begin + TimeDelta::hours(hour)).to_rfc3339()));
    }
    text
}

impl Broker {
    async fn put(&self, format: Format, text: String) -> Vec<SeriesInfo> {
        self.sustainability.series_put(format, ("the operator", None), text, false).await.unwrap()
    }

    /// A machine of 1 kW from midnight on, without any intensity.
    async fn one_kilowatt(&self) {
        let profile = EnergyProfile { pue: Decimal::ONE, ..energy(Some(1_000)) };
        self.rent(rental(Some(small()), Some(profile))).await;
    }
}

#[test]
fn series_of_the_place_count_hour_by_hour_and_methods_stay_apart() {
    for_each(async |database| {
        let broker = Broker::new(database.database(), "2026-02-27T00:00:00Z").await;
        broker.one_kilowatt().await;
        broker.until("2026-02-27T04:30:00Z").await;
        broker.set("2026-02-27T04:00:00Z");
        // The first hour is not in it: there the offer's own counts.
        broker.put(Format::Csv, csv(SITE, "location", "2026-02-27T01:00:00Z", &[100, 200, 300])).await;
        broker.put(Format::Csv, csv(SITE, "market", "2026-02-27T02:00:00Z", &[7])).await;
        let report = broker.carbon("2026-02-27", "2026-02-27", &[Dimension::Site]).await;
        let footprint = report.total.footprint;
        assert_eq!(footprint.location.grams(), Decimal::from(400 + 100 + 200 + 300));
        assert_eq!((footprint.market.grams(), footprint.market_unknown.kwh()), (Decimal::from(7), Decimal::from(3)));
        let sources: Vec<_> =
            report.location_sources.iter().map(|(name, energy)| (name.as_str(), energy.kwh())).collect();
        let told = [("stated with offer urn:hansa:offer:small".to_owned(), 1), (format!("the operator ({SITE})"), 3)];
        let told: Vec<_> = told.iter().map(|(name, kwh)| (name.as_str(), Decimal::from(*kwh))).collect();
        assert_eq!(sources, told);
        // Put again it is the same; put better it counts at once.
        broker.put(Format::Csv, csv(SITE, "location", "2026-02-27T01:00:00Z", &[100, 200, 300])).await;
        assert_eq!(broker.carbon("2026-02-27", "2026-02-27", &[Dimension::Site]).await, report);
        broker.put(Format::Csv, csv(SITE, "location", "2026-02-27T00:00:00Z", &[50])).await;
        let better = broker.carbon("2026-02-27", "2026-02-27", &[]).await.total.footprint;
        assert_eq!(better.location.grams(), Decimal::from(50 + 100 + 200 + 300));
        // What the site generated is shared by use, and emits nothing.
        let roof = format!("time,site,watts\n2026-02-27T02:00:00Z,{SITE},250\n2026-02-27T03:00:00Z,{SITE},9000\n");
        broker.put(Format::Generation, roof).await;
        let sunny = broker.carbon("2026-02-27", "2026-02-27", &[]).await.total.footprint;
        assert_eq!((sunny.own.kwh(), sunny.location.grams()), (Decimal::new(125, 2), Decimal::from(50 + 100 + 150)));
    });
}

#[test]
fn two_years_are_one_call_and_a_forecast_comes_of_them() {
    for_each(async |database| {
        let broker = Broker::new(database.database(), "2026-02-27T00:00:00Z").await;
        let values: Vec<i64> = (0..2 * 365 * 24).map(|hour| if hour % 24 < 12 { 100 } else { 300 }).collect();
        let put = broker.put(Format::Csv, csv("DE", "location", "2024-02-28T00:00:00Z", &values)).await;
        assert_eq!((put[0].from, put[0].to), (moment("2024-02-28T00:00:00Z"), moment("2026-02-27T00:00:00Z")));
        assert_eq!(broker.sustainability.series_list().await.unwrap(), put);
        let name = SeriesName::intensity("DE", Method::Location);
        let part = (moment("2025-12-31T22:00:00Z"), moment("2026-01-01T02:00:00Z"));
        let shown = broker.sustainability.series(&name, part).await.unwrap();
        let shown: Vec<_> = shown.series.steps().map(|(_, value)| value.unwrap()).collect();
        assert_eq!(shown, [300_000, 300_000, 100_000, 100_000]);
        let expected = broker.sustainability.series_forecast(&name, chrono_tz::Tz::UTC).await.unwrap();
        let expected: Vec<_> = expected.iter().map(|hour| hour.value).collect();
        assert_eq!((expected.len(), expected[0], expected[12]), (48, 100_000, 300_000));
        let steps = csv("DE", "location", "2026-02-26T00:00:00Z", &[1]).replace(":00:00+", ":30:00+");
        let two = format!("{steps}{}", steps.replace("time,zone,intensity,method\n", "").replace(":30:00", ":00:00"));
        let refused = broker.sustainability.series_put(Format::Csv, ("x", None), two, false).await.unwrap_err();
        assert!(
            refused.kind() == ErrorKind::Conflict && refused.to_string().contains("in steps of 3600 s"),
            "{refused}"
        );
        broker.sustainability.series_delete(&name, false).await.unwrap();
        assert_eq!(broker.sustainability.series_delete(&name, false).await.unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(
            broker.sustainability.series_forecast(&name, chrono_tz::Tz::UTC).await.unwrap_err().kind(),
            ErrorKind::NotFound
        );
        let empty =
            broker.sustainability.series_put(Format::Csv, ("x", None), "time,zone,intensity\n".to_owned(), true).await;
        assert!(empty.unwrap_err().to_string().contains("has no values"));
    });
}

#[test]
fn a_limit_is_told_once_a_month_in_the_log() {
    for_each(async |database| {
        let broker = Broker::new(database.database(), "2026-02-27T00:00:00Z").await;
        broker.one_kilowatt().await;
        let limit = CarbonLimit {
            name: "green".to_owned(),
            project: project(),
            application: Some(APPLICATION),
            carbon: Carbon::of(1_000_000_000),
        };
        broker.sustainability.limit_put(limit.clone(), false).await.unwrap();
        let other = CarbonLimit {
            name: "large".to_owned(),
            application: None,
            carbon: Carbon::of(1_000_000_000_000),
            ..limit.clone()
        };
        broker.sustainability.limit_put(other.clone(), false).await.unwrap();
        let scope = ProjectScope::Only([project()].into());
        assert_eq!(broker.sustainability.limit_list(&scope).await.unwrap(), [limit.clone(), other]);
        broker.until("2026-02-27T02:00:00Z").await;
        assert_eq!(broker.sustainability.limit_check().await.unwrap(), []);
        broker.until("2026-02-27T03:00:00Z").await;
        let news = broker.sustainability.limit_check().await.unwrap();
        assert_eq!((news.len(), &news[0].limit, news[0].month.as_str()), (1, &limit, "2026-02"));
        assert_eq!(broker.sustainability.limit_check().await.unwrap(), [], "once");
        let filter = event::EventFilter { kind_prefix: Some("carbon.".to_owned()), ..event::EventFilter::default() };
        let told = broker
            .database
            .read(move |connection| event::list(connection, &filter, 9, event::Order::OldestFirst))
            .await
            .unwrap();
        assert_eq!(
            (told.len(), told[0].kind.as_str(), told[0].application),
            (1, "carbon.threshold-reached", Some(APPLICATION))
        );
        broker.until("2026-03-01T04:00:00Z").await;
        assert_eq!(broker.sustainability.limit_check().await.unwrap().len(), 1, "another month");
        broker.sustainability.limit_delete(&project(), "green", false).await.unwrap();
        let gone = broker.sustainability.limit_delete(&project(), "green", false).await.unwrap_err();
        assert_eq!(gone.kind(), ErrorKind::NotFound);
        for (wrong, said) in [
            (CarbonLimit { name: "Große".to_owned(), ..limit.clone() }, "name"),
            (CarbonLimit { carbon: Carbon::ZERO, ..limit }, "above 0"),
        ] {
            assert!(broker.sustainability.limit_put(wrong, true).await.unwrap_err().to_string().contains(said));
        }
    });
}

#[test]
fn a_site_has_its_zone_or_its_country() {
    for_each(async |database| {
        let broker = Broker::new(database.database(), "2026-02-27T00:00:00Z").await;
        broker.one_kilowatt().await;
        broker.put(Format::Csv, csv("DE-NORTH", "location", "2026-02-27T00:00:00Z", &[30])).await;
        broker.until("2026-02-27T01:30:00Z").await;
        broker.set("2026-02-27T01:00:00Z");
        let zones = [(SiteId::new(SITE).unwrap(), "DE-NORTH".to_owned())].into();
        let catalogue = CatalogueService::new(broker.database.clone()).unwrap();
        let options = Options { zones, ..Options::default() };
        let zoned = Sustainability::new(broker.database.clone(), broker.clock.clone() as _, catalogue, options);
        let report = zoned.carbon(&query("2026-02-27", "2026-02-27", &[])).await.unwrap();
        assert_eq!(report.total.footprint.location.grams(), Decimal::from(30));
        assert_eq!(
            broker.carbon("2026-02-27", "2026-02-27", &[]).await.total.footprint.location.grams(),
            Decimal::from(400)
        );
    });
}
