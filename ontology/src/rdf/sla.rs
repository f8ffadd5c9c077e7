//! `hansa:SLA`, `hansa:ServiceLevelObjective` and `hansa:Remedy`.

use super::{
    description::{self, Described},
    node::{Node, Value},
    order,
};
use crate::{
    reading::Violation,
    sla::{Metric, Remedy, ServiceLevelObjective, Sla, Window},
    vocabulary::{HANSA, ODRL, QUDT, Term as Name, UNIT},
};
use rust_decimal::Decimal;

/// Each metric, its name and its unit.
const METRICS: [(Name, Metric, Name); 6] = [
    (HANSA::AVAILABILITY, Metric::Availability, UNIT::PERCENT),
    (HANSA::ROUND_TRIP_TIME, Metric::Latency, UNIT::MILLI_SEC),
    (HANSA::THROUGHPUT, Metric::Throughput, UNIT::MEGA_BIT_PER_SEC),
    (HANSA::ERROR_RATE, Metric::ErrorRate, UNIT::PERCENT),
    (HANSA::PROVISIONING_TIME, Metric::ProvisioningTime, UNIT::SEC),
    (HANSA::REPAIR_TIME, Metric::RepairTime, UNIT::MIN),
];

const WINDOWS: [(Name, Window); 5] = [
    (HANSA::HOUR, Window::Hour),
    (HANSA::DAY, Window::Day),
    (HANSA::WEEK, Window::Week),
    (HANSA::MONTH, Window::Month),
    (HANSA::YEAR, Window::Year),
];

pub(super) fn node(sla: &Sla) -> Node {
    Node::of_class(HANSA::SLA)
        .with(HANSA::OBJECTIVE, order::written(&sla.objectives, Clone::clone, objective))
        .with(HANSA::CREDIT_CAP_PERCENT, sla.credit_cap_percent.map(Value::decimal))
}

fn objective(objective: &ServiceLevelObjective) -> Node {
    let metric = METRICS.iter().find(|(_, metric, _)| *metric == objective.metric);
    let window = WINDOWS.iter().find(|(_, window)| *window == objective.window);
    Node::of_class(HANSA::SERVICE_LEVEL_OBJECTIVE)
        .with(HANSA::METRIC, metric.map(|(name, _, _)| Value::Term(*name)))
        .decimal(HANSA::TARGET, objective.target)
        .with(QUDT::HAS_UNIT, metric.map(|(_, _, unit)| Value::Term(*unit)))
        .with(HANSA::WINDOW, window.map(|(name, _)| Value::Term(*name)))
        .with(HANSA::PERCENTILE, objective.percentile.map(Value::decimal))
        .with(HANSA::REMEDY_OF, order::written(&objective.remedies, by_credit, remedy))
}

fn remedy(remedy: &Remedy) -> Node {
    Node::of_class(HANSA::REMEDY)
        .term(ODRL::ACTION, ODRL::COMPENSATE)
        .decimal(HANSA::THRESHOLD, remedy.threshold)
        .decimal(HANSA::CREDIT_PERCENT, remedy.credit_percent)
}

/// People list the mild misses first.
fn by_credit(remedy: &Remedy) -> (Decimal, Decimal) {
    (remedy.credit_percent, remedy.threshold)
}

pub(super) fn read(node: &Described<'_>) -> Result<Sla, Violation> {
    let objectives = node.each_node(HANSA::OBJECTIVE, HANSA::SERVICE_LEVEL_OBJECTIVE, read_objective)?;
    if objectives.is_empty() {
        return Err(node.violation(HANSA::OBJECTIVE, None, "it is missing: promise at least one objective".to_owned()));
    }
    Ok(Sla {
        objectives: order::read(objectives, Clone::clone),
        credit_cap_percent: node.optional(HANSA::CREDIT_CAP_PERCENT, PERCENT, description::decimal)?,
    })
}

const PERCENT: &str = "a number from 0.0 to 100.0";
const NUMBER: &str = "a number in the metric's unit";

fn read_objective(node: &Described<'_>) -> Result<ServiceLevelObjective, Violation> {
    let metric = |value| METRICS.iter().find(|entry| description::one_of(value, &[(entry.0, ())]).is_some());
    let (name, metric, unit) = node.required(HANSA::METRIC, "a metric such as hansa:Availability", metric)?;
    let expected_unit = format!("{unit}, the unit of {name}");
    node.required(QUDT::HAS_UNIT, &expected_unit, |value| description::one_of(value, &[(*unit, ())]))?;
    let window = |value| description::one_of(value, &WINDOWS);
    let remedies = node.each_node(HANSA::REMEDY_OF, HANSA::REMEDY, read_remedy)?;
    Ok(ServiceLevelObjective {
        metric: *metric,
        target: node.required(HANSA::TARGET, NUMBER, description::decimal)?,
        window: node.required(HANSA::WINDOW, "a window such as hansa:Month", window)?,
        percentile: node.optional(HANSA::PERCENTILE, PERCENT, description::decimal)?,
        remedies: order::read(remedies, by_credit),
    })
}

fn read_remedy(node: &Described<'_>) -> Result<Remedy, Violation> {
    Ok(Remedy {
        threshold: node.required(HANSA::THRESHOLD, NUMBER, description::decimal)?,
        credit_percent: node.required(HANSA::CREDIT_PERCENT, PERCENT, description::decimal)?,
    })
}
