//! The payments that settle statements.

use super::Statement;
use crate::AccountingError;
use hansa_ontology::{Currency, ProviderId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
