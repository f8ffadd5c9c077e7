//! Updates that are blue-green: all of the new beside the old, one moment in which callers
//! are led to it, and the old as it was where the new doesn't work.

use crate::{
    broker::{Broker, ask, chain, of, tenant},
    catalogue::{model, tier},
    wire::Wire,
};
use hansa_mco::{NoPartners, model::Workload};
use hansa_ontology::{ResourceModel, WorkloadId};
use hansa_service_orchestrator::{ApplicationDetail, OrchestratorError, Phase, UpdateStage};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// A shop with two servers of this version in one place, between a front and a database that don't change.
fn shop(side: &str, version: &str, update: &Value) -> ResourceModel {
    let mut app = tier(&[side], version);
    app["replicas"] = json!(2);
    let mut db = tier(&["north"], "1");
    db["volumes"] = json!({ "data": { "size": "16Mi" } });
    let mut shop = model("shop", &[("web", tier(&["north"], "1")), ("app", app), ("db", db)]);
    let mut policy = json!({ "strategy": "blue-green", "settle": "500ms", "keep": "10m" });
    policy.as_object_mut().unwrap().extend(update.as_object().unwrap().clone());
    shop.update = serde_json::from_value(policy).unwrap();
    shop
}

/// Asks all the time, and keeps each answer that is another one than the one before.
struct Visitor {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<Vec<Option<String>>>,
}

impl Visitor {
    fn of(address: SocketAddr) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let ended = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut answers: Vec<Option<String>> = Vec::new();
            while !ended.load(Ordering::Relaxed) {
                // Which of the two instances has answered makes no difference here.
                let answer = ask(address).map(|text| text.replace("app#1", "app#0"));
                if answers.last() != Some(&answer) {
                    answers.push(answer);
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            answers
        });
        Self { stop, thread }
    }

    /// The versions that answered, one after the other.
    fn end(self) -> Vec<Option<String>> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

fn answer(version: &str) -> Option<String> {
    Some(format!("web#0@1(app#0@{version}(db#0@1))"))
}

fn entrance(detail: &ApplicationDetail) -> SocketAddr {
    of(detail, "web")[0].endpoints["http"].socket()
}

fn ids<'a>(workloads: impl IntoIterator<Item = &'a Workload>) -> BTreeSet<WorkloadId> {
    workloads.into_iter().map(|workload| workload.id).collect()
}

fn stage(detail: &ApplicationDetail) -> &'static str {
    detail.update.as_ref().map_or("none", |update| update.stage.name())
}

async fn started(broker: &Broker, side: &str, update: &Value) -> ApplicationDetail {
    broker.submit(shop(side, "1", update)).await;
    let detail = broker.until_running("shop").await;
    assert_eq!((chain(&detail, "web"), stage(&detail)), (answer("1"), "none"), "there is nothing to stand beside");
    detail
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_are_led_to_the_new_at_once_and_back_at_once() {
    let broker = Broker::start("north", Arc::new(NoPartners)).await;
    let first = started(&broker, "north", &json!({})).await;
    let visitor = Visitor::of(entrance(&first));
    broker.update(shop("north", "2", &json!({}))).await;
    let both = broker.until("shop", |detail| of(detail, "app").len() == 4).await;
    assert_eq!(both.plan.as_ref().unwrap().0, 1, "the old is in force");
    let second = broker.until("shop", |detail| detail.application.phase == Phase::Running).await;
    assert_eq!((stage(&second), second.plan.as_ref().unwrap().0), ("switched", 2));
    for component in ["web", "db"] {
        assert_eq!(ids(of(&first, component)), ids(of(&second, component)), "{component} is one and the same");
    }
    let (old, new): (Vec<&Workload>, Vec<&Workload>) = of(&second, "app").into_iter().partition(|one| one.beside);
    assert_eq!((old.len(), new.len()), (2, 2));
    assert_eq!(ids(old), ids(of(&first, "app")), "the old is kept, and nobody is led to it");
    let micros = |detail: &ApplicationDetail| detail.application.price.unwrap().micros;
    assert!(micros(&second) > micros(&first), "both are paid");

    let accepted = broker.orchestrator.rollback(broker.id("shop").await, None, tenant()).await.unwrap();
    assert_eq!(accepted.application, first.application.id);
    let third = broker.until("shop", |detail| stage(detail) == "none" && detail.workloads.len() == 4).await;
    assert_eq!(third.application.phase, Phase::Running);
    assert_eq!(third.plan.as_ref().unwrap().0, 3);
    assert_eq!(ids(&third.workloads), ids(&first.workloads), "nothing was started for going back");
    assert_eq!(third.application.price, first.application.price);
    assert_eq!(visitor.end(), [answer("1"), answer("2"), answer("1")]);

    // Without a time to keep it the old goes; what was rented for it, too.
    broker.update(shop("north", "2", &json!({ "keep": "0s" }))).await;
    let serves = |detail: &ApplicationDetail| detail.plan.as_ref().is_some_and(|(revision, _)| *revision == 4);
    let alone = |detail: &ApplicationDetail| stage(detail) == "none" && of(detail, "app").len() == 2;
    let last = broker.until("shop", |detail| serves(detail) && alone(detail)).await;
    assert_eq!(chain(&last, "web"), answer("2"));
    let told: Vec<String> = broker.events("update.").await.into_iter().map(|event| event.kind).collect();
    let kinds = ["begun", "switched", "switched-back", "finished", "begun", "switched", "finished"];
    assert_eq!(told, kinds.map(|kind| format!("update.{kind}")));
    broker.remove("shop").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_old_stays_whole_where_the_new_has_no_room_or_does_not_work() {
    let broker = Broker::start("north", Arc::new(NoPartners)).await;
    let first = started(&broker, "north", &json!({})).await;
    let visitor = Visitor::of(entrance(&first));
    let blocked = async |next: ResourceModel, why: &str| {
        broker.update(next).await;
        let there = |detail: &ApplicationDetail| {
            detail.application.phase.reason().is_some_and(|reason| reason.contains(why))
                && ids(&detail.workloads) == ids(&first.workloads)
                && detail.machines.len() == first.machines.len()
        };
        let detail = broker.until("shop", there).await;
        assert_eq!(detail.application.phase.name(), "blocked");
        assert_eq!(detail.plan.as_ref().unwrap().0, 1);
    };
    let mut broken = shop("north", "2", &json!({ "deadline": "2s" }));
    let app = serde_json::from_value(json!({ "process": { "command": ["/nowhere/to/be/found"] } })).unwrap();
    broken.components.get_mut("app").unwrap().package = app;
    blocked(broken, "revision 2 is taken away: it wasn't healthy for 500ms within 2s").await;
    let mut large = shop("north", "2", &json!({}));
    large.components.get_mut("app").unwrap().resources.memory = "900Gi".parse().unwrap();
    blocked(large, "revision 3 can't stand beside revision 1, which goes on").await;
    let mut db = shop("north", "2", &json!({}));
    db.components.get_mut("db").unwrap().environment.insert("VERSION".to_owned(), "2".to_owned());
    blocked(db, "db#0 changes and can't stand beside itself: it has a volume").await;
    assert_eq!(visitor.end(), [answer("1")]);
    // A change of what nothing runs differently for is an update as any other.
    let mut more = shop("north", "1", &json!({}));
    more.components.get_mut("app").unwrap().replicas = hansa_ontology::resource_model::Replicas::Fixed(3);
    broker.update(more).await;
    let detail = broker.until("shop", |detail| detail.application.phase == Phase::Running).await;
    assert_eq!((of(&detail, "app").len(), stage(&detail)), (3, "none"));
    assert!(ids(&detail.workloads).is_superset(&ids(&first.workloads)));
    broker.remove("shop").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_promotes_it_whenever_the_broker_dies() {
    let mut broker = Broker::start("north", Arc::new(NoPartners)).await;
    let manual = json!({ "promote": "manual" });
    let first = started(&broker, "north", &manual).await;
    let id = first.application.id;
    let visitor = Visitor::of(entrance(&first));
    let refused = broker.orchestrator.promote(id, tenant()).await;
    assert!(matches!(refused, Err(OrchestratorError::NotWaiting { .. })), "{refused:?}");
    broker.update(shop("north", "2", &manual)).await;
    broker.until("shop", |detail| stage(detail) != "none").await;
    broker.restart("north", Arc::new(NoPartners)).await;
    let ready = broker.until("shop", |detail| stage(detail) == "ready").await;
    assert_eq!((of(&ready, "app").len(), chain(&ready, "web")), (4, answer("1")));
    broker.restart("north", Arc::new(NoPartners)).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let waits = broker.detail("shop").await;
    assert!(matches!(waits.update.unwrap().stage, UpdateStage::Ready { promoted: None, .. }));
    broker.orchestrator.promote(id, tenant()).await.unwrap();
    broker.restart("north", Arc::new(NoPartners)).await;
    let switched = broker.until_running("shop").await;
    assert_eq!((stage(&switched), chain(&switched, "web")), ("switched", answer("2")));
    assert_eq!(ids(&switched.workloads), ids(&ready.workloads), "what was started is what serves");
    assert!(broker.orchestrator.promote(id, tenant()).await.is_err(), "it is done");
    assert_eq!(visitor.end(), [answer("1"), answer("2")]);

    // A rollback before anybody promotes takes the new away.
    broker.update(shop("north", "3", &manual)).await;
    broker.until("shop", |detail| stage(detail) == "ready").await;
    broker.orchestrator.rollback(id, None, tenant()).await.unwrap();
    let back =
        broker.until("shop", |detail| detail.application.phase == Phase::Running && of(detail, "app").len() == 2).await;
    assert_eq!(chain(&back, "web"), answer("2"));
    broker.remove("shop").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_stands_beside_at_a_partner_too() {
    let seller = Broker::seller().await;
    let wire = Arc::new(Wire::new(seller.orchestrator.clone()));
    let buyer = Broker::start("north", Arc::clone(&wire) as _).await;
    let first = started(&buyer, "south", &json!({ "keep": "0s" })).await;
    let visitor = Visitor::of(entrance(&first));
    buyer.update(shop("south", "2", &json!({ "keep": "0s" }))).await;
    let second = buyer.until_running("shop").await;
    assert_eq!(stage(&second), "switched");
    assert_eq!(chain(&second, "web").map(|text| text.replace("app#1", "app#0")), answer("2"));
    buyer.until("shop", |detail| of(detail, "app").len() == 2 && stage(detail) == "none").await;
    assert_eq!(visitor.end(), [answer("1"), answer("2")]);
    buyer.remove("shop").await;
    assert_eq!((seller.shares().await, seller.processes()), (0, 0));
}
