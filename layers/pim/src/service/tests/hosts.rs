//! Hosts of real systems, and machines that a system makes.

use super::{given, with_two_nodes};
use crate::{
    Pim,
    connectors::{Delivery, MachineConnector, MachineOrder, Removal},
    error::{ErrorKind, PimError},
    making::{Making, Provision},
    model::{MachineRequest, Node, NodeState, SystemHost},
    store::ServerTable,
    testing::{machine_request, node, request},
};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::Actor;
use hansa_repository::{
    OwnerChange,
    ambient::Clock as _,
    event::{self, EventFilter, Order},
    system::{Connecting, Kind, System, SystemConnection, SystemError, SystemErrorKind, SystemReport},
    testing::HandClock,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

fn host(name: &str, cpu_milli: u64) -> Node {
    let host = Some(SystemHost { system: "edge".to_owned(), name: name.to_owned() });
    Node { host, ..node(&Node::name_of_host("edge", name), cpu_milli, 4_096, &[]) }
}

async fn states(pim: &Pim) -> Vec<(String, NodeState, bool)> {
    let nodes = pim.node_list(None).await.unwrap();
    let edge = nodes.into_iter().filter(|usage| usage.is_of(Some("edge")));
    edge.map(|usage| (usage.node.name, usage.state, usage.drain.is_some())).collect()
}

#[test]
fn hosts_follow_their_system_and_give_to_its_machines_alone() {
    with_two_nodes(async |pim, _, _| {
        pim.host_sync("edge", vec![(host("w1", 4_000), None), (host("w2", 2_000), None)]).await.unwrap();
        assert_eq!(pim.share_ensure(&request(1, 1_000, 1, &[])).await.unwrap().node, "a", "this machine's");
        let of_edge = |n, cpu| crate::ShareRequest { system: Some("edge".to_owned()), ..request(n, cpu, 1, &[]) };
        let share = pim.share_ensure(&of_edge(2, 3_000)).await.unwrap();
        assert_eq!((share.node.as_str(), share.host.unwrap().name.as_str()), ("edge.w1", "w1"));
        let refused = pim.share_ensure(&of_edge(3, 3_000)).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NoRoom);
        assert!(!refused.to_string().contains("; a:"), "other nodes are none of its business: {refused}");
        // Others began to use it: nothing new, and what is there stays.
        pim.host_sync("edge", vec![(host("w1", 1_000), None), (host("w2", 2_000), None)]).await.unwrap();
        assert_eq!(states(&pim).await[0].1, NodeState::Overcommitted);
        // The owner changes it where it is.
        let error = pim.node_remove("edge.w2", None, Actor::Local, false).await.unwrap_err();
        assert!(error.to_string().contains("host w2 of system edge"), "{error}");
        // What the system no longer has goes, or is given up where something was there.
        pim.host_sync("edge", Vec::new()).await.unwrap();
        assert_eq!(states(&pim).await, [("edge.w1".to_owned(), NodeState::Down, true)]);
        pim.share_release(share.machine).await.unwrap();
        pim.host_sync("edge", Vec::new()).await.unwrap();
        assert_eq!(states(&pim).await, []);
        assert_eq!(given(&pim).await.len(), 2);
    });
}

#[test]
fn a_host_that_is_down_is_waited_for_and_then_given_up() {
    with_clock(async |pim, clock| {
        let down = || vec![(host("w1", 4_000), Some("kubelet stopped posting".to_owned()))];
        pim.host_sync("edge", vec![(host("w1", 4_000), None)]).await.unwrap();
        pim.host_sync("edge", down()).await.unwrap();
        assert_eq!(states(&pim).await, [("edge.w1".to_owned(), NodeState::Down, false)]);
        clock.advance(TimeDelta::seconds(59));
        pim.host_sync("edge", down()).await.unwrap();
        assert!(!states(&pim).await[0].2, "not yet");
        clock.advance(TimeDelta::seconds(1));
        pim.host_sync("edge", down()).await.unwrap();
        assert!(states(&pim).await[0].2, "what ran there begins elsewhere");
        pim.host_sync("edge", vec![(host("w1", 4_000), None)]).await.unwrap();
        assert_eq!(states(&pim).await, [("edge.w1".to_owned(), NodeState::Ready, false)]);
        pim.hosts_unreachable("edge", "connection refused").await.unwrap();
        assert_eq!(states(&pim).await, [("edge.w1".to_owned(), NodeState::Down, false)]);
    });
}

#[test]
fn the_log_tells_once_that_a_host_is_lost_and_that_it_is_found() {
    with_two_nodes(async |pim, database, _| {
        let works = || vec![(host("w1", 4_000), None)];
        let down = |why: &str| vec![(host("w1", 4_000), Some(why.to_owned()))];
        pim.host_sync("edge", works()).await.unwrap();
        pim.host_sync("edge", down("kubelet stopped posting")).await.unwrap();
        pim.host_sync("edge", down("still not")).await.unwrap();
        // That its system can't be asked says nothing of the host.
        pim.hosts_unreachable("edge", "connection refused").await.unwrap();
        pim.host_sync("edge", works()).await.unwrap();
        pim.hosts_unreachable("edge", "connection refused").await.unwrap();
        pim.host_sync("edge", works()).await.unwrap();
        pim.hosts_unreachable("edge", "connection refused").await.unwrap();
        pim.host_sync("edge", down("no power")).await.unwrap();
        let filter = EventFilter { subject: Some("node/edge.w1".to_owned()), ..EventFilter::default() };
        let events = database.read(move |connection| event::list(connection, &filter, 10, Order::OldestFirst));
        let told: Vec<(String, String)> =
            events.await.unwrap().into_iter().map(|event| (event.kind, event.message)).collect();
        let one = |kind: &str, what: &str| (kind.to_owned(), format!("host edge.w1 of site local {what}"));
        assert_eq!(
            told,
            [
                one("node.lost", "doesn't work: kubelet stopped posting"),
                one("node.found", "works again"),
                one("node.lost", "doesn't work: no power"),
            ]
        );
    });
}

/// A system whose answers the test writes: only the order of calls matters here.
#[derive(Debug, Default)]
struct Script {
    answers: Mutex<Vec<Result<Delivery, SystemError>>>,
    asked: Mutex<Vec<&'static str>>,
}

static SCRIPT: Mutex<Option<Arc<Script>>> = Mutex::new(None);
static KINDS: &[Kind<dyn MachineConnector>] = &[Kind { name: "script", connect }];

fn connect(_: SystemConnection) -> Connecting<dyn MachineConnector> {
    let script: Arc<dyn MachineConnector> = lock(&SCRIPT).clone().expect("a script");
    Box::pin(async move { Ok(script) })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[async_trait]
impl MachineConnector for Script {
    async fn discover(&self, now: DateTime<Utc>) -> Result<SystemReport, SystemError> {
        Ok(SystemReport::new(now, "Script"))
    }
    async fn machine_ensure(&self, order: &MachineOrder) -> Result<Delivery, SystemError> {
        assert!(order.name.starts_with("hansa-") && order.labels.contains_key("hansa-broker"));
        lock(&self.asked).push("ensure");
        lock(&self.answers).remove(0)
    }
    async fn machine_release(&self, _: &MachineOrder) -> Result<Removal, SystemError> {
        lock(&self.asked).push("release");
        Ok(Removal::Gone)
    }
}

fn trouble(kind: SystemErrorKind) -> SystemError {
    let (action, said, remedy) = ("boot".to_owned(), "no".to_owned(), String::new());
    SystemError { system: "edge".to_owned(), kind, action, said, remedy }
}

#[test]
fn a_machine_of_a_system_comes_breaks_and_goes() {
    with_clock(async |pim, clock| {
        let pending = || Ok(Delivery::Pending("it boots".to_owned()));
        let ready = || Ok(Delivery::Ready { address: Some([10, 0, 0, 7].into()), id: "i-7".to_owned() });
        let script = Arc::new(Script::default());
        *lock(&SCRIPT) = Some(script.clone());
        *lock(&script.answers) = vec![
            pending(),
            ready(),
            Err(trouble(SystemErrorKind::TimedOut)),
            pending(),
            Err(trouble(SystemErrorKind::Quota)),
        ];
        let servers: Making<ServerTable> = Making::new(&pim, KINDS);
        let ask = MachineRequest { system: Some("edge".to_owned()), item: None, ..machine_request(1, 1_000) };
        let ensure = async || servers.ensure(&ask, true).await;
        assert_eq!(ensure().await.unwrap(), Provision::Pending("it boots".to_owned()));
        ensure().await.unwrap();
        assert_eq!(lock(&script.asked).len(), 1, "not asked again at once");
        clock.advance(TimeDelta::seconds(3));
        let share = ensure().await.unwrap().ready().unwrap();
        assert_eq!((share.address.to_string().as_str(), share.host.unwrap().name.as_str()), ("10.0.0.7", "i-7"));
        clock.advance(TimeDelta::seconds(31));
        assert!(ensure().await.unwrap().ready().is_some(), "that nobody can look does not end it");
        clock.advance(TimeDelta::seconds(31));
        assert_eq!(ensure().await.unwrap().ready(), None, "it was taken away behind our back");
        clock.advance(TimeDelta::seconds(3));
        let refused = ensure().await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NoRoom, "a quota leads to the next offer: {refused}");
        assert_eq!(servers.release(ask.machine).await.unwrap(), Removal::Gone);
        assert_eq!(servers.machines().list(None).await.unwrap(), []);
        assert_eq!(lock(&script.asked).as_slice(), ["ensure", "ensure", "ensure", "ensure", "ensure", "release"]);

        // Released while it was being made: what came too late is taken away again.
        *lock(&script.answers) = vec![ready()];
        servers.machines().requested(&ask).await.unwrap();
        servers.machines().releasing(ask.machine).await.unwrap();
        assert!(matches!(ensure().await, Err(PimError::Releasing { .. })));
    });
}

fn with_clock(test: impl AsyncFn(Pim, HandClock)) {
    hansa_repository::testing::for_each_database(&[crate::MIGRATIONS], async |database| {
        let data = tempfile::tempdir().unwrap();
        let clock = HandClock::default();
        let pim = crate::testing::pim_at(&database, data.path(), Arc::new(clock.clone())).await;
        let system = System {
            name: "edge".to_owned(),
            kind: "script".to_owned(),
            site: crate::testing::site(),
            address: "https://edge.example".to_owned(),
            credential: None,
            trust: None,
            settings: BTreeMap::new(),
            created_at: clock.now(),
            created_by: Actor::Broker,
            version: 0,
        };
        pim.systems().system_add(system, OwnerChange::of_broker(clock.now())).await.unwrap();
        test(pim, clock).await;
    });
}
