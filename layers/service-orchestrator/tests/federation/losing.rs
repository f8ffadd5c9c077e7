//! A partner that isn't heard any more.

use crate::{
    broker::{Broker, chain, of},
    catalogue::{model, tier},
    wire::{SELLER, Wire},
};
use hansa_mco::model::Place;
use hansa_service_orchestrator::Phase;
use std::{sync::Arc, time::Duration};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_lost_partner_ran_is_planned_again_here_and_ended_there() {
    let seller = Broker::seller().await;
    let wire = Arc::new(Wire::new(seller.orchestrator.clone()));
    let buyer = Broker::start("north", Arc::clone(&wire) as _).await;

    buyer.submit(model("shop", &[("web", tier(&["north"], "1")), ("app", tier(&[], "1"))])).await;
    // Both fit into the machine that web needs in the north; a second one is rented nowhere.
    let detail = buyer.until_running("shop").await;
    assert!(of(&detail, "app")[0].is_here());

    buyer.submit(model("job", &[("app", tier(&[], "1"))])).await;
    let detail = buyer.until_running("job").await;
    assert_eq!(of(&detail, "app")[0].place, Place::Partner { name: SELLER.to_owned() }, "the south is cheaper");
    assert_eq!(seller.shares().await, 1);

    wire.cut();
    let moved = |detail: &hansa_service_orchestrator::ApplicationDetail| {
        let app = of(detail, "app");
        detail.application.phase == Phase::Running && app.len() == 1 && app[0].is_here() && app[0].state.is_healthy()
    };
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    let detail = loop {
        let detail = buyer.detail("job").await;
        let believed = |workload: &&hansa_mco::model::Workload| !workload.is_here() && workload.state.is_healthy();
        // Before the round that finds it lost nobody knows better.
        let known = !buyer.events("machine.lost").await.is_empty();
        let after = buyer.detail("job").await;
        assert!(!known || !of(&after, "app").iter().any(believed), "what a lost partner told is believed");
        if moved(&detail) {
            break detail;
        }
        assert!(std::time::Instant::now() < deadline, "{:?}", of(&detail, "app"));
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!(chain(&detail, "app").as_deref(), Some("app#0@1"));
    let lost = buyer.events("machine.lost").await;
    assert_eq!(lost.len(), 1, "{lost:?}");
    assert!(lost[0].message.contains(&format!("the partner {SELLER} hasn't been heard since")), "{}", lost[0].message);
    let (_, plan) = detail.plan.unwrap();
    let refused = &plan.components["app"].refused;
    let why = refused.iter().find(|refusal| refusal.offer.short() == "south").unwrap();
    assert!(why.reasons[0].text.contains(SELLER), "{:?}", why.reasons);
    assert_eq!(seller.shares().await, 1, "the secondary doesn't know yet");

    wire.mend().await;
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    while seller.shares().await > 0 || seller.processes() > 0 {
        assert!(std::time::Instant::now() < deadline, "what the primary gave up goes on at the secondary");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    buyer.remove("job").await;
    buyer.remove("shop").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_another_place_it_goes_on_when_the_partner_is_heard_again() {
    let seller = Broker::seller().await;
    let wire = Arc::new(Wire::new(seller.orchestrator.clone()));
    let buyer = Broker::start("north", Arc::clone(&wire) as _).await;
    buyer.submit(model("shop", &[("web", tier(&["north"], "1")), ("app", tier(&["south"], "1"))])).await;
    buyer.until_running("shop").await;

    wire.cut();
    let blocked = buyer.until("shop", |detail| matches!(detail.application.phase, Phase::Blocked(_))).await;
    let Place::Node(facts) = &of(&blocked, "web")[0].place else { panic!("web runs here") };
    crate::leftovers::kill(facts.pid.unwrap());
    let healed = |detail: &hansa_service_orchestrator::ApplicationDetail| {
        of(detail, "web").first().is_some_and(|web| web.restarts == 1 && web.state.is_healthy())
    };
    let healed = buyer.until("shop", healed).await;
    let told = of(&healed, "app")[0].state.reason().unwrap().to_owned();
    assert!(told.contains("isn't heard"), "{told}");

    // What the partner ran is as it was, and is taken up again.
    wire.mend().await;
    let detail = buyer.until_running("shop").await;
    assert_eq!(chain(&detail, "web").as_deref(), Some("web#0@1(app#0@1)"));
    assert_eq!(of(&detail, "app")[0].restarts, 0);
    assert_eq!(seller.events("machine.held").await.len(), 1, "nothing was ordered a second time");

    // A removal doesn't wait for one that isn't heard; it is ended there later.
    wire.cut();
    buyer.remove("shop").await;
    assert_eq!(seller.shares().await, 1);
    wire.mend().await;
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    while seller.shares().await > 0 {
        assert!(std::time::Instant::now() < deadline, "what was removed goes on at the secondary");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
