//! The statement of two brokers.

use super::{LeftOut, SettledCharge, SettledClaim};
use crate::{AccountingError, hex, price::round};
use chrono::NaiveDate;
use hansa_ontology::{Currency, ProviderId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// What a statement is made of, in any order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Content {
    /// What was delivered.
    pub charges: Vec<SettledCharge>,
    /// What was promised and missed, as far as it was accepted.
    pub claims: Vec<SettledClaim>,
    /// What was told and isn't agreed.
    pub left_out: Vec<LeftOut>,
}

/// What two brokers owe each other for a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Statement {
    /// The broker whose name comes first.
    pub first: ProviderId,
    /// The other one.
    pub second: ProviderId,
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub through: NaiveDate,
    /// The currency.
    pub currency: Currency,
    /// Every charge, in order.
    pub charges: Vec<SettledCharge>,
    /// Every accepted claim, in order.
    pub claims: Vec<SettledClaim>,
    /// Usage of the period that isn't agreed, and isn't paid.
    pub left_out: Vec<LeftOut>,
    /// What the first has delivered, in micro-units.
    pub by_first_micros: i64,
    /// What the second has delivered.
    pub by_second_micros: i64,
    /// What the first owes back by claims.
    pub credited_by_first_micros: i64,
    /// What the second owes back by claims.
    pub credited_by_second_micros: i64,
    /// What the first is to pay the second; below 0 the other way round.
    pub first_pays_micros: i64,
}

/// Something on which two statements of the same period differ.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Difference {
    /// `charge`, `claim` or `leftOut`.
    pub item: String,
    /// Who delivered it, or says so.
    pub seller: String,
    /// The thing: `machine/<order>`.
    pub resource: String,
    /// The agreement of a charge, the claim, or the begin of what is left out.
    pub name: String,
    /// Seconds and micro-units as proposed; absent: it isn't there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed: Option<(u64, i64)>,
    /// Seconds and micro-units by the own books.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<(u64, i64)>,
}

/// The kind of an item, its seller, its thing and its name.
type ItemKey = (&'static str, String, String, String);

impl Statement {
    /// The statement of two brokers; the same from both sides.
    ///
    /// # Errors
    /// When a charge or a claim is neither's, of another period or there twice,
    /// or a sum is too large.
    pub fn new(
        brokers: [&ProviderId; 2],
        (from, through): (NaiveDate, NaiveDate),
        currency: Currency,
        content: Content,
    ) -> Result<Self, AccountingError> {
        let [one, other] = brokers;
        let (first, second) = if one <= other { (one, other) } else { (other, one) };
        let Content { charges, claims, left_out } = content;
        let (charges, claims, left_out) = (ordered(charges), ordered(claims), ordered(left_out));
        if let Some(charge) = charges.iter().find(|charge| charge.price_micros < 0 || charge.micros < 0) {
            let problem =
                format!("{} is below 0; what is owed the other way is a charge of the other broker", charge.charge);
            return Err(AccountingError::invalid("charges.micros", problem));
        }
        let delivered = |seller: &ProviderId| {
            let own = charges.iter().filter(|charge| charge.seller == *seller);
            round::sum(own.map(|charge| charge.micros), "what a broker has delivered")
        };
        let credited = |seller: &ProviderId| {
            let own = claims.iter().filter(|claim| claim.seller == *seller);
            round::sum(own.map(|claim| claim.credit.micros), "what a broker owes back")
        };
        let (by_first_micros, by_second_micros) = (delivered(first)?, delivered(second)?);
        let (credited_by_first_micros, credited_by_second_micros) = (credited(first)?, credited(second)?);
        let parts = [by_second_micros, -by_first_micros, -credited_by_second_micros, credited_by_first_micros];
        let first_pays_micros = round::sum(parts, "what a broker is to pay")?;
        let (first, second) = (first.clone(), second.clone());
        let made = Self {
            first,
            second,
            from,
            through,
            currency,
            charges,
            claims,
            left_out,
            by_first_micros,
            by_second_micros,
            credited_by_first_micros,
            credited_by_second_micros,
            first_pays_micros,
        };
        made.check()?;
        Ok(made)
    }

    fn check(&self) -> Result<(), AccountingError> {
        if self.first == self.second {
            return Err(AccountingError::invalid("second", "a broker owes itself nothing; name another"));
        }
        if self.through < self.from {
            return Err(AccountingError::invalid("through", "must not be before from"));
        }
        let known = |seller: &ProviderId| *seller == self.first || *seller == self.second;
        let inside = |day: NaiveDate| day >= self.from && day <= self.through;
        let mut seen = BTreeSet::new();
        for charge in &self.charges {
            if !known(&charge.seller) || !inside(charge.day) {
                let problem = format!("{} of {} on {} does not belong here", charge.charge, charge.seller, charge.day);
                return Err(AccountingError::invalid("charges", problem));
            }
            if !seen.insert(charge.charge) {
                return Err(AccountingError::invalid("charges", format!("{} is there twice", charge.charge)));
            }
        }
        let mut seen = BTreeSet::new();
        for claim in &self.claims {
            if !known(&claim.seller) || !inside(claim.day) || !seen.insert(&claim.claim) {
                let problem = format!("{} of {} does not belong here, or is there twice", claim.claim, claim.seller);
                return Err(AccountingError::invalid("claims", problem));
            }
            claim.credit.check()?;
        }
        if let Some(left) = self.left_out.iter().find(|left| !known(&left.seller)) {
            let problem = format!("{} of {} does not belong here", left.resource, left.seller);
            return Err(AccountingError::invalid("leftOut", problem));
        }
        Ok(())
    }

    /// The name of the statement of two brokers, a period and a currency, whatever it says.
    #[must_use]
    pub fn id(brokers: [&ProviderId; 2], (from, through): (NaiveDate, NaiveDate), currency: Currency) -> String {
        let [one, other] = brokers;
        let (first, second) = if one <= other { (one, other) } else { (other, one) };
        hex(&Sha256::digest(format!("{first}\n{second}\n{from}\n{through}\n{currency}")))
    }

    /// The canonical bytes, which both sign: JSON without spaces.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn bytes(&self) -> Result<Vec<u8>, AccountingError> {
        serde_json::to_vec(self).map_err(|error| AccountingError::writing("the statement", error))
    }

    /// SHA-256 of the canonical bytes, in hexadecimal digits.
    ///
    /// # Errors
    /// When they can't be written.
    pub fn digest(&self) -> Result<String, AccountingError> {
        Ok(hex(&Sha256::digest(self.bytes()?)))
    }

    /// Reads a statement and computes it again, from nothing but its bytes:
    /// whether they are canonical, whether every charge follows from its
    /// quantity and price, every claim from its base, share and cap, and
    /// whether the sums are right.
    ///
    /// # Errors
    /// Says what is not right.
    pub fn verify(bytes: &[u8]) -> Result<Self, AccountingError> {
        let unreadable = |error: serde_json::Error| AccountingError::invalid("statement", error.to_string());
        let told: Self = serde_json::from_slice(bytes).map_err(unreadable)?;
        for charge in &told.charges {
            charge.check()?;
        }
        let content =
            Content { charges: told.charges.clone(), claims: told.claims.clone(), left_out: told.left_out.clone() };
        let again = Self::new([&told.first, &told.second], (told.from, told.through), told.currency, content)?;
        if again != told || again.bytes()? != bytes {
            return Err(AccountingError::invalid(
                "statement",
                "its sums, its order or its bytes are not those that follow from its charges and claims",
            ));
        }
        Ok(told)
    }

    /// On what a proposed statement and the own one of the same period differ.
    #[must_use]
    pub fn differences(proposed: &Self, own: &Self) -> Vec<Difference> {
        let (proposed, own) = (proposed.items(), own.items());
        let keys: BTreeSet<_> = proposed.keys().chain(own.keys()).collect();
        let differing = keys.into_iter().filter(|key| proposed.get(*key) != own.get(*key));
        let named = |key: &ItemKey| Difference {
            item: key.0.to_owned(),
            seller: key.1.clone(),
            resource: key.2.clone(),
            name: key.3.clone(),
            proposed: proposed.get(key).map(|found| found.0),
            own: own.get(key).map(|found| found.0),
        };
        differing.map(named).collect()
    }

    /// Every item by what names it: seconds, micro-units, and all else that it says.
    fn items(&self) -> BTreeMap<ItemKey, ((u64, i64), String)> {
        let key = |item, seller: &ProviderId, resource: &str, name: String| {
            (item, seller.to_string(), resource.to_owned(), name)
        };
        let charges = self.charges.iter().map(|one| {
            let rest = format!("{} {}", one.day, one.charge);
            (key("charge", &one.seller, &one.resource, one.plan.clone()), ((one.quantity, one.micros), rest))
        });
        let claims = self.claims.iter().map(|one| {
            let rest = format!("{} {} {:?}", one.day, one.document, one.credit);
            let amount = (one.credit.seconds, one.credit.micros);
            (key("claim", &one.seller, &one.resource, one.claim.clone()), (amount, rest))
        });
        let left = self.left_out.iter().map(|one| {
            (key("leftOut", &one.seller, &one.resource, one.from.to_rfc3339()), ((one.seconds, 0), String::new()))
        });
        charges.chain(claims).chain(left).collect()
    }
}

fn ordered<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort_unstable();
    items.dedup();
    items
}
