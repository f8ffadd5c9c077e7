//! What goes wrong becomes a fault with its cause, is seen to, is told to who
//! wants to know, and is resolved when all is well again.

use crate::harness::{Broker, Options, attempt, eventually};
use hansa_test_systems::{BUSYBOX, docker};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    process::{Child, Command},
    time::Duration,
};

/// Two looks at a system, and what it takes to begin.
const PATIENCE: Duration = Duration::from_secs(150);

/// Runs until a file is there, and fails while it is.
fn frail(folder: &Path) -> Value {
    let run = format!("while [ ! -e {0}/broken ]; do sleep 0.1; done; exit 3", folder.display());
    json!({
        "hansa": 1, "name": "frail",
        "components": { "frail": {
            "package": { "process": { "command": ["sh", "-c", run] } },
            "resources": { "cpu": "50m", "memory": "32Mi" }
        } }
    })
}

#[track_caller]
fn fault(broker: &Broker, what: &str, path: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let found = attempt(PATIENCE, || {
        let all = broker.get(path).ok();
        let found = all["items"].as_array().unwrap().iter().find(|one| holds(one)).cloned();
        found.ok_or_else(|| all.to_string())
    });
    found.unwrap_or_else(|last| panic!("{what}: {last}"))
}

#[test]
fn what_fails_is_a_fault_until_it_works_again() {
    let mut broker = Broker::usual();
    let folder = broker.folder().join("frail");
    fs::create_dir_all(&folder).unwrap();
    broker.done(&broker.submit(&frail(&folder)));
    assert_eq!(broker.get("/api/v1/faults").ok()["items"], json!([]), "nothing is wrong");

    fs::write(folder.join("broken"), "").unwrap();
    let repeated = |one: &Value| one["count"].as_u64().unwrap() > 1;
    let found = fault(&broker, "it fails, and fails again", "/api/v1/faults?state=living", repeated);
    assert_eq!(
        (&found["kind"], &found["severity"], &found["state"]),
        (&json!("component-failing"), &json!("major"), &json!("open"))
    );
    assert_eq!((&found["applicationName"], &found["project"]), (&json!("frail"), &json!("local/default")), "{found}");
    assert!(found["message"].as_str().unwrap().contains("frail#0"), "{found}");
    let number = found["number"].as_u64().unwrap().to_string();
    let listed = broker.cli(&["fault", "list", "--application", "frail"]).ok();
    assert!(listed.contains("component-failing") && listed.contains("frail"), "{listed}");
    let metrics = broker.get("/metrics").body.clone();
    assert!(metrics.contains(r#"hansa_faults{kind="component-failing",severity="major",state="open"} 1"#), "{metrics}");

    broker.cli(&["fault", "acknowledge", &number, "--note", "I look", "--dry-run"]).ok();
    broker.cli(&["fault", "acknowledge", &number, "--note", "I look"]).ok();
    let shown = broker.cli(&["fault", "show", &number]).ok();
    assert!(shown.contains("acknowledged") && shown.contains("I look"), "{shown}");
    let refused = broker.cli(&["fault", "resolve", &number]).failed(2);
    assert!(refused.contains("note"), "{refused}");
    assert_eq!(broker.get(&format!("/admin/v1/faults/{number}")).status, 404, "it isn't the broker's own");

    // A killed broker forgets nothing of it, and says nothing twice.
    broker.kill();
    fs::remove_file(folder.join("broken")).unwrap();
    broker.restart();
    let path = format!("/api/v1/faults/{number}");
    let over = eventually("it works again", || {
        let now = broker.get(&path).ok();
        if now["state"] == "resolved" { Ok(now) } else { Err(now.to_string()) }
    });
    let by = &over["resolved"]["event"];
    assert_eq!((&over["resolved"]["by"], &by["kind"]), (&json!("event"), &json!("workload.healthy")), "{over}");
    assert!(over["openSeconds"].as_i64().unwrap() > 0, "{over}");
    assert_eq!(broker.events("frail", "fault.opened").len(), 1);
    let page = broker.get("/faults?state=resolved").body.clone();
    assert!(page.contains(&format!("/faults/{number}")), "{page}");
    assert!(broker.get(&format!("/faults/{number}")).body.contains("workload.exited"));

    // It comes again at once: the same fault; it is gone with its application.
    fs::write(folder.join("broken"), "").unwrap();
    let again = fault(&broker, "it comes again", "/api/v1/faults?state=living", |one| one["reopened"] == 1);
    assert_eq!(again["number"].to_string(), number, "{again}");
    broker.done(&broker.remove("frail").send());
    eventually("it is over with its application", || match broker.get(&path).ok()["state"].as_str() {
        Some("resolved") => Ok(()),
        other => Err(format!("{other:?}")),
    });
}

/// Takes what is signed by the secret of a file, writes its kind down, and refuses while a file says so.
const RECEIVE: &str = "\
import hashlib, hmac, http.server, json, os, sys
folder = sys.argv[1]
class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        if os.path.exists(folder + '/refuse'):
            return self.answer(503)
        parts = dict(part.split('=', 1) for part in self.headers['Hansa-Signature'].split(','))
        secret = open(folder + '/secret').read().encode()
        right = hmac.new(secret, parts['t'].encode() + b'.' + body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(right, parts['v1']):
            return self.answer(401)
        told = json.loads(body)
        assert told['delivery'] == self.headers['Hansa-Delivery']
        with open(folder + '/came', 'a') as came:
            came.write(told['event']['kind'] + '\\n')
        self.answer(204)
    def answer(self, status):
        self.send_response(status)
        self.end_headers()
    def log_message(self, *words): pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Hook)
with open(folder + '/port.new', 'w') as port:
    port.write(str(server.server_address[1]))
os.rename(folder + '/port.new', folder + '/port')
server.serve_forever()
";

/// A receiver that ends with the test.
struct Receiver(Child);

impl Drop for Receiver {
    fn drop(&mut self) {
        if self.0.kill().is_ok() {
            let _ended = self.0.wait();
        }
    }
}

#[test]
fn who_wants_to_know_is_told_with_a_signature() {
    let more = "notifications: { allow_loopback: true }\n".to_owned();
    let mut broker = Broker::start(Options { more, ..Options::default() }).expect("SQLite");
    let folder = broker.folder().join("hook");
    fs::create_dir_all(&folder).unwrap();
    let _receiver = Receiver(Command::new("python3").args(["-c", RECEIVE]).arg(&folder).spawn().expect("python3"));
    let port = eventually("it listens", || fs::read_to_string(folder.join("port")).map_err(|error| error.to_string()));
    let url = format!("http://127.0.0.1:{port}/s3cret-path");
    let wish = json!({ "name": "ops", "url": url, "kinds": ["fault."], "severity": "major" });
    let add = |wish: &Value| broker.call(Method::POST, "/api/v1/notifications").json(wish).send();
    let refused = add(&json!({ "name": "inside", "url": "https://169.254.169.254/", "kinds": ["fault."] }));
    assert!(refused.problem(422, "invalid").to_string().contains("link-local"));
    let made = add(&wish).ok();
    fs::write(folder.join("secret"), made["secret"].as_str().unwrap()).unwrap();
    let came = || fs::read_to_string(folder.join("came")).unwrap_or_default();
    assert!(broker.cli(&["notify", "test", "ops"]).ok().contains("has taken it"));
    assert_eq!(came(), "notification.test\n");
    let listed = broker.get("/api/v1/notifications").ok().to_string();
    assert!(!listed.contains("s3cret") && !listed.contains("\"secret\""), "{listed}");

    // It refuses first; a killed broker tells it later, in order, and not what it has told.
    fs::write(folder.join("refuse"), "").unwrap();
    broker.done(&broker.submit(&frail(&folder)));
    fs::write(folder.join("broken"), "").unwrap();
    let trouble = eventually("it can't be told", || {
        let one = broker.get("/api/v1/notifications/ops").ok();
        if one["trouble"]["said"].is_string() { Ok(one["trouble"].clone()) } else { Err(one.to_string()) }
    });
    assert!(trouble["said"].as_str().unwrap().contains("503"), "{trouble}");
    broker.kill();
    fs::remove_file(folder.join("refuse")).unwrap();
    fs::remove_file(folder.join("broken")).unwrap();
    broker.restart();
    attempt(PATIENCE, || match came().as_str() {
        "notification.test\nfault.opened\nfault.resolved\n" => Ok(()),
        other => Err(other.to_owned()),
    })
    .unwrap_or_else(|last| panic!("it is told at last: {last}"));
    let sent = broker.cli(&["notify", "deliveries", "ops"]).ok();
    assert!(sent.contains("fault.resolved") && sent.contains("delivered"), "{sent}");
    assert!(!broker.log().contains("s3cret"), "the address is in no log");
    broker.cli(&["notify", "remove", "ops"]).ok();
    assert_eq!(broker.get("/api/v1/notifications").ok()["items"], json!([]));
    broker.done(&broker.remove("frail").send());
}

#[test]
fn a_system_that_dies_explains_the_machine_and_what_was_in_it() {
    let Some(mut engine) = docker() else { return };
    let more = "moving: { lost_after: 2s, improve: false }\n".to_owned();
    let broker = Broker::start(Options { more, ..Options::default() }).expect("SQLite");
    broker.small_places();
    let (site, address) = (broker.site(), engine.address());
    broker.cli(&["system", "connect", "near", "--kind", "docker", "--site", &site, "--address", &address]).ok();
    broker.cli(&["system", "offers", "near", "--flavour", "place", "--per-cpu", "0.01", "--publish"]).ok();
    let model = json!({
        "hansa": 1, "name": "sleeper",
        "components": { "sleeper": {
            "package": { "container": { "image": BUSYBOX, "command": ["sleep", "600"] } },
            "resources": { "cpu": "100m", "memory": "32Mi" }
        } }
    });
    broker.done(&broker.submit(&model));

    engine.stop();
    let of_kind = |kind: &'static str| move |one: &Value| one["kind"] == kind;
    let system = fault(&broker, "the system is lost", "/admin/v1/faults", of_kind("system-lost"));
    assert_eq!((&system["thing"], &system["severity"]), (&json!("system/near"), &json!("critical")));
    let because = |one: &Value| one["causes"].as_array().unwrap().iter().any(|cause| cause["kind"] == "system-lost");
    let machine = fault(&broker, "its machine is lost with it", "/api/v1/faults", |one| {
        one["kind"] == "machine-lost" && because(one)
    });
    let cause = &machine["causes"][0];
    assert_eq!((&cause["fault"], &cause["events"][0]), (&system["number"], &system["signs"][0]["event"]), "{machine}");
    let inside = fault(&broker, "and what was in it", "/api/v1/faults", |one| {
        one["kind"] == "component-failing" && because(one)
    });
    assert_eq!(inside["causes"][0]["kind"], "machine-lost", "the nearest first: {inside}");
    let number = system["number"].to_string();
    assert!(broker.cli(&["fault", "list", "--broker"]).ok().contains("system-lost"));
    broker.cli(&["fault", "acknowledge", &number, "--broker"]).ok();
    assert_eq!(broker.get(&format!("/api/v1/faults/{number}")).status, 404, "it is no tenant's");

    engine.go_on();
    for path in ["/admin/v1/faults?state=living", "/api/v1/faults?state=living"] {
        let over = attempt(PATIENCE, || {
            let left = broker.get(path).ok();
            if left["items"] == json!([]) { Ok(()) } else { Err(left.to_string()) }
        });
        over.unwrap_or_else(|last| panic!("all is well again: {last}"));
    }
    broker.done(&broker.remove("sleeper").send());
}
