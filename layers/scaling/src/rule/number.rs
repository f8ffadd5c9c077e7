//! Python's arithmetic: whole numbers of 128 bits with an error where they
//! end, floating point numbers as IEEE 754 has them; division, remainder and
//! rounding as Python has them, signs included.

use super::{fault::Trouble, syntax::BinaryOp};
use std::cmp::Ordering;

/// A number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Int(i128),
    Float(f64),
}

const EXACT: u128 = 1 << 53;
/// 2^127: the first number beyond 128 bits with a sign.
const BEYOND: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_728.0;

pub(super) fn beyond() -> Trouble {
    Trouble::arithmetic("this number is beyond 128 bits").hint("calculate with floating point numbers: float(...)")
}

pub(super) fn by_zero() -> Trouble {
    Trouble::arithmetic("division by zero").hint("test the divisor beforehand: `if n > 0`")
}

/// The nearest floating point number.
#[expect(clippy::cast_precision_loss, reason = "the nearest one is meant")]
pub(super) const fn float(value: i128) -> f64 {
    value as f64
}

/// The whole part of a floating point number.
#[expect(clippy::cast_possible_truncation, reason = "the range is tested")]
pub(super) fn whole(value: f64) -> Result<i128, Trouble> {
    if value.is_nan() {
        return Err(Trouble::value("NaN is no whole number").hint("a query without a value gives NaN: test it first"));
    }
    if value.is_infinite() {
        return Err(Trouble::arithmetic("infinity is no whole number"));
    }
    if !(-BEYOND..BEYOND).contains(&value) {
        return Err(beyond());
    }
    Ok(value.trunc() as i128)
}

impl Number {
    pub(super) const fn as_float(self) -> f64 {
        match self {
            Self::Int(value) => float(value),
            Self::Float(value) => value,
        }
    }

    /// Compares exactly; None where one is NaN.
    pub(super) fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(&b)),
            (Self::Float(a), Self::Float(b)) => a.partial_cmp(&b),
            (Self::Int(a), Self::Float(b)) => against(a, b),
            (Self::Float(a), Self::Int(b)) => against(b, a).map(Ordering::reverse),
        }
    }

    pub(super) fn binary(self, op: BinaryOp, other: Self) -> Result<Self, Trouble> {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => ints(a, op, b),
            _ => floats(self.as_float(), op, other.as_float()).map(Self::Float),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the range is tested")]
fn against(a: i128, b: f64) -> Option<Ordering> {
    if b.is_nan() {
        return None;
    }
    if b >= BEYOND {
        return Some(Ordering::Less);
    }
    if b < -BEYOND {
        return Some(Ordering::Greater);
    }
    let beside = 0.0.partial_cmp(&b.fract())?;
    Some(a.cmp(&(b.trunc() as i128)).then(beside))
}

fn ints(a: i128, op: BinaryOp, b: i128) -> Result<Number, Trouble> {
    let kept = |value: Option<i128>| value.map(Number::Int).ok_or_else(beyond);
    match op {
        BinaryOp::Add => kept(a.checked_add(b)),
        BinaryOp::Sub => kept(a.checked_sub(b)),
        BinaryOp::Mul => kept(a.checked_mul(b)),
        BinaryOp::Div => quotient(a, b).map(Number::Float),
        BinaryOp::FloorDiv | BinaryOp::Mod if b == 0 => Err(by_zero()),
        BinaryOp::FloorDiv => kept(floor_div(a, b)),
        BinaryOp::Mod => kept(floor_mod(a, b)),
        BinaryOp::Pow => power(a, b),
        BinaryOp::ShiftLeft | BinaryOp::ShiftRight if b < 0 => Err(Trouble::value("a shift by a negative number")),
        BinaryOp::ShiftLeft => {
            let factor = u32::try_from(b).ok().filter(|b| *b < 127).map(|b| 1_i128 << b);
            if a == 0 { Ok(Number::Int(0)) } else { kept(factor.and_then(|factor| a.checked_mul(factor))) }
        }
        BinaryOp::ShiftRight => Ok(Number::Int(a >> u32::try_from(b).unwrap_or(127).min(127))),
        BinaryOp::BitOr => Ok(Number::Int(a | b)),
        BinaryOp::BitXor => Ok(Number::Int(a ^ b)),
        BinaryOp::BitAnd => Ok(Number::Int(a & b)),
    }
}

/// Division that rounds down, for a divisor that is not zero.
pub(super) fn floor_div(a: i128, b: i128) -> Option<i128> {
    let quotient = a.checked_div(b)?;
    let inexact = a.checked_rem(b)? != 0;
    if inexact && ((a < 0) != (b < 0)) { quotient.checked_sub(1) } else { Some(quotient) }
}

/// The remainder that has the divisor's sign.
pub(super) fn floor_mod(a: i128, b: i128) -> Option<i128> {
    let rest = if b == -1 { 0 } else { a.checked_rem(b)? };
    if rest != 0 && ((rest < 0) != (b < 0)) { rest.checked_add(b) } else { Some(rest) }
}

fn power(a: i128, b: i128) -> Result<Number, Trouble> {
    if b < 0 {
        if a == 0 {
            return Err(Trouble::arithmetic("0 has no negative power"));
        }
        return powf(float(a), float(b)).map(Number::Float);
    }
    let value = match a {
        0 => i128::from(b == 0),
        1 => 1,
        -1 => 1 - 2 * (b & 1),
        _ => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)).ok_or_else(beyond)?,
    };
    Ok(Number::Int(value))
}

fn powf(a: f64, b: f64) -> Result<f64, Trouble> {
    if a == 0.0 && b < 0.0 {
        return Err(Trouble::arithmetic("0 has no negative power"));
    }
    if a < 0.0 && a.is_finite() && b.is_finite() && b.fract() != 0.0 {
        return Err(Trouble::arithmetic("the result would be a complex number"));
    }
    let value = a.powf(b);
    if value.is_infinite() && a.is_finite() && b.is_finite() {
        return Err(Trouble::arithmetic("this number is too large"));
    }
    Ok(value)
}

/// The quotient, rounded once, to the nearest.
fn quotient(a: i128, b: i128) -> Result<f64, Trouble> {
    if b == 0 {
        return Err(by_zero());
    }
    let (top, bottom) = (a.unsigned_abs(), b.unsigned_abs());
    if top <= EXACT && bottom <= EXACT {
        return Ok(float(a) / float(b));
    }
    // At least 56 bits of the quotient, and one that says whether more follows.
    let shift = 56 - (i64::from(128 - top.leading_zeros()) - i64::from(128 - bottom.leading_zeros()));
    let (mut value, mut rest) = (top / bottom, top % bottom);
    for _ in 0..shift.max(0) {
        rest <<= 1;
        value <<= 1;
        if rest >= bottom {
            rest -= bottom;
            value |= 1;
        }
    }
    let value = value | u128::from(rest != 0);
    #[expect(clippy::cast_precision_loss, reason = "here it is rounded, once")]
    let value = value as f64 * 2.0_f64.powi(-i32::try_from(shift.max(0)).unwrap_or(0));
    Ok(if (a < 0) == (b < 0) { value } else { -value })
}

fn floats(a: f64, op: BinaryOp, b: f64) -> Result<f64, Trouble> {
    match op {
        BinaryOp::Add => Ok(a + b),
        BinaryOp::Sub => Ok(a - b),
        BinaryOp::Mul => Ok(a * b),
        BinaryOp::Div | BinaryOp::FloorDiv | BinaryOp::Mod if b == 0.0 => Err(by_zero()),
        BinaryOp::Div => Ok(a / b),
        BinaryOp::FloorDiv => Ok(float_divmod(a, b).0),
        BinaryOp::Mod => Ok(float_divmod(a, b).1),
        BinaryOp::Pow => powf(a, b),
        _ => Err(Trouble::kind(format!("`{}` needs whole numbers", op.sign()))),
    }
}

/// Floor division and remainder, for a divisor that is not zero.
fn float_divmod(a: f64, b: f64) -> (f64, f64) {
    let mut rest = a % b;
    let mut quotient = (a - rest) / b;
    if rest == 0.0 {
        rest = 0.0_f64.copysign(b);
    } else if (b < 0.0) != (rest < 0.0) {
        rest += b;
        quotient -= 1.0;
    }
    if quotient == 0.0 {
        return (0.0_f64.copysign(a / b), rest);
    }
    let floor = quotient.floor();
    (if quotient - floor > 0.5 { floor + 1.0 } else { floor }, rest)
}

/// `round(x)`: to the nearest whole number, half to the even one.
pub(super) fn round_to_whole(value: f64) -> Result<i128, Trouble> {
    whole(value.round_ties_even())
}

/// `round(x, digits)` of a floating point number.
pub(super) fn round_float(value: f64, digits: i128) -> f64 {
    if !value.is_finite() || digits > 323 {
        return value;
    }
    if digits < -308 {
        return 0.0_f64.copysign(value);
    }
    match usize::try_from(digits) {
        // The exact decimal digits decide, as in Python.
        Ok(digits) => format!("{value:.digits$}").parse().unwrap_or(value),
        Err(_) => {
            let scale = 10.0_f64.powi(i32::try_from(-digits).unwrap_or(308));
            (value / scale).round_ties_even() * scale
        }
    }
}

/// `round(n, digits)` of a whole number.
pub(super) fn round_int(value: i128, digits: i128) -> Result<i128, Trouble> {
    if digits >= 0 {
        return Ok(value);
    }
    let Some(scale) = digits.checked_neg().and_then(|d| u32::try_from(d).ok()).and_then(|d| 10_i128.checked_pow(d))
    else {
        return Ok(0);
    };
    let (down, rest) = (floor_div(value, scale).ok_or_else(beyond)?, floor_mod(value, scale).ok_or_else(beyond)?);
    let half = scale / 2;
    let up = rest > half || (rest == half && down % 2 != 0);
    down.checked_add(i128::from(up)).and_then(|n| n.checked_mul(scale)).ok_or_else(beyond)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(a: i128, op: BinaryOp, b: i128) -> Number {
        Number::Int(a).binary(op, Number::Int(b)).unwrap()
    }

    #[test]
    fn signs_are_pythons() {
        for (a, b, quotient, rest) in [(7, 2, 3, 1), (-7, 2, -4, 1), (7, -2, -4, -1), (-7, -2, 3, -1), (6, -3, -2, 0)] {
            assert_eq!(int(a, BinaryOp::FloorDiv, b), Number::Int(quotient));
            assert_eq!(int(a, BinaryOp::Mod, b), Number::Int(rest));
        }
        assert_eq!(float_divmod(-7.5, 2.0), (-4.0, 0.5));
        assert_eq!(float_divmod(7.5, -2.0), (-4.0, -0.5));
    }

    #[test]
    fn what_is_beyond_is_an_error() {
        let far = |op, b| Number::Int(i128::MAX).binary(op, Number::Int(b)).is_err();
        assert!(far(BinaryOp::Add, 1) && far(BinaryOp::Mul, 2) && far(BinaryOp::Pow, 2));
        assert!(far(BinaryOp::ShiftLeft, 1_000_000_000) && far(BinaryOp::Div, 0) && far(BinaryOp::Mod, 0));
        assert!(Number::Int(i128::MIN).binary(BinaryOp::FloorDiv, Number::Int(-1)).is_err());
        assert_eq!(int(i128::MIN, BinaryOp::Mod, -1), Number::Int(0));
        assert_eq!(int(-1, BinaryOp::Pow, i128::MAX), Number::Int(-1));
    }

    #[test]
    fn whole_and_floating_numbers_compare_exactly() {
        let large = (1_i128 << 53) + 1;
        assert_eq!(Number::Int(large).compare(Number::Float(float(1 << 53))), Some(Ordering::Greater));
        assert_eq!(Number::Int(3).compare(Number::Float(3.5)), Some(Ordering::Less));
        assert_eq!(Number::Int(-3).compare(Number::Float(-3.5)), Some(Ordering::Greater));
        assert_eq!(Number::Int(0).compare(Number::Float(-0.0)), Some(Ordering::Equal));
        assert_eq!(Number::Float(f64::INFINITY).compare(Number::Int(i128::MAX)), Some(Ordering::Greater));
        assert_eq!(Number::Float(f64::NAN).compare(Number::Int(1)), None);
    }

    #[test]
    fn halves_go_to_the_even() {
        assert_eq!(round_to_whole(0.5), Ok(0));
        assert_eq!(round_to_whole(1.5), Ok(2));
        assert_eq!(round_to_whole(-2.5), Ok(-2));
        assert!((round_float(2.675, 2) - 2.67).abs() < 1e-12);
        assert!((round_float(0.125, 2) - 0.12).abs() < 1e-12);
        assert_eq!([round_int(15, -1), round_int(25, -1), round_int(-15, -1)], [Ok(20), Ok(20), Ok(-20)]);
    }
}
