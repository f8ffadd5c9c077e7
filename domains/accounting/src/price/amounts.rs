//! What lines cost: prices, exchange rates, discounts.

use super::{
    Account, BillingDay, BillingMonth, Charge, ChargeKind, PriceList,
    charge::Discounted,
    exchange::NANOS_PER_UNIT,
    metered::Metered,
    rating::{Line, Lines},
    round,
};
use crate::{AccountingError, usage::Subject};
use chrono::NaiveDate;
use hansa_ontology::{Money, offer::PricingModel};
use std::sync::Arc;
use uuid::Uuid;

/// The name space of the ids of charges (RFC 9562, version 5).
const CHARGES: Uuid = Uuid::from_u128(0x1c1b_6a3e_90d4_5f7e_8a55_02c4_7be1_9d10);
const WHOLE: i128 = 1_000_000;

pub(super) struct Amounts<'a> {
    pub(super) account: &'a Account,
    pub(super) month: &'a BillingMonth,
    pub(super) days: &'a [BillingDay],
    pub(super) metered: &'a Metered,
    pub(super) prices: &'a PriceList,
}

impl Amounts<'_> {
    /// By day, then by thing, meter, kind, reservation and price.
    pub(super) fn charges(&self, lines: Lines) -> Result<Vec<Charge>, AccountingError> {
        let subject = |line: &Line| self.metered.subjects.get(line.subject as usize);
        let mut lines: Vec<(Line, u64)> = lines.0.into_iter().collect();
        lines.sort_unstable_by(|(one, _), (other, _)| {
            let key = |line: &Line| (line.kind, line.reservation, line.micros);
            one.day
                .cmp(&other.day)
                .then_with(|| subject(one).cmp(&subject(other)))
                .then_with(|| key(one).cmp(&key(other)))
        });
        lines.into_iter().filter_map(|(line, quantity)| self.charge(line, quantity).transpose()).collect()
    }

    fn charge(&self, line: Line, quantity: u64) -> Result<Option<Charge>, AccountingError> {
        let found = (self.days.get(line.day as usize), self.metered.subjects.get(line.subject as usize));
        let (Some(day), Some(subject)) = found else { return Ok(None) };
        let (plan, rate) = self.prices.rate(&subject.plan, &subject.meter)?;
        let currency = self.account.currency;
        let exchange_nanos = self.prices.exchange.on(plan.currency, currency, day.date)?;
        let factors = [i128::from(quantity), i128::from(line.micros), i128::from(exchange_nanos)];
        let denominator = i128::from(rate.unit.size) * i128::from(NANOS_PER_UNIT);
        let list_micros = round::product(&factors, denominator, "the cost of a charge")?;
        let discounts = self.discounts(line.kind, subject, day.date, list_micros)?;
        let off = round::sum(discounts.iter().map(|discount| discount.micros), "the discounts of a charge")?;
        let number = line.reservation.and_then(|number| self.account.reservations.get(number as usize));
        let reservation = number.map(|reservation| Arc::clone(&reservation.id));
        Ok(Some(Charge {
            id: self.id(&line, subject, day.date, reservation.as_deref()),
            day: day.date,
            interval: day.interval,
            kind: line.kind,
            subject: Arc::clone(subject),
            reservation,
            quantity,
            unit: Arc::clone(&rate.unit),
            price: Money::new(line.micros, plan.currency),
            spot: line.kind == ChargeKind::Usage && rate.price.model() == PricingModel::Spot,
            exchange_nanos,
            list_micros,
            discounts,
            net_micros: list_micros - off,
            currency,
            credited: None,
        }))
    }

    /// Reservations have their own price: only what is used or owed by the plan is discounted.
    fn discounts(
        &self,
        kind: ChargeKind,
        subject: &Subject,
        day: NaiveDate,
        list: i64,
    ) -> Result<Vec<Discounted>, AccountingError> {
        if matches!(kind, ChargeKind::Reserved | ChargeKind::Unused | ChargeKind::Free | ChargeKind::Credit) {
            return Ok(Vec::new());
        }
        let mut left = list;
        let mut all = Vec::new();
        for discount in self.account.discounts.iter().filter(|discount| discount.applies(subject, day)) {
            let micros = round::product(&[i128::from(left), i128::from(discount.ppm)], WHOLE, "a discount")?;
            left -= micros;
            all.push(Discounted { id: Arc::clone(&discount.id), micros });
        }
        Ok(all)
    }

    fn id(&self, line: &Line, subject: &Subject, day: NaiveDate, reservation: Option<&str>) -> Uuid {
        let Subject { provider, resource, meter, project, application, offer, plan } = subject;
        let application = application.map(|id| id.to_string()).unwrap_or_default();
        let offer = offer.as_ref().map_or("", |offer| offer.as_str());
        let (zone, kind, micros) = (self.month.zone().name(), line.kind.name(), line.micros);
        let reservation = reservation.unwrap_or("");
        let parts = format!(
            "{project}\n{day}\n{zone}\n{provider}\n{resource}\n{meter}\n{application}\n{offer}\n{plan}\n{kind}\n{reservation}\n{micros}"
        );
        Uuid::new_v5(&CHARGES, parts.as_bytes())
    }
}
