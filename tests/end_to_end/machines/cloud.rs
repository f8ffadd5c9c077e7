//! A cloud whose machines are booted by the test.
//!
//! The cloud is somebody else's emulation, which boots nothing. So the test
//! does what cloud-init does: it takes the user data that the cloud keeps, and
//! runs it as it is, in a mount namespace of its own instead of a disk of its own.

use crate::harness::{Broker, Ended, Options, Owner, eventually, fetch, forward};
use hansa_test_systems::{Berth, ContainerEngine, Moto, free_port, wanted};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

/// The user data of each instance that runs, by its id.
const USER_DATA: &str = r#"
found = {}
for r in ec2.describe_instances()["Reservations"]:
    for i in r["Instances"]:
        if i["State"]["Name"] == "running":
            told = ec2.describe_instance_attribute(InstanceId=i["InstanceId"], Attribute="userData")
            found[i["InstanceId"]] = told["UserData"].get("Value", "")
print(json.dumps(found))
"#;
/// What is there that a tenant pays for.
const LEFT: &str = r#"
instances = [i for r in ec2.describe_instances()["Reservations"] for i in r["Instances"] if i["State"]["Name"] != "terminated"]
groups = [g for g in ec2.describe_security_groups()["SecurityGroups"] if g["GroupName"] != "default"]
print(len(instances), len(ec2.describe_volumes()["Volumes"]), len(groups))
"#;
const IMAGE: &str = r#"print(sorted(ec2.describe_images()["Images"], key=lambda i: i["ImageId"])[0]["ImageId"])"#;

/// Puts empty folders in the place of those that the first boot writes to, and runs it.
const BOOT: &str = r#"
set -e
mount --make-rprivate /
for folder in /etc /var/lib /var/log /usr/local/bin; do
  mkdir -p "$1$folder/upper" "$1$folder/work"
done
mount -t tmpfs disk /usr/local/bin
mount -t tmpfs disk /var/log
mount -t tmpfs run /run
if [ -n "$2" ]; then touch /run/docker.sock && mount --bind "$2" /run/docker.sock; fi
if [ -n "$3" ]; then cp "$3" /usr/local/bin/k3s; fi
mkdir -p "$1/state" && chmod 755 "$1"
mount -t overlay -o "lowerdir=/etc,upperdir=$1/etc/upper,workdir=$1/etc/work" etc /etc
mount -t overlay -o "lowerdir=/var/lib,upperdir=$1/var/lib/upper,workdir=$1/var/lib/work" lib /var/lib
sh "$1/user-data" || echo "a script of the first boot failed"
exec sleep infinity
"#;

/// What a machine has besides what every one has.
pub(super) enum Fitting {
    /// Nothing.
    Bare,
    /// A container engine.
    Engine(ContainerEngine),
    /// A network of its own, and in its image a program in k3s's place.
    Kubernetes(Option<PathBuf>),
}

impl Fitting {
    const fn runs(&self) -> &'static str {
        match self {
            Self::Bare => "agent=processes",
            Self::Engine(_) => "agent=containers",
            Self::Kubernetes(_) => "agent=kubernetes",
        }
    }
}

/// A machine as the test boots it. Dropped, it is off: nothing of it runs on.
pub(super) struct Machine {
    init: Child,
    disk: tempfile::TempDir,
    pub(super) berth: Option<Berth>,
}

impl Machine {
    /// In a process namespace too, so that all of it ends at once.
    fn boot(user_data: &str, fitting: &Fitting) -> Self {
        let disk = tempfile::Builder::new().prefix("hansa-machine-").tempdir_in("/dev/shm").unwrap();
        std::fs::write(disk.path().join("user-data"), decoded(user_data)).unwrap();
        let log = std::fs::File::create(disk.path().join("console")).unwrap();
        let (mut socket, mut k3s, mut berth) = (String::new(), PathBuf::new(), None);
        match fitting {
            Fitting::Bare => {}
            Fitting::Engine(engine) => engine.address().trim_start_matches("unix://").clone_into(&mut socket),
            Fitting::Kubernetes(program) => {
                k3s = program.clone().unwrap_or_default();
                berth = Some(Berth::make());
            }
        }
        let mut command = berth.as_ref().map_or_else(|| Command::new("unshare"), |berth| berth.command("unshare"));
        command.args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", BOOT, "init"]);
        command
            .arg(disk.path())
            .arg(socket)
            .arg(k3s)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .process_group(0);
        Self { init: command.spawn().unwrap(), disk, berth }
    }

    fn end(&mut self) {
        self.init.kill().ok();
        self.init.wait().ok();
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let console = std::fs::read_to_string(self.disk.path().join("console")).unwrap_or_default();
            eprintln!("--- console of a machine\n{console}");
        }
        self.end();
    }
}

fn decoded(user_data: &str) -> Vec<u8> {
    let mut child = Command::new("base64").arg("-d").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), user_data.as_bytes()).unwrap();
    child.wait_with_output().unwrap().stdout
}

/// The processes of the page, seen from outside of all machines.
pub(super) fn pages() -> Vec<i32> {
    let is_page = |pid: i32| {
        let read = |file: &str| std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
        read("cmdline").contains("http.server") && read("environ").contains("HANSA_APPLICATION=inside")
    };
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    all.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(|pid| is_page(*pid)).collect()
}

/// Whether namespaces of our own can be had here.
fn namespaces() -> bool {
    let tried = Command::new("unshare").args(["--mount", "--pid", "--fork", "mount", "--make-rprivate", "/"]).output();
    tried.is_ok_and(|output| output.status.success())
}

/// A cloud, with a broker that offers machines of it in which packages run.
pub(super) struct Cloud {
    pub(super) broker: Broker,
    moto: Moto,
    pub(super) machines: BTreeMap<String, Machine>,
    pub(super) fitting: Fitting,
    /// By which machines with networks of their own reach the broker.
    _door: Option<Berth>,
}

impl Cloud {
    pub(super) fn start(fitting: Fitting) -> Option<Self> {
        if !wanted("moto", namespaces(), "let it make mount and process namespaces") {
            return None;
        }
        let moto = Moto::start()?;
        let (mut more, mut address) = (String::new(), String::new());
        let door = matches!(fitting, Fitting::Kubernetes(_)).then(Berth::make);
        if let Some(door) = &door {
            address = format!("{}:{}", door.outside(), free_port());
            more = format!("agents:\n  url: http://{address}\n");
        }
        let owner = Some(Owner::named("south", "DE"));
        let broker = Broker::start(Options { owner, more, ..Options::default() }).expect("SQLite");
        if door.is_some() {
            forward(&address, broker.url().trim_start_matches("http://").to_owned());
        }
        let cloud = Self { broker, moto, machines: BTreeMap::new(), fitting, _door: door };
        let key = cloud.broker.file("key.json", &cloud.moto.key);
        cloud.broker.cli(&["credential", "add", "cloud", "--kind", "ec2", "--secret", &key]).ok();
        cloud.connect("cloud", &[]).ok();
        let offers =
            ["system", "offers", "cloud", "--flavour", "t3.micro", "--per-cpu", "0.01", "--capability", "cloud"];
        eventually("the cloud is looked at", || {
            let made = cloud.broker.cli(&[&offers[..], &["--publish"]].concat());
            if made.code == 0 { Ok(()) } else { Err(made.stderr) }
        });
        Some(cloud)
    }

    /// Connects the cloud as a system of this name, with more settings.
    pub(super) fn connect(&self, name: &str, more: &[&str]) -> Ended {
        let site = self.broker.site();
        let image = format!("image={}", self.moto.script(IMAGE));
        let words = ["system", "connect", name, "--kind", "ec2", "--site", &site, "--address", &self.moto.address];
        let settings = ["--credential", "cloud", "--set", "region=eu-central-1", "--set", "types=t3.micro,t3.small"];
        let agent = ["--set", &image, "--set", self.fitting.runs()];
        self.broker.cli(&[&words[..], &settings, &agent, more].concat())
    }

    /// Deletes a machine, as somebody does who knows nothing of the broker.
    pub(super) fn terminate(&self, machine: &str) {
        self.moto.script(&format!("ec2.terminate_instances(InstanceIds=['{machine}'])"));
    }

    /// What is there that a tenant pays for: instances, volumes, groups.
    pub(super) fn left(&self) -> String {
        self.moto.script(LEFT)
    }

    /// Boots what the cloud says runs and isn't booted, and turns off what is no more.
    pub(super) fn boots(&mut self) {
        let running: BTreeMap<String, String> = serde_json::from_str(&self.moto.script(USER_DATA)).unwrap();
        self.machines.retain(|id, _| running.contains_key(id));
        for (id, user_data) in running {
            self.machines.entry(id).or_insert_with(|| Machine::boot(&user_data, &self.fitting));
        }
    }

    /// Waits until each instance of `page` answers with its name, as the cloud
    /// boots whatever it is asked for meanwhile.
    #[track_caller]
    pub(super) fn shows(&mut self, what: &str, wanted: usize) {
        eventually(what, || {
            self.boots();
            let all = self.broker.workloads("inside");
            let good = all.iter().filter(|one| {
                let port = one.endpoints.get("http").map(SocketAddr::port);
                let page = port.and_then(|port| fetch(SocketAddr::from(([127, 0, 0, 1], port))).ok());
                one.state == "running" && page.is_some_and(|page| page.contains("inside a machine"))
            });
            if good.count() == wanted && all.len() == wanted {
                Ok(())
            } else {
                Err(format!("{all:#?} {}", self.broker.cli(&["event", "list"]).stdout))
            }
        });
    }
}
