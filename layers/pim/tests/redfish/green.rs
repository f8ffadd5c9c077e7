//! Green mode over the emulator's servers: idle ones are really turned off,
//! and on again for what is to run there.

use chrono::TimeDelta;
use hansa_ontology::Actor;
use hansa_pim::{
    ErrorKind, MIGRATIONS, MachineRequest, MaintenanceTarget, NewGreenMode, Node, NodeState, Pim, Provision, Removal,
    RestState, SystemHost,
    testing::{machine_request, node, pim_at, site},
};
use hansa_repository::{
    Database, OwnerChange,
    ambient::Clock as _,
    event::{self, EventFilter, Order},
    system::System,
    testing::{HandClock, for_each_database},
};
use hansa_test_systems::{Redfish, cut_after};
use serde_json::{Value, json};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// A broker's room over the emulator, by a clock that is set by hand.
struct Hall<'a> {
    service: &'a Redfish,
    pim: Pim,
    database: Database,
    clock: HandClock,
    /// Where the machines' directories are.
    _data: tempfile::TempDir,
}

impl<'a> Hall<'a> {
    async fn new(service: &'a Redfish, database: Database) -> Self {
        let (clock, data) = (HandClock::default(), tempfile::tempdir().unwrap());
        let pim = pim_at(&database, data.path(), Arc::new(clock.clone())).await;
        let settings = [("mark", "none"), ("graceSeconds", "20")];
        let system = System {
            name: "rack".to_owned(),
            kind: "redfish".to_owned(),
            site: site(),
            address: service.address.clone(),
            credential: None,
            trust: None,
            settings: settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            created_at: clock.now(),
            created_by: Actor::Broker,
            version: 0,
        };
        pim.systems().system_add(system, OwnerChange::of_broker(clock.now())).await.unwrap();
        let hall = Self { service, pim, database, clock, _data: data };
        for server in &service.servers {
            hall.turn(server, "On").await;
        }
        hall.look().await;
        hall
    }

    /// What a broker does every 15 seconds.
    async fn look(&self) {
        let report = self.pim.live().get("rack").await.unwrap().discover(self.clock.now()).await.unwrap();
        let hosts = report.hosts.iter().map(|host| {
            let of = Some(SystemHost { system: "rack".to_owned(), name: host.name.clone() });
            (Node { host: of, ..node(&Node::name_of_host("rack", &host.name), 4_000, 4_096, &[]) }, None)
        });
        self.pim.host_sync("rack", hosts.collect()).await.unwrap();
        self.pim.green_round("rack", &report).await.unwrap();
    }

    /// Looks until so many nodes sleep.
    async fn until_asleep(&self, count: usize) {
        let end = Instant::now() + Duration::from_secs(60);
        while self.asleep().await.len() < count {
            assert!(Instant::now() < end, "{:?}", self.pim.node_list(None).await);
            tokio::time::sleep(Duration::from_millis(200)).await;
            self.look().await;
        }
    }

    /// The servers whose nodes sleep.
    async fn asleep(&self) -> Vec<String> {
        let nodes = self.pim.node_list(None).await.unwrap().into_iter();
        let sleeps = nodes.filter(|usage| usage.rest.as_ref().is_some_and(|rest| rest.state == RestState::Asleep));
        sleeps.map(|usage| usage.node.host.unwrap().name).collect()
    }

    /// The power of a server, as the service itself says.
    async fn power(&self, server: &str) -> String {
        let url = format!("{}/redfish/v1/Systems/{server}", self.service.address);
        let body: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        body["PowerState"].as_str().unwrap().to_owned()
    }

    /// Somebody turns a server on or off.
    async fn turn(&self, server: &str, to: &str) {
        let reset = format!("{}/redfish/v1/Systems/{server}/Actions/ComputerSystem.Reset", self.service.address);
        let kind = if to == "On" { "On" } else { "ForceOff" };
        let asked = reqwest::Client::new().post(reset).json(&json!({ "ResetType": kind }));
        assert!(asked.send().await.unwrap().status().is_success());
        while self.power(server).await != to {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn green(&self, reserve: u32) {
        let new = mode(MaintenanceTarget::Site(site()), reserve);
        self.pim.green_set(new, None, Actor::Local, false).await.unwrap();
    }

    /// Asks for a server, round after round, until it is there.
    async fn ensured(&self, request: &MachineRequest) -> String {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            if let Provision::Ready(share) = self.pim.server_ensure(request).await.unwrap() {
                return share.host.unwrap().name;
            }
            assert!(Instant::now() < end, "never ready");
            tokio::time::sleep(Duration::from_millis(100)).await;
            self.clock.advance(TimeDelta::seconds(3));
        }
    }

    async fn released(&self, request: &MachineRequest) {
        let end = Instant::now() + Duration::from_secs(60);
        while self.pim.server_release(request.machine).await.unwrap() != Removal::Gone {
            assert!(Instant::now() < end, "never gone");
            tokio::time::sleep(Duration::from_millis(100)).await;
            self.clock.advance(TimeDelta::seconds(3));
        }
    }

    /// What the log tells of nodes, in its order.
    async fn told(&self) -> Vec<String> {
        let filter = EventFilter { kind_prefix: Some("node.".to_owned()), ..EventFilter::default() };
        let events = self.database.read(move |connection| event::list(connection, &filter, 100, Order::OldestFirst));
        events.await.unwrap().into_iter().map(|event| event.kind).collect()
    }
}

fn mode(target: MaintenanceTarget, reserve: u32) -> NewGreenMode {
    NewGreenMode { target, idle: TimeDelta::minutes(15), reserve, wake_within: TimeDelta::minutes(10) }
}

fn server(machine: u128) -> MachineRequest {
    MachineRequest { system: Some("rack".to_owned()), ..machine_request(machine, 1_000) }
}

#[test]
fn idle_servers_are_turned_off_but_the_reserve_and_on_for_who_wants_them() {
    let Some(service) = Redfish::start(2, false) else { return };
    for_each_database(&[MIGRATIONS], async |database| {
        let hall = Hall::new(&service, database).await;
        hall.clock.advance(TimeDelta::hours(1));
        hall.look().await;
        assert_eq!(hall.asleep().await, Vec::<String>::new(), "off by default");
        hall.green(1).await;
        hall.look().await;
        hall.clock.advance(TimeDelta::minutes(14));
        hall.look().await;
        for server in &service.servers {
            assert_eq!(hall.power(server).await, "On", "not yet");
        }
        hall.clock.advance(TimeDelta::minutes(1));
        hall.until_asleep(1).await;
        hall.clock.advance(TimeDelta::hours(1));
        hall.look().await;
        let asleep = hall.asleep().await;
        assert_eq!(asleep.len(), 1, "the reserve stays on");
        let awake = service.servers.iter().find(|server| **server != asleep[0]).unwrap();
        assert_eq!((hall.power(&asleep[0]).await.as_str(), hall.power(awake).await.as_str()), ("Off", "On"));

        // The one that is on is given at once; the next one is woken.
        let (first, second) = (server(1), server(2));
        let share = hall.pim.server_ensure(&first).await.unwrap().ready().expect("it is on");
        assert_eq!(share.host.unwrap().name, *awake);
        assert_eq!(hall.ensured(&second).await, asleep[0]);
        assert_eq!(hall.power(&asleep[0]).await, "On");
        assert_eq!(hall.told().await, ["node.asleep", "node.waking", "node.awake"]);
        hall.clock.advance(TimeDelta::hours(9));
        hall.look().await;
        hall.look().await;
        for server in &service.servers {
            assert_eq!(hall.power(server).await, "On", "something is on it");
        }
        // What is given back is turned off with it, as it always was.
        hall.released(&first).await;
        hall.released(&second).await;
        hall.look().await;
        assert_eq!(hall.asleep().await.len(), 2);
    });
}

#[test]
fn what_wants_a_node_that_is_just_turned_off_waits_and_has_it_then() {
    let Some(service) = Redfish::start(1, false) else { return };
    for_each_database(&[MIGRATIONS], async |database| {
        let hall = Hall::new(&service, database).await;
        hall.green(0).await;
        hall.look().await;
        hall.clock.advance(TimeDelta::minutes(15));
        hall.look().await;
        let Provision::Pending(text) = hall.pim.server_ensure(&server(1)).await.unwrap() else { panic!("it goes off") };
        assert!(text.contains("is being turned off; it is turned on then"), "{text}");
        hall.until_asleep(1).await;
        assert_eq!(hall.power(&service.servers[0]).await, "Off");
        hall.ensured(&server(1)).await;
        assert_eq!(hall.power(&service.servers[0]).await, "On");
        hall.look().await;
        assert_eq!(hall.told().await, ["node.asleep", "node.waking", "node.awake"]);
        hall.released(&server(1)).await;
    });
}

#[test]
fn one_that_does_not_wake_in_time_is_failed_and_gives_nothing() {
    let Some(service) = Redfish::start(1, false) else { return };
    for_each_database(&[MIGRATIONS], async |database| {
        let hall = Hall::new(&service, database).await;
        hall.green(0).await;
        hall.turn(&service.servers[0], "Off").await;
        hall.look().await;
        assert_eq!(hall.asleep().await.len(), 1, "whoever turned it off");
        // It is told to turn on, and ten minutes later nothing has been seen of it.
        assert!(matches!(hall.pim.server_ensure(&server(1)).await.unwrap(), Provision::Pending(_)));
        hall.clock.advance(TimeDelta::minutes(10));
        let refused = hall.pim.server_ensure(&server(1)).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NoRoom, "the plan is made again: {refused}");
        assert!(refused.to_string().contains("didn't work within 600 s"), "{refused}");
        let usage = hall.pim.node_list(None).await.unwrap().remove(0);
        assert_eq!(usage.state, NodeState::Down);
        assert!(usage.down.unwrap().reason.contains("didn't work within 600 s"));
        hall.released(&server(1)).await;
        let refused = hall.pim.server_ensure(&server(2)).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NoRoom, "{refused}");
        hall.released(&server(2)).await;
        // Somebody repairs it.
        hall.turn(&service.servers[0], "On").await;
        hall.look().await;
        assert_eq!(hall.pim.node_list(None).await.unwrap().remove(0).state, NodeState::Ready);
        assert_eq!(hall.told().await, ["node.asleep", "node.waking", "node.lost", "node.found"]);
    });
}

#[test]
fn a_broker_that_is_killed_at_any_step_goes_on() {
    let Some(service) = Redfish::start(1, false) else { return };
    for_each_database(&[MIGRATIONS], async |database| {
        let hall = Hall::new(&service, database).await;
        hall.green(0).await;
        hall.look().await;
        hall.clock.advance(TimeDelta::minutes(15));
        for waits in 0..60 {
            cut_after(waits, hall.look()).await;
        }
        hall.until_asleep(1).await;
        assert_eq!(hall.power(&service.servers[0]).await, "Off");
        for waits in 0..60 {
            drop(cut_after(waits, hall.pim.server_ensure(&server(1))).await.transpose().unwrap());
            cut_after(waits, hall.look()).await;
            hall.clock.advance(TimeDelta::seconds(3));
        }
        hall.ensured(&server(1)).await;
        assert_eq!(hall.power(&service.servers[0]).await, "On");
        assert_eq!(hall.told().await, ["node.asleep", "node.waking", "node.awake"], "each is told once");
        hall.released(&server(1)).await;
    });
}

#[test]
fn green_mode_is_set_within_bounds_and_turned_off() {
    let Some(service) = Redfish::start(1, false) else { return };
    for_each_database(&[MIGRATIONS], async |database| {
        let hall = Hall::new(&service, database).await;
        let set = async |new: NewGreenMode, expected| hall.pim.green_set(new, expected, Actor::Local, false).await;
        hall.pim.node_register(vec![node("local", 1_000, 1_024, &[])]).await.unwrap();
        let of_node = |name: &str| MaintenanceTarget::Node(name.to_owned());
        let own = Node::name_of_host("rack", &service.servers[0]);
        let wrong = [
            (mode(of_node("local"), 0), "it must be a host of a system of ironic, redfish"),
            (mode(of_node("nobody"), 0), "there is no node `nobody`"),
            (mode(of_node(&own), 1), "/reserve: a reserve is kept of a site's nodes"),
            (NewGreenMode { idle: TimeDelta::seconds(59), ..mode(of_node(&own), 0) }, "/idleSeconds: must be 60"),
            (NewGreenMode { wake_within: TimeDelta::days(1), ..mode(of_node(&own), 0) }, "/wakeSeconds: must be 60"),
        ];
        for (new, said) in wrong {
            let error = set(new, None).await.unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        assert_eq!(hall.pim.green_list().await.unwrap(), []);
        assert_eq!(set(mode(of_node(&own), 0), Some(0)).await.unwrap().version, 1);
        assert_eq!(set(mode(of_node(&own), 0), Some(1)).await.unwrap().version, 2);
        let stale = set(mode(of_node(&own), 0), Some(1)).await.unwrap_err();
        assert_eq!(stale.kind(), ErrorKind::PreconditionFailed);
        let end = async |dry_run| hall.pim.green_end(of_node(&own), None, Actor::Local, dry_run).await;
        end(true).await.unwrap();
        assert_eq!(hall.pim.green_list().await.unwrap().len(), 1);
        end(false).await.unwrap();
        assert_eq!(end(false).await.unwrap_err().kind(), ErrorKind::NotFound);
        hall.clock.advance(TimeDelta::hours(9));
        hall.look().await;
        assert_eq!(hall.power(&service.servers[0]).await, "On");
        assert!(hall.pim.node(&own).await.unwrap().rest.is_none());
    });
}
