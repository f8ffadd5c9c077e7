//! Whole servers.

use super::{given, with_two_nodes};
use crate::{
    Pim, PimError, PimSettings,
    connectors::ServerConnector,
    error::ErrorKind,
    machines::Machines,
    model::{Machine, MachineRequest, Node, NodeShare},
    testing::{self, Room, check_room, machine_request, node, request, site},
};
use hansa_ontology::{ApplicationId, MachineId, SiteId};
use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

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
        assert!(pim.server_ensure(&ask).await.unwrap().directory.is_dir());
        // Removed by hand: the next call puts it back.
        std::fs::remove_dir_all(&in_the_way).unwrap();
        assert!(pim.server_ensure(&ask).await.unwrap().directory.is_dir());
        pim.server_release(ask.machine).await.unwrap();
        assert_eq!(pim.server_list(None).await.unwrap(), []);
    });
}

impl Room for Pim {
    type Error = PimError;
    async fn ensure(&self, request: &MachineRequest) -> Result<NodeShare, PimError> {
        self.server_ensure(request).await
    }
    async fn release(&self, machine: MachineId) -> Result<(), PimError> {
        self.server_release(machine).await
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
fn a_server_is_a_whole_node_and_nobody_else_is_on_it() {
    with_two_nodes(async |pim, _, _| {
        pim.share_ensure(&request(9, 100, 100, &[])).await.unwrap();
        let share = pim.server_ensure(&machine_request(1, 1_000)).await.unwrap();
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
fn a_site_without_a_connector_gives_no_server_but_gives_back_what_it_gave() {
    with_two_nodes(async |pim, database, data| {
        let share = pim.server_ensure(&machine_request(1, 1_000)).await.unwrap();
        let settings = |sites| PimSettings { data_dir: data.to_owned(), host: pim.host, sites };
        let clock = || Arc::new(hansa_repository::testing::HandClock::default());
        let closed = Pim::new(database.clone(), clock(), settings(BTreeMap::new())).unwrap();
        assert!(pim.serves(&site()) && !closed.serves(&site()));
        // A site with nodes that its owner added needs no name of a connector; this one has none.
        let elsewhere =
            MachineRequest { site: SiteId::new("urn:test:site:elsewhere").unwrap(), ..machine_request(2, 1_000) };
        let error = closed.server_ensure(&elsewhere).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoConnector);
        assert_eq!(
            error.to_string(),
            "site urn:test:site:elsewhere has no connector for bare metal servers; name one in the configuration of the site"
        );
        assert_eq!(closed.server(machine_request(2, 1).machine).await.unwrap(), None);
        assert_eq!(closed.server_ensure(&machine_request(1, 1_000)).await.unwrap(), share);
        closed.server_release(share.machine).await.unwrap();
        assert_eq!(closed.server_list(None).await.unwrap(), []);

        let unknown = BTreeMap::from([(site(), "ironic".to_owned())]);
        let error = Pim::new(database, clock(), settings(unknown)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
    });
}

/// A connector that is overtaken: the machine is released while it is being made.
#[derive(Debug)]
struct Overtaken(Pim);

#[async_trait::async_trait]
impl ServerConnector for Overtaken {
    async fn server_ensure(&self, request: &MachineRequest) -> Result<NodeShare, PimError> {
        self.0.server_release(request.machine).await?;
        self.0.share_ensure(&request.share_request(true)).await
    }
    async fn server_release(&self, machine: MachineId) -> Result<(), PimError> {
        self.0.share_release(machine).await
    }
}

#[test]
fn what_is_made_after_its_release_is_taken_away_again() {
    with_two_nodes(async |pim, database, _| {
        let overtaken: Arc<dyn ServerConnector> = Arc::new(Overtaken(pim.clone()));
        let clock = Arc::new(hansa_repository::testing::HandClock::default());
        let known = BTreeMap::from([("local", overtaken)]);
        let servers = Machines::new(database, clock, &testing::local_sites(), known).unwrap();
        let slow = Pim { servers, ..pim.clone() };
        let error = slow.server_ensure(&machine_request(1, 1_000)).await.unwrap_err();
        assert!(matches!(error, PimError::Releasing { .. }), "{error}");
        assert_eq!(pim.server_list(None).await.unwrap(), []);
        assert!(given(&pim).await.iter().all(|(_, cpu, _)| *cpu == 0));
        assert_eq!(pim.directory_sweep().await.unwrap(), Vec::<PathBuf>::new());
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
        assert_eq!(pim.server_ensure(&ask).await.unwrap().address, address);
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
