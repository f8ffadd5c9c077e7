//! A made-up month of three brokers and twenty applications, from a seed: the
//! raw events as each broker's log has them, out of order, with repetitions,
//! with clocks that go back, and with the readings of counters.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use hansa_accounting::{
    Interval,
    price::{Account, BillingMonth, Discount, Price, PricePlan, Rate, Reservation, Tier, Unit, Zone},
    usage::{Change, LifecycleEvent, Meter, PlanId, Reading, Resource, ResourceKind, Subject, Terms},
};
use hansa_ontology::{
    ApplicationId, MachineId, OfferId, ProjectId, ProviderId, SiteId,
    place::Area,
    sla::{Metric, Window},
};
use hansa_repository::breach::{Breach, Missed, ToldBreach};
use rust_decimal::Decimal;
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};
use uuid::Uuid;

pub(crate) const BROKERS: [&str; 3] = ["north", "south", "west"];

/// Numbers from a seed (SplitMix64).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }

    /// In any order, and one in a hundred twice.
    pub(crate) fn shuffle<T: Clone>(&mut self, things: &mut Vec<T>) {
        for place in 0..things.len() {
            if self.below(100) == 0 {
                things.push(things[place].clone());
            }
        }
        for place in (1..things.len()).rev() {
            let other = usize::try_from(self.below(place as u64 + 1)).unwrap();
            things.swap(place, other);
        }
    }
}

/// A project, who sells to it, and how it is taxed.
#[derive(Serialize)]
pub(crate) struct Tenant {
    pub(crate) account: Account,
    pub(crate) broker: ProviderId,
    pub(crate) country: Area,
    pub(crate) business: bool,
}

/// What a counter showed.
#[derive(Serialize)]
pub(crate) struct Counter {
    pub(crate) subject: Arc<Subject>,
    pub(crate) readings: Vec<Reading>,
}

#[derive(Serialize)]
pub(crate) struct World {
    pub(crate) month: String,
    pub(crate) now: DateTime<Utc>,
    pub(crate) tenants: Vec<Tenant>,
    /// What brokers pay each other: the project stands for the buyer.
    pub(crate) orders: Vec<Account>,
    pub(crate) plans: Vec<PricePlan>,
    pub(crate) exchange: Vec<(String, String, NaiveDate, i64)>,
    pub(crate) taxes: Vec<(Area, NaiveDate, u32)>,
    pub(crate) events: Vec<LifecycleEvent>,
    /// What was promised and not kept.
    pub(crate) breaches: Vec<ToldBreach>,
    pub(crate) counters: Vec<Counter>,
}

pub(crate) fn broker(name: &str) -> ProviderId {
    ProviderId::new(format!("did:web:{name}.example")).unwrap()
}

fn plan(id: &str, currency: &str, minimum_term: u64, rates: &[(&str, u64, Price, u64)]) -> PricePlan {
    let rate = |(meter, size, price, free): &(&str, u64, Price, u64)| {
        let (name, code, of) = ("Units".to_owned(), "C62".to_owned(), "Parts".to_owned());
        let unit = Arc::new(Unit { name, code, size: *size, of });
        Rate { meter: Meter::new(meter).unwrap(), unit, price: price.clone(), free: *free }
    };
    let (rates, title) = (rates.iter().map(rate).collect(), id.to_owned());
    PricePlan { id: PlanId::new(id).unwrap(), title, currency: currency.parse().unwrap(), rates, minimum_term }
}

fn plans(begin: DateTime<Utc>) -> Vec<PricePlan> {
    let flat = |micros| Price::Flat { micros };
    let tier = |up_to, micros| Tier { up_to, micros };
    let spot =
        (0..40).map(|step| (begin + TimeDelta::seconds(step * 80_000 - 700_001), 2_000 + step * 137 % 900)).collect();
    let steps = vec![tier(Some(1_000_000), 9_001), tier(Some(3_000_000), 7_003), tier(None, 5_501)];
    let bytes = vec![tier(Some(40_000_000_000), 90_007), tier(None, 50_021)];
    vec![
        plan("flat", "EUR", 0, &[("machine-seconds", 3_600, flat(8_403), 0), ("mib-seconds", 3_686_400, flat(57), 0)]),
        plan(
            "dollars",
            "USD",
            0,
            &[("machine-seconds", 3_600, flat(45_171), 0), ("mib-seconds", 3_686_400, flat(61), 0)],
        ),
        plan(
            "steps",
            "EUR",
            0,
            &[
                ("machine-seconds", 3_600, Price::Graduated { tiers: steps.clone() }, 100_000),
                (
                    "mib-seconds",
                    3_686_400,
                    Price::Volume { tiers: vec![tier(Some(20_000_000_000), 50), tier(None, 41)] },
                    7,
                ),
            ],
        ),
        plan(
            "spot",
            "EUR",
            0,
            &[("machine-seconds", 3_600, Price::Spot { prices: spot }, 0), ("mib-seconds", 3_686_400, flat(40), 0)],
        ),
        plan(
            "term",
            "EUR",
            300_000,
            &[("machine-seconds", 3_600, flat(10_007), 5_000), ("mib-seconds", 3_686_400, flat(33), 0)],
        ),
        plan("net", "EUR", 0, &[("bytes", 1_000_000_000, Price::Graduated { tiers: bytes }, 10_000_000_000)]),
        plan(
            "wholesale",
            "EUR",
            0,
            &[("machine-seconds", 3_600, Price::Volume { tiers: steps }, 0), ("mib-seconds", 3_686_400, flat(29), 0)],
        ),
    ]
}

fn tenant(number: usize, month: NaiveDate, dice: &mut Dice) -> Tenant {
    let zones = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "UTC", "Australia/Lord_Howe"];
    let (country, business) = [("DE", true), ("FR", true), ("FR", false), ("CH", true)][number % 4];
    let discount = |id: &str, ppm, plan: Option<&str>, from: i64| Discount {
        id: id.into(),
        ppm,
        plan: plan.map(|plan| PlanId::new(plan).unwrap()),
        meter: None,
        application: None,
        from: month + TimeDelta::days(from),
        through: (from > 3).then(|| month + TimeDelta::days(from + 9)),
    };
    let begin = month.and_time(chrono::NaiveTime::MIN).and_utc()
        + TimeDelta::seconds(i64::try_from(dice.below(900_000)).unwrap());
    let reservation = Reservation {
        id: format!("r{number}").into(),
        provider: broker(BROKERS[number % 3]),
        kind: ResourceKind::Machine,
        plan: PlanId::new("flat").unwrap(),
        meter: Meter::new("machine-seconds").unwrap(),
        units: 1 + dice.below(3),
        micros: 5_113,
        term: Interval::new(begin, begin + TimeDelta::days(365)).unwrap(),
    };
    let account = Account {
        project: ProjectId::new(format!("tenant-{number}/web")).unwrap(),
        currency: "EUR".parse().unwrap(),
        zone: Zone(zones[number % zones.len()].parse().unwrap()),
        discounts: vec![discount("loyal", 75_001, None, 5), discount("launch", 333_333, Some("steps"), 0)],
        reservations: if number.is_multiple_of(2) { vec![reservation] } else { Vec::new() },
    };
    Tenant { account, broker: broker(BROKERS[number % 3]), country: Area::new(country).unwrap(), business }
}

/// The events of one thing, by a clock that may go back by up to two hours.
fn life(
    resource: &Resource,
    terms: &Terms,
    other: &PlanId,
    from: DateTime<Utc>,
    dice: &mut Dice,
    out: &mut Vec<LifecycleEvent>,
) {
    let mut at = from;
    let mut add = |at: DateTime<Utc>, change| {
        let sequence = out.len() as u64 + 1;
        out.push(LifecycleEvent { sequence, at, resource: resource.clone(), change });
    };
    add(at, Change::Started(terms.clone()));
    for _ in 0..dice.below(9) {
        at += TimeDelta::milliseconds(i64::try_from(dice.below(700_000_000)).unwrap());
        let back = if dice.below(5) == 0 {
            TimeDelta::seconds(i64::try_from(dice.below(7_200)).unwrap())
        } else {
            TimeDelta::zero()
        };
        let change = match dice.below(6) {
            0 => Change::Changed(Terms { plan: other.clone(), ..terms.clone() }),
            1 => Change::Changed(terms.clone()),
            2 => Change::Stopped,
            3 => Change::Started(terms.clone()),
            _ => Change::Seen,
        };
        add(at - back, change);
    }
    if dice.below(3) > 0 {
        add(at + TimeDelta::seconds(i64::try_from(dice.below(900_000)).unwrap()), Change::Stopped);
    }
}

impl World {
    pub(crate) fn new(seed: u64, year: i32, month: u32) -> Self {
        let mut dice = Dice::new(seed);
        let first = NaiveDate::from_ymd_opt(year, month, 1).unwrap();
        let begin = first.and_time(chrono::NaiveTime::MIN).and_utc();
        let plans = plans(begin);
        let tenants: Vec<Tenant> = (0..7).map(|number| tenant(number, first, &mut dice)).collect();
        let order = |name: &&str| Account {
            project: ProjectId::new(format!("orders/{name}")).unwrap(),
            currency: "EUR".parse().unwrap(),
            zone: Zone(chrono_tz::UTC),
            discounts: Vec::new(),
            reservations: Vec::new(),
        };
        let (mut events, mut breaches, mut counters) = (Vec::new(), Vec::new(), Vec::new());
        for number in 0..20_usize {
            let tenant = &tenants[number % tenants.len()];
            application(number, tenant, begin, &mut dice, (&mut events, &mut breaches), &mut counters);
        }
        dice.shuffle(&mut events);
        let rate = |day: i64, nanos| ("USD".to_owned(), "EUR".to_owned(), first + TimeDelta::days(day), nanos);
        let tax = |country: &str, day: i64, points| (Area::new(country).unwrap(), first + TimeDelta::days(day), points);
        Self {
            month: BillingMonth::new(year, month, chrono_tz::UTC).unwrap().name(),
            now: begin + TimeDelta::days(36),
            orders: BROKERS.iter().map(order).collect(),
            tenants,
            plans,
            exchange: vec![rate(-3, 921_234_567), rate(9, 934_500_001), rate(21, 915_999_983)],
            taxes: vec![tax("DE", -400, 1_900), tax("DE", 14, 1_600), tax("FR", -400, 2_000)],
            events,
            breaches,
            counters,
        }
    }
}

/// A promise that was not kept, in an hour, a day, a week or the month; cut by
/// the rental, in one of three, and told when the window was over.
fn breach(sequence: i64, of: &Terms, thing: &Resource, begin: DateTime<Utc>, dice: &mut Dice) -> ToldBreach {
    let window = *dice.one(&[Window::Hour, Window::Hour, Window::Day, Window::Week, Window::Month]);
    let (first, last) = window.containing(begin + TimeDelta::seconds(i64::try_from(dice.below(2_600_000)).unwrap()));
    let long = (last - first).num_seconds().unsigned_abs();
    let cut = if dice.below(3) == 0 { dice.below(long) } else { 0 };
    let number = |of: u64| Decimal::new(i64::try_from(of).unwrap(), 2);
    let missed = Missed {
        metric: Metric::Availability,
        target: number(9_990),
        window,
        percentile: None,
        from: first + TimeDelta::seconds(i64::try_from(cut).unwrap()),
        until: last,
        measured: number(9_000),
        credit_percent: number(dice.below(5_001)),
    };
    let breach = Breach {
        machine: MachineId(thing.id.parse().unwrap()),
        offer: of.offer.clone().unwrap(),
        provider: of.provider.clone(),
        site: SiteId::new("urn:hansa:site:kiel").unwrap(),
        partner: None,
        customer: None,
        missed,
        outages: Vec::new(),
        excluded: Vec::new(),
        credit_cap_percent: (dice.below(3) > 0).then(|| number(dice.below(1_500))),
    };
    let at = last + TimeDelta::seconds(60 + i64::try_from(dice.below(9_000)).unwrap());
    ToldBreach { sequence, at, project: of.project.clone(), application: of.application, breach }
}

/// Machines with a volume each, at any broker, and what they send. What another
/// broker delivers, that one meters too, for the primary, at wholesale.
fn application(
    number: usize,
    tenant: &Tenant,
    begin: DateTime<Utc>,
    dice: &mut Dice,
    (events, breaches): (&mut Vec<LifecycleEvent>, &mut Vec<ToldBreach>),
    counters: &mut Vec<Counter>,
) {
    let application = Some(ApplicationId(uuid::Uuid::from_u128(0xa000 + number as u128)));
    for thing in 0..2 + u128::from(dice.below(4)) {
        let provider = broker(dice.one::<&str>(&BROKERS));
        let plan = |name: &str| PlanId::new(name).unwrap();
        let retail = ["flat", "dollars", "steps", "spot", "term"];
        let terms = |project: &ProjectId, name: &str, disk: u64| Terms {
            provider: provider.clone(),
            project: project.clone(),
            application,
            offer: Some(OfferId::new(format!("urn:hansa:offer:{name}")).unwrap()),
            plan: plan(name),
            meters: BTreeMap::from([
                (Meter::new("machine-seconds").unwrap(), 1),
                (Meter::new("mib-seconds").unwrap(), disk),
            ]),
        };
        let named = |of: u128| Uuid::from_u128((of << 64) + ((number as u128) << 8) + thing).to_string();
        let id = named(1);
        let resource =
            Resource { kind: *dice.one(&[ResourceKind::Machine, ResourceKind::Server, ResourceKind::Workload]), id };
        let from = begin + TimeDelta::seconds(i64::try_from(dice.below(2_800_000)).unwrap() - 400_000);
        let disk = 1_024 * (1 + dice.below(40));
        let (first, other) = (*dice.one(&retail), plan(dice.one::<&str>(&retail)));
        let promised = terms(&tenant.account.project, first, disk);
        life(&resource, &promised, &other, from, dice, events);
        for _ in 0..dice.below(4) {
            let sequence = i64::try_from(breaches.len()).unwrap() + 1;
            breaches.push(breach(sequence, &promised, &resource, begin, dice));
        }
        if provider != tenant.broker {
            let buyer =
                ProjectId::new(format!("orders/{}", tenant.broker.short().trim_end_matches(".example"))).unwrap();
            let resource = Resource { id: named(2), ..resource };
            life(&resource, &terms(&buyer, "wholesale", disk), &plan("wholesale"), from, dice, events);
        }
    }
    let subject = Subject {
        provider: tenant.broker.clone(),
        resource: Resource { kind: ResourceKind::Transfer, id: format!("t{number}") },
        meter: Meter::new("bytes").unwrap(),
        project: tenant.account.project.clone(),
        application,
        offer: None,
        plan: PlanId::new("net").unwrap(),
    };
    let (mut readings, mut value, mut at) = (Vec::new(), 0, begin - TimeDelta::hours(30));
    for sequence in 0..400 {
        at += TimeDelta::seconds(i64::try_from(dice.below(15_000)).unwrap() - 300);
        value = if dice.below(60) == 0 { dice.below(1_000) } else { value + dice.below(900_000_000) };
        readings.push(Reading { sequence, at, value });
    }
    dice.shuffle(&mut readings);
    counters.push(Counter { subject: Arc::new(subject), readings });
}
