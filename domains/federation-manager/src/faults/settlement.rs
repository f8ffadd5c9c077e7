//! Claims and statements over a wire that loses, repeats and kills; partners
//! that say too much. In the end both have the same bytes with both signatures,
//! or both know of the dispute.

use super::{
    cases::{delivered, life, manager, run, short, standing, until},
    wire::Fault,
    world::{BUYER, On, SELLER, World},
};
use crate::{
    ErrorKind, FederationError, FederationManager, Peer,
    orders::{Usage, UsageRole, UsageState},
    settlement::{ClaimRecord, ClaimState, ClaimTerms, Settlement, SettlementState},
    store,
};
use chrono::{SubsecRound as _, TimeDelta};
use hansa_accounting::settle::{Statement, Stretch};
use hansa_federation::{
    document,
    wire::{StatementDispute, StatementProposal, UsageReason, UsageRecord},
};
use hansa_ontology::{
    Actor, Currency, MachineId,
    order::MachineStanding,
    sla::{Metric, Window},
};
use hansa_repository::ambient::{Clock as _, SystemClock};
use rust_decimal::Decimal;
use std::{sync::Arc, time::Duration};

/// What a second costs: 36 an hour.
const SECOND: i64 = 10_000;

async fn usage(world: &World, name: &str, order: MachineId) -> Vec<Usage> {
    let (role, partner) = if name == BUYER { (UsageRole::Buyer, SELLER) } else { (UsageRole::Seller, BUYER) };
    world.database(name).read(move |connection| store::usage::of_order(connection, role, partner, order)).await.unwrap()
}

/// The one statement of a broker that is in a state.
async fn statement(world: &World, name: &str, state: SettlementState) -> Option<Settlement> {
    let all = manager(world, name).await.settlement_list().await.unwrap();
    assert!(all.len() <= 1, "one month, one currency: {all:?}");
    all.into_iter().find(|one| one.state == state)
}

async fn both(world: &World, state: SettlementState) -> (Settlement, Settlement) {
    until(&format!("both are {}", state.name()), async || {
        statement(world, BUYER, state).await.is_some() && statement(world, SELLER, state).await.is_some()
    })
    .await;
    let ours = statement(world, BUYER, state).await.unwrap();
    (ours, statement(world, SELLER, state).await.unwrap())
}

/// Both have signed the same bytes, and whoever has the file can see that.
async fn agreed(world: &World) -> Statement {
    let (ours, theirs) = both(world, SettlementState::Agreed).await;
    assert_eq!(ours.proposal, theirs.proposal);
    assert_eq!(ours.countersigned, theirs.countersigned);
    for (name, one) in [(BUYER, &ours), (SELLER, &theirs)] {
        let bundle = manager(world, name).await.settlement_bundle(one).await.unwrap().unwrap();
        let bytes = serde_json::to_vec(&bundle).unwrap();
        let found = hansa_federation::verify::verify_file(&bytes, SystemClock.now() + TimeDelta::days(99)).unwrap();
        let signers: Vec<&str> = found.iter().map(|one| one.verified.signer.as_str()).collect();
        assert_eq!(signers, [BUYER, SELLER]);
    }
    Statement::verify(ours.proposal.unwrap().content.as_bytes()).unwrap()
}

async fn settled(world: &World, order: MachineId) -> i64 {
    let mut sums = Vec::new();
    for name in [BUYER, SELLER] {
        let all = usage(world, name, order).await;
        let counted = all.iter().filter(|one| one.state != UsageState::Disputed);
        assert!(counted.clone().all(|one| one.state == UsageState::Settled && one.settled_in.is_some()), "{all:?}");
        sums.push(counted.map(|one| one.record.unit_seconds).sum::<u64>());
    }
    assert_eq!(sums[0], sums[1]);
    i64::try_from(sums[0]).unwrap()
}

/// That the order could never be used.
async fn outage(world: &World, order: MachineId) -> ClaimTerms {
    let purchase = world.database(BUYER).read(move |connection| store::orders::purchase(connection, order)).await;
    let purchase = purchase.unwrap().unwrap();
    let (from, until) = (purchase.begun_at.unwrap(), purchase.ended_at.unwrap());
    let length = (until - from).num_milliseconds();
    let observed = length.div_euclid(1_000) + 1;
    let measured = Decimal::from(observed * 1_000 - length) * Decimal::ONE_HUNDRED / Decimal::from(observed * 1_000);
    ClaimTerms {
        metric: Metric::Availability,
        target: Decimal::new(999, 1),
        window: Window::Month,
        percentile: None,
        from,
        until,
        observed_seconds: u64::try_from(observed).unwrap(),
        measured: measured.round_dp(4),
        down: vec![Stretch { from, until }],
    }
}

async fn claimed(world: &World, name: &str, state: ClaimState) -> ClaimRecord {
    until(&format!("{name} has the claim as {}", state.name()), async || {
        manager(world, name).await.claim_list().await.unwrap().iter().any(|claim| claim.state == state)
    })
    .await;
    let all = manager(world, name).await.claim_list().await.unwrap();
    assert_eq!(all.len(), 1, "claimed once");
    all.into_iter().next().unwrap()
}

/// A life, a claim for it, and the month's statement with both.
async fn whole(world: &Arc<World>) {
    let order = world.wish(7).machine;
    life(world).await;
    let terms = outage(world, order).await;
    let raised = manager(world, BUYER).await.claim_raise(order, terms.clone()).await.unwrap();
    let ours = claimed(world, BUYER, ClaimState::Accepted).await;
    let theirs = claimed(world, SELLER, ClaimState::Accepted).await;
    assert_eq!((&ours.id, &ours.document, &ours.answer), (&theirs.id, &theirs.document, &theirs.answer));
    assert_eq!(manager(world, BUYER).await.claim_raise(order, terms).await.unwrap().id, raised.id, "once");
    world.pass(40);
    let made = agreed(world).await;
    let micros = settled(world, order).await * SECOND;
    assert_eq!((made.by_first_micros, made.by_second_micros), (0, micros));
    assert_eq!(made.credited_by_second_micros, micros / 10, "a tenth is owed back");
    assert_eq!(made.first_pays_micros, micros - micros / 10);
    assert!(made.left_out.is_empty());
    for name in [BUYER, SELLER] {
        assert!(claimed(world, name, ClaimState::Accepted).await.settled_in.is_some());
        let manager = manager(world, name).await;
        let payments = manager.settlement_payments((made.from, made.through), |_| true).await.unwrap();
        let [payment] = payments.as_slice() else { panic!("{payments:?}") };
        assert_eq!(
            (payment.payer.as_str(), payment.payee.as_str(), payment.micros),
            (BUYER, SELLER, micros - micros / 10)
        );
    }
}

#[test]
fn an_outage_becomes_a_claim_and_the_month_is_settled_by_itself() {
    run(async |pair| {
        let world = World::new(pair, short).await;
        whole(&world).await;
        let sent = world.plan.lock().unwrap().sent.clone();
        assert_eq!((sent.get("claim"), sent.get("statement")), (Some(&1), Some(&1)), "{sent:?}");
        // What is settled is in no other statement.
        let buyer = manager(&world, BUYER).await;
        let made = buyer.settlement_list().await.unwrap().remove(0);
        let day = SystemClock.now().date_naive();
        let again = buyer.settlement_make(SELLER, (day, day), Currency::EUR).await.unwrap();
        until("there is nothing left", async || {
            buyer.settlement_show(&again.id).await.unwrap().reason.is_some_and(|reason| reason.contains("nothing"))
        })
        .await;
        assert_eq!(buyer.settlement_show(&made.id).await.unwrap(), made, "an agreed one never changes");
    });
}

#[test]
fn whatever_is_lost_repeated_or_killed_it_is_settled_once() {
    for on in On::BOTH {
        let cases: Vec<_> =
            ["claim", "statement"].into_iter().flat_map(|message| Fault::ALL.map(|fault| (message, fault))).collect();
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
        whole(&world).await;
        assert!(world.plan.lock().unwrap().done, "{message} was never sent");
        // What comes late changes nothing.
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        agreed(&world).await;
    });
    runtime.shutdown_background();
}

#[test]
fn a_claim_against_the_sellers_own_measure_is_disputed_until_a_person_decides() {
    for accepted in [true, false] {
        run(async |pair| {
            let world = World::new(pair, |options| {
                short(options);
                options.claim_tolerance = Duration::from_millis(500);
                options.dispute_deadline = Duration::from_secs(30 * 86_400);
            })
            .await;
            *world.down.lock().unwrap() = Some(0);
            let order = world.wish(7).machine;
            life(&world).await;
            let terms = outage(&world, order).await;
            let id = manager(&world, BUYER).await.claim_raise(order, terms).await.unwrap().id;
            let ours = claimed(&world, BUYER, ClaimState::Disputed).await;
            let theirs = claimed(&world, SELLER, ClaimState::Disputed).await;
            assert_eq!((ours.own_down_seconds, &ours.answer, &ours.reason), (Some(0), &theirs.answer, &theirs.reason));
            assert!(ours.reason.as_ref().unwrap().contains("0 s were measured here"), "{ours:?}");
            let (buyer, seller) = (manager(&world, BUYER).await, manager(&world, SELLER).await);
            let kind = |error: FederationError| error.kind();
            assert_eq!(buyer.claim_accept(&id, Actor::Local).await.map_err(kind), Err(ErrorKind::Conflict));
            let wrong_side = seller.claim_withdraw(&id, String::new(), Actor::Local).await;
            assert_eq!(wrong_side.map_err(kind), Err(ErrorKind::Conflict));
            assert!(!ours.is_overdue(buyer.dispute_deadline(), SystemClock.now()));
            assert!(ours.is_overdue(buyer.dispute_deadline(), SystemClock.now() + TimeDelta::days(31)));
            let end = if accepted {
                seller.claim_accept(&id, Actor::Local).await.unwrap();
                ClaimState::Accepted
            } else {
                buyer.claim_withdraw(&id, "our own clock was wrong".to_owned(), Actor::Local).await.unwrap();
                ClaimState::Withdrawn
            };
            claimed(&world, BUYER, end).await;
            claimed(&world, SELLER, end).await;
            world.pass(40);
            let made = agreed(&world).await;
            assert_eq!(made.claims.len(), usize::from(accepted), "what is withdrawn is not paid");
        });
    }
}

/// A seller that makes up ten minutes.
async fn make_up(world: &World, order: MachineId) {
    // What is finer than a microsecond no broker tells.
    let now = SystemClock.now().trunc_subsecs(6);
    let seller = manager(world, SELLER).await;
    let record = UsageRecord {
        order,
        agreement: seller.agreement_list().await.unwrap()[0].id.clone(),
        offer: world.offer.id.clone(),
        from: now - TimeDelta::minutes(10),
        to: now,
        unit_seconds: 600,
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
}

/// In the seller's own books what it has made up stands so.
async fn forge(world: &World, order: MachineId, state: UsageState) {
    let mut all = usage(world, SELLER, order).await;
    let forged = all.iter_mut().find(|one| one.record.unit_seconds == 600).unwrap();
    forged.state = state;
    let forged = forged.clone();
    world.database(SELLER).write(move |connection| store::usage::update(connection, &forged)).await.unwrap();
}

/// An order of which the seller tells too much.
async fn overtold(world: &Arc<World>) -> MachineId {
    let wish = world.wish(91);
    until("a hold", async || matches!(standing(world, &wish).await, MachineStanding::Held { .. })).await;
    manager(world, BUYER).await.order_put(world.order(&wish, 1)).await.unwrap();
    until("a delivery", async || delivered(world, &wish, 1).await).await;
    make_up(world, wish.machine).await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    until("an end", async || manager(world, BUYER).await.machine_release(wish.machine).await.unwrap()).await;
    until("all is answered", async || {
        let sold = usage(world, SELLER, wish.machine).await;
        sold.iter().any(|one| one.state == UsageState::Disputed)
            && sold.iter().any(|one| one.state == UsageState::Acknowledged)
            && sold.iter().all(|one| one.state != UsageState::Reported)
    })
    .await;
    wish.machine
}

fn strict(options: &mut crate::FederationOptions) {
    options.usage_period = Duration::from_secs(3_600);
    options.usage_tolerance = Duration::from_secs(5);
}

#[test]
fn a_partner_that_reports_too_much_is_paid_what_was_agreed() {
    run(async |pair| {
        let world = World::new(pair, strict).await;
        let order = overtold(&world).await;
        // It says that the buyer had acknowledged it.
        forge(&world, order, UsageState::Acknowledged).await;
        world.pass(40);
        let (ours, theirs) = both(&world, SettlementState::Disputed).await;
        assert_eq!(ours.dispute, theirs.dispute, "both know, signed");
        let word: StatementDispute = ours.dispute.as_ref().unwrap().json().unwrap();
        manager(&world, BUYER).await.signature_check(SELLER, ours.dispute.as_ref().unwrap()).await.unwrap();
        let text = serde_json::to_string(&word.differences).unwrap();
        assert!(text.contains(&format!("machine/{order}")) && text.contains("leftOut"), "{text}");
        assert!(word.records.iter().any(|record| record.unit_seconds == 600), "its own records are named");
        let made = ours.statement().unwrap();
        assert_eq!(made.left_out.iter().map(|left| left.seconds).collect::<Vec<_>>(), [600]);
        assert!(usage(&world, BUYER, order).await.iter().all(|one| one.state != UsageState::Settled));
        // It puts its books right: the next proposal is agreed.
        forge(&world, order, UsageState::Disputed).await;
        let made = agreed(&world).await;
        let seconds = settled(&world, order).await;
        assert_eq!(made.by_second_micros, seconds * SECOND, "what was agreed is paid, and no more");
        assert!(seconds < 60, "{seconds}");
        assert_eq!(made.left_out.len(), 1);
        let revision = statement(&world, SELLER, SettlementState::Agreed).await.unwrap().revision;
        assert!(revision > 1);
    });
}

/// A statement as a hostile buyer signs it.
async fn signed(buyer: &FederationManager, made: &Statement) -> StatementProposal {
    let text = String::from_utf8(made.bytes().unwrap()).unwrap();
    let document = document::sign(buyer.keys(), document::JSON, text, SystemClock.now()).await.unwrap();
    StatementProposal { revision: 1, document }
}

#[test]
fn wrong_statements_are_refused_and_change_nothing() {
    run(async |pair| {
        let world = World::new(pair, short).await;
        life(&world).await;
        world.plan.lock().unwrap().cut = Some(SELLER.to_owned());
        world.pass(40);
        until("a proposal", async || statement(&world, BUYER, SettlementState::Proposed).await.is_some()).await;
        let (buyer, seller) = (manager(&world, BUYER).await, manager(&world, SELLER).await);
        let own = statement(&world, BUYER, SettlementState::Proposed).await.unwrap();
        let (good, id) = (own.statement().unwrap(), own.id.clone());
        let peer = world.peer(SELLER, BUYER).await;
        let kind = |error: FederationError| error.kind();
        let put = async |id: &str, proposal| seller.statement_receive(&peer, id, proposal).await.map_err(kind);
        let bent = Statement { first_pays_micros: 1, ..good.clone() };
        assert_eq!(put(&id, signed(&buyer, &bent).await).await, Err(ErrorKind::Invalid), "its sum is wrong");
        let other = "0".repeat(64);
        assert_eq!(put(&other, signed(&buyer, &good).await).await, Err(ErrorKind::Invalid), "another's name");
        let stranger = Peer { did: "did:web:stranger.example".to_owned(), ..peer.clone() };
        assert!(seller.statement_receive(&stranger, &id, signed(&buyer, &good).await).await.is_err());
        let forged = signed(&seller, &good).await;
        assert!(seller.statement_receive(&peer, &id, forged).await.is_err(), "not signed by who proposes");
        let zero = StatementProposal { revision: 0, ..signed(&buyer, &good).await };
        assert_eq!(put(&id, zero).await, Err(ErrorKind::Invalid));
        assert!(statement(&world, SELLER, SettlementState::Disputed).await.is_none(), "nothing was written");
        let asked = hansa_federation::wire::StatementRequest {
            from: good.from,
            through: good.through,
            currency: "EUR".to_owned(),
        };
        assert_eq!(seller.statement_asked(&peer, asked).await.map_err(kind), Err(ErrorKind::Conflict));
        world.plan.lock().unwrap().cut = None;
        agreed(&world).await;
        let late = StatementProposal { revision: 7, ..signed(&buyer, &bent_content(&good)).await };
        assert_eq!(put(&id, late).await, Err(ErrorKind::Conflict), "what is agreed never changes");
    });
}

/// The same statement without what was delivered.
fn bent_content(good: &Statement) -> Statement {
    let none = hansa_accounting::settle::Content::default();
    Statement::new([&good.first, &good.second], (good.from, good.through), good.currency, none).unwrap()
}

#[test]
fn who_does_not_propose_asks() {
    run(async |pair| {
        let world = World::new(pair, short).await;
        life(&world).await;
        let (seller, day) = (manager(&world, SELLER).await, SystemClock.now().date_naive());
        assert!(seller.settlement_make(BUYER, (day, day), Currency::EUR).await.is_ok());
        let made = agreed(&world).await;
        assert_eq!((made.from, made.through), (day, day));
        settled(&world, world.wish(7).machine).await;
        let early = seller.settlement_make(BUYER, (day, day + TimeDelta::days(2)), Currency::EUR).await;
        assert_eq!(early.map_err(|error| error.kind()), Err(ErrorKind::Invalid), "the day hasn't come");
    });
}
