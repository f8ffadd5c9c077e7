//! An offer's terms in ODRL: what a consumer agrees to, in clauses that a
//! stranger's connector can show. They are derived from the signed offer, whose
//! digest is in the policy's `@id`; where the two could differ, the signed
//! document is what counts.
//!
//! One permission to use a unit: when it may be ordered and from where, with
//! the price as its duty. Policy-level obligations of the provider: each
//! objective of the SLA with its remedies as consequences, and where it runs:
//! law, carbon, energy. Words without a term in ODRL are IRIs of the ontology.

use super::{Policy, PolicyKind, catalogue::terms_id};
use chrono::{DateTime, SecondsFormat, Utc};
use hansa_ontology::{
    Offer, Site,
    money::Micros,
    offer::PricingModel,
    place::Area,
    site::EnergyProfile,
    sla::{Metric, ServiceLevelObjective, Window},
    vocabulary,
};
use serde_json::{Map, Value, json};

const USE: &str = "use";
const COMPENSATE: &str = "odrl:compensate";

/// The odrl:Offer of an offer whose signed document has that digest.
#[must_use]
pub fn policy(offer: &Offer, site: Option<&Site>, digest: &str) -> Policy {
    let mut permission = Map::new();
    permission.insert("action".to_owned(), USE.into());
    insert(&mut permission, "constraint", ordering(offer));
    permission.insert("duty".to_owned(), json!([price(offer)]));
    let mut obligations: Vec<Value> = Vec::new();
    if let Some(sla) = &offer.sla {
        obligations.extend(sla.objectives.iter().map(|objective| objective_duty(objective, sla.credit_cap_percent)));
    }
    let place = place(offer, site);
    if !place.is_empty() {
        obligations.push(json!({"action": vocabulary::OPERATE.iri, "constraint": place}));
    }
    let mut rules = Map::new();
    rules.insert("permission".to_owned(), json!([permission]));
    insert(&mut rules, "obligation", obligations);
    Policy {
        id: terms_id(digest),
        kind: PolicyKind::Offer,
        target: None,
        assigner: None,
        assignee: None,
        timestamp: None,
        rules,
    }
}

/// The schemas want lists absent rather than empty.
fn insert(into: &mut Map<String, Value>, name: &str, list: Vec<Value>) {
    if !list.is_empty() {
        into.insert(name.to_owned(), Value::Array(list));
    }
}

fn constraint(left: &str, operator: &str, right: impl Into<Value>) -> Value {
    let left = if left.contains(':') { left.to_owned() } else { format!("{}{left}", vocabulary::NS) };
    json!({"leftOperand": left, "operator": operator, "rightOperand": right.into()})
}

fn ordering(offer: &Offer) -> Vec<Value> {
    let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    let mut constraints = Vec::new();
    if let Some(from) = offer.valid_from {
        constraints.push(constraint("https://schema.org/validFrom", "eq", time(from)));
    }
    if let Some(through) = offer.valid_through {
        constraints.push(constraint("https://schema.org/validThrough", "eq", time(through)));
    }
    if !offer.service_area.is_empty() {
        constraints.push(constraint("serviceArea", "isAnyOf", areas(&offer.service_area)));
    }
    constraints
}

fn price(offer: &Offer) -> Value {
    let plan = &offer.price_plan;
    let model = match plan.model {
        PricingModel::OnDemand => "https://w3id.org/hansa/ns#OnDemand",
        PricingModel::Reserved => "https://w3id.org/hansa/ns#Reserved",
        PricingModel::Spot => "https://w3id.org/hansa/ns#Spot",
    };
    json!({"action": COMPENSATE, "constraint": [
        constraint("odrl:payAmount", "eq", Micros(plan.price_per_hour.micros).to_string()),
        constraint("https://schema.org/priceCurrency", "eq", plan.price_per_hour.currency.as_str()),
        constraint("odrl:meteredTime", "eq", "PT1H"),
        constraint("pricingModel", "eq", model),
    ]})
}

fn objective_duty(objective: &ServiceLevelObjective, cap: Option<rust_decimal::Decimal>) -> Value {
    let (metric, more_is_better) = match objective.metric {
        Metric::Availability => ("Availability", true),
        Metric::Latency => ("RoundTripTime", false),
        Metric::Throughput => ("Throughput", true),
        Metric::ErrorRate => ("ErrorRate", false),
        Metric::ProvisioningTime => ("ProvisioningTime", false),
        Metric::RepairTime => ("RepairTime", false),
    };
    let window = match objective.window {
        Window::Hour => "https://w3id.org/hansa/ns#Hour",
        Window::Day => "https://w3id.org/hansa/ns#Day",
        Window::Week => "https://w3id.org/hansa/ns#Week",
        Window::Month => "https://w3id.org/hansa/ns#Month",
        Window::Year => "https://w3id.org/hansa/ns#Year",
    };
    let (kept, missed) = if more_is_better { ("gteq", "lt") } else { ("lteq", "gt") };
    let mut constraints =
        vec![constraint(metric, kept, objective.target.to_string()), constraint("window", "eq", window)];
    if let Some(percentile) = objective.percentile {
        constraints.push(constraint("percentile", "eq", percentile.to_string()));
    }
    let mut duty = Map::new();
    duty.insert("action".to_owned(), vocabulary::PROVIDE.iri.into());
    duty.insert("constraint".to_owned(), Value::Array(constraints));
    let remedies = objective.remedies.iter().map(|remedy| {
        let mut when = vec![
            constraint(metric, missed, remedy.threshold.to_string()),
            constraint("creditPercent", "eq", remedy.credit_percent.to_string()),
        ];
        when.extend(cap.map(|cap| constraint("creditCapPercent", "lteq", cap.to_string())));
        json!({"action": COMPENSATE, "constraint": when})
    });
    insert(&mut duty, "odrl:consequence", remedies.collect());
    Value::Object(duty)
}

fn place(offer: &Offer, site: Option<&Site>) -> Vec<Value> {
    let mut constraints = Vec::new();
    if let Some(site) = site {
        constraints.push(constraint("odrl:spatial", "eq", site.country.as_str()));
        if !site.jurisdictions.is_empty() {
            constraints.push(constraint("jurisdiction", "isAllOf", areas(&site.jurisdictions)));
        }
    }
    if let Some(energy) = offer.energy.as_ref().or_else(|| site.and_then(|site| site.energy.as_ref())) {
        constraints.extend(energy_clauses(energy));
    }
    constraints
}

fn energy_clauses(energy: &EnergyProfile) -> Vec<Value> {
    let mut constraints = vec![
        constraint("carbonIntensity", "lteq", energy.carbon_intensity.to_string()),
        constraint("pue", "lteq", energy.pue.to_string()),
    ];
    if let Some(share) = energy.renewable_share {
        constraints.push(constraint("renewableShare", "gteq", share.to_string()));
    }
    constraints
}

fn areas<'a>(areas: impl IntoIterator<Item = &'a Area>) -> Vec<Value> {
    areas.into_iter().map(|area| area.as_str().into()).collect()
}
