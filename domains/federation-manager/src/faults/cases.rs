//! The cases: what one machine goes through, with each fault at each message.

use super::{
    wire::Fault,
    world::{BUYER, On, SELLER, SLOW, World},
};
use crate::{
    contracts::AgreementState,
    orders::{LogRequest, UsageRole, UsageState, Want},
    store,
};
use hansa_ontology::{
    MachineId,
    order::{MachineStanding, MachineWish, OrderState},
};
use hansa_repository::event::{self, EventFilter};
use std::{sync::Arc, time::Duration};

/// Waits until something is so.
pub(super) async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !so().await {
        assert!(begun.elapsed() < Duration::from_secs(30), "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

/// The manager that runs now; one that is just being restarted is waited for.
pub(super) async fn manager(world: &World, name: &str) -> crate::FederationManager {
    loop {
        if let Some(manager) = world.manager(name) {
            return manager;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub(super) async fn standing(world: &World, wish: &MachineWish) -> MachineStanding {
    manager(world, BUYER).await.machine_ensure(wish).await.unwrap()
}

pub(super) async fn delivered(world: &World, wish: &MachineWish, generation: i64) -> bool {
    let reports = manager(world, BUYER).await.order_reports(wish.application).await.unwrap();
    reports.iter().any(|report| {
        report.id == wish.machine && report.generation == generation && report.state == OrderState::Completed
    })
}

/// From the wish to the end, with whatever fault is planned.
pub(super) async fn life(world: &Arc<World>) {
    let wish = world.wish(7);
    until("a hold", async || matches!(standing(world, &wish).await, MachineStanding::Held { .. })).await;
    manager(world, BUYER).await.order_put(world.order(&wish, 1)).await.unwrap();
    until("a delivery", async || delivered(world, &wish, 1).await).await;
    assert!(matches!(standing(world, &wish).await, MachineStanding::Ordered));
    manager(world, BUYER).await.order_put(world.order(&wish, 2)).await.unwrap();
    until("a change", async || delivered(world, &wish, 2).await).await;
    assert_eq!(world.units.generation(wish.machine), Some(2));
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    until("an end", async || manager(world, BUYER).await.machine_release(wish.machine).await.unwrap()).await;
    until("countersigned usage", async || usage_agrees(world, wish.machine).await).await;
    agreed(world, wish.machine).await;
}

async fn usage_agrees(world: &World, order: MachineId) -> bool {
    let sold = world
        .database(SELLER)
        .read(move |connection| store::usage::of_order(connection, UsageRole::Seller, BUYER, order))
        .await
        .unwrap();
    let bought = world
        .database(BUYER)
        .read(move |connection| store::usage::of_order(connection, UsageRole::Buyer, SELLER, order))
        .await
        .unwrap();
    let last = sold.last().is_some_and(|usage| usage.record.reason == hansa_federation::wire::UsageReason::Ended);
    last && sold.len() == bought.len()
        && sold.iter().chain(&bought).all(|usage| usage.state == UsageState::Acknowledged)
}

/// What has to be so on both sides in the end.
async fn agreed(world: &World, order: MachineId) {
    let sale = world
        .database(SELLER)
        .read(move |connection| store::orders::sale(connection, BUYER, order))
        .await
        .unwrap()
        .unwrap();
    until("the seller's end", async || {
        let found = world.database(SELLER).read(move |c| store::orders::sale(c, BUYER, order)).await.unwrap();
        found.is_some_and(|sale| sale.over && sale.wish == Want::End)
    })
    .await;
    assert_eq!(world.units.taken(), 0, "a unit is still taken");
    assert!(*world.units.most.lock().unwrap() <= 1, "one order took two units");
    assert_eq!(world.units.begun.lock().unwrap().get(&order), Some(&1), "the order was begun once");
    let sold = world
        .database(SELLER)
        .read(move |connection| store::usage::of_order(connection, UsageRole::Seller, BUYER, order))
        .await
        .unwrap();
    let mut through = sale.begun_at.unwrap();
    let mut sum = 0;
    for usage in &sold {
        assert_eq!(
            usage.record.from.timestamp_micros(),
            through.timestamp_micros(),
            "periods leave no gap and don't overlap"
        );
        through = usage.record.to;
        sum += usage.record.unit_seconds;
        assert!(usage.answer.is_some(), "both signatures are kept");
    }
    let length = (through - sale.begun_at.unwrap()).num_milliseconds();
    let most = u64::try_from(length).unwrap().div_ceil(1_000) + sold.len() as u64;
    assert!(sum <= most, "{sum} unit seconds for {length} ms");
    for (name, partner) in [(BUYER, SELLER), (SELLER, BUYER)] {
        let agreements = manager(world, name).await.agreement_list().await.unwrap();
        assert_eq!(agreements.len(), 1, "one agreement at {name}");
        let agreement = &agreements[0];
        assert_eq!(agreement.state, AgreementState::Active);
        let (ours, theirs) = (agreement.ours.as_ref().unwrap(), agreement.theirs.as_ref().unwrap());
        assert_eq!(ours.content, theirs.content, "both signed the same bytes");
        manager(world, name).await.signature_check(partner, theirs).await.unwrap();
        assert!(agreement.clauses.is_some() && agreement.offer_document.is_some());
        assert_eq!(agreement.offer_document.as_ref().unwrap().digest(), agreement.digest);
    }
}

pub(super) fn short(options: &mut crate::FederationOptions) {
    options.usage_period = Duration::from_secs(1);
}

pub(super) fn run(test: impl AsyncFn(Vec<hansa_repository::testing::TestDatabase>)) {
    for on in On::BOTH {
        eprintln!("on {on:?}");
        let Some(pair) = on.pair() else { continue };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(test(pair));
        runtime.shutdown_background();
    }
}

#[test]
fn a_machine_is_agreed_held_ordered_changed_and_ended() {
    run(async |pair| {
        let world = World::new(pair, short).await;
        life(&world).await;
        let sent = world.plan.lock().unwrap().sent.clone();
        assert_eq!(sent.get("request"), Some(&1), "one negotiation: {sent:?}");
        assert_eq!(sent.get("order put"), Some(&2), "two generations: {sent:?}");
        assert_eq!(sent.get("hold"), Some(&1), "one hold: {sent:?}");
    });
}

#[test]
fn a_standing_agreement_needs_no_second_negotiation() {
    run(async |pair| {
        let world = World::new(pair, short).await;
        for number in [21, 22] {
            let wish = world.wish(number);
            until("a hold", async || matches!(standing(&world, &wish).await, MachineStanding::Held { .. })).await;
        }
        let third = world.wish(23);
        until("a refusal", async || matches!(standing(&world, &third).await, MachineStanding::Refused { .. })).await;
        assert_eq!(world.plan.lock().unwrap().sent.get("request"), Some(&1));
        assert_eq!(*world.units.most.lock().unwrap(), 2, "never oversold");
        for number in [21, 22, 23] {
            let machine = world.wish(number).machine;
            until("given back", async || manager(&world, BUYER).await.machine_release(machine).await.unwrap()).await;
        }
        until("units are free", async || world.units.taken() == 0).await;
    });
}

/// Each message of a life, with each fault.
#[test]
fn whatever_is_lost_repeated_or_killed_both_sides_agree() {
    const MESSAGES: [&str; 11] = [
        "request",
        "agreement",
        "verification",
        "events",
        "signature",
        "hold",
        "order put",
        "order read",
        "order end",
        "usage",
        "usage ack",
    ];
    for on in On::BOTH {
        let cases: Vec<(&'static str, Fault)> =
            MESSAGES.into_iter().flat_map(|message| Fault::ALL.map(|fault| (message, fault))).collect();
        for batch in cases.chunks(8) {
            std::thread::scope(|scope| {
                for (message, fault) in batch {
                    scope.spawn(move || one_case(on, message, *fault));
                }
            });
        }
    }
}

fn one_case(on: On, message: &'static str, fault: Fault) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let Some(pair) = on.pair() else { return };
    eprintln!("{message} {fault:?} on {on:?}");
    runtime.block_on(async {
        let world = World::new(pair, short).await;
        world.plan.lock().unwrap().fault = Some((message, fault));
        life(&world).await;
        assert!(world.plan.lock().unwrap().done, "{message} was never sent");
        let killed = matches!(fault, Fault::KillSender | Fault::KillReceiver | Fault::KillReceiverAfter);
        assert_eq!(world.starts(BUYER) + world.starts(SELLER), if killed { 3 } else { 2 });
    });
    runtime.shutdown_background();
}

#[test]
fn a_partner_that_is_left_delivers_until_all_has_moved() {
    run(async |pair| {
        let world = World::new(pair, short).await;
        let wish = world.wish(101);
        until("a hold", async || matches!(standing(&world, &wish).await, MachineStanding::Held { .. })).await;
        manager(&world, BUYER).await.order_put(world.order(&wish, 1)).await.unwrap();
        until("a delivery", async || delivered(&world, &wish, 1).await).await;
        world.leave().await;
        assert!(matches!(standing(&world, &wish).await, MachineStanding::Refused { .. }));
        assert!(matches!(standing(&world, &world.wish(102)).await, MachineStanding::Refused { .. }), "nothing new");
        assert!(delivered(&world, &wish, 1).await, "it goes on");
        until("an end", async || manager(&world, BUYER).await.machine_release(wish.machine).await.unwrap()).await;
        until("usage is settled", async || usage_agrees(&world, wish.machine).await).await;
        assert_eq!(world.units.taken(), 0);
    });
}

#[test]
fn a_slow_partner_stalls_nobody_else() {
    run(async |pair| {
        let world = World::new(pair, short).await;
        world.burden(40).await;
        let begun = std::time::Instant::now();
        life(&world).await;
        // One after the other, what the slow one is to be told would take two minutes.
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
        let purchases = manager(&world, BUYER).await.purchase_list().await.unwrap();
        assert_eq!(purchases.iter().filter(|purchase| purchase.partner == SLOW).count(), 40, "none is given up");
    });
}

/// The buyer's events of orders, by their order.
async fn kinds(world: &World) -> Vec<String> {
    let filter = EventFilter { kind_prefix: Some("order.".to_owned()), ..EventFilter::default() };
    let events = world
        .database(BUYER)
        .read(move |connection| event::list(connection, &filter, 100, event::Order::OldestFirst))
        .await
        .unwrap();
    events.into_iter().map(|event| event.kind).collect()
}

#[test]
fn a_lost_partner_is_told_when_it_is_back() {
    run(async |pair| {
        let world = World::new(pair, |options| {
            short(options);
            options.grace = Duration::from_secs(4);
        })
        .await;
        let wish = world.wish(31);
        until("a hold", async || matches!(standing(&world, &wish).await, MachineStanding::Held { .. })).await;
        manager(&world, BUYER).await.order_put(world.order(&wish, 1)).await.unwrap();
        until("a delivery", async || delivered(&world, &wish, 1).await).await;
        world.plan.lock().unwrap().cut = Some(SELLER.to_owned());
        until("it is lost", async || matches!(standing(&world, &wish).await, MachineStanding::Lost { .. })).await;
        assert!(manager(&world, BUYER).await.machine_release(wish.machine).await.unwrap(), "given up to the outbox");
        assert_eq!(world.units.taken(), 1, "it still runs there");
        world.restart(BUYER);
        world.plan.lock().unwrap().cut = None;
        until("it is ended there", async || world.units.taken() == 0).await;
        until("usage is settled", async || usage_agrees(&world, wish.machine).await).await;
        until("the end is noted", async || kinds(&world).await.iter().any(|kind| kind == "order.ended")).await;
        let kinds = kinds(&world).await;
        let place = |kind| kinds.iter().position(|found| *found == kind);
        assert!(place("order.lost").is_some() && place("order.lost") < place("order.ended"), "{kinds:?}");
        assert_eq!(kinds.iter().filter(|kind| *kind == "order.lost").count(), 1, "{kinds:?}");
    });
}

#[test]
fn what_one_side_has_forgotten_is_put_right() {
    run(async |pair| {
        let world = World::new(pair, short).await;
        let wish = world.wish(41);
        until("a hold", async || matches!(standing(&world, &wish).await, MachineStanding::Held { .. })).await;
        manager(&world, BUYER).await.order_put(world.order(&wish, 1)).await.unwrap();
        until("a delivery", async || delivered(&world, &wish, 1).await).await;
        // The seller's orchestrator was restored from before the order: it is handed on again.
        world.units.forget(wish.machine);
        until("it is delivered again", async || world.units.generation(wish.machine) == Some(1)).await;
        // The buyer was restored from before the order: the orphan is ended.
        world.kill(BUYER);
        let machine = wish.machine;
        world
            .database(BUYER)
            .write(move |connection| store::orders::purchase_forget(connection, machine))
            .await
            .unwrap();
        world.restart(BUYER);
        until("the orphan is ended", async || world.units.taken() == 0).await;
    });
}

#[test]
fn a_hold_that_no_order_comes_for_expires_by_itself() {
    run(async |pair| {
        let world = World::new(pair, |options| options.hold_time = Duration::from_secs(1)).await;
        let wish = world.wish(51);
        until("a hold", async || matches!(standing(&world, &wish).await, MachineStanding::Held { .. })).await;
        world.kill(BUYER);
        until("it expires", async || world.units.taken() == 0).await;
        until("it is noted", async || {
            let id = wish.machine;
            let sale = world.database(SELLER).read(move |c| store::orders::sale(c, BUYER, id)).await.unwrap();
            sale.is_some_and(|sale| sale.hold == crate::orders::SaleHold::Expired)
        })
        .await;
        // The order comes after all: it is held again at once.
        world.restart(BUYER);
        manager(&world, BUYER).await.order_put(world.order(&wish, 1)).await.unwrap();
        until("a delivery", async || delivered(&world, &wish, 1).await).await;
    });
}

#[test]
fn orders_of_others_and_wrong_ones_are_refused() {
    run(async |pair| {
        let world = World::new(pair, short).await;
        let wish = world.wish(61);
        until("a hold", async || matches!(standing(&world, &wish).await, MachineStanding::Held { .. })).await;
        let seller = manager(&world, SELLER).await;
        let peer = world.peer(SELLER, BUYER).await;
        let stranger = crate::Peer { did: "did:web:stranger.example".to_owned(), ..peer.clone() };
        let kind = |error: crate::FederationError| error.kind();
        assert_eq!(seller.hold_get(&stranger, wish.machine).await.map_err(kind), Err(crate::ErrorKind::NotFound));
        assert_eq!(seller.order_get(&stranger, wish.machine).await.map_err(kind), Err(crate::ErrorKind::NotFound));
        assert_eq!(seller.order_end(&stranger, wish.machine).await.map_err(kind), Err(crate::ErrorKind::NotFound));
        assert_eq!(world.units.taken(), 1);
        let agreement = seller.agreement_list().await.unwrap()[0].id.clone();
        let put = |id: u128, agreement: &str| hansa_federation::wire::OrderPut {
            agreement: agreement.to_owned(),
            order: world.order(&world.wish(id), 1),
        };
        let unknown = seller.order_receive(&peer, put(62, "urn:uuid:none")).await;
        assert_eq!(unknown.map_err(kind), Err(crate::ErrorKind::Agreement));
        let suspended = crate::Peer { state: crate::partners::PartnerState::Suspended, ..peer.clone() };
        let late = seller.order_receive(&suspended, put(63, &agreement)).await;
        assert_eq!(late.map_err(kind), Err(crate::ErrorKind::Forbidden));
        // An order that was ended before it came doesn't come any more.
        let ended = world.wish(64).machine;
        assert_eq!(seller.order_end(&peer, ended).await.map_err(kind), Err(crate::ErrorKind::NotFound));
        let late = seller.order_receive(&peer, put(64, &agreement)).await;
        assert_eq!(late.map_err(kind), Err(crate::ErrorKind::Gone));
        // The same generation with other content.
        seller.order_receive(&peer, put(61, &agreement)).await.unwrap();
        let mut other = put(61, &agreement);
        other.order.model.name = "other".to_owned();
        assert_eq!(seller.order_receive(&peer, other).await.map_err(kind), Err(crate::ErrorKind::Conflict));
        let logs = LogRequest { component: "web".to_owned(), ordinal: 0, tail: 5 };
        assert_eq!(
            seller.order_output(&stranger, wish.machine, &logs).await.map_err(kind),
            Err(crate::ErrorKind::NotFound)
        );
        let lines = manager(&world, BUYER).await.order_logs(wish.machine, &logs).await.unwrap();
        assert_eq!(lines[0].text, "web 0");
    });
}

#[test]
fn a_retired_agreement_takes_no_more_orders_and_both_know() {
    run(async |pair| {
        let world = World::new(pair, short).await;
        let first = world.wish(71);
        until("a hold", async || matches!(standing(&world, &first).await, MachineStanding::Held { .. })).await;
        let seller = manager(&world, SELLER).await;
        let id = seller.agreement_list().await.unwrap()[0].id.clone();
        let event = hansa_federation::wire::AgreementEventKind::Retired;
        let actor = hansa_ontology::Actor::Local;
        seller.agreement_end(&id, event, "a new price list".to_owned(), actor).await.unwrap();
        until("the buyer knows", async || {
            let agreements = manager(&world, BUYER).await.agreement_list().await.unwrap();
            agreements.iter().any(|agreement| agreement.state == AgreementState::Retired)
        })
        .await;
        let second = world.wish(72);
        until("another negotiation", async || matches!(standing(&world, &second).await, MachineStanding::Held { .. }))
            .await;
        assert_eq!(manager(&world, BUYER).await.agreement_list().await.unwrap().len(), 2);
    });
}
