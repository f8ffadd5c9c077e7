//! One application over three brokers: its tiers call each other from partner to partner.

use crate::{
    broker::{Broker, chain, of},
    catalogue::{model, offer, tier},
    orders::hold,
    wire::{Wire, Wires},
};
use hansa_mco::model::Place;
use hansa_ontology::MachineId;
use hansa_repository::ambient::{IdSource as _, RandomIds};
use hansa_service_orchestrator::Hold;
use std::sync::{Arc, atomic::Ordering};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tiers_at_three_brokers_call_each_other() {
    let (south, east) = (Broker::seller_at("south").await, Broker::seller_at("east").await);
    let to_south = Arc::new(Wire::to("south", "Southern Clouds", south.orchestrator.clone()));
    let to_east = Arc::new(Wire::to("east", "Eastern Racks", east.orchestrator.clone()));
    // The first orders to the south can't be handed on: they are, when that works, and once.
    to_south.failing.store(3, Ordering::Relaxed);
    let wires = Arc::new(Wires(vec![Arc::clone(&to_south), Arc::clone(&to_east)]));
    let north = Broker::start("north", wires).await;
    let shop = |app: &str, db: &str| {
        model("shop", &[("web", tier(&["north"], "1")), ("app", tier(&[app], "1")), ("db", tier(&[db], "1"))])
    };

    north.submit(shop("south", "east")).await;
    let detail = north.until_running("shop").await;
    assert_eq!(chain(&detail, "web").as_deref(), Some("web#0@1(app#0@1(db#0@1))"));
    let at = |component: &str| match &of(&detail, component)[0].place {
        Place::Partner { name } => name.clone(),
        Place::Node(_) => "here".to_owned(),
    };
    assert_eq!([at("web"), at("app"), at("db")], ["here", "Southern Clouds", "Eastern Racks"]);
    assert_eq!(to_south.failing.load(Ordering::Relaxed), 0);
    let sent: Vec<i64> = to_south.sent.lock().unwrap().iter().map(|order| order.generation).collect();
    assert!(sent.windows(2).all(|pair| pair[0] < pair[1]), "none twice, none back: {sent:?}");

    // The lowest tier changes sides; those above are told and go on.
    let app = of(&detail, "app")[0].clone();
    north.update(shop("south", "south")).await;
    let moved = |detail: &hansa_service_orchestrator::ApplicationDetail| {
        let db = of(detail, "db");
        detail.application.phase.name() == "running" && db.len() == 1 && db[0].site.short() == "south"
    };
    let detail = north.until("shop", moved).await;
    assert_eq!(chain(&detail, "web").as_deref(), Some("web#0@1(app#0@1(db#0@1))"));
    let still = of(&detail, "app")[0];
    assert_eq!((still.id, still.restarts, &still.endpoints), (app.id, app.restarts, &app.endpoints));
    assert_eq!((east.shares().await, east.processes()), (0, 0));
    north.remove("shop").await;
    assert_eq!((south.shares().await, south.processes()), (0, 0));
}

/// The partner has given its last units away since its offer was read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_partner_refuses_is_planned_elsewhere() {
    let (south, east) = (Broker::seller_at("south").await, Broker::seller_at("east").await);
    let to_south = Arc::new(Wire::to("south", "Southern Clouds", south.orchestrator.clone()));
    let to_east = Arc::new(Wire::to("east", "Eastern Racks", east.orchestrator.clone()));
    let north = Broker::start("north", Arc::new(Wires(vec![to_south, to_east]))).await;
    for _ in 0..10 {
        let taken = Hold { order: MachineId(RandomIds.next()), partner: "did:web:west.example".into(), ..hold(120) };
        south.orchestrator.hold_place(&Hold { offer: offer("south"), ..taken }).await.unwrap();
    }
    // With a volume, which also may be planned anew only when nothing of it is left anywhere.
    let mut job = tier(&["south", "east"], "1");
    job["volumes"] = serde_json::json!({ "data": { "size": "1Mi" } });
    north.submit(model("job", &[("job", job)])).await;
    let detail = north.until_running("job").await;
    assert_eq!(of(&detail, "job")[0].site.short(), "east");
    let refused = north.events("machine.refused").await;
    assert_eq!(refused.len(), 1);
    assert!(
        refused[0].message.contains("Southern Clouds") && refused[0].message.contains("no unit left"),
        "{refused:?}"
    );
    let (_, plan) = detail.plan.as_ref().unwrap();
    let why = plan.components["job"].refused.iter().find(|refusal| refusal.offer == offer("south")).unwrap();
    assert!(why.reasons.iter().any(|reason| reason.text.contains("Southern Clouds")), "{why:?}");
    assert_eq!(south.shares().await, 10);
    north.remove("job").await;
    assert_eq!(east.shares().await, 0);
}
