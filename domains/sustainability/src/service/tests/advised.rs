//! Moves that would save.

use super::*;
use hansa_ontology::{
    Catalogue, Money, Offer, Provider, Site, SiteId,
    offer::{Capacity, PricePlan},
    place::Area,
};
use hansa_repository::OwnerChange;

pub(super) const OTHER: &str = "urn:hansa:site:porto";

fn provider() -> Provider {
    Provider {
        id: ProviderId::new("did:web:north.example").unwrap(),
        name: "North".to_owned(),
        country: Area::new("DE").unwrap(),
    }
}

pub(super) fn site(id: &str, country: &str, grams: Option<i64>) -> Site {
    let profile = grams.map(|grams| EnergyProfile { carbon_intensity: Decimal::from(grams), ..energy(None) });
    Site {
        id: SiteId::new(id).unwrap(),
        name: id.to_owned(),
        provider: provider().id,
        country: Area::new(country).unwrap(),
        coordinates: None,
        jurisdictions: [Area::new(country).unwrap()].into(),
        latencies: std::collections::BTreeMap::new(),
        energy: profile,
    }
}

pub(super) fn offer(name: &str, site: &str, flavour: Flavour) -> Offer {
    Offer {
        id: OfferId::new(format!("urn:hansa:offer:{name}")).unwrap(),
        title: name.to_owned(),
        provider: provider().id,
        site: SiteId::new(site).unwrap(),
        kind: OfferKind::VirtualMachine,
        flavour,
        capacity: Capacity { available_units: 5, as_of: moment("2026-02-01T00:00:00Z") },
        price_plan: PricePlan {
            model: PricingModel::OnDemand,
            price_per_hour: Money { micros: 8_403, currency: Currency::EUR },
        },
        sla: None,
        energy: None,
        claims: Vec::new(),
        capabilities: [].into(),
        service_area: [].into(),
        valid_from: None,
        valid_through: None,
    }
}

impl Broker {
    pub(super) async fn sells(&self, sites: Vec<Site>, offers: Vec<Offer>) {
        let catalogue = Catalogue { providers: vec![provider()], sites, offers };
        let change = OwnerChange { actor: Actor::Broker, now: self.now(), expected: None, dry_run: false };
        let refused = self.sustainability.catalogue.own_put(catalogue, None, change).await.unwrap();
        assert!(refused.is_empty(), "{refused:?}");
    }

    async fn advice(&self, grams: i64) -> Vec<Advice> {
        let query =
            AdviceQuery { project: project(), application: None, worth: Carbon::of_grams(grams.into()).unwrap() };
        self.sustainability.advice(&query).await.unwrap()
    }
}

#[test]
fn a_cleaner_site_with_room_is_advised() {
    for_each(async |database| {
        let broker = Broker::new(database.database(), "2026-02-27T00:00:00Z").await;
        let tiny = Flavour { cpu_milli: 1_000, name: "tiny".to_owned(), ..small() };
        let sites = vec![site(SITE, "DE", Some(400)), site(OTHER, "PT", Some(100))];
        broker.sells(sites.clone(), vec![offer("small", SITE, small()), offer("tiny", OTHER, tiny)]).await;
        // Where the offer says nothing of its energy, its site does.
        broker.rent(rental(Some(small()), None)).await;
        broker.until("2026-02-27T10:00:00Z").await;
        let footprint = broker.carbon("2026-02-27", "2026-02-27", &[]).await.total.footprint;
        let hand = hour_by_hand(0.5) / 1e3 * 1.2;
        close("by the site's intensity", footprint.location.grams(), hand * 10.0 * 400.0);
        assert_eq!(broker.advice(0).await, [], "what is there is too small");
        broker.sells(sites, vec![offer("small", SITE, small()), offer("large", OTHER, small())]).await;
        let advice = broker.advice(0).await;
        assert_eq!((advice.len(), advice[0].application, advice[0].to.as_str()), (1, APPLICATION, OTHER));
        close("saved in thirty days", advice[0].recommendation.expected.grams(), hand * 720.0 * 300.0);
        close("if it stays", advice[0].stays.grams(), hand * 720.0 * 400.0 + embodied_by_hand() * 720.0);
        assert_eq!(broker.advice(1_000_000).await, [], "it is not worth that");
        broker.end(Thing::Machine(MACHINE)).await;
        broker.follow().await;
        assert_eq!(broker.advice(0).await, [], "nothing runs");
    });
}
