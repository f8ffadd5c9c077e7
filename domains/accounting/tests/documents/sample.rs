//! A month of one project in which every kind of price and charge occurs.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use hansa_accounting::{
    Interval,
    invoice::{Heading, Invoice, Party},
    price::{
        Account, BillingMonth, Charge, Credits, Discount, Price, PriceList, PricePlan, Rate, Reservation, TaxTable,
        Tier, Unit, Zone, credits, rate,
    },
    usage::{Change, LifecycleEvent, Meter, Metering, PlanId, Resource, ResourceKind, Terms, Usage, meter},
};
use hansa_ontology::{
    ApplicationId, Currency, MachineId, OfferId, ProjectId, ProviderId, SiteId,
    place::Area,
    sla::{Metric, Window},
};
use hansa_repository::breach::{Breach, Missed, ToldBreach};
use std::{collections::BTreeMap, sync::Arc};

/// The machine of which more was promised than was kept.
const MISSED: &str = "00000000-0000-0000-0000-000000000001";

pub(crate) struct Sample {
    pub(crate) project: ProjectId,
    pub(crate) month: BillingMonth,
    pub(crate) charges: Vec<Charge>,
    pub(crate) sites: BTreeMap<OfferId, SiteId>,
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn plan(id: &str, currency: &str, minimum_term: u64, rates: Vec<(&str, Unit, Price, u64)>) -> PricePlan {
    let rate = |(meter, unit, price, free): (&str, Unit, Price, u64)| Rate {
        meter: Meter::new(meter).unwrap(),
        unit: Arc::new(unit),
        price,
        free,
    };
    let rates = rates.into_iter().map(rate).collect();
    let (id, title) = (PlanId::new(id).unwrap(), format!("Plan <{id}> & \"co\""));
    PricePlan { id, title, currency: currency.parse().unwrap(), rates, minimum_term }
}

fn prices() -> PriceList {
    let unit = |name: &str, code: &str, size, of: &str| Unit {
        name: name.to_owned(),
        code: code.to_owned(),
        size,
        of: of.to_owned(),
    };
    let tier = |up_to, micros| Tier { up_to, micros };
    let disk = unit("GiB-Hours", "E50", 1_024 * 3_600, "MiB-Seconds");
    let data = unit("GB", "E34", 1_000_000_000, "B");
    let spot = BTreeMap::from([(at("2026-01-01T00:00:00Z"), 2_000), (at("2026-03-10T05:20:00Z"), 3_100)]);
    let mut prices = PriceList::default();
    for plan in [
        plan(
            "small",
            "EUR",
            0,
            vec![
                ("machine-seconds", Unit::hours(), Price::Flat { micros: 8_403 }, 0),
                ("mib-seconds", disk, Price::Volume { tiers: vec![tier(Some(1 << 40), 55), tier(None, 41)] }, 0),
            ],
        ),
        plan("large", "USD", 0, vec![("machine-seconds", Unit::hours(), Price::Flat { micros: 45_171 }, 0)]),
        plan("spot", "EUR", 0, vec![("machine-seconds", Unit::hours(), Price::Spot { prices: spot }, 0)]),
        plan("term", "EUR", 86_400, vec![("machine-seconds", Unit::hours(), Price::Flat { micros: 10_007 }, 0)]),
        plan(
            "net",
            "EUR",
            0,
            vec![(
                "bytes",
                data,
                Price::Graduated { tiers: vec![tier(Some(50_000_000_000), 90_000), tier(None, 50_000)] },
                10_000_000_000,
            )],
        ),
    ] {
        prices.add(plan).unwrap();
    }
    let usd: Currency = "USD".parse().unwrap();
    for (on, nanos) in [("2026-02-27", 921_234_567), ("2026-03-16", 934_500_001)] {
        prices.exchange.state(usd, Currency::EUR, day(on), nanos).unwrap();
    }
    prices
}

fn account(project: &ProjectId) -> Account {
    let (plan, meter) = (PlanId::new("small").unwrap(), Meter::new("machine-seconds").unwrap());
    let discount = Discount {
        id: "loyalty".into(),
        ppm: 75_000,
        plan: None,
        meter: None,
        application: None,
        from: day("2026-03-05"),
        through: Some(day("2026-03-20")),
    };
    let reservation = Reservation {
        id: "r-2026".into(),
        provider: ProviderId::new("did:web:north.example").unwrap(),
        kind: ResourceKind::Machine,
        plan,
        meter,
        units: 2,
        micros: 5_100,
        term: Interval::new(at("2026-03-10T00:00:00Z"), at("2027-03-10T00:00:00Z")).unwrap(),
    };
    Account {
        project: project.clone(),
        currency: Currency::EUR,
        zone: Zone(Tz::Europe__Berlin),
        discounts: vec![discount],
        reservations: vec![reservation],
    }
}

/// Things with a begin and an end.
fn events(project: &ProjectId) -> Vec<LifecycleEvent> {
    let lives = [
        (MISSED, "small", ResourceKind::Machine, "machine-seconds", 1, "2026-02-20T10:00:00Z", "2026-03-25T09:12:44Z"),
        ("m2", "small", ResourceKind::Machine, "machine-seconds", 1, "2026-03-09T10:30:11Z", "2026-03-18T09:12:44Z"),
        ("m3", "large", ResourceKind::Machine, "machine-seconds", 1, "2026-03-12T22:15:00Z", "2026-04-02T00:00:00Z"),
        ("m4", "spot", ResourceKind::Machine, "machine-seconds", 1, "2026-03-08T00:00:30Z", "2026-03-11T00:00:00Z"),
        ("m5", "term", ResourceKind::Server, "machine-seconds", 1, "2026-03-29T00:30:00Z", "2026-03-29T05:00:00Z"),
        ("v1", "small", ResourceKind::Volume, "mib-seconds", 20_480, "2026-03-01T00:00:00Z", "2026-04-01T12:00:00Z"),
        ("t1", "net", ResourceKind::Transfer, "bytes", 31_337, "2026-03-02T00:00:00Z", "2026-03-30T12:00:00Z"),
    ];
    let terms = |plan: &str, meter: &str, each| Terms {
        provider: ProviderId::new("did:web:north.example").unwrap(),
        project: project.clone(),
        application: Some(ApplicationId("018f3a52-6d0e-7b0c-9f6e-3a511c772d04".parse().unwrap())),
        offer: Some(OfferId::new("urn:hansa:offer:small").unwrap()),
        plan: PlanId::new(plan).unwrap(),
        meters: BTreeMap::from([(Meter::new(meter).unwrap(), each)]),
    };
    let mut events = Vec::new();
    for (id, plan, kind, meter, each, from, to) in lives {
        for (moment, change) in [(from, Change::Started(terms(plan, meter, each))), (to, Change::Stopped)] {
            let (sequence, resource) = (events.len() as u64 + 1, Resource { kind, id: id.to_owned() });
            events.push(LifecycleEvent { sequence, at: at(moment), resource, change });
        }
    }
    events
}

/// A week in which a machine was away too long.
fn breach(project: &ProjectId) -> ToldBreach {
    let number = |text: &str| text.parse().unwrap();
    let missed = Missed {
        metric: Metric::Availability,
        target: number("99.95"),
        window: Window::Week,
        percentile: None,
        from: at("2026-03-09T00:00:00Z"),
        until: at("2026-03-16T00:00:00Z"),
        measured: number("98.214286"),
        credit_percent: number("12.5"),
    };
    let breach = Breach {
        machine: MachineId(MISSED.parse().unwrap()),
        offer: OfferId::new("urn:hansa:offer:small").unwrap(),
        provider: ProviderId::new("did:web:north.example").unwrap(),
        site: SiteId::new("urn:hansa:site:hamburg").unwrap(),
        partner: None,
        customer: None,
        missed,
        outages: Vec::new(),
        excluded: Vec::new(),
        credit_cap_percent: Some(number("30")),
    };
    let (at, project) = (at("2026-03-16T00:01:00Z"), project.clone());
    ToldBreach { sequence: 4_711, at, project, application: None, breach }
}

impl Sample {
    pub(crate) fn new() -> Self {
        let project = ProjectId::new("acme/web").unwrap();
        let now = at("2026-04-05T00:00:00Z");
        let metered = meter(&events(&project), Metering { now, patience: 3_600, revision: 1, since: None }).unwrap();
        let usage: Usage = metered.records.into_iter().collect();
        let month = BillingMonth::new(2026, 3, Tz::Europe__Berlin).unwrap();
        let mut charges = rate(&account(&project), &month, &usage, &metered.lifetimes, &prices()).unwrap();
        let from = Credits { breaches: &[breach(&project)], charged: &charges, used: &usage };
        let given = credits(&account(&project), &month, &from).unwrap();
        assert_eq!(given.len(), 1);
        charges.extend(given);
        let site = SiteId::new("urn:hansa:site:hamburg").unwrap();
        let sites = BTreeMap::from([(OfferId::new("urn:hansa:offer:small").unwrap(), site)]);
        Self { project, month, charges, sites }
    }

    pub(crate) fn invoice(&self, heading: Heading) -> Invoice {
        let mut taxes = TaxTable::default();
        for (country, from, basis_points) in
            [("DE", "2007-01-01", 1_900), ("DE", "2026-03-16", 1_600), ("FR", "2014-01-01", 2_000)]
        {
            taxes.state(&Area::new(country).unwrap(), day(from), basis_points).unwrap();
        }
        Invoice::new(heading, &self.project, &self.month, Currency::EUR, &self.charges, &taxes).unwrap()
    }
}

pub(crate) fn party(name: &str, country: &str, vat_id: Option<&str>, legal_id: Option<&str>) -> Party {
    Party {
        name: name.to_owned(),
        street: "Hafenstraße 1".to_owned(),
        city: "Hamburg".to_owned(),
        post_code: "20457".to_owned(),
        country: Area::new(country).unwrap(),
        vat_id: vat_id.map(str::to_owned),
        legal_id: legal_id.map(str::to_owned),
        email: Some("bills@example.com".to_owned()),
    }
}

pub(crate) fn heading(buyer: Party) -> Heading {
    Heading {
        number: "2026-0001".to_owned(),
        issued: day("2026-04-06"),
        due: day("2026-04-20"),
        seller: party("North <Cloud> & Sons", "DE", Some("DE123456789"), Some("HRB 12345")),
        buyer,
        iban: Some("DE02120300000000202051".to_owned()),
    }
}
