//! A rule over what runs fires, is a fault, and is told by mail; a broker that
//! is killed neither forgets it nor tells it twice.

use crate::harness::{Broker, Options, attempt, eventually};
use serde_json::{Value, json};
use std::{
    fs,
    process::{Child, Command},
    time::Duration,
};
use tempfile::TempDir;

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
struct Post {
    server: Child,
    folder: TempDir,
}

impl Post {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Command::new("python3").args(["-c", SERVE]).arg(folder.path()).spawn().expect("python3");
        Self { server, folder }
    }

    fn port(&self) -> String {
        let path = self.folder.path().join("port");
        eventually("it listens", || fs::read_to_string(&path).map_err(|error| error.to_string()))
    }

    /// All that came.
    fn mails(&self) -> String {
        fs::read_to_string(self.folder.path().join("mail")).unwrap_or_default()
    }

    fn brings(&self, what: &str) {
        let told = attempt(PATIENCE, || if self.mails().contains(what) { Ok(()) } else { Err(self.mails()) });
        told.unwrap_or_else(|last| panic!("{what} is told by mail: {last}"));
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        if self.server.kill().is_ok() {
            let _ended = self.server.wait();
        }
    }
}

#[test]
fn a_rule_fires_is_a_fault_and_is_told_by_mail() {
    let post = Post::start();
    let more = format!(
        "notifications: {{ mail: {{ host: 127.0.0.1, port: {}, tls: none, sender: hansa@broker.example, \
         domains: [example.org] }} }}\n",
        post.port()
    );
    let mut broker = Broker::start(Options { more, ..Options::default() }).expect("SQLite");
    let refused = broker.cli(&["notify", "add", "all", "--to", "ops@elsewhere.net", "--kind", "alert."]).failed(2);
    assert!(refused.contains("notifications.mail.domains"), "{refused}");
    broker.cli(&["notify", "add", "people", "--to", "ops@example.org", "--kind", "alert.", "--kind", "fault."]).ok();
    assert!(broker.cli(&["notify", "test", "people"]).ok().contains("has taken it"));
    assert!(post.mails().contains("Subject: [Hansa] notification.test"), "{}", post.mails());

    is_set_and_fires(&broker);
    post.brings("sleeper-0 of sleeper works");
    post.brings("Subject: [Hansa] fault.opened");

    broker.kill();
    broker.restart();
    let asked = broker.get("/api/v1/alerts/works").ok()["askedAt"].clone();
    // Where it died in a round, its lease has to end first.
    rule(&broker, "it is asked again", |one| one["askedAt"] != asked && one["state"] == "firing");
    let fired = broker.get("/api/v1/events?kind=alert.firing").ok();
    assert_eq!(fired["items"].as_array().unwrap().len(), 1, "{fired}");
    broker.cli(&["alert", "remove", "works"]).ok();
    post.brings("Subject: [Hansa] alert.resolved");
    fault(&broker, "resolved");
    broker.done(&broker.remove("sleeper").send());
}

/// A rule that holds of what runs, and one that can't be answered.
fn is_set_and_fires(broker: &Broker) {
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
    rule(broker, "it fires", |one| one["state"] == "firing");
    let strange = broker.get("/api/v1/alerts/strange").ok();
    assert_eq!(strange["state"], "unknown", "{strange}");
    assert!(strange["reason"].as_str().unwrap().contains("no_such_metric"), "{strange}");
    assert_eq!(fault(broker, "open")["severity"], "critical");
}

/// Waits until the rule is as wanted.
fn rule(broker: &Broker, what: &str, wanted: impl Fn(&Value) -> bool) {
    let looked = attempt(PATIENCE, || {
        let one = broker.get("/api/v1/alerts/works").ok();
        if wanted(&one) { Ok(()) } else { Err(one.to_string()) }
    });
    looked.unwrap_or_else(|last| panic!("{what}: {last}"));
}

/// The fault of the rule, once it is in that state.
fn fault(broker: &Broker, state: &str) -> Value {
    eventually("the fault of the rule", || {
        let all = broker.get(&format!("/api/v1/faults?kind=alert-firing&state={state}")).ok();
        all["items"].get(0).cloned().ok_or_else(|| all.to_string())
    })
}
