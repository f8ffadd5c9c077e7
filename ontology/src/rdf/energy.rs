//! `hansa:EnergyProfile`, of a site or of an offer.

use super::{
    description::{self, Described},
    node::{Node, Value},
};
use crate::{reading::Violation, site::EnergyProfile, vocabulary::HANSA};

pub(super) fn node(energy: &EnergyProfile) -> Node {
    Node::of_class(HANSA::ENERGY_PROFILE)
        .decimal(HANSA::CARBON_INTENSITY, energy.carbon_intensity)
        .decimal(HANSA::PUE, energy.pue)
        .with(HANSA::RENEWABLE_SHARE, energy.renewable_share.map(Value::decimal))
        .with(HANSA::POWER_WATTS, energy.power_watts.map(Value::decimal))
}

pub(super) fn read_optional(node: &Described<'_>) -> Result<Option<EnergyProfile>, Violation> {
    node.optional_node(HANSA::ENERGY, HANSA::ENERGY_PROFILE)?.map(|energy| read(&energy)).transpose()
}

fn read(node: &Described<'_>) -> Result<EnergyProfile, Violation> {
    let decimal = description::decimal;
    Ok(EnergyProfile {
        carbon_intensity: node.required(HANSA::CARBON_INTENSITY, "grams of CO2e for each kWh", decimal)?,
        pue: node.required(HANSA::PUE, "a number of at least 1.0", decimal)?,
        renewable_share: node.optional(HANSA::RENEWABLE_SHARE, "a number from 0.0 to 1.0", decimal)?,
        power_watts: node.optional(HANSA::POWER_WATTS, "watts", decimal)?,
    })
}
