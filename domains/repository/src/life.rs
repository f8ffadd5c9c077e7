//! The lives of what is metered, as events tell of them.
//!
//! Whoever begins or ends such a thing puts a [`Life`] into the data of the
//! event that tells of it; whoever meters reads it there. Both use these types,
//! so that they can't drift apart.

use crate::{RepositoryError, event::Event, json};
use chrono::{DateTime, Utc};
use hansa_ontology::{
    Currency, MachineId, Money, Offer, OfferId, OfferKind, ProviderId, SiteId, WorkloadId,
    offer::{Flavour, PricingModel},
    site::EnergyProfile,
    sla::Sla,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// Where it stands in the data of an event.
const FIELD: &str = "life";

/// What an event tells of the life of a thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Life {
    /// Of what.
    pub thing: Thing,
    /// What.
    pub change: LifeChange,
}

/// A thing that is metered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "id")]
pub enum Thing {
    /// A rented machine: a server, a virtual machine, a share of a cluster.
    Machine(MachineId),
    /// A running instance of a component.
    Workload(WorkloadId),
    /// What an instance of a component keeps on one node.
    Volume(String),
}

/// What happened to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LifeChange {
    /// A machine can be used from now on, and is paid for.
    Rented(Box<Rental>),
    /// It is in a machine from now on.
    Placed(Placement),
    /// It is there again after it was gone, on the terms on which it began.
    Resumed,
    /// It is no longer there, and nobody is to blame: its time was over. Told again it means nothing.
    Ended,
    /// It is no longer there, or can't be used, and nobody wanted that. It
    /// comes back ([`Self::Resumed`], [`Self::Rented`]), or is given up ([`Self::Ended`]).
    Lost,
}

/// The terms of a rental, as they were when the machine was rented: later
/// changes of the offer don't touch them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rental {
    /// The offer.
    pub offer: OfferId,
    /// What people read of it.
    pub title: String,
    /// Who delivers.
    pub provider: ProviderId,
    /// Where.
    pub site: SiteId,
    /// What kind of machine.
    pub kind: OfferKind,
    /// How it is sold.
    pub model: PricingModel,
    /// The price of one hour in micro-units.
    pub price_micros: i64,
    /// The currency of the price.
    pub currency: Currency,
    /// The DID of the partner whose order it delivers; none for a tenant of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// When it was ordered; none for a partner's order, whose capacity was held before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordered: Option<DateTime<Utc>>,
    /// The partner who delivers it, by its name for people, by an order with the machine's id; none: we do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<String>,
    /// What one unit has; none in events of before it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flavour: Option<Flavour>,
    /// What is promised of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sla: Option<Sla>,
    /// What is said of its energy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub energy: Option<EnergyProfile>,
}

/// What is in a machine, and how much of it there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Placement {
    /// The machine.
    pub machine: MachineId,
    /// The size of a volume in MiB; none for what has no size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mebibytes: Option<u64>,
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Machine(id) => write!(f, "machine/{id}"),
            Self::Workload(id) => write!(f, "workload/{id}"),
            Self::Volume(id) => write!(f, "volume/{id}"),
        }
    }
}

impl Rental {
    /// The terms of a unit of an offer at a price for one hour, for whom and from whom.
    #[must_use]
    pub fn new(offer: &Offer, price_per_hour: Money, customer: Option<&str>, partner: Option<&str>) -> Self {
        Self {
            offer: offer.id.clone(),
            title: offer.title.clone(),
            provider: offer.provider.clone(),
            site: offer.site.clone(),
            kind: offer.kind,
            model: offer.price_plan.model,
            price_micros: price_per_hour.micros,
            currency: price_per_hour.currency,
            customer: customer.map(str::to_owned),
            ordered: None,
            partner: partner.map(str::to_owned),
            flavour: Some(offer.flavour.clone()),
            sla: offer.sla.clone(),
            energy: offer.energy.clone(),
        }
    }
}

impl Life {
    /// A machine's.
    #[must_use]
    pub const fn of_machine(machine: MachineId, change: LifeChange) -> Self {
        Self { thing: Thing::Machine(machine), change }
    }

    /// Puts it into the data of an event, beside what is there. Data that is no
    /// object is left as it is.
    ///
    /// # Errors
    /// When it has no JSON form.
    pub fn tell(&self, data: Value) -> Result<Value, RepositoryError> {
        json::to_event(FIELD, &format!("the life of {}", self.thing), self, data)
    }

    /// What an event tells of a life; none where it tells of none.
    ///
    /// # Errors
    /// When this program can't read what it tells: a newer one has written it.
    pub fn read(event: &Event) -> Result<Option<Self>, RepositoryError> {
        json::from_event(FIELD, event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hansa_ontology::Actor;
    use serde_json::json;

    fn event(data: Value) -> Event {
        Event {
            sequence: 7,
            at: chrono::DateTime::UNIX_EPOCH,
            actor: Actor::Broker,
            application: None,
            subject: "machine/1".to_owned(),
            kind: "machine.rented".to_owned(),
            message: String::new(),
            data,
            request: None,
            project: None,
        }
    }

    #[test]
    fn what_is_told_is_read_beside_other_data() {
        let machine = MachineId(uuid::Uuid::from_u128(1));
        for change in [
            LifeChange::Ended,
            LifeChange::Lost,
            LifeChange::Resumed,
            LifeChange::Placed(Placement { machine, mebibytes: Some(20) }),
            LifeChange::Placed(Placement { machine, mebibytes: None }),
        ] {
            let life = Life { thing: Thing::Volume("a/b/0".to_owned()), change };
            let data = life.tell(json!({ "site": "x" })).unwrap();
            assert_eq!(data["site"], "x");
            assert_eq!(Life::read(&event(data)).unwrap(), Some(life));
        }
        assert_eq!(Life::read(&event(json!({ "site": "x" }))).unwrap(), None);
        let newer = Life::read(&event(json!({ "life": { "thing": { "kind": "moon" } } }))).unwrap_err();
        assert!(newer.to_string().contains("event 7"), "{newer}");
    }
}
