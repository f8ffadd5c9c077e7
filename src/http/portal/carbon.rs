//! What a project has drawn and emitted.

use super::{Visit, costs::days, tenant};
use crate::{
    http::{
        problem::{ApiError, Reply},
        routes::usage::names,
    },
    portal::{
        Place,
        pages::carbon::{self, BY, Emitted},
    },
};
use actix_web::HttpRequest;
use chrono::Datelike as _;
use hansa_iam::Action;
use hansa_sustainability::{
    quantity::Carbon,
    service::{AdviceQuery, Dimension, Query, SavingsQuery},
};

/// Shows a project's month, in UTC.
pub(crate) async fn show(visit: Visit, request: HttpRequest) -> Reply {
    let broker = visit.broker.clone();
    let (projects, project) = tenant::project_seen(&visit, &request, Action::UsageRead).await?;
    let this = || broker.clock.now().format("%Y-%m").to_string();
    let month = super::parameter(&request, "month").unwrap_or_else(this);
    let refuse = || ApiError::field("month", format!("`{month}` is no month; write one such as 2026-11"));
    let (from, through) = days(&month).ok_or_else(refuse)?;
    let by = super::parameter(&request, "by");
    let by = BY.into_iter().find(|one| Some(one.name()) == by.as_deref()).unwrap_or(Dimension::Application);
    let query = |by| Query { project: Some(project.clone()), application: None, from, through, by: vec![by] };
    let carbon = &broker.sustainability;
    let (rows, by_day) = (carbon.carbon(&query(by)).await?, carbon.carbon(&query(Dimension::Day)).await?);
    let advice =
        carbon.advice(&AdviceQuery { project: project.clone(), application: None, worth: Carbon::ZERO }).await?;
    let jobs = SavingsQuery { project: project.clone(), application: None, from, through };
    let (savings, moves) = (carbon.savings(&jobs).await?, carbon.move_savings(&jobs).await?);
    let mut ids: Vec<String> = advice.iter().map(|one| one.application.to_string()).collect();
    ids.extend(rows.rows.iter().filter_map(|row| row.of.get(&Dimension::Application).cloned()));
    ids.extend(savings.iter().map(|one| one.application.to_string()));
    ids.extend(moves.iter().map(|one| one.application.to_string()));
    let names = names(&broker, ids.iter()).await?;
    let project = project.to_string();
    let last_day = through.day();
    let emitted = Emitted { projects, project, month, last_day, by, names, days: by_day, rows, advice, savings, moves };
    visit.show(Place::Carbon, |frame| carbon::page(frame, &emitted))
}
