//! A partner's order as the broker that delivers it sees it.

use crate::{
    broker::{Broker, of, tenant},
    catalogue::{model, offer, tier},
    wire::BUYER,
};
use hansa_mco::model::{MachineState, Place};
use hansa_ontology::{
    Actor, MachineId, ResourceModel,
    order::{Delivery, Instance, OrderReport, OrderRequest, OrderState, PeerEndpoint},
};
use hansa_repository::ambient::{Clock as _, IdSource as _, RandomIds, SystemClock};
use hansa_service_orchestrator::{ApplicationFilter, Hold, OrchestratorError};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

pub(crate) fn hold(seconds: i64) -> Hold {
    let until = SystemClock.now() + chrono::TimeDelta::milliseconds(seconds * 1_000);
    Hold { order: MachineId(RandomIds.next()), partner: BUYER.to_owned(), offer: offer("south"), until }
}

pub(crate) fn request(order: MachineId, generation: i64, version: &str, peers: &[u16]) -> OrderRequest {
    let mut model: ResourceModel = model("shop", &[("app", tier(&[], version)), ("db", tier(&[], "1"))]);
    model.components.remove("db");
    let peer = |port: &u16| PeerEndpoint { ordinal: 0, port: "http".into(), address: ([127, 0, 0, 1], *port).into() };
    model.delivery = Some(Delivery {
        application: "shop".to_owned(),
        offer: offer("south"),
        instances: vec![Instance { component: "app".to_owned(), ordinal: 3 }],
        peers: BTreeMap::from([("db".to_owned(), peers.iter().map(peer).collect())]),
    });
    OrderRequest { id: order, generation, model }
}

async fn report_until(seller: &Broker, order: MachineId, fits: impl Fn(&OrderReport) -> bool) -> OrderReport {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let report = seller.orchestrator.order_report(BUYER, order).await.unwrap();
        if let Some(report) = report.clone().filter(&fits) {
            return report;
        }
        assert!(Instant::now() < deadline, "{report:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn pid(detail: &hansa_service_orchestrator::ApplicationDetail) -> Option<u32> {
    match &of(detail, "app")[0].place {
        Place::Node(facts) => facts.pid,
        Place::Partner { .. } => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_takes_the_place_of_its_hold_and_follows_its_generations() {
    let seller = Broker::seller().await;
    let hold = hold(60);
    let order = hold.order;
    assert_eq!(seller.orchestrator.order_report(BUYER, order).await.unwrap(), None);
    seller.orchestrator.hold_place(&hold).await.unwrap();
    seller.orchestrator.hold_place(&hold).await.unwrap();
    assert_eq!(seller.shares().await, 1);
    let placed = seller.events("machine.held").await;
    assert_eq!(placed.len(), 1);

    let first = request(order, 1, "1", &[]);
    seller.orchestrator.order_put(BUYER, &first).await.unwrap();
    seller.orchestrator.order_put(BUYER, &first).await.unwrap();
    let report = report_until(&seller, order, |report| report.state == OrderState::Completed).await;
    assert_eq!((report.generation, report.workloads.len()), (1, 1));
    let workload = &report.workloads[0];
    assert_eq!(workload.instance, Instance { component: "app".to_owned(), ordinal: 3 });
    assert!(workload.current && workload.healthy && workload.endpoints.contains_key("http"));

    let name = format!("order-{order}");
    let detail = seller.detail(&name).await;
    assert_eq!(detail.application.owner, Actor::Partner(BUYER.to_owned()));
    assert_eq!(detail.machines.len(), 1, "the held machine became the order's");
    assert_eq!(Some(format!("machine/{}", detail.machines[0].id)), placed.first().map(|event| event.subject.clone()));
    assert!(matches!(detail.machines[0].state, MachineState::Ready { .. }));
    assert_eq!((seller.shares().await, seller.events("machine.ordered").await.len()), (1, 1));
    // What runs already is none of the hold's business any more.
    seller.orchestrator.hold_place(&hold).await.unwrap();
    assert!(seller.orchestrator.hold_release(BUYER, order).await.is_err());

    // Other addresses elsewhere: the same process goes on and is told.
    let before = pid(&detail);
    seller.orchestrator.order_put(BUYER, &request(order, 2, "1", &[1])).await.unwrap();
    seller.orchestrator.order_put(BUYER, &request(order, 1, "9", &[9])).await.unwrap();
    let told = || {
        let files = std::fs::read_dir(seller.folder.join("nodes")).ok();
        files.is_some() && peers_files(&seller.folder).iter().any(|text| text.contains("127.0.0.1:1\""))
    };
    let deadline = Instant::now() + Duration::from_secs(30);
    while !told() {
        assert!(Instant::now() < deadline, "{:?}", peers_files(&seller.folder));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let report = report_until(&seller, order, |report| report.generation == 2).await;
    assert!(report.workloads[0].current, "what runs is what is wanted now");
    assert_eq!(pid(&seller.detail(&name).await), before);

    seller.orchestrator.order_put(BUYER, &request(order, 3, "2", &[1])).await.unwrap();
    let renewed = |report: &OrderReport| report.generation == 3 && report.state == OrderState::Completed;
    let report = report_until(&seller, order, renewed).await;
    assert_eq!((report.workloads.len(), report.workloads[0].current), (1, true));
    assert_ne!(pid(&seller.detail(&name).await), before);

    seller.orchestrator.order_end(BUYER, order).await.unwrap();
    seller.orchestrator.order_end(BUYER, order).await.unwrap();
    report_until(&seller, order, |report| report.state == OrderState::Ended).await;
    assert_eq!((seller.shares().await, seller.processes()), (0, 0));
    let again = seller.orchestrator.order_put(BUYER, &request(order, 4, "2", &[])).await;
    assert!(matches!(again, Err(OrchestratorError::OrderRefused(why)) if why.contains("was ended")));
    assert!(seller.orchestrator.hold_place(&hold).await.is_err(), "an ended order doesn't come back");
}

fn peers_files(folder: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                waiting.push(entry.path());
            } else if entry.file_name() == "peers.json" {
                found.extend(std::fs::read_to_string(entry.path()));
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partners_order_is_no_tenants_business() {
    let seller = Broker::seller().await;
    let hold = hold(60);
    seller.orchestrator.hold_place(&hold).await.unwrap();
    seller.orchestrator.order_put(BUYER, &request(hold.order, 1, "1", &[])).await.unwrap();
    let name = format!("order-{}", hold.order);

    let id = seller.id(&name).await;
    let refused = [
        seller.orchestrator.remove(id, tenant()).await,
        seller.orchestrator.scale(id, BTreeMap::from([("app".to_owned(), 2)]), tenant()).await,
        seller.orchestrator.update(id, model(&name, &[("app", tier(&[], "1"))]), tenant()).await,
    ];
    for answer in refused {
        let text = answer.unwrap_err().to_string();
        assert!(text.contains(BUYER) && text.contains(&name), "{text}");
    }
    let listed = async |include_orders| {
        let filter = ApplicationFilter { include_orders, ..ApplicationFilter::default() };
        seller.orchestrator.application_list(filter, 10, None).await.unwrap().items.len()
    };
    assert_eq!((listed(false).await, listed(true).await), (0, 1));
    // Another partner with the same id has another order: none.
    assert_eq!(seller.orchestrator.order_report("did:web:east.example", hold.order).await.unwrap(), None);
    seller.orchestrator.order_end("did:web:east.example", hold.order).await.unwrap();
    assert!(seller.orchestrator.order_report(BUYER, hold.order).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_is_refused_at_once() {
    let seller = Broker::seller().await;
    let hold = hold(60);
    let order = hold.order;
    let refusal = async |request: &OrderRequest| match seller.orchestrator.order_put(BUYER, request).await {
        Err(OrchestratorError::OrderRefused(why)) => why,
        other => panic!("{other:?}"),
    };
    assert!(refusal(&request(order, 1, "1", &[])).await.contains("nothing is held"));
    seller.orchestrator.hold_place(&hold).await.unwrap();

    let mut large = request(order, 1, "1", &[]);
    large.model.components.get_mut("app").unwrap().resources.memory = "1Gi".parse().unwrap();
    assert!(refusal(&large).await.contains("512"), "the flavour's memory is named");
    let mut unknown = request(order, 1, "1", &[]);
    unknown.model.delivery.as_mut().unwrap().instances[0].component = "web".to_owned();
    assert!(refusal(&unknown).await.contains("`web`"));
    let mut elsewhere = hold.clone();
    elsewhere.order = MachineId(RandomIds.next());
    elsewhere.offer = offer("north");
    let refused = seller.orchestrator.hold_place(&elsewhere).await.unwrap_err().to_string();
    assert!(refused.contains("not delivered by this broker"), "{refused}");
    seller.orchestrator.order_put(BUYER, &request(order, 1, "1", &[])).await.unwrap();
}
