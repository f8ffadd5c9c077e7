//! What the seller measured travels with its usage, signed; what it didn't sign counts for nothing.

use super::{
    cases::{life, manager, run, short},
    world::{BUYER, SELLER, World},
};
use crate::{
    orders::{Usage, UsageRole},
    store,
};
use hansa_federation::{
    SignedDocument, document,
    wire::{ServiceReport, UsageReason},
};
use hansa_ontology::MachineId;
use hansa_repository::{
    ambient::{Clock as _, SystemClock},
    event::{self, EventFilter, Order},
    report::{ProviderReport, REPORTED},
};

async fn reports(world: &World) -> Vec<ProviderReport> {
    let filter = EventFilter { kind_prefix: Some(REPORTED.to_owned()), ..EventFilter::default() };
    let read = move |connection: &mut _| event::list(connection, &filter, 1_000, Order::OldestFirst);
    let events = world.database(BUYER).read(read).await.unwrap();
    events.iter().map(|event| ProviderReport::read(event).unwrap().unwrap()).collect()
}

async fn usage(world: &World, name: &str, order: MachineId) -> Vec<Usage> {
    let (role, partner) = if name == BUYER { (UsageRole::Buyer, SELLER) } else { (UsageRole::Seller, BUYER) };
    world.database(name).read(move |connection| store::usage::of_order(connection, role, partner, order)).await.unwrap()
}

#[test]
fn each_record_has_its_report_on_both_sides_and_in_the_buyers_log_once() {
    run(async |pair| {
        let world = World::new(pair, short).await;
        *world.down.lock().unwrap() = Some(1);
        life(&world).await;
        let order = world.wish(7).machine;
        let (sold, bought) = (usage(&world, SELLER, order).await, usage(&world, BUYER, order).await);
        let documents =
            |all: &[Usage]| -> Vec<SignedDocument> { all.iter().filter_map(|one| one.service.clone()).collect() };
        assert_eq!(documents(&sold), documents(&bought));
        let told = reports(&world).await;
        assert_eq!(told.len(), bought.len(), "{told:#?}");
        for (told, usage) in told.iter().zip(&bought) {
            let record = &usage.record;
            assert_eq!((told.machine, told.from, told.until), (order, record.from, record.to));
            assert_eq!(told.last, record.reason == UsageReason::Ended);
            assert_eq!(Some(&told.digest), usage.service.as_ref().map(SignedDocument::digest).as_ref());
            assert_eq!((told.down.len(), told.down[0].from), (1, record.from));
        }
    });
}

#[test]
fn what_the_seller_did_not_sign_is_no_report() {
    run(async |pair| {
        let world = World::new(pair, short).await;
        life(&world).await;
        let order = world.wish(7).machine;
        assert!(reports(&world).await.is_empty(), "what isn't measured isn't told");
        let purchase = world.database(BUYER).read(move |connection| store::orders::purchase(connection, order)).await;
        let (purchase, usage) = (purchase.unwrap().unwrap(), usage(&world, BUYER, order).await);
        let record = usage[0].record.clone();
        let (buyer, seller) = (manager(&world, BUYER).await, manager(&world, SELLER).await);
        let report = ServiceReport {
            order,
            agreement: record.agreement.clone(),
            offer: record.offer.clone(),
            from: record.from,
            to: record.to,
            down: Vec::new(),
            maintenance: Vec::new(),
            reason: record.reason,
        };
        let now = SystemClock.now();
        let genuine = document::sign_json(seller.keys(), &report, now).await.unwrap();
        let forged = document::sign_json(buyer.keys(), &report, now).await.unwrap();
        let changed = SignedDocument { content: genuine.content.replace("[]", "[ ]"), ..genuine.clone() };
        let other = document::sign_json(seller.keys(), &record, now).await.unwrap();
        for wrong in [forged, changed, other] {
            let found = buyer.service_verified(&purchase, vec![wrong]).await.unwrap();
            assert!(found.is_empty(), "{found:?}");
        }
        let twice = vec![genuine.clone(), genuine.clone()];
        let found = buyer.service_verified(&purchase, twice).await.unwrap();
        assert_eq!(found.into_values().collect::<Vec<_>>(), [(report, genuine)]);
    });
}
