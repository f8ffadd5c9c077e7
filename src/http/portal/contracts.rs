//! Agreements, orders and holds with partners.

use super::Visit;
use crate::{
    http::{
        admin::federation::{self, contracts as admin, manager},
        problem::{ApiError, ProblemKind, Reply},
        wire,
    },
    portal::{
        Place,
        pages::contracts::{self, HoldView, Names, Narrowed, OrderView},
    },
};
use actix_web::{
    HttpRequest,
    web::{self, Path},
};
use hansa_federation_manager::FederationManager;

/// What the wire calls the one who buys.
const CONSUMER: &str = "consumer";

/// What a list is narrowed to, by its address. A partner may be named by DID or name.
async fn narrowed(manager: &FederationManager, request: &HttpRequest) -> Result<Narrowed, ApiError> {
    let partner = match super::parameter(request, "partner") {
        Some(reference) => Some(federation::find(manager, &reference).await?.did),
        None => None,
    };
    Ok(Narrowed { partner, state: super::parameter(request, "state").map(|state| state.to_lowercase()) })
}

fn wants(narrowed: &Narrowed, partner: &str, state: &str) -> bool {
    narrowed.partner.as_ref().is_none_or(|wanted| wanted == partner)
        && narrowed.state.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(state))
}

/// Lists agreements.
pub(crate) async fn agreements(visit: Visit, request: HttpRequest) -> Reply {
    let broker = visit.broker.clone();
    let Some(manager) = &broker.federation else {
        return visit.show(Place::Agreements, |frame| contracts::alone(frame, "nav-agreements"));
    };
    let (narrowed, names) = (narrowed(manager, &request).await?, federation::names(manager).await?);
    let mut list = manager.agreement_list().await?;
    list.retain(|agreement| wants(&narrowed, &agreement.partner, agreement.state.name()));
    list.sort_by_key(|agreement| std::cmp::Reverse(agreement.agreed_at));
    visit.show(Place::Agreements, |frame| contracts::agreements(frame, &list, &names, &narrowed))
}

/// Shows an agreement.
pub(crate) async fn agreement(visit: Visit, id: Path<String>) -> Reply {
    let broker = visit.broker.clone();
    let manager = manager(&broker)?;
    let (found, names) = (manager.agreement_show(&id).await?, federation::names(manager).await?);
    let bundle = admin::bundle(manager, &found).await?.and_then(|bundle| serde_json::to_string_pretty(&bundle).ok());
    visit.show(Place::Agreements, |frame| contracts::agreement(frame, &found, &names, bundle))
}

/// Lists orders.
pub(crate) async fn orders(visit: Visit, request: HttpRequest) -> Reply {
    let broker = visit.broker.clone();
    let Some(manager) = &broker.federation else {
        return visit.show(Place::Orders, |frame| contracts::alone(frame, "nav-orders"));
    };
    let (narrowed, names) = (narrowed(manager, &request).await?, federation::names(manager).await?);
    let found =
        admin::orders(manager, &broker, |partner, _| narrowed.partner.as_ref().is_none_or(|wanted| wanted == partner));
    let mut list: Vec<OrderView> = found.await?.into_iter().map(order_view).collect();
    list.retain(|order| wants(&narrowed, &order.partner, &order.state));
    list.sort_by_key(|order| std::cmp::Reverse(order.created_at));
    visit.show(Place::Orders, |frame| contracts::orders(frame, &list, &names, &narrowed))
}

/// Shows an order.
pub(crate) async fn order(visit: Visit, id: Path<String>) -> Reply {
    let broker = visit.broker.clone();
    let found = admin::orders(manager(&broker)?, &broker, |_, order| order.to_string() == *id).await?;
    let missing = || ApiError::new(ProblemKind::NotFound, format!("there is no order `{id}`"));
    let found = found.into_iter().next().map(order_view).ok_or_else(missing)?;
    visit.show(Place::Orders, |frame| contracts::order(frame, &found))
}

fn order_view(order: wire::Order) -> OrderView {
    OrderView {
        bought: order.role == CONSUMER,
        id: order.id,
        partner: order.partner,
        partner_name: order.partner_name,
        state: order.state,
        offer: order.offer,
        agreement: order.agreement,
        application: order.application,
        generation: order.generation,
        reason: order.reason,
        workloads: order.workloads,
        as_of: order.as_of,
        created_at: order.created_at,
    }
}

/// Lists holds.
pub(crate) async fn holds(visit: Visit, request: HttpRequest) -> Reply {
    let broker = visit.broker.clone();
    let Some(manager) = &broker.federation else {
        return visit.show(Place::Orders, |frame| contracts::alone(frame, "contracts-holds"));
    };
    let narrowed = narrowed(manager, &request).await?;
    let names: Names = federation::names(manager).await?;
    let bought = manager.purchase_list().await?;
    let bought = bought.iter().filter_map(|purchase| wire::Hold::bought(purchase, &names));
    let sold = manager.sale_list().await?;
    let sold = sold.iter().map(|sale| wire::Hold::sold(sale, &names));
    let list: Vec<HoldView> = bought
        .chain(sold)
        .filter(|hold| wants(&narrowed, &hold.partner, &hold.state))
        .map(|hold| HoldView {
            bought: hold.role == CONSUMER,
            id: hold.id,
            partner: hold.partner,
            partner_name: hold.partner_name,
            state: hold.state,
            offer: hold.offer,
            until: hold.until,
        })
        .collect();
    visit.show(Place::Orders, |frame| contracts::holds(frame, &list, &names, &narrowed))
}

/// The routes of these pages.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/agreements").route(super::page().to(agreements)))
        .service(web::resource("/agreements/{agreement}").route(super::page().to(agreement)))
        .service(web::resource("/orders").route(super::page().to(orders)))
        .service(web::resource("/orders/holds").route(super::page().to(holds)))
        .service(web::resource("/orders/{order}").route(super::page().to(order)));
}
