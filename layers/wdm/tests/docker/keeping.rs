//! One copy, always: over brokers that restart or race, and engines that go and come.

use crate::room::{Room, container, eventually, on_each_engine};
use hansa_wdm::Peers;
use std::sync::Arc;

#[test]
fn a_new_broker_adopts() {
    on_each_engine(async |room: &mut Room| {
        let spec = room.server("web");
        room.until_running(&spec).await;
        let before = room.inspect(&spec, "{{.Id}} {{.State.StartedAt}}");
        let fresh = room.another();
        for _ in 0..5 {
            fresh.workload_apply(&spec, &Peers::new()).await.unwrap();
            let all = fresh.workload_observe(spec.application).await.unwrap();
            assert!(all[0].state.is_healthy(), "{all:?}");
        }
        assert_eq!(room.inspect(&spec, "{{.Id}} {{.State.StartedAt}}"), before);
        assert_eq!(room.events("workload.started").await.len(), 1);
        room.wdm = fresh;
        room.remove(&spec).await;
    });
}

#[test]
fn brokers_that_race_start_one_copy() {
    on_each_engine(async |room: &mut Room| {
        let spec = Arc::new(room.shell("web", "exec sleep 600"));
        let mut racers = Vec::new();
        for _ in 0..3 {
            let (wdm, spec) = (room.another(), Arc::clone(&spec));
            racers.push(tokio::spawn(async move {
                for _ in 0..10 {
                    wdm.workload_apply(&spec, &Peers::new()).await.unwrap();
                    wdm.workload_observe(spec.application).await.unwrap();
                }
            }));
        }
        for racer in racers {
            racer.await.unwrap();
        }
        room.until_running(&spec).await;
        assert_eq!(room.engine.run(&["ps", "--all", "--quiet"]).lines().count(), 1);
        let network = format!("name=hansa-{}", room.application);
        assert_eq!(room.engine.run(&["network", "ls", "--quiet", "--filter", &network]).lines().count(), 1);
        room.remove(&spec).await;
    });
}

#[test]
fn a_half_made_container_is_finished() {
    on_each_engine(async |room: &mut Room| {
        let spec = room.server("web");
        // As a broker that died between making and starting would have left it.
        room.wdm.workload_prepare(&spec).await.unwrap();
        let labels = [
            format!("hansa-broker={}", room.systems.broker()),
            format!("hansa-application={}", spec.application),
            format!("hansa-workload={}", spec.id),
            "hansa-run=1".to_owned(),
        ];
        let name = container(&spec);
        let mut words = vec!["create", "--name", &name];
        for label in &labels {
            words.extend(["--label", label]);
        }
        words.extend([hansa_test_systems::BUSYBOX, "sleep", "600"]);
        let made = room.engine.run(&words);
        let mut slept = spec.clone();
        slept.health = None;
        room.until_running(&slept).await;
        assert_eq!(room.inspect(&spec, "{{.Id}}"), made, "the same container goes on");
        room.remove(&slept).await;
    });
}

#[test]
fn an_engine_that_goes_and_comes_back() {
    on_each_engine(async |room: &mut Room| {
        let spec = room.server("web");
        room.until_running(&spec).await;
        room.engine.stop();
        let unseen = eventually(async || {
            let all = room.wdm.workload_observe(spec.application).await.unwrap();
            all[0].unseen.clone()
        })
        .await;
        assert!(unseen.contains("system edge can't be reached"), "{unseen}");
        assert!(room.state(&spec).await.is_healthy(), "what was known stays");
        // Nobody can take it away now: that is no error, it is not done yet.
        let begun = std::time::Instant::now();
        room.wdm.workload_apply(&spec, &Peers::new()).await.unwrap_err();
        assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
        room.engine.go_on();
        let status = room.until(&spec, |status| status.unseen.is_none() && status.state.is_healthy()).await;
        let endpoint = status.endpoints["http"];
        eventually(async || reqwest::get(format!("http://{endpoint}/index.html")).await.ok()).await;
        assert_eq!(room.events("workload.unseen").await.len(), 1);
        assert_eq!(room.events("workload.seen").await.len(), 1);
        room.remove(&spec).await;
    });
}
