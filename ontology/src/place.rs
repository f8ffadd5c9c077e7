//! Places and laws: countries, groups of countries, coordinates.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The text names no area.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an area: a country code of ISO 3166-1 such as DE, or a group such as EU, EEA")]
pub struct InvalidArea(pub String);

/// A country (ISO 3166-1 alpha-2) or a group of countries (`EU`, `EEA`): where
/// something lies, is served, or which law binds it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Area(#[schemars(regex(pattern = r"^[A-Z]{2,3}$"))] String);

/// Member states of the European Union.
const EU: [&str; 27] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];
/// Members of the European Economic Area outside the Union.
const EEA_ONLY: [&str; 3] = ["IS", "LI", "NO"];

impl Area {
    /// Takes two or three capital letters.
    ///
    /// # Errors
    /// When the text is anything else.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidArea> {
        let text = text.into();
        if (2..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase()) {
            Ok(Self(text))
        } else {
            Err(InvalidArea(text))
        }
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether all of `inner` lies in this area: `EU` contains `DE`, `DE` contains `DE`.
    #[must_use]
    pub fn contains(&self, inner: &Self) -> bool {
        self == inner
            || match self.as_str() {
                "EU" => EU.contains(&inner.as_str()),
                "EEA" => inner.as_str() == "EU" || EU.contains(&inner.as_str()) || EEA_ONLY.contains(&inner.as_str()),
                _ => false,
            }
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Area {
    type Err = InvalidArea;
    fn from_str(text: &str) -> Result<Self, InvalidArea> {
        Self::new(text)
    }
}

impl<'de> Deserialize<'de> for Area {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// A point on the WGS 84 ellipsoid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Coordinates {
    /// Degrees north, from -90 to 90.
    pub latitude: Decimal,
    /// Degrees east, from -180 to 180.
    pub longitude: Decimal,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_contain_their_members() {
        let area = |code: &str| Area::new(code).unwrap();
        assert!(area("EU").contains(&area("DE")));
        assert!(area("EEA").contains(&area("NO")));
        assert!(area("EEA").contains(&area("EU")));
        assert!(!area("EU").contains(&area("GB")));
        assert!(!area("DE").contains(&area("EU")));
    }
}
