//! A rule over what runs fires, is a fault, and is told by mail; a broker that
//! is killed neither forgets it nor tells it twice.

use crate::harness::{Broker, Options, attempt, eventually};
use serde_json::json;
use std::{
    fs,
    process::{Child, Command},
    time::Duration,
};

/// Several rounds of rules, and what it takes to begin.
const PATIENCE: Duration = Duration::from_secs(90);

/// A mail server: writes down what comes, each mail's lines.
const SERVE: &str = "\
import os, socketserver, sys
folder = sys.argv[1]
class Session(socketserver.StreamRequestHandler):
    def say(self, text): self.wfile.write(text + b'\\r\\n')
    def handle(self):
        self.say(b'220 test')
        for line in self.rfile:
            word = line.split()[0].upper() if line.split() else b''
            if word == b'DATA':
                self.say(b'354 go on')
                with open(folder + '/mail', 'ab') as mail:
                    for text in self.rfile:
                        if text == b'.\\r\\n': break
                        mail.write(text)
                self.say(b'250 kept')
            elif word == b'QUIT':
                return self.say(b'221 bye')
            else:
                self.say(b'250 fine')
server = socketserver.ThreadingTCPServer(('127.0.0.1', 0), Session)
with open(folder + '/port.new', 'w') as port:
    port.write(str(server.server_address[1]))
os.rename(folder + '/port.new', folder + '/port')
server.serve_forever()
";

/// A mail server that ends with the test.
struct Post(Child);

impl Drop for Post {
    fn drop(&mut self) {
        if self.0.kill().is_ok() {
            let _ended = self.0.wait();
        }
    }
}

#[test]
fn a_rule_fires_is_a_fault_and_is_told_by_mail() {
    let folder = tempfile::tempdir().unwrap();
    let _post = Post(Command::new("python3").args(["-c", SERVE]).arg(folder.path()).spawn().expect("python3"));
    let port =
        eventually("it listens", || fs::read_to_string(folder.path().join("port")).map_err(|error| error.to_string()));
    let more = format!(
        "notifications: {{ mail: {{ host: 127.0.0.1, port: {port}, tls: none, sender: hansa@broker.example, \
         domains: [example.org] }} }}\n"
    );
    let mut broker = Broker::start(Options { more, ..Options::default() }).expect("SQLite");
    let mails = || fs::read_to_string(folder.path().join("mail")).unwrap_or_default();
    let refused = broker.cli(&["notify", "add", "all", "--to", "ops@elsewhere.net", "--kind", "alert."]).failed(2);
    assert!(refused.contains("notifications.mail.domains"), "{refused}");
    broker.cli(&["notify", "add", "people", "--to", "ops@example.org", "--kind", "alert.", "--kind", "fault."]).ok();
    assert!(broker.cli(&["notify", "test", "people"]).ok().contains("has taken it"));
    assert!(mails().contains("Subject: [Hansa] notification.test"), "{}", mails());

    let sleeper = json!({
        "hansa": 1, "name": "sleeper",
        "components": { "sleeper": {
            "package": { "process": { "command": ["sleep", "600"] } },
            "resources": { "cpu": "50m", "memory": "32Mi" }
        } }
    });
    broker.done(&broker.submit(&sleeper));
    let expr = "hansa_workload_healthy{application=\"sleeper\"} == 1";
    let summary = "{{pod}} of {{application}} works";
    let set = ["alert", "set", "works", expr, "--for", "1s", "--severity", "critical", "--summary", summary];
    broker.cli(&set).ok();
    broker.cli(&["alert", "set", "strange", "no_such_metric > 1"]).ok();
    let tried = broker.cli(&["alert", "test", "works"]).ok();
    assert!(tried.contains("sleeper-0"), "{tried}");
    let fires = |state: &str| {
        let path = "/api/v1/alerts/works";
        let wait = attempt(PATIENCE, || {
            let one = broker.get(path).ok();
            if one["state"] == state { Ok(()) } else { Err(one.to_string()) }
        });
        wait.unwrap_or_else(|last| panic!("it is {state}: {last}"));
    };
    fires("firing");
    let strange = broker.get("/api/v1/alerts/strange").ok();
    assert_eq!(strange["state"], "unknown", "{strange}");
    assert!(strange["reason"].as_str().unwrap().contains("no_such_metric"), "{strange}");
    let faults = eventually("it is a fault", || {
        let all = broker.get("/api/v1/faults?kind=alert-firing").ok();
        all["items"].get(0).cloned().ok_or_else(|| all.to_string())
    });
    assert_eq!((&faults["severity"], &faults["state"]), (&json!("critical"), &json!("open")), "{faults}");
    let has = |what: &str| {
        let told = attempt(PATIENCE, || if mails().contains(what) { Ok(()) } else { Err(mails()) });
        told.unwrap_or_else(|last| panic!("{what} is told by mail: {last}"));
    };
    has("sleeper-0 of sleeper works");
    has("Subject: [Hansa] fault.opened");

    broker.kill();
    broker.restart();
    let asked = broker.get("/api/v1/alerts/works").ok()["askedAt"].clone();
    // Where it died in a round, its lease has to end first.
    let again = attempt(PATIENCE, || {
        let one = broker.get("/api/v1/alerts/works").ok();
        if one["askedAt"] != asked && one["state"] == "firing" { Ok(()) } else { Err(one.to_string()) }
    });
    again.unwrap_or_else(|last| panic!("it is asked again: {last}"));
    let fired = broker.get("/api/v1/events?kind=alert.firing").ok();
    assert_eq!(fired["items"].as_array().unwrap().len(), 1, "{fired}");
    broker.cli(&["alert", "remove", "works"]).ok();
    has("Subject: [Hansa] alert.resolved");
    eventually("the fault is over", || {
        let all = broker.get("/api/v1/faults?kind=alert-firing&state=resolved").ok();
        all["items"].get(0).cloned().ok_or_else(|| all.to_string())
    });
    broker.done(&broker.remove("sleeper").send());
}
