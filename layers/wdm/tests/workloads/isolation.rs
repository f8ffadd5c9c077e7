//! What a workload sees, and what it may use.

use crate::{
    room::{FIXTURE, Room, Tokens, on_sqlite},
    shared::files,
};
use hansa_ontology::{quantity::Mebibytes, resource_model::Volume};
use hansa_wdm::{ErrorKind, Peers, WorkloadState};
use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc};

#[test]
fn nothing_of_the_broker_leaks() {
    on_sqlite(async |room: Room| {
        let mut spec = room.server();
        spec.package = room
            .shell("ls -l /proc/$$/fd > files; pwd > where; env -0 > environment; echo up > up; exec sleep 600")
            .package;
        spec.health = None;
        spec.environment.insert("LANG".to_owned(), "de_DE.UTF-8".to_owned());
        spec.environment.insert("HANSA_WORKLOAD_ID".to_owned(), "forged".to_owned());
        spec.volumes.insert("data".to_owned(), Volume { size: Mebibytes(1), variable: None, mount: None });
        room.until_written(&spec, "up").await;
        let root = room.directory(&spec);
        let read = |name: &str| fs::read_to_string(root.join("work").join(name)).unwrap();
        let text = read("environment");
        let seen: BTreeMap<&str, &str> = text
            .split('\0')
            .filter_map(|entry| entry.split_once('='))
            .filter(|(key, _)| !matches!(*key, "PWD" | "_" | "OLDPWD" | "SHLVL"))
            .collect();
        let expected = [
            "HANSA_ADDRESS",
            "HANSA_APPLICATION",
            "HANSA_COMPONENT",
            "HANSA_DISCOVERY_TOKEN_FILE",
            "HANSA_DISCOVERY_URL",
            "HANSA_NODE",
            "HANSA_ORDINAL",
            "HANSA_PEERS_FILE",
            "HANSA_PROVIDER",
            "HANSA_SITE",
            "HANSA_WORKLOAD_ID",
            "HOME",
            "LANG",
            "PATH",
            "PORT_HTTP",
            "TMPDIR",
            "VOLUME_DATA",
        ];
        assert_eq!(seen.keys().copied().collect::<Vec<_>>(), expected);
        let home = root.join("work").display().to_string();
        assert_eq!((seen["HOME"], seen["LANG"]), (home.as_str(), "de_DE.UTF-8"));
        assert_eq!(seen["HANSA_WORKLOAD_ID"], spec.id.to_string());
        assert_eq!(seen["HANSA_DISCOVERY_URL"], format!("http://127.0.0.1:1/{}", spec.application));
        let token = PathBuf::from(seen["HANSA_DISCOVERY_TOKEN_FILE"]);
        assert_eq!(fs::read_to_string(&token).unwrap(), format!("secret-{}", spec.id));
        let programs = std::path::Path::new(FIXTURE).parent().unwrap().display().to_string();
        assert!(seen["PATH"].starts_with(&format!("{programs}:")), "{}", seen["PATH"]);
        assert_eq!(read("where").trim(), home);
        // Input and both outputs; the shell keeps the one that it redirects as well.
        let files = read("files");
        let open = files.lines().filter(|line| line.contains(" -> ") && !line.ends_with("/files"));
        assert!(open.count() <= 3, "{files}");
        let mode = |path: &std::path::Path| {
            std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).unwrap().permissions()) & 0o777
        };
        assert_eq!((mode(&root), mode(&root.join("spec.json")), mode(&token)), (0o700, 0o600, 0o600));
        assert!(
            !fs::read_to_string(root.join("spec.json")).unwrap().contains("secret-"),
            "the token is in its file alone"
        );
        room.remove(&spec).await;
        room.assert_no_trace(&spec);
    });
}

#[test]
fn a_broker_under_another_key_gives_what_it_adopts_another_token() {
    on_sqlite(async |room: Room| {
        let spec = room.shell("exec sleep 600");
        let pid = room.until_running(&spec).await.pid;
        let file = room.directory(&spec).join("discovery-token");
        assert_eq!(fs::read_to_string(&file).unwrap(), format!("secret-{}", spec.id));
        assert_eq!(room.wdm.workload_application(spec.id).await.unwrap(), Some(spec.application));
        let room = room.with(|options| options.process.discovery_tokens = Some(Arc::new(Tokens("changed"))));
        assert_eq!(room.until_running(&spec).await.pid, pid, "the same process");
        assert_eq!(fs::read_to_string(&file).unwrap(), format!("changed-{}", spec.id));
        room.remove(&spec).await;
        assert_eq!(room.wdm.workload_application(spec.id).await.unwrap(), None);
        room.assert_no_trace(&spec);
    });
}

#[test]
fn a_program_begins_with_clean_signals() {
    on_sqlite(async |room: Room| {
        // Not through a shell, which would clean up itself. A blocked SIGTERM
        // would make every removal last as long as the grace.
        let spec = room.spec(&["sleep", "600"]);
        let pid = room.until_running(&spec).await.pid.unwrap();
        // Signals 1 to 31; 32 and 33 are the C library's own.
        let set = |pid: &str, set: &str| {
            let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
            let line = status.lines().find_map(|line| line.strip_prefix(&format!("{set}:\t"))).unwrap().to_owned();
            u64::from_str_radix(&line, 16).unwrap() & 0x7fff_ffff
        };
        assert_eq!(set(&pid.to_string(), "SigBlk"), 0);
        // What whoever started us ignores (a shell's background job: SIGINT) stays ignored.
        assert_eq!(set(&pid.to_string(), "SigIgn") & !set("self", "SigIgn"), 0);
        room.remove(&spec).await;
    });
}

#[test]
fn who_goes_past_the_memory_limit_is_ended_and_the_reason_says_so() {
    on_sqlite(async |room: Room| {
        if !room.wdm.limits().memory {
            println!("SKIPPED: no memory limit here: {}", room.wdm.limits().explanation);
            return;
        }
        let mut spec = room.spec(&[FIXTURE, "eat", "512"]);
        spec.resources.memory = Mebibytes(64);
        let status = room.until(&spec, |status| matches!(status.state, WorkloadState::BackingOff { .. })).await;
        assert_eq!(status.state.reason(), Some("killed: out of memory (limit 64 MiB)"));
        assert!(status.limits.memory && status.limits.cpu && status.limits.pids, "{:?}", status.limits);
        room.remove(&spec).await;
        room.assert_no_trace(&spec);
    });
}

#[test]
fn without_control_groups_a_workload_runs_and_the_lack_is_said() {
    on_sqlite(async |room: Room| {
        let room = room.with(|options| options.process.cgroup_parent = "no\0name".to_owned());
        assert!(!room.wdm.limits().memory);
        let spec = room.shell("exec sleep 600");
        let status = room.until_running(&spec).await;
        assert!(!status.limits.memory && !status.limits.cpu && !status.limits.pids);
        assert!(!status.limits.explanation.is_empty());
        room.remove(&spec).await;
    });
}

#[test]
fn files_are_there_as_the_model_has_them() {
    on_sqlite(async |room: Room| {
        let mut spec = room
            .shell("cat $HANSA_FILES/settings/shop.conf $HANSA_FILES/settings/bytes > read; echo > up; exec sleep 600");
        spec.files = files(None, "a = ${HOME}\n");
        room.until_written(&spec, "up").await;
        let read = || fs::read(room.directory(&spec).join("work/read")).unwrap();
        assert_eq!(read(), b"a = ${HOME}\n\0\xff\n");
        // Another revision in the same place has its own, and nothing of the earlier one.
        let mut next = spec.clone();
        next.revision = "2".to_owned();
        next.files = BTreeMap::from([("others".to_owned(), files(None, "").remove("settings").unwrap())]);
        next.package = room.shell("ls $HANSA_FILES > read; echo > again; exec sleep 600").package;
        room.until_written(&next, "again").await;
        assert_eq!(read(), b"others\n");
        room.remove(&spec).await;
        room.assert_no_trace(&spec);
    });
}

#[test]
fn a_name_that_leads_elsewhere_is_refused() {
    on_sqlite(async |room: Room| {
        let mut spec = room.shell("true");
        spec.files = files(None, "");
        spec.files.get_mut("settings").unwrap().text.insert("../../up".to_owned(), String::new());
        let error = room.wdm.workload_apply(&spec, &Peers::new()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains("files.settings.text.../../up"), "{error}");
        spec.files = files(Some("/etc"), "");
        let error = room.wdm.workload_apply(&spec, &Peers::new()).await.unwrap_err().to_string();
        assert!(error.contains("files.settings.mount") && error.contains("is for containers"), "{error}");
        spec.files = BTreeMap::new();
        spec.volumes.insert("../../etc".to_owned(), Volume { size: Mebibytes(1), variable: None, mount: None });
        let error = room.wdm.workload_apply(&spec, &Peers::new()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains("volumes.../../etc"), "{error}");
    });
}
