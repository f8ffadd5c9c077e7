//! Whether a buyer's claim is right, by what the seller knows. Pure.

use super::{claim_buyer::HOUR, ruled};
use crate::{FederationError, orders::Usage};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_accounting::settle::{Claim, Credit};
use hansa_ontology::{Money, OfferId, sla::Sla};
use std::collections::BTreeMap;

/// By how much the clocks of both brokers may differ.
const CLOCKS: TimeDelta = TimeDelta::seconds(900);

/// What the seller knows about an order and its agreement.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    /// What the signed offer promises.
    pub sla: Sla,
    /// What an hour costs.
    pub price: Money,
    /// The offer.
    pub offer: OfferId,
    /// From when the order was delivered.
    pub begun: DateTime<Utc>,
    /// Until when.
    pub ended: Option<DateTime<Utc>>,
    /// All usage of the order.
    pub usage: Vec<Usage>,
    /// What claims that are accepted already take of the same month's cap, in micro-units.
    pub accepted_micros: i64,
    /// For how long it was down in the claimed stretch by the seller's own measure.
    pub down_seconds: Option<u64>,
    /// How much longer the claimed outage may be.
    pub tolerance: TimeDelta,
}

/// Why a claim isn't right; None: it is.
pub(super) fn fault(claim: &Claim, facts: &Facts) -> Option<String> {
    let said = |error: hansa_accounting::AccountingError| ruled(error).to_string();
    if let Err(error) = claim.check().and_then(|()| claim.follows_from(&facts.sla)) {
        return Some(said(error));
    }
    if claim.offer != facts.offer {
        return Some("offer: it isn't that of the order".to_owned());
    }
    let credit = &claim.credit;
    if (credit.price_micros, claim.currency, credit.unit_size) != (facts.price.micros, facts.price.currency, HOUR) {
        return Some(format!("credit.priceMicros: {} an hour was agreed", facts.price));
    }
    amount(claim, facts).or_else(|| outage(claim, facts))
}

/// Whether the amount rests on what both have signed, and keeps the cap.
fn amount(claim: &Claim, facts: &Facts) -> Option<String> {
    let (begin, end) = claim.window_bounds();
    let agreed: BTreeMap<String, &Usage> = facts
        .usage
        .iter()
        .filter(|usage| usage.state.is_agreed() && usage.record.agreement == claim.agreement)
        .map(|usage| (usage.document.digest(), usage))
        .collect();
    let mut seconds = 0_u64;
    for digest in &claim.usage {
        let record = agreed.get(digest).map(|usage| &usage.record);
        match record.filter(|record| record.from >= begin && record.from < end) {
            Some(record) => seconds = seconds.saturating_add(record.unit_seconds),
            None => return Some(format!("usage: {digest} isn't an acknowledged record of the window")),
        }
    }
    if claim.credit.seconds != seconds {
        return Some(format!("credit.seconds: the named records have {seconds}"));
    }
    let cap = claim.credit.cap.as_ref()?;
    let within = |usage: &&Usage| usage.record.from >= claim.cap_begin() && usage.record.from < end;
    let most: u64 = agreed.values().copied().filter(within).map(|usage| usage.record.unit_seconds).sum();
    if cap.seconds > most {
        return Some(format!("credit.cap.seconds: {most} are acknowledged of the month"));
    }
    let whole = Credit::new(cap.seconds, (claim.credit.price_micros, HOUR), cap.percent, None);
    let whole = whole.map_or(0, |whole| whole.micros);
    let taken = facts.accepted_micros.saturating_add(claim.credit.micros);
    (claim.credit.micros > 0 && taken > whole)
        .then(|| format!("credit.cap: with what was accepted before it is {taken} micro-units, the cap is {whole}"))
}

/// Whether the outage was while it was delivered, and agrees with the own measure.
fn outage(claim: &Claim, facts: &Facts) -> Option<String> {
    let (first, last) = (facts.begun - CLOCKS, facts.ended.map(|ended| ended + CLOCKS));
    let outside = claim.down.iter().any(|one| one.from < first || last.is_some_and(|last| one.until > last));
    if outside {
        return Some("down: the order was not delivered then".to_owned());
    }
    let own = facts.down_seconds?;
    let most = TimeDelta::try_seconds(i64::try_from(own).unwrap_or(i64::MAX / 1_000)).unwrap_or(TimeDelta::MAX);
    let most = most.checked_add(&facts.tolerance).unwrap_or(TimeDelta::MAX);
    let told = TimeDelta::milliseconds(claim.down_milliseconds());
    (told > most).then(|| format!("down: {} s are claimed, {own} s were measured here", told.num_seconds()))
}

/// Whether some record that the claim rests on isn't answered here yet: the
/// buyer's word may still be under way.
pub(super) fn waits(claim: &Claim, facts: &Facts) -> bool {
    let open = facts.usage.iter().filter(|usage| usage.state == crate::orders::UsageState::Reported);
    open.map(|usage| usage.document.digest()).any(|digest| claim.usage.contains(&digest))
}

/// The error of a claim that comes again with other content.
pub(super) fn other_content(id: &str) -> FederationError {
    FederationError::Conflict(format!("the claim {id} was raised with other content"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::{UsageRole, UsageState};
    use hansa_accounting::settle::{CreditCap, Stretch};
    use hansa_federation::{
        SignedDocument,
        wire::{UsageReason, UsageRecord},
    };
    use hansa_ontology::{
        Currency, MachineId, ProviderId,
        sla::{Metric, Remedy, ServiceLevelObjective, Window},
    };
    use rust_decimal::Decimal;

    fn at(hours: i64) -> DateTime<Utc> {
        // The begin of a June.
        DateTime::from_timestamp(1_780_272_000 + hours * 3_600, 0).unwrap()
    }

    fn usage(hour: i64, state: UsageState) -> Usage {
        let record = UsageRecord {
            order: MachineId(uuid::Uuid::from_u128(7)),
            agreement: "urn:uuid:1".to_owned(),
            offer: OfferId::new("https://a.example/o").unwrap(),
            from: at(hour),
            to: at(hour + 1),
            unit_seconds: 3_600,
            reason: UsageReason::Interim,
        };
        let content = serde_json::to_string(&record).unwrap();
        Usage {
            role: UsageRole::Seller,
            partner: "did:web:b.example".to_owned(),
            record,
            document: SignedDocument { content_type: "application/json".to_owned(), content, signature: String::new() },
            service: None,
            answer: None,
            state,
            reason: None,
            told: true,
            settled_in: None,
        }
    }

    /// Ten hours of a day, the last not acknowledged; it was down for one.
    fn facts() -> Facts {
        let remedy = Remedy { threshold: Decimal::from(99), credit_percent: Decimal::from(20) };
        let objective = ServiceLevelObjective {
            metric: Metric::Availability,
            target: Decimal::from(99),
            window: Window::Day,
            percentile: None,
            remedies: vec![remedy],
        };
        let mut usage: Vec<Usage> = (0..10).map(|hour| usage(hour, UsageState::Acknowledged)).collect();
        usage[0].state = UsageState::Settled;
        usage[9].state = UsageState::Disputed;
        Facts {
            sla: Sla { objectives: vec![objective], credit_cap_percent: Some(Decimal::from(30)) },
            price: Money::new(36_000_000, Currency::EUR),
            offer: OfferId::new("https://a.example/o").unwrap(),
            begun: at(0),
            ended: Some(at(10)),
            usage,
            accepted_micros: 0,
            down_seconds: Some(3_500),
            tolerance: TimeDelta::seconds(120),
        }
    }

    fn claim() -> Claim {
        let mut usage: Vec<String> = facts().usage[..9].iter().map(|usage| usage.document.digest()).collect();
        usage.sort_unstable();
        let cap = CreditCap { percent: Decimal::from(30), seconds: 9 * 3_600, before_micros: 0 };
        Claim {
            buyer: ProviderId::new("did:web:b.example").unwrap(),
            seller: ProviderId::new("did:web:a.example").unwrap(),
            order: MachineId(uuid::Uuid::from_u128(7)),
            agreement: "urn:uuid:1".to_owned(),
            offer: facts().offer,
            metric: Metric::Availability,
            target: Decimal::from(99),
            window: Window::Day,
            percentile: None,
            from: at(0),
            until: at(10),
            observed_seconds: 36_000,
            measured: Decimal::from(90),
            down: vec![Stretch { from: at(3), until: at(4) }],
            usage,
            currency: Currency::EUR,
            credit: Credit::new(9 * 3_600, (36_000_000, HOUR), Decimal::from(20), Some(cap)).unwrap(),
        }
    }

    fn again(claim: &mut Claim, seconds: u64, price: i64, cap: CreditCap) {
        claim.credit = Credit::new(seconds, (price, HOUR), Decimal::from(20), Some(cap)).unwrap();
    }

    #[test]
    fn what_follows_from_what_both_have_signed_is_owed() {
        assert_eq!(fault(&claim(), &facts()), None);
        assert_eq!(claim().credit.micros, 9 * 36_000_000 / 5);
        let unknown = Facts { down_seconds: None, ..facts() };
        assert_eq!(fault(&claim(), &unknown), None, "what wasn't measured can't be contradicted");
        // Less than is owed may be claimed.
        let mut less = claim();
        less.usage.remove(0);
        let cap = CreditCap { percent: Decimal::from(30), seconds: 8 * 3_600, before_micros: 0 };
        again(&mut less, 8 * 3_600, 36_000_000, cap);
        assert_eq!(fault(&less, &facts()), None);
    }

    type Bend = fn(&mut Claim, &mut Facts);

    #[test]
    fn whatever_is_too_much_is_named() {
        let bends: [(&str, Bend); 9] = [
            ("credit.seconds", |claim, _| {
                let cap = claim.credit.cap.clone().unwrap();
                again(claim, 90 * 3_600, 36_000_000, cap);
            }),
            ("credit.priceMicros", |claim, _| {
                let cap = claim.credit.cap.clone().unwrap();
                again(claim, 9 * 3_600, 72_000_000, cap);
            }),
            ("credit.cap.seconds", |claim, _| {
                let cap = CreditCap { seconds: 90 * 3_600, ..claim.credit.cap.clone().unwrap() };
                again(claim, 9 * 3_600, 36_000_000, cap);
            }),
            ("credit.cap:", |_, facts| facts.accepted_micros = 36_000_000),
            ("usage", |claim, _| {
                // A record that was disputed.
                claim.usage.push(facts().usage[9].document.digest());
                claim.usage.sort_unstable();
            }),
            ("usage", |_, facts| facts.usage.truncate(3)),
            ("down: 3600 s are claimed, 3000 s", |_, facts| facts.down_seconds = Some(3_000)),
            ("down: the order was not delivered", |_, facts| facts.ended = Some(at(2))),
            ("offer", |claim, _| claim.offer = OfferId::new("https://a.example/other").unwrap()),
        ];
        for (field, bend) in bends {
            let (mut claim, mut facts) = (claim(), facts());
            bend(&mut claim, &mut facts);
            let said = fault(&claim, &facts).unwrap_or_else(|| panic!("{field} is accepted"));
            assert!(said.starts_with(field), "{field}: {said}");
        }
    }

    #[test]
    fn an_acknowledgement_that_is_under_way_is_waited_for() {
        let mut facts = facts();
        assert!(!waits(&claim(), &facts));
        facts.usage[3].state = UsageState::Reported;
        assert!(waits(&claim(), &facts));
    }
}
