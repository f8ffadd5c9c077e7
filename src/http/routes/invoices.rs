//! What a project is billed: its account, its invoices, and the invoice that a
//! month would be now.

use crate::http::{
    Broker,
    access::Caller,
    openapi::BillingAccountSchema,
    page_token,
    problem::{ApiError, ProblemKind, Reply},
    query::{Query, page_size},
    wire::{Invoice, Page, Problem},
};
use actix_web::{HttpResponse, get, http::header, web};
use hansa_accounting::{
    AccountingError,
    invoice::{self, Language},
    service::{PageRequest, ServiceError},
};
use hansa_ontology::ProjectScope;
use serde::Deserialize;
use utoipa::IntoParams;

/// The list's name in page tokens.
const INVOICES: &str = "invoices";

/// Which project's list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct ListQuery {
    /// The project: `organisation/project`. Where it is absent: the caller's only one.
    #[param(value_type = Option<String>)]
    #[expect(dead_code, reason = "read by the layer that asks what the caller may")]
    project: Option<String>,
    /// Items in the page: 1 to 500.
    pub(super) limit: Option<usize>,
    /// The token that the page before gave.
    pub(super) page_token: Option<String>,
}

/// Which project's.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct ProjectQuery {
    /// The project: `organisation/project`. Where it is absent: the caller's only one.
    #[param(value_type = Option<String>)]
    #[expect(dead_code, reason = "read by the layer that asks what the caller may")]
    project: Option<String>,
}

/// Which project's month.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct DraftQuery {
    /// The project: `organisation/project`. Where it is absent: the caller's only one.
    #[param(value_type = Option<String>)]
    #[expect(dead_code, reason = "read by the layer that asks what the caller may")]
    project: Option<String>,
    /// The month, in the billing time zone: `2026-11`. By default this month.
    month: Option<String>,
    /// `json` (the canonical document), `ubl` (UBL 2.1, EN 16931) or `html` (to print). By default `json`.
    format: Option<String>,
    /// The language of `html`: `en`, `de`, `fr` or `es`.
    language: Option<String>,
}

/// How a document is wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct DocumentQuery {
    /// The project: `organisation/project`. Where it is absent: the caller's only one.
    #[param(value_type = Option<String>)]
    #[expect(dead_code, reason = "read by the layer that asks what the caller may")]
    project: Option<String>,
    /// `json` (the canonical document), `ubl` (UBL 2.1, EN 16931) or `html` (to print). By default `json`.
    format: Option<String>,
    /// The language of `html`: `en`, `de`, `fr` or `es`.
    language: Option<String>,
}

/// Show a project's billing account: its currency and time zone, what was agreed, who gets its invoices.
#[utoipa::path(tag = "usage", params(ProjectQuery), responses((status = 200, body = BillingAccountSchema)))]
#[get("/billing-account")]
pub(crate) async fn project_account(broker: web::Data<Broker>, caller: Caller, _query: Query<ProjectQuery>) -> Reply {
    let (account, version) = broker.accounting.account(caller.project()?).await?;
    Ok(HttpResponse::Ok().insert_header((header::ETAG, format!("\"{version}\""))).json(account))
}

/// List a project's invoices and credit notes, by number.
#[utoipa::path(tag = "usage", params(ListQuery), responses((status = 200, body = Page<Invoice>)))]
#[get("/invoices")]
pub(crate) async fn invoice_list(broker: web::Data<Broker>, caller: Caller, query: Query<ListQuery>) -> Reply {
    let scope = ProjectScope::Only([caller.project()?.clone()].into());
    listed(&broker, &scope, query.0.limit, query.0.page_token.as_deref()).await
}

/// Show the invoice of a month as it would be now. Nothing is written.
///
/// Its number is `DRAFT`. Of a month that is billed it is the invoice.
#[utoipa::path(
    tag = "usage",
    params(DraftQuery),
    responses(
        (status = 200, content((Object = "application/json"), (String = "application/xml"), (String = "text/html"))),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "Nothing was used or owed"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "Seller, buyer, a price or a rate is not stated"),
        (status = 422, body = Problem, content_type = "application/problem+json")
    )
)]
#[get("/invoices/draft")]
pub(crate) async fn invoice_draft(broker: web::Data<Broker>, caller: Caller, query: Query<DraftQuery>) -> Reply {
    let DraftQuery { month, format, language, .. } = query.0;
    let form = Form::read(format.as_deref(), language.as_deref())?;
    let project = caller.project()?;
    let month = super::usage::month(&broker, project, month).await?;
    let draft = broker.accounting.invoice_draft(project, &month).await?;
    let none = || ApiError::new(ProblemKind::NotFound, format!("nothing was used or owed by {project} in {month}"));
    form.answer(&draft.ok_or_else(none)?)
}

/// Show an invoice or a credit note, as it was issued.
#[utoipa::path(
    tag = "usage",
    params(("number" = String, Path, description = "Its number"), DocumentQuery),
    responses(
        (status = 200, content((Object = "application/json"), (String = "application/xml"), (String = "text/html"))),
        (status = 404, body = Problem, content_type = "application/problem+json")
    )
)]
#[get("/invoices/{number}")]
pub(crate) async fn invoice_show(
    broker: web::Data<Broker>,
    caller: Caller,
    number: web::Path<String>,
    query: Query<DocumentQuery>,
) -> Reply {
    let form = Form::read(query.0.format.as_deref(), query.0.language.as_deref())?;
    let found = broker.accounting.invoice(&number).await?;
    if found.invoice.project != *caller.project()? {
        return Err(ApiError::new(ProblemKind::NotFound, format!("invoice {number} does not exist")));
    }
    form.answer(&found.invoice)
}

/// One page of the invoices of these projects.
pub(crate) async fn listed(broker: &Broker, scope: &ProjectScope, limit: Option<usize>, token: Option<&str>) -> Reply {
    let page = page(INVOICES, limit, token)?;
    let found = broker.accounting.invoice_list(scope, &page).await?;
    let next = found.next.map(|next| page_token::seal(INVOICES, &next));
    Ok(HttpResponse::Ok().json(Page { items: found.items.into_iter().map(Invoice::from).collect(), next }))
}

/// Which page of a list of accounting's.
pub(crate) fn page(list: &str, limit: Option<usize>, token: Option<&str>) -> Result<PageRequest, ApiError> {
    let token = token.map(|token| page_token::open(list, token)).transpose()?;
    Ok(PageRequest { limit: page_size(limit)?, token })
}

/// The form in which a document is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Json,
    Ubl,
    Html(Language),
}

impl Form {
    /// As query parameters name it.
    pub(crate) fn read(format: Option<&str>, language: Option<&str>) -> Result<Self, ApiError> {
        let refuse = |field: &str, given: &str, known: &str| {
            ApiError::new(ProblemKind::Malformed, format!("{field}: `{given}` is unknown; write {known}"))
        };
        let language = match language {
            None | Some("en") => Language::En,
            Some("de") => Language::De,
            Some("fr") => Language::Fr,
            Some("es") => Language::Es,
            Some(other) => return Err(refuse("language", other, "en, de, fr or es")),
        };
        match format {
            None | Some("json") => Ok(Self::Json),
            Some("ubl") => Ok(Self::Ubl),
            Some("html") => Ok(Self::Html(language)),
            Some(other) => Err(refuse("format", other, "json, ubl or html")),
        }
    }

    /// What the name of a file of it ends with.
    pub(crate) const fn ending(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Ubl => "xml",
            Self::Html(_) => "html",
        }
    }

    /// The document.
    pub(crate) fn answer(self, document: &invoice::Invoice) -> Reply {
        let (kind, bytes): (_, Result<Vec<u8>, AccountingError>) = match self {
            Self::Json => ("application/json", document.bytes()),
            Self::Ubl => ("application/xml", document.ubl()),
            Self::Html(language) => ("text/html; charset=utf-8", document.html(language)),
        };
        Ok(HttpResponse::Ok().insert_header((header::CONTENT_TYPE, kind)).body(bytes.map_err(ServiceError::from)?))
    }
}
