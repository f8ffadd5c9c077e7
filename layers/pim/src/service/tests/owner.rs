//! Nodes that their owner adds, and maintenance.

use super::{given, with_two_nodes};
use crate::{
    NodeChange,
    error::ErrorKind,
    model::{MaintenanceTarget, NewMaintenance, NodeOrigin, NodeState},
    testing::{node, request, site},
};
use hansa_ontology::Actor;
use hansa_repository::event::{self, EventFilter, Order};
use uuid::Uuid;

fn drain(target: MaintenanceTarget) -> NewMaintenance {
    NewMaintenance {
        id: Uuid::from_u128(7),
        target,
        reason: "a new disk".to_owned(),
        deadline: None,
        leave_volumes: false,
        actor: Actor::Local,
    }
}

#[test]
fn an_added_node_outlives_a_restart_and_goes_when_it_is_empty() {
    with_two_nodes(async |pim, _, _| {
        let new = node("c", 2_000, 2_048, &["proxy"]);
        let (would, _) = pim.node_add(new.clone(), Actor::Local, true).await.unwrap();
        assert_eq!((would.node.name.as_str(), pim.node_list(None).await.unwrap().len()), ("c", 2), "a dry run");
        let (added, _) = pim.node_add(new.clone(), Actor::Local, false).await.unwrap();
        assert_eq!((added.origin, added.version), (NodeOrigin::Added, 1));
        assert_eq!(pim.node_add(new.clone(), Actor::Local, false).await.unwrap_err().kind(), ErrorKind::Conflict);

        // The next start knows the configured nodes alone.
        pim.node_register(vec![node("a", 4_000, 4_096, &["proxy"])]).await.unwrap();
        assert_eq!(pim.node("c").await.unwrap().state, NodeState::Ready);
        let error = pim.node_register(vec![node("c", 1, 1, &[])]).await.unwrap_err();
        assert!(error.to_string().contains("another node has this name"), "{error}");

        let bigger = NodeChange { cpu_milli: Some(3_000), ..NodeChange::default() };
        let (changed, _) = pim.node_change("c", bigger.clone(), Some(1), Actor::Local, false).await.unwrap();
        assert_eq!((changed.node.cpu_milli, changed.version), (3_000, 2));
        let late = pim.node_change("c", bigger.clone(), Some(1), Actor::Local, false).await.unwrap_err();
        assert_eq!(late.kind(), ErrorKind::PreconditionFailed);
        let nothing = NodeChange { memory_mib: Some(0), ..NodeChange::default() };
        assert_eq!(
            pim.node_change("c", nothing, None, Actor::Local, false).await.unwrap_err().kind(),
            ErrorKind::Invalid
        );
        assert_eq!(
            pim.node_change("a", bigger, None, Actor::Local, false).await.unwrap_err().kind(),
            ErrorKind::Conflict,
            "a configured node is changed in the configuration"
        );

        pim.share_ensure(&request(1, 3_000, 1, &["proxy"])).await.unwrap();
        let on_c = pim.node("c").await.unwrap().machines.len();
        if on_c > 0 {
            assert_eq!(pim.node_remove("c", None, Actor::Local, false).await.unwrap_err().kind(), ErrorKind::Conflict);
            pim.share_release(request(1, 0, 0, &[]).machine).await.unwrap();
        }
        pim.node_remove("c", None, Actor::Local, true).await.unwrap();
        pim.node_remove("c", Some(2), Actor::Local, false).await.unwrap();
        assert_eq!(pim.node("c").await.unwrap_err().kind(), ErrorKind::NotFound);
    });
}

#[test]
fn a_drained_node_gives_nothing_and_is_told_to_be_empty_once() {
    with_two_nodes(async |pim, database, _| {
        let on_a = pim.share_ensure(&request(1, 1_000, 512, &["proxy"])).await.unwrap();
        let target = MaintenanceTarget::Node("a".to_owned());
        let late = Some(chrono::DateTime::UNIX_EPOCH);
        let begun =
            pim.maintenance_begin(NewMaintenance { deadline: late, ..drain(target.clone()) }, false).await.unwrap();
        assert_eq!((begun.machines_at_begin, begun.drained_at), (1, None));
        assert_eq!(pim.maintenance_begin(drain(target), false).await.unwrap_err().kind(), ErrorKind::Conflict);

        let asked = pim.share_ensure(&request(2, 1, 1, &["proxy"])).await.unwrap_err();
        assert!(asked.to_string().contains("a: it is under maintenance"), "{asked}");
        assert_eq!(pim.share_ensure(&request(1, 1_000, 512, &["proxy"])).await.unwrap(), on_a, "what is there is kept");
        pim.maintenance_watch().await.unwrap();
        pim.maintenance_watch().await.unwrap();
        pim.share_release(on_a.machine).await.unwrap();
        pim.maintenance_watch().await.unwrap();
        pim.maintenance_watch().await.unwrap();
        let drained = pim.maintenance(begun.id).await.unwrap();
        assert!(drained.drained_at.is_some());
        assert_eq!(
            pim.maintenance_end(begun.id, Some(1), Actor::Local, false).await.unwrap_err().kind(),
            ErrorKind::PreconditionFailed
        );
        pim.maintenance_end(begun.id, Some(drained.version), Actor::Local, false).await.unwrap();
        assert_eq!(given(&pim).await, [("a".to_owned(), 0, NodeState::Ready), ("b".to_owned(), 0, NodeState::Ready)]);
        let told = database
            .read(|connection| {
                let wanted = EventFilter { kind_prefix: Some("maintenance.".to_owned()), ..EventFilter::default() };
                event::list(connection, &wanted, 100, Order::OldestFirst)
            })
            .await
            .unwrap();
        let kinds: Vec<&str> = told.iter().map(|event| event.kind.as_str()).collect();
        assert_eq!(kinds, ["maintenance.begun", "maintenance.overdue", "maintenance.drained", "maintenance.ended"]);
    });
}

#[test]
fn a_drained_site_drains_nodes_that_come_later_too() {
    with_two_nodes(async |pim, _, _| {
        pim.maintenance_begin(drain(MaintenanceTarget::Site(site())), false).await.unwrap();
        pim.node_add(node("c", 1_000, 1_024, &[]), Actor::Local, false).await.unwrap();
        let nodes = pim.node_list(None).await.unwrap();
        assert!(nodes.iter().all(|usage| usage.state == NodeState::Draining), "{nodes:?}");
    });
}
