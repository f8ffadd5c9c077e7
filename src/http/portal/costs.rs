//! What a project has used and what that costs, with its budgets and invoices;
//! and the routes of the pages beside it.

use super::{Visit, carbon, compare, promises, tenant};
use crate::{
    http::{
        problem::{ApiError, ProblemKind, Reply},
        routes::{invoices::Form, usage},
    },
    portal::{
        Place,
        pages::costs::{self, BY, Costs},
    },
};
use actix_web::{
    HttpRequest,
    http::header::{self, HeaderValue},
    web::{self, Path, ServiceConfig},
};
use chrono::{Datelike as _, Months, NaiveDate};
use hansa_accounting::service::{Dimension, PageRequest};
use hansa_iam::Action;
use hansa_ontology::ProjectScope;
use hansa_repository::ErrorKind;

/// Rows that are shown at most.
const ROWS: usize = 500;

/// The routes of these pages.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/carbon").route(super::page().to(carbon::show)))
        .service(web::resource("/carbon/compare").route(super::page().to(compare::show)))
        .service(web::resource("/carbon/compare/export").route(super::page().to(compare::export)))
        .service(web::resource("/promises").route(super::page().to(promises::show)))
        .service(web::resource("/costs").route(super::page().to(show)))
        .service(web::resource("/costs/export").route(super::page().to(export)))
        .service(web::resource("/costs/invoices/{number}").route(super::page().to(invoice)));
}

/// Shows a project's month.
pub(crate) async fn show(visit: Visit, request: HttpRequest) -> Reply {
    let broker = visit.broker.clone();
    let (projects, id) = tenant::project_seen(&visit, &request, Action::UsageRead).await?;
    let month = match super::parameter(&request, "month") {
        Some(month) if days(&month).is_some() => month,
        Some(month) => {
            return Err(ApiError::field("month", format!("`{month}` is no month; write one such as 2026-11")));
        }
        None => broker.accounting.month_now(&id).await?,
    };
    let by = super::parameter(&request, "by");
    let by = BY.into_iter().find(|one| Some(one.name()) == by.as_deref()).unwrap_or(Dimension::Application);
    let page = PageRequest { limit: ROWS, token: None };
    let told = match broker.accounting.month_costs(&id, &month, by, &page).await {
        Ok(told) => Ok(told),
        // What has to be stated before it can be said.
        Err(error) if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::Invalid) => Err(error.to_string()),
        Err(error) => return Err(error.into()),
    };
    let only = ProjectScope::Only([id.clone()].into());
    let budgets = broker.accounting.budget_standings(&only, &page).await?.items;
    let invoices = broker.accounting.invoice_list(&only, &page).await?.items;
    let mut named: Vec<String> =
        budgets.iter().filter_map(|one| Some(one.budget.budget.application?.to_string())).collect();
    if let Ok(told) = &told {
        named.extend(told.rows.rows.items.iter().filter_map(|row| row.of.get(&Dimension::Application).cloned()));
    }
    let names = usage::names(&broker, named.iter()).await?;
    let last_day = days(&month).map_or(31, |(_, last)| last.day());
    let project = id.to_string();
    let costs = Costs { projects, project, month, last_day, by, names, told, budgets, invoices };
    visit.show(Place::Costs, |frame| costs::page(frame, &costs))
}

/// The first and the last day of a month.
pub(super) fn days(month: &str) -> Option<(NaiveDate, NaiveDate)> {
    let first: NaiveDate =
        format!("{month}-01").parse().ok().filter(|first: &NaiveDate| (1970..9_000).contains(&first.year()))?;
    Some((first, first.checked_add_months(Months::new(1))?.pred_opt()?))
}

/// A month as FOCUS 1.2.
pub(crate) async fn export(visit: Visit, request: HttpRequest) -> Reply {
    let (month, format) = (super::parameter(&request, "month"), super::parameter(&request, "format"));
    usage::exported(&visit.broker, visit.caller.project()?, month, format.as_deref()).await
}

/// An invoice, to be kept: a page of its own styles, which no page of the portal may have.
pub(crate) async fn invoice(visit: Visit, number: Path<String>, request: HttpRequest) -> Reply {
    let (format, language) = (super::parameter(&request, "format"), super::parameter(&request, "language"));
    let form = Form::read(format.as_deref().or(Some("html")), language.as_deref())?;
    let found = visit.broker.accounting.invoice(&number).await?;
    if found.invoice.project != *visit.caller.project()? {
        return Err(ApiError::new(ProblemKind::NotFound, format!("invoice {number} does not exist")));
    }
    let mut answer = form.answer(&found.invoice)?;
    // A number has letters, digits and hyphens only.
    let name = format!("attachment; filename=\"{number}.{}\"", form.ending());
    let value = HeaderValue::from_str(&name).map_err(|error| ApiError::default().for_operator(error))?;
    answer.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    Ok(answer)
}
