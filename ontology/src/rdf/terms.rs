//! `hansa:Capacity` and `hansa:PricePlan`: how many units, and at what price.

use super::{
    description::{self, Described},
    node::{Node, Value},
    offer::TIME,
};
use crate::{
    money::{Currency, Micros, Money},
    offer::{Capacity, PricePlan, PricingModel},
    reading::Violation,
    vocabulary::{HANSA, SCHEMA, Term as Name},
};
use oxigraph::model::Term;
use rust_decimal::Decimal;

const MODELS: [(Name, PricingModel); 3] = [
    (HANSA::ON_DEMAND, PricingModel::OnDemand),
    (HANSA::RESERVED, PricingModel::Reserved),
    (HANSA::SPOT, PricingModel::Spot),
];

/// The hour in the codes of UN/CEFACT Recommendation 20, as schema.org asks.
const HOUR: &str = "HUR";

pub(super) fn capacity_node(capacity: &Capacity) -> Node {
    Node::of_class(HANSA::CAPACITY)
        .with(HANSA::AVAILABLE_UNITS, [Value::integer(capacity.available_units)])
        .with(HANSA::AS_OF, [Value::time(capacity.as_of)])
}

pub(super) fn read_capacity(node: &Described<'_>) -> Result<Capacity, Violation> {
    Ok(Capacity {
        available_units: node.required(HANSA::AVAILABLE_UNITS, "a whole number of units", description::count)?,
        as_of: node.required(HANSA::AS_OF, TIME, description::time)?,
    })
}

pub(super) fn price_plan_node(plan: &PricePlan) -> Node {
    let model = MODELS.iter().find(|(_, model)| *model == plan.model).map(|(name, _)| Value::Term(*name));
    Node::of_class(HANSA::PRICE_PLAN)
        .with(HANSA::PRICING_MODEL, model)
        .decimal(SCHEMA::PRICE, Decimal::new(plan.price_per_hour.micros, 6))
        .text(SCHEMA::PRICE_CURRENCY, plan.price_per_hour.currency.as_str())
        .text(SCHEMA::UNIT_CODE, HOUR)
}

pub(super) fn read_price_plan(node: &Described<'_>) -> Result<PricePlan, Violation> {
    let model = |value| description::one_of(value, &MODELS);
    let hour = |value| (description::text(value)? == HOUR).then_some(());
    node.required(SCHEMA::UNIT_CODE, "\"HUR\": prices are for an hour", hour)?;
    Ok(PricePlan {
        model: node.required(HANSA::PRICING_MODEL, "hansa:OnDemand, hansa:Reserved or hansa:Spot", model)?,
        price_per_hour: Money {
            micros: node.required(SCHEMA::PRICE, "a decimal number with at most 6 decimals", micros)?,
            currency: node.required(SCHEMA::PRICE_CURRENCY, "a currency code of ISO 4217 such as \"EUR\"", currency)?,
        },
    })
}

fn micros(value: &Term) -> Option<i64> {
    description::text(value)?.parse::<Micros>().ok().map(|micros| micros.0)
}

fn currency(value: &Term) -> Option<Currency> {
    description::text(value)?.parse().ok()
}
