//! Instances that move over the border and back.

use crate::{
    broker::{Broker, chain, of},
    catalogue::{model, tier},
    wire::Wire,
};
use hansa_service_orchestrator::{ApplicationDetail, Phase};
use serde_json::json;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stateless_tier_moves_there_and_back_and_always_answers() {
    let seller = Broker::seller().await;
    let wire = Arc::new(Wire::new(seller.orchestrator.clone()));
    let buyer = Broker::start("north", Arc::clone(&wire) as _).await;
    let shop = |side: &str| model("shop", &[("web", tier(&["north"], "1")), ("app", tier(&[side], "1"))]);

    buyer.submit(shop("south")).await;
    buyer.until_running("shop").await;
    for side in ["north", "south", "north"] {
        buyer.update(shop(side)).await;
        let deadline = Instant::now() + Duration::from_secs(90);
        loop {
            let detail = buyer.detail("shop").await;
            assert!(chain(&detail, "web").is_some(), "on the way {side}: {:?}", of(&detail, "app"));
            let there = of(&detail, "app");
            let arrived = there.len() == 1 && there[0].site.short() == side;
            if detail.application.phase == Phase::Running && arrived {
                break;
            }
            assert!(Instant::now() < deadline, "{:?} {there:?}", detail.application.phase);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    assert_eq!(seller.shares().await, 0);
    buyer.remove("shop").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tier_with_a_volume_never_runs_at_two_places() {
    let seller = Broker::seller().await;
    let wire = Arc::new(Wire::new(seller.orchestrator.clone()));
    let buyer = Broker::start("north", Arc::clone(&wire) as _).await;
    let store = |side: &str, version: &str| {
        let mut db = tier(&[side], version);
        db["volumes"] = json!({ "data": { "size": "16Mi" } });
        model("store", &[("db", db)])
    };
    buyer.submit(store("south", "1")).await;
    buyer.until_running("store").await;
    let alive =
        |detail: &ApplicationDetail| of(detail, "db").iter().filter(|workload| !workload.endpoints.is_empty()).count();
    for (side, version) in [("north", "1"), ("south", "1"), ("south", "2")] {
        buyer.update(store(side, version)).await;
        let deadline = Instant::now() + Duration::from_secs(90);
        loop {
            let detail = buyer.detail("store").await;
            assert!(alive(&detail) < 2, "{:?}", of(&detail, "db"));
            let at = |broker: &Broker| usize::from(broker.processes() > 0);
            assert!(at(&buyer) + at(&seller) < 2, "both brokers run it");
            let expected = format!("db#0@{version}");
            let arrived = of(&detail, "db").first().is_some_and(|db| db.site.short() == side);
            if detail.application.phase == Phase::Running && arrived {
                assert_eq!(chain(&detail, "db"), Some(expected));
                break;
            }
            assert!(Instant::now() < deadline, "{:?} {:?}", detail.application.phase, of(&detail, "db"));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    buyer.remove("store").await;
    assert_eq!((seller.shares().await, seller.processes()), (0, 0));
}
