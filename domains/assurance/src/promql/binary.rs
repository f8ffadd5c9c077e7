//! What is between two numbers.

use super::tree::{Calculation, Comparison, Op};

/// Two numbers into one; a comparison gives 1 or 0.
pub(super) fn numbers(op: Op, left: f64, right: f64) -> f64 {
    match op {
        Op::Calculate(calculation) => calculate(calculation, left, right),
        Op::Compare(comparison) => f64::from(u8::from(holds(comparison, left, right))),
        Op::Combine(_) => f64::NAN,
    }
}

pub(super) fn calculate(calculation: Calculation, left: f64, right: f64) -> f64 {
    match calculation {
        Calculation::Add => left + right,
        Calculation::Subtract => left - right,
        Calculation::Multiply => left * right,
        Calculation::Divide => left / right,
        Calculation::Modulo => left % right,
        Calculation::Power => left.powf(right),
        Calculation::Atan2 => left.atan2(right),
    }
}

#[expect(clippy::float_cmp, reason = "that is what is asked")]
pub(super) fn holds(comparison: Comparison, left: f64, right: f64) -> bool {
    match comparison {
        Comparison::Equal => left == right,
        Comparison::NotEqual => left != right,
        Comparison::Greater => left > right,
        Comparison::Less => left < right,
        Comparison::GreaterOrEqual => left >= right,
        Comparison::LessOrEqual => left <= right,
    }
}
