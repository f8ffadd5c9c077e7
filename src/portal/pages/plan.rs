//! A plan, as people read it: machines, price, promises, and why so and not otherwise.

use super::names::Names;
use crate::portal::Language;
use askama::{Template, filters::HtmlSafe};
use hansa_mco::model::{ComponentReport, Infeasible, Instance, Plan, PlannedMachine, ProofStatus};
use hansa_ontology::{Currency, Money, OfferId};
use std::collections::BTreeMap;

/// Hours of a mean month: 365.25 days of 24 hours, in twelve parts, rounded.
pub(crate) const HOURS_PER_MONTH: i64 = 730;

/// A plan, ready to be shown.
#[derive(Debug, Template)]
#[template(path = "parts/plan.html")]
pub(crate) struct PlanView {
    language: Language,
    per_hour: String,
    per_month: String,
    availability: Option<String>,
    carbon: String,
    intensity: Option<String>,
    proof: String,
    considered: String,
    machines: Vec<MachineRow>,
    links: Vec<LinkRow>,
    reasons: Vec<Reasons>,
    notes: Vec<String>,
}

impl HtmlSafe for PlanView {}

#[derive(Debug)]
struct MachineRow {
    title: String,
    offer: String,
    kept: bool,
    place: String,
    instances: String,
    price: String,
    availability: Option<String>,
    carbon: String,
    used: String,
}

#[derive(Debug)]
struct LinkRow {
    from: String,
    to: String,
    latency: String,
}

/// Why a component runs where it runs.
#[derive(Debug, Template)]
#[template(path = "parts/reasons.html")]
pub(crate) struct Reasons {
    language: Language,
    component: String,
    replicas: u32,
    chosen: Vec<String>,
    counts: Vec<(String, usize)>,
    refused: Vec<Refused>,
}

impl HtmlSafe for Reasons {}

#[derive(Debug)]
struct Refused {
    title: String,
    offer: String,
    price: String,
    reasons: Vec<String>,
}

impl PlanView {
    /// Of a plan.
    pub(crate) fn new(language: Language, names: &Names, plan: &Plan) -> Self {
        let per_hour = Money::new(plan.price_per_hour_micros, plan.currency);
        let titles: BTreeMap<&OfferId, &str> =
            plan.machines.iter().map(|machine| (&machine.offer, machine.title.as_str())).collect();
        let reasons =
            plan.components.iter().map(|(name, report)| Reasons::new(language, name, report, &titles, plan.currency));
        Self {
            language,
            per_hour: language.money(per_hour),
            per_month: language.money_rounded(monthly(per_hour)),
            availability: plan.availability_percent.map(|value| language.percentage(&value.normalize().to_string())),
            carbon: language.decimal(&plan.carbon_grams_per_hour.round_dp(3).normalize().to_string()),
            intensity: plan.carbon_intensity.map(|value| language.decimal(&value.round_dp(1).normalize().to_string())),
            proof: match plan.proof.status {
                ProofStatus::Optimal => language.t("plan-optimal"),
                ProofStatus::Bounded => {
                    language.msg("plan-bounded").with("gap", language.percent(plan.proof.gap, 2)).to_string()
                }
            },
            considered: language
                .msg("plan-considered")
                .with("considered", plan.proof.offers_considered)
                .with("eligible", plan.proof.offers_eligible)
                .to_string(),
            machines: plan
                .machines
                .iter()
                .map(|machine| MachineRow::new(language, names, machine, plan.currency))
                .collect(),
            links: plan
                .link_latencies
                .iter()
                .map(|link| LinkRow {
                    from: link.from.clone(),
                    to: link.to.clone(),
                    latency: link
                        .worst_micros
                        .map_or_else(|| language.t("unknown"), |micros| latency(language, micros)),
                })
                .collect(),
            reasons: reasons.collect(),
            notes: plan.notes.clone(),
        }
    }
}

/// The price of a mean month.
pub(crate) const fn monthly(per_hour: Money) -> Money {
    Money::new(per_hour.micros.saturating_mul(HOURS_PER_MONTH), per_hour.currency)
}

/// A round-trip time in milliseconds.
pub(crate) fn latency(language: Language, micros: u32) -> String {
    let plain = format!("{}.{:03}", micros / 1_000, micros % 1_000);
    format!("{}\u{a0}ms", language.decimal(plain.trim_end_matches('0').trim_end_matches('.')))
}

impl MachineRow {
    fn new(language: Language, names: &Names, machine: &PlannedMachine, currency: Currency) -> Self {
        let share = |used: u64, of: u64| used.saturating_mul(100).checked_div(of).unwrap_or(0);
        let cpu = share(machine.used.cpu_milli, machine.capacity.cpu_milli);
        let memory = share(machine.used.memory_mib, machine.capacity.memory_mib);
        Self {
            title: machine.title.clone(),
            offer: machine.offer.to_string(),
            kept: machine.held.is_some(),
            place: format!("{} \u{b7} {}", names.site(&machine.site), names.provider(&machine.provider)),
            instances: instances(&machine.instances),
            price: language.money(Money::new(machine.price_per_hour_micros, currency)),
            availability: machine.availability_percent.map(|value| language.percentage(&value.normalize().to_string())),
            carbon: language.decimal(&machine.carbon_grams_per_hour.round_dp(3).normalize().to_string()),
            used: language.msg("plan-used").with("cpu", cpu).with("memory", memory).to_string(),
        }
    }
}

/// `web 0–2, db 0`: components with their ordinals.
fn instances(of: &[Instance]) -> String {
    let mut by_component: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for instance in of {
        by_component.entry(&instance.component).or_default().push(instance.ordinal);
    }
    let said = by_component.into_iter().map(|(component, mut ordinals)| {
        ordinals.sort_unstable();
        match (ordinals.first(), ordinals.last()) {
            (Some(first), Some(last)) if first == last => format!("{component}#{first}"),
            (Some(first), Some(last)) if usize::try_from(last - first).is_ok_and(|span| span + 1 == ordinals.len()) => {
                format!("{component}#{first}\u{2013}{last}")
            }
            _ => format!("{component} \u{d7} {}", ordinals.len()),
        }
    });
    said.collect::<Vec<_>>().join(", ")
}

impl Reasons {
    fn new(
        language: Language,
        component: &str,
        report: &ComponentReport,
        titles: &BTreeMap<&OfferId, &str>,
        currency: Currency,
    ) -> Self {
        let counts = report.refused_counts.iter().map(|(code, count)| {
            let key = format!("plan-code-{code}");
            (if language.knows(&key) { language.t(&key) } else { code.clone() }, *count)
        });
        let title =
            |offer: &OfferId| titles.get(offer).map_or_else(|| offer.short().to_owned(), |title| (*title).to_owned());
        Self {
            language,
            component: component.to_owned(),
            replicas: report.replicas,
            chosen: report.chosen.iter().map(title).collect(),
            counts: counts.collect(),
            refused: report
                .refused
                .iter()
                .map(|refused| Refused {
                    title: refused.title.clone(),
                    offer: refused.offer.to_string(),
                    price: language.money(Money::new(refused.price_per_hour_micros, currency)),
                    reasons: refused.reasons.iter().map(|reason| reason.text.clone()).collect(),
                })
                .collect(),
        }
    }
}

/// Why there is no plan.
#[derive(Debug, Template)]
#[template(path = "parts/conflict.html")]
pub(crate) struct ConflictView {
    language: Language,
    constraints: Vec<(String, String)>,
    minimal: bool,
    reasons: Vec<Reasons>,
}

impl HtmlSafe for ConflictView {}

impl ConflictView {
    /// Of what the planner says. Prices are shown in the currency of the model.
    pub(crate) fn new(language: Language, infeasible: &Infeasible, currency: Currency) -> Self {
        let none = BTreeMap::new();
        let reasons = infeasible.components.iter();
        Self {
            language,
            constraints: infeasible.conflict.iter().map(|one| (one.pointer.clone(), one.text.clone())).collect(),
            minimal: infeasible.minimal,
            reasons: reasons.map(|(name, report)| Reasons::new(language, name, report, &none, currency)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_are_said_in_short() {
        let of = |list: &[(&str, u32)]| {
            instances(
                &list
                    .iter()
                    .map(|(name, ordinal)| Instance { component: (*name).to_owned(), ordinal: *ordinal })
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(of(&[("web", 2), ("web", 0), ("web", 1), ("db", 0)]), "db#0, web#0\u{2013}2");
        assert_eq!(of(&[("web", 0), ("web", 2)]), "web \u{d7} 2");
        assert_eq!(of(&[]), "");
    }

    #[test]
    fn times_and_months() {
        assert_eq!(latency(Language::German, 12_500), "12,5\u{a0}ms");
        assert_eq!(latency(Language::English, 0), "0\u{a0}ms");
        assert_eq!(monthly(Money::new(10_000, Currency::EUR)).micros, 7_300_000);
        assert_eq!(monthly(Money::new(i64::MAX, Currency::EUR)).micros, i64::MAX);
    }
}
