//! What a project may spend in a month.

use super::{
    invoices::{ListQuery, ProjectQuery, page},
    usage::application,
};
use crate::http::{
    Broker,
    access::Caller,
    call::Call,
    page_token,
    problem::{ApiError, Reply},
    query::Query,
    replay::{self, serialise},
    wire::{Budget, BudgetRequest, Page, Problem, Removal},
};
use actix_web::{HttpResponse, delete, get, http::header, put, web};
use hansa_accounting::{budget, service::NamedBudget};
use hansa_ontology::{ProjectId, ProjectScope};

/// The list's name in page tokens.
const BUDGETS: &str = "budgets";

/// List a project's budgets, and how each stands this month.
#[utoipa::path(tag = "usage", params(ListQuery), responses((status = 200, body = Page<Budget>)))]
#[get("/budgets")]
pub(crate) async fn budget_list(broker: web::Data<Broker>, caller: Caller, query: Query<ListQuery>) -> Reply {
    let scope = ProjectScope::Only([caller.project()?.clone()].into());
    let page = page(BUDGETS, query.0.limit, query.0.page_token.as_deref())?;
    let found = broker.accounting.budget_standings(&scope, &page).await?;
    let next = found.next.map(|next| page_token::seal(BUDGETS, &next));
    Ok(HttpResponse::Ok().json(Page { items: found.items.into_iter().map(Budget::from).collect(), next }))
}

/// Show a budget, and how it stands this month.
#[utoipa::path(
    tag = "usage",
    params(("budget" = String, Path, description = "Its name"), ProjectQuery),
    responses((status = 200, body = Budget), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/budgets/{budget}")]
pub(crate) async fn budget_show(
    broker: web::Data<Broker>,
    caller: Caller,
    name: web::Path<String>,
    _query: Query<ProjectQuery>,
) -> Reply {
    let found = Budget::from(broker.accounting.budget(caller.project()?, &name).await?);
    Ok(HttpResponse::Ok().insert_header((header::ETAG, format!("\"{}\"", found.version))).json(found))
}

/// State a budget, in the place of the one of its name.
///
/// What happens at a threshold happens once a month. Where it says `stop`, no
/// application of what it is about is submitted, changed or scaled until the month is over or the limit is raised.
#[utoipa::path(
    tag = "usage",
    params(
        ("budget" = String, Path, description = "Its name: 1 to 60 small letters, digits and hyphens"),
        ("project" = Option<String>, Query, description = "The project: `organisation/project`. Where it is absent: the caller's only one."),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    request_body = BudgetRequest,
    responses((status = 200, body = Budget), (status = 412, body = Problem, content_type = "application/problem+json"))
)]
#[put("/budgets/{budget}")]
pub(crate) async fn budget_put(
    broker: web::Data<Broker>,
    caller: Caller,
    name: web::Path<String>,
    call: Call,
) -> Reply {
    replay::once(&broker, &call, async {
        let project = caller.project()?;
        let asked = asked(&broker, project, &name, call.json()?).await?;
        let accounting = broker.accounting.in_hands_of(call.actor.clone(), call.dry_run);
        let standing = accounting.budget_put(asked, call.expected_version).await?;
        serialise(&Budget::from(standing))
    })
    .await
}

/// Forget a budget.
#[utoipa::path(
    tag = "usage",
    params(
        ("budget" = String, Path, description = "Its name"),
        ("project" = Option<String>, Query, description = "The project: `organisation/project`. Where it is absent: the caller's only one."),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    responses((status = 200, body = Removal), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[delete("/budgets/{budget}")]
pub(crate) async fn budget_remove(
    broker: web::Data<Broker>,
    caller: Caller,
    name: web::Path<String>,
    call: Call,
) -> Reply {
    replay::once(&broker, &call, async {
        let accounting = broker.accounting.in_hands_of(call.actor.clone(), call.dry_run);
        accounting.budget_delete(caller.project()?, &name).await?;
        serialise(&Removal { removed: format!("budget/{name}"), dry_run: call.dry_run })
    })
    .await
}

/// A budget as somebody wrote it.
async fn asked(
    broker: &Broker,
    project: &ProjectId,
    name: &str,
    asked: BudgetRequest,
) -> Result<NamedBudget, ApiError> {
    let application = application(broker, project, asked.application.as_deref()).await?;
    let limit = asked.limit.read().map_err(|error| ApiError::field("/limit", error))?;
    let threshold = |(place, threshold): (usize, &crate::http::wire::Threshold)| {
        let refuse = |(field, problem)| ApiError::field(&format!("/thresholds/{place}/{field}"), problem);
        threshold.read().map_err(refuse)
    };
    let thresholds = asked.thresholds.iter().enumerate().map(threshold).collect::<Result<_, _>>()?;
    let budget = budget::Budget { project: project.clone(), application, limit, thresholds };
    Ok(NamedBudget { name: name.to_owned(), budget })
}
