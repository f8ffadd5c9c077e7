//! Limits of a partner's policy: how much may be had at one time.

use crate::partners::Limits;
use hansa_ontology::{Money, Offer};

/// Which limit one more order of `offer` beside `others` would break, for
/// people; None: none.
pub(super) fn exceeded<'a>(
    limits: &Limits,
    offer: &Offer,
    others: impl Iterator<Item = &'a Offer> + Clone,
) -> Option<String> {
    let orders = others.clone().count() + 1;
    if let Some(most) = limits.orders.filter(|most| orders > *most as usize) {
        return Some(format!("{most} orders at one time"));
    }
    let units = others.clone().filter(|other| other.id == offer.id).count() + 1;
    if let Some(most) = limits.units.filter(|most| units > *most as usize) {
        return Some(format!("{most} units of {} at one time", offer.id));
    }
    let most = limits.price_per_hour?;
    let price = offer.price_plan.price_per_hour;
    let same = |money: &Money| money.currency == most.currency;
    if !same(&price) {
        return Some(format!("orders for {} an hour in all, and none in another currency", most));
    }
    let sum = others
        .map(|other| other.price_plan.price_per_hour)
        .filter(same)
        .fold(price.micros, |sum, price| sum.saturating_add(price.micros));
    (sum > most.micros).then(|| format!("orders for {most} an hour in all"))
}
