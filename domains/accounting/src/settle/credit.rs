//! The amount of a service credit between brokers, in such a form that whoever
//! has its bytes computes it again.

use crate::{AccountingError, price::round};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A share of what a partner delivered, which it owes back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Credit {
    /// Acknowledged unit seconds of the window: what the credit is a share of.
    pub seconds: u64,
    /// The price of one unit, in micro-units.
    pub price_micros: i64,
    /// How many unit seconds one unit is: 3600 for a price of an hour.
    pub unit_size: u64,
    /// The share, in percent: 0 to 100.
    pub percent: Decimal,
    /// The most that all credits of the order's billing month may reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<CreditCap>,
    /// What is owed, in micro-units: rounded once, half to even, and cut at the cap.
    pub micros: i64,
}

/// The cap on the credits of one order and billing month.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreditCap {
    /// In percent of what the order's month costs: 0 to 100.
    pub percent: Decimal,
    /// Acknowledged unit seconds of the month, through the end of the window.
    pub seconds: u64,
    /// What earlier claims of the order take of it, in micro-units.
    pub before_micros: i64,
}

impl Credit {
    /// The credit of so many seconds at a price, by a share.
    ///
    /// # Errors
    /// When a percentage is out of range, the unit has no size, or an amount is too large.
    pub fn new(
        seconds: u64,
        (price_micros, unit_size): (i64, u64),
        percent: Decimal,
        cap: Option<CreditCap>,
    ) -> Result<Self, AccountingError> {
        if price_micros < 0 {
            return Err(AccountingError::invalid("credit.priceMicros", "must not be below 0"));
        }
        let full = share(seconds, (price_micros, unit_size), percent, "credit.percent")?;
        let micros = match &cap {
            None => full,
            Some(cap) => {
                let most = share(cap.seconds, (price_micros, unit_size), cap.percent, "credit.cap.percent")?;
                if cap.before_micros < 0 {
                    return Err(AccountingError::invalid("credit.cap.beforeMicros", "must not be below 0"));
                }
                full.min(most.saturating_sub(cap.before_micros).max(0))
            }
        };
        Ok(Self { seconds, price_micros, unit_size, percent, cap, micros })
    }

    /// Computes it again.
    ///
    /// # Errors
    /// Says what doesn't follow.
    pub fn check(&self) -> Result<(), AccountingError> {
        let again = Self::new(self.seconds, (self.price_micros, self.unit_size), self.percent, self.cap.clone())?;
        if again.micros == self.micros {
            return Ok(());
        }
        let problem = format!("says {} where {} follows from its seconds, price and share", self.micros, again.micros);
        Err(AccountingError::invalid("credit.micros", problem))
    }
}

/// `percent` of what `seconds` cost, half to even, once.
fn share(
    seconds: u64,
    (price_micros, unit_size): (i64, u64),
    percent: Decimal,
    field: &'static str,
) -> Result<i64, AccountingError> {
    if percent < Decimal::ZERO || percent > Decimal::ONE_HUNDRED {
        return Err(AccountingError::invalid(field, "must be from 0 to 100"));
    }
    let percent = percent.normalize();
    let whole = 10_i128.checked_pow(percent.scale()).and_then(|scale| scale.checked_mul(100));
    let whole = whole.and_then(|whole| whole.checked_mul(i128::from(unit_size))).filter(|whole| *whole > 0);
    let whole = whole.ok_or_else(|| {
        AccountingError::invalid(
            "credit.unitSize",
            "must be at least 1, and its product with the share's scale be held",
        )
    })?;
    round::product(&[i128::from(seconds), i128::from(price_micros), percent.mantissa()], whole, "a service credit")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn percent(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn a_share_is_rounded_once_and_cut_at_the_cap() {
        // An hour at 0.0125: 10 % are 1250; of 1 s they are 0.347: nothing.
        let credit = |seconds, share: &str| Credit::new(seconds, (12_500, 3_600), percent(share), None).unwrap().micros;
        assert_eq!(
            (credit(3_600, "10"), credit(1, "10"), credit(3_600, "12.5"), credit(0, "100")),
            (1_250, 0, 1_562, 0)
        );
        let capped = |before| {
            let cap = CreditCap { percent: percent("30"), seconds: 7_200, before_micros: before };
            Credit::new(3_600, (12_500, 3_600), percent("100"), Some(cap)).unwrap().micros
        };
        assert_eq!((capped(0), capped(7_000), capped(9_000)), (7_500, 500, 0));
    }

    #[test]
    fn what_can_not_be_is_refused() {
        let cap = |share: &str, before| CreditCap { percent: percent(share), seconds: 1, before_micros: before };
        assert!(Credit::new(1, (1, 1), percent("100.1"), None).is_err());
        assert!(Credit::new(1, (1, 1), percent("-1"), None).is_err());
        assert!(Credit::new(1, (1, 0), percent("1"), None).is_err());
        assert!(Credit::new(1, (-1, 1), percent("1"), None).is_err());
        assert!(Credit::new(1, (1, 1), percent("1"), Some(cap("101", 0))).is_err());
        assert!(Credit::new(1, (1, 1), percent("1"), Some(cap("1", -1))).is_err());
        assert!(Credit::new(u64::MAX, (i64::MAX, u64::MAX), percent("0.0000000000000000000000000001"), None).is_err());
    }

    proptest! {
        #[test]
        fn it_is_never_more_than_what_was_delivered(
            seconds in 0_u64..10_000_000, price in 0_i64..10_000_000, hundredths in 0_i64..=10_000, before in 0_i64..10_000_000
        ) {
            let share = Decimal::new(hundredths, 2);
            let full = Credit::new(seconds, (price, 3_600), share, None).unwrap();
            prop_assert!(full.micros >= 0 && i128::from(full.micros) <= i128::from(seconds) * i128::from(price) / 3_600 + 1);
            let cap = CreditCap { percent: Decimal::from(30), seconds, before_micros: before };
            let capped = Credit::new(seconds, (price, 3_600), share, Some(cap)).unwrap();
            prop_assert!(capped.micros <= full.micros && capped.check().is_ok());
            let changed = Credit { micros: capped.micros + 1, ..capped };
            prop_assert!(changed.check().is_err());
        }
    }
}
