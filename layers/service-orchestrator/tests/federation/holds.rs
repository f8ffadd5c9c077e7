//! Holds: never more than there is, and gone in time.

use crate::{
    broker::{Broker, MIGRATIONS, Setup},
    catalogue::{self, offer},
    orders::{hold, request},
    wire::BUYER,
};
use chrono::TimeDelta;
use futures_util::future::join_all;
use hansa_mco::NoPartners;
use hansa_ontology::MachineId;
use hansa_pim::Amounts;
use hansa_repository::{
    Database,
    ambient::{Clock as _, IdSource as _, RandomIds, SharedClock, SystemClock},
    testing::{HandClock, for_each_database},
};
use hansa_service_orchestrator::{Hold, OrchestratorError};
use std::sync::Arc;

const OTHER: &str = "did:web:east.example";

async fn seller(database: Database, folder: &tempfile::TempDir, clock: SharedClock, room: u64, units: u32) -> Broker {
    Broker::assemble(Setup {
        side: "south",
        database,
        folder: folder.path().to_owned(),
        clock,
        partner: Arc::new(NoPartners),
        catalogue: catalogue::offers(units),
        node: Amounts { cpu_milli: room * 1_000, memory_mib: room * 512, disk_mib: room * 1_024, gpus: 0 },
    })
    .await
}

fn another(like: &Hold, partner: &str) -> Hold {
    Hold { order: MachineId(RandomIds.next()), partner: partner.to_owned(), ..like.clone() }
}

/// Fifty partners ask at once for ten units: ten get one, and no node gives more than it has.
async fn race(database: Database, room: u64, units: u32) {
    let folder = tempfile::tempdir().unwrap();
    let seller = seller(database, &folder, Arc::new(SystemClock), room, units).await;
    let like = hold(60);
    let holds: Vec<Hold> = (0..50).map(|n| another(&like, &format!("did:web:p{}.example", n % 7))).collect();
    let answers = join_all(holds.iter().map(|hold| {
        let (orchestrator, hold) = (seller.orchestrator.clone(), hold.clone());
        tokio::spawn(async move { orchestrator.hold_place(&hold).await })
    }))
    .await;
    let mut placed = Vec::new();
    for (hold, answer) in holds.iter().zip(answers) {
        match answer.unwrap() {
            Ok(()) => placed.push(hold.clone()),
            Err(OrchestratorError::OrderRefused(why)) => assert!(!why.is_empty()),
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(placed.len(), 10);
    assert_eq!(seller.shares().await, 10);
    assert_eq!(seller.orchestrator.available_units(OTHER).await.unwrap()[&offer("south")], 0);
    // Each has what it has, and may ask again.
    for hold in &placed {
        seller.orchestrator.hold_place(hold).await.unwrap();
    }
    assert_eq!(seller.shares().await, 10);
    let (gone, left) = placed.split_first().unwrap();
    seller.orchestrator.hold_release(&gone.partner, gone.order).await.unwrap();
    seller.orchestrator.hold_release(&gone.partner, gone.order).await.unwrap();
    assert_eq!(seller.shares().await, left.len());
    seller.orchestrator.hold_place(&another(&like, OTHER)).await.unwrap();
    assert!(seller.orchestrator.hold_place(&another(&like, OTHER)).await.is_err());
}

#[test]
fn units_are_never_oversold() {
    for_each_database(&MIGRATIONS, async |database| race(database, 50, 10).await);
}

#[test]
fn nodes_are_never_oversold() {
    for_each_database(&MIGRATIONS, async |database| race(database, 10, 50).await);
}

#[test]
fn a_partner_sees_what_it_can_have_itself() {
    for_each_database(&MIGRATIONS, async |database| {
        let folder = tempfile::tempdir().unwrap();
        let seller = seller(database, &folder, Arc::new(SystemClock), 50, 4).await;
        let units = async |partner: &str| seller.orchestrator.available_units(partner).await.unwrap();
        assert_eq!(units(BUYER).await.get(&offer("south")), Some(&4));
        assert_eq!(units(BUYER).await.get(&offer("north")), None, "that is another broker's");
        let mine = hold(60);
        seller.orchestrator.hold_place(&mine).await.unwrap();
        seller.orchestrator.hold_place(&another(&mine, BUYER)).await.unwrap();
        assert_eq!(units(BUYER).await[&offer("south")], 4, "what it holds is its own");
        assert_eq!(units(OTHER).await[&offer("south")], 2);
    });
}

#[test]
fn a_hold_runs_out_by_itself() {
    for_each_database(&MIGRATIONS, async |database| {
        let (folder, clock) = (tempfile::tempdir().unwrap(), HandClock::new(SystemClock.now()));
        let mut seller = seller(database, &folder, Arc::new(clock.clone()), 50, 1).await;
        seller.work();
        let first = hold(30);
        seller.orchestrator.hold_place(&first).await.unwrap();
        let longer = Hold { until: first.until + TimeDelta::seconds(30), ..first.clone() };
        seller.orchestrator.hold_place(&longer).await.unwrap();
        clock.advance(TimeDelta::seconds(45));
        tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
        assert_eq!(seller.shares().await, 1, "it was extended");

        clock.advance(TimeDelta::seconds(30));
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while seller.shares().await > 0 || seller.events("machine.hold-expired").await.is_empty() {
            assert!(std::time::Instant::now() < deadline, "the hold goes on for ever");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(seller.events("machine.hold-expired").await.len(), 1);
        let late = seller.orchestrator.order_put(BUYER, &request(first.order, 1, "1", &[])).await;
        assert!(matches!(late, Err(OrchestratorError::OrderRefused(why)) if why.contains("run out")));
        let next = Hold { until: clock.now() + TimeDelta::seconds(30), ..another(&first, OTHER) };
        seller.orchestrator.hold_place(&next).await.unwrap();
        seller.stop().await;
    });
}
