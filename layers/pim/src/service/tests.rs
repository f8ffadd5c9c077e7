//! The service against both databases.

use super::*;
use crate::{
    MIGRATIONS,
    error::ErrorKind,
    model::NodeState,
    testing::{self, Room, check_room, killed_at_every_step, machine_request, node, request, site},
};
use hansa_repository::{
    DatabaseOptions,
    testing::{for_each_database, for_each_test_database},
};
use std::os::unix::fs::PermissionsExt as _;

/// Runs the test with a service of two nodes of 4 processors and 4 GiB on each database.
fn with_two_nodes(test: impl AsyncFn(Pim, Database, &std::path::Path)) {
    for_each_database(&[MIGRATIONS], async |database| {
        let data = tempfile::tempdir().unwrap();
        let pim = testing::pim(&database, data.path());
        let nodes = vec![
            node("a", 4_000, 4_096, &["proxy"]),
            node("b", 4_000, 4_096, &[]),
        ];
        assert_eq!(
            pim.node_register(nodes).await.unwrap(),
            Vec::<String>::new()
        );
        test(pim, database, data.path()).await;
    });
}

async fn given(pim: &Pim) -> Vec<(String, u64, NodeState)> {
    let nodes = pim.node_list(None).await.unwrap();
    nodes
        .iter()
        .map(|n| (n.node.name.clone(), n.given.cpu_milli, n.state))
        .collect()
}

#[test]
fn a_share_is_given_once_and_taken_back() {
    with_two_nodes(async |pim, _, data| {
        let first = pim
            .share_ensure(&request(1, 1_000, 512, &[]))
            .await
            .unwrap();
        assert_eq!((first.node.as_str(), first.amounts.cpu_milli), ("a", 1_000));
        assert_eq!(
            first.directory,
            data.join(format!("nodes/a/machines/{}", first.machine))
        );
        let mode = std::fs::metadata(&first.directory)
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);
        assert_eq!(
            pim.share_ensure(&request(1, 1_000, 512, &[]))
                .await
                .unwrap(),
            first
        );
        assert_eq!(pim.share(first.machine).await.unwrap(), Some(first.clone()));

        let second = pim.share_ensure(&request(2, 500, 512, &[])).await.unwrap();
        assert_eq!(second.node, "b", "the least used");
        let third = pim
            .share_ensure(&request(3, 500, 512, &["proxy"]))
            .await
            .unwrap();
        assert_eq!(third.node, "a", "the one with the tag");

        let clash = pim
            .share_ensure(&request(1, 1_500, 512, &[]))
            .await
            .unwrap_err();
        assert_eq!(clash.kind(), ErrorKind::Conflict);
        assert!(clash.to_string().contains("different amounts"), "{clash}");

        pim.share_release(first.machine).await.unwrap();
        pim.share_release(first.machine).await.unwrap();
        assert!(!first.directory.exists());
        assert_eq!(pim.share(first.machine).await.unwrap(), None);
        assert_eq!(
            given(&pim).await,
            [
                ("a".to_owned(), 500, NodeState::Ready),
                ("b".to_owned(), 500, NodeState::Ready)
            ]
        );
    });
}

#[test]
fn no_room_says_why_for_each_node() {
    with_two_nodes(async |pim, _, _| {
        pim.share_ensure(&request(1, 3_500, 512, &["proxy"]))
            .await
            .unwrap();
        let error = pim
            .share_ensure(&request(2, 1_000, 512, &["proxy"]))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoRoom);
        assert_eq!(
            error.to_string(),
            "no node of site urn:test:site:local can give 1 CPU, 512Mi memory, 0Mi disk and proxy; \
             a: 0.5 CPU is free, 1 are asked; b: it has not the capability `proxy`"
        );
        let elsewhere = "urn:test:site:other".parse().unwrap();
        let error = pim
            .share_ensure(&ShareRequest {
                site: elsewhere,
                ..request(3, 1, 1, &[])
            })
            .await
            .unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("the site has no nodes: add one to its configuration"),
            "{error}"
        );
        let ask = request(9, 1_000, 512, &[]);
        assert_eq!(
            pim.units_free(&ask.site, ask.amounts, &ask.capabilities, false)
                .await
                .unwrap(),
            4
        );
        assert_eq!(
            pim.units_free(&ask.site, ask.amounts, &ask.capabilities, true)
                .await
                .unwrap(),
            1
        );
    });
}

#[test]
fn parallel_requests_of_two_brokers_never_get_more_than_there_is() {
    for_each_test_database(&[MIGRATIONS], async |database| {
        let data = tempfile::tempdir().unwrap();
        let other = database
            .reopen(&[MIGRATIONS], DatabaseOptions::default())
            .unwrap();
        let brokers = [
            testing::pim(&database.database(), data.path()),
            testing::pim(&other, data.path()),
        ];
        let nodes = vec![node("a", 4_000, 65_536, &[]), node("b", 6_500, 65_536, &[])];
        brokers[0].node_register(nodes).await.unwrap();

        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..40_u128 {
            let pim = brokers[usize::from(n % 2 == 1)].clone();
            // Each machine is asked for by both brokers; there is room for 10.
            tasks.spawn(async move { pim.share_ensure(&request(n / 2, 1_000, 1, &[])).await });
        }
        let mut machines = BTreeMap::new();
        let mut refused = 0;
        while let Some(done) = tasks.join_next().await {
            match done.unwrap() {
                Ok(share) => {
                    let node = machines
                        .entry(share.machine)
                        .or_insert_with(|| share.node.clone());
                    assert_eq!(*node, share.node, "both brokers get the same share");
                }
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::NoRoom, "{error}");
                    refused += 1;
                }
            }
        }
        assert_eq!((machines.len(), refused), (10, 20));
        assert_eq!(
            given(&brokers[1]).await,
            [
                ("a".to_owned(), 4_000, NodeState::Ready),
                ("b".to_owned(), 6_000, NodeState::Ready)
            ]
        );
    });
}

#[test]
fn nodes_that_shrink_or_leave_keep_their_machines_and_give_nothing_new() {
    with_two_nodes(async |pim, _, _| {
        let on_a = pim
            .share_ensure(&request(1, 2_000, 512, &["proxy"]))
            .await
            .unwrap();
        let on_b = pim
            .share_ensure(&request(2, 2_000, 512, &[]))
            .await
            .unwrap();

        let warnings = pim
            .node_register(vec![node("a", 1_000, 4_096, &["proxy"])])
            .await
            .unwrap();
        assert_eq!(
            warnings,
            [
                "node a has given away more (2 CPU, 512Mi memory, 0Mi disk) than it now has (1 CPU, 4Gi memory, 10Gi disk); it gives nothing new until machines leave",
                "node b is no longer configured; it keeps its 1 machines and gives nothing new",
            ]
        );
        assert_eq!(
            given(&pim).await,
            [
                ("a".to_owned(), 2_000, NodeState::Overcommitted),
                ("b".to_owned(), 2_000, NodeState::Withdrawn)
            ]
        );
        assert_eq!(
            pim.share_ensure(&request(2, 2_000, 512, &[]))
                .await
                .unwrap(),
            on_b,
            "kept"
        );
        let error = pim.share_ensure(&request(3, 1, 1, &[])).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoRoom);
        assert_eq!(
            pim.units_free(&site(), Amounts::ZERO, &BTreeSet::new(), false)
                .await
                .unwrap(),
            0
        );
    });
}

#[test]
fn a_withdrawn_node_is_forgotten_with_its_last_machine_and_may_come_back() {
    with_two_nodes(async |pim, _, _| {
        let on_a = pim
            .share_ensure(&request(1, 2_000, 512, &["proxy"]))
            .await
            .unwrap();
        pim.node_register(vec![node("b", 4_000, 4_096, &[])])
            .await
            .unwrap();
        assert_eq!(pim.node_list(None).await.unwrap().len(), 2);
        pim.node_register(vec![node("a", 4_000, 4_096, &["proxy"])])
            .await
            .unwrap();
        assert_eq!(
            given(&pim).await,
            [("a".to_owned(), 2_000, NodeState::Ready)]
        );
        pim.share_ensure(&request(3, 1, 1, &[])).await.unwrap();

        let moved = Node {
            site: "urn:test:site:other".parse().unwrap(),
            ..node("a", 4_000, 4_096, &[])
        };
        let error = pim.node_register(vec![moved]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(
            error
                .to_string()
                .starts_with("node `a`: site: 2 machines run on it"),
            "{error}"
        );
        assert_eq!(
            pim.share(on_a.machine).await.unwrap(),
            Some(on_a),
            "nothing was changed"
        );
    });
}

#[test]
fn nodes_that_break_a_rule_are_refused_and_an_excess_is_told() {
    with_two_nodes(async |pim, _, _| {
        let before = pim.node_list(None).await.unwrap();
        for name in ["", "A", "a/b", "..", "a..b", "-a", "a.", &"x".repeat(64)] {
            let error = pim
                .node_register(vec![node(name, 1_000, 512, &[])])
                .await
                .unwrap_err();
            assert!(error.to_string().contains(": name: must be"), "{error}");
        }
        let twins = vec![node("n", 1_000, 512, &[]), node("n", 1_000, 512, &[])];
        assert!(
            pim.node_register(twins)
                .await
                .unwrap_err()
                .to_string()
                .contains("another node")
        );
        assert!(
            pim.node_register(vec![node("n", 0, 512, &[])])
                .await
                .is_err()
        );
        assert_eq!(pim.node_list(None).await.unwrap(), before);

        let warnings = pim
            .node_register(vec![
                node("a", 10_000, 512, &[]),
                node("b", 8_500, 512, &[]),
            ])
            .await
            .unwrap();
        assert_eq!(warnings.len(), 1);
        assert!(
            warnings[0].contains("2.5 CPU more than its 16"),
            "{warnings:?}"
        );
    });
}

#[test]
fn leftover_directories_are_swept_and_others_are_not() {
    with_two_nodes(async |pim, _, data| {
        let kept = pim
            .share_ensure(&request(1, 1_000, 512, &[]))
            .await
            .unwrap();
        let leftover = data
            .join("nodes/gone/machines")
            .join(request(2, 1, 1, &[]).machine.to_string());
        std::fs::create_dir_all(leftover.join("deep")).unwrap();
        let twin = data.join("nodes/b/machines").join(kept.machine.to_string());
        std::fs::create_dir_all(&twin).unwrap();
        let foreign = data.join("nodes/b/machines/notes");
        std::fs::create_dir_all(&foreign).unwrap();

        let mut swept = pim.directory_sweep().await.unwrap();
        swept.sort();
        assert_eq!(swept, [twin, leftover]);
        assert!(swept.iter().all(|path| !path.exists()));
        assert!(kept.directory.is_dir() && foreign.is_dir());
        assert_eq!(pim.directory_sweep().await.unwrap(), Vec::<PathBuf>::new());
    });
}

#[test]
fn a_share_killed_at_any_step_is_ended_by_the_same_call() {
    with_two_nodes(async |pim, _, data| {
        let ask = request(1, 1_000, 512, &[]);
        let nothing_is_left = async || {
            assert_eq!(pim.share(ask.machine).await.unwrap(), None);
            assert_eq!(pim.directory_sweep().await.unwrap(), Vec::<PathBuf>::new());
            assert_eq!(
                std::fs::read_dir(data.join("nodes/a/machines")).map_or(0, Iterator::count),
                0
            );
        };
        let kills = killed_at_every_step(
            async || drop(pim.share_ensure(&ask).await),
            async |steps| {
                if steps % 2 == 0 {
                    let share = pim.share_ensure(&ask).await.unwrap();
                    assert!(share.directory.is_dir());
                    assert_eq!(given(&pim).await[0].1, 1_000);
                }
                pim.share_release(ask.machine).await.unwrap();
                nothing_is_left().await;
            },
        )
        .await;
        assert!(kills >= 3, "{kills}");
        pim.share_ensure(&ask).await.unwrap();
        let kills = killed_at_every_step(
            async || drop(pim.share_release(ask.machine).await),
            async |_| {
                pim.share_release(ask.machine).await.unwrap();
                nothing_is_left().await;
                pim.share_ensure(&ask).await.unwrap();
            },
        )
        .await;
        assert!(kills >= 3, "{kills}");
    });
}

#[test]
fn a_directory_that_cannot_be_made_fails_the_call_and_not_the_next() {
    with_two_nodes(async |pim, _, data| {
        let ask = machine_request(1, 1_000);
        let in_the_way = data.join("nodes");
        std::fs::write(&in_the_way, "").unwrap();
        let error = pim.server_ensure(&ask).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(
            error.to_string().contains("cannot make the directory"),
            "{error}"
        );
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
        let error = pim
            .server_ensure(&machine_request(2, 1_000))
            .await
            .unwrap_err();
        assert!(
            error
                .to_string()
                .contains("can give a whole node with 1 CPU"),
            "{error}"
        );
        assert!(
            error.to_string().contains("b: it is given as a whole"),
            "{error}"
        );
        assert_eq!(
            pim.share_ensure(&request(3, 100, 100, &[]))
                .await
                .unwrap()
                .node,
            "a"
        );

        let other = MachineRequest {
            application: ApplicationId(uuid::Uuid::from_u128(7)),
            ..machine_request(1, 1_000)
        };
        let error = pim.server_ensure(&other).await.unwrap_err();
        assert!(
            error.to_string().contains("different application"),
            "{error}"
        );
        let of = |n| Some(ApplicationId(uuid::Uuid::from_u128(n)));
        assert_eq!(pim.server_list(of(1)).await.unwrap().len(), 2);
        assert_eq!(pim.server_list(of(7)).await.unwrap(), []);
    });
}

#[test]
fn a_site_without_a_connector_gives_no_server_but_gives_back_what_it_gave() {
    with_two_nodes(async |pim, database, data| {
        let share = pim.server_ensure(&machine_request(1, 1_000)).await.unwrap();
        let settings = |sites| PimSettings {
            data_dir: data.to_owned(),
            host: pim.host,
            sites,
        };
        let clock = || Arc::new(hansa_repository::testing::HandClock::default());
        let closed = Pim::new(database.clone(), clock(), settings(BTreeMap::new())).unwrap();
        assert!(pim.serves(&site()) && !closed.serves(&site()));
        let error = closed
            .server_ensure(&machine_request(2, 1_000))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoConnector);
        assert_eq!(
            error.to_string(),
            "site urn:test:site:local has no connector for bare metal servers; name one in the configuration of the site"
        );
        assert_eq!(
            closed.server(machine_request(2, 1).machine).await.unwrap(),
            None
        );
        assert_eq!(
            closed
                .server_ensure(&machine_request(1, 1_000))
                .await
                .unwrap(),
            share
        );
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
        let slow = Pim {
            servers,
            ..pim.clone()
        };
        let error = slow
            .server_ensure(&machine_request(1, 1_000))
            .await
            .unwrap_err();
        assert!(matches!(error, PimError::Releasing { .. }), "{error}");
        assert_eq!(pim.server_list(None).await.unwrap(), []);
        assert!(given(&pim).await.iter().all(|(_, cpu, _)| *cpu == 0));
        assert_eq!(pim.directory_sweep().await.unwrap(), Vec::<PathBuf>::new());
    });
}

#[test]
fn a_directory_made_while_it_is_released_goes_with_the_next_release() {
    with_two_nodes(async |pim, _, _| {
        let share = pim
            .share_ensure(&request(1, 1_000, 512, &[]))
            .await
            .unwrap();
        pim.share_release(share.machine).await.unwrap();
        std::fs::create_dir_all(&share.directory).unwrap();
        pim.share_release(share.machine).await.unwrap();
        assert!(!share.directory.exists());
    });
}

#[test]
fn a_node_that_changes_its_address_changes_the_server_without_an_event() {
    with_two_nodes(async |pim, database, _| {
        let ask = machine_request(1, 1_000);
        pim.server_ensure(&ask).await.unwrap();
        let address: std::net::IpAddr = "127.0.0.7".parse().unwrap();
        let moved = Node {
            address,
            ..node("a", 4_000, 4_096, &["proxy"])
        };
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
        let [ready] = events.as_slice() else {
            panic!("{events:?}")
        };
        assert_eq!(ready.kind, "machine.ready");
        assert_eq!(ready.application, Some(ask.application));
        assert_eq!(
            ready.message,
            format!(
                "server {} is ready on node a of site {}",
                ask.machine, ask.site
            )
        );
    });
}
