//! What callers use: the log is followed, people state prices and accounts, and
//! ask what was used, what it costs and who owes whom.
//!
//! Whoever may do what is for the caller to decide: a project, or a scope of
//! projects, is an argument everywhere.

mod billing;
mod books;
mod budget;
mod cost;
mod credit;
mod error;
mod export;
mod follow;
mod stated;
#[cfg(test)]
mod tests;

pub use crate::store::Fault;
pub use billing::{Closed, Document};
pub use budget::{BudgetNews, BudgetStanding, NamedBudget};
pub use cost::{CostReport, CostRow, Dimension, MonthCosts, Query, UsageRow};
pub use error::ServiceError;
pub use export::FocusExport;
pub use follow::Followed;
pub use hansa_repository::page::{Page, PageRequest};
pub use stated::{BillingAccount, Defaults, ExchangeRate, Seller, TaxRate, schemas};

use crate::{
    store,
    usage::{Usage, UsageRecord},
};
use hansa_ontology::{Actor, ProjectId, ProjectScope};
use hansa_repository::{Connection, Database, ambient::SharedClock};

/// How many records one transaction takes.
const RECORDS_AT_ONCE: usize = 10_000;

/// The accounting of one broker. Clones share the database.
#[derive(Debug, Clone)]
pub struct Accounting {
    database: Database,
    clock: SharedClock,
    defaults: Defaults,
    /// Who changes what is changed.
    actor: Actor,
    /// Whether changes are only checked.
    dry_run: bool,
}

impl Accounting {
    /// The accounting in this database. `defaults` hold for projects without an account.
    #[must_use]
    pub const fn new(database: Database, clock: SharedClock, defaults: Defaults) -> Self {
        Self { database, clock, defaults, actor: Actor::Broker, dry_run: false }
    }

    /// In somebody's hands: what is changed is told of as theirs, and with
    /// `dry_run` is checked and not kept.
    #[must_use]
    pub fn in_hands_of(&self, actor: Actor, dry_run: bool) -> Self {
        Self { actor, dry_run, ..self.clone() }
    }

    async fn change<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Connection) -> Result<T, ServiceError> + Send + 'static,
    ) -> Result<T, ServiceError> {
        if self.dry_run { self.database.rehearse(f).await } else { self.database.write(f).await }
    }

    /// Takes records that were measured or that a partner has signed, durably,
    /// whatever their order and however often they come. Of each cell the
    /// greatest revision holds.
    ///
    /// # Errors
    /// When a quantity is too large, or the database fails. What was taken
    /// before stays; the same call again takes the rest.
    pub async fn records_take(&self, records: Vec<UsageRecord>) -> Result<(), ServiceError> {
        // Joined beforehand: the less is left for the database, and it lies side by side.
        let usage: Usage = records.into_iter().collect();
        let mut records = usage.into_records();
        while !records.is_empty() {
            let rest = records.split_off(RECORDS_AT_ONCE.min(records.len()));
            let some: Usage = std::mem::replace(&mut records, rest).into_iter().collect();
            self.database.write(move |connection| Ok::<_, ServiceError>(store::usage_join(connection, &some)?)).await?;
        }
        Ok(())
    }

    /// The projects that have used anything that is charged, run something or
    /// have an account, in order: those whose months are to be billed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn project_list(&self) -> Result<Vec<ProjectId>, ServiceError> {
        self.database
            .read(|connection| {
                let mut projects = store::projects_used(connection)?;
                projects.extend(stated::accounts(connection)?.into_iter().map(|account| account.account.project));
                Ok(projects.into_iter().collect())
            })
            .await
    }

    /// What could not be metered as it was told, and what is not known: gaps,
    /// clocks that were wrong. The newest first.
    ///
    /// # Errors
    /// When the page can't be, or the database fails.
    pub async fn fault_list(&self, scope: &ProjectScope, page: &PageRequest) -> Result<Page<Fault>, ServiceError> {
        let (scope, page) = (scope.clone(), page.clone());
        let limit = page.rows()?;
        let rows = self
            .database
            .read(move |connection| {
                Ok::<_, ServiceError>(store::faults_list(connection, &scope, page.token.as_deref(), limit)?)
            })
            .await?;
        let cut = Page::cut(rows, limit, |(id, _)| id.clone());
        Ok(cut.map(|(_, fault)| fault))
    }
}
