//! What a broker states about money: who sells, at which prices, in which
//! currencies, with which taxes, and what was agreed with whom.

use crate::http::{
    Broker,
    call::Call,
    openapi::{
        BillingAccountSchema, ExchangeRateSchema, PricePlanSchema, SellerSchema, StatedBillingAccountSchema,
        StatedPricePlanSchema, TaxRateSchema,
    },
    page_token,
    problem::{ApiError, ProblemKind, Reply},
    query::{PageQuery, Query},
    replay::{self, serialise},
    routes::invoices::page,
    wire::{MeteringFault, Page},
};
use actix_web::{HttpResponse, get, http::header, put, web};
use hansa_accounting::{
    price::PricePlan,
    service::{self, Accounting, BillingAccount, ExchangeRate, Seller, TaxRate},
};
use hansa_ontology::{ProjectId, ProjectScope};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// The lists' names in page tokens.
const ACCOUNTS: &str = "billing-accounts";
const PLANS: &str = "price-plans";
const EXCHANGE: &str = "exchange-rates";
const TAXES: &str = "tax-rates";
const FAULTS: &str = "metering-faults";

/// List the billing accounts that were stated, by project.
#[utoipa::path(tag = "billing", params(PageQuery), responses((status = 200, body = Page<BillingAccountSchema>)))]
#[get("/billing/accounts")]
pub(crate) async fn billing_account_list(broker: web::Data<Broker>, query: Query<PageQuery>) -> Reply {
    let page = page(ACCOUNTS, query.0.limit, query.0.page_token.as_deref())?;
    answer(ACCOUNTS, broker.accounting.account_list(&ProjectScope::All, &page).await?)
}

/// Show a project's billing account; where none was stated, what holds without one.
#[utoipa::path(
    tag = "billing",
    params(
        ("organisation" = String, Path, description = "The organisation's name"),
        ("project" = String, Path, description = "The project's name in it")
    ),
    responses((status = 200, body = BillingAccountSchema))
)]
#[get("/billing/accounts/{organisation}/{project}")]
pub(crate) async fn billing_account_show(broker: web::Data<Broker>, path: web::Path<(String, String)>) -> Reply {
    let (account, version) = broker.accounting.account(&project(&broker, &path).await?).await?;
    Ok(HttpResponse::Ok().insert_header((header::ETAG, format!("\"{version}\""))).json(account))
}

/// State a project's billing account, in the place of what was stated before.
///
/// What is billed already stays. Currency and time zone can't change after the first invoice. `project` may be left out of the body.
#[utoipa::path(
    tag = "billing",
    params(
        ("organisation" = String, Path, description = "The organisation's name"),
        ("project" = String, Path, description = "The project's name in it"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    request_body = StatedBillingAccountSchema,
    responses((status = 200, body = BillingAccountSchema))
)]
#[put("/billing/accounts/{organisation}/{project}")]
pub(crate) async fn billing_account_put(
    broker: web::Data<Broker>,
    path: web::Path<(String, String)>,
    call: Call,
) -> Reply {
    replay::once(&broker, &call, async {
        let project = project(&broker, &path).await?;
        let account: BillingAccount = stated(&call, Some(("project", project.as_str())))?;
        accounting(&broker, &call).account_put(account.clone(), call.expected_version).await?;
        serialise(&account)
    })
    .await
}

/// Show who sells: the name, the bank and the series on invoices.
#[utoipa::path(tag = "billing", responses((status = 200, body = SellerSchema)))]
#[get("/billing/seller")]
pub(crate) async fn seller_show(broker: web::Data<Broker>) -> Reply {
    let (seller, version) = broker.accounting.seller().await?;
    Ok(HttpResponse::Ok().insert_header((header::ETAG, format!("\"{version}\""))).json(seller))
}

/// State who sells. Invoices that were issued stay as they are.
#[utoipa::path(
    tag = "billing",
    params(
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    request_body = SellerSchema,
    responses((status = 200, body = SellerSchema))
)]
#[put("/billing/seller")]
pub(crate) async fn seller_put(broker: web::Data<Broker>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let seller: Seller = stated(&call, None)?;
        accounting(&broker, &call).seller_put(seller.clone(), call.expected_version).await?;
        serialise(&seller)
    })
    .await
}

/// List the price plans: those of offers that were rented, and those that were stated.
#[utoipa::path(tag = "billing", params(PageQuery), responses((status = 200, body = Page<PricePlanSchema>)))]
#[get("/billing/plans")]
pub(crate) async fn price_plan_list(broker: web::Data<Broker>, query: Query<PageQuery>) -> Reply {
    let page = page(PLANS, query.0.limit, query.0.page_token.as_deref())?;
    answer(PLANS, broker.accounting.plan_list(&page).await?)
}

/// Show a price plan.
#[utoipa::path(
    tag = "billing",
    params(("plan" = String, Path, description = "Its name")),
    responses((status = 200, body = PricePlanSchema))
)]
#[get("/billing/plans/{plan}")]
pub(crate) async fn price_plan_show(broker: web::Data<Broker>, name: web::Path<String>) -> Reply {
    Ok(HttpResponse::Ok().json(broker.accounting.plan(&name).await?))
}

/// State a price plan. It never changes: a new price is a new plan. `id` may be left out of the body.
#[utoipa::path(
    tag = "billing",
    params(
        ("plan" = String, Path, description = "Its name: 1 to 100 letters without spaces"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    request_body = StatedPricePlanSchema,
    responses((status = 200, body = PricePlanSchema))
)]
#[put("/billing/plans/{plan}")]
pub(crate) async fn price_plan_put(broker: web::Data<Broker>, name: web::Path<String>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let plan: PricePlan = stated(&call, Some(("id", &name)))?;
        accounting(&broker, &call).plan_put(plan.clone()).await?;
        serialise(&plan)
    })
    .await
}

/// List the exchange rates, by currencies and day.
#[utoipa::path(tag = "billing", params(PageQuery), responses((status = 200, body = Page<ExchangeRateSchema>)))]
#[get("/billing/exchange-rates")]
pub(crate) async fn exchange_rate_list(broker: web::Data<Broker>, query: Query<PageQuery>) -> Reply {
    let page = page(EXCHANGE, query.0.limit, query.0.page_token.as_deref())?;
    answer(EXCHANGE, broker.accounting.exchange_rate_list(&page).await?)
}

/// State what a currency is worth from a day on. What was stated of a day never changes.
#[utoipa::path(
    tag = "billing",
    params(("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")),
    request_body = ExchangeRateSchema,
    responses((status = 200, body = ExchangeRateSchema))
)]
#[put("/billing/exchange-rates")]
pub(crate) async fn exchange_rate_put(broker: web::Data<Broker>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let rate: ExchangeRate = stated(&call, None)?;
        accounting(&broker, &call).exchange_rate_put(rate.clone()).await?;
        serialise(&rate)
    })
    .await
}

/// List the rates of tax, by country and day.
#[utoipa::path(tag = "billing", params(PageQuery), responses((status = 200, body = Page<TaxRateSchema>)))]
#[get("/billing/tax-rates")]
pub(crate) async fn tax_rate_list(broker: web::Data<Broker>, query: Query<PageQuery>) -> Reply {
    let page = page(TAXES, query.0.limit, query.0.page_token.as_deref())?;
    answer(TAXES, broker.accounting.tax_rate_list(&page).await?)
}

/// State a country's standard rate of tax from a day on. What was stated of a day never changes.
#[utoipa::path(
    tag = "billing",
    params(("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")),
    request_body = TaxRateSchema,
    responses((status = 200, body = TaxRateSchema))
)]
#[put("/billing/tax-rates")]
pub(crate) async fn tax_rate_put(broker: web::Data<Broker>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let rate: TaxRate = stated(&call, None)?;
        accounting(&broker, &call).tax_rate_put(rate.clone()).await?;
        serialise(&rate)
    })
    .await
}

/// List what could not be metered as it was told, the newest first.
#[utoipa::path(tag = "billing", params(PageQuery), responses((status = 200, body = Page<MeteringFault>)))]
#[get("/billing/faults")]
pub(crate) async fn metering_fault_list(broker: web::Data<Broker>, query: Query<PageQuery>) -> Reply {
    let page = page(FAULTS, query.0.limit, query.0.page_token.as_deref())?;
    let found = broker.accounting.fault_list(&ProjectScope::All, &page).await?;
    let next = found.next.map(|next| page_token::seal(FAULTS, &next));
    Ok(HttpResponse::Ok().json(Page { items: found.items.into_iter().map(MeteringFault::from).collect(), next }))
}

fn answer<T: Serialize>(list: &str, found: service::Page<T>) -> Reply {
    let next = found.next.map(|next| page_token::seal(list, &next));
    Ok(HttpResponse::Ok().json(Page { items: found.items, next }))
}

/// Accounting in the caller's hands.
pub(super) fn accounting(broker: &Broker, call: &Call) -> Accounting {
    broker.accounting.in_hands_of(call.actor.clone(), call.dry_run)
}

/// A project that there is.
async fn project(broker: &Broker, path: &(String, String)) -> Result<ProjectId, ApiError> {
    let name = format!("{}/{}", path.0, path.1);
    let missing = || ApiError::new(ProblemKind::NotFound, format!("the project {name} does not exist"));
    let id = ProjectId::new(name.clone()).ok().ok_or_else(missing)?;
    Ok(broker.iam.project_get(&id).await?.id)
}

/// What the body states. `named` is the field that the path says already.
fn stated<T: DeserializeOwned + Serialize>(call: &Call, named: Option<(&str, &str)>) -> Result<T, ApiError> {
    let mut told: Value = call.json()?;
    let Some(fields) = told.as_object_mut() else {
        return Err(ApiError::new(ProblemKind::Invalid, "the body must be a JSON object"));
    };
    if let Some((field, name)) = named {
        let given = fields.entry(field).or_insert_with(|| name.into());
        if given != name {
            return Err(ApiError::field(
                &format!("/{field}"),
                format!("the path says {name}; leave it out, or say the same"),
            ));
        }
    }
    let given: Vec<String> = fields.keys().cloned().collect();
    let read: T = serde_json::from_value(told)
        .map_err(|error| ApiError::new(ProblemKind::Invalid, format!("the body is not what is expected: {error}")))?;
    // Whatever it has is written; so what isn't written was not understood.
    let known = serde_json::to_value(&read).map_err(|error| ApiError::default().for_operator(error))?;
    match given.into_iter().find(|field| known.get(field).is_none()) {
        Some(field) => {
            Err(ApiError::field(&format!("/{field}"), "there is no such field; see the description of this operation"))
        }
        None => Ok(read),
    }
}
