//! Catalogues for tests: one that a person would write, and arbitrary ones
//! that reach the bounds of what the shapes allow.

use chrono::{DateTime, TimeZone, Utc};
use hansa_ontology::{
    Catalogue, Currency, Money, Offer, OfferId, OfferKind, Provider, ProviderId, Site, SiteId,
    offer::{Capacity, ComplianceClaim, CpuArch, Flavour, Gpu, PricePlan, PricingModel},
    place::{Area, Coordinates},
    site::EnergyProfile,
    sla::{Metric, Remedy, ServiceLevelObjective, Sla, Window},
};
use proptest::{collection, option, prelude::*, sample::select};
use rust_decimal::Decimal;

/// An offer that a person would write, number `number` of its site.
pub(crate) fn offer(number: usize) -> Offer {
    let decimal = |text: &str| text.parse::<Decimal>().unwrap();
    let noon = Utc.with_ymd_and_hms(2026, 1, 31, 12, 0, 0).unwrap();
    let remedy =
        |threshold: &str, credit: &str| Remedy { threshold: decimal(threshold), credit_percent: decimal(credit) };
    Offer {
        id: OfferId::new(format!("https://provider.example/offers/{number}")).unwrap(),
        title: format!("Small machine {number}"),
        provider: ProviderId::new("did:web:provider.example").unwrap(),
        site: SiteId::new("https://provider.example/sites/fra").unwrap(),
        kind: OfferKind::VirtualMachine,
        flavour: Flavour {
            name: "s1".to_owned(),
            cpu_milli: 500,
            memory_mib: 512,
            disk_mib: 10_240,
            cpu_arch: CpuArch::Amd64,
            gpu: None,
            bandwidth_mbps: Some(1_000),
        },
        capacity: Capacity { available_units: 12, as_of: noon },
        price_plan: PricePlan { model: PricingModel::OnDemand, price_per_hour: Money::new(12_500, Currency::EUR) },
        sla: Some(Sla {
            objectives: vec![ServiceLevelObjective {
                metric: Metric::Availability,
                target: decimal("99.9"),
                window: Window::Month,
                percentile: None,
                remedies: vec![remedy("99.9", "10"), remedy("99.0", "25")],
            }],
            credit_cap_percent: Some(decimal("50")),
        }),
        energy: Some(EnergyProfile {
            carbon_intensity: decimal("35.5"),
            pue: decimal("1.2"),
            renewable_share: Some(decimal("0.9")),
            power_watts: Some(decimal("12.5")),
        }),
        claims: vec![ComplianceClaim {
            scheme: "iso-27001".to_owned(),
            issuer: Some("TÜV Beispiel".to_owned()),
            evidence: Some("https://provider.example/iso-27001.pdf".to_owned()),
            valid_through: Some(noon),
        }],
        capabilities: ["database", "public-ip"].map(str::to_owned).into(),
        service_area: [Area::new("EU").unwrap()].into(),
        valid_from: None,
        valid_through: Some(noon),
    }
}

/// A catalogue of so many offers at one site.
pub(crate) fn catalogue(offers: usize) -> Catalogue {
    let germany = Area::new("DE").unwrap();
    let provider = ProviderId::new("did:web:provider.example").unwrap();
    Catalogue {
        providers: vec![Provider { id: provider.clone(), name: "Provider".to_owned(), country: germany.clone() }],
        sites: vec![Site {
            id: SiteId::new("https://provider.example/sites/fra").unwrap(),
            name: "Frankfurt".to_owned(),
            provider,
            country: germany.clone(),
            coordinates: Some(Coordinates { latitude: Decimal::new(5_011, 2), longitude: Decimal::new(868, 2) }),
            jurisdictions: [germany].into(),
            latencies: [(SiteId::new("https://provider.example/sites/ams").unwrap(), 7_250)].into(),
            energy: None,
        }],
        offers: (0..offers).map(offer).collect(),
    }
}

/// Any catalogue that the shapes allow; its IRIs don't repeat.
pub(crate) fn any_catalogue() -> impl Strategy<Value = Catalogue> {
    (collection::vec(any_provider(), 0..3), collection::vec(any_site(), 0..3), collection::vec(any_offer(), 0..4))
        .prop_map(|(mut providers, mut sites, mut offers)| {
            for (number, provider) in providers.iter_mut().enumerate() {
                provider.id = ProviderId::new(format!("{}/p{number}", provider.id)).unwrap();
            }
            for (number, site) in sites.iter_mut().enumerate() {
                site.id = SiteId::new(format!("{}/s{number}", site.id)).unwrap();
            }
            for (number, offer) in offers.iter_mut().enumerate() {
                offer.id = OfferId::new(format!("{}/o{number}", offer.id)).unwrap();
            }
            Catalogue { providers, sites, offers }
        })
}

fn any_iri() -> impl Strategy<Value = String> {
    prop_oneof![
        "(urn:example:|did:web:|https://[a-z]{1,8}\\.example/)[a-zA-Z0-9._~%äßπ語-]{1,20}"
            .prop_map(|iri| iri.replace('%', "%C3%A4")),
        Just("https://a.example/o?q=1&r=';DROP+TABLE#frag".to_owned()),
        Just("urn:a:b$,;=@!*'()".to_owned()),
    ]
}

/// Any characters at all, also those that Turtle must escape.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-zA-Z0-9 ]{1,20}",
        2 => collection::vec(any::<char>(), 1..30).prop_map(String::from_iter),
        1 => Just("\"\"\"'''\\u0041\\ \r\n\t\u{0}\u{7f}\u{85}\u{2028} <x> [] # @prefix . 🜁".to_owned()),
    ]
}

fn any_area() -> impl Strategy<Value = Area> {
    "[A-Z]{2,3}".prop_map(|code| Area::new(code).unwrap())
}

fn any_time() -> impl Strategy<Value = DateTime<Utc>> {
    // From year 1 to the end of year 9999, to the nanosecond.
    (-62_135_596_800_i64..253_402_300_800, prop_oneof![Just(0_u32), 0..1_000_000_000_u32])
        .prop_map(|(seconds, nanos)| DateTime::from_timestamp(seconds, nanos).unwrap())
}

/// From `low` to `high` with at most `scale` decimals; the bounds come often.
fn any_decimal(low: i64, high: i64, scale: u32) -> impl Strategy<Value = Decimal> {
    let one = 10_i128.pow(scale);
    let (low, high) = (i128::from(low) * one, i128::from(high) * one);
    prop_oneof![Just(low), Just(high), low..=high, low..=high.min(low + 1_000)]
        .prop_map(move |number| Decimal::from_i128_with_scale(number, scale))
}

fn any_energy() -> impl Strategy<Value = EnergyProfile> {
    (
        any_decimal(0, 10_000, 12),
        any_decimal(1, 100, 12),
        option::of(any_decimal(0, 1, 12)),
        option::of(any_decimal(0, 1_000_000, 12)),
    )
        .prop_map(|(carbon_intensity, pue, renewable_share, power_watts)| EnergyProfile {
            carbon_intensity,
            pue,
            renewable_share,
            power_watts,
        })
}

fn any_provider() -> impl Strategy<Value = Provider> {
    (any_iri(), any_text(), any_area()).prop_map(|(id, name, country)| Provider {
        id: ProviderId::new(id).unwrap(),
        name,
        country,
    })
}

fn any_site() -> impl Strategy<Value = Site> {
    (
        (any_iri(), any_text(), any_iri(), any_area()),
        option::of((any_decimal(-90, 90, 12), any_decimal(-180, 180, 12))),
        collection::btree_set(any_area(), 0..4),
        collection::btree_map(any_iri(), prop_oneof![Just(0), Just(u32::MAX), any::<u32>()], 0..4),
        option::of(any_energy()),
    )
        .prop_map(|((id, name, provider, country), point, jurisdictions, latencies, energy)| Site {
            id: SiteId::new(id).unwrap(),
            name,
            provider: ProviderId::new(provider).unwrap(),
            country,
            coordinates: point.map(|(latitude, longitude)| Coordinates { latitude, longitude }),
            jurisdictions,
            latencies: latencies.into_iter().map(|(site, micros)| (SiteId::new(site).unwrap(), micros)).collect(),
            energy,
        })
}

fn any_flavour() -> impl Strategy<Value = Flavour> {
    let mib = |least: u64| prop_oneof![Just(least), Just(1_u64 << 40), least..1 << 40, least..100_000];
    (
        any_text(),
        prop_oneof![Just(1), Just(u32::MAX), 1..=u32::MAX, 1..64_000_u32],
        mib(1),
        mib(0),
        select(&[CpuArch::Amd64, CpuArch::Arm64, CpuArch::Riscv64][..]),
        option::of((any_text(), 1..=u32::MAX)),
        option::of(any::<u32>()),
    )
        .prop_map(|(name, cpu_milli, memory_mib, disk_mib, cpu_arch, gpu, bandwidth_mbps)| Flavour {
            name,
            cpu_milli,
            memory_mib,
            disk_mib,
            cpu_arch,
            gpu: gpu.map(|(model, count)| Gpu { model, count }),
            bandwidth_mbps,
        })
}

fn any_sla() -> impl Strategy<Value = Sla> {
    let remedy = (any_decimal(0, 1_000_000_000, 12), any_decimal(0, 100, 12))
        .prop_map(|(threshold, credit_percent)| Remedy { threshold, credit_percent });
    let metrics = [
        Metric::Availability,
        Metric::Latency,
        Metric::Throughput,
        Metric::ErrorRate,
        Metric::ProvisioningTime,
        Metric::RepairTime,
    ];
    let objective = (
        select(metrics.to_vec()),
        any_decimal(0, 1_000_000_000, 12),
        select(&[Window::Hour, Window::Day, Window::Week, Window::Month, Window::Year][..]),
        option::of(any_decimal(0, 100, 12)),
        collection::vec(remedy, 0..4),
    )
        .prop_map(|(metric, target, window, percentile, remedies)| ServiceLevelObjective {
            metric,
            target,
            window,
            percentile,
            remedies,
        });
    (collection::vec(objective, 1..4), option::of(any_decimal(0, 100, 12)))
        .prop_map(|(objectives, credit_cap_percent)| Sla { objectives, credit_cap_percent })
}

fn any_claim() -> impl Strategy<Value = ComplianceClaim> {
    ("[a-z0-9][a-z0-9.-]{0,20}", option::of(any_text()), option::of(any_iri()), option::of(any_time())).prop_map(
        |(scheme, issuer, evidence, valid_through)| ComplianceClaim { scheme, issuer, evidence, valid_through },
    )
}

fn any_price_plan() -> impl Strategy<Value = PricePlan> {
    (
        select(&[PricingModel::OnDemand, PricingModel::Reserved, PricingModel::Spot][..]),
        prop_oneof![Just(0), Just(i64::MAX), 0..i64::MAX, 0..1_000_000_i64],
        "[A-Z]{3}",
    )
        .prop_map(|(model, micros, currency)| PricePlan {
            model,
            price_per_hour: Money::new(micros, currency.parse().unwrap()),
        })
}

pub(crate) fn any_offer() -> impl Strategy<Value = Offer> {
    (
        (any_iri(), any_text(), any_iri(), any_iri()),
        select(&[OfferKind::BareMetal, OfferKind::VirtualMachine, OfferKind::Container][..]),
        (any_flavour(), any::<u32>(), any_time(), any_price_plan()),
        (option::of(any_sla()), option::of(any_energy()), collection::vec(any_claim(), 0..4)),
        (collection::btree_set(any_text(), 0..4), collection::btree_set(any_area(), 0..4)),
        (option::of(any_time()), option::of(any_time())),
    )
        .prop_map(|(names, kind, sold, promised, sets, (from, through))| {
            let (id, title, provider, site) = names;
            let (flavour, available_units, as_of, price_plan) = sold;
            let (sla, energy, claims) = promised;
            let late = from.zip(through).is_some_and(|(from, through)| from > through);
            Offer {
                id: OfferId::new(id).unwrap(),
                title,
                provider: ProviderId::new(provider).unwrap(),
                site: SiteId::new(site).unwrap(),
                kind,
                flavour,
                capacity: Capacity { available_units, as_of },
                price_plan,
                sla,
                energy,
                claims,
                capabilities: sets.0,
                service_area: sets.1,
                valid_from: if late { through } else { from },
                valid_through: if late { from } else { through },
            }
        })
}
