//! Limits: what a month of a project or an application shall emit at most, told in
//! the log when it is reached.

use super::{Query, ServiceError, Sustainability};
use crate::{
    SustainabilityError,
    quantity::{Carbon, Energy},
    store,
};
use chrono::{DateTime, Datelike as _, Utc};
use hansa_ontology::{Actor, ApplicationId, ProjectId, ProjectScope};
use hansa_repository::{Connection, event};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What a month of UTC shall emit at most: location-based and embodied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CarbonLimit {
    /// Its name within its project.
    pub name: String,
    /// Of which project.
    pub project: ProjectId,
    /// Of one application only.
    #[serde(default)]
    pub application: Option<ApplicationId>,
    /// This much.
    pub carbon: Carbon,
}

/// A limit that was reached for the first time in a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitNews {
    /// Which.
    pub limit: CarbonLimit,
    /// The month: `2026-02`.
    pub month: String,
    /// What was emitted so far.
    pub emitted: Carbon,
    /// Energy of which no intensity is known. In no carbon figure.
    pub unknown: Energy,
}

impl Sustainability {
    /// States a limit, in the place of the one of its name, which is told anew; with
    /// `dry_run` only checks it.
    ///
    /// # Errors
    /// Names the field that can't be right.
    pub async fn limit_put(&self, limit: CarbonLimit, dry_run: bool) -> Result<(), ServiceError> {
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if !(1..=60).contains(&limit.name.len()) || !limit.name.bytes().all(good) {
            let problem = "must be 1 to 60 small letters, digits and hyphens";
            return Err(SustainabilityError::invalid("name", problem).into());
        }
        if limit.carbon <= Carbon::ZERO {
            return Err(SustainabilityError::invalid("grams", "must be above 0").into());
        }
        if dry_run {
            return Ok(());
        }
        self.database
            .write(move |connection| Ok(store::limit_put(connection, (&limit.project, &limit.name), &limit)?))
            .await
    }

    /// Forgets a limit; with `dry_run` only says whether it is there.
    ///
    /// # Errors
    /// `NotFound` when there is none of that name.
    pub async fn limit_delete(&self, project: &ProjectId, name: &str, dry_run: bool) -> Result<(), ServiceError> {
        let missing = || ServiceError::missing(format!("carbon limit {name} of {project}"));
        if dry_run {
            let all = self.limit_list(&ProjectScope::Only([project.clone()].into())).await?;
            return all.iter().any(|limit| limit.name == name).then_some(()).ok_or_else(missing);
        }
        let (of, wanted) = (project.clone(), name.to_owned());
        let forget =
            move |connection: &mut Connection| Ok::<_, ServiceError>(store::limit_delete(connection, &of, &wanted)?);
        self.database.write(forget).await?.then_some(()).ok_or_else(missing)
    }

    /// The limits, by project and name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn limit_list(&self, scope: &ProjectScope) -> Result<Vec<CarbonLimit>, ServiceError> {
        let scope = scope.clone();
        let all =
            self.database.read(move |connection| Ok::<_, ServiceError>(store::limit_list(connection, &scope)?)).await?;
        Ok(all.into_iter().map(|stored| stored.limit).collect())
    }

    /// Holds every limit against this month, and tells in the log of each that was not
    /// reached before: `carbon.threshold-reached`, once a month. Call it every few minutes.
    ///
    /// # Errors
    /// When the database fails; the same call again tells of the rest.
    pub async fn limit_check(&self) -> Result<Vec<LimitNews>, ServiceError> {
        let (this, now) = (self.clone(), self.clock.now());
        let news = self
            .database
            .read(move |connection| {
                let month = now.format("%Y-%m").to_string();
                let mut news = Vec::new();
                for store::Stored { limit, told } in store::limit_list::<CarbonLimit>(connection, &ProjectScope::All)? {
                    if told.as_ref() == Some(&month) {
                        continue;
                    }
                    let today = now.date_naive();
                    let query = Query {
                        project: Some(limit.project.clone()),
                        application: limit.application,
                        from: today.with_day(1).unwrap_or(today),
                        through: today,
                        by: Vec::new(),
                    };
                    let total = this.reported(connection, &query)?.total.footprint;
                    let emitted = total.location + total.embodied;
                    if emitted >= limit.carbon {
                        let (month, unknown) = (month.clone(), total.location_unknown);
                        news.push(LimitNews { limit, month, emitted, unknown });
                    }
                }
                Ok::<_, ServiceError>(news)
            })
            .await?;
        if news.is_empty() {
            return Ok(news);
        }
        self.database
            .write(move |connection| {
                let mut fresh = Vec::new();
                for one in news {
                    // But for what somebody else has told meanwhile.
                    if store::limit_told(connection, (&one.limit.project, &one.limit.name), &one.month)? {
                        event::append(connection, &told_of(&one, now))?;
                        fresh.push(one);
                    }
                }
                Ok(fresh)
            })
            .await
    }
}

fn told_of(news: &LimitNews, now: DateTime<Utc>) -> event::NewEvent {
    let LimitNews { limit, month, emitted, unknown } = news;
    let CarbonLimit { name, project, application, carbon } = limit;
    event::NewEvent {
        at: now,
        actor: Actor::Broker,
        application: *application,
        subject: format!("project/{project}"),
        kind: "carbon.threshold-reached".to_owned(),
        message: format!("{month} has emitted {emitted}; the carbon limit {name} is {carbon}"),
        data: json!({
            "limit": name,
            "project": project,
            "month": month,
            "limitGrams": carbon.grams(),
            "emittedGrams": emitted.grams(),
            "unknownKwh": unknown.kwh(),
        }),
    }
}
