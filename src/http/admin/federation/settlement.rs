//! Claims, statements with partners, and what is to be paid.

use super::{
    contracts::{ContractQuery, Filter},
    find, manager, names,
};
use crate::http::{
    Broker,
    access::Caller,
    call::Call,
    problem::{ApiError, Reply},
    query::Query,
    replay::{self, serialise},
    wire::{Claim, ClaimWithdrawal, Page, Payment, Price, Problem, Settlement, SettlementDetail, SettlementRequest},
};
use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use hansa_federation_manager::{FederationError, FederationManager, orders::UsageRole, settlement};
use hansa_iam::{Action, PartnerScope};
use hansa_ontology::Currency;
use serde::Deserialize;
use utoipa::IntoParams;

/// By when disputes are overdue.
fn times(manager: &FederationManager, broker: &Broker) -> (TimeDelta, DateTime<Utc>) {
    (manager.dispute_deadline(), broker.clock.now())
}

/// List claims, raised by this broker and by partners, the newest first.
#[utoipa::path(tag = "partners", params(ContractQuery), responses((status = 200, body = Page<Claim>)))]
#[get("/claims")]
pub(crate) async fn claim_list(broker: web::Data<Broker>, caller: Caller, query: Query<ContractQuery>) -> Reply {
    let Some(manager) = &broker.federation else {
        return Ok(HttpResponse::Ok().json(Page::<Claim>::whole(Vec::new())));
    };
    let (filter, names) = (Filter::of(&broker, manager, &caller, query.0).await?, names(manager).await?);
    let times = times(manager, &broker);
    let mut found: Vec<Claim> =
        manager.claim_list().await?.into_iter().map(|claim| Claim::new(claim, &names, times)).collect();
    found.retain(|claim| filter.wants(&claim.partner, &claim.state));
    Ok(HttpResponse::Ok().json(Page::whole(found)))
}

/// Accept a partner's claim that was disputed.
#[utoipa::path(
    tag = "partners",
    params(
        ("claim" = String, Path, description = "Its id"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    responses((status = 200, body = Claim), (status = 409, body = Problem, content_type = "application/problem+json"))
)]
#[post("/claims/{claim}/accept")]
pub(crate) async fn claim_accept(broker: web::Data<Broker>, id: web::Path<String>, call: Call) -> Reply {
    let manager = manager(&broker)?;
    if call.dry_run {
        return dry(&broker, manager, &id, UsageRole::Seller).await;
    }
    let (names, times) = (names(manager).await?, times(manager, &broker));
    replay::once(&broker, &call, async {
        serialise(&Claim::new(manager.claim_accept(&id, call.actor.clone()).await?, &names, times))
    })
    .await
}

/// Take a claim of this broker back, which the partner has not accepted.
#[utoipa::path(
    tag = "partners",
    params(
        ("claim" = String, Path, description = "Its id"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    request_body = Option<ClaimWithdrawal>,
    responses((status = 200, body = Claim), (status = 409, body = Problem, content_type = "application/problem+json"))
)]
#[post("/claims/{claim}/withdraw")]
pub(crate) async fn claim_withdraw(broker: web::Data<Broker>, id: web::Path<String>, call: Call) -> Reply {
    let manager = manager(&broker)?;
    let asked: ClaimWithdrawal = call.json_or_default()?;
    if call.dry_run {
        return dry(&broker, manager, &id, UsageRole::Buyer).await;
    }
    let (names, times) = (names(manager).await?, times(manager, &broker));
    replay::once(&broker, &call, async {
        let claim = manager.claim_withdraw(&id, asked.reason, call.actor.clone()).await?;
        serialise(&Claim::new(claim, &names, times))
    })
    .await
}

/// How a claim stands that a person is about to decide.
async fn dry(broker: &Broker, manager: &FederationManager, id: &str, role: UsageRole) -> Reply {
    let claim = manager.claim_show(id).await?;
    if claim.role != role {
        let message = "the seller accepts a claim, and the buyer withdraws it";
        return Err(ApiError::from(FederationError::Conflict(message.to_owned())));
    }
    Ok(HttpResponse::Ok().json(Claim::new(claim, &names(manager).await?, times(manager, broker))))
}

/// List statements with partners, the newest period first.
#[utoipa::path(tag = "partners", params(ContractQuery), responses((status = 200, body = Page<Settlement>)))]
#[get("/settlements")]
pub(crate) async fn settlement_list(broker: web::Data<Broker>, caller: Caller, query: Query<ContractQuery>) -> Reply {
    let Some(manager) = &broker.federation else {
        return Ok(HttpResponse::Ok().json(Page::<Settlement>::whole(Vec::new())));
    };
    let (filter, names) = (Filter::of(&broker, manager, &caller, query.0).await?, names(manager).await?);
    let times = times(manager, &broker);
    let all = manager.settlement_list().await?;
    let mut found: Vec<Settlement> = all.iter().map(|one| Settlement::new(one, &names, times)).collect();
    found.retain(|one| filter.wants(&one.partner, &one.state));
    Ok(HttpResponse::Ok().json(Page::whole(found)))
}

/// Show a statement: what it says, what differs, and what both have signed.
#[utoipa::path(
    tag = "partners",
    params(("settlement" = String, Path, description = "Its id")),
    responses((status = 200, body = SettlementDetail), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/settlements/{settlement}")]
pub(crate) async fn settlement_show(broker: web::Data<Broker>, caller: Caller, id: web::Path<String>) -> Reply {
    let manager = manager(&broker)?;
    let found = manager.settlement_show(&id).await?;
    if !caller.partners(&broker, Action::AgreementRead).covers(&found.partner) {
        return Err(ApiError::from(FederationError::NotFound(format!("the statement {id}"))));
    }
    Ok(HttpResponse::Ok().json(detail(&broker, manager, &found).await?))
}

async fn detail(
    broker: &Broker,
    manager: &FederationManager,
    found: &settlement::Settlement,
) -> Result<SettlementDetail, ApiError> {
    let bundle = manager.settlement_bundle(found).await?;
    Ok(SettlementDetail {
        settlement: Settlement::new(found, &names(manager).await?, times(manager, broker)),
        statement: found.statement().and_then(|statement| serde_json::to_value(statement).ok()),
        dispute: found.dispute.as_ref().and_then(|dispute| serde_json::to_value(dispute).ok()),
        bundle: bundle.and_then(|bundle| serde_json::to_value(bundle).ok()),
    })
}

/// Ask for a statement of some days. It is made, signed and sent by itself; one
/// that is disputed is proposed again. What comes later of the same days goes
/// into a later statement.
#[utoipa::path(
    tag = "partners",
    params(("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")),
    request_body = SettlementRequest,
    responses((status = 200, body = Settlement), (status = 422, body = Problem, content_type = "application/problem+json"))
)]
#[post("/settlements")]
pub(crate) async fn settlement_make(broker: web::Data<Broker>, call: Call) -> Reply {
    let manager = manager(&broker)?;
    let asked: SettlementRequest = call.json()?;
    let partner = find(manager, &asked.partner).await?.did;
    let currency = asked.currency.parse::<Currency>();
    let currency = currency.map_err(|error| FederationError::invalid("currency", error.to_string()))?;
    let (period, names, times) = ((asked.from, asked.through), names(manager).await?, times(manager, &broker));
    if call.dry_run {
        let wanted = manager.settlement_check(&partner, period, currency)?;
        return Ok(HttpResponse::Ok().json(Settlement::new(&wanted, &names, times)));
    }
    replay::once(&broker, &call, async {
        serialise(&Settlement::new(&manager.settlement_make(&partner, period, currency).await?, &names, times))
    })
    .await
}

/// Which statements are netted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
struct PaymentQuery {
    /// Periods that end on this day or later.
    from: Option<NaiveDate>,
    /// Periods that end on this day or earlier.
    through: Option<NaiveDate>,
    /// Taken, and without effect: the list comes whole.
    #[serde(rename = "limit")]
    #[param(value_type = Option<usize>)]
    _limit: Option<crate::http::query::Limit>,
}

/// List the payments that settle agreed statements: netted, for each currency.
#[utoipa::path(tag = "partners", params(PaymentQuery), responses((status = 200, body = Page<Payment>)))]
#[get("/payments")]
pub(crate) async fn payment_list(broker: web::Data<Broker>, caller: Caller, query: Query<PaymentQuery>) -> Reply {
    let Some(manager) = &broker.federation else {
        return Ok(HttpResponse::Ok().json(Page::<Payment>::whole(Vec::new())));
    };
    let asked = query.0;
    let period = (asked.from.unwrap_or(NaiveDate::MIN), asked.through.unwrap_or(NaiveDate::MAX));
    let scope: PartnerScope = caller.partners(&broker, Action::AgreementRead);
    let payments = manager.settlement_payments(period, |partner| scope.covers(partner)).await?;
    let payments = payments.into_iter().map(|payment| Payment {
        payer: payment.payer.to_string(),
        payee: payment.payee.to_string(),
        amount: Price::new(payment.micros, payment.currency),
    });
    Ok(HttpResponse::Ok().json(Page::whole(payments.collect())))
}
