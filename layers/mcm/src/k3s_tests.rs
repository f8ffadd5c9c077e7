//! What the settings come to, and the script run as a machine runs it: with an
//! image's own k3s, without one, and fetched from a server of HTTPS.

use super::*;
use chrono::DateTime;
use hansa_ontology::{Actor, SiteId};
use std::{
    fs,
    io::Write as _,
    process::{Command, Output, Stdio},
};
use uuid::Uuid;

fn system(settings: &[(&str, &str)]) -> System {
    System {
        name: "cloud".to_owned(),
        kind: "ec2".to_owned(),
        site: SiteId::new("urn:test:site").unwrap(),
        address: "https://cloud.example".to_owned(),
        credential: None,
        trust: None,
        settings: settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        created_at: DateTime::UNIX_EPOCH,
        created_by: Actor::Broker,
        version: 1,
    }
}

fn read(settings: &[(&str, &str)]) -> Result<K3s, SettingFault> {
    K3s::read(&system(settings), MachineId(Uuid::from_u128(7)))
}

#[test]
fn settings_that_can_not_be_used_are_named() {
    for version in ["v1.31.4+k3s1", "v1.32.0-rc1+k3s2"] {
        assert!(read(&[(VERSION, version)]).is_ok(), "{version}");
    }
    for version in ["1.31.4", "v1.31+k3s1", "v1.31.4", "latest", "v1.2.3+k3s1'; reboot '"] {
        assert_eq!(read(&[(VERSION, version)]).unwrap_err().setting, VERSION, "{version}");
    }
    for source in ["http://mirror.example", "https://", "https://me@x", "https://x/$(reboot)", "https://x/' '"] {
        assert_eq!(read(&[(SOURCE, source)]).unwrap_err().setting, SOURCE, "{source}");
    }
}

#[test]
fn what_nobody_wants_is_off_and_how_it_is_used_is_handed_on() {
    let plain = read(&[("image", "ami-1"), ("namespace", "mine"), ("networkPolicy", "off")]).unwrap();
    let all = "server --write-kubeconfig=/etc/rancher/k3s/k3s.yaml --write-kubeconfig-mode=600 \
               --node-name=hansa-00000000-0000-0000-0000-000000000007 --disable=metrics-server --disable=traefik \
               --disable=servicelb'";
    assert!(plain.script.contains(all), "{}", plain.script);
    assert_eq!(
        plain.usage.keys().collect::<Vec<_>>(),
        ["networkPolicy", "requestPercent"],
        "the rest is the machine's"
    );
    let with = read(&[("ingressClass", "traefik")]).unwrap().script;
    assert!(!with.contains("--disable=traefik") && !with.contains("--disable=servicelb"), "{with}");
    let balanced = read(&[("exposure", "loadBalancer")]).unwrap().script;
    assert!(balanced.contains("--disable=traefik") && !balanced.contains("--disable=servicelb"), "{balanced}");
    assert!(plain.script.len() < 5_000, "EC2 takes 16 KiB of user data for all: {}", plain.script.len());
}

/// Runs the script as a machine does whose folders are below `root`, and
/// where `k3s` is whatever is fetched.
fn run(root: &std::path::Path, settings: &[(&str, &str)]) -> Output {
    let at = |path: &str| format!("{}{path}", root.display());
    let mut script = read(settings).unwrap().script;
    for path in [FAULT, LOG, "/usr/local/bin"] {
        script = script.replace(path, &at(path));
        fs::create_dir_all(root.join(path.trim_start_matches('/')).parent().unwrap()).unwrap();
    }
    fs::create_dir_all(at("/usr/local/bin")).unwrap();
    // No machine of a test has systemd to spare, and none waits for retries.
    let script = script.replace("command -v systemctl", "false").replace("sleep 5", "sleep 0.01");
    let script = script.replace("while :; do", "for once in once; do");
    let mut shell = Command::new("sh")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .env("CURL_CA_BUNDLE", root.join("ca.pem"))
        .spawn()
        .unwrap();
    shell.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    shell.wait_with_output().unwrap()
}

fn fault(root: &std::path::Path) -> String {
    fs::read_to_string(root.join(FAULT.trim_start_matches('/'))).unwrap_or_default()
}

/// What it prints, once that is there.
fn printed(root: &std::path::Path) -> String {
    let log = root.join(LOG.trim_start_matches('/'));
    for _ in 0..200 {
        if let Ok(text) = fs::read_to_string(&log)
            && !text.is_empty()
        {
            return text;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    String::new()
}

const PROGRAM: &str = "#!/bin/sh\necho it runs: \"$@\"\n";

#[test]
fn an_image_s_own_is_taken_and_without_one_a_release_has_to_be_named() {
    let root = tempfile::tempdir().unwrap();
    assert_eq!(run(root.path(), &[]).status.code(), Some(1));
    assert!(fault(root.path()).contains("k3sVersion"), "{}", fault(root.path()));

    let root = tempfile::tempdir().unwrap();
    let program = root.path().join("usr/local/bin/k3s");
    fs::create_dir_all(program.parent().unwrap()).unwrap();
    fs::write(&program, PROGRAM).unwrap();
    assert!(Command::new("chmod").arg("755").arg(&program).status().unwrap().success());
    assert!(run(root.path(), &[]).status.success());
    assert!(printed(root.path()).starts_with("it runs: server --write-kubeconfig="), "{}", printed(root.path()));
    assert_eq!(fault(root.path()), "");
}

/// A web server with a certificate of its own: somebody else's, in Python.
struct Releases {
    server: std::process::Child,
    address: String,
}

impl Releases {
    fn serve(folder: &std::path::Path) -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        fs::write(folder.join("ca.pem"), made.cert.pem()).unwrap();
        fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        let serve = "import http.server, ssl, sys, functools\n\
             handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1] + '/releases')\n\
             server = http.server.HTTPServer(('127.0.0.1', 0), handler)\n\
             tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n\
             tls.load_cert_chain(sys.argv[1] + '/ca.pem', sys.argv[1] + '/key.pem')\n\
             server.socket = tls.wrap_socket(server.socket, server_side=True)\n\
             print(server.server_address[1], flush=True)\n\
             server.serve_forever()\n";
        let mut server = Command::new("python3")
            .args(["-c", serve])
            .arg(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("python3 is there");
        let mut port = String::new();
        let said = server.stdout.take().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(said), &mut port).unwrap();
        Self { server, address: format!("https://localhost:{}/k3s", port.trim()) }
    }
}

impl Drop for Releases {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

#[test]
fn what_is_fetched_runs_only_as_it_was_published() {
    let root = tempfile::tempdir().unwrap();
    let releases = Releases::serve(root.path());
    let folder = root.path().join("releases/k3s/v1.31.4+k3s1");
    fs::create_dir_all(&folder).unwrap();
    let (name, arch) = if cfg!(target_arch = "aarch64") { ("k3s-arm64", "arm64") } else { ("k3s", "amd64") };
    fs::write(folder.join(name), PROGRAM).unwrap();
    let summed = Command::new("sha256sum").arg(name).current_dir(&folder).output().unwrap().stdout;
    let sums = folder.join(format!("sha256sum-{arch}.txt"));
    let settings = [(SOURCE, releases.address.as_str()), (VERSION, "v1.31.4+k3s1")];

    // Not what was published; then not published at all.
    for (text, told) in [(format!("{}  {name}\n", "0".repeat(64)), "0000"), ("x  other\n".to_owned(), "nothing of it")]
    {
        fs::write(&sums, text).unwrap();
        assert_eq!(run(root.path(), &settings).status.code(), Some(1));
        let said = fault(root.path());
        assert!(said.contains("was not run: its SHA-256 is") && said.contains(told), "{said}");
        assert!(!root.path().join("usr/local/bin/k3s").exists());
    }

    let mut text =
        b"1111111111111111111111111111111111111111111111111111111111111111  k3s-airgap-images-amd64.tar\n".to_vec();
    text.extend_from_slice(&summed);
    fs::write(&sums, text).unwrap();
    let output = run(root.path(), &settings);
    assert!(output.status.success(), "{output:?}");
    assert!(printed(root.path()).starts_with("it runs: server"), "{}", printed(root.path()));

    // Where there is nothing, the words of who was asked are told.
    let other = tempfile::tempdir().unwrap();
    fs::copy(root.path().join("ca.pem"), other.path().join("ca.pem")).unwrap();
    run(other.path(), &[(SOURCE, releases.address.as_str()), (VERSION, "v1.31.5+k3s1")]);
    assert!(fault(other.path()).contains("404"), "{}", fault(other.path()));
}
