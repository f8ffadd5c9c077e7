//! Volumes that follow their workload from engine to engine.

use crate::room::{Room, eventually, on};
use hansa_ontology::{
    MachineId, WorkloadId,
    quantity::Mebibytes,
    resource_model::{Package, Volume},
};
use hansa_repository::ambient::{Clock as _, IdSource as _, RandomIds, SystemClock};
use hansa_test_systems::{ContainerEngine, docker, podman};
use hansa_wdm::{CopyOutlook, CopyStage, Peers, WorkloadSpec};
use std::time::Duration;
use uuid::Uuid;

const FILLING: &str = "cd $VOLUME_DATA && mkdir deep && head -c 3000000 /dev/urandom > deep/file && chmod 640 deep/file \
     && chown 1234:4321 deep/file && ln -s deep/file link && ln deep/file other && date > done && exec sleep 600";
const SUM: &str =
    "cd $VOLUME_DATA && cat link | sha256sum && stat -c '%a %u %g %Y %h' deep/file && readlink link && cat done";

/// The same workload in another machine, of another system.
fn elsewhere(spec: &WorkloadSpec, system: &str, number: u128) -> WorkloadSpec {
    let mut next = spec.clone();
    next.id = WorkloadId(RandomIds.next());
    next.target.machine = MachineId(Uuid::from_u128(number));
    next.target.directory = format!("/{system}/m{number}").into();
    next.target.system = Some(system.to_owned());
    if let Package::Container(package) = &mut next.package {
        package.command = ["sh", "-c", "exec sleep 600"].map(str::to_owned).to_vec();
    }
    next
}

fn sum_in(engine: &ContainerEngine, spec: &WorkloadSpec) -> String {
    engine.run(&["exec", &crate::room::container(spec), "sh", "-c", SUM])
}

async fn ask(room: &Room, spec: &WorkloadSpec) {
    let (application, component, from) = (spec.application, spec.component.clone(), spec.target.machine);
    let now = SystemClock.now();
    let write = move |connection: &mut hansa_repository::Connection| {
        hansa_wdm::volumes_follow(connection, application, (&component, 0), from, now)
    };
    room.database().write(write).await.unwrap();
}

#[test]
fn content_goes_from_engine_to_engine() {
    on(docker, &async |room: &mut Room| {
        let Some(far) = docker() else { return };
        room.connect_as("far", &far.address()).await;
        let mut spec = room.shell("db", FILLING);
        spec.volumes.insert("data".to_owned(), Volume { size: Mebibytes(16), variable: None, mount: None });
        room.until_running(&spec).await;
        let sum = eventually(async || {
            let text = room.exec(&spec, &["sh", "-c", SUM]);
            text.lines().count().eq(&4).then_some(text)
        })
        .await;
        ask(room, &spec).await;
        let next = elsewhere(&spec, "far", 9);
        // As long as the old one is there nothing is copied.
        room.wdm.workload_apply(&next, &Peers::new()).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_ne!(room.wdm.volume_copies(room.application).await.unwrap()[0].stage, CopyStage::Copied);
        assert_eq!((far.listing(), room.events("volume.copied").await.len()), (Vec::<String>::new(), 0));
        room.remove(&spec).await;
        eventually(async || {
            room.wdm.workload_apply(&next, &Peers::new()).await.unwrap();
            let stage = room.wdm.volume_copies(room.application).await.unwrap()[0].stage.clone();
            assert!(!matches!(stage, CopyStage::Failed(_)), "{stage:?}");
            (stage == CopyStage::Copied).then_some(())
        })
        .await;
        room.until_running(&next).await;
        assert_eq!(sum_in(&far, &next), sum);
        assert_eq!(room.wdm.volume_copies(room.application).await.unwrap()[0].stage, CopyStage::Copied);
        assert_eq!(room.engine.listing().len(), 1, "the old volume alone, until the new one works");
        assert_eq!(room.events("volume.copied").await.len(), 1);
        room.wdm.volumes_tidy(room.application).await.unwrap();
        assert_eq!(room.engine.listing(), Vec::<String>::new());

        // Within one engine they are where they were.
        ask(room, &next).await;
        let beside = elsewhere(&next, "far", 10);
        room.remove(&next).await;
        room.until_running(&beside).await;
        assert_eq!(sum_in(&far, &beside), sum);
        assert_eq!(room.events("volume.copied").await.len(), 1, "nothing was copied");
        room.remove(&beside).await;
        room.wdm.volume_remove_all(room.application).await.unwrap();
        assert_eq!(far.listing(), Vec::<String>::new());
    });
}

#[test]
fn volumes_of_podman_are_not_copied_and_that_is_said() {
    on(podman, &async |room: &mut Room| {
        let mut spec = room.shell("db", "exec sleep 600");
        spec.volumes.insert("data".to_owned(), Volume { size: Mebibytes(16), variable: None, mount: None });
        room.until_running(&spec).await;
        let outlook = room.wdm.volumes_outlook(room.application, ("db", 0), spec.target.machine).await.unwrap();
        let CopyOutlook::Impossible(why) = outlook else { panic!("{outlook:?}") };
        assert!(why.contains("edge") && why.contains("--leave-volumes"), "{why}");
        assert!(!room.wdm.takes_volumes(Some("edge")).await.unwrap());
        room.remove(&spec).await;
        room.wdm.volume_remove_all(room.application).await.unwrap();
    });
}
