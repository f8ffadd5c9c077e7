//! Budgets: stated by people, held against what is charged, told in the log.

use super::{
    Accounting, Defaults, Page, PageRequest, ServiceError,
    cost::{charges_of, forecast_of},
    stated,
};
use crate::{
    AccountingError,
    budget::{Budget, BudgetAction, Measure, Threshold, reached},
    forecast::Forecast,
    price::{BillingMonth, Charge},
    store::{self, Document},
};
use chrono::{DateTime, Utc};
use hansa_ontology::{Actor, ApplicationId, ProjectId, ProjectScope};
use hansa_repository::{Connection, event};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;

/// How many budgets are looked at in one transaction.
const AT_ONCE: usize = 100;

/// A budget and what people call it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NamedBudget {
    /// Its name within its project.
    pub name: String,
    /// What it says.
    #[serde(flatten)]
    pub budget: Budget,
}

/// A threshold that was reached for the first time in a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetNews {
    /// Of which budget.
    pub budget: NamedBudget,
    /// Which.
    pub threshold: Threshold,
    /// The month: `2026-02`.
    pub month: String,
    /// What it was held against.
    pub forecast: Forecast,
}

impl NamedBudget {
    /// What is told to whoever wants to start something while it is exhausted.
    #[must_use]
    pub fn exhausted(&self) -> String {
        let Budget { project, limit, .. } = &self.budget;
        format!(
            "the budget `{}` of {project}, {limit} a month, is exhausted, so nothing new is started; take something away, raise the limit, or wait for the next month",
            self.name
        )
    }
}

/// How a budget stands in this month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetStanding {
    /// The budget.
    pub budget: NamedBudget,
    /// Its version.
    pub version: i64,
    /// The month: `2026-02`.
    pub month: String,
    /// What is charged and expected; or why that can't be computed.
    pub forecast: Result<Forecast, String>,
}

/// Which thresholds of a budget were told of in a month.
#[derive(Serialize, Deserialize)]
struct Told {
    budget: String,
    project: ProjectId,
    month: String,
    thresholds: BTreeSet<Threshold>,
}

fn key(project: &ProjectId, name: &str) -> String {
    format!("{project}/{name}")
}

fn told_key(budget: &str, month: &str) -> String {
    format!("{budget}/{month}")
}

impl Document for NamedBudget {
    const KIND: &'static str = "budget";
    fn name(&self) -> String {
        key(&self.budget.project, &self.name)
    }
    fn project(&self) -> Option<&ProjectId> {
        Some(&self.budget.project)
    }
}

impl Document for Told {
    const KIND: &'static str = "thresholds told";
    fn name(&self) -> String {
        told_key(&self.budget, &self.month)
    }
    fn project(&self) -> Option<&ProjectId> {
        Some(&self.project)
    }
}

impl Accounting {
    /// States a budget, in the place of the one of its name. Gives how it stands.
    ///
    /// # Errors
    /// Names the field that can't be right; when `expected` is not its version
    /// (0: there is none yet).
    pub async fn budget_put(&self, budget: NamedBudget, expected: Option<i64>) -> Result<BudgetStanding, ServiceError> {
        budget.budget.check()?;
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if !(1..=60).contains(&budget.name.len()) || !budget.name.bytes().all(good) {
            let problem = "must be 1 to 60 small letters, digits and hyphens";
            return Err(AccountingError::invalid("name", problem).into());
        }
        let (now, defaults) = (self.clock.now(), self.defaults);
        self.change(move |connection| {
            let account = stated::of_project(connection, &budget.budget.project, defaults)?.account;
            if budget.budget.limit.currency != account.currency {
                let problem = format!("must be in {}, the currency of the project's account", account.currency);
                return Err(AccountingError::invalid("limit", problem).into());
            }
            store::document_put(connection, &budget, expected)?;
            standing_of(connection, budget, &mut None, (now, defaults))
        })
        .await
    }

    /// Forgets a budget.
    ///
    /// # Errors
    /// `NotFound` when there is none of that name.
    pub async fn budget_delete(&self, project: &ProjectId, name: &str) -> Result<(), ServiceError> {
        let name = key(project, name);
        self.change(move |connection| match store::document_delete::<NamedBudget>(connection, &name)? {
            true => Ok(()),
            false => Err(ServiceError::missing(format!("budget {name}"))),
        })
        .await
    }

    /// How one budget stands.
    ///
    /// # Errors
    /// `NotFound` when there is none of that name.
    pub async fn budget(&self, project: &ProjectId, name: &str) -> Result<BudgetStanding, ServiceError> {
        let (now, defaults, name) = (self.clock.now(), self.defaults, key(project, name));
        self.database
            .read(move |connection| {
                let found = store::document_get::<NamedBudget>(connection, &name)?;
                let (budget, _) = found.ok_or_else(|| ServiceError::missing(format!("budget {name}")))?;
                standing_of(connection, budget, &mut None, (now, defaults))
            })
            .await
    }

    /// How the budgets stand, by project and name.
    ///
    /// # Errors
    /// When the page can't be, or the database fails.
    pub async fn budget_standings(
        &self,
        scope: &ProjectScope,
        page: &PageRequest,
    ) -> Result<Page<BudgetStanding>, ServiceError> {
        let (now, defaults) = (self.clock.now(), self.defaults);
        let Page { items, next } = self.budget_list(scope, page).await?;
        let standings = self
            .database
            .read(move |connection| {
                let mut rated = None;
                let standing = |budget| standing_of(connection, budget, &mut rated, (now, defaults));
                items.into_iter().map(standing).collect::<Result<Vec<_>, ServiceError>>()
            })
            .await?;
        Ok(Page { items: standings, next })
    }

    /// The budget by which nothing new is to be started, if there is one: its
    /// stop was told of this month, and its limit was not raised since.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn budget_exhausted(
        &self,
        project: &ProjectId,
        application: Option<ApplicationId>,
    ) -> Result<Option<NamedBudget>, ServiceError> {
        let (now, defaults) = (self.clock.now(), self.defaults);
        let scope = ProjectScope::Only(BTreeSet::from([project.clone()]));
        self.database
            .read(move |connection| {
                let mut rated = None;
                for budget in store::document_list::<NamedBudget>(connection, &scope, None, i64::MAX)? {
                    let of = budget.budget.application;
                    if of.is_some() && of != application {
                        continue;
                    }
                    if stops(connection, &budget, &mut rated, (now, defaults))? {
                        return Ok(Some(budget));
                    }
                }
                Ok(None)
            })
            .await
    }

    /// The budgets, by project and name.
    ///
    /// # Errors
    /// When the page can't be, or the database fails.
    pub async fn budget_list(
        &self,
        scope: &ProjectScope,
        page: &PageRequest,
    ) -> Result<Page<NamedBudget>, ServiceError> {
        self.documents(scope, page).await
    }

    /// Holds every budget against this month, and tells in the log of each
    /// threshold that was not reached before: `budget.warned` or `budget.exhausted`,
    /// once a month. Call it every few minutes. A budget that can't be computed
    /// is left out, and the reason is logged.
    ///
    /// # Errors
    /// When the database fails; the same call again tells of the rest.
    pub async fn budget_check(&self) -> Result<Vec<BudgetNews>, ServiceError> {
        let mut all = Vec::new();
        let mut page = PageRequest { limit: AT_ONCE, token: None };
        loop {
            let (now, defaults) = (self.clock.now(), self.defaults);
            let budgets = self.budget_list(&ProjectScope::All, &page).await?;
            let news = self
                .database
                .read(move |connection| {
                    let mut news = Vec::new();
                    // Sorted by project: each is rated once.
                    let mut rated = None;
                    for budget in budgets.items {
                        match news_of(connection, &budget, &mut rated, (now, defaults)) {
                            Ok(found) => news.extend(found),
                            Err(ServiceError::Rule(error)) => {
                                tracing::warn!(budget = budget.name(), %error, "the budget can't be computed");
                            }
                            Err(error) => return Err(error),
                        }
                    }
                    Ok(news)
                })
                .await?;
            if !news.is_empty() {
                all.extend(self.database.write(move |connection| tell(connection, news, now)).await?);
            }
            match budgets.next {
                Some(token) => page.token = Some(token),
                None => return Ok(all),
            }
        }
    }
}

/// A project's charges of this month.
type Rated = Option<(ProjectId, BillingMonth, Vec<Charge>)>;

/// What this month comes to, of what a budget is about.
fn month_of(
    connection: &mut Connection,
    budget: &NamedBudget,
    rated: &mut Rated,
    (now, defaults): (DateTime<Utc>, Defaults),
) -> Result<(BillingMonth, Forecast), ServiceError> {
    let Budget { project, application, .. } = &budget.budget;
    let (month, charges) = match rated {
        Some((known, month, charges)) if known == project => (*month, &*charges),
        _ => {
            let account = stated::of_project(connection, project, defaults)?.account;
            let month = BillingMonth::of(now, account.zone.0)?;
            let charges = charges_of(connection, project, &month, now, defaults)?;
            let (_, month, charges) = rated.insert((project.clone(), month, charges));
            (*month, &*charges)
        }
    };
    Ok((month, forecast_of(charges, *application, (project, &month), now)?))
}

fn standing_of(
    connection: &mut Connection,
    budget: NamedBudget,
    rated: &mut Rated,
    (now, defaults): (DateTime<Utc>, Defaults),
) -> Result<BudgetStanding, ServiceError> {
    let version = store::document_get::<NamedBudget>(connection, &budget.name())?.map_or(0, |(_, version)| version);
    let account = stated::of_project(connection, &budget.budget.project, defaults)?.account;
    let month = BillingMonth::of(now, account.zone.0)?.name();
    let forecast = match month_of(connection, &budget, rated, (now, defaults)) {
        Ok((_, forecast)) => Ok(forecast),
        Err(ServiceError::Rule(error)) => Err(error.to_string()),
        Err(error) => return Err(error),
    };
    Ok(BudgetStanding { budget, version, month, forecast })
}

/// Whether a budget stops what it is about. It is computed again only where its
/// stop was told of: somebody may have raised the limit since.
fn stops(
    connection: &mut Connection,
    budget: &NamedBudget,
    rated: &mut Rated,
    (now, defaults): (DateTime<Utc>, Defaults),
) -> Result<bool, ServiceError> {
    let account = stated::of_project(connection, &budget.budget.project, defaults)?.account;
    let month = BillingMonth::of(now, account.zone.0)?.name();
    let is_stop = |threshold: &Threshold| threshold.action == BudgetAction::Stop;
    if !told(connection, budget, &month)?.thresholds.iter().any(is_stop) {
        return Ok(false);
    }
    let (_, forecast) = month_of(connection, budget, rated, (now, defaults))?;
    Ok(reached(&budget.budget, &forecast, &BTreeSet::new()).iter().any(is_stop))
}

fn news_of(
    connection: &mut Connection,
    budget: &NamedBudget,
    rated: &mut Rated,
    at: (DateTime<Utc>, Defaults),
) -> Result<Vec<BudgetNews>, ServiceError> {
    let (month, forecast) = month_of(connection, budget, rated, at)?;
    let told = told(connection, budget, &month.name())?;
    let news = reached(&budget.budget, &forecast, &told.thresholds).into_iter();
    let month = month.name();
    Ok(news.map(|threshold| BudgetNews { budget: budget.clone(), threshold, month: month.clone(), forecast }).collect())
}

fn told(connection: &mut Connection, budget: &NamedBudget, month: &str) -> Result<Told, ServiceError> {
    let known = store::document_get::<Told>(connection, &told_key(&budget.name(), month))?;
    Ok(known.map_or_else(
        || Told {
            budget: budget.name(),
            project: budget.budget.project.clone(),
            month: month.to_owned(),
            thresholds: BTreeSet::new(),
        },
        |(told, _)| told,
    ))
}

/// Writes down and tells, but for what somebody else has told meanwhile.
fn tell(
    connection: &mut Connection,
    news: Vec<BudgetNews>,
    now: DateTime<Utc>,
) -> Result<Vec<BudgetNews>, ServiceError> {
    let mut fresh = Vec::new();
    for one in news {
        let mut known = told(connection, &one.budget, &one.month)?;
        if known.thresholds.insert(one.threshold) {
            store::document_put(connection, &known, None)?;
            event::append(connection, &told_of(&one, now))?;
            fresh.push(one);
        }
    }
    Ok(fresh)
}

fn told_of(news: &BudgetNews, now: DateTime<Utc>) -> event::NewEvent {
    let BudgetNews { budget, threshold, month, forecast } = news;
    let NamedBudget { name, budget: Budget { project, application, limit, .. } } = budget;
    let (kind, then) = match threshold.action {
        BudgetAction::Warn => ("budget.warned", ""),
        BudgetAction::Stop => ("budget.exhausted", "; nothing new is started"),
    };
    let of = match threshold.of {
        Measure::Actual => "is charged",
        Measure::Forecast => "is expected",
    };
    event::NewEvent {
        at: now,
        actor: Actor::Broker,
        application: *application,
        subject: format!("project/{project}"),
        kind: kind.to_owned(),
        message: format!("{} percent of budget {name}, {limit} for {month}, {of}{then}", threshold.percent),
        data: json!({
            "budget": name,
            "project": project,
            "month": month,
            "threshold": threshold,
            "limitMicros": limit.micros,
            "currency": limit.currency,
            "forecast": forecast,
        }),
    }
}
