//! OpenStack's Nova with its driver `fake.FakeDriver`, and what it needs:
//! Keystone, Placement, Glance, Neutron, MariaDB (Neutron's tables can't be made
//! in SQLite) and RabbitMQ. Neutron has no agents: one line in its database says
//! that the host has one, so that ports are bound.

mod configuration;

use crate::{Keystone, Program, free_port, keystone::ADMIN_PASSWORD, python, wanted};
use configuration::{Ports, glance, neutron, nova, placement};
use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};
use tempfile::TempDir;

/// A small cloud. Its first region is `one`; of its own it has no network, no
/// image and no flavour.
#[derive(Debug)]
pub struct Nova {
    /// Who may use it.
    pub keystone: Keystone,
    /// The Compute API: `http://127.0.0.1:PORT/v2.1`.
    pub compute: String,
    /// The Networking API: `http://127.0.0.1:PORT/v2.0`. Its physical network is `outside`.
    pub network: String,
    /// The Image API: `http://127.0.0.1:PORT/v2`.
    pub image: String,
    // In the order in which they are ended.
    programs: Vec<Program>,
    _folder: TempDir,
}

/// Writes the services into Keystone's catalogue, and gives the account under
/// which they ask one another the role that Neutron wants for that.
const CATALOGUE: &str = r#"
import json, sys, urllib.request
keystone, password, *services = sys.argv[1:]
domain = {"id": "default"}
def ask(path, body, token=None, method="POST"):
    headers = {"content-type": "application/json", **({"x-auth-token": token} if token else {})}
    body = json.dumps(body).encode() if body else None
    return urllib.request.urlopen(urllib.request.Request(keystone + path, body, headers, method=method))
login = ask("/auth/tokens", {"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "admin",
    "domain": domain, "password": password}}}, "scope": {"project": {"name": "admin", "domain": domain}}}})
token, mine = login.headers["x-subject-token"], json.load(login)["token"]
roles = json.load(ask("/roles?name=service", None, token, "GET"))["roles"]
role = roles[0] if roles else json.load(ask("/roles", {"role": {"name": "service"}}, token))["role"]
ask("/projects/%s/users/%s/roles/%s" % (mine["project"]["id"], mine["user"]["id"], role["id"]), None, token, "PUT")
for service in services:
    kind, url = service.split("=", 1)
    made = json.load(ask("/services", {"service": {"type": kind, "name": kind}}, token))["service"]["id"]
    for interface in ["public", "internal"]:
        ask("/endpoints", {"endpoint": {"service_id": made, "interface": interface, "region_id": "one", "url": url}}, token)
"#;

/// What an Open vSwitch agent on the host would have told of itself.
const AGENT: &str = "insert into agents (id, agent_type, `binary`, topic, host, admin_state_up, created_at, started_at, \
    heartbeat_timestamp, configurations, `load`) values (uuid(), 'Open vSwitch agent', 'neutron-openvswitch-agent', \
    'N/A', 'compute1', 1, utc_timestamp(), utc_timestamp(), utc_timestamp(), '{\"bridge_mappings\": {\"outside\": \
    \"br-ex\"}, \"tunnel_types\": [\"vxlan\"], \"tunneling_ip\": \"127.0.0.1\", \"datapath_type\": \"system\"}', 0)";

impl Nova {
    /// Starts one; that takes some minutes. None: it is not installed, and that was said.
    #[must_use]
    pub fn start() -> Option<Self> {
        let there = python::installed("nova") && python::installed("keystone") && Path::new(RABBIT).is_file();
        if !wanted("nova", there, "run tests/systems/install/keystone.sh and nova.sh") {
            return None;
        }
        let keystone = Keystone::start(3_600)?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let ports = Ports::free();
        let mut programs = vec![mariadb(folder.path(), &ports)];
        programs.extend(rabbit(folder.path(), &ports));
        prepare(folder.path(), &ports, &keystone.address);
        let mut services: Vec<Program> = APIS.iter().map(|api| serve(api, folder.path(), &ports)).collect();
        for (program, api) in services.iter_mut().zip(APIS) {
            let port = ports.of(api);
            program.wait_until(api, Duration::from_secs(240), || python::listens(port));
        }
        register(&keystone.address, &ports);
        for name in ["nova-conductor", "nova-scheduler", "nova-compute"] {
            let mut command = Command::new(python::program("nova", name));
            command.arg("--config-file").arg(folder.path().join("nova/nova.conf"));
            services.push(Program::start(name, &mut command, folder.path()));
        }
        discovered(folder.path());
        services.extend(programs);
        Some(Self {
            keystone,
            compute: format!("http://127.0.0.1:{}/v2.1", ports.nova),
            network: format!("http://127.0.0.1:{}/v2.0", ports.neutron),
            image: format!("http://127.0.0.1:{}/v2", ports.glance),
            programs: services,
            _folder: folder,
        })
    }

    /// The end of what each of its programs has printed.
    #[must_use]
    pub fn output(&self) -> String {
        self.programs.iter().map(Program::output).collect::<Vec<_>>().join("\n----\n")
    }
}

/// The services behind HTTP, by the names of their packages.
const APIS: [&str; 4] = ["placement", "glance", "neutron", "nova"];
const RABBIT: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";

fn mariadb(folder: &Path, ports: &Ports) -> Program {
    let data = format!("--datadir={}", folder.join("mysql").display());
    let socket = format!("--socket={}", socket(folder).display());
    python::run(
        Command::new("mariadb-install-db")
            .args(["--no-defaults", "--user=root", "--auth-root-authentication-method=normal", "--skip-test-db"])
            .arg(&data),
    );
    let mut command = Command::new("mariadbd");
    command.args(["--no-defaults", "--user=root", "--bind-address=127.0.0.1", "--skip-log-bin"]);
    // Nothing here outlives the test: speed goes before safety.
    command.args(["--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--max-connections=400"]);
    command.arg(format!("--port={}", ports.mariadb)).arg(&data).arg(&socket);
    let mut program = Program::start("mariadb", &mut command, folder);
    let port = ports.mariadb;
    program.wait_until("MariaDB", Duration::from_secs(60), || python::listens(port));
    let databases = ["nova", "nova_api", "nova_cell0", "neutron", "glance", "placement"];
    let mut text: String = databases.iter().map(|name| format!("create database {name};")).collect();
    text += "create user 'os'@'%' identified by 'os'; grant all on *.* to 'os'@'%';";
    text += "create user 'os'@'localhost' identified by 'os'; grant all on *.* to 'os'@'localhost';";
    sql(folder, "mysql", &text);
    program
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("mysql.sock")
}

fn sql(folder: &Path, database: &str, text: &str) {
    let mut command = Command::new("mariadb");
    command.args(["--no-defaults", "-uroot", "-S"]).arg(socket(folder)).args([database, "-e", text]);
    python::run(&mut command);
}

/// RabbitMQ and the port mapper of Erlang, which would otherwise outlive it.
fn rabbit(folder: &Path, ports: &Ports) -> [Program; 2] {
    let home = folder.join("rabbit");
    std::fs::create_dir(&home).expect("a folder");
    let mapper = ports.mapper.to_string();
    let mut command = Command::new("epmd");
    let mut epmd = Program::start("epmd", command.args(["-port", &mapper, "-address", "127.0.0.1"]), folder);
    epmd.wait_until("epmd", Duration::from_secs(20), || python::listens(ports.mapper));
    let mut command = Command::new(RABBIT);
    command
        .env("HOME", &home)
        .env("ERL_EPMD_PORT", &mapper)
        .env("RABBITMQ_NODENAME", format!("hansa{}@localhost", ports.rabbit))
        .env("RABBITMQ_NODE_PORT", ports.rabbit.to_string())
        .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
        .env("RABBITMQ_DIST_PORT", ports.distribution.to_string())
        .env("RABBITMQ_CONFIG_FILE", home.join("none"))
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", home.join("plugins"))
        .env("RABBITMQ_PID_FILE", home.join("pid"));
    for place in ["RABBITMQ_MNESIA_BASE", "RABBITMQ_LOG_BASE"] {
        command.env(place, &home);
    }
    let mut program = Program::start("rabbitmq", &mut command, folder);
    program.wait_until("RabbitMQ", Duration::from_secs(120), || python::listens(ports.rabbit));
    [program, epmd]
}

fn prepare(folder: &Path, ports: &Ports, keystone: &str) {
    for name in ["nova/instances", "nova/locks", "glance/images", "neutron/locks", "placement"] {
        std::fs::create_dir_all(folder.join(name)).expect("a folder");
    }
    let etc = python::cache().join("nova/etc");
    std::fs::copy(etc.join("nova/api-paste.ini"), folder.join("nova/api-paste.ini")).expect("Nova's api-paste.ini");
    let nova_file = python::write(folder, "nova/nova.conf", &nova(folder, ports, keystone));
    let glance_file = python::write(folder, "glance/glance-api.conf", &glance(folder, &etc, ports, keystone));
    let neutron_file = python::write(folder, "neutron/neutron.conf", &neutron(folder, &etc, ports, keystone));
    let placement_file = python::write(folder, "placement/placement.conf", &placement(ports, keystone));
    let manage = |name: &str, file: &Path, arguments: &[&str]| {
        let mut command = Command::new(python::program("nova", name));
        python::run(command.arg("--config-file").arg(file).args(arguments));
    };
    manage("placement-manage", &placement_file, &["db", "sync"]);
    manage("glance-manage", &glance_file, &["db_sync"]);
    manage("neutron-db-manage", &neutron_file, &["upgrade", "heads"]);
    sql(folder, "neutron", AGENT);
    manage("nova-manage", &nova_file, &["api_db", "sync"]);
    let cell0 = ports.database("nova_cell0");
    manage("nova-manage", &nova_file, &["cell_v2", "map_cell0", "--database_connection", &cell0]);
    manage("nova-manage", &nova_file, &["cell_v2", "create_cell", "--name", "one"]);
    manage("nova-manage", &nova_file, &["db", "sync"]);
}

/// gunicorn in a folder of its own and without arguments: OpenStack's libraries read those.
fn serve(api: &str, folder: &Path, ports: &Ports) -> Program {
    let run = folder.join(format!("run-{api}"));
    std::fs::create_dir(&run).expect("a folder");
    let module = if api == "nova" { "osapi_compute" } else { "api" };
    let port = ports.of(api);
    python::write(
        &run,
        "gunicorn.conf.py",
        &format!(
            "bind = '127.0.0.1:{port}'\nwsgi_app = '{api}.wsgi.{module}:application'\nworkers = 1\nthreads = 6\ntimeout = 300\n"
        ),
    );
    let upper = api.to_uppercase();
    let mut command = Command::new(python::program("nova", "gunicorn"));
    command.current_dir(&run).env(format!("OS_{upper}_CONFIG_DIR"), folder.join(api));
    if api == "neutron" {
        command.env("OS_NEUTRON_CONFIG_FILES", "neutron.conf");
    }
    Program::start(api, &mut command, folder)
}

fn register(keystone: &str, ports: &Ports) {
    let at = |port: u16| format!("http://127.0.0.1:{port}");
    let mut command = Command::new(python::program("nova", "python"));
    command.args(["-c", CATALOGUE, keystone, ADMIN_PASSWORD]);
    command.arg(format!("compute={}/v2.1", at(ports.nova))).arg(format!("network={}", at(ports.neutron)));
    command.arg(format!("image={}", at(ports.glance))).arg(format!("placement={}", at(ports.placement)));
    python::run(&mut command);
}

/// Waits until the scheduler knows of the one host.
fn discovered(folder: &Path) {
    let until = std::time::Instant::now() + Duration::from_secs(180);
    loop {
        let mut command = Command::new("mariadb");
        command.args(["--no-defaults", "-uroot", "-N", "-S"]).arg(socket(folder));
        let output = command.args(["nova_api", "-e", "select count(*) from host_mappings"]).output();
        if output.is_ok_and(|output| output.stdout.trim_ascii() == b"1") {
            return;
        }
        let log = std::fs::read_to_string(folder.join("nova-compute.log")).unwrap_or_default();
        assert!(std::time::Instant::now() < until, "Nova has found no host\n{log}");
        std::thread::sleep(Duration::from_millis(500));
    }
}
