//! Three tiers over two brokers: deployed, healed, scaled, updated, removed.

use crate::{
    broker::{Broker, ask, chain, of},
    catalogue::{model, tier},
    leftovers,
    wire::{SELLER, Wire},
};
use futures_util::StreamExt as _;
use hansa_mco::model::Place;
use hansa_ontology::ResourceModel;
use hansa_wdm::LogQuery;
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

fn shop(version: &str) -> ResourceModel {
    model(
        "shop",
        &[("web", tier(&["north"], version)), ("app", tier(&["south"], version)), ("db", tier(&["south"], version))],
    )
}

/// Asks all the time; answers how often nobody answered.
struct Visitor {
    stop: Arc<AtomicBool>,
    failures: Arc<AtomicU32>,
    visits: Arc<AtomicU32>,
    thread: std::thread::JoinHandle<()>,
}

impl Visitor {
    fn of(address: std::net::SocketAddr) -> Self {
        let (stop, failures, visits) = (Arc::<AtomicBool>::default(), Arc::<AtomicU32>::default(), Arc::default());
        let (ended, failed, visited) = (Arc::clone(&stop), Arc::clone(&failures), Arc::<AtomicU32>::clone(&visits));
        let thread = std::thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                visited.fetch_add(1, Ordering::Relaxed);
                if ask(address).is_none() {
                    failed.fetch_add(1, Ordering::Relaxed);
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        });
        Self { stop, failures, visits, thread }
    }

    fn end(self) -> (u32, u32) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
        (self.visits.load(Ordering::Relaxed), self.failures.load(Ordering::Relaxed))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_tiers_run_over_two_brokers() {
    let seller = Broker::seller().await;
    let wire = Arc::new(Wire::new(seller.orchestrator.clone()));
    let mut buyer = Broker::start("north", Arc::clone(&wire) as _).await;

    buyer.submit(shop("1")).await;
    let detail = buyer.until_running("shop").await;
    assert_eq!(chain(&detail, "web").as_deref(), Some("web#0@1(app#0@1(db#0@1))"));
    for component in ["app", "db"] {
        let workload = of(&detail, component)[0];
        assert_eq!(workload.place, Place::Partner { name: SELLER.to_owned() });
        assert_eq!(workload.site.as_str(), "urn:test:site:south");
    }
    let (_, plan) = detail.plan.as_ref().unwrap();
    assert_eq!(plan.price_per_hour_micros, 30_000, "app and db share one machine of the south");

    logs_come_from_the_partner(&buyer).await;
    a_killed_process_is_healed(&buyer, &seller).await;
    more_instances_and_fewer(&buyer).await;
    a_new_version_takes_over(&buyer, &wire).await;
    a_restart_neither_repeats_nor_goes_back(&mut buyer, &wire).await;

    buyer.remove("shop").await;
    assert_eq!((seller.shares().await, seller.processes()), (0, 0));
    assert_eq!((buyer.shares().await, buyer.processes()), (0, 0));
}

async fn logs_come_from_the_partner(buyer: &Broker) {
    let query = LogQuery { tail: Some(10), ..LogQuery::default() };
    let streams = buyer.orchestrator.logs(buyer.id("shop").await, Some("db"), None, query).await.unwrap();
    let mut lines = Vec::new();
    for (instance, stream) in streams {
        assert_eq!((instance.component.as_str(), instance.ordinal), ("db", 0));
        lines.extend(stream.map(|line| line.unwrap().text).collect::<Vec<_>>().await);
    }
    // The program knows the application by its own name, not by the order's.
    assert!(lines.iter().any(|line| line == "db of shop listens"), "{lines:?}");
}

async fn a_killed_process_is_healed(buyer: &Broker, seller: &Broker) {
    let order = format!("order-{}", of(&buyer.detail("shop").await, "db")[0].machine);
    let pid = |detail: &hansa_service_orchestrator::ApplicationDetail| match &of(detail, "db")[0].place {
        Place::Node(facts) => facts.pid,
        Place::Partner { .. } => None,
    };
    let before = pid(&seller.detail(&order).await).unwrap();
    leftovers::kill(before);
    let healed = |detail: &hansa_service_orchestrator::ApplicationDetail| {
        let db = of(detail, "db");
        db.len() == 1 && db[0].restarts == 1 && db[0].state.is_healthy()
    };
    let detail = buyer.until("shop", healed).await;
    assert_eq!(chain(&detail, "web").as_deref(), Some("web#0@1(app#0@1(db#0@1))"));
    assert_ne!(pid(&seller.detail(&order).await), Some(before));
}

async fn more_instances_and_fewer(buyer: &Broker) {
    let scale = async |count| {
        let replicas = BTreeMap::from([("app".to_owned(), count)]);
        buyer.orchestrator.scale(buyer.id("shop").await, replicas, crate::broker::tenant()).await.unwrap();
        buyer.until_running("shop").await
    };
    let detail = scale(3).await;
    let app = of(&detail, "app");
    assert_eq!(app.iter().map(|workload| workload.ordinal).collect::<Vec<_>>(), [0, 1, 2]);
    for workload in app {
        assert_eq!(ask(workload.endpoints["http"].socket()).unwrap(), format!("app#{}@1(db#0@1)", workload.ordinal));
    }
    assert_eq!(of(&scale(1).await, "app").len(), 1);
}

async fn a_new_version_takes_over(buyer: &Broker, wire: &Wire) {
    let detail = buyer.until_running("shop").await;
    let visitor = Visitor::of(of(&detail, "web")[0].endpoints["http"].socket());
    // The web tier stays as it is: its process must not end, and must find the new ones.
    let mut changed = shop("2");
    changed.components.insert("web".to_owned(), shop("1").components["web"].clone());
    buyer.update(changed).await;
    let detail = buyer.until_running("shop").await;
    let (visits, failures) = visitor.end();
    assert_eq!(chain(&detail, "web").as_deref(), Some("web#0@1(app#0@2(db#0@2))"));
    assert_eq!(failures, 0, "of {visits}");
    assert!(visits > 10);

    let settled = wire.sent.lock().unwrap().len();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(wire.sent.lock().unwrap().len(), settled, "what is settled is ordered no more");
}

async fn a_restart_neither_repeats_nor_goes_back(buyer: &mut Broker, wire: &Arc<Wire>) {
    let generations = || wire.sent.lock().unwrap().iter().map(|order| order.generation).collect::<Vec<_>>();
    let before = generations();
    buyer.restart("north", Arc::clone(wire) as _).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(generations(), before);
    buyer.update(shop("3")).await;
    let detail = buyer.until_running("shop").await;
    assert_eq!(chain(&detail, "web").as_deref(), Some("web#0@3(app#0@3(db#0@3))"));
    let after = generations();
    assert!(after.len() > before.len() && after.windows(2).all(|pair| pair[0] < pair[1]), "{after:?}");
}
