//! Settlement: what brokers owe each other for a period, netted.
//!
//! A statement is between two brokers and one currency. It names every charge
//! on both sides and the usage it rests on, so that whoever holds its bytes can
//! compute it again without asking anybody. Both sign the same bytes.

use crate::{
    AccountingError, hex,
    price::{Charge, NANOS_PER_UNIT, round},
};
use chrono::NaiveDate;
use hansa_ontology::{Currency, ProviderId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What one broker delivered to another for one charge.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SettledCharge {
    /// Who delivered, and is to be paid.
    pub seller: ProviderId,
    /// The day, in the time zone of the agreement.
    pub day: NaiveDate,
    /// The thing: `machine/<order>`.
    pub resource: String,
    /// What was counted.
    pub meter: String,
    /// The price plan.
    pub plan: String,
    /// The charge.
    pub charge: Uuid,
    /// How much, in the meter's unit.
    pub quantity: u64,
    /// The price of one unit, in micro-units.
    pub price_micros: i64,
    /// How many of the meter's units one unit is.
    pub unit_size: u64,
    /// What is owed, in micro-units.
    pub micros: i64,
    /// SHA-256 of the usage records that both have signed.
    pub usage: Vec<String>,
}

/// What two brokers owe each other for a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Statement {
    /// The broker whose name comes first.
    pub first: ProviderId,
    /// The other one.
    pub second: ProviderId,
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub through: NaiveDate,
    /// The currency.
    pub currency: Currency,
    /// Every charge, in order.
    pub charges: Vec<SettledCharge>,
    /// What the first has delivered, in micro-units.
    pub by_first_micros: i64,
    /// What the second has delivered.
    pub by_second_micros: i64,
    /// What the first is to pay the second; below 0 the other way round.
    pub first_pays_micros: i64,
}

impl SettledCharge {
    /// A charge of a partner's delivery, with the usage that it rests on.
    ///
    /// # Errors
    /// When it has a discount or an exchange rate: what brokers owe each other
    /// follows from quantity and price alone, so that both can compute it.
    pub fn new(charge: &Charge, mut usage: Vec<String>) -> Result<Self, AccountingError> {
        if !charge.discounts.is_empty() || charge.exchange_nanos != NANOS_PER_UNIT {
            let problem = format!(
                "{} has a discount or an exchange rate; rate it with a plan in the currency of the statement",
                charge.id
            );
            return Err(AccountingError::invalid("charges", problem));
        }
        usage.sort_unstable();
        Ok(Self {
            seller: charge.subject.provider.clone(),
            day: charge.day,
            resource: charge.subject.resource.to_string(),
            meter: charge.subject.meter.to_string(),
            plan: charge.subject.plan.to_string(),
            charge: charge.id,
            quantity: charge.quantity,
            price_micros: charge.price.micros,
            unit_size: charge.unit.size,
            micros: charge.net_micros,
            usage,
        })
    }
}

impl Statement {
    /// The statement of two brokers; the same from both sides.
    ///
    /// # Errors
    /// When a charge is neither's or of another period, or a sum is too large.
    pub fn new(
        brokers: [&ProviderId; 2],
        (from, through): (NaiveDate, NaiveDate),
        currency: Currency,
        mut charges: Vec<SettledCharge>,
    ) -> Result<Self, AccountingError> {
        let [one, other] = brokers;
        let (first, second) = if one <= other { (one, other) } else { (other, one) };
        charges.sort_unstable();
        charges.dedup();
        if let Some(charge) = charges.iter().find(|charge| charge.price_micros < 0 || charge.micros < 0) {
            let problem =
                format!("{} is below 0; what is owed the other way is a charge of the other broker", charge.charge);
            return Err(AccountingError::invalid("charges.micros", problem));
        }
        let sum = |seller: &ProviderId| {
            let own = charges.iter().filter(|charge| charge.seller == *seller);
            round::sum(own.map(|charge| charge.micros), "what a broker has delivered")
        };
        let (by_first_micros, by_second_micros) = (sum(first)?, sum(second)?);
        let first_pays_micros = round::sum([by_second_micros, -by_first_micros], "what a broker is to pay")?;
        let (first, second) = (first.clone(), second.clone());
        let made = Self {
            first,
            second,
            from,
            through,
            currency,
            charges,
            by_first_micros,
            by_second_micros,
            first_pays_micros,
        };
        made.check_charges()?;
        Ok(made)
    }

    fn check_charges(&self) -> Result<(), AccountingError> {
        if self.first == self.second {
            return Err(AccountingError::invalid("second", "a broker owes itself nothing; name another"));
        }
        let mut before: Option<&SettledCharge> = None;
        for charge in &self.charges {
            let known = charge.seller == self.first || charge.seller == self.second;
            if !known || charge.day < self.from || charge.day > self.through {
                let problem = format!("{} of {} on {} does not belong here", charge.charge, charge.seller, charge.day);
                return Err(AccountingError::invalid("charges", problem));
            }
            if before.is_some_and(|before| before.charge == charge.charge || before >= charge) {
                let problem = format!("{} is there twice, or out of order", charge.charge);
                return Err(AccountingError::invalid("charges", problem));
            }
            before = Some(charge);
        }
        Ok(())
    }

    /// The canonical bytes, which both sign: JSON without spaces.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn bytes(&self) -> Result<Vec<u8>, AccountingError> {
        serde_json::to_vec(self).map_err(|error| AccountingError::writing("the statement", error))
    }

    /// SHA-256 of the canonical bytes, in hexadecimal digits.
    ///
    /// # Errors
    /// When they can't be written.
    pub fn digest(&self) -> Result<String, AccountingError> {
        Ok(hex(&Sha256::digest(self.bytes()?)))
    }

    /// Reads a statement and computes it again, from nothing but its bytes:
    /// whether they are canonical, whether every charge follows from its
    /// quantity and price, and whether the sums are right.
    ///
    /// # Errors
    /// Says what is not right.
    pub fn verify(bytes: &[u8]) -> Result<Self, AccountingError> {
        let unreadable = |error: serde_json::Error| AccountingError::invalid("statement", error.to_string());
        let told: Self = serde_json::from_slice(bytes).map_err(unreadable)?;
        for charge in &told.charges {
            if charge.unit_size == 0 {
                return Err(AccountingError::invalid("charges.unitSize", "must be at least 1"));
            }
            let factors = [i128::from(charge.quantity), i128::from(charge.price_micros)];
            let owed = round::product(&factors, i128::from(charge.unit_size), "a charge")?;
            if charge.micros != owed {
                let problem =
                    format!("{} says {} where {owed} follows from quantity and price", charge.charge, charge.micros);
                return Err(AccountingError::invalid("charges.micros", problem));
            }
        }
        let brokers = [&told.first, &told.second];
        let again = Self::new(brokers, (told.from, told.through), told.currency, told.charges.clone())?;
        if again != told || again.bytes()? != bytes {
            return Err(AccountingError::invalid(
                "statement",
                "its sums, its order or its bytes are not those that follow from its charges",
            ));
        }
        Ok(told)
    }
}

/// A payment between two brokers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// Who pays.
    pub payer: ProviderId,
    /// Who is paid.
    pub payee: ProviderId,
    /// Micro-units.
    pub micros: i64,
    /// The currency.
    pub currency: Currency,
}

/// The payments that settle statements among any number of brokers: at most one
/// less than there are brokers, for each currency. Whoever owes most pays whom
/// most is owed, until nobody owes anything.
///
/// # Errors
/// When a payment is too large.
pub fn net(statements: &[Statement]) -> Result<Vec<Payment>, AccountingError> {
    let mut positions: BTreeMap<Currency, BTreeMap<&ProviderId, i128>> = BTreeMap::new();
    for statement in statements {
        let of = positions.entry(statement.currency).or_default();
        let paid = i128::from(statement.first_pays_micros);
        *of.entry(&statement.first).or_default() -= paid;
        *of.entry(&statement.second).or_default() += paid;
    }
    let mut payments = Vec::new();
    for (currency, mut positions) in positions {
        loop {
            let payer = positions.iter().min_by_key(|(broker, micros)| (**micros, **broker));
            let payee = positions.iter().min_by_key(|(broker, micros)| (-**micros, **broker));
            let (Some((payer, owes)), Some((payee, gets))) = (payer, payee) else { break };
            let paid = *gets.min(&-owes);
            if paid <= 0 {
                break;
            }
            let (payer, payee) = (*payer, *payee);
            for (broker, change) in [(payer, paid), (payee, -paid)] {
                positions.entry(broker).and_modify(|position| *position += change);
            }
            let too_large = AccountingError::TooLarge { what: "what a broker owes all others" };
            let micros = i64::try_from(paid).ok().ok_or(too_large)?;
            payments.push(Payment { payer: payer.clone(), payee: payee.clone(), micros, currency });
        }
    }
    Ok(payments)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{broker, day};
    use proptest::prelude::*;

    fn charge(seller: &str, number: u128, quantity: u64) -> SettledCharge {
        SettledCharge {
            seller: broker(seller),
            day: day("2026-02-03"),
            resource: "machine/1".to_owned(),
            meter: "machine-seconds".to_owned(),
            plan: "wholesale".to_owned(),
            charge: Uuid::from_u128(number),
            quantity,
            price_micros: 7,
            unit_size: 2,
            micros: i64::try_from(round::half_even(i128::from(quantity) * 7, 2)).unwrap(),
            usage: vec!["ab".to_owned()],
        }
    }

    fn statement(one: &str, other: &str, charges: Vec<SettledCharge>) -> Result<Statement, AccountingError> {
        let period = (day("2026-02-01"), day("2026-02-28"));
        Statement::new([&broker(one), &broker(other)], period, Currency::EUR, charges)
    }

    #[test]
    fn both_sides_make_the_same_bytes_and_verify_them_alone() {
        let charges = vec![charge("north", 1, 1_001), charge("south", 2, 400), charge("north", 3, 10)];
        let mut turned = charges.clone();
        turned.reverse();
        turned.push(charges[0].clone());
        let (ours, theirs) = (statement("north", "south", charges), statement("south", "north", turned));
        let bytes = ours.clone().unwrap().bytes().unwrap();
        assert_eq!(bytes, theirs.unwrap().bytes().unwrap());
        let read = Statement::verify(&bytes).unwrap();
        // 1001 x 7 / 2 is 3503.5: to the even neighbour.
        assert_eq!((read.by_first_micros, read.by_second_micros, read.first_pays_micros), (3_504 + 35, 1_400, -2_139));
    }

    #[test]
    fn whatever_was_changed_is_seen() {
        let bytes = statement("north", "south", vec![charge("north", 1, 1_000), charge("south", 2, 400)])
            .unwrap()
            .bytes()
            .unwrap();
        let text = String::from_utf8(bytes).unwrap();
        for (from, to) in [
            ("\"quantity\":1000", "\"quantity\":1002"),
            ("\"micros\":3500", "\"micros\":3501"),
            ("\"firstPaysMicros\":-2100", "\"firstPaysMicros\":-2000"),
            ("\"unitSize\":2", "\"unitSize\":0"),
            ("\"from\":\"2026-02-01\"", "\"from\":\"2026-02-04\""),
            ("{\"first\"", "{ \"first\""),
            ("\"priceMicros\":7", "\"priceMicros\":-7"),
        ] {
            assert!(text.contains(from), "{from}");
            assert!(Statement::verify(text.replacen(from, to, 1).as_bytes()).is_err(), "{to}");
        }
        assert!(Statement::verify(text.as_bytes()).is_ok());
        assert!(statement("north", "west", vec![charge("south", 1, 1)]).is_err());
        assert!(statement("north", "north", vec![]).is_err());
        // A delivery that is paid to its buyer can't be, were it of the largest amount that there is.
        let below = SettledCharge { micros: i64::MIN, price_micros: i64::MIN, ..charge("north", 1, 1) };
        assert!(statement("north", "south", vec![below]).unwrap_err().to_string().contains("is below 0"));
    }

    #[test]
    fn the_largest_amounts_can_be_netted() {
        let empty = |one: &str, other: &str, first_pays_micros| {
            let made = statement(one, other, Vec::new()).unwrap();
            Statement { first_pays_micros, ..made }
        };
        let statements = [empty("a", "b", i64::MAX), empty("a", "c", 1), empty("b", "c", 0)];
        let paid: Vec<_> = net(&statements).unwrap().into_iter().map(|payment| payment.micros).collect();
        assert_eq!(paid, [i64::MAX, 1]);
    }

    proptest! {
        #[test]
        fn netting_leaves_nobody_owing(deliveries in prop::collection::vec((0_usize..4, 0_usize..4, 1_u64..100_000), 1..20)) {
            let names = ["north", "south", "west", "east"];
            let mut positions = BTreeMap::new();
            let mut statements = Vec::new();
            for (number, (seller, buyer, quantity)) in (1..).zip(deliveries).filter(|(_, (seller, buyer, _))| seller != buyer) {
                let one = charge(names[seller], number, quantity);
                *positions.entry(broker(names[seller])).or_insert(0) += one.micros;
                *positions.entry(broker(names[buyer])).or_insert(0) -= one.micros;
                statements.push(statement(names[seller], names[buyer], vec![one]).unwrap());
            }
            let payments = net(&statements).unwrap();
            prop_assert!(payments.len() < positions.len().max(1));
            for payment in payments {
                prop_assert!(payment.micros > 0 && payment.payer != payment.payee);
                *positions.get_mut(&payment.payer).unwrap() += payment.micros;
                *positions.get_mut(&payment.payee).unwrap() -= payment.micros;
            }
            prop_assert!(positions.values().all(|position| *position == 0));
        }
    }
}
