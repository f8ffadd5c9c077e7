//! Statements that are begun: when a month is over, when an owner asks, when
//! the partner asks.

use super::{books, named, statement::Settlement};
use crate::{
    FederationError, FederationManager, Peer,
    outbox::{self, Item},
    store,
};
use chrono::{DateTime, Datelike as _, Months, NaiveDate, NaiveTime, TimeDelta, Utc};
use hansa_federation::wire::StatementRequest;
use hansa_ontology::{Currency, ProviderId};
use hansa_repository::Connection;
use std::collections::BTreeSet;

/// Between two looks for months that are over.
const LOOK: TimeDelta = TimeDelta::minutes(10);

impl FederationManager {
    pub(super) fn settle_grace(&self) -> TimeDelta {
        TimeDelta::from_std(self.options().settle_grace).unwrap_or(TimeDelta::days(5))
    }

    /// How long a dispute may last before it is listed as overdue.
    #[must_use]
    pub fn dispute_deadline(&self) -> TimeDelta {
        TimeDelta::from_std(self.options().dispute_deadline).unwrap_or(TimeDelta::days(30))
    }

    /// Begins a statement with a partner, or has one that is disputed proposed
    /// again now. The broker whose DID comes first proposes; the other one asks it to.
    ///
    /// # Errors
    /// [`FederationError::NotFound`] without such a partner,
    /// [`FederationError::Invalid`] when the period isn't there yet or is longer than a year.
    pub async fn settlement_make(
        &self,
        partner: &str,
        period: (NaiveDate, NaiveDate),
        currency: Currency,
    ) -> Result<Settlement, FederationError> {
        let now = self.now();
        check(period, now)?;
        let (own, partner) = (named(self.did().as_str())?, named(partner)?);
        self.database()
            .write(move |connection| {
                store::partners::get(connection, partner.as_str())?;
                begin(connection, [&own, &partner], period, currency, now)
            })
            .await
    }

    /// What [`Self::settlement_make`] would begin; writes nothing.
    ///
    /// # Errors
    /// As there.
    pub fn settlement_check(
        &self,
        partner: &str,
        period: (NaiveDate, NaiveDate),
        currency: Currency,
    ) -> Result<Settlement, FederationError> {
        let now = self.now();
        check(period, now)?;
        Ok(Settlement::open([&named(self.did().as_str())?, &named(partner)?], period, currency, now))
    }

    /// `POST statements`: the partner asks for a statement that we propose.
    ///
    /// # Errors
    /// [`FederationError::Conflict`] when it is the partner who proposes,
    /// [`FederationError::Invalid`] as for our own owner.
    pub async fn statement_asked(&self, peer: &Peer, asked: StatementRequest) -> Result<(), FederationError> {
        let currency = asked.currency.parse::<Currency>();
        let currency = currency.map_err(|error| FederationError::invalid("currency", error.to_string()))?;
        let (own, partner) = (named(self.did().as_str())?, named(&peer.did)?);
        if own > partner {
            return Err(FederationError::Conflict("it is you who proposes: your DID comes first".to_owned()));
        }
        let (now, period) = (self.now(), (asked.from, asked.through));
        check(period, now)?;
        self.database()
            .write(move |connection| begin(connection, [&own, &partner], period, currency, now).map(|_| ()))
            .await
    }
}

fn check((from, through): (NaiveDate, NaiveDate), now: DateTime<Utc>) -> Result<(), FederationError> {
    if through < from || through - from > TimeDelta::days(366) {
        return Err(FederationError::invalid("through", "must not be before from, nor more than a year after it"));
    }
    // Of today there may be more later; that goes into a later statement.
    if through > now.date_naive() {
        return Err(FederationError::invalid("through", "the day hasn't come (UTC); take today or an earlier one"));
    }
    Ok(())
}

/// Begins a statement, unless it is there; one that is disputed is proposed again at once.
fn begin(
    connection: &mut Connection,
    brokers: [&ProviderId; 2],
    period: (NaiveDate, NaiveDate),
    currency: Currency,
    now: DateTime<Utc>,
) -> Result<Settlement, FederationError> {
    let wanted = Settlement::open(brokers, period, currency, now);
    let mut settlement = store::settlements::find(connection, &wanted.partner, &wanted.id)?.unwrap_or(wanted);
    (settlement.retry_at, settlement.monthly, settlement.asked) = (None, false, false);
    store::settlements::save(connection, &settlement)?;
    let item = Item::Statement(settlement.id.clone());
    outbox::enqueue(connection, &settlement.partner, &item, now)?;
    Ok(settlement)
}

/// Begins the statements of months that are over and have something in them,
/// where it is we who propose.
///
/// # Errors
/// When the database fails.
pub(crate) async fn settlements_due(manager: &FederationManager, partner: &str) -> Result<(), FederationError> {
    let (own, now) = (manager.did().to_string(), manager.now());
    if own.as_str() > partner || !manager.inner.orders.settled_look(partner, now, LOOK) {
        return Ok(());
    }
    let did = partner.to_owned();
    let due = manager.database().read(move |connection| due(connection, &own, &did, now)).await?;
    for wanted in due {
        manager
            .database()
            .write(move |connection| {
                if store::settlements::find(connection, &wanted.partner, &wanted.id)?.is_none() {
                    store::settlements::save(connection, &wanted)?;
                    outbox::enqueue(connection, &wanted.partner, &Item::Statement(wanted.id), now)?;
                }
                Ok::<_, FederationError>(())
            })
            .await?;
    }
    Ok(())
}

/// The statements of months that are over, have something in them, and aren't there.
fn due(
    connection: &mut Connection,
    own: &str,
    partner: &str,
    now: DateTime<Utc>,
) -> Result<Vec<Settlement>, FederationError> {
    let this = first_of_month(now.date_naive());
    let books = books::read(connection, own, partner, this.and_time(NaiveTime::MIN).and_utc())?;
    let mut months: BTreeSet<NaiveDate> =
        books.usage.iter().map(|usage| first_of_month(usage.record.from.date_naive())).collect();
    let claims = books.claims.iter().filter_map(|claim| claim.claim.as_ref());
    months.extend(claims.clone().map(|claim| first_of_month(claim.day())));
    // What was left out of an earlier month goes into the last one that is over.
    months.extend(this.checked_sub_months(Months::new(1)).filter(|_| !months.is_empty()));
    let mut currencies: BTreeSet<Currency> = books.prices.values().map(|price| price.currency).collect();
    currencies.extend(claims.map(|claim| claim.currency));
    let mut due = Vec::new();
    for month in months.into_iter().filter(|month| *month < this) {
        let next = month.checked_add_months(Months::new(1)).unwrap_or(month);
        let through = next.pred_opt().unwrap_or(month);
        for currency in &currencies {
            let mut wanted = Settlement::open([&books.own, &books.partner], (month, through), *currency, now);
            if store::settlements::find(connection, partner, &wanted.id)?.is_some() {
                continue;
            }
            let (statement, picked) = books.statement(&wanted)?;
            if !picked.is_empty() || !statement.left_out.is_empty() {
                wanted.monthly = true;
                due.push(wanted);
            }
        }
    }
    Ok(due)
}

fn first_of_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}
