//! What goes wrong on purpose: wrong messages, other terms, wrong clocks, wrong
//! bills; and the conformance suite's cases.

use super::{
    cases::{delivered, life, manager, run, short, standing, until},
    world::{BUYER, SELLER, World},
};
use crate::{
    ErrorKind, FederationError,
    contracts::{CONFORMANCE_DID, ConformanceTrigger},
    orders::{Usage, UsageRole, UsageState},
    store,
};
use chrono::TimeDelta;
use hansa_federation::{
    document,
    dsp::{ContractNegotiation, negotiation::State},
    wire::{UsageReason, UsageRecord},
};
use hansa_ontology::order::MachineStanding;
use hansa_repository::ambient::{Clock as _, SystemClock};
use serde_json::{Value, json};
use std::time::Duration;

const CONTEXT: &str = "https://w3id.org/dspace/2025/1/context.jsonld";

fn kind(error: FederationError) -> ErrorKind {
    error.kind()
}

fn bytes(message: &Value) -> Vec<u8> {
    serde_json::to_vec(message).unwrap()
}

fn request(pid: &str, dataset: &str) -> Value {
    json!({
        "@context": [CONTEXT], "@type": "ContractRequestMessage", "consumerPid": pid,
        "offer": { "@id": "urn:x:terms", "@type": "Offer", "target": dataset, "permission": [{ "action": "use" }] },
        "callbackAddress": "http://127.0.0.1:9/callback",
    })
}

fn event(provider: &str, consumer: &str, what: &str) -> Value {
    json!({
        "@context": [CONTEXT], "@type": "ContractNegotiationEventMessage",
        "providerPid": provider, "consumerPid": consumer, "eventType": what,
    })
}

#[test]
fn wrong_messages_of_a_negotiation_are_refused_and_change_nothing() {
    run(async |pair| {
        let world = World::new(pair, short).await;
        let seller = manager(&world, SELLER).await;
        let peer = world.peer(SELLER, BUYER).await;
        let stranger = crate::Peer { did: "did:web:stranger.example".to_owned(), ..peer.clone() };
        let first = bytes(&request("urn:uuid:one", "https://seller.example/offers/none"));
        let (begun, new) = seller.negotiation_request(&peer, &first).await.unwrap();
        assert!(new);
        // The same again is answered alike; another with the same pid is not.
        let (again, new) = seller.negotiation_request(&peer, &first).await.unwrap();
        assert!(!new && again == begun);
        let other = bytes(&request("urn:uuid:one", "https://seller.example/offers/nano"));
        assert_eq!(seller.negotiation_request(&peer, &other).await.map_err(kind), Err(ErrorKind::Conflict));
        // Not a message, not of the schema, not of this place, not of this state, not of this partner.
        let pid = begun.provider_pid.as_str();
        let wrong = [
            (json!({ "@type": "ContractRequestMessage" }), "request", ErrorKind::Invalid),
            (json!([1, 2]), "events", ErrorKind::Invalid),
            (event(pid, "urn:uuid:other", "ACCEPTED"), "events", ErrorKind::Invalid),
            (event("urn:uuid:other", "urn:uuid:one", "ACCEPTED"), "events", ErrorKind::Invalid),
            (event(pid, "urn:uuid:one", "ACCEPTED"), "termination", ErrorKind::Invalid),
            (event(pid, "urn:uuid:one", "ACCEPTED"), "events", ErrorKind::Conflict),
            (event(pid, "urn:uuid:one", "FINALIZED"), "events", ErrorKind::Conflict),
        ];
        for (message, tail, expected) in wrong {
            let answer = seller.negotiation_message(&peer, pid, tail, &bytes(&message)).await;
            assert_eq!(answer.map_err(kind), Err(expected), "{tail}: {message}");
        }
        let event = bytes(&event(pid, "urn:uuid:one", "ACCEPTED"));
        let answer = seller.negotiation_message(&stranger, pid, "events", &event).await;
        assert_eq!(answer.map_err(kind), Err(ErrorKind::NotFound));
        assert_eq!(seller.negotiation_get(&stranger, pid).await.map_err(kind), Err(ErrorKind::NotFound));
        let drained = crate::Peer { state: crate::partners::PartnerState::Draining, ..peer.clone() };
        let late = bytes(&request("urn:uuid:two", "https://seller.example/offers/nano"));
        assert_eq!(seller.negotiation_request(&drained, &late).await.map_err(kind), Err(ErrorKind::Forbidden));
        assert_eq!(seller.negotiation_offered(&peer, &late).await.map_err(kind), Err(ErrorKind::Forbidden));
        // What isn't offered is terminated with a reason.
        until("a termination", async || {
            let there: ContractNegotiation = seller.negotiation_get(&peer, pid).await.unwrap();
            there.state == State::Terminated
        })
        .await;
    });
}

#[test]
fn an_offer_that_has_changed_is_countered_and_not_taken() {
    run(async |pair| {
        let world = World::new(pair, short).await;
        world.offer_change().await;
        let wish = world.wish(81);
        until("a refusal", async || matches!(standing(&world, &wish).await, MachineStanding::Refused { .. })).await;
        let MachineStanding::Refused { reason } = standing(&world, &wish).await else { panic!("refused") };
        assert!(reason.contains("changed"), "{reason}");
        assert_eq!(world.plan.lock().unwrap().sent.get("offers"), Some(&1), "the provider made a counter-offer");
        assert_eq!(world.units.taken(), 0);
        assert!(
            manager(&world, BUYER).await.machine_release(wish.machine).await.unwrap() || {
                until("given back", async || manager(&world, BUYER).await.machine_release(wish.machine).await.unwrap())
                    .await;
                true
            }
        );
    });
}

#[test]
fn clocks_five_minutes_apart_do_no_harm() {
    for ahead in [TimeDelta::minutes(5), TimeDelta::minutes(-5)] {
        run(async |pair| {
            let world = World::with_clocks(pair, short, ahead).await;
            life(&world).await;
        });
    }
}

#[test]
fn a_bill_that_is_too_high_is_disputed() {
    run(async |pair| {
        let world = World::new(pair, |options| {
            short(options);
            options.usage_period = Duration::from_secs(3_600);
            options.usage_tolerance = Duration::from_secs(5);
        })
        .await;
        let wish = world.wish(91);
        until("a hold", async || matches!(standing(&world, &wish).await, MachineStanding::Held { .. })).await;
        manager(&world, BUYER).await.order_put(world.order(&wish, 1)).await.unwrap();
        until("a delivery", async || delivered(&world, &wish, 1).await).await;
        // A seller that makes up a day.
        let (order, now) = (wish.machine, SystemClock.now());
        let seller = manager(&world, SELLER).await;
        let record = UsageRecord {
            order,
            agreement: seller.agreement_list().await.unwrap()[0].id.clone(),
            offer: world.offer.id.clone(),
            from: now - TimeDelta::days(1),
            to: now,
            unit_seconds: 86_400,
            reason: UsageReason::Interim,
        };
        let document = document::sign_json(seller.keys(), &record, now).await.unwrap();
        let made_up = Usage {
            role: UsageRole::Seller,
            partner: BUYER.to_owned(),
            record,
            document,
            service: None,
            answer: None,
            state: UsageState::Reported,
            reason: None,
            told: true,
            settled_in: None,
        };
        world.database(SELLER).write(move |connection| store::usage::insert(connection, &made_up)).await.unwrap();
        until("an end", async || manager(&world, BUYER).await.machine_release(order).await.unwrap()).await;
        until("a dispute", async || {
            let sold = world
                .database(SELLER)
                .read(move |connection| store::usage::of_order(connection, UsageRole::Seller, BUYER, order))
                .await
                .unwrap();
            sold.first().is_some_and(|usage| {
                usage.state == UsageState::Disputed && usage.answer.is_some() && usage.reason.is_some()
            })
        })
        .await;
    });
}

#[test]
fn the_conformance_suite_is_answered_case_by_case() {
    run(async |pair| {
        let world = World::new(pair, |options| options.conformance = true).await;
        let seller = manager(&world, SELLER).await;
        let suite = seller.conformance_peer().unwrap();
        assert!(manager(&world, BUYER).await.conformance_peer().is_some());
        // As provider, case 01-04: agreement at once, then finalized.
        let (begun, _) = seller.negotiation_request(&suite, &bytes(&request("urn:uuid:c", "ACN0104"))).await.unwrap();
        let pid = begun.provider_pid.clone();
        until("an agreement", async || seen(&world, "/callback/negotiations/urn:uuid:c/agreement")).await;
        let verified = json!({
            "@context": [CONTEXT], "@type": "ContractAgreementVerificationMessage", "providerPid": pid, "consumerPid": "urn:uuid:c",
        });
        seller.negotiation_message(&suite, &pid, "agreement/verification", &bytes(&verified)).await.unwrap();
        until("finalized", async || seller.negotiation_get(&suite, &pid).await.unwrap().state == State::Finalized)
            .await;
        // As provider, case 01-02: an offer, then terminated.
        let (begun, _) = seller.negotiation_request(&suite, &bytes(&request("urn:uuid:d", "ACN0102"))).await.unwrap();
        until("terminated", async || {
            seller.negotiation_get(&suite, &begun.provider_pid).await.unwrap().state == State::Terminated
        })
        .await;
        assert!(seen(&world, "/callback/negotiations/urn:uuid:d/offers"));
        // As consumer, case 01-01: offered, accepted.
        let trigger = ConformanceTrigger {
            provider_id: "TCK".to_owned(),
            offer_id: "urn:x:offer".to_owned(),
            dataset_id: "ACNC0101".to_owned(),
            connector_address: "http://localhost:9/suite/".to_owned(),
        };
        let pid = seller.conformance_request(trigger.clone()).await.unwrap();
        until("requested", async || seller.negotiation_get(&suite, &pid).await.is_ok()).await;
        let offer = json!({
            "@context": [CONTEXT], "@type": "ContractOfferMessage", "providerPid": "urn:uuid:suite", "consumerPid": pid,
            "offer": { "@id": "urn:x:offer", "@type": "Offer", "target": "ACNC0101", "permission": [{ "action": "use" }] },
        });
        seller.negotiation_message(&suite, &pid, "offers", &bytes(&offer)).await.unwrap();
        until("accepted", async || seen(&world, "/suite/negotiations/urn:uuid:suite/events")).await;
        // Never beyond this machine, and never as a real partner.
        let far = ConformanceTrigger { connector_address: "https://far.example/".to_owned(), ..trigger };
        assert_eq!(seller.conformance_request(far).await.map_err(kind), Err(ErrorKind::Invalid));
        let agreements = seller.agreement_list().await.unwrap();
        assert!(agreements.iter().all(|agreement| agreement.partner != CONFORMANCE_DID));
    });
}

fn seen(world: &World, end: &str) -> bool {
    world.plan.lock().unwrap().suite.iter().any(|(address, _)| address.ends_with(end))
}
