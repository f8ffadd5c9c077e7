//! Offers from the seller's catalogue into the buyer's, and out of it again.

use crate::support::{Broker, Stage, catalogue, offer, on_each_database, provider, site};
use hansa_federation_manager::{
    exchange::Freshness,
    partners::{PartnerPolicy, Rule},
    testing::{Fault, federate},
};
use hansa_ontology::{Actor, Currency, Money, OfferKind};
use std::{collections::BTreeSet, time::Duration};

#[test]
fn what_one_sells_the_other_has_to_the_byte() {
    on_each_database(async |stage: Stage| {
        let (seller, buyer) = stage.pair(250).await;
        let report = buyer.pull(&seller).await;
        assert_eq!((report.taken, report.quarantined, report.complete), (252, 0, true));
        assert_eq!(report.pages, 3, "252 items in pages of a hundred");
        let (there, here) = (seller.offers_of("seller").await, buyer.offers_of("seller").await);
        assert_eq!(here.len(), 250);
        for (there, here) in there.iter().zip(&here) {
            let mut here = here.clone();
            assert_eq!(here.valid_through, Some(stage.now() + chrono::TimeDelta::days(1)), "by our own policy");
            here.valid_through = None;
            here.capacity = there.capacity;
            assert_eq!(*there, here);
        }
        let stored = buyer.catalogue().offer(&here[7].id).await.unwrap();
        let origin = stored.origin.unwrap();
        assert_eq!((origin.partner, origin.received_at), (seller.did(), stage.now()));
        let document = hansa_federation::SignedDocument {
            content_type: stored.source.media_type,
            content: stored.source.text,
            signature: origin.signature,
        };
        let keys = seller.manager.did_document().unwrap().keys().unwrap();
        assert!(hansa_federation::document::verify(&document, &keys, stage.now()).is_ok());

        // The same again is nothing.
        let again = buyer.pull(&seller).await;
        assert_eq!((again.taken, again.withdrawn, again.capacity), (0, 0, 0));
        assert_eq!(seller.manager.publish().await.unwrap(), 0);
    });
}

#[test]
fn changes_and_withdrawals_travel() {
    on_each_database(async |stage: Stage| {
        let (seller, buyer) = stage.pair(5).await;
        buyer.pull(&seller).await;
        let mut changed = catalogue("seller", 6);
        changed.offers[2].price_plan.price_per_hour = Money::new(99_000, Currency::EUR);
        seller.import(&changed).await;
        let gone = offer("seller", 0).id;
        seller.catalogue().offer_withdraw(&gone, Actor::Local, stage.now()).await.unwrap();
        assert_eq!(seller.manager.publish().await.unwrap(), 3);
        let report = buyer.pull(&seller).await;
        assert_eq!((report.taken, report.withdrawn, report.pages), (2, 1, 1));
        let here = buyer.offers_of("seller").await;
        assert_eq!(here.len(), 5);
        assert!(here.iter().all(|offer| offer.id != gone));
        assert_eq!(
            here.iter().find(|o| o.id == changed.offers[2].id).unwrap().price_plan.price_per_hour.micros,
            99_000
        );
        // A newcomer gets what stands, without the history.
        let newcomer = stage.broker("newcomer");
        federate(&seller.manager, &newcomer.manager).await.unwrap();
        let report = newcomer.pull(&seller).await;
        assert_eq!((report.taken, report.withdrawn), (7, 0));
        assert_eq!(newcomer.offers_of("seller").await, here);
    });
}

#[test]
fn lost_repeated_and_cut_calls_change_nothing_in_the_end() {
    on_each_database(async |stage: Stage| {
        let (seller, buyer) = stage.pair(150).await;
        stage.network.fault("/federation/v1/offers", Fault::AnswerLost);
        assert!(buyer.manager.pull(&seller.did()).await.is_err());
        stage.network.fault("/federation/v1/offers", Fault::Repeated);
        stage.network.fault("/federation/v1/status", Fault::Repeated);
        buyer.pull(&seller).await;
        assert_eq!(buyer.offers_of("seller").await.len(), 150);
        assert!(seller.kinds("federation.refused").await.len() == 2, "the repetitions were refused");

        stage.network.cut(&buyer.manager, &seller.manager);
        assert!(buyer.manager.pull(&seller.did()).await.is_err());
        assert!(buyer.manager.pull(&seller.did()).await.is_err());
        assert_eq!(buyer.kinds("partner.unreachable").await.len(), 2, "once for the lost answer, once for the cut");
        stage.network.heal();
        seller.sell(151).await;
        buyer.pull(&seller).await;
        assert_eq!(buyer.offers_of("seller").await.len(), 151);
        assert_eq!(buyer.kinds("partner.heard-again").await.len(), 2);
    });
}

#[test]
fn who_is_not_heard_has_stale_offers_that_are_not_planned_with() {
    on_each_database(async |stage: Stage| {
        let (seller, buyer) = stage.pair(1).await;
        buyer.pull(&seller).await;
        let offers = buyer.offers_of("seller").await;
        let standing = async || buyer.manager.provider_standings().await.unwrap()[&provider("seller").id].clone();
        assert_eq!(standing().await.freshness(&offers[0], stage.now()), Freshness::Fresh);
        stage.later(61);
        assert_eq!(standing().await.freshness(&offers[0], stage.now()), Freshness::Stale);
        assert!(standing().await.unusable.unwrap().contains("not been heard for 61 s"));
        assert_eq!(buyer.offers_of("seller").await.len(), 1, "stale is shown");
        buyer.pull(&seller).await;
        assert_eq!(standing().await.freshness(&offers[0], stage.now()), Freshness::Fresh);
        stage.later(24 * 3_600);
        assert_eq!(standing().await.freshness(&offers[0], stage.now()), Freshness::Expired);
        // A pull confirms what is still sold, for another day.
        buyer.pull(&seller).await;
        let offers = buyer.offers_of("seller").await;
        assert_eq!(standing().await.freshness(&offers[0], stage.now()), Freshness::Fresh);
    });
}

#[test]
fn units_travel_without_the_offers_and_are_kept_as_signed() {
    on_each_database(async |stage: Stage| {
        let (seller, buyer) = stage.pair(3).await;
        let say = |numbers: [u32; 3]| {
            let mut units = seller.units.0.lock().unwrap();
            *units = (0_u32..).zip(numbers).map(|(number, units)| (offer("seller", number).id, units)).collect();
        };
        say([4, 5, 6]);
        assert_eq!(buyer.pull(&seller).await.capacity, 3);
        let units = async || -> Vec<u32> {
            buyer.offers_of("seller").await.iter().map(|offer| offer.capacity.available_units).collect()
        };
        assert_eq!(units().await, [4, 5, 6]);
        stage.later(10);
        say([4, 0, 6]);
        let report = buyer.pull(&seller).await;
        assert_eq!((report.capacity, report.taken), (1, 0));
        assert_eq!(units().await, [4, 0, 6]);
        let here = buyer.offers_of("seller").await;
        assert_eq!(here[1].capacity.as_of, stage.now());
        let kept = buyer.manager.capacity_received(&seller.did()).await.unwrap().unwrap();
        let keys = seller.manager.did_document().unwrap().keys().unwrap();
        assert!(hansa_federation::document::verify(&kept.document, &keys, stage.now()).is_ok());
        // A new version of the offer keeps the units that are left.
        let mut dearer = catalogue("seller", 3);
        dearer.offers[1].title = "another title".to_owned();
        seller.import(&dearer).await;
        seller.manager.publish().await.unwrap();
        buyer.pull(&seller).await;
        assert_eq!(units().await, [4, 0, 6]);
        // Our limit for the partner bounds what it is told.
        let mut policy = PartnerPolicy::default();
        policy.offered.limits.units = Some(5);
        seller.manager.partner_policy_set(&buyer.did(), policy, Actor::Local).await.unwrap();
        buyer.pull(&seller).await;
        assert_eq!(units().await, [4, 0, 5]);
    });
}

#[test]
fn each_partner_sees_what_its_policy_shows() {
    on_each_database(async |stage: Stage| {
        let (seller, buyer) = stage.pair(4).await;
        buyer.pull(&seller).await;
        let mut policy = PartnerPolicy::default();
        policy.offered.offers = Rule { deny: BTreeSet::from([offer("seller", 1).id]), ..Rule::default() };
        seller.manager.partner_policy_set(&buyer.did(), policy.clone(), Actor::Local).await.unwrap();
        let report = buyer.pull(&seller).await;
        assert_eq!((report.withdrawn, report.taken), (1, 0));
        assert_eq!(buyer.offers_of("seller").await.len(), 3);
        policy.offered.sites = Rule { deny: BTreeSet::from([site("seller").id]), ..Rule::default() };
        seller.manager.partner_policy_set(&buyer.did(), policy, Actor::Local).await.unwrap();
        buyer.pull(&seller).await;
        assert_eq!(buyer.offers_of("seller").await.len(), 0);
        seller.manager.partner_policy_set(&buyer.did(), PartnerPolicy::default(), Actor::Local).await.unwrap();
        buyer.pull(&seller).await;
        assert_eq!(buyer.offers_of("seller").await.len(), 4);
        let seen = seller.manager.authenticate_for_test(&buyer).await;
        assert_eq!(seller.manager.dsp_catalog(&seen, 0).await.unwrap().catalog.dataset.len(), 4);
    });
}

trait ForTest {
    async fn authenticate_for_test(&self, buyer: &Broker) -> hansa_federation_manager::Peer;
}

impl ForTest for hansa_federation_manager::FederationManager {
    async fn authenticate_for_test(&self, buyer: &Broker) -> hansa_federation_manager::Peer {
        let partner = self.partner_get(&buyer.did()).await.unwrap();
        hansa_federation_manager::Peer { did: partner.did, name: partner.name, state: partner.state }
    }
}

#[test]
fn each_owner_takes_what_their_policy_takes() {
    on_each_database(async |stage: Stage| {
        let (seller, buyer) = stage.pair(0).await;
        let mut mixed = catalogue("seller", 4);
        mixed.offers[0].kind = OfferKind::BareMetal;
        mixed.offers[3].price_plan.price_per_hour = Money::new(9_000_000, Currency::EUR);
        seller.import(&mixed).await;
        seller.manager.publish().await.unwrap();
        buyer.pull(&seller).await;
        assert_eq!(buyer.offers_of("seller").await.len(), 4);
        let mut policy = PartnerPolicy::default();
        policy.accepted.kinds = Rule { allow: BTreeSet::from([OfferKind::VirtualMachine]), ..Rule::default() };
        policy.accepted.limits.price_per_hour = Some(Money::new(1_000_000, Currency::EUR));
        buyer.manager.partner_policy_set(&seller.did(), policy.clone(), Actor::Local).await.unwrap();
        buyer.pull(&seller).await;
        assert_eq!(buyer.offers_of("seller").await.len(), 3);
        assert!(buyer.quarantine().await[0].contains("takes no offers of the kind bare-metal"));
        let providers = buyer.manager.provider_list().await.unwrap();
        assert_eq!(providers[0].unusable_offers.keys().collect::<Vec<_>>(), [&mixed.offers[3].id]);
        policy.accepted.jurisdictions =
            Rule { deny: BTreeSet::from([hansa_ontology::place::Area::new("DE").unwrap()]), ..Rule::default() };
        buyer.manager.partner_policy_set(&seller.did(), policy, Actor::Local).await.unwrap();
        buyer.pull(&seller).await;
        assert_eq!(buyer.offers_of("seller").await.len(), 0);
        buyer.manager.partner_policy_set(&seller.did(), PartnerPolicy::default(), Actor::Local).await.unwrap();
        buyer.pull(&seller).await;
        assert_eq!(buyer.offers_of("seller").await.len(), 4);
        assert_eq!(buyer.quarantine().await, [""; 0]);
    });
}

#[test]
fn a_revoked_key_is_noticed_and_what_it_signed_is_signed_anew() {
    on_each_database(async |stage: Stage| {
        let (seller, buyer) = stage.pair(3).await;
        buyer.pull(&seller).await;
        let stolen = stage.keys_of("seller").signer(stage.now()).unwrap();
        stage.later(60);
        seller.manager.key_revoke(&stolen, Actor::Local).await.unwrap();
        stage.later(700);
        let report = buyer.pull(&seller).await;
        assert_eq!((report.quarantined, report.complete), (0, true));
        let newcomer = stage.broker("newcomer");
        federate(&seller.manager, &newcomer.manager).await.unwrap();
        assert_eq!(newcomer.pull(&seller).await.quarantined, 0);
        assert_eq!(newcomer.offers_of("seller").await.len(), 3);
    });
}

#[test]
fn five_brokers_in_a_full_mesh_come_to_one_set_in_three_rounds() {
    on_each_database(async |stage: Stage| {
        let names = ["a", "b", "c", "d", "e"];
        let brokers: Vec<Broker> = names.iter().map(|name| stage.broker(name)).collect();
        for broker in &brokers {
            broker.sell(30).await;
        }
        for (index, one) in brokers.iter().enumerate() {
            for other in &brokers[index + 1..] {
                federate(&one.manager, &other.manager).await.unwrap();
            }
        }
        for round in 0..3 {
            for one in &brokers {
                for other in brokers.iter().filter(|other| other.name != one.name) {
                    one.pull(other).await;
                }
            }
            if round == 0 {
                brokers[1].sell(31).await;
            }
        }
        let mut sets = Vec::new();
        for broker in &brokers {
            let snapshot = broker.catalogue().snapshot().await.unwrap();
            sets.push(snapshot.catalogue.offers.iter().map(|offer| offer.id.clone()).collect::<BTreeSet<_>>());
        }
        assert_eq!(sets[0].len(), 151);
        assert!(sets.iter().all(|set| *set == sets[0]));
    });
}

#[test]
fn run_pulls_by_itself_and_a_hint_makes_it_sooner() {
    on_each_database(async |stage: Stage| {
        let (seller, buyer) = stage.pair(2).await;
        let stop = tokio_util::sync::CancellationToken::new();
        let running: Vec<_> = [&seller, &buyer]
            .into_iter()
            .map(|broker| {
                let (manager, stop) = (broker.manager.clone(), stop.clone());
                tokio::spawn(async move { manager.run(stop).await })
            })
            .collect();
        let has = async |count: usize| {
            for _ in 0..300 {
                if buyer.offers_of("seller").await.len() == count {
                    return true;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
                // The clock is set by hand; without it hints would wait for ever.
                stage.clock.advance(chrono::TimeDelta::milliseconds(20));
            }
            false
        };
        assert!(has(2).await);
        seller.import(&catalogue("seller", 3)).await;
        assert!(has(3).await);
        stop.cancel();
        for task in running {
            task.await.unwrap().unwrap();
        }
    });
}
