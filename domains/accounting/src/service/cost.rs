//! What was used and what it costs, grouped by anything; forecasts.

use super::{Accounting, Defaults, Page, PageRequest, ServiceError, credit, stated};
use crate::{
    AccountingError, Interval,
    forecast::{Forecast, forecast},
    price::{Account, BillingDay, BillingMonth, Charge, Zone, rate, round},
    store::{self, UsageWindow},
    usage::{PlanId, Subject, Usage, UsageRecord},
};
use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use hansa_ontology::{ApplicationId, Currency, ProjectId};
use hansa_repository::Connection;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most months that one question is about.
const MONTHS: usize = 36;

/// By what costs and quantities are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dimension {
    /// The month, in the billing time zone: `2026-02`.
    Month,
    /// The day, in the billing time zone: `2026-02-28`.
    Day,
    /// The application.
    Application,
    /// Who delivers.
    Provider,
    /// The offer.
    Offer,
    /// The price plan.
    Plan,
    /// What was counted.
    Meter,
    /// The kind of thing: `machine`.
    Resource,
    /// The thing itself: `machine/<id>`.
    Thing,
    /// Why it is charged: `usage`, `unused`. Of quantities: nothing.
    Kind,
}

impl Dimension {
    /// Its name, as it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Day => "day",
            Self::Application => "application",
            Self::Provider => "provider",
            Self::Offer => "offer",
            Self::Plan => "plan",
            Self::Meter => "meter",
            Self::Resource => "resource",
            Self::Thing => "thing",
            Self::Kind => "kind",
        }
    }
}

/// Which use, and put together by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Whose.
    pub project: ProjectId,
    /// Of one application only.
    pub application: Option<ApplicationId>,
    /// From this day on, in the billing time zone.
    pub from: NaiveDate,
    /// Through this day.
    pub through: NaiveDate,
    /// What has a row of its own; nothing: one row of all.
    pub by: Vec<Dimension>,
}

/// What some use costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CostRow {
    /// What its charges have in common; empty where that is none, such as no application.
    pub of: BTreeMap<Dimension, String>,
    /// How many charges they are.
    pub charges: u64,
    /// What they cost before discounts, in micro-units.
    pub list_micros: i64,
    /// What they cost before tax, in micro-units.
    pub net_micros: i64,
}

/// What was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsageRow {
    /// What its records have in common; always the meter.
    pub of: BTreeMap<Dimension, String>,
    /// How much, in the meter's unit.
    pub quantity: u64,
}

/// What a project's use costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostReport {
    /// In which currency.
    pub currency: Currency,
    /// In which time zone its days are.
    pub zone: Zone,
    /// What all rows of all pages come to, before tax.
    pub total_micros: i64,
    /// The rows, by what they have in common.
    pub rows: Page<CostRow>,
}

/// What a month costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthCosts {
    /// By day.
    pub days: CostReport,
    /// By what was asked for.
    pub rows: CostReport,
    /// What it will come to.
    pub forecast: Forecast,
}

impl Accounting {
    /// What was used through today costs: what is billed as it was billed, the
    /// rest as it stands now.
    ///
    /// # Errors
    /// When the days can't be, a plan or a rate is missing, or the database fails.
    pub async fn cost(&self, query: &Query, page: &PageRequest) -> Result<CostReport, ServiceError> {
        let (now, defaults, asked) = (self.clock.now(), self.defaults, query.clone());
        page.rows()?;
        let (account, charges) = self
            .database
            .read(move |connection| {
                let account = stated::of_project(connection, &asked.project, defaults)?.account;
                let mut charges = Vec::new();
                for month in months(&asked, account.zone)? {
                    charges.extend(charges_of(connection, &asked.project, &month, now, defaults)?);
                }
                Ok::<_, ServiceError>((account, charges))
            })
            .await?;
        report(&account, &charges, (query, now), page)
    }

    /// What one month costs through today by day and by something else, and what
    /// it will come to: rated once for all three.
    ///
    /// # Errors
    /// As [`Self::cost`] and [`Self::forecast`].
    pub async fn month_costs(
        &self,
        project: &ProjectId,
        month: &str,
        by: Dimension,
        page: &PageRequest,
    ) -> Result<MonthCosts, ServiceError> {
        let (now, defaults, project, name) = (self.clock.now(), self.defaults, project.clone(), month.to_owned());
        let page = page.clone();
        page.rows()?;
        self.database
            .read(move |connection| {
                let account = stated::of_project(connection, &project, defaults)?.account;
                let month = BillingMonth::named(&name, account.zone.0)?;
                let charges = charges_of(connection, &project, &month, now, defaults)?;
                let (from, through) = (month.first(), month.last());
                let query = |by| Query { project: project.clone(), application: None, from, through, by: vec![by] };
                Ok::<_, ServiceError>(MonthCosts {
                    days: report(&account, &charges, (&query(Dimension::Day), now), &page)?,
                    rows: report(&account, &charges, (&query(by), now), &page)?,
                    forecast: forecast_of(&charges, None, (&project, &month), now)?,
                })
            })
            .await
    }

    /// What was used through now, with what is paid for with its machine. A row
    /// is never about two meters.
    ///
    /// # Errors
    /// When the days can't be, or the database fails.
    pub async fn usage(&self, query: &Query, page: &PageRequest) -> Result<Page<UsageRow>, ServiceError> {
        let (now, defaults, asked) = (self.clock.now(), self.defaults, query.clone());
        page.rows()?;
        let (days, usage) = self
            .database
            .read(move |connection| {
                let account = stated::of_project(connection, &asked.project, defaults)?.account;
                let months = months(&asked, account.zone)?;
                let mut days: Vec<BillingDay> = months.iter().flat_map(BillingMonth::days).collect();
                days.retain(|day| (asked.from..=asked.through).contains(&day.date));
                let ends = days.first().zip(days.last());
                let within =
                    ends.and_then(|(first, last)| Interval::of_seconds(first.interval.begin(), last.interval.end()));
                let Some(within) = within else { return Ok((days, Usage::default())) };
                let usage = used(connection, &asked.project, within, now, true)?;
                Ok::<_, ServiceError>((days, usage))
            })
            .await?;
        let mut by = query.by.clone();
        if !by.contains(&Dimension::Meter) {
            by.push(Dimension::Meter);
        }
        let mut rows: BTreeMap<Vec<String>, UsageRow> = BTreeMap::new();
        for (day, record) in usage.counted().flat_map(|record| by_day(record, &days)) {
            let subject = record.subject();
            if subject.project != query.project
                || (query.application.is_some() && subject.application != query.application)
            {
                continue;
            }
            let of = grouped(&by, subject, day, "");
            let row = rows.entry(key(&by, &of)).or_insert(UsageRow { of, quantity: 0 });
            let sum = row.quantity.checked_add(record.quantity());
            row.quantity = sum.ok_or(AccountingError::TooLarge { what: "the quantity of a row" })?;
        }
        paged(rows, page)
    }

    /// The month that it is now for a project: `2026-02`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn month_now(&self, project: &ProjectId) -> Result<String, ServiceError> {
        let (account, _) = self.account(project).await?;
        Ok(BillingMonth::of(self.clock.now(), account.account.zone.0)?.name())
    }

    /// What a month will have cost at its end, of a project or of one of its applications.
    ///
    /// # Errors
    /// When the month can't be, a plan or a rate is missing, or the database fails.
    pub async fn forecast(
        &self,
        project: &ProjectId,
        application: Option<ApplicationId>,
        month: &str,
    ) -> Result<Forecast, ServiceError> {
        let (now, defaults, project, name) = (self.clock.now(), self.defaults, project.clone(), month.to_owned());
        self.database
            .read(move |connection| {
                let account = stated::of_project(connection, &project, defaults)?.account;
                let month = BillingMonth::named(&name, account.zone.0)?;
                let charges = charges_of(connection, &project, &month, now, defaults)?;
                forecast_of(&charges, application, (&project, &month), now)
            })
            .await
    }
}

/// Charges through today, put together by what a question names.
fn report(
    account: &Account,
    charges: &[Charge],
    (query, now): (&Query, DateTime<Utc>),
    page: &PageRequest,
) -> Result<CostReport, ServiceError> {
    let wanted = charges.iter().filter(|charge| {
        charge.interval.begin() <= now.timestamp()
            && (query.from..=query.through).contains(&charge.day)
            && (query.application.is_none() || charge.subject.application == query.application)
    });
    let mut rows: BTreeMap<Vec<String>, CostRow> = BTreeMap::new();
    for charge in wanted {
        let of = grouped(&query.by, &charge.subject, charge.day, charge.kind.name());
        let none = CostRow { of: of.clone(), charges: 0, list_micros: 0, net_micros: 0 };
        let row = rows.entry(key(&query.by, &of)).or_insert(none);
        row.charges += 1;
        row.list_micros = round::sum([row.list_micros, charge.list_micros], "the cost of a row")?;
        row.net_micros = round::sum([row.net_micros, charge.net_micros], "the cost of a row")?;
    }
    let total_micros = round::sum(rows.values().map(|row| row.net_micros), "the cost of a project")?;
    let rows = paged(rows, page)?;
    Ok(CostReport { currency: account.currency, zone: account.zone, total_micros, rows })
}

/// The months of a question.
fn months(query: &Query, zone: Zone) -> Result<Vec<BillingMonth>, ServiceError> {
    if query.through < query.from {
        return Err(AccountingError::invalid("through", format!("must be {} or later", query.from)).into());
    }
    let mut months = Vec::new();
    let mut next = query.from;
    while next <= query.through {
        let month = BillingMonth::new(next.year(), next.month(), zone.0)?;
        next = month.last() + chrono::Days::new(1);
        months.push(month);
        if months.len() > MONTHS {
            let problem = format!("is more than {MONTHS} months after `from`; ask for less at once");
            return Err(AccountingError::invalid("through", problem).into());
        }
    }
    Ok(months)
}

/// What a project has used in a window: what is written down, and what runs on until now.
pub(super) fn used(
    connection: &mut Connection,
    project: &ProjectId,
    within: Interval,
    now: DateTime<Utc>,
    included: bool,
) -> Result<Usage, ServiceError> {
    let window = UsageWindow { project: project.clone(), within, included };
    let mut usage = store::usage_load(connection, &window)?;
    let mut live = Vec::new();
    for course in store::courses_running(connection, project)? {
        let charged = course.terms().is_some_and(|terms| terms.plan != PlanId::included());
        if included || charged {
            live.extend(course.live(now)?);
        }
    }
    usage.extend(live.into_iter().filter(|record| record.interval().overlap(&within).is_some()));
    Ok(usage)
}

/// A project's charges of a month: those of its invoice where there is one.
pub(super) fn charges_of(
    connection: &mut Connection,
    project: &ProjectId,
    month: &BillingMonth,
    now: DateTime<Utc>,
    defaults: Defaults,
) -> Result<Vec<Charge>, ServiceError> {
    if let Some(invoice) = store::invoice_of_month(connection, project, &month.name())? {
        return Ok(store::invoice_charges(connection, &invoice.number)?);
    }
    let mut charges = rated(connection, project, month, now, defaults)?;
    let credits = credit::of_month(connection, project, month, &charges, (now, defaults))?;
    charges.extend(credits);
    Ok(charges)
}

/// What a month's use costs as it stands now, billed or not.
pub(super) fn rated(
    connection: &mut Connection,
    project: &ProjectId,
    month: &BillingMonth,
    now: DateTime<Utc>,
    defaults: Defaults,
) -> Result<Vec<Charge>, ServiceError> {
    let account = stated::of_project(connection, project, defaults)?.account;
    let whole = month.interval()?;
    let usage = used(connection, project, whole, now, false)?;
    let lifetimes = store::lifetimes_list(connection, project, (whole.begin(), whole.end()))?;
    let used = usage.records().iter().map(|record| &record.subject().plan);
    let reserved = account.reservations.iter().map(|reservation| &reservation.plan);
    let lived = lifetimes.iter().map(|life| &life.terms.plan);
    let plans: std::collections::BTreeSet<PlanId> = used.chain(reserved).chain(lived).cloned().collect();
    let prices = stated::price_list(connection, plans)?;
    Ok(rate(&account, month, &usage, &lifetimes, &prices)?)
}

/// What a month will come to, of all or of one application.
pub(super) fn forecast_of(
    charges: &[Charge],
    application: Option<ApplicationId>,
    (project, month): (&ProjectId, &BillingMonth),
    now: DateTime<Utc>,
) -> Result<Forecast, ServiceError> {
    let of = |charge: &&Charge| application.is_none() || charge.subject.application == application;
    let charges: Vec<Charge> = charges.iter().filter(of).cloned().collect();
    Ok(forecast(&charges, project, month, now)?)
}

/// The parts of a record on each day.
fn by_day(record: UsageRecord, days: &[BillingDay]) -> Vec<(NaiveDate, UsageRecord)> {
    let first = days.partition_point(|day| day.interval.end() <= record.interval().begin());
    let rest = days.get(first..).unwrap_or_default();
    let part = |day: &BillingDay| record.within(&day.interval).map(|part| (day.date, part));
    rest.iter().map_while(part).collect()
}

fn grouped(by: &[Dimension], of: &Subject, day: NaiveDate, kind: &str) -> BTreeMap<Dimension, String> {
    let value = |dimension: &Dimension| match dimension {
        Dimension::Month => day.format("%Y-%m").to_string(),
        Dimension::Day => day.to_string(),
        Dimension::Application => of.application.map(|id| id.to_string()).unwrap_or_default(),
        Dimension::Provider => of.provider.to_string(),
        Dimension::Offer => of.offer.as_ref().map(ToString::to_string).unwrap_or_default(),
        Dimension::Plan => of.plan.to_string(),
        Dimension::Meter => of.meter.to_string(),
        Dimension::Resource => of.resource.kind.to_string(),
        Dimension::Thing => of.resource.to_string(),
        Dimension::Kind => kind.to_owned(),
    };
    by.iter().map(|dimension| (*dimension, value(dimension))).collect()
}

/// What rows are sorted by: their values, in the order in which they were asked for.
fn key(by: &[Dimension], of: &BTreeMap<Dimension, String>) -> Vec<String> {
    by.iter().filter_map(|dimension| of.get(dimension).cloned()).collect()
}

/// A page of rows; its token is the key of its last one.
fn paged<T>(rows: BTreeMap<Vec<String>, T>, page: &PageRequest) -> Result<Page<T>, ServiceError> {
    let unreadable = |_| AccountingError::invalid("page_token", "is no token of this list; begin again without one");
    let after: Option<Vec<String>> = page.token.as_deref().map(serde_json::from_str).transpose().map_err(unreadable)?;
    let wanted = page.rows()?;
    let count = usize::try_from(wanted).unwrap_or(usize::MAX);
    let rest = rows.into_iter().filter(|(key, _)| after.as_ref().is_none_or(|after| key > after));
    let some: Vec<(Vec<String>, T)> = rest.take(count).collect();
    let cut = Page::cut(some, wanted, |(key, _)| serde_json::json!(key).to_string());
    Ok(cut.map(|(_, row)| row))
}
