//! Whole servers.

use super::with_two_nodes;
use crate::{
    Pim, PimError,
    connectors::Removal,
    error::ErrorKind,
    model::{Machine, MachineRequest, Node, NodeShare},
    testing::{Room, check_room, machine_request, node, request},
};
use hansa_ontology::{ApplicationId, MachineId};
use hansa_repository::{
    event::{self, EventFilter},
    life::{Life, LifeChange},
};

#[test]
fn a_directory_that_cannot_be_made_fails_the_call_and_not_the_next() {
    with_two_nodes(async |pim, _, data| {
        let ask = machine_request(1, 1_000);
        let in_the_way = data.join("nodes");
        std::fs::write(&in_the_way, "").unwrap();
        let error = pim.server_ensure(&ask).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(error.to_string().contains("cannot make the directory"), "{error}");
        let server = pim.server(ask.machine).await.unwrap().unwrap();
        assert_eq!((server.share(), server.connector.as_str()), (None, "local"));
        std::fs::remove_file(&in_the_way).unwrap();
        assert!(pim.ensure(&ask).await.unwrap().directory.is_dir());
        // Removed by hand: the next call puts it back.
        std::fs::remove_dir_all(&in_the_way).unwrap();
        assert!(pim.ensure(&ask).await.unwrap().directory.is_dir());
        pim.server_release(ask.machine).await.unwrap();
        assert_eq!(pim.server_list(None).await.unwrap(), []);
    });
}

impl Room for Pim {
    type Error = PimError;
    async fn ensure(&self, request: &MachineRequest) -> Result<NodeShare, PimError> {
        self.server_ensure(request).await.map(|given| given.ready().expect("a share"))
    }
    async fn release(&self, machine: MachineId) -> Result<(), PimError> {
        assert_eq!(self.server_release(machine).await?, Removal::Gone);
        Ok(())
    }
    async fn list(&self) -> Result<Vec<Machine>, PimError> {
        self.server_list(None).await
    }
}

#[test]
fn a_server_killed_at_any_step_is_ended_by_the_same_call() {
    with_two_nodes(async |pim, database, _| {
        check_room(&pim, &pim, &database, &machine_request(1, 1_000)).await;
    });
}

#[test]
fn those_who_meter_are_told_when_a_server_is_there() {
    with_two_nodes(async |pim, database, _| {
        let ask = machine_request(1, 1_000);
        pim.ensure(&ask).await.unwrap();
        pim.ensure(&ask).await.unwrap();
        pim.release(ask.machine).await.unwrap();
        let filter = EventFilter { kind_prefix: Some("machine.".to_owned()), ..EventFilter::default() };
        let events =
            database.read(move |connection| event::list(connection, &filter, 10, event::Order::OldestFirst)).await;
        let lives: Vec<Life> = events.unwrap().iter().map(|event| Life::read(event).unwrap().unwrap()).collect();
        let life = |change| Life::of_machine(ask.machine, change);
        assert_eq!(lives, [life(LifeChange::Resumed), life(LifeChange::Ended)]);
    });
}

#[test]
fn a_server_is_a_whole_node_and_nobody_else_is_on_it() {
    with_two_nodes(async |pim, _, _| {
        pim.share_ensure(&request(9, 100, 100, &[])).await.unwrap();
        let share = pim.ensure(&machine_request(1, 1_000)).await.unwrap();
        assert_eq!((share.node.as_str(), share.amounts.cpu_milli), ("b", 4_000));
        let error = pim.server_ensure(&machine_request(2, 1_000)).await.unwrap_err();
        assert!(error.to_string().contains("can give a whole node with 1 CPU"), "{error}");
        assert!(error.to_string().contains("b: it is given as a whole"), "{error}");
        assert_eq!(pim.share_ensure(&request(3, 100, 100, &[])).await.unwrap().node, "a");

        let other =
            MachineRequest { application: ApplicationId(uuid::Uuid::from_u128(7)), ..machine_request(1, 1_000) };
        let error = pim.server_ensure(&other).await.unwrap_err();
        assert!(error.to_string().contains("different application"), "{error}");
        let of = |n| Some(ApplicationId(uuid::Uuid::from_u128(n)));
        assert_eq!(pim.server_list(of(1)).await.unwrap().len(), 2);
        assert_eq!(pim.server_list(of(7)).await.unwrap(), []);
    });
}

#[test]
fn a_node_that_changes_its_address_changes_the_server_without_an_event() {
    with_two_nodes(async |pim, database, _| {
        let ask = machine_request(1, 1_000);
        pim.server_ensure(&ask).await.unwrap();
        let address: std::net::IpAddr = "127.0.0.7".parse().unwrap();
        let moved = Node { address, ..node("a", 4_000, 4_096, &["proxy"]) };
        pim.node_register(vec![moved]).await.unwrap();
        assert_eq!(pim.ensure(&ask).await.unwrap().address, address);
        let server = pim.server(ask.machine).await.unwrap().unwrap();
        assert_eq!(server.share().map(|share| share.address), Some(address));
        let events = database
            .read(|connection| {
                use hansa_repository::event::{EventFilter, Order, list};
                list(connection, &EventFilter::default(), 100, Order::OldestFirst)
            })
            .await
            .unwrap();
        let [ready] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!(ready.kind, "machine.ready");
        assert_eq!(ready.application, Some(ask.application));
        assert_eq!(ready.message, format!("server {} is ready on node a of site {}", ask.machine, ask.site));
    });
}
