//! What people and the planner are told of partners' offers: whose they are,
//! how fresh they are, and why some can't be ordered.

use crate::{
    FederationError, FederationManager, orders,
    partners::{Partner, PartnerState},
    store,
};
use chrono::{DateTime, Utc};
use hansa_ontology::{Offer, ProviderId, order::PartnerProvider};
use serde::Serialize;
use std::{collections::BTreeMap, fmt, time::Duration};

/// How much an offer of a partner can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Freshness {
    /// The partner was heard of late.
    Fresh,
    /// The partner wasn't heard for a while: shown, and not planned with.
    Stale,
    /// It has ended.
    Expired,
}

impl fmt::Display for Freshness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fresh => "fresh",
            Self::Stale => "stale",
            Self::Expired => "expired",
        })
    }
}

/// How a partner stands, for lists of offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PartnerStanding {
    /// Its DID.
    pub did: String,
    /// Its name for people.
    pub name: String,
    /// When it was last heard.
    pub last_heard: Option<DateTime<Utc>>,
    /// It wasn't heard for longer than offers stay fresh.
    pub stale: bool,
    /// Why nothing new can be ordered there now.
    pub unusable: Option<String>,
}

impl PartnerStanding {
    /// How much an offer of this partner can be relied on.
    #[must_use]
    pub fn freshness(&self, offer: &Offer, now: DateTime<Utc>) -> Freshness {
        match offer.valid_through {
            Some(end) if end <= now => Freshness::Expired,
            _ if self.stale => Freshness::Stale,
            _ => Freshness::Fresh,
        }
    }
}

impl FederationManager {
    /// The providers whose offers partners deliver, and why some can't be used now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn provider_list(&self) -> Result<Vec<PartnerProvider>, FederationError> {
        let snapshot = self.catalogue().snapshot().await?;
        let standings = self.standings().await?;
        Ok(standings
            .into_iter()
            .map(|(provider, (partner, standing))| {
                let dear = |offer: &&Offer| {
                    partner.policy.accepted.limits.price_per_hour.is_some_and(|most| {
                        let price = offer.price_plan.price_per_hour;
                        price.currency == most.currency && price.micros > most.micros
                    })
                };
                let offers = snapshot.catalogue.offers.iter().filter(|offer| offer.provider == provider);
                let unusable_offers = offers
                    .filter(dear)
                    .map(|offer| (offer.id.clone(), "it costs more than our limit for this partner".to_owned()))
                    .collect();
                PartnerProvider { provider, partner: standing.name, unusable: standing.unusable, unusable_offers }
            })
            .collect())
    }

    /// How the partner of each provider stands, for lists of offers.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn provider_standings(&self) -> Result<BTreeMap<ProviderId, PartnerStanding>, FederationError> {
        let standings = self.standings().await?;
        Ok(standings.into_iter().map(|(provider, (_, standing))| (provider, standing)).collect())
    }

    async fn standings(&self) -> Result<BTreeMap<ProviderId, (Partner, PartnerStanding)>, FederationError> {
        let (now, stale_after) = (self.now(), self.options().stale_after);
        self.database()
            .read(move |connection| {
                let mut standings = BTreeMap::new();
                for partner in store::partners::list(connection)? {
                    let Some(provider) = partner.provider.clone() else { continue };
                    if partner.state == PartnerState::Terminated {
                        continue;
                    }
                    let living = orders::living(connection, &partner.did)?;
                    let standing = standing(&partner, living, stale_after, now);
                    standings.insert(provider, (partner, standing));
                }
                Ok(standings)
            })
            .await
    }
}

fn standing(partner: &Partner, living: u64, stale_after: Duration, now: DateTime<Utc>) -> PartnerStanding {
    let stale = partner.is_silent(now, stale_after);
    PartnerStanding {
        did: partner.did.clone(),
        name: partner.name.clone(),
        last_heard: partner.last_heard,
        stale,
        unusable: unusable(partner, living, stale, now),
    }
}

fn unusable(partner: &Partner, living: u64, stale: bool, now: DateTime<Utc>) -> Option<String> {
    let name = &partner.name;
    match (partner.state, partner.their_state) {
        (PartnerState::Active, None | Some(PartnerState::Active)) => {}
        (PartnerState::Active, Some(theirs)) => return Some(format!("{name} says that we are {theirs} there")),
        (PartnerState::Suspended, _) => return Some(format!("our broker has suspended {name}")),
        (PartnerState::Draining, _) => return Some(format!("the partnership with {name} is ending")),
        (state, _) => return Some(format!("the partnership with {name} is {state}")),
    }
    if stale {
        let since = now.signed_duration_since(partner.last_heard.unwrap_or(partner.since)).num_seconds();
        return Some(format!("stale: {name} has not been heard for {since} s"));
    }
    let most = partner.policy.accepted.limits.orders?;
    (living >= u64::from(most)).then(|| format!("our limit of {most} orders at {name} is reached"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use hansa_federation::Did;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_780_000_000, 0).unwrap() + TimeDelta::seconds(seconds)
    }

    fn partner(state: PartnerState, theirs: Option<PartnerState>) -> Partner {
        let did = Did::new("did:web:b.example").unwrap();
        let mut partner = Partner::new(&did, "https://b.example", state, at(0));
        partner.last_heard = Some(at(0));
        partner.their_state = theirs;
        partner
    }

    #[test]
    fn only_a_partner_that_is_active_on_both_sides_and_heard_of_late_is_used() {
        let after = Duration::from_secs(60);
        let why = |state, theirs, seconds| standing(&partner(state, theirs), 0, after, at(seconds)).unusable;
        assert_eq!(why(PartnerState::Active, None, 60), None);
        assert_eq!(why(PartnerState::Active, Some(PartnerState::Active), 60), None);
        assert!(why(PartnerState::Active, None, 61).unwrap().contains("61 s"));
        assert!(why(PartnerState::Active, Some(PartnerState::Suspended), 0).unwrap().contains("SUSPENDED"));
        for state in PartnerState::ALL.into_iter().filter(|state| *state != PartnerState::Active) {
            assert!(why(state, None, 0).is_some(), "{state}");
        }
    }

    #[test]
    fn a_limit_of_orders_is_a_reason() {
        let mut limited = partner(PartnerState::Active, None);
        limited.policy.accepted.limits.orders = Some(2);
        let after = Duration::from_secs(60);
        assert_eq!(standing(&limited, 1, after, at(0)).unusable, None);
        assert!(standing(&limited, 2, after, at(0)).unusable.unwrap().contains("2 orders"));
    }
}
