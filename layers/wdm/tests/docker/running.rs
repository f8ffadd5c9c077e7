//! What a container gets, and what holds for it.

use crate::{
    room::{Room, container, failed, on_each_engine, port},
    shared,
};
use hansa_ontology::{
    quantity::Mebibytes,
    resource_model::{FileSet, Package, ProcessPackage, Volume},
};
use hansa_wdm::{PeerEndpoint, Peers};
use std::time::Instant;

#[test]
fn a_container_comes_up_and_answers() {
    on_each_engine(async |room: &mut Room| {
        let mut spec = room.server("web");
        spec.environment.insert("GREETING".to_owned(), "good day".to_owned());
        spec.volumes.insert("data".to_owned(), Volume { size: Mebibytes(16), variable: None, mount: None });
        let begun = Instant::now();
        let status = room.until_running(&spec).await;
        println!("{}: from apply to healthy in {:?}", room.engine.name, begun.elapsed());
        let endpoint = status.endpoints["http"];
        let text = reqwest::get(format!("http://{endpoint}/index.html")).await.unwrap().text().await.unwrap();
        assert_eq!(text, "hello from web\n");
        assert!(status.limits.cpu && status.limits.memory && status.limits.pids, "{:?}", status.limits);

        let environment = room.exec(&spec, &["env"]);
        for line in [
            "GREETING=good day",
            "HANSA_ADDRESS=0.0.0.0",
            "PORT_HTTP=8080",
            "VOLUME_DATA=/hansa/volumes/data",
            "HANSA_PEERS_FILE=/hansa/peers.json",
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOSTNAME=web-0",
        ] {
            assert!(environment.lines().any(|known| known == line), "{line} is not in\n{environment}");
        }
        let labels = room.inspect(&spec, "{{json .Config.Labels}}");
        for label in [room.systems.broker(), &spec.application.to_string(), &spec.id.to_string(), "hansa-revision"] {
            assert!(labels.contains(label), "{label} is not in {labels}");
        }
        // Applied again and again, nothing is done again.
        let before = room.inspect(&spec, "{{.Id}}");
        for _ in 0..5 {
            room.until_running(&spec).await;
        }
        assert_eq!(room.inspect(&spec, "{{.Id}}"), before);
        assert_eq!(room.events("workload.started").await.len(), 1);
        room.remove(&spec).await;
        assert_eq!(room.engine.listing().len(), 1, "the volume alone: {:?}", room.engine.listing());
        room.wdm.volume_remove_all(room.application).await.unwrap();
    });
}

#[test]
fn containers_of_an_application_find_each_other() {
    on_each_engine(async |room: &mut Room| {
        let (database, web) = (room.server("database"), room.shell("web", "exec sleep 600"));
        let database_at = room.until_running(&database).await.endpoints["http"];
        let peer = PeerEndpoint { ordinal: 0, port: "http".to_owned(), address: database_at.socket() };
        let peers = Peers::from([("database".to_owned(), vec![peer])]);
        room.wdm.workload_apply(&web, &peers).await.unwrap();
        room.until(&web, |status| status.pid.is_some()).await;
        // By name; and by the address, which from in there is not the node's loopback.
        for name in ["database", "database-0"] {
            let got = room.exec(&web, &["wget", "-q", "-O-", &format!("http://{name}:8080/index.html")]);
            assert_eq!(got, "hello from database");
        }
        room.wdm.workload_tell(web.id, &peers).await.unwrap();
        let told: serde_json::Value = serde_json::from_str(&room.exec(&web, &["cat", "/hansa/peers.json"])).unwrap();
        let address = told["database"][0]["address"].as_str().unwrap();
        assert!(address.ends_with(":8080"), "{told}");
        let got = room.exec(&web, &["wget", "-q", "-O-", &format!("http://{address}/index.html")]);
        assert_eq!(got, "hello from database");
        let variable = room.exec(&web, &["sh", "-c", "echo $PEERS_DATABASE_HTTP"]);
        assert_eq!(variable, address);
        assert_eq!(room.exec(&web, &["cat", "/hansa/token"]), format!("secret-{}", web.id));

        // What changes is told to the one that runs.
        let far = PeerEndpoint { ordinal: 1, port: "http".to_owned(), address: ([192, 0, 2, 7], 80).into() };
        room.wdm.workload_tell(web.id, &Peers::from([("database".to_owned(), vec![far])])).await.unwrap();
        assert!(room.exec(&web, &["cat", "/hansa/peers.json"]).contains("192.0.2.7:80"));
        room.remove(&web).await;
        room.remove(&database).await;
    });
}

#[test]
fn limits_hold() {
    on_each_engine(async |room: &mut Room| {
        room.connect(&room.engine.address(), &[("pidsLimit", "10")]).await;
        let hungry = room.spec("hungry", &["tail", "/dev/zero"]);
        let status = room.until(&hungry, |status| status.last_exit.is_some()).await;
        let exit = status.last_exit.unwrap();
        // Podman 4.3 does not tell what made the kernel kill it.
        let words = if room.engine.name == "docker" {
            "killed: out of memory (limit 64 MiB)"
        } else {
            "killed by signal 9 (SIGKILL)"
        };
        assert_eq!(exit.to_string(), words, "{exit:?}");
        let script = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 600 & done; echo all; wait";
        let many = room.shell("many", script);
        room.until(&many, |status| status.pid.is_some() || status.last_exit.is_some()).await;
        let lines = crate::room::eventually(async || {
            let lines = room.output(&many, Default::default()).await;
            (!lines.is_empty()).then_some(lines)
        })
        .await;
        assert!(lines.iter().any(|line| line.contains("can't fork")), "{lines:?}");
        // Half a processor: the engine's own words for it differ.
        let cpu = room.inspect(&many, "{{.HostConfig.NanoCpus}} {{.HostConfig.CpuQuota}}");
        assert!(cpu.contains("500000000") || cpu.contains("50000"), "{cpu}");
        let memory = room.inspect(&many, "{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}");
        assert_eq!(memory, "67108864 67108864");
        room.remove(&hungry).await;
        room.remove(&many).await;
    });
}

#[test]
fn volumes_outlive_their_containers() {
    on_each_engine(async |room: &mut Room| {
        room.engine.build("hansa-test/nobody:1", "USER 65534");
        let mut spec = room.shell("db", "date > $PGDATA/from-$HANSA_ORDINAL && exec sleep 600");
        let Package::Container(package) = &mut spec.package else { panic!("a container") };
        package.image = "hansa-test/nobody:1".to_owned();
        let volume = Volume { size: Mebibytes(16), variable: Some("PGDATA".to_owned()), mount: None };
        spec.volumes.insert("data".to_owned(), volume);
        room.until_running(&spec).await;
        let written = crate::room::eventually(async || {
            let text = room.exec(&spec, &["cat", "/hansa/volumes/data/from-0"]);
            (!text.is_empty()).then_some(text)
        })
        .await;
        room.remove(&spec).await;
        let mut next = spec.clone();
        next.id = hansa_ontology::WorkloadId(hansa_repository::ambient::IdSource::next(
            &hansa_repository::ambient::RandomIds,
        ));
        if let Package::Container(package) = &mut next.package {
            package.command = ["sleep", "600"].map(str::to_owned).to_vec();
        }
        room.until_running(&next).await;
        assert_eq!(room.exec(&next, &["cat", "/hansa/volumes/data/from-0"]), written);
        let refused = room.wdm.volume_remove_all(room.application).await.unwrap_err().to_string();
        assert!(refused.contains("still has these volumes"), "{refused}");
        room.remove(&next).await;
        room.wdm.volume_remove(room.application, "db", 0).await.unwrap();
    });
}

#[test]
fn files_and_volumes_are_where_the_model_says() {
    on_each_engine(async |room: &mut Room| {
        let mut spec = room.shell("web", "exec sleep 600");
        spec.files = shared::files(Some("/etc/shop/more"), "a = ${HOME}\n");
        let in_bin = FileSet { mount: Some("/bin".to_owned()), ..shared::files(None, "b").remove("settings").unwrap() };
        spec.files.insert("beside".to_owned(), in_bin);
        let volume = |mount: &str| Volume { size: Mebibytes(16), variable: None, mount: Some(mount.to_owned()) };
        spec.volumes.insert("data".to_owned(), volume("/var/lib/shop"));
        spec.volumes.insert("spool".to_owned(), volume("/var/spool"));
        room.until_running(&spec).await;
        for path in ["/etc/shop/more/shop.conf", "/hansa/files/settings/shop.conf"] {
            assert_eq!(room.exec(&spec, &["cat", path]), "a = ${HOME}", "{path}");
        }
        assert_eq!(room.exec(&spec, &["sh", "-c", "od -An -tx1 $HANSA_FILES/settings/bytes | tr -d ' '"]), "00ff0a");
        // By a program of the image, which stays beside it.
        assert_eq!(room.exec(&spec, &["/bin/cat", "/bin/shop.conf"]), "b");
        assert_eq!(room.exec(&spec, &["stat", "-c", "%a", "/etc/shop/more/shop.conf"]), "444");
        assert_eq!(room.exec(&spec, &["sh", "-c", "echo $VOLUME_DATA; echo kept > $VOLUME_DATA/one"]), "/var/lib/shop");
        room.remove(&spec).await;

        let mut next = spec.clone();
        next.id = hansa_ontology::WorkloadId(hansa_repository::ambient::IdSource::next(
            &hansa_repository::ambient::RandomIds,
        ));
        room.until_running(&next).await;
        assert_eq!(room.exec(&next, &["cat", "/var/lib/shop/one"]), "kept");
        room.remove(&next).await;
        room.wdm.volume_remove_all(room.application).await.unwrap();
    });
}

#[test]
fn processes_are_refused_and_a_broken_wish_is_told() {
    on_each_engine(async |room: &mut Room| {
        let mut spec = room.shell("web", "exec sleep 600");
        spec.package = Package::Process(ProcessPackage { command: vec!["sleep".to_owned()] });
        let error = room.wdm.workload_apply(&spec, &Peers::new()).await.unwrap_err().to_string();
        assert!(error.contains("system edge runs no process package"), "{error}");

        let spec = room.spec("web", &["no-such-program"]);
        let told = |reason: &str| reason.contains("no-such-program") && reason.contains("system edge");
        room.until(&spec, |status| failed(status) && status.state.reason().is_some_and(told)).await;
        let (there, _, _) = room.engine.try_run(&["inspect", &container(&spec)]);
        assert!(!there, "what couldn't be started doesn't stay");
        room.remove(&spec).await;

        let spec = room.spec("web", &["sleep", "${NOPE}"]);
        let told = |reason: &str| reason.contains("`${NOPE}` is not defined");
        room.until(&spec, |status| failed(status) && status.state.reason().is_some_and(told)).await;
        room.remove(&spec).await;
    });
}

#[test]
fn a_port_without_a_number_is_told_to_the_container() {
    on_each_engine(async |room: &mut Room| {
        let mut spec = room.server("web");
        spec.ports.insert("http".to_owned(), port(None));
        let status = room.until_running(&spec).await;
        let number = status.endpoints["http"].number.to_string();
        assert_eq!(room.exec(&spec, &["sh", "-c", "echo $PORT_HTTP"]), number);
        room.remove(&spec).await;
    });
}
