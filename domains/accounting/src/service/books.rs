//! The books: their balances, their entries, and the periods that are closed.

use super::{Accounting, Page, PageRequest, ServiceError, billing::revise};
use crate::{
    AccountingError,
    ledger::{Closing, Entry, TrialBalance, wanted_for_statement},
    settle::Statement,
    store,
};
use chrono::NaiveDate;
use hansa_ontology::ProviderId;
use hansa_repository::event;
use serde_json::json;

impl Accounting {
    /// Debits and credits of every account through a day; of all days where
    /// none is named. Debits equal credits in each currency.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn trial_balance(&self, through: Option<NaiveDate>) -> Result<TrialBalance, ServiceError> {
        self.database.read(move |connection| Ok(store::trial_balance(connection, through)?)).await
    }

    /// The entries, in the order in which they were booked.
    ///
    /// # Errors
    /// When the page can't be, or the database fails.
    pub async fn entry_list(&self, page: &PageRequest) -> Result<Page<Entry>, ServiceError> {
        let unreadable =
            |_| AccountingError::invalid("page_token", "is no token of this list; begin again without one");
        let after: i64 = page.token.as_deref().map_or(Ok(0), str::parse).map_err(unreadable)?;
        let rows = page.rows()?;
        let found = self
            .database
            .read(move |connection| Ok::<_, ServiceError>(store::entry_list(connection, after, rows)?))
            .await?;
        Ok(Page::cut(found, rows, |(place, _)| place.to_string()).map(|(_, entry)| entry))
    }

    /// The periods that are closed, in order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn closing_list(&self) -> Result<Vec<Closing>, ServiceError> {
        self.database.read(|connection| Ok(store::closing_list(connection)?)).await
    }

    /// Closes all days through this one: nothing is booked on them any more.
    ///
    /// # Errors
    /// When the day is not over anywhere on Earth, or they are closed already.
    pub async fn books_close(&self, through: NaiveDate) -> Result<Closing, ServiceError> {
        // Somebody's day may be half a day behind that of UTC.
        let (now, actor) = (self.clock.now(), self.actor.clone());
        let yesterday = now.date_naive().pred_opt().unwrap_or_default();
        if through >= yesterday {
            return Err(AccountingError::invalid("through", format!("must be before {yesterday}")).into());
        }
        self.change(move |connection| {
            let closings = store::closing_list(connection)?;
            let before = closings.last();
            if let Some(last) = before.filter(|last| through <= last.through) {
                let problem = format!("the books are closed through {} already; name a later day", last.through);
                return Err(AccountingError::invalid("through", problem).into());
            }
            let entries = store::entries_between(connection, before.map(|last| last.through), through)?;
            let closing = Closing::new(before, through, &entries)?;
            store::closing_put(connection, &closing)?;
            let event = event::NewEvent {
                at: now,
                actor,
                application: None,
                subject: "books".to_owned(),
                kind: "books.closed".to_owned(),
                message: format!("the books are closed through {through}"),
                data: json!({ "closing": closing }),
            };
            event::append(connection, &event)?;
            Ok(closing)
        })
        .await
    }

    /// Books a statement that both brokers have signed; booked again it changes
    /// nothing. On the statement's last day, while that is open.
    ///
    /// # Errors
    /// When `own` is neither of its brokers, or the database fails.
    pub async fn statement_book(&self, statement: Statement, own: ProviderId) -> Result<(), ServiceError> {
        let today = self.clock.now().date_naive();
        self.change(move |connection| {
            let wanted = wanted_for_statement(&statement, &own)?;
            let group = format!("settlement/{}", wanted.about);
            revise(connection, &group, &[wanted], today)
        })
        .await
    }

    /// Whether every closed period is still what it was when it was closed.
    ///
    /// # Errors
    /// Names the first one that is not.
    pub async fn books_check(&self) -> Result<(), ServiceError> {
        self.database
            .read(|connection| {
                let closings = store::closing_list(connection)?;
                let mut before: Option<&Closing> = None;
                for closing in &closings {
                    let after = before.map(|before| before.through);
                    let entries = store::entries_between(connection, after, closing.through)?;
                    if Closing::new(before, closing.through, &entries)? != *closing {
                        let name = closing.through.to_string();
                        return Err(AccountingError::Conflict { what: "closed period", name }.into());
                    }
                    before = Some(closing);
                }
                Ok(())
            })
            .await
    }
}
