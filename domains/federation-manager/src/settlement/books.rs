//! What goes into a statement: from the usage that both have signed and the
//! claims that were accepted, each once. Pure but for reading it.

use super::{claim::ClaimRecord, named, ruled, statement::Settlement, statement::SettlementState};
use crate::{
    FederationError,
    orders::{Usage, UsageRole, UsageState},
    store,
};
use chrono::{DateTime, NaiveDate, Utc};
use hansa_accounting::settle::{Content, LeftOut, SettledCharge, SettledClaim, Statement};
use hansa_federation::SignedDocument;
use hansa_ontology::{Currency, MachineId, Money, ProviderId};
use hansa_repository::Connection;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a statement settles in our books.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Picked {
    /// Usage records.
    pub usage: Vec<(UsageRole, MachineId, DateTime<Utc>)>,
    /// Claims.
    pub claims: Vec<(UsageRole, String)>,
}

impl Picked {
    pub(super) fn is_empty(&self) -> bool {
        self.usage.is_empty() && self.claims.is_empty()
    }
}

/// What is between us and a partner, and in no agreed statement.
#[derive(Debug, Clone)]
pub(super) struct Books {
    pub own: ProviderId,
    pub partner: ProviderId,
    /// In every state but settled.
    pub usage: Vec<Usage>,
    /// Accepted ones.
    pub claims: Vec<ClaimRecord>,
    /// What an hour costs, by agreement.
    pub prices: BTreeMap<String, Money>,
    /// The periods of agreed statements, by currency: what comes after belongs into a later one.
    pub agreed: Vec<(Currency, NaiveDate, NaiveDate)>,
}

/// Who we are in it, the order, and its agreement.
type OrderKey<'a> = (UsageRole, MachineId, &'a str);

/// Reads the books, as far as they begin before a time.
pub(super) fn read(
    connection: &mut Connection,
    own: &str,
    partner: &str,
    before: DateTime<Utc>,
) -> Result<Books, FederationError> {
    let usage = store::usage::unsettled(connection, partner, before)?;
    let claims = store::claims::unsettled(connection, partner)?;
    let mut prices = BTreeMap::new();
    for usage in &usage {
        let id = &usage.record.agreement;
        if prices.contains_key(id) {
            continue;
        }
        let agreement = store::contracts::agreement(connection, partner, id)?;
        if let Some(clauses) = agreement.and_then(|agreement| agreement.clauses) {
            prices.insert(id.clone(), clauses.price_per_hour);
        }
    }
    let agreed = store::settlements::of_partner(connection, partner, SettlementState::Agreed)?;
    let agreed = agreed.into_iter().map(|one| (one.currency, one.from, one.through)).collect();
    Ok(Books { own: named(own)?, partner: named(partner)?, usage, claims, prices, agreed })
}

impl Books {
    fn seller(&self, role: UsageRole) -> &ProviderId {
        match role {
            UsageRole::Seller => &self.own,
            UsageRole::Buyer => &self.partner,
        }
    }

    /// The day on which something counts in a statement; None: it belongs into
    /// another. What was left out of an agreed one counts on the first day.
    fn day(&self, statement: &Settlement, day: NaiveDate) -> Option<NaiveDate> {
        if day >= statement.from && day <= statement.through {
            return Some(day);
        }
        let covered = self
            .agreed
            .iter()
            .any(|(currency, from, through)| *currency == statement.currency && day >= *from && day <= *through);
        (day < statement.from && covered).then_some(statement.from)
    }

    /// What a statement says by these books, and what of them it settles.
    ///
    /// # Errors
    /// When an amount is too large.
    pub(super) fn statement(&self, wanted: &Settlement) -> Result<(Statement, Picked), FederationError> {
        let (mut content, mut picked) = (Content::default(), Picked::default());
        let mut orders: BTreeMap<OrderKey<'_>, Vec<(&Usage, NaiveDate)>> = BTreeMap::new();
        for usage in &self.usage {
            let (record, role) = (&usage.record, usage.role);
            let price = self.prices.get(&record.agreement).filter(|price| price.currency == wanted.currency);
            let day = self.day(wanted, record.from.date_naive());
            let (Some(_), Some(day)) = (price, day) else { continue };
            if usage.state == UsageState::Acknowledged && usage.told {
                orders.entry((role, record.order, &record.agreement)).or_default().push((usage, day));
                picked.usage.push((role, record.order, record.from));
            } else if record.from.date_naive() >= wanted.from {
                content.left_out.push(LeftOut {
                    seller: self.seller(role).clone(),
                    resource: format!("machine/{}", record.order),
                    from: record.from,
                    seconds: record.unit_seconds,
                });
            }
        }
        for ((role, order, agreement), usage) in orders {
            let seconds = usage.iter().fold(0_u64, |sum, (usage, _)| sum.saturating_add(usage.record.unit_seconds));
            let price = self.prices.get(agreement).map_or(0, |price| price.micros);
            let day = usage.iter().map(|(_, day)| *day).min().unwrap_or(wanted.from);
            let digests = usage.iter().map(|(usage, _)| usage.document.digest()).collect();
            let of = (self.seller(role), order, agreement);
            content.charges.push(SettledCharge::of_usage(of, day, (seconds, price), digests).map_err(ruled)?);
        }
        for (settled, name) in self.claims.iter().filter_map(|claim| self.claim(wanted, claim)) {
            content.claims.push(settled);
            picked.claims.push(name);
        }
        let period = (wanted.from, wanted.through);
        let made = Statement::new([&self.own, &self.partner], period, wanted.currency, content).map_err(ruled)?;
        Ok((made, picked))
    }

    fn claim(&self, wanted: &Settlement, record: &ClaimRecord) -> Option<(SettledClaim, (UsageRole, String))> {
        let claim = record.claim.as_ref().filter(|claim| claim.currency == wanted.currency)?;
        let day = self.day(wanted, claim.day())?;
        let settled = SettledClaim {
            seller: claim.seller.clone(),
            day,
            resource: format!("machine/{}", claim.order),
            claim: record.id.clone(),
            document: record.document.as_ref().map(SignedDocument::digest)?,
            credit: claim.credit.clone(),
        };
        Some((settled, (record.role, record.id.clone())))
    }
}

/// Marks what a statement settles, once.
///
/// # Errors
/// [`FederationError::Conflict`] when some of it is in another statement, or is
/// not agreed any more.
pub(super) fn settle(
    connection: &mut Connection,
    partner: &str,
    id: &str,
    picked: &Picked,
) -> Result<(), FederationError> {
    let not_free = |what: String| FederationError::Conflict(format!("{what} is settled already, or isn't agreed"));
    for (role, order, from) in &picked.usage {
        let found = store::usage::find(connection, *role, partner, *order, *from)?;
        let free = found.filter(|usage| usage.state == UsageState::Acknowledged);
        let mut usage = free.ok_or_else(|| not_free(format!("the usage of {order} from {from}")))?;
        usage.state = UsageState::Settled;
        usage.settled_in = Some(id.to_owned());
        store::usage::update(connection, &usage)?;
    }
    for (role, name) in &picked.claims {
        let found = store::claims::find(connection, *role, partner, name)?;
        let free = found.filter(|claim| claim.state == super::ClaimState::Accepted && claim.settled_in.is_none());
        let mut claim = free.ok_or_else(|| not_free(format!("the claim {name}")))?;
        claim.settled_in = Some(id.to_owned());
        store::claims::save(connection, &claim)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hansa_federation::wire::{UsageReason, UsageRecord};
    use hansa_ontology::OfferId;
    use proptest::prelude::*;

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_780_272_000 + hours * 3_600, 0).unwrap()
    }

    fn usage(order: u128, hour: i64, seller: bool, state: UsageState) -> Usage {
        let record = UsageRecord {
            order: MachineId(uuid::Uuid::from_u128(order)),
            agreement: "urn:uuid:1".to_owned(),
            offer: OfferId::new("https://a.example/o").unwrap(),
            from: at(hour),
            to: at(hour + 1),
            unit_seconds: 3_600,
            reason: UsageReason::Interim,
        };
        let content = serde_json::to_string(&record).unwrap();
        Usage {
            role: if seller { UsageRole::Seller } else { UsageRole::Buyer },
            partner: "did:web:b.example".to_owned(),
            record,
            document: SignedDocument { content_type: "application/json".to_owned(), content, signature: String::new() },
            service: None,
            answer: None,
            state,
            reason: None,
            told: true,
            settled_in: None,
        }
    }

    fn books(usage: Vec<Usage>, [own, partner]: [&str; 2]) -> Books {
        let price = Money::new(36_000_000, Currency::EUR);
        Books {
            own: named(own).unwrap(),
            partner: named(partner).unwrap(),
            usage,
            claims: Vec::new(),
            prices: BTreeMap::from([("urn:uuid:1".to_owned(), price)]),
            agreed: Vec::new(),
        }
    }

    fn wanted(books: &Books, first: i64, last: i64) -> Settlement {
        let period = (at(first * 24).date_naive(), at(last * 24).date_naive());
        Settlement::open([&books.own, &books.partner], period, Currency::EUR, at(0))
    }

    proptest! {
        /// Whatever is asked for, in whatever order, and whenever a record is
        /// acknowledged: each is settled at most once, and what is agreed in
        /// the days that were asked for is settled in the end.
        #[test]
        fn nothing_is_settled_twice(
            told in prop::collection::btree_set((0_u128..4, 0_i64..240), 0..60),
            late in prop::collection::vec(any::<bool>(), 60),
            periods in prop::collection::vec((0_i64..10, 0_i64..10), 1..8),
        ) {
            let all = told.into_iter().zip(late).map(|((order, hour), late)| {
                usage(order, hour, order % 2 == 0, if late { UsageState::Disputed } else { UsageState::Acknowledged })
            });
            let mut ours = books(all.collect(), ["did:web:a.example", "did:web:b.example"]);
            let mut paid = 0;
            // The last round finds every dispute ended, and goes through the last day.
            let rounds = periods.len();
            for (number, (one, other)) in periods.into_iter().chain([(0, 9)]).enumerate() {
                if number == rounds {
                    ours.usage.iter_mut().filter(|usage| usage.state == UsageState::Disputed).for_each(|usage| usage.state = UsageState::Acknowledged);
                }
                let period = wanted(&ours, one.min(other), one.max(other));
                let (made, picked) = ours.statement(&period).unwrap();
                // The other side has the same records in the other role, in any order.
                let mut theirs = books(ours.usage.clone(), ["did:web:b.example", "did:web:a.example"]);
                theirs.agreed = ours.agreed.clone();
                theirs.usage.reverse();
                theirs.usage.iter_mut().for_each(|usage| usage.role = match usage.role {
                    UsageRole::Seller => UsageRole::Buyer,
                    UsageRole::Buyer => UsageRole::Seller,
                });
                prop_assert_eq!(made.bytes().unwrap(), theirs.statement(&period).unwrap().0.bytes().unwrap());
                for (role, order, from) in &picked.usage {
                    let found = ours.usage.iter_mut().find(|usage| (usage.role, usage.record.order, usage.record.from) == (*role, *order, *from)).unwrap();
                    prop_assert_eq!(found.state, UsageState::Acknowledged);
                    found.state = UsageState::Settled;
                }
                ours.usage.retain(|usage| usage.state != UsageState::Settled);
                ours.agreed.push((Currency::EUR, period.from, period.through));
                paid += made.by_first_micros + made.by_second_micros;
                prop_assert_eq!(made.charges.iter().map(|charge| charge.quantity).sum::<u64>(), 3_600 * picked.usage.len() as u64);
            }
            prop_assert!(ours.usage.is_empty());
            prop_assert_eq!(paid % 36_000_000, 0);
        }
    }

    #[test]
    fn what_comes_late_counts_on_the_first_day_of_the_next_period() {
        let late = usage(1, 5, true, UsageState::Acknowledged);
        let mut ours = books(vec![late], ["did:web:a.example", "did:web:b.example"]);
        let next = wanted(&ours, 3, 4);
        assert!(ours.statement(&next).unwrap().1.is_empty(), "its own period was never stated");
        ours.agreed.push((Currency::EUR, at(0).date_naive(), at(48).date_naive()));
        let (made, picked) = ours.statement(&next).unwrap();
        assert_eq!((made.charges[0].day, picked.usage.len()), (next.from, 1));
    }
}
