//! Providers, sites and offers for tests.

use chrono::DateTime;
use hansa_ontology::{
    Currency, Money, Offer, OfferId, OfferKind, Provider, ProviderId, Site, SiteId,
    catalogue::Catalogue,
    offer::{Capacity, CpuArch, Flavour, PricePlan, PricingModel},
    place::Area,
};
use std::collections::{BTreeMap, BTreeSet};

fn germany() -> Area {
    Area::new("DE").unwrap()
}

pub(crate) fn provider(name: &str) -> Provider {
    let id = ProviderId::new(format!("urn:hansa:provider:{name}")).unwrap();
    Provider { id, name: name.to_owned(), country: germany() }
}

pub(crate) fn site(name: &str, owner: &str) -> Site {
    Site {
        id: SiteId::new(format!("urn:hansa:site:{name}")).unwrap(),
        name: name.to_owned(),
        provider: provider(owner).id,
        country: germany(),
        coordinates: None,
        jurisdictions: BTreeSet::from([germany()]),
        latencies: BTreeMap::new(),
        energy: None,
    }
}

pub(crate) fn offer(number: u32) -> Offer {
    Offer {
        id: OfferId::new(format!("urn:hansa:offer:{number:05}")).unwrap(),
        title: format!("Offer {number}"),
        provider: provider("p").id,
        site: site("s", "p").id,
        kind: OfferKind::VirtualMachine,
        flavour: Flavour {
            name: "m1.small".to_owned(),
            cpu_milli: 1_000 + number,
            memory_mib: 2_048,
            disk_mib: 10_240,
            cpu_arch: CpuArch::Amd64,
            gpu: None,
            bandwidth_mbps: Some(100),
        },
        capacity: Capacity { available_units: 10, as_of: DateTime::from_timestamp(1_780_000_000, 0).unwrap() },
        price_plan: PricePlan { model: PricingModel::OnDemand, price_per_hour: Money::new(12_500, Currency::EUR) },
        sla: None,
        energy: None,
        claims: Vec::new(),
        capabilities: BTreeSet::from(["database".to_owned()]),
        service_area: BTreeSet::new(),
        valid_from: None,
        valid_through: None,
    }
}

/// A provider, its site, and offers 0, 1, 2 and so on.
pub(crate) fn catalogue(offers: u32) -> Catalogue {
    Catalogue { providers: vec![provider("p")], sites: vec![site("s", "p")], offers: (0..offers).map(offer).collect() }
}
