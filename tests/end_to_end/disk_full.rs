//! A disk without room. It needs a small file system of its own, and so root.

use crate::harness::{Broker, Options, eventually, say, signal, single, three_tier};
use nix::{
    mount::{MntFlags, MsFlags, mount, umount2},
    sys::signal::Signal,
};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// A file system in memory.
struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// None, loudly, where nothing may be mounted.
    fn mount(mebibytes: u32) -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("hansa-e2e-disk-").tempdir().unwrap();
        let size = format!("size={mebibytes}m");
        match mount(Some("tmpfs"), folder.path(), Some("tmpfs"), MsFlags::empty(), Some(size.as_str())) {
            Ok(()) => Some(Self { folder }),
            Err(reason) => {
                say(&format!(
                    "\n*** SKIPPED: a full disk can't be tested, nothing may be mounted here: {reason} ***\n"
                ));
                None
            }
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Takes all the room that is left; again, also what was given back since.
    fn fill(&self) -> PathBuf {
        let path = self.path().join("filler");
        let mut file = File::options().create(true).append(true).open(&path).unwrap();
        let block = vec![0_u8; 64 << 10];
        while file.write_all(&block).is_ok() {}
        while file.write_all(&[0]).is_ok() {}
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        umount2(self.path(), MntFlags::MNT_DETACH).ok();
    }
}

#[test]
fn a_full_disk_is_a_clear_answer_workloads_go_on_and_all_heals_with_room() {
    let Some(disk) = SmallDisk::mount(48) else {
        return;
    };
    let options = Options { data: Some(disk.path().join("data")), ..Options::default() };
    let mut broker = Broker::start(options).unwrap();
    broker.done(&broker.submit(&three_tier("shop")));
    let before = broker.running();

    let filler = disk.fill();
    let problem = eventually("the broker says that its disk is full", || {
        let answer = broker.submit(&single("late", &["sleep"]));
        if answer.status == 507 {
            Ok(answer.problem(507, "full"))
        } else {
            Err(format!("{} {}", answer.status, answer.body))
        }
    });
    assert!(problem["detail"].as_str().unwrap().contains("full"), "{problem}");
    assert_eq!(broker.application("shop")["name"], "shop", "reading goes on");
    assert_eq!(broker.running(), before, "workloads go on");
    assert_eq!(broker.get("/livez").status, 200);

    fs::remove_file(filler).unwrap();
    eventually("it takes applications on again", || {
        let answer = broker.submit(&single("later", &["sleep"]));
        if answer.status == 202 { Ok(()) } else { Err(format!("{} {}", answer.status, answer.body)) }
    });
    broker.done(&broker.scale("shop", "application", 2).send());
    eventually("the chain works", || broker.page("shop"));
    assert!(before.iter().all(|process| broker.running().contains(process)), "no workload was restarted");

    broker.done(&broker.remove("later").send());
    is_killed_on_a_full_disk(&disk, &mut broker);
}

/// A broker can't begin on a full disk, and says so. Workloads of one that was killed there
/// go on; what happened to them is made good when there is room.
fn is_killed_on_a_full_disk(disk: &SmallDisk, broker: &mut Broker) {
    let before = broker.running();
    disk.fill();
    broker.kill();
    let filler = disk.fill();
    // With a data directory of its own: the old one's log has room for some more lines, now and then.
    let configuration = fs::read_to_string(broker.configuration()).unwrap();
    let (data, other) = (disk.path().join("data"), disk.path().join("other"));
    let configuration = configuration.replace(data.to_str().unwrap(), other.to_str().unwrap());
    let refused = broker.cli(&["serve", "--config", &broker.file("other.yaml", &configuration)]).failed(1);
    assert!(refused.contains("full") && refused.contains("free space"), "{refused}");
    assert_eq!(broker.running(), before);
    let victim = before.iter().find(|process| process.component == "application").unwrap();
    signal(victim.pid, Signal::SIGKILL);
    fs::remove_file(filler).unwrap();
    broker.restart();
    let wanted = BTreeMap::from([("proxy", 1), ("application", 2), ("database", 1)]);
    let after = broker.settles("shop", &wanted);
    assert!(before.iter().all(|process| process == victim || after.contains(process)));
    eventually("the chain works", || broker.page("shop"));
}
