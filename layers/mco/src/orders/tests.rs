//! Orders through the rounds of a rollout.

use super::*;
use crate::{
    desired::DesiredWorkload,
    rollout::{SeenWorkload, rollout},
};
use chrono::DateTime;
use hansa_ontology::{
    Money,
    order::{DeliveredEndpoint, OrderState},
    resource_model::Protocol,
};
use serde_json::json;

const SHOP: ApplicationId = ApplicationId(Uuid::from_u128(1));

fn machine(number: u128) -> Machine {
    let terms: hansa_ontology::Offer = serde_json::from_value(json!({
        "id": "urn:t:o", "title": "o", "provider": "urn:t:p", "site": "urn:t:s", "kind": "virtual-machine",
        "flavour": {
            "name": "f", "cpuMilli": 1_000, "memoryMib": 512, "diskMib": 0, "cpuArch": "amd64", "gpu": null,
            "bandwidthMbps": null,
        },
        "capacity": { "availableUnits": 9, "asOf": "2026-01-01T00:00:00Z" },
        "pricePlan": { "model": "on-demand", "pricePerHour": { "micros": 1, "currency": "EUR" } },
        "sla": null, "energy": null, "claims": [], "capabilities": [], "serviceArea": [], "validFrom": null,
        "validThrough": null,
    }))
    .unwrap();
    Machine {
        id: MachineId(Uuid::from_u128(number)),
        application: SHOP,
        price_per_hour: Money::new(1, hansa_ontology::Currency::EUR),
        terms: Box::new(terms),
        state: MachineState::Ordered,
        created_at: DateTime::UNIX_EPOCH,
        partner: Some("South".to_owned()),
        customer: None,
    }
}

/// `web` calls `db`; both in this version, `db` with a volume if asked.
fn model(version: &str, volume: bool) -> ResourceModel {
    let component = |volumes: serde_json::Value| {
        json!({
            "package": { "process": { "command": [version] } }, "volumes": volumes, "replicas": 2,
            "constraints": { "maxPricePerHour": "1" },
        })
    };
    let volumes = if volume { json!({ "data": { "size": "1Mi" } }) } else { json!({}) };
    serde_json::from_value(json!({
        "hansa": 1, "name": "shop", "rules": [{ "together": ["web", "db"] }],
        "components": { "web": component(json!({})), "db": component(volumes) },
        "links": [{ "from": "web", "to": "db", "maxLatency": "5ms" }],
    }))
    .unwrap()
}

/// The workloads that the model asks for in these places.
fn desired(model: &ResourceModel, places: &[(&str, u32, u128)]) -> Vec<DesiredWorkload> {
    let place = |(component, ordinal, machine): &(&str, u32, u128)| {
        let instance = Instance { component: (*component).to_owned(), ordinal: *ordinal };
        desired::workload(SHOP, model, &instance, MachineId(Uuid::from_u128(*machine))).unwrap()
    };
    places.iter().map(place).collect()
}

fn report(generation: i64, workloads: &[(&str, u32, bool)]) -> OrderReport {
    let workload = |(component, ordinal, current): &(&str, u32, bool)| DeliveredWorkload {
        instance: Instance { component: (*component).to_owned(), ordinal: *ordinal },
        current: *current,
        state: "running".to_owned(),
        healthy: true,
        reason: None,
        restarts: 0,
        since: DateTime::UNIX_EPOCH,
        endpoints: BTreeMap::from([(
            "http".to_owned(),
            DeliveredEndpoint { address: ([127, 0, 0, 1], 80).into(), protocol: Protocol::Tcp, public: false },
        )]),
    };
    OrderReport {
        id: MachineId(Uuid::nil()),
        generation,
        state: OrderState::InProgress,
        reason: None,
        workloads: workloads.iter().map(workload).collect(),
        as_of: DateTime::UNIX_EPOCH,
    }
}

/// One round over these machines, each with its order and report: what is seen, and the next orders.
fn round(
    model: &ResourceModel,
    desired: &[DesiredWorkload],
    machines: &[(u128, Option<&PlacedOrder>, Option<OrderReport>)],
) -> (Vec<Workload>, Rollout, Vec<Option<PlacedOrder>>) {
    let seen: Vec<Workload> = machines
        .iter()
        .flat_map(|(number, order, report)| super::seen(&machine(*number), *order, report.as_ref()))
        .collect();
    let known: Vec<SeenWorkload> = seen
        .iter()
        .map(|workload| SeenWorkload {
            id: workload.id,
            component: workload.component.clone(),
            ordinal: workload.ordinal,
            ready: workload.state.is_healthy(),
            known: workload.state.is_healthy(),
            since: None,
        })
        .collect();
    let rollout = rollout(model, desired, &known);
    let asking = Asking { application: "shop", model, desired, seen: &seen, rollout: &rollout };
    let next = |(number, order, _): &(u128, Option<&PlacedOrder>, Option<OrderReport>)| {
        let machine = machine(*number);
        PlacedOrder::next(*order, SHOP, machine.id, asking.model(&machine, *order))
    };
    let orders = machines.iter().map(next).collect();
    (seen, rollout, orders)
}

fn names(order: &PlacedOrder) -> Vec<String> {
    order.instances().iter().map(|instance| format!("{}#{}", instance.component, instance.ordinal)).collect()
}

fn command(order: &PlacedOrder, component: &str) -> serde_json::Value {
    serde_json::to_value(&order.model.components[component].package).unwrap()["process"]["command"][0].clone()
}

#[test]
fn an_order_is_the_part_of_the_model_that_its_instances_need() {
    let model = model("1", false);
    let wanted = desired(&model, &[("web", 1, 7), ("db", 0, 8)]);
    let (seen, _, orders) = round(&model, &wanted, &[(7, None, None)]);
    assert!(seen.is_empty());
    let order = orders[0].as_ref().unwrap();
    assert_eq!((order.generation, names(order)), (1, vec!["web#1".to_owned()]));
    let part = &order.model;
    assert_eq!(part.components.keys().collect::<Vec<_>>(), ["web"]);
    assert!(part.rules.is_empty() && part.components["web"].constraints.is_empty());
    assert_eq!(part.components["web"].replicas, Replicas::Fixed(1));
    assert_eq!((part.links.len(), part.links[0].to.as_str(), part.links[0].max_latency), (1, "db", None));
    assert_eq!(part.delivery.as_ref().unwrap().application, "shop");
}

#[test]
fn what_is_asked_already_is_not_asked_again() {
    let model = model("1", false);
    let wanted = desired(&model, &[("web", 0, 7)]);
    let first = round(&model, &wanted, &[(7, None, None)]).2.remove(0).unwrap();
    // Before the partner tells anything, and when all of it runs.
    for report in [None, Some(report(1, &[("web", 0, true)]))] {
        let (seen, rollout, orders) = round(&model, &wanted, &[(7, Some(&first), report.clone())]);
        assert_eq!(orders, [None]);
        assert_eq!((seen.len(), seen[0].id), (1, wanted[0].id));
        assert_eq!(rollout.settled, report.is_some());
    }
}

#[test]
fn a_report_of_an_earlier_generation_does_not_unsettle_what_is_the_same() {
    let model = model("1", false);
    let wanted = desired(&model, &[("web", 0, 7)]);
    let first = round(&model, &wanted, &[(7, None, None)]).2.remove(0).unwrap();
    let mut told = first.model.clone();
    let peer =
        hansa_ontology::order::PeerEndpoint { ordinal: 0, port: "db".into(), address: ([127, 0, 0, 1], 1).into() };
    told.delivery.as_mut().unwrap().peers.insert("db".into(), vec![peer]);
    let second = PlacedOrder::next(Some(&first), SHOP, first.machine, told).unwrap();
    assert_eq!((second.generation, second.since["web"]), (2, 1));
    let seen = super::seen(&machine(7), Some(&second), Some(&report(1, &[("web", 0, true)])));
    assert_eq!((seen.len(), seen[0].id), (1, wanted[0].id));
}

#[test]
fn a_new_version_is_asked_for_in_place_and_the_old_one_counts_until_it_works() {
    let (old, new) = (model("1", false), model("2", false));
    let places = [("web", 0, 7), ("web", 1, 7)];
    let first = round(&old, &desired(&old, &places), &[(7, None, None)]).2.remove(0).unwrap();
    let wanted = desired(&new, &places);
    let both = [("web", 0, true), ("web", 1, true)];
    let second =
        round(&new, &wanted, &[(7, Some(&first), Some(report(1, &both)))]).2.remove(0).expect("another version");
    assert_eq!((second.generation, names(&second).len(), command(&second, "web")), (2, 2, json!("2")));
    // The partner still speaks of the first: those are the old ones, and the new ones are awaited.
    let (seen, rollout, orders) = round(&new, &wanted, &[(7, Some(&second), Some(report(1, &both)))]);
    assert_eq!((seen.len(), seen.iter().filter(|workload| workload.state.is_healthy()).count()), (4, 2));
    assert!(!rollout.settled && orders[0].is_none());
    // One is replaced.
    let half = [("web", 0, true), ("web", 1, false)];
    let (seen, rollout, orders) = round(&new, &wanted, &[(7, Some(&second), Some(report(2, &half)))]);
    let healthy = |id| seen.iter().any(|workload| workload.id == id && workload.state.is_healthy());
    assert_eq!((healthy(wanted[0].id), healthy(wanted[1].id), rollout.settled), (true, false, false));
    assert_eq!(orders, [None]);
    assert!(round(&new, &wanted, &[(7, Some(&second), Some(report(2, &both)))]).1.settled);
}

#[test]
fn an_instance_that_moves_stays_in_its_order_until_its_replacement_works() {
    let model = model("1", false);
    let first = round(&model, &desired(&model, &[("web", 0, 7), ("db", 0, 7)]), &[(7, None, None)]).2.remove(0);
    let first = first.unwrap();
    let wanted = desired(&model, &[("web", 0, 8), ("db", 0, 7)]);
    let there = report(1, &[("web", 0, true), ("db", 0, true)]);
    let orders = round(&model, &wanted, &[(7, Some(&first), Some(there.clone())), (8, None, None)]).2;
    assert_eq!(orders[0], None, "nothing is taken away yet");
    let other = orders[1].clone().unwrap();
    assert_eq!(names(&other), ["web#0"]);
    let arrived = Some(report(1, &[("web", 0, true)]));
    let orders = round(&model, &wanted, &[(7, Some(&first), Some(there)), (8, Some(&other), arrived)]).2;
    let smaller = orders[0].clone().unwrap();
    assert_eq!((smaller.generation, names(&smaller)), (2, vec!["db#0".to_owned()]));
    assert_eq!(orders[1], None);
}

#[test]
fn what_has_a_volume_leaves_its_order_before_it_is_asked_for_elsewhere() {
    let model = model("1", true);
    let first = round(&model, &desired(&model, &[("db", 0, 7)]), &[(7, None, None)]).2.remove(0).unwrap();
    let wanted = desired(&model, &[("db", 0, 8)]);
    let there = Some(report(1, &[("db", 0, true)]));
    let orders = round(&model, &wanted, &[(7, Some(&first), there.clone()), (8, None, None)]).2;
    let emptied = orders[0].clone().unwrap();
    assert!(names(&emptied).is_empty());
    assert!(names(orders[1].as_ref().unwrap()).is_empty(), "the machine is ordered, nothing runs in it yet");
    // Until the partner tells that it is gone it is not asked for.
    let orders = round(&model, &wanted, &[(7, Some(&emptied), there), (8, orders[1].as_ref(), None)]).2;
    assert_eq!(orders, [None, None]);
    let gone = Some(report(2, &[]));
    let orders = round(&model, &wanted, &[(7, Some(&emptied), gone), (8, None, None)]).2;
    assert_eq!(names(orders[1].as_ref().unwrap()), ["db#0"]);
}

#[test]
fn what_has_a_volume_is_renewed_by_its_partner_in_one_step() {
    let (old, new) = (model("1", true), model("2", true));
    let first = round(&old, &desired(&old, &[("db", 0, 7)]), &[(7, None, None)]).2.remove(0).unwrap();
    let there = Some(report(1, &[("db", 0, true)]));
    let second = round(&new, &desired(&new, &[("db", 0, 7)]), &[(7, Some(&first), there)]).2.remove(0).unwrap();
    assert_eq!((names(&second), command(&second, "db")), (vec!["db#0".to_owned()], json!("2")));
}

#[test]
fn a_partner_that_says_nonsense_is_believed_as_little_as_possible() {
    let model = model("1", false);
    let wanted = desired(&model, &[("web", 0, 7)]);
    let first = round(&model, &wanted, &[(7, None, None)]).2.remove(0).unwrap();
    let mut told = report(1, &[("web", 0, true), ("other", 5, true)]);
    told.workloads[0].state = "running".to_owned();
    told.workloads[0].healthy = false;
    let seen = super::seen(&machine(7), Some(&first), Some(&told));
    let web = seen.iter().find(|workload| workload.component == "web").unwrap();
    assert!(!web.state.is_healthy(), "running and not healthy is not healthy");
    let other = seen.iter().find(|workload| workload.component == "other").unwrap();
    assert_eq!(other.revision, "earlier");
    assert!(super::seen(&machine(7), None, Some(&told)).is_empty(), "nothing was asked: nothing is there");
}

#[test]
fn what_a_lost_partner_told_is_no_longer_true() {
    let model = model("1", false);
    let wanted = desired(&model, &[("web", 0, 7)]);
    let first = round(&model, &wanted, &[(7, None, None)]).2.remove(0).unwrap();
    let lost = Machine { state: MachineState::Lost, ..machine(7) };
    let seen = super::seen(&lost, Some(&first), Some(&report(1, &[("web", 0, true)])));
    assert!(!seen[0].state.is_healthy() && seen[0].state.reason().unwrap().contains("isn't heard"));
}
