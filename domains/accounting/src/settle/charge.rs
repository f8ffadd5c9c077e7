//! What one broker delivered to another, as it stands in a statement.

use crate::{
    AccountingError, hex,
    price::{Charge, NANOS_PER_UNIT, round},
};
use chrono::{DateTime, NaiveDate, Utc};
use hansa_ontology::{MachineId, ProviderId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// The name space of the ids of charges that rest on signed usage.
const CHARGES: Uuid = Uuid::from_u128(0x6d0f_2b3a_9c1e_4f52_8a77_1d5e_93b4_c60e);

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

/// A stretch of usage that one side told of and the other has not acknowledged:
/// it is not paid.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LeftOut {
    /// Who says to have delivered it.
    pub seller: ProviderId,
    /// The thing: `machine/<order>`.
    pub resource: String,
    /// Its begin.
    pub from: DateTime<Utc>,
    /// Unit seconds.
    pub seconds: u64,
}

/// One digest for any number of usage records: SHA-256, in hexadecimal digits,
/// of their digests in order, each followed by a line feed.
#[must_use]
pub fn usage_digest(mut digests: Vec<String>) -> String {
    digests.sort_unstable();
    let lines: String = digests.iter().map(|digest| format!("{digest}\n")).collect();
    hex(&Sha256::digest(lines))
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

    /// The charge of an order's acknowledged unit seconds under one agreement,
    /// at its price of an hour.
    ///
    /// # Errors
    /// When the amount is too large.
    pub fn of_usage(
        (seller, order, agreement): (&ProviderId, MachineId, &str),
        day: NaiveDate,
        (seconds, price_micros): (u64, i64),
        usage: Vec<String>,
    ) -> Result<Self, AccountingError> {
        const HOUR: u64 = 3_600;
        let usage = usage_digest(usage);
        let micros = owed(seconds, price_micros, HOUR)?;
        Ok(Self {
            seller: seller.clone(),
            day,
            resource: format!("machine/{order}"),
            meter: "machine-seconds".to_owned(),
            plan: agreement.to_owned(),
            charge: Uuid::new_v5(&CHARGES, format!("{order}\n{agreement}\n{usage}").as_bytes()),
            quantity: seconds,
            price_micros,
            unit_size: HOUR,
            micros,
            usage: vec![usage],
        })
    }

    /// Whether the amount follows from quantity and price.
    pub(super) fn check(&self) -> Result<(), AccountingError> {
        if self.unit_size == 0 {
            return Err(AccountingError::invalid("charges.unitSize", "must be at least 1"));
        }
        let owed = owed(self.quantity, self.price_micros, self.unit_size)?;
        if self.micros == owed {
            return Ok(());
        }
        let problem = format!("{} says {} where {owed} follows from quantity and price", self.charge, self.micros);
        Err(AccountingError::invalid("charges.micros", problem))
    }
}

fn owed(quantity: u64, price_micros: i64, unit_size: u64) -> Result<i64, AccountingError> {
    round::product(&[i128::from(quantity), i128::from(price_micros)], i128::from(unit_size), "a charge")
}
