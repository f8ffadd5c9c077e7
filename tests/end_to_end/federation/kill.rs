//! The kill test of partners: over a life of an application at three owners
//! one of the brokers is killed with SIGKILL at random moments, while it
//! negotiates, holds, orders, delivers, ends, and started again; now and then
//! its workloads with it, or it is stopped in its tracks for longer than a hold
//! lasts. In the end both sides agree, nothing is orphaned, nothing runs twice.
//!
//! `HANSA_KILL_ROUNDS` says how often (8), `HANSA_KILL_SEED` repeats a run's choices.

use super::{
    Owners,
    owners::{applications, orders, spread},
};
use crate::harness::{Broker, Chance, eventually, say, set_replicas, signal};
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
const NAMES: [&str; 3] = ["north", "south", "west"];
/// How often somebody is killed where nobody says otherwise.
const ROUNDS: u64 = 8;
/// The longest life of a broker before its next death.
const LIFE_MS: u64 = 1_500;

#[test]
fn partners_killed_at_any_moment_agree_in_the_end() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let rounds = number("HANSA_KILL_ROUNDS").unwrap_or(ROUNDS);
    let seed = number("HANSA_KILL_SEED").unwrap_or_else(|| RandomState::new().hash_one(0));
    say(&format!("kill test of partners: {rounds} rounds, HANSA_KILL_SEED={seed}"));
    let begun = Instant::now();
    let owners = Owners::federated(&[("north", "DE"), ("south", "FR"), ("west", "NL")]);
    let mut run = Run { owners, chance: Chance(seed), servers: 1, submitted: false };
    for round in 1..=rounds {
        run.round(round);
        if run.chance.one_in(2) || round == rounds {
            run.converges();
        }
    }
    run.remove();
    say(&format!(
        "kill test of partners: {rounds} deaths, none twice, none orphaned, none lost; {} s (seed {seed})",
        begun.elapsed().as_secs()
    ));
}

struct Run {
    owners: Owners,
    chance: Chance,
    servers: u32,
    submitted: bool,
}

impl Run {
    fn north(&self) -> &Broker {
        self.owners.get("north")
    }

    /// Servers may run in the south or in the west, so that there is always somewhere to go.
    fn model(&self) -> Value {
        let mut model = spread(NAME, &[("proxy", "north"), ("database", "north")]);
        let allowed = ["urn:hansa:site:south", "urn:hansa:site:west"];
        model["components"]["application"]["constraints"]["site"] = json!({ "allow": allowed });
        set_replicas(&mut model, "application", self.servers);
        model
    }

    /// A change, somebody's death in the middle of it, and the next life.
    fn round(&mut self, round: u64) {
        self.change(round);
        thread::sleep(Duration::from_millis(self.chance.below(LIFE_MS)));
        let victim = NAMES[usize::try_from(self.chance.below(3)).unwrap()];
        match self.chance.below(4) {
            0 => self.freeze(victim),
            1 => self.power_off(victim),
            _ => self.owners.get_mut(victim).kill(),
        }
        self.none_twice();
        if self.owners.get(victim).is_down() {
            if self.chance.one_in(3) {
                // Longer than the grace: what it ran is planned elsewhere.
                thread::sleep(Duration::from_secs(7));
            }
            self.owners.get_mut(victim).restart();
        }
        self.none_twice();
    }

    fn change(&mut self, round: u64) {
        self.servers = u32::try_from(self.chance.below(3)).unwrap() + 1;
        let (method, path) = match self.submitted {
            true => (Method::PUT, format!("/api/v1/applications/{NAME}")),
            false => (Method::POST, "/api/v1/applications".to_owned()),
        };
        self.submitted = true;
        let (model, key) = (self.model(), format!("round-{round}"));
        eventually("the change is accepted", || {
            let call = self.north().call(method.clone(), &path).header("Idempotency-Key", &key);
            let answer = call.json(&model).try_send()?;
            // 422: no room anywhere now, for whoever could give it is away.
            if answer.status == 202 { Ok(()) } else { Err(format!("{} {}", answer.status, answer.body)) }
        });
    }

    /// Silent for longer than a hold lasts and a partner is waited for.
    fn freeze(&mut self, victim: &str) {
        self.owners.get(victim).pause();
        thread::sleep(Duration::from_secs(2 + self.chance.below(8)));
        self.owners.get(victim).resume();
    }

    /// Broker, supervisors and workloads at once.
    fn power_off(&mut self, victim: &str) {
        let broker = self.owners.get_mut(victim);
        broker.kill();
        for process in broker.running() {
            signal(process.pid, Signal::SIGKILL);
        }
        for pid in broker.supervisors() {
            signal(pid, Signal::SIGKILL);
        }
    }

    /// What is wanted runs, once, wherever that is; and everybody says the same of it.
    fn converges(&self) {
        let wanted: BTreeMap<(String, u32), usize> = [("proxy".to_owned(), 0), ("database".to_owned(), 0)]
            .into_iter()
            .chain((0..self.servers).map(|ordinal| ("application".to_owned(), ordinal)))
            .map(|instance| (instance, 1))
            .collect();
        eventually("what is wanted runs, once", || {
            let application = self.north().application(NAME);
            let there = self.running();
            if application["phase"]["state"] == "running" && there == wanted {
                Ok(())
            } else {
                Err(format!("{}\nwanted {wanted:?}\nthere {there:?}", application["phase"]))
            }
        });
        eventually("both sides agree", || self.agreement());
        eventually("the chain works", || self.north().page(NAME));
    }

    /// How many processes of each instance run at all brokers together.
    fn running(&self) -> BTreeMap<(String, u32), usize> {
        let mut found = BTreeMap::new();
        for (_, broker) in self.owners.all() {
            for process in broker.running() {
                *found.entry((process.component, process.ordinal)).or_default() += 1;
            }
        }
        found
    }

    /// What the north has ordered is what the others deliver.
    fn agreement(&self) -> Result<(), String> {
        let alive = |orders: Vec<Value>| {
            let living = orders.into_iter().filter(|order| order["state"] != "ended");
            living.map(|order| order["id"].as_str().unwrap().to_owned()).collect::<BTreeSet<String>>()
        };
        let ordered = alive(orders(self.north(), "consumer"));
        let delivered: BTreeSet<String> =
            ["south", "west"].into_iter().flat_map(|name| alive(orders(self.owners.get(name), "provider"))).collect();
        if ordered == delivered { Ok(()) } else { Err(format!("ordered {ordered:?}, delivered {delivered:?}")) }
    }

    fn remove(&self) {
        self.north().done(&self.north().remove(NAME).send());
        for (name, broker) in self.owners.all() {
            eventually("nothing is left", || {
                let (left, there) = (applications(broker), broker.running());
                if left.is_empty() && there.is_empty() { Ok(()) } else { Err(format!("{name}: {left:?} {there:?}")) }
            });
        }
        eventually("both sides agree", || self.agreement());
    }

    /// At no moment has a workload two processes at one broker.
    fn none_twice(&self) {
        for (name, broker) in self.owners.all() {
            broker.none_twice(name);
        }
    }
}
