//! What others have in the engine is never touched, and what is missing is told.

use crate::room::{Room, container, failed, on_each_engine};
use hansa_ontology::{
    quantity::Mebibytes,
    resource_model::{Package, Volume},
};
use hansa_test_systems::BUSYBOX;
use hansa_wdm::WorkloadSpec;

async fn reason(room: &Room, spec: &WorkloadSpec) -> String {
    room.until(spec, failed).await.state.reason().unwrap().to_owned()
}

#[test]
fn foreign_things_of_the_same_name_stay() {
    on_each_engine(async |room: &mut Room| {
        let mut spec = room.shell("web", "exec sleep 600");
        let name = container(&spec);
        room.engine.run(&["create", "--name", &name, "--label", "hansa-broker=another", BUSYBOX, "sleep", "1"]);
        let said = reason(room, &spec).await;
        assert!(said.contains(&name) && said.contains("this broker did not make") && said.contains("rename"), "{said}");
        room.remove(&spec).await;
        assert!(room.engine.listing().contains(&format!("container {name}")), "it is still there");
        // Its owner takes it away, and the workload has its place.
        room.engine.run(&["rm", &name]);
        room.until_running(&spec).await;
        room.remove(&spec).await;

        let network = format!("hansa-{}", room.application);
        room.engine.run(&["network", "create", &network]);
        let said = reason(room, &spec).await;
        assert!(said.contains(&network) && said.contains("this broker did not make"), "{said}");
        room.remove(&spec).await;
        assert!(room.engine.listing().contains(&format!("network {network}")));
        room.engine.run(&["network", "rm", &network]);

        let volume = format!("hansa-{}-web-0-data", room.application);
        room.engine.run(&["volume", "create", &volume]);
        spec.volumes.insert("data".to_owned(), Volume { size: Mebibytes(1), variable: None, mount: None });
        let said = reason(room, &spec).await;
        assert!(said.contains(&volume) && said.contains("this broker did not make"), "{said}");
        room.remove(&spec).await;
        room.wdm.volume_remove_all(room.application).await.unwrap();
        assert_eq!(room.engine.listing(), [format!("volume {volume}")]);
        room.engine.run(&["volume", "rm", &volume]);
    });
}

#[test]
fn a_port_that_somebody_took_is_told_or_replaced() {
    on_each_engine(async |room: &mut Room| {
        let spec = room.server("web");
        let given = room.wdm.workload_prepare(&spec).await.unwrap()["http"];
        // Between the choice and the start somebody else publishes it.
        room.engine.run(&[
            "run",
            "--detach",
            "--name",
            "rude",
            "--publish",
            &format!("{given}:80"),
            "--network",
            &rude_network(room),
            BUSYBOX,
            "sleep",
            "600",
        ]);
        let status = room.until_running(&spec).await;
        assert_ne!(status.endpoints["http"].number, given.number);
        room.remove(&spec).await;
        room.engine.run(&["rm", "--force", "rude"]);
        room.engine.run(&["network", "rm", "rude"]);
    });
}

fn rude_network(room: &Room) -> String {
    room.engine.run(&["network", "create", "rude"]);
    "rude".to_owned()
}

#[test]
fn an_image_that_is_missing_is_told() {
    on_each_engine(async |room: &mut Room| {
        let mut spec = room.shell("web", "exec sleep 600");
        let Package::Container(package) = &mut spec.package else { panic!("a container") };
        package.image = "registry.invalid/shop:1".to_owned();
        room.connect(&room.engine.address(), &[("pullPolicy", "never")]).await;
        let said = reason(room, &spec).await;
        assert!(said.contains("no image registry.invalid/shop:1") && said.contains("pullPolicy"), "{said}");
        room.remove(&spec).await;

        // Pulled, in the engine's own words about a registry that isn't there.
        room.connect(&room.engine.address(), &[]).await;
        let said = reason(room, &spec).await;
        assert!(said.contains("pull registry.invalid/shop:1") && said.contains("no such host"), "{said}");
        room.remove(&spec).await;

        room.connect(&room.engine.address(), &[("pullPolicy", "sometimes")]).await;
        let said = room.wdm.workload_apply(&spec, &Default::default()).await.unwrap_err().to_string();
        assert!(said.contains("pullPolicy") && said.contains("sometimes"), "{said}");
        room.connect(&room.engine.address(), &[]).await;
    });
}
