//! Accounting: that it follows the log, holds budgets against what is charged,
//! and bills months that are over.

use super::following;
use crate::{config::Settings, http::Broker};
use chrono::{Datelike as _, Days, NaiveDate};
use hansa_accounting::service::{Accounting, Defaults, ServiceError};
use hansa_repository::{Database, ErrorKind, ambient::SharedClock};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// How long after nothing was left it is looked at again, unless the log grows before.
const ROUND: Duration = Duration::from_secs(30);
/// Between two looks for months to bill.
const MONTHS: Duration = Duration::from_secs(3_600);

/// In the broker's currency where a project has no account.
pub(super) fn service(settings: &Settings, database: &Database, clock: &SharedClock) -> Accounting {
    let defaults = Defaults { currency: settings.currency, ..Defaults::default() };
    Accounting::new(database.clone(), Arc::clone(clock), defaults)
}

/// Until the broker stops.
pub(super) async fn follow(broker: Broker) {
    let step = || async { broker.accounting.follow().await.map(|done| done.is_idle()) };
    following::follow(&broker, ROUND, "what was used can't be metered now", step).await;
}

/// Holds budgets against what is charged, and bills months, until the broker stops.
pub(super) async fn attend(broker: Broker) {
    let mut months_due = Instant::now();
    while !broker.shutdown.is_cancelled() {
        if let Err(error) = broker.accounting.budget_check().await {
            tracing::warn!(%error, "budgets can't be looked at now");
        }
        if broker.settings.billing.close_months && months_due <= Instant::now() {
            if let Err(error) = months(&broker).await {
                tracing::warn!(%error, "months can't be billed now; it is tried again");
            }
            months_due = Instant::now() + MONTHS;
        }
        tokio::select! {
            () = tokio::time::sleep(broker.settings.billing.budgets.duration()) => {}
            () = broker.shutdown.cancelled() => {}
        }
    }
}

/// Bills the month before the one that it is in each project's time zone.
async fn months(broker: &Broker) -> Result<(), ServiceError> {
    let accounting = &broker.accounting;
    for project in accounting.project_list().await? {
        let (account, _) = accounting.account(&project).await?;
        if account.buyer.is_none() {
            continue;
        }
        let month = month_before(broker.clock.now().with_timezone(&account.account.zone.0).date_naive());
        match accounting.month_close(&project, &month).await {
            Ok(_) => {}
            // One that can't be billed holds up no other.
            Err(error) if matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Conflict) => {
                tracing::warn!(%project, month, %error, "a month can't be billed");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn month_before(today: NaiveDate) -> String {
    let last = today.with_day(1).unwrap_or(today) - Days::new(1);
    last.format("%Y-%m").to_string()
}

#[cfg(test)]
mod tests {
    use super::month_before;

    #[test]
    fn the_month_before_january_is_december() {
        for (today, before) in [("2026-01-31", "2025-12"), ("2028-03-01", "2028-02"), ("2026-12-31", "2026-11")] {
            assert_eq!(month_before(today.parse().unwrap()), before);
        }
    }
}
