//! What is discovered of real engines: Docker, and Podman's socket.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failing set-up fails the test")]

use hansa_mcm::connectors::KINDS;
use hansa_ontology::{Actor, SiteId};
use hansa_repository::{
    ambient::{Clock as _, SystemClock},
    system::{HostState, System, SystemConnection, SystemError, SystemErrorKind, SystemReport, SystemSecret},
};
use hansa_test_systems::{BUSYBOX, ContainerEngine, docker, podman};

const BROKER: &str = "0b0b0b0b-0000-4000-8000-000000000001";

fn connection(address: &str, settings: &[(&str, &str)], secret: Option<&str>) -> SystemConnection {
    SystemConnection {
        system: System {
            name: "edge".to_owned(),
            kind: "docker".to_owned(),
            site: SiteId::new("urn:test:site").unwrap(),
            address: address.to_owned(),
            credential: None,
            trust: None,
            settings: settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            created_at: SystemClock.now(),
            created_by: Actor::Broker,
            version: 1,
        },
        secret: secret.map(|text| SystemSecret::new(text.as_bytes().to_vec())),
        broker: BROKER.into(),
    }
}

async fn discover(connection: SystemConnection) -> Result<SystemReport, SystemError> {
    let kind = KINDS.iter().find(|kind| kind.name == "docker").unwrap();
    (kind.connect)(connection).await?.discover(SystemClock.now()).await
}

fn on_each_engine(test: impl AsyncFn(&mut ContainerEngine)) {
    for mut engine in [docker(), podman()].into_iter().flatten() {
        eprintln!("on {}", engine.name);
        tokio::runtime::Runtime::new().unwrap().block_on(test(&mut engine));
    }
}

#[test]
fn an_engine_tells_what_it_has_and_what_others_use() {
    on_each_engine(async |engine: &mut ContainerEngine| {
        let address = engine.address();
        let empty = discover(connection(&address, &[], None)).await.unwrap();
        let software = if engine.name == "docker" { "Docker Engine " } else { "Podman " };
        assert!(empty.software.starts_with(software), "{empty:?}");
        let host = &empty.hosts[0];
        assert_eq!((host.state.clone(), host.address), (HostState::Ready, Some([127, 0, 0, 1].into())));
        let processors = std::thread::available_parallelism().unwrap().get() as u64;
        assert_eq!(host.capacity.cpu_milli, processors * 1_000);
        assert!(host.capacity.memory_mib > 500 && host.capacity.disk_mib > 1_000, "{host:?}");
        assert_eq!(host.used_by_others, hansa_repository::system::Room::default());
        for can in ["containers", "memory limits", "cpu limits", "pids limits"] {
            assert!(empty.capabilities.contains(can), "{:?}", empty.capabilities);
        }

        // One of ours, one of another broker, one of somebody, one without limits.
        let ours = format!("hansa-broker={BROKER}");
        let labels: [&[&str]; 4] = [
            &["--label", &ours, "--cpus", "0.5", "--memory", "64m"],
            &["--label", "hansa-broker=another", "--cpus", "0.5", "--memory", "64m"],
            &["--cpus", "0.25", "--memory", "32m"],
            &[],
        ];
        for words in labels {
            let run: Vec<&str> = ["run", "--detach", "--network", "none"]
                .into_iter()
                .chain(words.iter().copied())
                .chain([BUSYBOX, "sleep", "600"])
                .collect();
            engine.run(&run);
        }
        let busy = discover(connection(&address, &[("nodeAddress", "192.0.2.7")], None)).await.unwrap();
        let host = &busy.hosts[0];
        assert_eq!(host.address, Some([192, 0, 2, 7].into()));
        assert_eq!((host.used_by_others.cpu_milli, host.used_by_others.memory_mib), (750, 96));
        assert!(
            busy.notes.iter().any(|note| note.starts_with("1 containers of others have no limits")),
            "{:?}",
            busy.notes
        );
    });
}

#[test]
fn what_is_wrong_is_told() {
    on_each_engine(async |engine: &mut ContainerEngine| {
        let address = engine.address();
        let error = discover(connection(&address, &[("nodeAddress", "here")], None)).await.unwrap_err();
        assert!(error.kind == SystemErrorKind::Invalid && error.to_string().contains("nodeAddress"), "{error}");
        let error = discover(connection(&address, &[], Some("{\"key\": \"hunter2\"}"))).await.unwrap_err();
        assert_eq!(error.kind, SystemErrorKind::Unauthenticated);
        assert!(!error.to_string().contains("hunter2"), "{error}");
        engine.stop();
        let error = discover(connection(&address, &[], None)).await.unwrap_err();
        assert_eq!(error.kind, SystemErrorKind::Unreachable, "{error}");
    });
}
