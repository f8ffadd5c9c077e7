//! What keeps data moves with it: copied while it is stopped, whole or not at
//! all, whenever the broker dies.

use crate::{
    broker::{Broker, chain, of, tenant},
    catalogue::{model, tier},
    wire::Wire,
};
use hansa_mco::NoPartners;
use hansa_ontology::{MachineId, ResourceModel};
use hansa_repository::{
    event::Event,
    operation::{self, OperationState},
};
use hansa_service_orchestrator::{ApplicationDetail, MovePreview, MoveRequest, OrchestratorError, Phase};
use serde_json::json;
use std::{
    fs,
    os::unix::fs::symlink,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

/// Processes of one instance: its supervisor, and itself.
const ALONE: usize = 2;

fn store(side: &str) -> ResourceModel {
    let mut db = tier(&[side], "1");
    db["volumes"] = json!({ "data": { "size": "64Mi" } });
    db["health"]["startup"] = json!("30s");
    model("store", &[("db", db)])
}

fn to(side: &str) -> MoveRequest {
    MoveRequest { what: vec!["db#0".to_owned()], to: vec![side.to_owned()], leave_volumes: false }
}

/// The volumes of all machines that there are, with what was copied in part.
fn volumes(broker: &Broker) -> Vec<PathBuf> {
    let list = |path: PathBuf| fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    let machines = list(broker.folder.join("nodes")).flat_map(|node| list(node.join("machines")));
    let components = machines.flat_map(|one| list(one.join("volumes"))).flat_map(|one| list(one.join("db")));
    components.filter(|path| path.is_dir()).collect()
}

/// The one volume that there is.
fn data(broker: &Broker) -> PathBuf {
    let all = volumes(broker);
    assert_eq!(all.len(), 1, "{all:?}");
    assert!(all[0].ends_with("db/0"), "{all:?}");
    all[0].join("data")
}

fn machine(detail: &ApplicationDetail) -> MachineId {
    of(detail, "db")[0].machine
}

async fn preview(broker: &Broker, request: &MoveRequest) -> MovePreview {
    broker.orchestrator.move_preview(broker.id("store").await, request).await.unwrap()
}

async fn start_move(broker: &Broker, request: &MoveRequest) -> hansa_ontology::OperationId {
    let id = broker.id("store").await;
    broker.orchestrator.move_instances(id, request, tenant()).await.unwrap().operation
}

/// Waits until the operation has ended, while never two copies run; says whether it ended well.
async fn ended(broker: &Broker, id: hansa_ontology::OperationId) -> bool {
    let deadline = Instant::now() + Duration::from_secs(90);
    loop {
        let detail = broker.detail("store").await;
        assert!(broker.processes() <= ALONE, "it runs twice: {:?}", of(&detail, "db"));
        let found = broker.database.read(move |connection| operation::get(connection, id)).await.unwrap();
        if found.state.is_final() {
            broker.until_running("store").await;
            return matches!(found.state, OperationState::Succeeded { .. });
        }
        assert!(Instant::now() < deadline, "{:?} {:?}", detail.application.phase, broker.events("").await);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn last(broker: &Broker, kind: &str) -> Event {
    broker.events(kind).await.pop().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_moves_there_and_back_and_what_is_left_behind_is_gone() {
    let broker = Broker::start("north", Arc::new(NoPartners)).await;
    broker.submit(store("north")).await;
    let mut at = machine(&broker.until_running("store").await);
    fs::create_dir(data(&broker).join("deep")).unwrap();
    symlink("deep/count", data(&broker).join("link")).unwrap();
    for round in 0..3_u8 {
        fs::write(data(&broker).join("deep/count"), vec![round; 3_000_000]).unwrap();
        let would = preview(&broker, &to("north")).await;
        let away = &would.interruptions[0];
        let copied = away.copied.as_ref().unwrap();
        assert_eq!((away.volumes.len(), copied.volumes.as_slice()), (0, &["data".to_owned()][..]));
        assert!(copied.bytes.is_some_and(|bytes| bytes >= 3_000_000), "{copied:?}");
        let text = away.to_string();
        let says =
            "away until that works, for which it has 30s; the data in data is copied meanwhile: 3.0 MB, about 1 s";
        assert!(text.contains(says), "{text}");
        let operation = start_move(&broker, &to("north")).await;
        assert!(ended(&broker, operation).await);
        let there = broker.detail("store").await;
        assert_ne!(machine(&there), at);
        at = machine(&there);
        assert_eq!(fs::read(data(&broker).join("link")).unwrap(), vec![round; 3_000_000], "round {round}");
        assert_eq!(fs::read_link(data(&broker).join("link")).unwrap(), PathBuf::from("deep/count"));
        assert_eq!((chain(&there, "db").as_deref(), broker.shares().await), (Some("db#0@1"), 1));
    }
    let copied = broker.events("volume.copied").await;
    assert_eq!(copied.len(), 3);
    assert!(copied[0].message.contains("the volumes of db#0 are copied to node north-1: 3.0 MB in"), "{copied:?}");
    assert_eq!(copied[0].data["bytes"], json!(3_000_000));
    assert_eq!((broker.events("volume.created").await.len(), broker.events("volume.removed").await.len()), (4, 3));
    assert!(last(&broker, "application.moved").await.sequence > copied[2].sequence);

    // Who says so begins with nothing.
    let without = MoveRequest { leave_volumes: true, ..to("north") };
    let text = preview(&broker, &without).await.interruptions[0].to_string();
    assert!(text.contains("the data in data is not copied"), "{text}");
    let operation = start_move(&broker, &without).await;
    assert!(ended(&broker, operation).await);
    assert_eq!(fs::read_dir(data(&broker)).unwrap().count(), 0);
    assert_eq!(broker.events("volume.copied").await.len(), 3);
    broker.remove("store").await;
    assert_eq!(volumes(&broker), Vec::<PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_copied_goes_on_where_it_was() {
    let broker = Broker::start("north", Arc::new(NoPartners)).await;
    broker.submit(store("north")).await;
    let at = machine(&broker.until_running("store").await);
    let (data, kept) = (data(&broker), broker.folder.join("kept"));
    fs::write(data.join("note"), "precious").unwrap();
    // A link is in the place of the volume: nothing is read through it.
    fs::rename(&data, &kept).unwrap();
    symlink(&kept, &data).unwrap();
    let operation = start_move(&broker, &to("north")).await;
    assert!(!ended(&broker, operation).await);
    let back = broker.until("store", |detail| detail.machines.len() == 1).await;
    assert_eq!((machine(&back), back.application.phase.name()), (at, "running"));
    assert_eq!(chain(&back, "db").as_deref(), Some("db#0@1"));
    let refused = last(&broker, "application.move-refused").await;
    assert!(refused.message.contains("the volumes of db#0 couldn't be copied"), "{refused:?}");
    assert!(refused.message.contains("it is no folder any more"), "{refused:?}");
    assert_eq!(broker.events("application.move-refused").await.len(), 1, "told once");
    assert_eq!(broker.events("application.moved").await.len(), 0);
    assert_eq!((fs::read_to_string(kept.join("note")).unwrap().as_str(), volumes(&broker).len()), ("precious", 1));

    // Once that is mended it moves.
    fs::remove_file(&data).unwrap();
    fs::rename(&kept, &data).unwrap();
    let operation = start_move(&broker, &to("north")).await;
    assert!(ended(&broker, operation).await);
    assert_eq!(fs::read_to_string(self::data(&broker).join("note")).unwrap(), "precious");
    broker.remove("store").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_dies_at_any_step_ends_it() {
    let mut broker = Broker::start("north", Arc::new(NoPartners)).await;
    broker.submit(store("north")).await;
    broker.until_running("store").await;
    let content: Vec<u8> = (0..12_000_000_u32).map(|number| (number % 251) as u8).collect();
    fs::write(data(&broker).join("file"), &content).unwrap();
    for pause in [0, 40, 150, 300, 500, 800, 1_200] {
        let operation = start_move(&broker, &to("north")).await;
        tokio::time::sleep(Duration::from_millis(pause)).await;
        broker.restart("north", Arc::new(NoPartners)).await;
        let well = ended(&broker, operation).await;
        assert!(well, "after {pause} ms: {:?}", last(&broker, "application.").await);
        broker.until("store", |detail| detail.machines.len() == 1).await;
        assert!(fs::read(data(&broker).join("file")).unwrap() == content, "after {pause} ms it isn't what it was");
    }
    broker.remove("store").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_mind_while_it_is_copied_leaves_one_whole_volume() {
    let broker = Broker::start("north", Arc::new(NoPartners)).await;
    broker.submit(store("north")).await;
    let first = machine(&broker.until_running("store").await);
    fs::write(data(&broker).join("file"), vec![7; 40_000_000]).unwrap();
    start_move(&broker, &to("north")).await;
    let copies = || async { broker.orchestrator.mco().wdm().volume_copies(broker.id("store").await).await.unwrap() };
    let deadline = Instant::now() + Duration::from_secs(60);
    while copies().await.is_empty() {
        assert!(Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Back to where its content is, in the midst of it.
    let back = start_move(&broker, &MoveRequest { to: vec![first.to_string()], ..to("") }).await;
    assert!(ended(&broker, back).await);
    let there = broker.until("store", |detail| detail.machines.len() == 1).await;
    assert_eq!(machine(&there), first);
    assert!(fs::read(data(&broker).join("file")).unwrap() == vec![7; 40_000_000]);
    broker.until("store", |detail| detail.application.phase == Phase::Running).await;
    assert!(copies().await.is_empty());
    // And gone as a whole while it is copied.
    start_move(&broker, &to("north")).await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    broker.remove("store").await;
    assert_eq!((volumes(&broker), broker.shares().await), (Vec::new(), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn partners_take_no_volumes_and_that_is_said_before() {
    let seller = Broker::seller().await;
    let wire = Arc::new(Wire::new(seller.orchestrator.clone()));
    let buyer = Broker::start("north", Arc::clone(&wire) as _).await;
    let mut model = store("north");
    model.components.get_mut("db").unwrap().constraints = Default::default();
    model.components.get_mut("db").unwrap().constraints.site.deny.insert(crate::catalogue::site("south").to_string());
    buyer.submit(model.clone()).await;
    let before = buyer.until_running("store").await;
    model.components.get_mut("db").unwrap().constraints = Default::default();
    buyer.update(model).await;
    buyer.until_running("store").await;
    let id = buyer.id("store").await;
    let refused = buyer.orchestrator.move_instances(id, &to("south"), tenant()).await;
    let Err(OrchestratorError::Invalid { field, message }) = refused else { panic!("{refused:?}") };
    assert_eq!(field, "/leaveVolumes");
    assert!(message.contains("can't be copied (the partner") && message.contains("takes no volumes"), "{message}");
    assert_eq!(machine(&buyer.detail("store").await), machine(&before));
    buyer.remove("store").await;
}

/// Two that keep data: with 200m they fit on one machine, with 600m they don't.
fn two(cpu: &str, version: &str) -> ResourceModel {
    let mut db = tier(&["north"], version);
    db["volumes"] = json!({ "data": { "size": "64Mi" } });
    db["resources"]["cpu"] = json!(cpu);
    model("store", &[("db", db.clone()), ("log", db)])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_takes_volumes_along() {
    let mut broker = Broker::start("north", Arc::new(NoPartners)).await;
    let held = |broker: &Broker| -> Vec<(&str, PathBuf)> {
        let list = |path: PathBuf| fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
        let machines = list(broker.folder.join("nodes")).flat_map(|node| list(node.join("machines")));
        let applications = machines.flat_map(|machine| list(machine.join("volumes")));
        let all = applications.flat_map(|one| ["db", "log"].map(|name| (name, one.join(name).join("0/data"))));
        all.filter(|(_, path)| path.is_dir()).collect()
    };
    let content = |broker: &Broker| {
        let mut found: Vec<(&str, String)> = (held(broker).into_iter())
            .map(|(name, path)| (name, fs::read_to_string(path.join("note")).unwrap_or_default()))
            .collect();
        found.sort();
        found
    };
    // And what is left behind is gone.
    let runs = |broker: &Broker, detail: &ApplicationDetail, all: &str| {
        chain(detail, "db").as_deref() == Some(all) && held(broker).len() == 2
    };
    let at = |detail: &ApplicationDetail| ["db", "log"].map(|name| of(detail, name)[0].machine);
    broker.submit(two("200m", "1")).await;
    let first = broker.until_running("store").await;
    let [db, log] = at(&first);
    assert_eq!(db, log, "one machine has room for both");
    for (name, path) in held(&broker) {
        fs::write(path.join("note"), name).unwrap();
    }
    let notes = ["db", "log"].map(|name| (name, name.to_owned()));
    assert_eq!(content(&broker), notes);
    // They don't fit together any more: one goes, with what it has; also if the broker dies then.
    broker.update(two("600m", "2")).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    broker.restart("north", Arc::new(NoPartners)).await;
    let there = broker.until("store", |detail| runs(&broker, detail, "db#0@2(log#0@2)")).await;
    let [db, log] = at(&there);
    assert_ne!(db, log);
    assert_eq!((content(&broker).as_slice(), broker.events("volume.copied").await.len()), (&notes[..], 1));
    assert_eq!(broker.events("application.move-refused").await.len(), 0);
    let id = broker.id("store").await;
    let back = broker.orchestrator.rollback(id, None, tenant()).await;
    assert!(back.is_ok(), "{back:?}");
    broker.until("store", |detail| runs(&broker, detail, "db#0@1(log#0@1)")).await;
    assert_eq!(content(&broker), notes);
    broker.remove("store").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_that_can_take_no_data_along_loses_none_and_says_so() {
    let broker = Broker::start("north", Arc::new(NoPartners)).await;
    broker.submit(two("200m", "1")).await;
    broker.until_running("store").await;
    let node = fs::read_dir(broker.folder.join("nodes")).unwrap().flatten().next().unwrap().path();
    let machine = fs::read_dir(node.join("machines")).unwrap().flatten().next().unwrap().path();
    let application = fs::read_dir(machine.join("volumes")).unwrap().flatten().next().unwrap().path();
    let kept = broker.folder.join("kept");
    for name in ["db", "log"] {
        let data = application.join(name).join("0/data");
        fs::write(data.join("note"), name).unwrap();
        fs::rename(&data, kept.with_extension(name)).unwrap();
        symlink(kept.with_extension(name), &data).unwrap();
    }
    broker.update(two("600m", "2")).await;
    let deadline = Instant::now() + Duration::from_secs(30);
    while broker.events("application.move-refused").await.is_empty() {
        assert!(Instant::now() < deadline, "{:?}", broker.events("").await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let told = broker.events("application.move-refused").await;
    let says = "#0 couldn't be copied: ";
    assert!(told.len() == 1 && told[0].message.contains(says) && told[0].message.contains("no folder"), "{told:?}");
    broker.orchestrator.rollback(broker.id("store").await, None, tenant()).await.unwrap();
    broker.until("store", |detail| chain(detail, "db").as_deref() == Some("db#0@1(log#0@1)")).await;
    for name in ["db", "log"] {
        assert!(application.join(name).join("0/data").is_symlink(), "it runs where its content is");
        assert_eq!(fs::read_to_string(kept.with_extension(name).join("note")).unwrap(), name);
    }
    broker.remove("store").await;
}
