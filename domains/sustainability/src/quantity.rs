//! Amounts as whole numbers: energy in microjoules, carbon in micrograms,
//! intensity in milligrams for each kilowatt-hour. Sums are exact, whatever
//! their order; every product is rounded once, half to even.

use crate::SustainabilityError;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::{fmt, iter::Sum, ops, str::FromStr};

/// Microjoules of one kilowatt-hour.
pub const MICROJOULES_PER_KWH: i128 = 3_600_000_000_000;
/// Parts of one: utilisation, shares and PUE are whole millionths.
pub const MILLION: u64 = 1_000_000;

macro_rules! amount {
    ($(#[$doc:meta])* $name:ident, $unit:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(i128);

        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(0);

            #[doc = concat!("That many ", $unit, ".")]
            #[must_use]
            pub const fn of(value: i128) -> Self {
                Self(value)
            }

            #[doc = concat!("In ", $unit, ".")]
            #[must_use]
            pub const fn get(self) -> i128 {
                self.0
            }
        }

        impl ops::Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0.saturating_add(other.0))
            }
        }

        impl ops::AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                *self = *self + other;
            }
        }

        impl ops::Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0.saturating_sub(other.0))
            }
        }

        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
                all.fold(Self::ZERO, ops::Add::add)
            }
        }

        /// As a text, because many readers of JSON keep no more than 53 bits.
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                i128::from_str(&text).map(Self).map_err(serde::de::Error::custom)
            }
        }
    };
}

amount!(
    /// Energy in microjoules: what counters of processors show, and what a
    /// milliwatt is in a millisecond. In JSON a text of digits.
    Energy,
    "microjoules"
);
amount!(
    /// Greenhouse gases in micrograms of CO2 equivalent. In JSON a text of digits.
    Carbon,
    "micrograms of CO2 equivalent"
);

impl Energy {
    /// What a power in milliwatts is in some milliseconds.
    #[must_use]
    pub fn of_power(milliwatts: u64, milliseconds: u64) -> Self {
        Self(i128::from(milliwatts) * i128::from(milliseconds))
    }

    /// From kilowatt-hours, to the microjoule.
    ///
    /// # Errors
    /// When it can't be held.
    pub fn of_kwh(kwh: Decimal) -> Result<Self, SustainabilityError> {
        scaled(kwh, MICROJOULES_PER_KWH).map(Self).ok_or(SustainabilityError::TooLarge { what: "energy" })
    }

    /// In kilowatt-hours, to nine decimals; only to be shown.
    #[must_use]
    pub fn kwh(self) -> Decimal {
        shown(self.0, MICROJOULES_PER_KWH / 1_000_000_000, 9)
    }

    /// A share of it in millionths; a PUE of 1.2 is 1,200,000.
    #[must_use]
    pub fn millionths(self, share: u64) -> Self {
        Self(divided(self.0.saturating_mul(i128::from(share)), i128::from(MILLION)))
    }

    /// `part` of `whole`.
    #[must_use]
    pub fn share(self, part: u64, whole: u64) -> Self {
        if whole == 0 { Self::ZERO } else { Self(divided(self.0.saturating_mul(i128::from(part)), i128::from(whole))) }
    }

    /// What it emits at an intensity.
    #[must_use]
    pub fn at(self, intensity: Intensity) -> Carbon {
        Carbon(divided(self.0.saturating_mul(i128::from(intensity.0)), MICROJOULES_PER_KWH / 1_000))
    }

    /// What it costs in micro-units at a price in micro-units for each kilowatt-hour.
    #[must_use]
    pub fn priced(self, micros_per_kwh: i64) -> i64 {
        let cost = divided(self.0.saturating_mul(i128::from(micros_per_kwh)), MICROJOULES_PER_KWH);
        i64::try_from(cost).unwrap_or(if cost < 0 { i64::MIN } else { i64::MAX })
    }
}

impl Carbon {
    /// From grams, to the microgram.
    ///
    /// # Errors
    /// When it can't be held.
    pub fn of_grams(grams: Decimal) -> Result<Self, SustainabilityError> {
        scaled(grams, 1_000_000).map(Self).ok_or(SustainabilityError::TooLarge { what: "carbon" })
    }

    /// In grams.
    #[must_use]
    pub fn grams(self) -> Decimal {
        shown(self.0, 1, 6)
    }

    /// `part` of `whole`.
    #[must_use]
    pub fn share(self, part: u64, whole: u64) -> Self {
        if whole == 0 { Self::ZERO } else { Self(divided(self.0.saturating_mul(i128::from(part)), i128::from(whole))) }
    }
}

/// Milligrams of CO2 equivalent for each kilowatt-hour. In JSON a decimal number of grams, as a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Intensity(i64);

impl Intensity {
    /// The most that is believed: 5 kg for each kilowatt-hour, five times that of coal.
    pub const MOST: Self = Self(5_000_000);

    /// That many milligrams for each kilowatt-hour.
    #[must_use]
    pub const fn of(milligrams: i64) -> Self {
        Self(milligrams)
    }

    /// In milligrams for each kilowatt-hour.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// From grams for each kilowatt-hour, to the milligram.
    ///
    /// # Errors
    /// When it is negative or above 5,000, which a wrong unit is.
    pub fn of_grams(grams: Decimal) -> Result<Self, SustainabilityError> {
        let all = scaled(grams, 1_000).and_then(|value| i64::try_from(value).ok()).map(Self);
        all.filter(|value| (0..=Self::MOST.0).contains(&value.0)).ok_or_else(|| {
            let problem = format!("{grams} is not from 0 to 5000 g for each kWh; is it in another unit?");
            SustainabilityError::invalid("carbon intensity", problem)
        })
    }

    /// In grams for each kilowatt-hour.
    #[must_use]
    pub fn grams(self) -> Decimal {
        Decimal::new(self.0, 3).normalize()
    }
}

impl fmt::Display for Intensity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} g/kWh", self.grams())
    }
}

impl fmt::Display for Energy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} kWh", self.kwh())
    }
}

impl fmt::Display for Carbon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} g", self.grams())
    }
}

impl Serialize for Intensity {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Serialize::serialize(&self.grams(), serializer)
    }
}

impl<'de> Deserialize<'de> for Intensity {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::of_grams(<Decimal as Deserialize>::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// A quotient, half to even. The divisor is positive.
pub(crate) fn divided(dividend: i128, divisor: i128) -> i128 {
    let (whole, rest) = (dividend.div_euclid(divisor), dividend.rem_euclid(divisor));
    match (rest * 2).cmp(&divisor) {
        std::cmp::Ordering::Less => whole,
        std::cmp::Ordering::Equal => whole + (whole & 1),
        std::cmp::Ordering::Greater => whole + 1,
    }
}

/// A decimal number in units that are `scale` times smaller, half to even.
pub(crate) fn scaled(value: Decimal, scale: i128) -> Option<i128> {
    let power = 10_i128.checked_pow(value.scale())?;
    value.mantissa().checked_mul(scale).map(|product| divided(product, power))
}

fn shown(value: i128, unit: i128, decimals: u32) -> Decimal {
    Decimal::try_from_i128_with_scale(divided(value, unit), decimals).unwrap_or(Decimal::MAX).normalize()
}

/// Millionths of a decimal number, such as a share or a PUE.
///
/// # Errors
/// When it is outside the bounds, which the message states.
pub fn millionths(field: &str, value: Decimal, least: u64, most: u64) -> Result<u64, SustainabilityError> {
    let all = scaled(value, i128::from(MILLION)).and_then(|value| u64::try_from(value).ok());
    all.filter(|value| (least..=most).contains(value)).ok_or_else(|| {
        let bound = |value: u64| Decimal::from_i128_with_scale(i128::from(value), 6).normalize();
        SustainabilityError::invalid(field, format!("must be from {} to {}, and is {value}", bound(least), bound(most)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kilowatt_hour_is_what_it_is() {
        let hour = Energy::of_power(1_000_000, 3_600_000);
        assert_eq!(hour, Energy::of_kwh(Decimal::ONE).unwrap());
        assert_eq!(hour.kwh(), Decimal::ONE);
        assert_eq!(hour.at(Intensity::of_grams(Decimal::new(38_095, 2)).unwrap()).grams(), Decimal::new(38_095, 2));
        assert_eq!(hour.millionths(1_580_000).kwh(), Decimal::new(158, 2));
        assert_eq!(hour.priced(250_000), 250_000);
        assert_eq!(hour.priced(-250_000), -250_000, "prices may be negative");
    }

    #[test]
    fn halves_go_to_even_on_both_sides_of_zero() {
        let all: Vec<i128> = [-5, -3, -1, 1, 3, 5].iter().map(|value| divided(*value, 2)).collect();
        assert_eq!(all, [-2, -2, 0, 0, 2, 2]);
    }

    #[test]
    fn a_wrong_unit_is_found() {
        let error = Intensity::of_grams(Decimal::from(380_000)).unwrap_err().to_string();
        assert!(error.contains("another unit"), "{error}");
        assert!(Intensity::of_grams(Decimal::NEGATIVE_ONE).is_err());
        let error = millionths("pue", Decimal::new(9, 1), MILLION, 10 * MILLION).unwrap_err().to_string();
        assert_eq!(error, "pue: must be from 1 to 10, and is 0.9");
    }

    #[test]
    fn amounts_survive_json() {
        let much = Energy::of(i128::MAX);
        let text = serde_json::to_string(&much).unwrap();
        assert_eq!(serde_json::from_str::<Energy>(&text).unwrap(), much);
        assert_eq!(serde_json::to_string(&Intensity::of(380_950)).unwrap(), "\"380.95\"");
    }
}
