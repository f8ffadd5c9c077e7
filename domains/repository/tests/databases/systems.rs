//! Real systems: written down, opened, remembered as they were found.

use chrono::TimeDelta;
use hansa_ontology::{Actor, OfferId};
use hansa_repository::{
    ErrorKind, OwnerChange, RepositoryError,
    ambient::{Clock as _, SharedClock},
    event::{self, EventFilter, Order},
    system::{
        Backing, Connecting, Kind, LiveConnectors, System, SystemConnection, SystemError, SystemErrorKind,
        SystemReport, Systems,
    },
    testing::{HandClock, PlainSecrets, for_each_database, systems},
};
use std::{collections::BTreeMap, sync::Arc};

struct Room {
    systems: Systems,
    secrets: Arc<PlainSecrets>,
    clock: HandClock,
    database: hansa_repository::Database,
}

fn with_systems(test: impl AsyncFn(Room)) {
    for_each_database(&[], async |database| {
        let clock = HandClock::default();
        let shared: SharedClock = Arc::new(clock.clone());
        let secrets = Arc::new(PlainSecrets::default());
        let systems = systems(&database, &shared, &secrets).await;
        test(Room { systems, secrets, clock, database }).await;
    });
}

fn edge(name: &str) -> System {
    System {
        name: name.to_owned(),
        kind: "spoken".to_owned(),
        site: "urn:test:site:a".parse().unwrap(),
        address: "https://edge.example".to_owned(),
        credential: Some("key".to_owned()),
        trust: None,
        settings: BTreeMap::from([("region".to_owned(), "north".to_owned())]),
        created_at: chrono::DateTime::UNIX_EPOCH,
        created_by: Actor::Broker,
        version: 0,
    }
}

fn change(room: &Room) -> OwnerChange {
    OwnerChange { actor: Actor::Local, now: room.clock.now(), expected: None, dry_run: false }
}

async fn kinds(room: &Room) -> Vec<String> {
    let told = room.database.read(|c| event::list(c, &EventFilter::default(), 100, Order::OldestFirst)).await;
    told.map_err(|error: RepositoryError| error).unwrap().into_iter().map(|event| event.kind).collect()
}

#[test]
fn a_system_is_connected_changed_and_disconnected() {
    with_systems(async |room| {
        let systems = &room.systems;
        let dry = OwnerChange { dry_run: true, ..change(&room) };
        systems.system_add(edge("edge"), dry.clone()).await.unwrap();
        assert_eq!(systems.system_list().await.unwrap(), []);
        let added = systems.system_add(edge("edge"), change(&room)).await.unwrap();
        assert_eq!((added.version, added.created_at, &added.created_by), (1, room.clock.now(), &Actor::Local));
        assert_eq!(systems.system("edge").await.unwrap(), added);
        let twice = systems.system_add(edge("edge"), change(&room)).await.unwrap_err();
        assert_eq!(twice.kind(), ErrorKind::Conflict);

        let moved = System { address: "https://new.example".to_owned(), kind: "other".to_owned(), ..edge("edge") };
        let changed = systems.system_change(moved.clone(), change(&room)).await.unwrap();
        assert_eq!((changed.version, changed.kind.as_str()), (2, "spoken"), "it keeps its kind");
        let late = OwnerChange { expected: Some(1), ..change(&room) };
        assert_eq!(systems.system_change(moved, late).await.unwrap_err().kind(), ErrorKind::PreconditionFailed);

        let offer: OfferId = "urn:test:offer:1".parse().unwrap();
        let backing = Backing { offer: offer.clone(), system: "edge".to_owned(), item: Some("m1".to_owned()) };
        systems.backing_set(backing.clone()).await.unwrap();
        systems.backing_set(backing.clone()).await.unwrap();
        assert_eq!(systems.backing(&offer).await.unwrap(), Some(backing));
        let elsewhere = Backing { offer: offer.clone(), system: "nowhere".to_owned(), item: None };
        assert_eq!(systems.backing_set(elsewhere).await.unwrap_err().kind(), ErrorKind::NotFound);
        let held = systems.system_remove("edge", change(&room)).await.unwrap_err();
        assert!(held.to_string().contains("urn:test:offer:1"), "{held}");
        systems.backing_clear(&offer).await.unwrap();
        systems.system_remove("edge", dry).await.unwrap();
        systems.system_remove("edge", change(&room)).await.unwrap();
        assert_eq!(systems.system_remove("edge", change(&room)).await.unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(kinds(&room).await, ["system.connected", "system.changed", "system.disconnected"]);
    });
}

#[test]
fn what_is_wrong_with_a_field_is_said_of_the_field() {
    with_systems(async |room| {
        let refused =
            async |system: System| room.systems.system_add(system, change(&room)).await.unwrap_err().to_string();
        for name in ["", "Edge", "-edge", "test", &"e".repeat(33)] {
            assert!(refused(edge(name)).await.starts_with("/name: "), "{name}");
        }
        let at = |address: &str| System { address: address.to_owned(), ..edge("edge") };
        assert!(refused(at("a b")).await.starts_with("/address: "));
        let named = refused(at("https://ann:secret@edge.example/")).await;
        assert!(named.contains("put it into a credential") && !named.contains("secret"), "{named}");
    });
}

#[test]
fn trouble_is_told_once_and_keeps_what_was_known() {
    with_systems(async |room| {
        let system = room.systems.system_add(edge("edge"), change(&room)).await.unwrap();
        let report = SystemReport::new(room.clock.now(), "Spoken 1.0");
        room.systems.asked(&system, Ok(report.clone())).await.unwrap();
        let began = room.clock.now();
        for _ in 0..3 {
            room.systems.asked(&system, Err(lost("edge"))).await.unwrap();
            room.clock.advance(TimeDelta::seconds(15));
        }
        let standing = room.systems.standing("edge").await.unwrap();
        assert_eq!(standing.report.as_ref(), Some(&report));
        let trouble = standing.trouble.unwrap();
        assert_eq!((trouble.since, trouble.kind.as_str()), (began, "unreachable"));
        assert_eq!(
            trouble.message,
            "system edge can't be reached (look at it); it says: connection refused; see that it runs"
        );
        room.systems.asked(&system, Ok(report)).await.unwrap();
        assert_eq!(room.systems.standing("edge").await.unwrap().trouble, None);
        assert_eq!(kinds(&room).await, ["system.connected", "system.lost", "system.found"]);

        // One that was disconnected while it was asked leaves nothing behind.
        room.systems.system_remove("edge", change(&room)).await.unwrap();
        room.systems.asked(&system, Err(lost("edge"))).await.unwrap();
        assert_eq!(room.systems.standings().await.unwrap(), BTreeMap::new());
    });
}

fn lost(system: &str) -> SystemError {
    SystemError {
        system: system.to_owned(),
        kind: SystemErrorKind::Unreachable,
        action: "look at it".to_owned(),
        said: "connection refused".to_owned(),
        remedy: "see that it runs".to_owned(),
    }
}

/// A connector that only tells with what it was made.
static SPOKEN: &[Kind<String>] = &[Kind { name: "spoken", connect: spoken }];

fn spoken(connection: SystemConnection) -> Connecting<String> {
    let secret = connection.secret.as_ref().and_then(|secret| secret.text()).unwrap_or_default().to_owned();
    Box::pin(async move { Ok(Arc::new(format!("{} {secret} {}", connection.system.address, connection.broker))) })
}

#[test]
fn a_connector_lives_until_its_system_or_its_credential_changes() {
    with_systems(async |room| {
        let live = LiveConnectors::new(room.systems.clone(), SPOKEN);
        let missing = live.get("edge").await.unwrap_err();
        assert_eq!(missing.kind, SystemErrorKind::NotFound);
        room.systems.system_add(edge("edge"), change(&room)).await.unwrap();
        let closed = live.get("edge").await.unwrap_err();
        assert_eq!(
            (closed.kind, closed.said.as_str()),
            (SystemErrorKind::Unauthenticated, "there is no credential `key`")
        );

        room.secrets.set("key", "first");
        let first = live.get("edge").await.unwrap();
        assert_eq!(*first, format!("https://edge.example first {}", room.systems.broker()));
        assert!(Arc::ptr_eq(&first, &live.get("edge").await.unwrap()), "made once");
        room.secrets.set("key", "second");
        assert!(live.get("edge").await.unwrap().contains(" second "));
        let moved = System { address: "https://new.example".to_owned(), ..edge("edge") };
        room.systems.system_change(moved, change(&room)).await.unwrap();
        assert!(live.get("edge").await.unwrap().starts_with("https://new.example"));

        let foreign = System { kind: "unknown".to_owned(), ..edge("else") };
        let refused = live.connect(room.systems.opened(foreign).await.unwrap()).await.unwrap_err();
        assert!(refused.to_string().contains("name one of: spoken"), "{refused}");
    });
}

#[test]
fn a_broker_is_the_same_after_a_restart() {
    with_systems(async |room| {
        let clock: SharedClock = Arc::new(room.clock.clone());
        let again = systems(&room.database, &clock, &room.secrets).await;
        assert_eq!(again.broker(), room.systems.broker());
    });
}
