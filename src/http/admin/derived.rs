//! Offers that are made of what a system has: one for each size, priced by
//! the owner's rule. Doing it again changes what the rule or the system has changed.

use super::{offers, systems::no_size};
use crate::http::{
    Broker,
    problem::{ApiError, ProblemKind},
    wire::{DeriveRequest, DerivedOffer, Price},
};
use hansa_ontology::{
    Currency, Money, Offer, OfferId, OfferKind,
    money::Micros,
    offer::{Capacity, CpuArch, Flavour, PricePlan, PricingModel},
    resource_model::{RUNS_CONTAINERS, RUNS_KUBERNETES, RUNS_NOTHING},
};
use hansa_repository::{
    OwnerChange,
    catalogue::sale::{Sale, SaleState},
    system::{AgentRuns, Backing, Room, System, SystemReport},
};
use std::collections::BTreeSet;

/// MiB of a GiB, which prices are for.
const GIB: i128 = 1_024;

/// A size in which a system's machines are offered.
struct Size {
    /// The system's own name of it.
    item: Option<String>,
    flavour: Flavour,
}

/// What each part of a machine costs an hour, in micro-units.
struct Rule {
    currency: Currency,
    base: i128,
    cpu: i128,
    memory: i128,
    disk: i128,
    gpu: i128,
}

/// Makes the offers, or says what would be made.
pub(crate) async fn derive(
    broker: &Broker,
    system: &System,
    wanted: &DeriveRequest,
    change: &OwnerChange,
) -> Result<Vec<DerivedOffer>, ApiError> {
    super::limits::words("/capabilities", &wanted.capabilities)?;
    let mco = broker.orchestrator.mco();
    let gives = mco.system_gives(&system.kind).unwrap_or(OfferKind::Container);
    let standing = mco.systems().standing(&system.name).await?;
    let Some(report) = standing.report else {
        let text = format!("system {} has not told yet what it has; `hansa system test` asks it", system.name);
        return Err(ApiError::new(ProblemKind::Conflict, text));
    };
    let rule = Rule::of(wanted)?;
    let mut derived = Vec::new();
    for size in sizes(broker, gives, &report, &wanted.flavours).await? {
        let offer = offer(broker, system, gives, &size, &rule, wanted).await?;
        derived.push(put(broker, system, offer, size.item, wanted.publish, change).await?);
    }
    Ok(derived)
}

/// The sizes that are asked for.
async fn sizes(
    broker: &Broker,
    gives: OfferKind,
    report: &SystemReport,
    names: &BTreeSet<String>,
) -> Result<Vec<Size>, ApiError> {
    let own: Vec<Size> = match gives {
        OfferKind::BareMetal => hosts(report),
        _ => report
            .flavours
            .iter()
            .map(|one| Size { item: Some(one.name.clone()), flavour: shape(&one.name, one.room) })
            .collect(),
    };
    if names.is_empty() {
        if own.is_empty() {
            let text = "the system has no flavours of its own: name flavours of this broker (`hansa flavour list`)";
            return Err(ApiError::field("/flavours", text));
        }
        return Ok(own);
    }
    let mut sizes = Vec::new();
    for name in names {
        if let Some(size) = own.iter().find(|size| size.item.as_deref() == Some(name) || size.flavour.name == *name) {
            sizes.push(Size { item: size.item.clone(), flavour: size.flavour.clone() });
            continue;
        }
        let named = broker
            .catalogue
            .flavour(name)
            .await
            .map_err(|error| no_size(name, &error).unwrap_or_else(|| error.into()))?;
        sizes.push(Size { item: None, flavour: named.flavour });
    }
    Ok(sizes)
}

/// Servers by what they have: those that are alike are one size.
fn hosts(report: &SystemReport) -> Vec<Size> {
    let mut sizes: Vec<Size> = Vec::new();
    for host in &report.hosts {
        let room = host.capacity;
        let class = host.labels.get("resourceClass").cloned();
        let name = class.clone().unwrap_or_else(|| format!("{}c-{}g", room.cpu_milli / 1_000, room.memory_mib / 1_024));
        if room.cpu_milli > 0 && room.memory_mib > 0 && sizes.iter().all(|size| size.flavour.name != name) {
            sizes.push(Size { item: class, flavour: shape(&name, room) });
        }
    }
    sizes
}

fn shape(name: &str, room: Room) -> Flavour {
    Flavour {
        name: name.to_owned(),
        cpu_milli: u32::try_from(room.cpu_milli).unwrap_or(u32::MAX),
        memory_mib: room.memory_mib,
        disk_mib: room.disk_mib,
        cpu_arch: CpuArch::Amd64,
        gpu: None,
        bandwidth_mbps: None,
    }
}

async fn offer(
    broker: &Broker,
    system: &System,
    gives: OfferKind,
    size: &Size,
    rule: &Rule,
    wanted: &DeriveRequest,
) -> Result<Offer, ApiError> {
    let site = crate::http::routes::sites::find(broker, system.site.as_str()).await?;
    let mut capabilities = wanted.capabilities.clone();
    capabilities.extend(runs(system, gives).iter().map(|&tag| tag.to_owned()));
    let flavour = size.flavour.clone();
    let part: String = flavour
        .name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') { c } else { '-' })
        .collect();
    let iri = format!("{}:{}-{part}", system.site, system.name);
    let mut offer = Offer {
        id: OfferId::new(iri).map_err(|error| ApiError::field("/flavours", error.to_string()))?,
        title: format!("{} of {} at {}", flavour.name, system.name, site.name),
        provider: site.provider,
        site: site.id,
        kind: gives,
        capacity: Capacity { available_units: 0, as_of: broker.clock.now() },
        price_plan: PricePlan { model: PricingModel::OnDemand, price_per_hour: rule.price(&flavour)? },
        sla: offers::availability(wanted.availability_percent.as_deref())?,
        energy: None,
        claims: Vec::new(),
        service_area: BTreeSet::new(),
        capabilities,
        valid_from: None,
        valid_through: None,
        flavour,
    };
    let backing = Backing { offer: offer.id.clone(), system: system.name.clone(), item: size.item.clone() };
    offer.capacity.available_units = broker.orchestrator.mco().units_by(&offer, Some(&backing)).await?;
    Ok(offer)
}

/// What machines of such a system run, as capabilities of their offers.
fn runs(system: &System, gives: OfferKind) -> &'static [&'static str] {
    match (gives, system.kind.as_str()) {
        (OfferKind::Container, "kubernetes" | "cluster_api" | "magnum") => &[RUNS_CONTAINERS, RUNS_KUBERNETES],
        (OfferKind::Container, _) => &[RUNS_CONTAINERS],
        (OfferKind::VirtualMachine | OfferKind::BareMetal, _) => match system.agent() {
            Some(AgentRuns::Processes) => &[],
            Some(AgentRuns::Containers) => &[RUNS_CONTAINERS],
            Some(AgentRuns::Kubernetes) => &[RUNS_CONTAINERS, RUNS_KUBERNETES],
            None => &[RUNS_NOTHING],
        },
    }
}

/// Writes an offer down, or changes what is there to it.
async fn put(
    broker: &Broker,
    system: &System,
    offer: Offer,
    item: Option<String>,
    publish: bool,
    change: &OwnerChange,
) -> Result<DerivedOffer, ApiError> {
    let known = broker.catalogue.sale(&offer.id).await.ok();
    let price = offer.price_plan.price_per_hour;
    let backing = Backing { offer: offer.id.clone(), system: system.name.clone(), item: item.clone() };
    let lacking = match offer.capacity.available_units {
        0 => Some(broker.orchestrator.mco().units_lacking(&offer, &backing).await?),
        _ => None,
    };
    let mut derived = DerivedOffer {
        offer: offer.id.to_string(),
        item,
        price_per_hour: Price::new(price.micros, price.currency),
        units: offer.capacity.available_units,
        lacking,
        state: "draft".to_owned(),
    };
    let step = OwnerChange { expected: None, ..change.clone() };
    if !change.dry_run {
        // Before the offer: one without it would be delivered by this machine's own nodes.
        broker.orchestrator.mco().systems().backing_set(backing).await?;
    }
    let id = offer.id.clone();
    match known.as_ref().map(|sale| (sale.state, sale)) {
        None => drop(offers::done(broker.catalogue.sale_save(offer, true, true, step.clone()).await?)?),
        Some((SaleState::Draft, _)) => {
            drop(offers::done(broker.catalogue.sale_save(offer, true, false, step.clone()).await?)?);
        }
        Some((SaleState::Published, sale)) => {
            derived.state = reprice(broker, sale, price, step).await?.to_owned();
            return Ok(derived);
        }
        Some((SaleState::Withdrawn, _)) => {
            let text = format!("the offer {id} was withdrawn; disconnect the system, or draft an offer by hand");
            return Err(ApiError::new(ProblemKind::Conflict, text));
        }
    }
    if publish {
        if !change.dry_run {
            offers::done(broker.catalogue.sale_publish(&id, step).await?)?;
        }
        "published".clone_into(&mut derived.state);
    }
    Ok(derived)
}

async fn reprice(broker: &Broker, sale: &Sale, price: Money, change: OwnerChange) -> Result<&'static str, ApiError> {
    if sale.offer.price_plan.price_per_hour == price {
        return Ok("unchanged");
    }
    offers::done(broker.catalogue.sale_price(&sale.offer.id, price, None, change).await?)?;
    Ok("published")
}

impl Rule {
    fn of(wanted: &DeriveRequest) -> Result<Self, ApiError> {
        let micros = |field: &'static str, text: &Option<String>| -> Result<i128, ApiError> {
            let Some(text) = text else { return Ok(0) };
            let read: Micros = text.parse().map_err(|error| ApiError::field(field, format!("{error}")))?;
            if read.0 < 0 {
                return Err(ApiError::field(field, "a price is not negative"));
            }
            Ok(read.0.into())
        };
        Ok(Self {
            currency: wanted.currency.parse().map_err(|error| ApiError::field("/currency", format!("{error}")))?,
            base: micros("/base", &wanted.base)?,
            cpu: micros("/perCpu", &wanted.per_cpu)?,
            memory: micros("/perGibMemory", &wanted.per_gib_memory)?,
            disk: micros("/perGibDisk", &wanted.per_gib_disk)?,
            gpu: micros("/perGpu", &wanted.per_gpu)?,
        })
    }

    /// The price of a machine for an hour. Each part is rounded half up to a micro-unit.
    fn price(&self, flavour: &Flavour) -> Result<Money, ApiError> {
        let part = |rate: i128, amount: i128, unit: i128| (rate * amount + unit / 2) / unit;
        let gpus = flavour.gpu.as_ref().map_or(0, |gpu| i128::from(gpu.count));
        let sum = self.base
            + part(self.cpu, flavour.cpu_milli.into(), 1_000)
            + part(self.memory, flavour.memory_mib.into(), GIB)
            + part(self.disk, flavour.disk_mib.into(), GIB)
            + self.gpu * gpus;
        let micros = i64::try_from(sum).ok().ok_or_else(|| {
            ApiError::field("/base", format!("a machine of {} would cost more than can be written", flavour.name))
        })?;
        Ok(Money::new(micros, self.currency))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_costs_the_sum_of_its_parts() {
        let wanted: DeriveRequest = serde_json::from_value(serde_json::json!({
            "currency": "EUR", "base": "0.001", "perCpu": "0.01", "perGibMemory": "0.004", "perGibDisk": "0.0001"
        }))
        .unwrap();
        let room = Room { cpu_milli: 1_500, memory_mib: 2_560, disk_mib: 10_240, gpus: 0 };
        let price = Rule::of(&wanted).unwrap().price(&shape("small", room)).unwrap();
        // 0.001 + 0.015 + 0.01 + 0.001
        assert_eq!((price.micros, price.currency), (27_000, Currency::EUR));
    }
}
