//! Exchange rates, each valid from its day until the next one's.

use crate::AccountingError;
use chrono::NaiveDate;
use hansa_ontology::Currency;
use std::collections::BTreeMap;

/// Billionths in a rate of 1.
pub const NANOS_PER_UNIT: i64 = 1_000_000_000;

/// Dated rates between currencies. A rate is used as it was stated: never
/// turned round, and never put together from two others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExchangeRates {
    rates: BTreeMap<(Currency, Currency), BTreeMap<NaiveDate, i64>>,
}

impl ExchangeRates {
    /// States that from a day on one `from` is worth so many billionths of a `to`.
    ///
    /// # Errors
    /// When the rate is not above 0, or another one is stated for that day.
    pub fn state(&mut self, from: Currency, to: Currency, day: NaiveDate, nanos: i64) -> Result<(), AccountingError> {
        if nanos <= 0 {
            let problem = format!("{from} to {to} on {day} must be above 0");
            return Err(AccountingError::invalid("exchange rates", problem));
        }
        let dated = self.rates.entry((from, to)).or_default();
        if dated.insert(day, nanos).is_some_and(|before| before != nanos) {
            return Err(AccountingError::Conflict { what: "exchange rate", name: format!("{from} to {to} on {day}") });
        }
        Ok(())
    }

    /// What is valid on a day, in billionths.
    ///
    /// # Errors
    /// When nothing was stated for that day or before it.
    pub fn on(&self, from: Currency, to: Currency, day: NaiveDate) -> Result<i64, AccountingError> {
        if from == to {
            return Ok(NANOS_PER_UNIT);
        }
        let dated = self.rates.get(&(from, to)).and_then(|dated| dated.range(..=day).next_back());
        dated.map(|(_, nanos)| *nanos).ok_or(AccountingError::NoExchangeRate { from, to, day })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_rate_on_or_before_the_day_is_valid() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 1, day).unwrap();
        let usd: Currency = "USD".parse().unwrap();
        let mut rates = ExchangeRates::default();
        rates.state(usd, Currency::EUR, day(5), 900_000_000).unwrap();
        rates.state(usd, Currency::EUR, day(9), 910_000_000).unwrap();
        assert_eq!(rates.on(usd, Currency::EUR, day(8)), Ok(900_000_000));
        assert_eq!(rates.on(usd, Currency::EUR, day(20)), Ok(910_000_000));
        assert!(rates.on(usd, Currency::EUR, day(4)).unwrap_err().to_string().contains("USD to EUR on 2026-01-04"));
        assert!(rates.on(Currency::EUR, usd, day(9)).is_err(), "never turned round");
        assert!(rates.state(usd, Currency::EUR, day(9), 1).is_err());
    }
}
