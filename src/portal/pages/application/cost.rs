//! What an application has used so far, and what that comes to: an estimate
//! until there are invoices.

use super::Seen;
use crate::portal::{Language, pages::plan::monthly};
use askama::{Template, filters::HtmlSafe};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_mco::model::{Machine, MachineState};
use hansa_ontology::{Currency, Money};
use std::collections::BTreeMap;

/// The figures of an application.
#[derive(Debug, Template)]
#[template(path = "parts/app_cost.html")]
pub(super) struct CostPart {
    language: Language,
    healthy: usize,
    wanted: u32,
    machines: usize,
    per_hour: Vec<(String, String)>,
    so_far: Vec<String>,
    hours: String,
}

impl HtmlSafe for CostPart {}

impl CostPart {
    pub(super) fn new(language: Language, seen: &Seen) -> Self {
        let machines = &seen.detail.machines;
        let used = usage(machines, seen.now);
        let wanted = match &seen.detail.plan {
            Some((_, plan)) => {
                let components = &seen.detail.application.model.components;
                let own = plan.components.iter().filter(|(name, _)| components.contains_key(*name));
                own.map(|(_, report)| report.replicas).sum()
            }
            None => seen.detail.application.model.components.values().map(|one| one.replicas.min()).sum(),
        };
        Self {
            language,
            healthy: seen.detail.workloads.iter().filter(|workload| workload.state.is_fulfilled()).count(),
            wanted,
            machines: machines.len(),
            per_hour: by_currency(machines)
                .into_iter()
                .map(|money| (language.money(money), language.money_rounded(monthly(money))))
                .collect(),
            so_far: used.amounts.into_iter().map(|money| language.money(money)).collect(),
            hours: language.span(used.time),
        }
    }
}

fn by_currency(machines: &[Machine]) -> Vec<Money> {
    let mut sums: BTreeMap<Currency, i64> = BTreeMap::new();
    for machine in machines {
        let sum = sums.entry(machine.price_per_hour.currency).or_default();
        *sum = sum.saturating_add(machine.price_per_hour.micros);
    }
    sums.into_iter().map(|(currency, micros)| Money::new(micros, currency)).collect()
}

/// Machine time, and what it comes to.
#[derive(Debug, PartialEq, Eq)]
struct Usage {
    time: TimeDelta,
    amounts: Vec<Money>,
}

/// Of the machines that are rented now, each since it was rented. Those that
/// are only held for somebody cost nothing yet.
fn usage(machines: &[Machine], now: DateTime<Utc>) -> Usage {
    let mut time = TimeDelta::zero();
    let mut sums: BTreeMap<Currency, i64> = BTreeMap::new();
    for machine in machines.iter().filter(|machine| !matches!(machine.state, MachineState::Held { .. })) {
        let span = (now - machine.created_at).max(TimeDelta::zero());
        time += span;
        let micros = i128::from(machine.price_per_hour.micros) * i128::from(span.num_milliseconds()) / 3_600_000;
        let sum = sums.entry(machine.price_per_hour.currency).or_default();
        *sum = sum.saturating_add(i64::try_from(micros).unwrap_or(i64::MAX));
    }
    // Ten thousandths are enough for an estimate.
    let amounts = sums.into_iter().map(|(currency, micros)| Money::new(micros / 100 * 100, currency));
    Usage { time, amounts: amounts.collect() }
}
