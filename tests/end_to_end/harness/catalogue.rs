//! Catalogues of tests: offers by the hundred.

use hansa_ontology::{
    Catalogue, Currency, Money, Offer, OfferId, OfferKind, Provider, ProviderId, Site, SiteId,
    offer::{Capacity, CpuArch, Flavour, PricePlan, PricingModel},
    place::Area,
};

/// A catalogue of this provider with this site in Finland and so many offers,
/// each a little dearer than the one before: `NAMESPACE/offers/0` and so on.
pub(crate) fn catalogue(provider: &str, site: &str, namespace: &str, offers: u32) -> Catalogue {
    let (provider, site) = (ProviderId::new(provider).unwrap(), SiteId::new(site).unwrap());
    let finland = Area::new("FI").unwrap();
    Catalogue {
        providers: vec![Provider { id: provider.clone(), name: "North".to_owned(), country: finland.clone() }],
        sites: vec![Site {
            id: site.clone(),
            name: "Helsinki".to_owned(),
            provider: provider.clone(),
            country: finland.clone(),
            coordinates: None,
            jurisdictions: [finland].into(),
            latencies: [].into(),
            energy: None,
        }],
        offers: (0..offers).map(|number| offer(namespace, number, &provider, &site)).collect(),
    }
}

fn offer(namespace: &str, number: u32, provider: &ProviderId, site: &SiteId) -> Offer {
    let size = u64::from(number % 16 + 1);
    Offer {
        id: OfferId::new(format!("{namespace}/offers/{number}")).unwrap(),
        title: format!("Machine {number}"),
        provider: provider.clone(),
        site: site.clone(),
        kind: OfferKind::VirtualMachine,
        flavour: Flavour {
            name: format!("m{size}"),
            cpu_milli: u32::try_from(size).unwrap() * 500,
            memory_mib: size * 1_024,
            disk_mib: 20_480,
            cpu_arch: CpuArch::Amd64,
            gpu: None,
            bandwidth_mbps: None,
        },
        capacity: Capacity { available_units: 5, as_of: "2026-06-01T12:00:00Z".parse().unwrap() },
        price_plan: PricePlan {
            model: PricingModel::OnDemand,
            price_per_hour: Money::new(1_000 * i64::try_from(size).unwrap() + i64::from(number), Currency::EUR),
        },
        sla: None,
        energy: None,
        claims: Vec::new(),
        capabilities: ["proxy", "public-ip"].map(str::to_owned).into(),
        service_area: [Area::new("EU").unwrap()].into(),
        valid_from: None,
        valid_through: None,
    }
}
