//! Service credits: what is given back of a machine's charges because what was
//! promised of it was not kept.

use super::{Account, BillingMonth, Charge, ChargeKind, Credited, Unit, round};
use crate::{
    AccountingError, Interval,
    price::exchange::NANOS_PER_UNIT,
    usage::{Subject, Usage},
};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{Money, OfferId};
use hansa_repository::breach::ToldBreach;
use rust_decimal::Decimal;
use std::{collections::HashMap, sync::Arc};
use uuid::Uuid;

/// The name space of the ids of credits (RFC 9562, version 5).
const CREDITS: Uuid = Uuid::from_u128(0x83c5_19d2_0b6e_5f0a_9c44_71d8_e2a6_3f57);

/// What credits rest on.
#[derive(Debug, Clone, Copy)]
pub struct Credits<'a> {
    /// Breaches, in the order in which they were told: those of the month, and
    /// all before them that ended in the same billing months.
    pub breaches: &'a [ToldBreach],
    /// The project's charges of every month in which one of them lies.
    pub charged: &'a [Charge],
    /// What was used on the days in which one of them begins or ends.
    pub used: &'a Usage,
}

/// The credits of what was told in a billing month: each so many percent of
/// what the machine was charged for the stretch that was judged, as far as the
/// cap of its offer reaches. One of nothing is none.
///
/// # Errors
/// When a charge is in another currency, or an amount is too large.
pub fn credits(account: &Account, month: &BillingMonth, from: &Credits<'_>) -> Result<Vec<Charge>, AccountingError> {
    if let Some(other) = from.charged.iter().find(|charge| charge.currency != account.currency) {
        let problem = format!("{} was charged in {}; credits of it need an account in that", other.day, other.currency);
        return Err(AccountingError::invalid("currency", problem));
    }
    let mut given: HashMap<(OfferId, String), i64> = HashMap::new();
    let mut all = Vec::new();
    for told in from.breaches.iter().filter(|told| told.project == account.project) {
        let Some((micros, subject)) = from.owed(told)? else { continue };
        let ended = BillingMonth::of(told.breach.missed.until - TimeDelta::seconds(1), month.zone())?;
        let so_far = given.entry((told.breach.offer.clone(), ended.name())).or_default();
        let room = match told.breach.credit_cap_percent {
            Some(percent) => from.cap(&told.breach.offer, &ended, percent)?.saturating_sub(*so_far).max(0),
            None => i64::MAX,
        };
        let micros = micros.min(room);
        *so_far = round::sum([*so_far, micros], "the credits of an offer")?;
        if micros > 0 && month.interval()?.covers(told.at.timestamp()) {
            all.extend(credit(account, month, told, micros, subject));
        }
    }
    Ok(all)
}

fn credit(
    account: &Account,
    month: &BillingMonth,
    told: &ToldBreach,
    micros: i64,
    subject: &Arc<Subject>,
) -> Option<Charge> {
    let day = month.days().into_iter().find(|day| day.interval.covers(told.at.timestamp()))?;
    Some(Charge {
        id: Uuid::new_v5(&CREDITS, format!("{}\n{}", account.project, told.sequence).as_bytes()),
        day: day.date,
        interval: day.interval,
        kind: ChargeKind::Credit,
        subject: Arc::clone(subject),
        reservation: None,
        quantity: 1,
        unit: Arc::new(Unit::credits()),
        price: Money::new(micros, account.currency),
        spot: false,
        exchange_nanos: NANOS_PER_UNIT,
        list_micros: -micros,
        discounts: Vec::new(),
        net_micros: -micros,
        currency: account.currency,
        credited: Some(Arc::new(Credited { event: told.sequence, missed: told.breach.missed.clone() })),
    })
}

/// Whether it was paid for a thing's being used.
const fn is_of_use(charge: &Charge) -> bool {
    matches!(charge.kind, ChargeKind::Usage | ChargeKind::Reserved)
}

impl<'a> Credits<'a> {
    /// What a breach is worth before any cap, and what it was that was charged.
    fn owed(&self, told: &ToldBreach) -> Result<Option<(i64, &'a Arc<Subject>)>, AccountingError> {
        let missed = &told.breach.missed;
        let Some(stretch) = Interval::of_seconds(missed.from.timestamp(), missed.until.timestamp()) else {
            return Ok(None);
        };
        let machine = told.breach.machine.to_string();
        let mut charges: Vec<&'a Charge> = self.charged.iter().filter(|charge| is_of_use(charge)).collect();
        charges.retain(|charge| charge.subject.resource.id == machine && charge.interval.overlap(&stretch).is_some());
        let shares = charges.iter().map(|charge| self.share(charge, &stretch)).collect::<Result<Vec<_>, _>>()?;
        let base = round::sum(shares, "what a machine was charged")?;
        let micros = percent_of(base, missed.credit_percent.min(Decimal::ONE_HUNDRED))?;
        let last = charges.iter().max_by(|one, other| (one.day, &one.subject).cmp(&(other.day, &other.subject)));
        Ok(last.filter(|_| micros > 0).map(|charge| (micros, &charge.subject)))
    }

    /// What of a charge falls on a stretch: by the quantity that was used in
    /// it, so that the shares of parts that make up the day add up to the charge.
    fn share(&self, charge: &Charge, stretch: &Interval) -> Result<i64, AccountingError> {
        let day = charge.interval;
        let Some(part) = day.overlap(stretch) else { return Ok(0) };
        if part == day {
            return Ok(charge.net_micros);
        }
        let used = |until: i64| -> u128 {
            let Some(window) = Interval::of_seconds(day.begin(), until) else { return 0 };
            let own = self.used.of(&charge.subject).iter().filter(|record| record.subject() == &charge.subject);
            own.filter_map(|record| record.within(&window)).map(|record| u128::from(record.quantity())).sum()
        };
        let all = i128::try_from(used(day.end())).unwrap_or(i128::MAX);
        let until = |moment: i64| {
            let quantity = i128::try_from(used(moment)).ok()?;
            i128::from(charge.net_micros).checked_mul(quantity)?.checked_div_euclid(all)
        };
        if all == 0 {
            return Ok(0);
        }
        let share = until(part.end()).zip(until(part.begin())).map(|(end, begin)| end - begin);
        share
            .and_then(|share| i64::try_from(share).ok())
            .ok_or(AccountingError::TooLarge { what: "a share of a charge" })
    }

    /// The most that all credits of an offer may reach that end in a billing month.
    fn cap(&self, offer: &OfferId, month: &BillingMonth, percent: Decimal) -> Result<i64, AccountingError> {
        let own = self.charged.iter().filter(|charge| {
            is_of_use(charge)
                && charge.subject.offer.as_ref() == Some(offer)
                && (month.first()..=month.last()).contains(&charge.day)
        });
        percent_of(round::sum(own.map(|charge| charge.net_micros), "what an offer was charged")?, percent)
    }
}

/// So many percent, rounded half to even.
fn percent_of(micros: i64, percent: Decimal) -> Result<i64, AccountingError> {
    let what = "a service credit";
    let percent = percent.normalize();
    let size = 10_i128.checked_pow(percent.scale()).and_then(|size| size.checked_mul(100));
    let size = size.ok_or(AccountingError::TooLarge { what })?;
    round::product(&[i128::from(micros), percent.mantissa()], size, what)
}

/// The days of which one has to know what was used: on which a stretch begins or ends.
#[must_use]
pub(crate) fn ends(told: &ToldBreach) -> [DateTime<Utc>; 2] {
    let missed = &told.breach.missed;
    [missed.from, missed.until - TimeDelta::seconds(1)]
}
