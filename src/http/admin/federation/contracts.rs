//! Agreements, holds and orders, as customer and as provider.

use super::{filter, manager, names};
use crate::http::{
    Broker,
    access::Caller,
    problem::{ApiError, ProblemKind, Reply},
    query::Query,
    wire::{Agreement, AgreementDetail, Hold, Order, Page, Problem},
};
use actix_web::{HttpResponse, get, web};
use hansa_federation::verify::Bundle;
use hansa_federation_manager::{FederationError, FederationManager, contracts};
use hansa_iam::{Action, PartnerScope};
use hansa_ontology::MachineId;
use serde::Deserialize;
use std::collections::BTreeMap;
use utoipa::IntoParams;

/// Which of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(super) struct ContractQuery {
    /// Only with this partner: DID or name.
    partner: Option<String>,
    /// Only in this state.
    state: Option<String>,
    /// Taken, and without effect: the list comes whole.
    #[serde(rename = "limit")]
    #[param(value_type = Option<usize>)]
    _limit: Option<crate::http::query::Limit>,
}

/// Only those of a partner and in a state.
pub(super) struct Filter {
    partner: Option<String>,
    state: Option<String>,
    /// Whose the caller may see.
    scope: PartnerScope,
}

impl Filter {
    pub(super) async fn of(
        broker: &Broker,
        manager: &FederationManager,
        caller: &Caller,
        query: ContractQuery,
    ) -> Result<Self, ApiError> {
        let scope = caller.partners(broker, Action::AgreementRead);
        Ok(Self { partner: filter(manager, query.partner.as_ref(), &scope).await?, state: query.state, scope })
    }

    fn wants_partner(&self, partner: &str) -> bool {
        self.scope.covers(partner) && self.partner.as_ref().is_none_or(|wanted| wanted == partner)
    }

    pub(super) fn wants(&self, partner: &str, state: &str) -> bool {
        self.wants_partner(partner) && self.state.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(state))
    }
}

/// List agreements with partners.
#[utoipa::path(tag = "partners", params(ContractQuery), responses((status = 200, body = Page<Agreement>)))]
#[get("/agreements")]
pub(crate) async fn agreement_list(broker: web::Data<Broker>, caller: Caller, query: Query<ContractQuery>) -> Reply {
    let Some(manager) = &broker.federation else {
        return Ok(HttpResponse::Ok().json(Page::<Agreement>::whole(Vec::new())));
    };
    let (filter, names) = (Filter::of(&broker, manager, &caller, query.0).await?, names(manager).await?);
    let mut found: Vec<Agreement> =
        manager.agreement_list().await?.into_iter().map(|agreement| Agreement::new(agreement, &names)).collect();
    found.retain(|agreement| filter.wants(&agreement.partner, &agreement.state));
    Ok(HttpResponse::Ok().json(Page::whole(found)))
}

/// Show an agreement, with what both sides signed.
#[utoipa::path(
    tag = "partners",
    params(("agreement" = String, Path, description = "Its id (percent-encoded)")),
    responses((status = 200, body = AgreementDetail), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/agreements/{agreement}")]
pub(crate) async fn agreement_show(broker: web::Data<Broker>, caller: Caller, id: web::Path<String>) -> Reply {
    let manager = manager(&broker)?;
    let agreement = manager.agreement_show(&id).await?;
    if !caller.partners(&broker, Action::AgreementRead).covers(&agreement.partner) {
        return Err(ApiError::from(FederationError::NotFound(format!("agreement {}", *id))));
    }
    let bundle = bundle(manager, &agreement).await?;
    let terms = serde_json::to_value(&agreement.policy).unwrap_or_default();
    Ok(HttpResponse::Ok().json(AgreementDetail {
        clauses: serde_json::to_value(&agreement.clauses).unwrap_or_default(),
        agreement: Agreement::new(agreement, &names(manager).await?),
        terms,
        bundle: bundle.and_then(|bundle| serde_json::to_value(bundle).ok()),
    }))
}

/// What both sides signed, with the keys of both. None: it is not signed by both yet.
pub(crate) async fn bundle(
    manager: &FederationManager,
    agreement: &contracts::Agreement,
) -> Result<Option<Bundle>, FederationError> {
    let (Some(ours), Some(theirs)) = (&agreement.ours, &agreement.theirs) else { return Ok(None) };
    Ok(Some(Bundle {
        document: ours.clone(),
        countersignatures: vec![theirs.signature.clone()],
        did_documents: vec![manager.did_document()?],
        pinned: vec![manager.partner_get(&agreement.partner).await?.keys],
        received_at: None,
    }))
}

/// The orders of this broker that are wanted, by partner and id: what partners deliver for it, and what it
/// delivers for them. How the latter stand is asked of each, so only of those that are wanted.
pub(crate) async fn orders(
    manager: &FederationManager,
    broker: &Broker,
    wanted: impl Fn(&str, MachineId) -> bool,
) -> Result<Vec<Order>, ApiError> {
    let names: BTreeMap<String, String> = names(manager).await?;
    let now = broker.clock.now();
    let bought = manager.purchase_list().await?.into_iter().filter(|order| wanted(&order.partner, order.id));
    let mut orders: Vec<Order> = bought.map(|purchase| Order::bought(purchase, &names, now)).collect();
    for sale in manager.sale_list().await?.into_iter().filter(|order| wanted(&order.partner, order.id)) {
        let report = manager.sale_report(&sale).await?;
        orders.extend(Order::sold(sale, &report, &names));
    }
    Ok(orders)
}

/// List orders: what partners deliver for this broker, and what it delivers for them.
#[utoipa::path(tag = "partners", params(ContractQuery), responses((status = 200, body = Page<Order>)))]
#[get("/orders")]
pub(crate) async fn order_list(broker: web::Data<Broker>, caller: Caller, query: Query<ContractQuery>) -> Reply {
    let Some(manager) = &broker.federation else {
        return Ok(HttpResponse::Ok().json(Page::<Order>::whole(Vec::new())));
    };
    let filter = Filter::of(&broker, manager, &caller, query.0).await?;
    let mut found = orders(manager, &broker, |partner, _| filter.wants_partner(partner)).await?;
    found.retain(|order| filter.wants(&order.partner, &order.state));
    Ok(HttpResponse::Ok().json(Page::whole(found)))
}

/// Show an order.
#[utoipa::path(
    tag = "partners",
    params(("order" = String, Path, description = "Its id")),
    responses((status = 200, body = Order), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/orders/{order}")]
pub(crate) async fn order_show(broker: web::Data<Broker>, caller: Caller, id: web::Path<String>) -> Reply {
    let scope = caller.partners(&broker, Action::AgreementRead);
    let wanted = |partner: &str, order: MachineId| scope.covers(partner) && order.to_string() == *id;
    let found = orders(manager(&broker)?, &broker, wanted).await?.into_iter().next();
    let missing = || ApiError::new(ProblemKind::NotFound, format!("there is no order `{id}`"));
    Ok(HttpResponse::Ok().json(found.ok_or_else(missing)?))
}

/// List capacity that is held: at partners for this broker, and here for partners.
#[utoipa::path(tag = "partners", params(ContractQuery), responses((status = 200, body = Page<Hold>)))]
#[get("/holds")]
pub(crate) async fn hold_list(broker: web::Data<Broker>, caller: Caller, query: Query<ContractQuery>) -> Reply {
    let Some(manager) = &broker.federation else {
        return Ok(HttpResponse::Ok().json(Page::<Hold>::whole(Vec::new())));
    };
    let (filter, names) = (Filter::of(&broker, manager, &caller, query.0).await?, names(manager).await?);
    let bought = manager.purchase_list().await?.into_iter().filter_map(|purchase| Hold::bought(&purchase, &names));
    let sold = manager.sale_list().await?.into_iter().map(|sale| Hold::sold(&sale, &names)).collect::<Vec<_>>();
    let found = bought.chain(sold).filter(|hold| filter.wants(&hold.partner, &hold.state)).collect();
    Ok(HttpResponse::Ok().json(Page::whole(found)))
}
