//! Five brokers, each a partner of each: whatever one publishes, all know,
//! within three rounds of exchange.
//!
//! `HANSA_MESH_OFFERS` says how many offers each has (200).

use super::{
    Owners,
    owners::{offers, partners},
};
use crate::harness::{Broker, attempt, catalogue, say};
use hansa_ontology::{Catalogue, rdf::write_turtle};
use reqwest::Method;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    time::{Duration, Instant},
};

const NAMES: [(&str, &str); 5] = [("north", "FI"), ("south", "FI"), ("west", "FI"), ("east", "FI"), ("middle", "FI")];
/// Offers of each where nobody says otherwise.
const OFFERS: u32 = 200;
/// Offers in one import.
const PIECE: usize = 200;
/// Rounds of exchange until all know all.
const ROUNDS: usize = 3;

#[test]
fn five_brokers_know_each_others_offers_within_three_rounds() {
    let each = std::env::var("HANSA_MESH_OFFERS").map_or(OFFERS, |text| text.parse().unwrap());
    let owners = Owners::with(&NAMES, |options| {
        let owner = options.owner.as_mut().unwrap();
        owner.offers = "imported".to_owned();
        owner.pull_interval = "2s".to_owned();
        owner.stale_after = "60s".to_owned();
        owner.grace = "120s".to_owned();
    });
    owners.federate();
    let begun = Instant::now();
    for (name, broker) in owners.all() {
        let (provider, site) = (format!("urn:hansa:provider:{name}"), format!("urn:hansa:site:{name}"));
        let whole = catalogue(&provider, &site, &format!("https://{name}.example"), each);
        // In pieces: a slow machine checks so many in one request's time.
        for offers in whole.offers.chunks(PIECE) {
            let piece = Catalogue { offers: offers.to_vec(), ..whole.clone() };
            let turtle = write_turtle(&piece);
            let report = broker.call(Method::POST, "/admin/v1/offers/import").body("text/turtle", turtle).send().ok();
            assert_eq!(report["outcome"], "imported", "{report}");
        }
    }
    let (imported, all) = (begun.elapsed(), each as usize * NAMES.len());
    // Provider, site and offers.
    let mut rounds = Rounds { all: i64::from(each) + 2, seen: BTreeMap::new() };
    let begun = Instant::now();
    let sets: Vec<BTreeSet<String>> = owners
        .all()
        .map(|(name, _)| {
            let told = attempt(Duration::from_millis(90_000 + 500 * u64::from(each)), || {
                owners.all().for_each(|(name, broker)| rounds.look(name, broker));
                let known: BTreeSet<String> = offers(owners.get(name)).into_iter().collect();
                if known.len() == all { Ok(known) } else { Err(format!("{name} knows {} of {all}", known.len())) }
            });
            told.unwrap_or_else(|last| panic!("not all know all: {last}"))
        })
        .collect();
    let exchanged = begun.elapsed();
    assert!(sets.iter().all(|set| *set == sets[0]), "the sets differ");
    owners.all().for_each(|(name, broker)| rounds.look(name, broker));
    let most = rounds.most();
    say(&format!(
        "mesh: {all} offers at each of {} brokers; import {:.1} s, exchange {:.1} s in {most} rounds, {:.0} offers a second taken in by all together, {} KiB of memory at the largest",
        NAMES.len(),
        imported.as_secs_f64(),
        exchanged.as_secs_f64(),
        (all * (NAMES.len() - 1)) as f64 / exchanged.as_secs_f64(),
        owners.all().map(|(_, broker)| resident_kib(broker)).max().unwrap()
    ));
    assert!(most <= ROUNDS, "{most} rounds");
}

/// Rounds of exchange, by who read whose feed: from when all was published
/// until all was read.
struct Rounds {
    all: i64,
    seen: BTreeMap<(String, String), (BTreeSet<String>, bool)>,
}

impl Rounds {
    fn look(&mut self, name: &str, broker: &Broker) {
        for partner in partners(broker).unwrap() {
            let number = |field: &str| partner[field].as_i64().unwrap();
            let pair = (name.to_owned(), partner["did"].to_string());
            let (rounds, done) = self.seen.entry(pair).or_default();
            if number("feedHead") >= self.all && !*done {
                rounds.insert(partner["lastPulled"].to_string());
                *done = number("feedPosition") >= number("feedHead");
            }
        }
    }

    /// The most that any pair took.
    fn most(&self) -> usize {
        assert!(self.seen.values().all(|(_, done)| *done), "some feeds are not read to their end: {:?}", self.seen);
        self.seen.values().map(|(rounds, _)| rounds.len()).max().unwrap_or_default()
    }
}

/// The memory that a broker holds now, in KiB (`VmRSS`).
fn resident_kib(broker: &Broker) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", broker.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
