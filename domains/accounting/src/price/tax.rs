//! Tax on value added: which category and which rate, by country and day
//! (Directive 2006/112/EC for services between businesses and to consumers).

use crate::AccountingError;
use chrono::NaiveDate;
use hansa_ontology::place::Area;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A category of tax (UNTDID 5305, EN 16931 BT-118).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TaxCategory {
    /// Standard rate.
    S,
    /// Zero rated.
    Z,
    /// Reverse charge: the buyer accounts for it.
    AE,
    /// Outside the scope of the tax.
    O,
}

impl TaxCategory {
    /// Its code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::S => "S",
            Self::Z => "Z",
            Self::AE => "AE",
            Self::O => "O",
        }
    }

    /// Why no tax is charged (BT-120), and the code of that reason (BT-121), where one must be given.
    #[must_use]
    pub const fn reason(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::S | Self::Z => None,
            Self::AE => Some(("Reverse charge", "VATEX-EU-AE")),
            Self::O => Some(("Not subject to VAT", "VATEX-EU-O")),
        }
    }
}

/// How something is taxed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tax {
    /// The category.
    pub category: TaxCategory,
    /// Hundredths of a percent: 1900 is 19 %.
    pub basis_points: u32,
}

/// Who sells to whom, as far as tax asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaxParties<'a> {
    /// The seller's country.
    pub seller: &'a Area,
    /// The buyer's country.
    pub buyer: &'a Area,
    /// Whether the buyer is a business with a number for this tax.
    pub business: bool,
}

/// The standard rates of countries, each from its day on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaxTable {
    rates: BTreeMap<Area, BTreeMap<NaiveDate, u32>>,
}

impl TaxTable {
    /// States a country's standard rate from a day on, in hundredths of a percent.
    ///
    /// # Errors
    /// When it is above 100 percent, or another one is stated for that day.
    pub fn state(&mut self, country: &Area, day: NaiveDate, basis_points: u32) -> Result<(), AccountingError> {
        if basis_points > 10_000 {
            let problem = format!("{basis_points} of {country} is more than 10000 hundredths of a percent");
            return Err(AccountingError::invalid("tax rates", problem));
        }
        let dated = self.rates.entry(country.clone()).or_default();
        if dated.insert(day, basis_points).is_some_and(|before| before != basis_points) {
            return Err(AccountingError::Conflict { what: "tax rate", name: format!("{country} on {day}") });
        }
        Ok(())
    }

    /// How a service of that day is taxed: at home at the seller's rate; to a
    /// business in another country of the Union by reverse charge; to others
    /// there at the buyer's rate; to all the world besides not at all.
    ///
    /// # Errors
    /// When the country's rate on that day was never stated.
    pub fn on(&self, parties: TaxParties<'_>, day: NaiveDate) -> Result<Tax, AccountingError> {
        let union = Area::new("EU").ok();
        let within = |country: &Area| union.as_ref().is_some_and(|union| union.contains(country));
        let TaxParties { seller, buyer, business } = parties;
        if seller == buyer {
            return self.standard(seller, day);
        }
        if !(within(seller) && within(buyer)) {
            return Ok(Tax { category: TaxCategory::O, basis_points: 0 });
        }
        if business { Ok(Tax { category: TaxCategory::AE, basis_points: 0 }) } else { self.standard(buyer, day) }
    }

    fn standard(&self, country: &Area, day: NaiveDate) -> Result<Tax, AccountingError> {
        let dated = self.rates.get(country).and_then(|dated| dated.range(..=day).next_back());
        let (_, basis_points) = dated.ok_or_else(|| AccountingError::Unknown {
            field: format!("tax on {day}"),
            what: "tax rate of",
            name: country.to_string(),
        })?;
        let category = if *basis_points == 0 { TaxCategory::Z } else { TaxCategory::S };
        Ok(Tax { category, basis_points: *basis_points })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_country_and_day() {
        let area = |code: &str| Area::new(code).unwrap();
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let mut table = TaxTable::default();
        table.state(&area("DE"), day("2007-01-01"), 1_900).unwrap();
        table.state(&area("DE"), day("2020-07-01"), 1_600).unwrap();
        table.state(&area("DE"), day("2021-01-01"), 1_900).unwrap();
        table.state(&area("FR"), day("2014-01-01"), 2_000).unwrap();
        let on = |seller: &str, buyer: &str, business, at: &str| {
            let (seller, buyer) = (area(seller), area(buyer));
            table
                .on(TaxParties { seller: &seller, buyer: &buyer, business }, day(at))
                .map(|t| (t.category, t.basis_points))
        };
        assert_eq!(on("DE", "DE", true, "2020-06-30"), Ok((TaxCategory::S, 1_900)));
        assert_eq!(on("DE", "DE", true, "2020-07-01"), Ok((TaxCategory::S, 1_600)));
        assert_eq!(on("DE", "FR", true, "2026-01-01"), Ok((TaxCategory::AE, 0)));
        assert_eq!(on("DE", "FR", false, "2026-01-01"), Ok((TaxCategory::S, 2_000)));
        assert_eq!(on("DE", "CH", true, "2026-01-01"), Ok((TaxCategory::O, 0)));
        assert!(on("DE", "AT", false, "2026-01-01").unwrap_err().to_string().contains("tax rate of `AT`"));
    }
}
