//! Filters, orders and pages of many offers.

use super::{Direction, OfferIndex, OfferQuery, Position, SortBy};
use chrono::{DateTime, Utc};
use hansa_ontology::{
    Catalogue, Currency, Money, Offer, OfferId, OfferKind, Provider, ProviderId, Site, SiteId,
    offer::{Capacity, CpuArch, Flavour, PricePlan, PricingModel},
    place::Area,
    site::EnergyProfile,
    sla::{Metric, ServiceLevelObjective, Sla, Window},
};
use hansa_repository::catalogue::Snapshot;
use rust_decimal::Decimal;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

fn area(code: &str) -> Area {
    Area::new(code).unwrap()
}

fn site(name: &str, laws: &[&str], carbon: Option<i64>) -> Site {
    Site {
        id: SiteId::new(format!("urn:test:site:{name}")).unwrap(),
        name: name.to_owned(),
        provider: ProviderId::new("urn:test:provider:a").unwrap(),
        country: area(laws[0]),
        coordinates: None,
        jurisdictions: laws.iter().map(|law| area(law)).collect(),
        latencies: BTreeMap::new(),
        energy: carbon.map(|grams| EnergyProfile {
            carbon_intensity: Decimal::from(grams),
            pue: Decimal::ONE,
            renewable_share: None,
            power_watts: None,
        }),
    }
}

fn offer(number: usize) -> Offer {
    let place = ["berlin", "paris", "mixed"][number % 3];
    let promised = [None, Some(999), Some(995)][number % 3];
    Offer {
        id: OfferId::new(format!("urn:test:offer:{number:05}")).unwrap(),
        title: format!("Offer {}", number % 100),
        provider: ProviderId::new(format!("urn:test:provider:{}", ["a", "b"][number % 2])).unwrap(),
        site: SiteId::new(format!("urn:test:site:{place}")).unwrap(),
        kind: [OfferKind::Container, OfferKind::VirtualMachine][number % 2],
        flavour: Flavour {
            name: "m1".to_owned(),
            cpu_milli: 1_000 * (1 + u32::try_from(number % 16).unwrap()),
            memory_mib: 1_024 * (1 + (number % 64) as u64),
            disk_mib: 1_024,
            cpu_arch: CpuArch::Amd64,
            gpu: None,
            bandwidth_mbps: None,
        },
        capacity: Capacity { available_units: 3, as_of: DateTime::<Utc>::UNIX_EPOCH },
        price_plan: PricePlan {
            model: PricingModel::OnDemand,
            price_per_hour: Money::new(i64::try_from(number % 700).unwrap() * 1_000, Currency::EUR),
        },
        sla: promised.map(|per_mille| Sla {
            objectives: vec![ServiceLevelObjective {
                metric: Metric::Availability,
                target: Decimal::new(per_mille, 1),
                window: Window::Month,
                percentile: None,
                remedies: Vec::new(),
            }],
            credit_cap_percent: None,
        }),
        energy: None,
        claims: Vec::new(),
        capabilities: BTreeSet::from([["gpu", "proxy"][number % 2].to_owned()]),
        service_area: BTreeSet::new(),
        valid_from: None,
        valid_through: None,
    }
}

fn index(count: usize) -> OfferIndex {
    let provider = |name: &str| Provider {
        id: ProviderId::new(format!("urn:test:provider:{name}")).unwrap(),
        name: format!("Provider {name}"),
        country: area("DE"),
    };
    let catalogue = Catalogue {
        providers: vec![provider("a"), provider("b")],
        sites: vec![
            site("berlin", &["DE"], Some(350)),
            site("mixed", &["FR", "US"], None),
            site("paris", &["FR"], Some(60)),
        ],
        offers: (0..count).map(offer).collect(),
    };
    OfferIndex::new(Arc::new(Snapshot { generation: 1, catalogue }))
}

fn query(text: &str) -> OfferQuery {
    OfferQuery::parse(text, Currency::EUR)
}

fn partner(provider: &ProviderId) -> Option<String> {
    (provider.as_str() == "urn:test:provider:b").then(|| "did:web:b".to_owned())
}

/// Every page of a list, forwards, by the tokens as the address carries them.
fn walk(index: &OfferIndex, query: &OfferQuery, size: usize) -> Vec<usize> {
    let (mut rows, mut after) = (Vec::new(), None::<Position>);
    loop {
        let page = index.page(query, after.as_ref(), size, partner);
        assert_eq!(page.before, rows.len());
        rows.extend(&page.rows);
        match page.next {
            Some(next) => after = Some(next.to_string().parse().unwrap()),
            None => return rows,
        }
    }
}

#[test]
fn pages_show_every_offer_once_in_every_order() {
    let index = index(1_003);
    for sort in SortBy::ALL {
        for direction in [Direction::Up, Direction::Down] {
            let query = OfferQuery { sort, direction, ..query("") };
            let rows = walk(&index, &query, 25);
            assert_eq!(rows.len(), 1_003, "{sort:?} {direction:?}");
            assert_eq!(rows.iter().collect::<BTreeSet<_>>().len(), 1_003, "{sort:?} {direction:?}");
        }
    }
}

#[test]
fn an_order_is_kept_and_what_is_unknown_comes_last() {
    let index = index(300);
    let price = |row: usize| index.get(row).unwrap().0.price_plan.price_per_hour.micros;
    let rows = walk(&index, &query("sort=price"), 50);
    assert!(rows.windows(2).all(|two| price(two[0]) <= price(two[1])));
    let rows = walk(&index, &query("sort=-price"), 50);
    assert!(rows.windows(2).all(|two| price(two[0]) >= price(two[1])));
    for text in ["sort=availability", "sort=-availability", "sort=carbon", "sort=-carbon"] {
        let known: Vec<bool> = walk(&index, &query(text), 50)
            .into_iter()
            .map(|row| index.get(row).unwrap().1)
            .map(|row| if text.contains("carbon") { row.grams.is_some() } else { row.availability.is_some() })
            .collect();
        let first_unknown = known.iter().position(|known| !known).unwrap();
        assert!(first_unknown > 0 && known[first_unknown..].iter().all(|known| !known), "{text}");
    }
    let titles: Vec<String> = walk(&index, &query("sort=-title"), 50)
        .into_iter()
        .map(|row| index.get(row).unwrap().0.title.clone())
        .collect();
    assert!(titles.windows(2).all(|two| two[0] >= two[1]));
}

#[test]
fn the_page_before_is_the_page_before() {
    let index = index(200);
    let query = query("sort=-cpu");
    let first = index.page(&query, None, 25, partner);
    let second = index.page(&query, first.next.as_ref(), 25, partner);
    let third = index.page(&query, second.next.as_ref(), 25, partner);
    assert_eq!((first.previous.clone(), second.previous.clone()), (None, None));
    assert_eq!(index.page(&query, third.previous.as_ref(), 25, partner).rows, second.rows);
    assert_eq!((third.before, third.total), (50, 200));
}

#[test]
fn filters_let_through_what_they_say() {
    let index = index(600);
    let count = |text: &str| index.page(&query(text), None, 25, partner).total;
    assert_eq!(count(""), 600);
    assert_eq!(count("kind=container"), 300);
    assert_eq!(count("source=own"), 300);
    assert_eq!(count("source=partners"), 300);
    assert_eq!(count("source=did%3Aweb%3Ab"), 300);
    assert_eq!(count("source=did%3Aweb%3Ac"), 0);
    // As the planner takes it: some law that binds is one of the area's.
    assert_eq!(count("jurisdiction=EU"), 600);
    assert_eq!(count("jurisdiction=FR"), 400);
    assert_eq!(count("jurisdiction=US"), 200);
    assert_eq!(count("jurisdiction=CH"), 0);
    assert_eq!(count("availability=99,8"), 200);
    assert_eq!(count("carbon=100"), 200);
    assert_eq!(count("carbon=100&availability=99.9"), 200);
    assert_eq!(count("price=0.099"), 100);
    assert_eq!(count("capability=gpu&cpu=16"), 0);
    assert_eq!(count("q=PARIS+offer"), 200);
    assert_eq!(count("q=%3Cscript%3E"), 0);
    let other: Currency = "CHF".parse().unwrap();
    assert_eq!(index.page(&OfferQuery::parse("price=1000", other), None, 25, partner).total, 0);
}

#[test]
fn what_cannot_be_read_is_told_at_its_field_and_the_rest_counts() {
    let wanted = query("price=cheap&cpu=2&kind=boat&jurisdiction=%3Cb%3E&carbon=-1&unknown=1");
    let faults: Vec<&str> = wanted.faults.keys().copied().collect();
    assert_eq!(faults, ["carbon", "jurisdiction", "kind", "price"]);
    assert_eq!(wanted.field("price"), "cheap");
    assert_eq!(wanted.cpu, Some(Decimal::TWO));
}

#[test]
fn an_address_says_what_it_was_read_from() {
    let text = "q=a+%26+b&jurisdiction=EU&source=own&price=0.5&sort=-carbon&size=50&pick=urn%3Aa&pick=urn%3Ab";
    let wanted = query(text);
    assert_eq!(wanted.address(None), format!("/offers?{text}"));
    assert_eq!(query(wanted.address(Some("x y")).split_once('?').unwrap().1).page.as_deref(), Some("x y"));
    assert_eq!(query("").address(None), "/offers");
    let many = query("pick=a&pick=a&pick=b&pick=c&pick=d&pick=e");
    assert_eq!(many.picked, ["a", "b", "c", "d"]);
}

#[test]
fn a_damaged_position_is_refused() {
    for bad in ["", "x", "\n\n\n", "EUR\nx\nurn:a\n", "EUR\n1"] {
        assert!(bad.parse::<Position>().is_err(), "{bad:?}");
    }
}
