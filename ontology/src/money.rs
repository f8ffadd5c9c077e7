//! Money is integer micro-units with a currency, never a float.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Micro-units in one unit of any currency.
pub const MICROS_PER_UNIT: i64 = 1_000_000;

/// The text is not an amount or not a currency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMoney {
    /// Not three capital letters.
    #[error("`{0}` is not a currency code of ISO 4217, such as EUR")]
    Currency(String),
    /// Not a decimal number with at most six decimals that fits 64 bits.
    #[error("`{0}` is not an amount: a decimal number with at most 6 decimals")]
    Amount(String),
}

/// A currency code of ISO 4217: three capital letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The euro.
    pub const EUR: Self = Self(*b"EUR");

    /// The three letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }
}

impl FromStr for Currency {
    type Err = InvalidMoney;
    fn from_str(text: &str) -> Result<Self, InvalidMoney> {
        match <[u8; 3]>::try_from(text.as_bytes()) {
            Ok(code) if code.iter().all(u8::is_ascii_uppercase) => Ok(Self(code)),
            _ => Err(InvalidMoney::Currency(text.to_owned())),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Currency {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Currency".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A currency code of ISO 4217, such as EUR.",
            "pattern": "^[A-Z]{3}$"
        })
    }
}

/// An amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Money {
    /// Millionths of the currency's unit.
    pub micros: i64,
    /// The currency.
    pub currency: Currency,
}

impl Money {
    /// An amount in micro-units.
    #[must_use]
    pub const fn new(micros: i64, currency: Currency) -> Self {
        Self { micros, currency }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", Micros(self.micros), self.currency)
    }
}

/// Micro-units as a decimal number of units, without needless zeros: `0.0125`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub i64);

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let scale = MICROS_PER_UNIT.unsigned_abs();
        let (units, micros) = (self.0.unsigned_abs() / scale, self.0.unsigned_abs() % scale);
        let decimals = format!("{micros:06}");
        match decimals.trim_end_matches('0') {
            "" => write!(f, "{sign}{units}"),
            decimals => write!(f, "{sign}{units}.{decimals}"),
        }
    }
}

impl FromStr for Micros {
    type Err = InvalidMoney;
    fn from_str(text: &str) -> Result<Self, InvalidMoney> {
        let invalid = || InvalidMoney::Amount(text.to_owned());
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (units, decimals) = digits.split_once('.').unwrap_or((digits, ""));
        let decimals = decimals.trim_end_matches('0');
        let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if digits.is_empty() || digits == "." || decimals.len() > 6 || !all_digits(units) || !all_digits(decimals) {
            return Err(invalid());
        }
        let whole: i64 = if units.is_empty() { 0 } else { units.parse().ok().ok_or_else(invalid)? };
        let part: i64 = format!("{decimals:0<6}").parse().ok().ok_or_else(invalid)?;
        let micros = whole.checked_mul(MICROS_PER_UNIT).and_then(|m| m.checked_add(part)).ok_or_else(invalid)?;
        Ok(Self(if negative { -micros } else { micros }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_go_round() {
        for (text, micros) in [("0", 0), ("8.403", 8_403_000), ("-0.000001", -1), ("12", 12_000_000), ("0.5", 500_000)]
        {
            assert_eq!(text.parse(), Ok(Micros(micros)));
            assert_eq!(Micros(micros).to_string(), text);
        }
    }

    #[test]
    fn refuses_what_is_no_amount() {
        for bad in ["", ".", "-", "1,5", "1e3", "0.0000001", "9223372036854775807"] {
            assert!(bad.parse::<Micros>().is_err(), "{bad}");
        }
        assert!("eur".parse::<Currency>().is_err());
    }
}
