//! Packages inside machines that are rented of a cloud: the machine's first
//! boot brings an agent, and the agent runs what the broker asks for.
//!
//! The cloud is somebody else's emulation, which boots nothing. So the test
//! does what cloud-init does: it takes the user data that the cloud keeps, and
//! runs it as it is, in a mount namespace of its own instead of a disk of its own.

use crate::harness::{Broker, Options, Owner, eventually, fetch, signal};
use hansa_test_systems::{BUSYBOX, ContainerEngine, Moto, docker, wanted};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    os::unix::process::CommandExt as _,
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
mkdir -p "$1/state" && chmod 755 "$1"
mount -t overlay -o "lowerdir=/etc,upperdir=$1/etc/upper,workdir=$1/etc/work" etc /etc
mount -t overlay -o "lowerdir=/var/lib,upperdir=$1/var/lib/upper,workdir=$1/var/lib/work" lib /var/lib
sh "$1/user-data"
exec sleep infinity
"#;

/// A machine as the test boots it. Dropped, it is off: nothing of it runs on.
struct Machine {
    init: Child,
    _disk: tempfile::TempDir,
}

impl Machine {
    /// In a process namespace too, so that all of it ends at once.
    fn boot(user_data: &str, engine: Option<&ContainerEngine>) -> Self {
        let disk = tempfile::Builder::new().prefix("hansa-machine-").tempdir_in("/dev/shm").unwrap();
        std::fs::write(disk.path().join("user-data"), decoded(user_data)).unwrap();
        let log = std::fs::File::create(disk.path().join("console")).unwrap();
        let mut command = Command::new("unshare");
        command.args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", BOOT, "init"]);
        let socket = engine.map(|engine| engine.address().trim_start_matches("unix://").to_owned());
        command
            .arg(disk.path())
            .arg(socket.unwrap_or_default())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .process_group(0);
        Self { init: command.spawn().unwrap(), _disk: disk }
    }

    fn end(&mut self) {
        self.init.kill().ok();
        self.init.wait().ok();
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let console = std::fs::read_to_string(self._disk.path().join("console")).unwrap_or_default();
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
fn pages() -> Vec<i32> {
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
struct Cloud {
    broker: Broker,
    moto: Moto,
    machines: BTreeMap<String, Machine>,
    /// The container engine of its machines, where they are to have one.
    engine: Option<ContainerEngine>,
}

impl Cloud {
    fn start(engine: Option<ContainerEngine>) -> Option<Self> {
        if !wanted("moto", namespaces(), "let it make mount and process namespaces") {
            return None;
        }
        let moto = Moto::start()?;
        let broker =
            Broker::start(Options { owner: Some(Owner::named("south", "DE")), ..Options::default() }).expect("SQLite");
        let site = broker.get("/api/v1/sites").ok()["items"][0]["id"].as_str().unwrap().to_owned();
        let key = broker.file("key.json", &moto.key);
        broker.cli(&["credential", "add", "cloud", "--kind", "ec2", "--secret", &key]).ok();
        let image = format!("image={}", moto.script(IMAGE));
        let words = ["system", "connect", "cloud", "--kind", "ec2", "--site", &site, "--address", &moto.address];
        let settings = ["--credential", "cloud", "--set", "region=eu-central-1", "--set", "types=t3.micro,t3.small"];
        let runs = if engine.is_some() { "agent=containers" } else { "agent=processes" };
        let agent = ["--set", &image, "--set", runs];
        broker.cli(&[&words[..], &settings, &agent].concat()).ok();
        eventually("the cloud is looked at", || {
            let made = broker.cli(&[
                "system",
                "offers",
                "cloud",
                "--flavour",
                "t3.micro",
                "--per-cpu",
                "0.01",
                "--capability",
                "cloud",
                "--publish",
            ]);
            if made.code == 0 { Ok(()) } else { Err(made.stderr) }
        });
        Some(Self { broker, moto, machines: BTreeMap::new(), engine })
    }

    /// Boots what the cloud says runs and isn't booted, and turns off what is no more.
    fn boots(&mut self) {
        let running: BTreeMap<String, String> = serde_json::from_str(&self.moto.script(USER_DATA)).unwrap();
        self.machines.retain(|id, _| running.contains_key(id));
        for (id, user_data) in running {
            self.machines.entry(id).or_insert_with(|| Machine::boot(&user_data, self.engine.as_ref()));
        }
    }

    /// Waits until each instance of `page` answers with its name, as the cloud
    /// boots whatever it is asked for meanwhile.
    #[track_caller]
    fn shows(&mut self, what: &str, wanted: usize) {
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

fn processes(replicas: u32) -> Value {
    let serve = "echo inside a machine > index.html; exec python3 -m http.server -b $HANSA_ADDRESS $PORT_HTTP";
    model(replicas, &json!({ "process": { "command": ["sh", "-c", serve] } }), &json!({ "http": {} }))
}

fn model(replicas: u32, package: &Value, ports: &Value) -> Value {
    json!({
        "hansa": 1,
        "name": "inside",
        "components": { "page": {
            "package": package,
            "resources": { "cpu": "1500m", "memory": "64Mi" },
            "ports": ports,
            "replicas": replicas,
            "constraints": { "capabilities": ["cloud"] },
            "health": { "probe": { "http": { "port": "http" } }, "interval": "500ms" }
        } }
    })
}

#[test]
fn packages_run_inside_machines_of_a_cloud() {
    let Some(mut cloud) = Cloud::start(None) else { return };
    let accepted = cloud.broker.submit(&processes(1));
    cloud.shows("the page is there", 1);
    cloud.broker.done(&accepted);
    let machine = cloud.machines.keys().next().unwrap().clone();
    assert_eq!(cloud.machines.len(), 1);

    // What it writes is read from there.
    let log = cloud.broker.get("/api/v1/applications/inside/logs").body;
    assert!(log.contains("GET / HTTP/1.1"), "{log}");

    // Its process dies: started again, in the same machine.
    let before = cloud.broker.workload("inside", "page", 0).restarts;
    pages().into_iter().for_each(|pid| signal(pid, Signal::SIGKILL));
    eventually("it is started again", || {
        let now = cloud.broker.workload("inside", "page", 0);
        if now.restarts > before { Ok(()) } else { Err(format!("{now:?}")) }
    });
    cloud.shows("it is back", 1);

    // A broker that is killed finds it as it was.
    let restarts = cloud.broker.workload("inside", "page", 0).restarts;
    cloud.broker.kill();
    cloud.broker.restart();
    cloud.shows("it is still there", 1);
    assert_eq!(cloud.broker.workload("inside", "page", 0).restarts, restarts);
    assert_eq!(cloud.machines.keys().collect::<Vec<_>>(), [&machine]);

    // Deleted behind our back: another one, with another agent.
    let ended = format!("ec2.terminate_instances(InstanceIds=['{machine}'])");
    cloud.moto.script(&ended);
    eventually("another machine is there", || {
        cloud.boots();
        if cloud.machines.keys().any(|id| *id != machine) { Ok(()) } else { Err(format!("{machine} alone")) }
    });
    cloud.shows("it is healed", 1);

    let accepted = cloud.broker.scale("inside", "page", 2).send();
    cloud.shows("it is scaled", 2);
    cloud.broker.done(&accepted);
    assert_eq!(cloud.machines.len(), 2, "one would not have room for both");

    let accepted = cloud.broker.remove("inside").send();
    cloud.broker.done(&accepted);
    let left = cloud.moto.script(LEFT);
    assert_eq!(left, "0 0 0", "something is left behind");
}

#[test]
fn containers_run_inside_machines_that_have_an_engine() {
    let Some(engine) = docker() else { return };
    let Some(mut cloud) = Cloud::start(Some(engine)) else { return };
    let serve = "mkdir /www && echo inside a machine > /www/index.html && exec httpd -f -p 8080 -h /www";
    let package = json!({ "container": { "image": BUSYBOX, "command": ["/bin/sh", "-c", serve] } });
    let accepted = cloud.broker.submit(&model(1, &package, &json!({ "http": { "number": 8080 } })));
    cloud.shows("the page is there", 1);
    cloud.broker.done(&accepted);
    let accepted = cloud.broker.remove("inside").send();
    cloud.broker.done(&accepted);
    assert_eq!(cloud.moto.script(LEFT), "0 0 0", "something is left behind");
    let left = cloud.engine.as_ref().unwrap().listing();
    assert_eq!(left, Vec::<String>::new(), "something is left on the machine's engine");
}
