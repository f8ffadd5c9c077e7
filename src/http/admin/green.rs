//! Green mode: where nodes on which nothing is are turned off.

use crate::http::{
    Broker,
    call::Call,
    problem::{ApiError, Reply},
    query::Query,
    replay::{self, serialise},
    routes::sites::{WholeQuery, find},
    wire::{GreenMode, GreenRequest, Page, Removal},
};
use actix_web::{HttpResponse, delete, get, put, web};
use chrono::TimeDelta;
use hansa_pim::{MaintenanceTarget, NewGreenMode};

/// List where green mode is on, and how.
#[utoipa::path(tag = "nodes", params(WholeQuery), responses((status = 200, body = Page<GreenMode>)))]
#[get("/green")]
pub(crate) async fn green_list(broker: web::Data<Broker>, _query: Query<WholeQuery>) -> Reply {
    let found = broker.pim.green_list().await?.into_iter();
    Ok(HttpResponse::Ok().json(Page::whole(found.map(|mode| GreenMode::new(mode, false)).collect())))
}

/// Turn green mode on for a node: a host of a system that can turn it off.
///
/// When nothing has had a share of it for the idle time, it is turned off, and
/// on again for whatever is planned there. What holds for a node goes before
/// what holds for its site.
#[utoipa::path(
    tag = "nodes",
    params(
        ("node" = String, Path, description = "Its name"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The version that the caller saw; 0 where green mode was off.")
    ),
    request_body = GreenRequest,
    responses((status = 200, body = GreenMode))
)]
#[put("/nodes/{node}/green")]
pub(crate) async fn node_green(broker: web::Data<Broker>, name: web::Path<String>, call: Call) -> Reply {
    let target = MaintenanceTarget::Node(name.into_inner());
    replay::once(&broker, &call, set(&broker, target, &call)).await
}

/// Turn green mode on for the nodes of a site that their systems can turn off.
#[utoipa::path(
    tag = "sites",
    params(
        ("reference" = String, Path, description = "IRI (percent-encoded) or its last segment"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The version that the caller saw; 0 where green mode was off.")
    ),
    request_body = GreenRequest,
    responses((status = 200, body = GreenMode))
)]
#[put("/sites/{reference}/green")]
pub(crate) async fn site_green(broker: web::Data<Broker>, reference: web::Path<String>, call: Call) -> Reply {
    let target = MaintenanceTarget::Site(find(&broker, &reference).await?.id);
    replay::once(&broker, &call, set(&broker, target, &call)).await
}

/// Turn green mode off for a node. What sleeps stays off until something is to run there.
#[utoipa::path(
    tag = "nodes",
    params(
        ("node" = String, Path, description = "Its name"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The version that the caller saw.")
    ),
    responses((status = 200, body = Removal))
)]
#[delete("/nodes/{node}/green")]
pub(crate) async fn node_green_end(broker: web::Data<Broker>, name: web::Path<String>, call: Call) -> Reply {
    let target = MaintenanceTarget::Node(name.into_inner());
    replay::once(&broker, &call, end(&broker, target, &call)).await
}

/// Turn green mode off for a site. What sleeps stays off until something is to run there.
#[utoipa::path(
    tag = "sites",
    params(
        ("reference" = String, Path, description = "IRI (percent-encoded) or its last segment"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The version that the caller saw.")
    ),
    responses((status = 200, body = Removal))
)]
#[delete("/sites/{reference}/green")]
pub(crate) async fn site_green_end(broker: web::Data<Broker>, reference: web::Path<String>, call: Call) -> Reply {
    let target = MaintenanceTarget::Site(find(&broker, &reference).await?.id);
    replay::once(&broker, &call, end(&broker, target, &call)).await
}

async fn set(broker: &Broker, target: MaintenanceTarget, call: &Call) -> Result<String, ApiError> {
    let wanted: GreenRequest = call.json()?;
    let new = NewGreenMode {
        target,
        idle: TimeDelta::seconds(wanted.idle_seconds.into()),
        reserve: wanted.reserve,
        wake_within: TimeDelta::seconds(wanted.wake_seconds.into()),
    };
    let mode = broker.pim.green_set(new, call.expected_version, call.actor.clone(), call.dry_run).await?;
    serialise(&GreenMode::new(mode, call.dry_run))
}

async fn end(broker: &Broker, target: MaintenanceTarget, call: &Call) -> Result<String, ApiError> {
    let ended = broker.pim.green_end(target, call.expected_version, call.actor.clone(), call.dry_run).await?;
    serialise(&Removal { removed: format!("green mode of {}", ended.target), dry_run: call.dry_run })
}
