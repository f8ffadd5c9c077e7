//! Prometheus, and nginx that stands before it and asks for a token.

use crate::{Program, free_port, python, wanted};
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    process::Command,
    time::Duration,
};
use tempfile::TempDir;

/// The user of a Prometheus that asks for one.
pub const PROMETHEUS_USER: &str = "scaling";
/// That user's password.
pub const PROMETHEUS_PASSWORD: &str = "asked-by-a-test";
/// The same as bcrypt has it, as cheap as can be.
const HASH: &str = "$2b$04$RIUQ0/oQjju/iPh72XE.d.2SbSqDfVV2Y.23W.eWiHy72pLw1tjya";

/// Labels, and samples: milliseconds since 1970 with values.
pub type PrometheusSeries = (Vec<(String, String)>, Vec<(i64, f64)>);

/// A running Prometheus, which scrapes nothing and takes what is written to it.
#[derive(Debug)]
pub struct Prometheus {
    /// Where it is: `http://127.0.0.1:PORT`.
    pub address: String,
    port: u16,
    program: Program,
    _folder: TempDir,
}

impl Prometheus {
    /// Starts one that everybody may ask. None: it is not installed, and that was said.
    #[must_use]
    pub fn start() -> Option<Self> {
        Self::begin("")
    }

    /// Starts one that asks for user and password.
    #[must_use]
    pub fn start_guarded() -> Option<Self> {
        Self::begin(&format!("basic_auth_users:\n  {PROMETHEUS_USER}: {HASH}\n"))
    }

    fn begin(web: &str) -> Option<Self> {
        if !wanted("prometheus", python::installed("prometheus"), "run tests/systems/install/prometheus.sh") {
            return None;
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (at, port) = (folder.path(), free_port());
        let mut command = Command::new(python::program("prometheus", "prometheus"));
        command
            .arg(format!("--config.file={}", python::write(at, "prometheus.yml", "global: {}\n").display()))
            .arg(format!("--web.config.file={}", python::write(at, "web.yml", web).display()))
            .arg(format!("--storage.tsdb.path={}", at.join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--web.enable-remote-write-receiver");
        let mut program = Program::start("prometheus", &mut command, at);
        let ready = || request(port, "GET", "/-/ready", &[]).is_some_and(|status| status == 200 || status == 401);
        program.wait_until("Prometheus", Duration::from_secs(60), ready);
        Some(Self { address: format!("http://127.0.0.1:{port}"), port, program, _folder: folder })
    }

    /// Writes samples into it, as one Prometheus writes to another (remote write 0.1.0).
    ///
    /// # Panics
    /// When it doesn't take them.
    pub fn write(&self, series: &[PrometheusSeries]) {
        for part in series.chunks(500) {
            let body = snappy(&part.iter().flat_map(|one| field(1, &time_series(one))).collect::<Vec<u8>>());
            let status = request(self.port, "POST", "/api/v1/write", &body);
            assert_eq!(status, Some(204), "{}", self.program.output());
        }
    }

    /// Starts nginx before it, which lets in who brings this token and names this tenant.
    #[must_use]
    pub fn gate(&self, token: &str, tenant: &str) -> PrometheusGate {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (at, port) = (folder.path(), free_port());
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|name| format!("{name}_temp_path {}/{name};", at.display()))
            .collect();
        let settings = format!(
            "daemon off; master_process off; pid {}/pid; error_log stderr; events {{}}\nhttp {{ access_log off; {temporary}\n\
             server {{ listen 127.0.0.1:{port}; location / {{\n\
             if ($http_authorization != 'Bearer {token}') {{ return 401 'who are you?'; }}\n\
             if ($http_x_scope_orgid != '{tenant}') {{ return 403 'not your data'; }}\n\
             proxy_pass {}; }} }} }}",
            at.display(),
            self.address
        );
        let mut command = Command::new(python::program("prometheus", "nginx"));
        command.arg("-p").arg(at).arg("-c").arg(python::write(at, "nginx.conf", &settings)).args(["-e", "stderr"]);
        let mut program = Program::start("nginx", &mut command, at);
        program.wait_until("nginx", Duration::from_secs(30), || python::listens(port));
        PrometheusGate { address: format!("http://127.0.0.1:{port}"), _program: program, _folder: folder }
    }

    /// Asks it to end, and waits until it has.
    pub fn stop(&mut self) {
        self.program.stop();
    }
}

/// A running nginx before a Prometheus.
#[derive(Debug)]
pub struct PrometheusGate {
    /// Where it is: `http://127.0.0.1:PORT`.
    pub address: String,
    _program: Program,
    _folder: TempDir,
}

/// The status of an answer.
fn request(port: u16, method: &str, path: &str, body: &[u8]) -> Option<u16> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\
         Content-Type: application/x-protobuf\r\nContent-Encoding: snappy\r\nX-Prometheus-Remote-Write-Version: 0.1.0\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    String::from_utf8_lossy(&answer).split(' ').nth(1)?.parse().ok()
}

/// A `TimeSeries` of Prometheus' protocol, in protobuf.
fn time_series((labels, samples): &PrometheusSeries) -> Vec<u8> {
    let mut labels = labels.clone();
    labels.sort();
    let label = |(name, value): &(String, String)| [field(1, name.as_bytes()), field(2, value.as_bytes())].concat();
    let sample = |(at, value): &(i64, f64)| {
        let at = u64::from_ne_bytes(at.to_ne_bytes());
        [&[1 << 3 | 1], value.to_le_bytes().as_slice(), &[2 << 3], &varint(at)].concat()
    };
    let labels = labels.iter().flat_map(|one| field(1, &label(one)));
    labels.chain(samples.iter().flat_map(|one| field(2, &sample(one)))).collect()
}

/// A field of protobuf that has a length.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2], varint(content.len() as u64).as_slice(), content].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    bytes.push(value.to_le_bytes()[0]);
    bytes
}

/// Snappy's block format, with literals alone.
fn snappy(content: &[u8]) -> Vec<u8> {
    let mut bytes = varint(content.len() as u64);
    for part in content.chunks(1 << 16) {
        let length = (part.len() - 1).to_le_bytes();
        bytes.extend([61 << 2, length[0], length[1]]);
        bytes.extend(part);
    }
    bytes
}
