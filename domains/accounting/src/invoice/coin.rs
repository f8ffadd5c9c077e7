//! Amounts as documents show them: in the currency's smallest coin.

use crate::{AccountingError, price::round};
use hansa_ontology::{
    Currency,
    money::{MICROS_PER_UNIT, Micros},
};

/// Currencies without a smaller coin (ISO 4217, list one).
const WHOLE: [&str; 16] =
    ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"];

/// The smallest coin in micro-units. EN 16931 shows two decimals at most
/// (BR-DEC-01 to 28), so that currencies with three are shown with two.
#[must_use]
pub fn smallest(currency: Currency) -> i64 {
    if WHOLE.contains(&currency.as_str()) { MICROS_PER_UNIT } else { MICROS_PER_UNIT / 100 }
}

/// The nearest amount in whole coins, half to even.
///
/// # Errors
/// When it is too large.
pub fn in_coins(micros: i64, currency: Currency) -> Result<i64, AccountingError> {
    let coin = smallest(currency);
    let coins = i64::try_from(round::half_even(i128::from(micros), i128::from(coin))).ok();
    coins
        .and_then(|coins| coins.checked_mul(coin))
        .ok_or(AccountingError::TooLarge { what: "an amount of the invoice" })
}

/// An amount in whole coins with the decimals of its currency: `12.50`.
#[must_use]
pub fn shown(micros: i64, currency: Currency) -> String {
    if smallest(currency) == MICROS_PER_UNIT {
        return Micros(micros).to_string();
    }
    let (units, coins) = (micros.unsigned_abs() / 1_000_000, micros.unsigned_abs() % 1_000_000 / 10_000);
    format!("{}{units}.{coins:02}", if micros < 0 { "-" } else { "" })
}

/// A fraction as a decimal number without needless zeros, rounded half to even
/// at so many decimals. The denominator is above 0.
#[must_use]
pub fn decimal(numerator: i128, denominator: i128, decimals: u32) -> String {
    let (mut digits, denominator) = (Vec::new(), denominator.unsigned_abs());
    let (mut whole, mut rest) = (numerator.unsigned_abs() / denominator, numerator.unsigned_abs() % denominator);
    // By hand, digit by digit, and each by adding: ten times the rest might not fit.
    for _ in 0..decimals {
        let (mut digit, mut sum) = (0_u128, 0);
        for _ in 0..10 {
            sum += rest;
            if sum >= denominator {
                sum -= denominator;
                digit += 1;
            }
        }
        digits.push(digit);
        rest = sum;
    }
    let odd = digits.last().unwrap_or(&whole) % 2 == 1;
    let mut carry = rest > denominator - rest || (rest == denominator - rest && odd);
    for digit in digits.iter_mut().rev() {
        let sum = *digit + u128::from(carry);
        (*digit, carry) = (sum % 10, sum == 10);
    }
    whole += u128::from(carry);
    let digits: String = digits.iter().map(ToString::to_string).collect();
    let digits = digits.trim_end_matches('0');
    let sign = if numerator < 0 && (whole > 0 || !digits.is_empty()) { "-" } else { "" };
    if digits.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{digits}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coins_of_currencies() {
        let yen: Currency = "JPY".parse().unwrap();
        for (micros, euros, yens) in
            [(12_345_000, 12_340_000, 12_000_000), (12_355_000, 12_360_000, 12_000_000), (-5_000, 0, 0)]
        {
            assert_eq!(in_coins(micros, Currency::EUR), Ok(euros));
            assert_eq!(in_coins(micros, yen), Ok(yens));
        }
        assert_eq!(shown(12_340_000, Currency::EUR), "12.34");
        assert_eq!(shown(-40_000, Currency::EUR), "-0.04");
        assert_eq!(shown(12_000_000, yen), "12");
    }

    #[test]
    fn fractions_as_decimals() {
        assert_eq!(decimal(1, 3, 6), "0.333333");
        assert_eq!(decimal(-86_400, 3_600, 6), "-24");
        assert_eq!(decimal(5, 10_000_000, 6), "0");
        assert_eq!(decimal(15, 10_000_000, 6), "0.000002");
        assert_eq!(decimal(-5, 10_000_000, 6), "0");
        assert_eq!(decimal(-25, 10, 0), "-2");
        assert_eq!(decimal(9_999_999, 10_000_000, 6), "1");
        assert_eq!(decimal(i128::MAX / 10, i128::MAX / 1_000, 3), "100");
        assert_eq!(decimal(i128::MAX / 3 * 2, i128::MAX, 4), "0.6667");
    }
}
