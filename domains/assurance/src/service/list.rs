//! How promises stand, and which were broken.

use super::{Assurance, Page, PageRequest};
use crate::{
    sla::Standing,
    store::{self, BreachFilter, StandingFilter},
};
use chrono::{DateTime, Utc};
use hansa_ontology::{ApplicationId, MachineId, ProjectScope, ProviderId};
use hansa_repository::{Connection, RepositoryError, breach::ToldBreach};
use std::collections::BTreeSet;

/// Which standings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StandingQuery {
    /// Whose.
    pub scope: ProjectScope,
    /// Of one application only.
    pub application: Option<ApplicationId>,
    /// Of one provider only.
    pub provider: Option<ProviderId>,
    /// Only windows that end after this.
    pub from: Option<DateTime<Utc>>,
    /// Only windows that begin before this.
    pub until: Option<DateTime<Utc>>,
    /// Only what was missed.
    pub missed: bool,
}

/// Which breaches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BreachQuery {
    /// Whose.
    pub scope: ProjectScope,
    /// Of one application only.
    pub application: Option<ApplicationId>,
}

fn unreadable() -> RepositoryError {
    RepositoryError::invalid("page_token", "is no token of this list; begin again without one")
}

/// The number before which a page begins, of lists whose tokens are numbers.
pub(super) fn before(page: &PageRequest) -> Result<Option<i64>, RepositoryError> {
    page.token.as_deref().map(|token| token.parse().ok().ok_or_else(unreadable)).transpose()
}

fn after(token: &str) -> Result<(i64, String, i32), RepositoryError> {
    let mut parts = token.splitn(3, '/');
    let mut next = || parts.next().ok_or_else(unreadable);
    let (began, machine, objective) = (next()?, next()?, next()?);
    let began = began.parse().ok().ok_or_else(unreadable)?;
    Ok((began, machine.to_owned(), objective.parse().ok().ok_or_else(unreadable)?))
}

impl Assurance {
    /// How objectives stand or stood, the newest windows first; those that run as of now.
    ///
    /// # Errors
    /// When the page can't be, or the database fails.
    pub async fn standing_list(
        &self,
        query: &StandingQuery,
        page: &PageRequest,
    ) -> Result<Page<Standing>, RepositoryError> {
        let (now, rows) = (self.clock.now().timestamp(), page.rows()?);
        let filter = StandingFilter {
            scope: query.scope.clone(),
            application: query.application,
            provider: query.provider.clone(),
            from: query.from.map(|from| from.timestamp()),
            until: query.until.map(|until| until.timestamp()),
            missed: query.missed,
            after: page.token.as_deref().map(after).transpose()?,
        };
        let found = self
            .database
            .read(move |connection| {
                let mut found = store::standings_list(connection, &filter, rows)?;
                as_of(connection, &mut found, now)?;
                Ok::<_, RepositoryError>(found)
            })
            .await?;
        Ok(Page::cut(found, rows, |one| format!("{}/{}/{}", one.from.timestamp(), one.machine, one.objective)))
    }

    /// What was missed, the newest first.
    ///
    /// # Errors
    /// When the page can't be, or the database fails.
    pub async fn breach_list(
        &self,
        query: &BreachQuery,
        page: &PageRequest,
    ) -> Result<Page<ToldBreach>, RepositoryError> {
        let rows = page.rows()?;
        let (scope, application) = (query.scope.clone(), query.application);
        let filter = BreachFilter { scope, application, before: before(page)? };
        let found: Vec<ToldBreach> =
            self.database.read(move |connection| store::breaches_list(connection, &filter, rows)).await?;
        Ok(Page::cut(found, rows, |one| one.sequence.to_string()))
    }
}

/// What runs is computed as of now: it was written down when something last changed.
fn as_of(connection: &mut Connection, standings: &mut [Standing], now: i64) -> Result<(), RepositoryError> {
    let machines: BTreeSet<MachineId> = standings.iter().filter(|one| !one.judged).map(|one| one.machine).collect();
    let courses = store::courses_get(connection, machines)?;
    let Some(since) = courses.values().map(|course| course.open_since()).min() else { return Ok(()) };
    let announced = store::announcements_since(connection, since)?;
    for course in courses.values() {
        for running in course.running(now, &announced) {
            let same = |one: &&mut Standing| {
                !one.judged
                    && (one.machine, one.objective, one.from) == (running.machine, running.objective, running.from)
            };
            if let Some(known) = standings.iter_mut().find(same) {
                *known = running;
            }
        }
    }
    Ok(())
}
