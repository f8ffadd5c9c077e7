//! The one rounding rule: half to even, at the last step of each stated amount.
//!
//! - A charge's list cost, in micro-units of the billing currency, is rounded
//!   once: quantity × price × exchange rate ÷ size of the priced unit.
//! - Each discount of a charge is rounded once, of what the earlier ones left.
//! - An invoice line is rounded once, to the currency's smallest coin, from the
//!   sum of its charges' micro-units; tax once for each category (EN 16931, BR-CO-17).

use crate::AccountingError;

/// `numerator / denominator`, half to even. The denominator is positive.
#[must_use]
pub fn half_even(numerator: i128, denominator: i128) -> i128 {
    let (quotient, rest) = (numerator.div_euclid(denominator), numerator.rem_euclid(denominator));
    // Of the rest rather than twice the rest, which could be too large.
    let up = match rest.cmp(&(denominator - rest)) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => quotient % 2 != 0,
        std::cmp::Ordering::Greater => true,
    };
    quotient + i128::from(up)
}

/// The product of factors, divided and rounded once.
///
/// # Errors
/// When the product or the result is too large.
pub fn product(factors: &[i128], denominator: i128, what: &'static str) -> Result<i64, AccountingError> {
    let whole = factors.iter().try_fold(1_i128, |product, factor| product.checked_mul(*factor));
    whole
        .map(|whole| half_even(whole, denominator))
        .and_then(|rounded| i64::try_from(rounded).ok())
        .ok_or(AccountingError::TooLarge { what })
}

/// The sum of amounts.
///
/// # Errors
/// When it is too large.
pub fn sum(amounts: impl IntoIterator<Item = i64>, what: &'static str) -> Result<i64, AccountingError> {
    let whole: i128 = amounts.into_iter().map(i128::from).sum();
    i64::try_from(whole).ok().ok_or(AccountingError::TooLarge { what })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_goes_to_the_even_neighbour() {
        for (numerator, rounded) in
            [(5, 0), (15, 2), (25, 2), (35, 4), (-5, 0), (-15, -2), (-25, -2), (-26, -3), (24, 2)]
        {
            assert_eq!(half_even(numerator, 10), rounded, "{numerator}");
        }
        assert_eq!(half_even(i128::MAX, i128::MAX), 1);
    }

    #[test]
    fn what_is_too_large_is_said() {
        assert!(product(&[i128::MAX, 2], 1, "x").is_err());
        assert!(product(&[i128::from(i64::MAX), 2], 1, "x").is_err());
        assert_eq!(product(&[i128::from(i64::MAX), 2], 2, "x"), Ok(i64::MAX));
        assert!(sum([i64::MAX, 1], "x").is_err());
        assert_eq!(sum([i64::MAX, 1, -1], "x"), Ok(i64::MAX));
    }
}
