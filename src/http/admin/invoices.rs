//! Months are billed, invoices taken back, the books looked at and closed.

use super::billing::accounting;
use crate::http::{
    Broker,
    call::Call,
    page_token,
    problem::{ApiError, Reply},
    query::{Limit, PageQuery, Query},
    replay::{self, serialise},
    routes::{
        invoices::{Form, listed, page},
        sites::WholeQuery,
    },
    wire::{
        BillRequest, Billed, BooksCheck, Closing, ClosingRequest, Invoice, LedgerBalance, LedgerEntry, Page, Problem,
    },
};
use actix_web::{HttpResponse, get, post, web};
use chrono::NaiveDate;
use hansa_accounting::service::Closed;
use hansa_ontology::{ProjectId, ProjectScope};
use hansa_repository::ErrorKind;
use serde::Deserialize;
use utoipa::IntoParams;

/// The list's name in page tokens.
const ENTRIES: &str = "ledger-entries";

/// How a document is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct FormQuery {
    /// `json` (the canonical document), `ubl` (UBL 2.1, EN 16931) or `html` (to print). By default `json`.
    format: Option<String>,
    /// The language of `html`: `en`, `de`, `fr` or `es`.
    language: Option<String>,
}

/// Through which day.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct BalanceQuery {
    /// Through this day; without it all days.
    through: Option<NaiveDate>,
    /// Taken and not obeyed: the list comes whole.
    #[param(value_type = Option<usize>)]
    #[expect(dead_code, reason = "so that it is checked")]
    limit: Option<Limit>,
}

/// List all projects' invoices and credit notes, by number.
#[utoipa::path(tag = "billing", params(PageQuery), responses((status = 200, body = Page<Invoice>)))]
#[get("/billing/invoices")]
pub(crate) async fn all_invoice_list(broker: web::Data<Broker>, query: Query<PageQuery>) -> Reply {
    listed(&broker, &ProjectScope::All, query.0.limit, query.0.page_token.as_deref()).await
}

/// Show an invoice or a credit note, as it was issued.
#[utoipa::path(
    tag = "billing",
    params(("number" = String, Path, description = "Its number"), FormQuery),
    responses(
        (status = 200, content((Object = "application/json"), (String = "application/xml"), (String = "text/html"))),
        (status = 404, body = Problem, content_type = "application/problem+json")
    )
)]
#[get("/billing/invoices/{number}")]
pub(crate) async fn any_invoice_show(
    broker: web::Data<Broker>,
    number: web::Path<String>,
    query: Query<FormQuery>,
) -> Reply {
    let form = Form::read(query.0.format.as_deref(), query.0.language.as_deref())?;
    form.answer(&broker.accounting.invoice(&number).await?.invoice)
}

/// Bill a month that is over, of one project or of all.
///
/// Each project's month is billed for itself, once: again it gives the same invoice. What can't be billed says why.
#[utoipa::path(
    tag = "billing",
    params(("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")),
    request_body = BillRequest,
    responses((status = 200, body = Page<Billed>))
)]
#[post("/billing/invoices")]
pub(crate) async fn month_bill(broker: web::Data<Broker>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let BillRequest { month, project } = call.json()?;
        let projects = match &project {
            Some(name) => {
                vec![ProjectId::new(name.clone()).map_err(|error| ApiError::field("/project", error.to_string()))?]
            }
            None => broker.accounting.project_list().await?,
        };
        let accounting = accounting(&broker, &call);
        let mut billed = Vec::new();
        for project in projects {
            let (invoice, problem) = match accounting.month_close(&project, &month).await {
                Ok(Closed::Billed(document)) => (Some(Invoice::from(*document)), None),
                Ok(Closed::Nothing) => (None, None),
                // One that can't be billed holds up no other.
                Err(error) if matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Conflict) => {
                    (None, Some(error.to_string()))
                }
                Err(error) => return Err(error.into()),
            };
            billed.push(Billed { project: project.to_string(), invoice, problem });
        }
        serialise(&Page::whole(billed))
    })
    .await
}

/// Take an invoice back by a credit note. Its month can be billed again then.
#[utoipa::path(
    tag = "billing",
    params(
        ("number" = String, Path, description = "The invoice's number"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    responses((status = 200, body = Invoice), (status = 409, body = Problem, content_type = "application/problem+json"))
)]
#[post("/billing/invoices/{number}/credit-note")]
pub(crate) async fn invoice_credit(broker: web::Data<Broker>, number: web::Path<String>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        serialise(&Invoice::from(accounting(&broker, &call).credit_note(&number).await?))
    })
    .await
}

/// Show the debits and credits of every account of the ledger.
#[utoipa::path(tag = "billing", params(BalanceQuery), responses((status = 200, body = Page<LedgerBalance>)))]
#[get("/ledger/balance")]
pub(crate) async fn ledger_balance(broker: web::Data<Broker>, query: Query<BalanceQuery>) -> Reply {
    let balances = broker.accounting.trial_balance(query.0.through).await?;
    Ok(HttpResponse::Ok().json(Page::whole(LedgerBalance::all(balances))))
}

/// List the entries of the ledger, in the order in which they were booked.
#[utoipa::path(tag = "billing", params(PageQuery), responses((status = 200, body = Page<LedgerEntry>)))]
#[get("/ledger/entries")]
pub(crate) async fn ledger_entries(broker: web::Data<Broker>, query: Query<PageQuery>) -> Reply {
    let page = page(ENTRIES, query.0.limit, query.0.page_token.as_deref())?;
    let found = broker.accounting.entry_list(&page).await?;
    let next = found.next.map(|next| page_token::seal(ENTRIES, &next));
    Ok(HttpResponse::Ok().json(Page { items: found.items.iter().map(LedgerEntry::from).collect(), next }))
}

/// List the closed periods of the books.
#[utoipa::path(tag = "billing", params(WholeQuery), responses((status = 200, body = Page<Closing>)))]
#[get("/ledger/closings")]
pub(crate) async fn closing_list(broker: web::Data<Broker>, _query: Query<WholeQuery>) -> Reply {
    let closings = broker.accounting.closing_list().await?;
    Ok(HttpResponse::Ok().json(Page::whole(closings.into_iter().map(Closing::from).collect())))
}

/// Close the books through a day: nothing is booked on these days any more.
#[utoipa::path(
    tag = "billing",
    params(("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")),
    request_body = ClosingRequest,
    responses((status = 200, body = Closing))
)]
#[post("/ledger/closings")]
pub(crate) async fn books_close(broker: web::Data<Broker>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let ClosingRequest { through } = call.json()?;
        serialise(&Closing::from(accounting(&broker, &call).books_close(through).await?))
    })
    .await
}

/// Check whether every closed period is still what it was when it was closed.
#[utoipa::path(tag = "billing", responses((status = 200, body = BooksCheck)))]
#[get("/ledger/check")]
pub(crate) async fn books_check(broker: web::Data<Broker>) -> Reply {
    let told = match broker.accounting.books_check().await {
        Ok(()) => BooksCheck { sound: true, problem: None },
        Err(error) if error.kind() == ErrorKind::Conflict => {
            BooksCheck { sound: false, problem: Some(error.to_string()) }
        }
        Err(error) => return Err(error.into()),
    };
    Ok(HttpResponse::Ok().json(told))
}
