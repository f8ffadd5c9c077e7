//! Brokers of several owners.

use crate::harness::{Broker, Options, Owner, eventually};
use serde_json::{Value, json};
use std::thread;

/// Brokers of several owners. They are taken away together: first what tenants
/// submitted, while everybody is there to end what it ordered.
pub(crate) struct Owners {
    brokers: Vec<(String, Broker)>,
}

impl Owners {
    /// A broker for each of these: name and country. None of them knows another.
    pub(crate) fn apart(owners: &[(&str, &str)]) -> Self {
        Self::with(owners, |_| {})
    }

    /// As [`Self::apart`], each told what `change` makes of its options.
    pub(crate) fn with(owners: &[(&str, &str)], change: impl Fn(&mut Options)) -> Self {
        let start = |(name, country): &(&str, &str)| {
            let mut options = Options { owner: Some(Owner::named(name, country)), ..Options::default() };
            change(&mut options);
            ((*name).to_owned(), Broker::start(options).unwrap())
        };
        Self { brokers: owners.iter().map(start).collect() }
    }

    /// As [`Self::apart`], and then every two are partners and know each other's offers.
    pub(crate) fn federated(owners: &[(&str, &str)]) -> Self {
        let all = Self::apart(owners);
        all.federate();
        all.know(3 * owners.len());
        all
    }

    /// Makes every two of them partners: one invites, the other accepts.
    #[track_caller]
    pub(crate) fn federate(&self) {
        for (number, (_, inviting)) in self.brokers.iter().enumerate() {
            for (name, invited) in &self.brokers[number + 1..] {
                let line = inviting.cli(&["partner", "invite", "--name", name]).ok();
                assert!(line.starts_with("hansa-invite:"), "{line}");
                invited.cli(&["partner", "accept", line.trim()]).ok();
            }
        }
        for (name, broker) in &self.brokers {
            eventually("all partners are active", || {
                let partners = partners(broker)?;
                let active = partners.iter().filter(|partner| partner["state"] == "ACTIVE").count();
                if active + 1 == self.brokers.len() { Ok(()) } else { Err(format!("{name}: {partners:?}")) }
            });
        }
    }

    /// Waits until each knows so many offers.
    #[track_caller]
    pub(crate) fn know(&self, offers: usize) {
        for (name, broker) in &self.brokers {
            eventually("the offers are there", || {
                let known = known(broker);
                if known == offers { Ok(()) } else { Err(format!("{name} knows {known} of {offers}")) }
            });
        }
    }

    /// The broker of this owner.
    #[track_caller]
    pub(crate) fn get(&self, name: &str) -> &Broker {
        &self.brokers.iter().find(|(own, _)| own == name).unwrap().1
    }

    /// As [`Self::get`], to be killed or changed.
    #[track_caller]
    pub(crate) fn get_mut(&mut self, name: &str) -> &mut Broker {
        &mut self.brokers.iter_mut().find(|(own, _)| own == name).unwrap().1
    }

    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &Broker)> {
        self.brokers.iter().map(|(name, broker)| (name.as_str(), broker))
    }
}

impl Drop for Owners {
    fn drop(&mut self) {
        if thread::panicking() {
            return;
        }
        for (_, broker) in &self.brokers {
            remove_own(broker);
        }
        for (name, broker) in &self.brokers {
            eventually("nothing is left to remove", || {
                let left = applications(broker);
                if left.is_empty() { Ok(()) } else { Err(format!("{name} still has {left:#?}")) }
            });
        }
    }
}

fn remove_own(broker: &Broker) {
    for application in applications(broker) {
        if application["owner"] == "local" {
            broker.remove(application["id"].as_str().unwrap()).send();
        }
    }
}

/// Every application that a broker still has, its own and partners'.
pub(crate) fn applications(broker: &Broker) -> Vec<Value> {
    broker.get("/api/v1/applications?limit=500&includeOrders=true").ok()["items"].as_array().unwrap().clone()
}

/// The partners of a broker.
pub(crate) fn partners(broker: &Broker) -> Result<Vec<Value>, String> {
    let answer = broker.call(reqwest::Method::GET, "/admin/v1/partners?limit=500").try_send()?;
    if answer.status != 200 {
        return Err(answer.body);
    }
    Ok(answer.json()["items"].as_array().cloned().unwrap_or_default())
}

/// The orders of a broker in this role: `consumer` or `provider`.
pub(crate) fn orders(broker: &Broker, role: &str) -> Vec<Value> {
    let all = broker.get("/admin/v1/orders?limit=500").ok();
    let mut orders = all["items"].as_array().unwrap().clone();
    orders.retain(|order| order["role"] == role);
    orders
}

/// How many offers a broker knows.
pub(crate) fn known(broker: &Broker) -> usize {
    offers(broker).len()
}

/// The IRIs of all offers that a broker knows.
pub(crate) fn offers(broker: &Broker) -> Vec<String> {
    let (mut found, mut token) = (Vec::new(), String::new());
    loop {
        let page = broker.get(&format!("/api/v1/offers?limit=500{token}")).ok();
        let items = page["items"].as_array().unwrap();
        found.extend(items.iter().map(|offer| offer["id"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => token = format!("&pageToken={next}"),
            None => return found,
        }
    }
}

/// The demo's application with each tier at the site of an owner.
pub(crate) fn spread(name: &str, tiers: &[(&str, &str)]) -> Value {
    let mut model = crate::harness::three_tier(name);
    for (tier, owner) in tiers {
        model["components"][*tier]["constraints"]["site"] = json!({ "allow": [format!("urn:hansa:site:{owner}")] });
    }
    model
}
