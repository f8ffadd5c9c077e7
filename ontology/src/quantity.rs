//! Quantities as people write them: `128Mi` of memory, `0.25` processors, `20ms`.
//! Each is exact inside and refuses what it can't hold exactly.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt, str::FromStr};

/// The text is not such a quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct InvalidQuantity {
    /// What was given.
    pub text: String,
    /// What would have been right.
    pub expected: &'static str,
}

const CPU: &str = "an amount of processors: a number with at most 3 decimals such as 0.25, or thousandths such as 250m";
const BYTES: &str = "an amount of memory in whole MiB: a number with Mi, Gi or Ti, such as 512Mi or 1.5Gi";
const SPAN: &str = "a time span: a number with us, ms, s, m or h, such as 20ms or 2s";

/// Thousandths of a processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct CpuMilli(pub u32);

/// Whole MiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Mebibytes(pub u64);

/// A time span in whole microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TimeSpan(pub u64);

impl TimeSpan {
    /// A span of whole milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis * 1_000)
    }

    /// As the standard library has it.
    #[must_use]
    pub const fn duration(self) -> std::time::Duration {
        std::time::Duration::from_micros(self.0)
    }
}

/// `number` times `scale`, where the number is a plain decimal and the product is whole.
fn scaled(number: &str, scale: u64) -> Option<u64> {
    let (units, decimals) = number.split_once('.').unwrap_or((number, ""));
    if units.is_empty() || decimals.len() > 12 || !number.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    let whole = u128::from(units.parse::<u64>().ok()?) * u128::from(scale);
    let base = 10_u128.pow(u32::try_from(decimals.len()).ok()?);
    let part = u128::from(if decimals.is_empty() { 0 } else { decimals.parse::<u64>().ok()? }) * u128::from(scale);
    if part % base != 0 {
        return None;
    }
    u64::try_from(whole + part / base).ok()
}

/// The number and the unit behind it.
fn split_unit(text: &str) -> (&str, &str) {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    (number, unit.trim())
}

impl FromStr for CpuMilli {
    type Err = InvalidQuantity;
    fn from_str(text: &str) -> Result<Self, InvalidQuantity> {
        let (number, unit) = split_unit(text);
        let scale = match unit {
            "" => Some(1_000),
            "m" => Some(1),
            _ => None,
        };
        scale
            .and_then(|scale| scaled(number, scale))
            .and_then(|milli| u32::try_from(milli).ok())
            .map(Self)
            .ok_or_else(|| InvalidQuantity { text: text.to_owned(), expected: CPU })
    }
}

impl FromStr for Mebibytes {
    type Err = InvalidQuantity;
    fn from_str(text: &str) -> Result<Self, InvalidQuantity> {
        let (number, unit) = split_unit(text);
        let scale = match unit {
            "Mi" | "MiB" => Some(1),
            "Gi" | "GiB" => Some(1_024),
            "Ti" | "TiB" => Some(1_048_576),
            _ => None,
        };
        scale
            .and_then(|scale| scaled(number, scale))
            .filter(|mebibytes| *mebibytes <= 1 << 40)
            .map(Self)
            .ok_or_else(|| InvalidQuantity { text: text.to_owned(), expected: BYTES })
    }
}

impl FromStr for TimeSpan {
    type Err = InvalidQuantity;
    fn from_str(text: &str) -> Result<Self, InvalidQuantity> {
        let (number, unit) = split_unit(text);
        let scale = match unit {
            "us" => Some(1),
            "ms" => Some(1_000),
            "s" => Some(1_000_000),
            "m" | "min" => Some(60_000_000),
            "h" => Some(3_600_000_000),
            _ => None,
        };
        scale
            .and_then(|scale| scaled(number, scale))
            .filter(|micros| *micros <= 366 * 24 * 3_600_000_000)
            .map(Self)
            .ok_or_else(|| InvalidQuantity { text: text.to_owned(), expected: SPAN })
    }
}

impl fmt::Display for CpuMilli {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (units, milli) = (self.0 / 1_000, self.0 % 1_000);
        match format!("{milli:03}").trim_end_matches('0') {
            "" => write!(f, "{units}"),
            decimals => write!(f, "{units}.{decimals}"),
        }
    }
}

impl fmt::Display for Mebibytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            mib if mib > 0 && mib.is_multiple_of(1_048_576) => write!(f, "{}Ti", mib / 1_048_576),
            mib if mib > 0 && mib.is_multiple_of(1_024) => write!(f, "{}Gi", mib / 1_024),
            mib => write!(f, "{mib}Mi"),
        }
    }
}

impl fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            us if us > 0 && us.is_multiple_of(3_600_000_000) => {
                write!(f, "{}h", us / 3_600_000_000)
            }
            us if us > 0 && us.is_multiple_of(60_000_000) => write!(f, "{}m", us / 60_000_000),
            us if us.is_multiple_of(1_000_000) => write!(f, "{}s", us / 1_000_000),
            us if us.is_multiple_of(1_000) => write!(f, "{}ms", us / 1_000),
            us => write!(f, "{us}us"),
        }
    }
}

/// A phrase as a sentence, for the schema.
fn sentence(phrase: &str) -> String {
    let mut letters = phrase.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

/// Serialised as text; read from text, and from a bare number where `$number` allows it.
macro_rules! quantity_serde {
    ($name:ident, $expected:expr, $pattern:expr, $examples:tt, $types:tt) => {
        impl $name {
            /// What such a quantity looks like, to be read after "must be".
            pub const EXPECTED: &'static str = $expected;
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                #[derive(Deserialize)]
                #[serde(untagged)]
                enum Written {
                    Text(String),
                    Number(serde_json::Number),
                }
                let text = match Written::deserialize(deserializer)? {
                    Written::Text(text) => text,
                    Written::Number(number) => number.to_string(),
                };
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "description": sentence($expected),
                    "type": $types,
                    "pattern": $pattern,
                    "minimum": 0,
                    "examples": $examples
                })
            }
        }
    };
}

quantity_serde!(CpuMilli, CPU, r"^[0-9]+(\.[0-9]{1,3})?$|^[0-9]+m$", ["0.25", "250m", 2], ["string", "number"]);
quantity_serde!(Mebibytes, BYTES, r"^[0-9]+(\.[0-9]+)?\s*(Mi|Gi|Ti)B?$", ["128Mi", "1.5Gi"], ["string"]);
quantity_serde!(TimeSpan, SPAN, r"^[0-9]+(\.[0-9]+)?\s*(us|ms|s|m|min|h)$", ["20ms", "2s", "1m"], ["string"]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_go_round() {
        for (text, milli) in [("0.25", 250), ("2", 2_000), ("1.5", 1_500), ("0", 0)] {
            assert_eq!(text.parse(), Ok(CpuMilli(milli)));
            assert_eq!(CpuMilli(milli).to_string(), text);
        }
        assert_eq!("250m".parse(), Ok(CpuMilli(250)));
        assert_eq!("1.5Gi".parse(), Ok(Mebibytes(1_536)));
        assert_eq!("128 MiB".parse(), Ok(Mebibytes(128)));
        assert_eq!("20ms".parse(), Ok(TimeSpan(20_000)));
        assert_eq!("0.5s".parse(), Ok(TimeSpan(500_000)));
        assert_eq!(TimeSpan(90_000_000).to_string(), "90s");
    }

    #[test]
    fn refuses_what_it_cannot_hold() {
        for bad in ["", "-1", "0.0001", "1.5m", "two", "99999999999"] {
            assert!(bad.parse::<CpuMilli>().is_err(), "{bad}");
        }
        for bad in ["128", "1.0001Mi", "12MB", "Gi"] {
            assert!(bad.parse::<Mebibytes>().is_err(), "{bad}");
        }
        for bad in ["20", "1d", "s"] {
            assert!(bad.parse::<TimeSpan>().is_err(), "{bad}");
        }
    }
}
