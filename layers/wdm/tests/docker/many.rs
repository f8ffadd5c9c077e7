//! Hundreds of workloads on one engine: what that costs, counted in front of it.

use crate::room::{Room, on};
use futures_util::{StreamExt as _, stream};
use hansa_test_systems::docker;
use hansa_wdm::{Peers, Removal, WorkloadSpec};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::net::{UnixListener, UnixStream};

const MANY: usize = 200;

/// Passes everything on, and counts: each call has a connection of its own.
async fn counting(engine: &Path) -> (tempfile::TempDir, String, Arc<AtomicU64>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("counted.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let (count, engine) = (Arc::new(AtomicU64::new(0)), engine.to_owned());
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::Relaxed);
            let engine = engine.clone();
            tokio::spawn(async move {
                let mut far = UnixStream::connect(&engine).await?;
                tokio::io::copy_bidirectional(&mut near, &mut far).await
            });
        }
    });
    (folder, format!("unix://{}", path.display()), count)
}

#[test]
fn hundreds_are_watched_with_few_calls() {
    on(docker, &async |room: &mut Room| {
        let (_folder, address, count) = counting(room.engine.socket()).await;
        room.connect(&address, &[]).await;
        let specs: Vec<WorkloadSpec> = (0..MANY).map(|_| room.spec("many", &["sleep", "3600"])).collect();
        let (begun, resident) = (Instant::now(), memory_kib());
        loop {
            stream::iter(&specs)
                .for_each_concurrent(16, |spec| async {
                    room.wdm.workload_apply(spec, &Peers::new()).await.unwrap();
                })
                .await;
            let all = room.wdm.workload_observe(room.application).await.unwrap();
            let up = all.iter().filter(|status| status.state.is_healthy()).count();
            if up == MANY {
                break;
            }
            assert!(begun.elapsed() < Duration::from_secs(300), "{up} of {MANY} are up: {:?}", all.last());
        }
        let made = count.load(Ordering::Relaxed);
        println!("{MANY} containers up after {:?} and {made} calls", begun.elapsed());
        assert!(made < 12 * MANY as u64, "{made} calls");

        // Settled: what is watched costs a sign of life, whatever their number.
        tokio::time::sleep(Duration::from_secs(3)).await;
        room.wdm.workload_observe(room.application).await.unwrap();
        let before = count.load(Ordering::Relaxed);
        let begun = Instant::now();
        let mut rounds = 0;
        while begun.elapsed() < Duration::from_secs(6) {
            for spec in &specs {
                room.wdm.workload_apply(spec, &Peers::new()).await.unwrap();
            }
            room.wdm.workload_observe(room.application).await.unwrap();
            rounds += 1;
        }
        let calls = count.load(Ordering::Relaxed) - before;
        println!("memory of this process: {resident} KiB before, {} KiB now", memory_kib());
        println!("{rounds} rounds over {MANY} workloads in {:?}: {calls} calls", begun.elapsed());
        assert!(calls <= 12, "{calls} calls in {rounds} rounds");

        // One that is deleted by hand is known at once, by one call.
        let one = room.until_running(&specs[7]).await;
        room.engine.run(&["rm", "--force", &crate::room::container(&specs[7])]);
        room.restarted(&specs[7], &one).await;

        // A broker that starts anew looks at each once.
        let fresh = room.another();
        let before = count.load(Ordering::Relaxed);
        let begun = Instant::now();
        let all = fresh.workload_observe(room.application).await.unwrap();
        assert!(all.iter().all(|status| status.state.is_healthy()));
        let calls = count.load(Ordering::Relaxed) - before;
        println!("a new broker knows {MANY} after {:?} and {calls} calls", begun.elapsed());
        assert!(calls <= MANY as u64 + 20, "{calls} calls");

        let begun = Instant::now();
        let removing = stream::iter(&specs).for_each_concurrent(16, |spec| async {
            while room.wdm.workload_remove(spec.id).await.unwrap() != Removal::Gone {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        });
        removing.await;
        println!("{MANY} containers removed after {:?}", begun.elapsed());
    });
}

/// What this process has in memory.
fn memory_kib() -> u64 {
    let told = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = told.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().split(' ').next().unwrap().parse().unwrap()
}
