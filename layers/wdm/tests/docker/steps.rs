//! Steps before a container: in their order, each to its end, once for a run,
//! over brokers that die meanwhile.

use crate::room::{Room, container, on_each_engine};
use hansa_ontology::{
    quantity::Mebibytes,
    resource_model::{InitStep, Package, Volume},
};
use hansa_wdm::{LogQuery, Peers, WorkloadSpec, WorkloadState};
use std::time::Duration;

fn shell(script: &str) -> InitStep {
    InitStep { command: ["/bin/sh", "-c", script].map(str::to_owned).to_vec(), ..InitStep::default() }
}

/// With a volume, and these steps before it.
fn with(mut spec: WorkloadSpec, steps: Vec<InitStep>) -> WorkloadSpec {
    let Package::Container(package) = &mut spec.package else { panic!("a container") };
    package.init = steps;
    spec.volumes.insert("data".to_owned(), Volume { size: Mebibytes(8), variable: None, mount: None });
    spec
}

async fn gone(room: &Room, spec: &WorkloadSpec) {
    room.remove(spec).await;
    room.wdm.volume_remove_all(spec.application).await.unwrap();
}

#[test]
fn steps_run_in_their_order_before_it_begins() {
    on_each_engine(async |room: &mut Room| {
        let mut second =
            shell("echo second for $WHO ${HANSA_COMPONENT} | tee -a $VOLUME_DATA/told; test -f $VOLUME_DATA/slow");
        second.environment.insert("WHO".to_owned(), "you".to_owned());
        second.arguments = vec!["$${unused}".to_owned()];
        let steps = vec![shell("sleep 2; touch $VOLUME_DATA/slow; echo first | tee -a $VOLUME_DATA/told"), second];
        let spec = with(room.shell("web", "cat $VOLUME_DATA/told; echo $WHO-; exec sleep 600"), steps);
        room.wdm.workload_apply(&spec, &Peers::new()).await.unwrap();
        // Another broker goes on with them.
        tokio::time::sleep(Duration::from_millis(700)).await;
        room.wdm = room.another();
        let status = room.until_running(&spec).await;
        assert_eq!(status.restarts, 0);
        let told = ["first", "second for you web"];
        let after = room.until(&spec, |status| status.state.is_healthy()).await;
        assert_eq!(after.restarts, 0);
        let lines = crate::room::eventually(async || {
            let lines = room.output(&spec, LogQuery::default()).await;
            (lines.len() >= 5).then_some(lines)
        })
        .await;
        assert_eq!(lines, [&told[..], &told[..], &["-"]].concat());
        // Killed, it begins anew, with its steps.
        room.engine.run(&["kill", "--signal", "KILL", &container(&spec)]);
        room.restarted(&spec, &status).await;
        assert_eq!(room.exec(&spec, &["sh", "-c", "wc -l < $VOLUME_DATA/told"]).trim(), "4");
        gone(room, &spec).await;
    });
}

#[test]
fn a_step_that_fails_says_why_and_is_tried_again() {
    on_each_engine(async |room: &mut Room| {
        let once = "echo $(ls $VOLUME_DATA | wc -l) tables are missing >&2; mkdir $VOLUME_DATA/$HOSTNAME$$-$RANDOM; \
                    test $(ls $VOLUME_DATA | wc -l) -ge 3 || exit 7";
        let spec = with(room.shell("web", "exec sleep 600"), vec![shell(once)]);
        let why = "init step 1: exited with code 7; it wrote: 0 tables are missing";
        let failed = |state: &WorkloadState| state.reason().is_some_and(|reason| reason.contains(why));
        let status = room.until(&spec, |status| failed(&status.state)).await;
        assert!(failed(&status.state), "{status:?}");
        room.until_running(&spec).await;
        gone(room, &spec).await;
    });
}

#[test]
fn what_waits_for_a_step_can_be_replaced_and_removed() {
    on_each_engine(async |room: &mut Room| {
        let spec = with(room.shell("web", "exec sleep 600"), vec![shell("exec sleep 600")]);
        let step = format!("{}.init-0", container(&spec));
        let up = async |room: &Room| {
            crate::room::eventually(async || {
                room.wdm.workload_apply(&spec, &Peers::new()).await.unwrap();
                let up = room.engine.run(&["ps", "--quiet", "--filter", &format!("name={step}")]);
                (!up.is_empty()).then_some(())
            })
            .await;
        };
        up(room).await;
        // Another revision doesn't wait for it.
        let mut next = with(spec.clone(), vec![shell("exit 0")]);
        next.revision = "next".to_owned();
        room.until_running(&next).await;
        gone(room, &next).await;
        up(room).await;
        gone(room, &spec).await;
    });
}
