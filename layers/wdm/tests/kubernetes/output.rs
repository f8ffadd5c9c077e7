//! What containers print is read through the cluster.

use crate::world::{eventually, with_a_node};
use futures_util::{StreamExt as _, TryStreamExt as _};
use hansa_ontology::resource_model::{ContainerPackage, InitStep, Package};
use hansa_test_systems::kubernetes::ENTRY;
use hansa_wdm::{LogLine, LogQuery, WorkloadSpec};
use std::time::Duration;

#[test]
fn lines_are_read_and_followed() {
    with_a_node(async |world| {
        let spec = world.shell("for i in 1 2 3; do echo line $i; done; while true; do sleep 1; echo more; done");
        world.until_healthy(&spec).await;
        let all = LogQuery::default();
        let lines: Vec<LogLine> = eventually("three lines", async || {
            let lines: Vec<LogLine> = world.wdm.logs(spec.id, all).await.unwrap().try_collect().await.unwrap();
            (lines.len() >= 3).then_some(lines)
        })
        .await;
        let texts: Vec<&str> = lines.iter().take(3).map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["line 1", "line 2", "line 3"]);

        let last = LogQuery { tail: Some(1), ..all };
        let lines: Vec<LogLine> = world.wdm.logs(spec.id, last).await.unwrap().try_collect().await.unwrap();
        assert_eq!(lines.len(), 1);

        let follow = LogQuery { tail: Some(1), follow: true, ..all };
        let mut stream = world.wdm.logs(spec.id, follow).await.unwrap();
        let mut times = Vec::new();
        for _ in 0..4 {
            let next = tokio::time::timeout(Duration::from_secs(20), stream.next()).await;
            times.push(next.expect("a line in time").unwrap().unwrap().at);
        }
        assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "each line once: {times:?}");
        world.remove(&spec).await;
        let end = tokio::time::timeout(Duration::from_secs(30), async { while stream.next().await.is_some() {} }).await;
        assert!(end.is_ok(), "it ends with the workload");
        world.assert_nothing_left().await;
    });
}

#[test]
fn the_container_before_is_read_too() {
    with_a_node(async |world| {
        let spec = world.shell("echo I was here; sleep 2; exit 1");
        // Nobody reconciles: the cluster itself starts the container again.
        world.wdm.workload_apply(&spec, &Default::default()).await.unwrap();
        eventually("both lives have printed", async || {
            let stream = world.wdm.logs(spec.id, LogQuery::default()).await.unwrap();
            let lines: Vec<LogLine> = stream.try_collect().await.unwrap_or_default();
            (lines.len() == 2).then_some(())
        })
        .await;
        world.remove(&spec).await;
        world.assert_nothing_left().await;
    });
}

/// The same as `what_an_image_starts` of the tests of engines.
#[test]
fn what_an_image_starts() {
    with_a_node(async |world| {
        for (command, arguments, printed) in [
            (vec![], vec![], "entrypoint own"),
            (vec![], vec!["given", "$(HOME) ${HANSA_ORDINAL}"], "entrypoint given $(HOME) 0"),
            (vec!["sh", "-c", "echo bare \"$@\"; exec sleep 600", "it"], vec![], "bare"),
            (vec!["sh", "-c", "echo bare \"$@\"; exec sleep 600", "it"], vec!["given"], "bare given"),
        ] {
            let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
            let package = ContainerPackage {
                image: ENTRY.to_owned(),
                command: owned(&command),
                arguments: owned(&arguments),
                ..Default::default()
            };
            let spec = WorkloadSpec { package: Package::Container(package), ..world.shell("") };
            world.until_healthy(&spec).await;
            let lines: Vec<LogLine> = eventually("a line", async || {
                let lines: Vec<LogLine> =
                    world.wdm.logs(spec.id, LogQuery::default()).await.unwrap().try_collect().await.unwrap_or_default();
                (!lines.is_empty()).then_some(lines)
            })
            .await;
            assert_eq!(lines[0].text.trim_end(), printed, "{command:?} {arguments:?}");
            world.remove(&spec).await;
        }
        world.assert_nothing_left().await;
    });
}

#[test]
fn steps_run_before_it_and_say_why_they_fail() {
    with_a_node(async |world| {
        let step = |script: &str| InitStep {
            command: ["sh", "-c", script].map(str::to_owned).to_vec(),
            environment: [("WHO".to_owned(), "$(you)".to_owned())].into(),
            ..InitStep::default()
        };
        let with = |steps: Vec<InitStep>| {
            let mut spec = world.shell("exec sleep 600");
            let Package::Container(package) = &mut spec.package else { panic!("a container") };
            package.init = steps;
            spec
        };
        let failing = with(vec![step("exit 0"), step("echo no table for $WHO; exit 7")]);
        let said = world.until_said(&failing, "init step 2: exited with code 7").await;
        assert!(said.contains("it wrote: no table for $(you)"), "{said}");
        world.remove(&failing).await;
        let well = with(vec![step("test $HANSA_COMPONENT = web"), step("sleep 1")]);
        let status = world.until_healthy(&well).await;
        assert_eq!(status.restarts, 0);
        world.remove(&well).await;
        world.assert_nothing_left().await;
    });
}
