//! From quantities to charges: one project, one billing month.
//!
//! Use is taken in the order of time, then of provider, thing and meter. Of
//! each quantity a reservation covers what it can in that hour; then the
//! month's free amount; what is left is paid at the plan's price. Parts of one
//! day, one thing and one price are one charge.

use super::{
    Account, BillingDay, BillingMonth, Charge, ChargeKind, PriceList,
    amounts::Amounts,
    metered::{Metered, Slice},
    reserve::Cover,
};
use crate::{
    AccountingError,
    price::{Price, Rate, plan::Tier},
    usage::{Lifetime, Usage},
};
use std::collections::HashMap;

/// The use of one day, thing and price, while it is added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Line {
    pub(super) day: u32,
    pub(super) subject: u32,
    pub(super) kind: ChargeKind,
    pub(super) reservation: Option<u32>,
    pub(super) micros: i64,
}

/// Quantities by line.
#[derive(Default)]
pub(super) struct Lines(pub(super) HashMap<Line, u64>);

impl Lines {
    pub(super) fn add(&mut self, line: Line, quantity: u64) -> Result<(), AccountingError> {
        if quantity > 0 {
            let sum = self.0.entry(line).or_default();
            *sum = sum.checked_add(quantity).ok_or(AccountingError::TooLarge { what: "the quantity of a charge" })?;
        }
        Ok(())
    }
}

/// Where one rate of one plan stands in the month.
struct Counter<'a> {
    rate: &'a Rate,
    free: u64,
    used: u64,
    /// What the whole month pays, where the price needs it.
    total: u64,
}

/// What the use of one month costs one project. The same input gives the same
/// charges, in the same order; what is used later in the month changes no
/// earlier charge, but where a price is by volume.
///
/// # Errors
/// When a plan, a rate or an exchange rate is not known, or an amount is too large.
pub fn rate(
    account: &Account,
    month: &BillingMonth,
    usage: &Usage,
    lifetimes: &[Lifetime],
    prices: &PriceList,
) -> Result<Vec<Charge>, AccountingError> {
    account.check()?;
    let days = month.days();
    let mut metered = Metered::gather(account, month, &days, usage)?;
    let mut lines = Lines::default();
    let mut cover = Cover::new(account, month, &days, &mut metered, prices)?;
    let mut paid = Vec::with_capacity(metered.slices.len());
    for slice in &metered.slices {
        let left = cover.take(&metered, slice, &mut lines)?;
        paid.push(Slice { quantity: left, ..*slice });
    }
    cover.unused(&mut lines)?;
    pay(&metered, paid, prices, &mut lines)?;
    minimum_terms(account, &days, &mut metered, lifetimes, prices, &mut lines)?;
    let amounts = Amounts { account, month, days: &days, metered: &metered, prices };
    amounts.charges(lines)
}

/// Free amounts, then prices.
fn pay(metered: &Metered, mut paid: Vec<Slice>, prices: &PriceList, lines: &mut Lines) -> Result<(), AccountingError> {
    let (mut counters, of_subject) = counters(metered, prices)?;
    for slice in &mut paid {
        let Some(counter) = counter_of(&mut counters, &of_subject, slice) else { continue };
        let free = counter.free.min(slice.quantity);
        counter.free -= free;
        slice.quantity -= free;
        let all = counter.total.checked_add(slice.quantity);
        counter.total = all.ok_or(AccountingError::TooLarge { what: "the quantity of a month" })?;
        lines.add(slice.line(ChargeKind::Free, None, 0), free)?;
    }
    for slice in &paid {
        let Some(counter) = counter_of(&mut counters, &of_subject, slice) else { continue };
        let mut add = |micros, quantity| lines.add(slice.line(ChargeKind::Usage, None, micros), quantity);
        match &counter.rate.price {
            Price::Flat { micros } => add(*micros, slice.quantity)?,
            Price::Volume { tiers } => add(reached(tiers, counter.total), slice.quantity)?,
            Price::Graduated { tiers } => {
                for (micros, quantity) in graduated(tiers, counter.used, slice.quantity) {
                    add(micros, quantity)?;
                }
            }
            Price::Spot { prices } => {
                for (micros, quantity) in slice.at_prices(prices, &counter.rate.meter)? {
                    add(micros, quantity)?;
                }
            }
        }
        counter.used = counter.used.saturating_add(slice.quantity);
    }
    Ok(())
}

/// A counter for each rate in use, and which one belongs to which subject.
fn counters<'a>(metered: &Metered, prices: &'a PriceList) -> Result<(Vec<Counter<'a>>, Vec<usize>), AccountingError> {
    let mut counters = Vec::new();
    let mut places = HashMap::new();
    let mut of_subject = Vec::with_capacity(metered.subjects.len());
    for subject in &metered.subjects {
        let (_, rate) = prices.rate(&subject.plan, &subject.meter)?;
        let place = *places.entry((&subject.plan, &subject.meter)).or_insert(counters.len());
        if place == counters.len() {
            counters.push(Counter { rate, free: rate.free, used: 0, total: 0 });
        }
        of_subject.push(place);
    }
    Ok((counters, of_subject))
}

fn counter_of<'c, 'a>(
    counters: &'c mut [Counter<'a>],
    of_subject: &[usize],
    slice: &Slice,
) -> Option<&'c mut Counter<'a>> {
    counters.get_mut(*of_subject.get(slice.subject as usize)?)
}

/// The price of the tier that a month's use reaches.
fn reached(tiers: &[Tier], total: u64) -> i64 {
    let tier = tiers.iter().find(|tier| tier.up_to.is_none_or(|up_to| total <= up_to));
    tier.or(tiers.last()).map_or(0, |tier| tier.micros)
}

/// A quantity cut at tiers, after so much was used before it.
fn graduated(tiers: &[Tier], mut used: u64, mut quantity: u64) -> Vec<(i64, u64)> {
    let mut parts = Vec::new();
    for tier in tiers {
        let room = tier.up_to.map_or(u64::MAX, |up_to| up_to.saturating_sub(used));
        let part = room.min(quantity);
        if part > 0 {
            parts.push((tier.micros, part));
        }
        (used, quantity) = (used.saturating_add(part), quantity - part);
    }
    parts
}

/// What is owed for things that ended before their minimum term, on the day they ended.
fn minimum_terms(
    account: &Account,
    days: &[BillingDay],
    metered: &mut Metered,
    lifetimes: &[Lifetime],
    prices: &PriceList,
    lines: &mut Lines,
) -> Result<(), AccountingError> {
    for life in lifetimes.iter().filter(|life| life.terms.project == account.project) {
        let (begin, Some(end)) = (life.from.timestamp(), life.to.map(|end| end.timestamp())) else { continue };
        // Its last second; the one in which it began where it lived for none.
        let last = end.saturating_sub(1).max(begin);
        let Some(day) = days.iter().position(|day| day.interval.covers(last)) else { continue };
        let lived = end.saturating_sub(begin).unsigned_abs();
        for (meter, in_a_second) in &life.terms.meters {
            let (plan, rate) = prices.rate(&life.terms.plan, meter)?;
            let missing = plan.minimum_term.saturating_sub(lived);
            let (Some(micros), 1..) = (rate.price.flat(), missing) else { continue };
            let quantity = in_a_second.checked_mul(missing);
            let quantity = quantity.ok_or(AccountingError::TooLarge { what: "what is left of a minimum term" })?;
            let subject = metered.subject(life.terms.subject(&life.resource, meter));
            let day = u32::try_from(day).unwrap_or(u32::MAX);
            let line = Line { day, subject, kind: ChargeKind::MinimumTerm, reservation: None, micros };
            lines.add(line, quantity)?;
        }
    }
    Ok(())
}
