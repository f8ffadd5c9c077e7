//! The kill test: over a life of the demo's application the broker is killed
//! with SIGKILL at random moments, while it plans, starts, replaces, scales and
//! removes, and started again. Whatever was accepted comes true in the end,
//! nothing runs twice, nothing is left over.
//!
//! `HANSA_KILL_ROUNDS` says how often it is killed (15), `HANSA_KILL_SEED`
//! repeats a run's choices.

use crate::harness::{
    Broker, Call, Chance, eventually, say, set_replicas, set_variable, signal, three_tier, workload_directories,
};
use nix::sys::signal::Signal;
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{BuildHasher as _, RandomState},
    thread,
    time::{Duration, Instant},
};

const NAME: &str = "shop";
/// How often it is killed where nobody says otherwise.
const ROUNDS: u64 = 15;
/// The longest life of a broker before its next death, mostly; now and then four times as long.
const LIFE_MS: u64 = 700;

#[test]
fn killed_at_any_moment_nothing_runs_twice_and_nothing_is_lost() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let rounds = number("HANSA_KILL_ROUNDS").unwrap_or(ROUNDS);
    let seed = number("HANSA_KILL_SEED").unwrap_or_else(|| RandomState::new().hash_one(0));
    say(&format!("kill test: {rounds} rounds, HANSA_KILL_SEED={seed}"));
    let begun = Instant::now();
    let mut run = Run { broker: Broker::usual(), chance: Chance(seed), wanted: None, generation: 0, checks: 0 };
    for round in 1..=rounds {
        run.round(round);
        // Not after each round, so that a broker also dies before the last death is made good.
        if run.chance.one_in(2) || round == rounds {
            run.converges();
        }
    }
    run.remove_all();
    say(&format!(
        "kill test: {rounds} kills, {} checks of what runs, none twice, none orphaned, none lost; {} s (seed {seed})",
        run.checks,
        begun.elapsed().as_secs()
    ));
}

/// What is wanted of the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wanted {
    servers: u32,
    generation: u32,
}

impl Wanted {
    fn model(self) -> Value {
        let mut model = three_tier(NAME);
        set_replicas(&mut model, "application", self.servers);
        set_variable(&mut model, "application", "GENERATION", &self.generation.to_string());
        model
    }

    fn instances(self) -> BTreeMap<&'static str, u32> {
        BTreeMap::from([("proxy", 1), ("application", self.servers), ("database", 1)])
    }
}

/// A request that is repeated until it is accepted: the same one each time.
#[derive(Debug, Clone)]
struct Change {
    method: Method,
    path: String,
    body: Option<Value>,
    key: String,
}

impl Change {
    fn new(method: Method, application: &str, body: Option<Value>, key: String) -> Self {
        let path = format!("/api/v1/applications/{application}");
        Self { method, path, body, key }
    }

    fn call(&self, broker: &Broker) -> Call {
        let call = broker.call(self.method.clone(), &self.path).header("Idempotency-Key", &self.key);
        match &self.body {
            Some(body) => call.json(body),
            None => call,
        }
    }
}

struct Run {
    broker: Broker,
    chance: Chance,
    wanted: Option<Wanted>,
    generation: u32,
    checks: u32,
}

impl Run {
    /// A change, or a workload killed, or nothing; the broker's death; its next life.
    fn round(&mut self, round: u64) {
        let change = self.change(round);
        let mut life = self.chance.below(LIFE_MS);
        if self.chance.one_in(8) {
            life *= 4;
        }
        let at_once = self.chance.one_in(3);
        let death = Duration::from_millis(if at_once { life / 10 } else { life });
        match &change {
            // The request may be cut off by the death of whom it is sent to.
            Some(change) => thread::scope(|scope| {
                let call = change.call(&self.broker);
                scope.spawn(move || call.try_send());
                thread::sleep(death);
                self.broker.kill();
            }),
            None => {
                thread::sleep(death);
                self.broker.kill();
            }
        }
        self.broker.none_twice("the broker");
        self.broker.restart();
        self.broker.none_twice("the broker");
        if let Some(change) = change {
            let answer = eventually("the same request again is accepted", || {
                let answer = change.call(&self.broker).try_send()?;
                if answer.status == 202 { Ok(answer) } else { Err(format!("{} {}", answer.status, answer.body)) }
            });
            assert_eq!(answer.status, 202);
        }
    }

    fn change(&mut self, round: u64) -> Option<Change> {
        let key = format!("round-{round}");
        let Some(now) = self.wanted else {
            return Some(self.submission(key));
        };
        match self.chance.below(10) {
            0 => Some(self.removal(key)),
            1 => None,
            2 => {
                self.accident();
                None
            }
            3..=5 => {
                self.generation += 1;
                let generation = self.generation;
                let wanted = Wanted { generation, ..now };
                self.wanted = Some(wanted);
                Some(Change::new(Method::PUT, NAME, Some(wanted.model()), key))
            }
            _ => {
                let servers = self.servers();
                self.wanted = Some(Wanted { servers, ..now });
                let body = json!({ "replicas": { "application": servers } });
                Some(Change::new(Method::PATCH, NAME, Some(body), key))
            }
        }
    }

    fn submission(&mut self, key: String) -> Change {
        self.await_removal();
        let wanted = Wanted { servers: self.servers(), generation: self.generation };
        self.wanted = Some(wanted);
        let path = "/api/v1/applications".to_owned();
        Change { method: Method::POST, path, body: Some(wanted.model()), key }
    }

    fn removal(&mut self, key: String) -> Change {
        self.wanted = None;
        // By its id: once the application is gone, its name may be another's.
        let id = self.broker.application(NAME)["id"].clone();
        Change::new(Method::DELETE, id.as_str().unwrap(), None, key)
    }

    /// A workload is killed, or its supervisor.
    fn accident(&mut self) {
        let mut victims: Vec<i32> = self.broker.running().iter().map(|process| process.pid).collect();
        victims.extend(self.broker.supervisors());
        if !victims.is_empty() {
            let victim = self.chance.below(victims.len() as u64);
            signal(victims[usize::try_from(victim).unwrap()], Signal::SIGKILL);
        }
    }

    fn servers(&mut self) -> u32 {
        u32::try_from(self.chance.below(3)).unwrap() + 1
    }

    /// What is wanted comes true, exactly.
    fn converges(&mut self) {
        self.checks += 1;
        let Some(wanted) = self.wanted else {
            self.await_removal();
            self.broker.nothing_left();
            return;
        };
        let running = self.broker.settles(NAME, &wanted.instances());
        let application = self.broker.application(NAME);
        let generation = &application["model"]["components"]["application"]["environment"]["GENERATION"];
        assert_eq!(*generation, wanted.generation.to_string(), "the last change that was accepted is in force");
        assert_eq!(application["planRevision"], application["revision"]);
        let workloads: BTreeSet<String> = running.iter().map(|process| process.workload.clone()).collect();
        assert_eq!(workload_directories(&self.broker.data()), workloads, "no directory of a workload that is gone");
        assert_eq!(self.broker.supervisors().len(), running.len(), "each workload has one supervisor");
        eventually("the chain works", || self.broker.page(NAME));
    }

    fn await_removal(&self) {
        eventually("the application is gone", || {
            let answer = self.broker.get(&format!("/api/v1/applications/{NAME}"));
            if answer.status == 404 { Ok(()) } else { Err(answer.body) }
        });
    }

    fn remove_all(&mut self) {
        if self.wanted.take().is_some() {
            self.broker.done(&self.broker.remove(NAME).send());
        }
        self.broker.nothing_left();
    }
}
