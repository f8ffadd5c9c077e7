//! The command line as programs and people use it.

use crate::harness::{Broker, attempt, hansa, signal, single, three_tier};
use nix::sys::signal::Signal;
use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::Stdio,
    thread,
    time::Duration,
};

#[test]
fn every_answer_can_be_had_as_table_json_and_yaml() {
    let broker = Broker::usual();
    let accepted = broker.submit(&three_tier("shop"));
    broker.done(&accepted);
    let operation = accepted.json()["operation"].as_str().unwrap().to_owned();
    let model = broker.file("other.json", &single("other", &["sleep"]).to_string());
    for words in [
        &["app", "list"][..],
        &["app", "show", "shop"],
        &["app", "show", "shop", "--plan"],
        &["plan", &model],
        &["offer", "list"],
        &["offer", "show", "urn:hansa:site:local:small"],
        &["site", "list"],
        &["site", "show", "local"],
        &["provider", "list"],
        &["node", "list"],
        &["event", "list"],
        &["operation", "list"],
        &["operation", "show", &operation],
        &["query", "ASK { ?s ?p ?o }"],
    ] {
        let as_form = |form: &str| broker.cli(&[words, &["-o", form]].concat()).ok();
        let json = as_form("json");
        serde_json::from_str::<serde_json::Value>(&json)
            .unwrap_or_else(|error| panic!("{}: {error}: {json}", words.join(" ")));
        let (table, yaml) = (as_form("table"), as_form("yaml"));
        assert!(!table.trim().is_empty() && !yaml.trim().is_empty());
        assert_ne!(yaml, json, "{}", words.join(" "));
    }
}

#[test]
fn a_model_that_is_shown_can_be_given_back() {
    let broker = Broker::usual();
    broker.done(&broker.submit(&three_tier("shop")));
    let before = broker.running();
    let shown = broker.application("shop")["model"].to_string();
    let file = broker.file("again.json", &shown);
    broker.cli(&["app", "update", "shop", &file, "--wait"]).ok();
    assert_eq!(broker.running(), before, "nothing has changed, so nobody is touched");
}

#[test]
fn what_needs_no_broker_works_without_one() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = hansa(folder.path(), &["completion", shell], &[]).ok();
        assert!(script.contains("hansa") && script.contains("submit"), "{shell}");
    }
    let schema = hansa(folder.path(), &["model", "schema"], &[]).ok();
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    assert!(schema["$schema"].as_str().unwrap().contains("2020-12"), "{}", schema["$schema"]);
    assert!(hansa(folder.path(), &["--version"], &[]).ok().contains(env!("CARGO_PKG_VERSION")));
    assert!(hansa(folder.path(), &["--help"], &[]).ok().contains("federated"));
    assert_eq!(hansa(folder.path(), &["app", "submitt"], &[]).code, 2);
    assert_eq!(hansa(folder.path(), &[], &[]).code, 2);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was written");
}

/// Runs a command that doesn't end by itself until it has printed `sought`;
/// meanwhile `make` makes something to be printed, again and again.
fn prints(broker: &Broker, words: &[&str], sought: &str, mut make: impl FnMut()) {
    let mut child = broker.cli_command(words).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    thread::scope(|scope| {
        let reader = scope.spawn(|| lines.map_while(Result::ok).any(|line| line.contains(sought)));
        let found = attempt(Duration::from_secs(60), || {
            make();
            if reader.is_finished() { Ok(()) } else { Err(String::new()) }
        });
        // With its end the pipe ends, and with that the reader.
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(reader.join().unwrap() && found.is_ok(), "`{}` did not print {sought}", words.join(" "));
    });
}

#[test]
fn what_happens_is_shown_as_it_happens() {
    let broker = Broker::usual();
    broker.done(&broker.submit(&three_tier("shop")));
    let mut count = 1;
    let mut scale = || {
        count = count % 2 + 1;
        broker.done(&broker.scale("shop", "application", count).send());
    };
    prints(&broker, &["event", "watch"], "application.scaled", &mut scale);
    prints(&broker, &["event", "watch", "--kind", "application.", "-o", "json"], "\"application.scaled\"", &mut scale);
    prints(&broker, &["app", "watch", "shop"], "application.scaled", &mut scale);
    let mut kill = || {
        let proxy = broker.workload("shop", "proxy", 0);
        if let Some(pid) = proxy.pid.filter(|_| proxy.state == "running") {
            signal(pid, Signal::SIGKILL);
        }
    };
    prints(
        &broker,
        &["app", "logs", "shop", "--follow", "--tail", "0", "--component", "proxy"],
        "proxy listens on",
        &mut kill,
    );
}

#[test]
fn a_pipe_that_is_closed_is_no_failure() {
    let broker = Broker::usual();
    let mut child =
        broker.cli_command(&["model", "schema"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(child.wait().unwrap().success(), "{said}");
    assert_eq!(said, "");
}
