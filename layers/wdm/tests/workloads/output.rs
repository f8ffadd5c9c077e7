//! Captured output: in order, followed, rotated, and never in the way.

use crate::room::{Room, eventually, on_sqlite};
use futures_util::StreamExt as _;
use hansa_wdm::{LogBounds, LogLine, LogQuery, LogSource, Peers};
use std::{fs, process::Command, time::Duration};

async fn lines(room: &Room, spec: &hansa_wdm::WorkloadSpec, query: LogQuery) -> Vec<LogLine> {
    let stream = room.wdm.logs(spec.id, query).await.unwrap();
    stream.map(|line| line.unwrap()).collect().await
}

fn texts(lines: &[LogLine]) -> Vec<&str> {
    lines.iter().filter(|line| line.source != LogSource::Note).map(|line| line.text.as_str()).collect()
}

#[test]
fn tail_since_and_both_streams() {
    on_sqlite(async |room: Room| {
        let spec = room.shell("echo one; echo two >&2; printf three; echo up > up; exec sleep 600");
        room.until_written(&spec, "up").await;
        let all = eventually(async || {
            Some(lines(&room, &spec, LogQuery::default()).await).filter(|all| texts(all).len() >= 2)
        })
        .await;
        let one = all.iter().find(|line| line.text == "one").unwrap();
        let two = all.iter().find(|line| line.text == "two").unwrap();
        assert_eq!((one.source, two.source), (LogSource::Stdout, LogSource::Stderr));
        let last = lines(&room, &spec, LogQuery { tail: Some(1), ..LogQuery::default() }).await;
        assert_eq!(last.len(), 1);
        let later = one.at.max(two.at) + chrono::TimeDelta::seconds(1);
        let since = lines(&room, &spec, LogQuery { since: Some(later), ..LogQuery::default() }).await;
        assert!(texts(&since).is_empty(), "{since:?}");
        room.remove(&spec).await;
    });
}

#[test]
fn following_loses_nothing_over_rotation_and_restart_and_ends_with_the_workload() {
    on_sqlite(async |room: Room| {
        let room = room.with(|options| {
            options.process.logs = LogBounds { file_bytes: 8_192, files: 1_000 };
        });
        // 1,500 lines in each of two runs, in bursts.
        let script = "n=0; while test $n -lt 1500; do n=$((n+1)); echo line $n of a burst; \
            test $((n % 100)) -ne 0 || sleep 0.01; done; test -e second && exec sleep 600; touch second; exit 1";
        let spec = room.shell(script);
        room.wdm.workload_prepare(&spec).await.unwrap();
        room.wdm.workload_apply(&spec, &Peers::new()).await.unwrap();
        let stream = room.wdm.logs(spec.id, LogQuery { follow: true, ..LogQuery::default() }).await.unwrap();
        let reader = tokio::spawn(async move {
            stream
                .map(|line| line.unwrap())
                .filter(|line| std::future::ready(line.source == LogSource::Stdout))
                .collect::<Vec<_>>()
                .await
        });
        room.until(&spec, |status| status.restarts == 1 && status.state.is_healthy()).await;
        let logs = room.directory(&spec).join("logs");
        eventually(async || {
            let last = lines(&room, &spec, LogQuery { tail: Some(1), ..LogQuery::default() }).await;
            last.first().is_some_and(|line| line.text == "line 1500 of a burst").then_some(())
        })
        .await;
        assert!(fs::read_dir(&logs).unwrap().count() > 3, "it was rotated");
        // The follower looks ten times a second.
        tokio::time::sleep(Duration::from_millis(500)).await;
        room.remove(&spec).await;
        let read = reader.await.unwrap();
        let expected: Vec<String> = (0..2).flat_map(|_| 1..=1_500).map(|n| format!("line {n} of a burst")).collect();
        assert_eq!(read.iter().map(|line| line.text.clone()).collect::<Vec<_>>(), expected);
    });
}

#[test]
fn what_is_kept_is_bounded() {
    on_sqlite(async |room: Room| {
        let room = room.with(|options| {
            options.process.logs = LogBounds { file_bytes: 16_384, files: 3 };
        });
        let spec = room.shell("yes abcdefghijklmnopqrstuvwxyz | head -n 50000; echo up > up; exec sleep 600");
        room.until_written(&spec, "up").await;
        let logs = room.directory(&spec).join("logs");
        let size: u64 =
            fs::read_dir(&logs).unwrap().flatten().map(|file| file.metadata().map_or(0, |data| data.len())).sum();
        // The last batch may go over a file's bound.
        assert!(size < 3 * (16_384 + 256 * 70), "{size} bytes");
        room.remove(&spec).await;
        room.assert_no_trace(&spec);
    });
}

/// A file system that is smaller than what is written to it, for as long as the value lives.
struct TinyDisk(std::path::PathBuf);

impl TinyDisk {
    fn mount(at: &std::path::Path) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let done = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"])
            .arg(at)
            .status()
            .is_ok_and(|status| status.success());
        if !done {
            println!("SKIPPED: this user may not mount a small file system");
        }
        done.then(|| Self(at.to_owned()))
    }
}

impl Drop for TinyDisk {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(&self.0).status().ok();
    }
}

#[test]
fn a_full_disk_neither_stops_nor_kills_and_is_noted() {
    on_sqlite(async |room: Room| {
        let Some(disk) = TinyDisk::mount(&room.folder.path().join("nodes")) else {
            return;
        };
        let beside = room.folder.path().join("beside");
        fs::create_dir(&beside).unwrap();
        // Far more than the disk takes; then a pause, until there is room again.
        let script = format!(
            "n=0; while test $n -lt 20000; do n=$((n+1)); echo line $n of a flood of lines; done; \
             echo done > {0}/done; while test ! -e {0}/go; do sleep 0.02; done; \
             echo after the flood; exec sleep 600",
            beside.display()
        );
        let spec = room.shell(&script);
        let before = room.until(&spec, |status| status.pid.is_some()).await;
        eventually(async || beside.join("done").exists().then_some(())).await;
        let status = room.wdm.workload_observe(spec.application).await.unwrap();
        assert_eq!(status[0].pid, before.pid, "it goes on while the disk is full");
        Command::new("mount").args(["-o", "remount,size=8m"]).arg(&disk.0).status().unwrap();
        fs::write(beside.join("go"), "").unwrap();
        let all = eventually(async || {
            let all = lines(&room, &spec, LogQuery::default()).await;
            all.iter().any(|line| line.text == "after the flood").then_some(all)
        })
        .await;
        let note = all.iter().find(|line| line.source == LogSource::Note).unwrap();
        assert!(note.text.contains("lines of output were dropped"), "{note:?}");
        let dropped: usize = all
            .iter()
            .filter(|line| line.source == LogSource::Note)
            .filter_map(|line| line.text.split_once(' ')?.0.parse::<usize>().ok())
            .sum();
        let kept = all.iter().filter(|line| line.text.ends_with("flood of lines")).count();
        assert_eq!(kept + dropped, 20_000, "what is missing is counted");
        room.remove(&spec).await;
        room.assert_no_trace(&spec);
        drop(disk);
    });
}

#[test]
fn a_disk_that_is_full_from_the_start_is_a_clear_state() {
    on_sqlite(async |room: Room| {
        let nodes = room.folder.path().join("nodes");
        let Some(disk) = TinyDisk::mount(&nodes) else {
            return;
        };
        let spec = room.shell("exec sleep 600");
        Command::new("dd")
            .args(["if=/dev/zero", "bs=1k"])
            .arg(format!("of={}/fill", nodes.display()))
            .output()
            .unwrap();
        let state = room.wdm.workload_apply(&spec, &Peers::new()).await.unwrap().state;
        let reason = state.reason().unwrap_or_default();
        assert!(reason.to_lowercase().contains("no space left"), "{state:?}");
        fs::remove_file(nodes.join("fill")).unwrap();
        room.until_running(&spec).await;
        room.remove(&spec).await;
        room.assert_no_trace(&spec);
        drop(disk);
    });
}
