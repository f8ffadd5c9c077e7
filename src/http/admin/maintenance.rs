//! Maintenance: nodes and sites that are drained, and what becomes of what
//! runs there.

use super::limits;
use crate::http::{
    Broker,
    call::Call,
    problem::{ApiError, ProblemKind, Reply},
    query::Query,
    replay::{self, serialise},
    routes::sites::{WholeQuery, find},
    wire::{Maintenance, MaintenanceRequest, Page},
};
use actix_web::{HttpResponse, delete, get, http::header, post, web};
use hansa_ontology::Actor;
use hansa_pim::{MaintenanceTarget, NewMaintenance};
use hansa_service_orchestrator::Move;
use uuid::Uuid;

/// A maintenance, and what is there with what becomes of it.
pub(crate) type Standing = (hansa_pim::Maintenance, Vec<Move>);

/// List what is under maintenance, with its progress.
#[utoipa::path(tag = "maintenance", params(WholeQuery), responses((status = 200, body = Page<Maintenance>)))]
#[get("/maintenance")]
pub(crate) async fn maintenance_list(broker: web::Data<Broker>, _query: Query<WholeQuery>) -> Reply {
    let found = all(&broker).await?.into_iter();
    let shown = found.map(|(begun, moves)| Maintenance::new(begun, moves, broker.clock.now(), false));
    Ok(HttpResponse::Ok().json(Page::whole(shown.collect())))
}

/// Everything under maintenance, as it stands.
pub(crate) async fn all(broker: &Broker) -> Result<Vec<Standing>, ApiError> {
    let mut found = Vec::new();
    for begun in broker.pim.maintenance_list().await? {
        found.push(standing(broker, begun).await?);
    }
    Ok(found)
}

/// Show how a maintenance stands: what is still there, where it goes, and what can't move and why.
#[utoipa::path(
    tag = "maintenance",
    params(("maintenance" = String, Path, description = "Its id")),
    responses((status = 200, body = Maintenance))
)]
#[get("/maintenance/{maintenance}")]
pub(crate) async fn maintenance_show(broker: web::Data<Broker>, id: web::Path<String>) -> Reply {
    let (begun, moves) = one(&broker, &id).await?;
    let shown = Maintenance::new(begun, moves, broker.clock.now(), false);
    Ok(HttpResponse::Ok().insert_header((header::ETAG, format!("\"{}\"", shown.version))).json(shown))
}

/// Drain a node or a site.
///
/// From now on it gives nothing new, and what runs there moves: its replacement
/// works before it goes. With `dryRun=true` the answer says what would move
/// where, and what could not and why.
#[utoipa::path(
    tag = "maintenance",
    params(("dryRun" = Option<bool>, Query, description = "Only say what would move; write nothing.")),
    request_body = MaintenanceRequest,
    responses((status = 200, body = Maintenance))
)]
#[post("/maintenance")]
pub(crate) async fn maintenance_begin(broker: web::Data<Broker>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let (begun, moves) = begin(&broker, call.json()?, call.actor.clone(), call.dry_run).await?;
        serialise(&Maintenance::new(begun, moves, broker.clock.now(), call.dry_run))
    })
    .await
}

/// Begins to drain what is wanted, or says how that would be.
pub(crate) async fn begin(
    broker: &Broker,
    wanted: MaintenanceRequest,
    actor: Actor,
    dry_run: bool,
) -> Result<Standing, ApiError> {
    limits::text("/reason", &wanted.reason, 0, 500)?;
    let target = target(broker, &wanted).await?;
    let new = NewMaintenance {
        id: broker.ids.next(),
        target: target.clone(),
        reason: wanted.reason,
        deadline: wanted.deadline,
        leave_volumes: wanted.leave_volumes,
        actor,
    };
    let begun = broker.pim.maintenance_begin(new.clone(), dry_run).await?;
    Ok((begun, broker.orchestrator.moves(&target, Some(&new)).await?))
}

/// End a maintenance: the node or site gives machines again. What has moved stays where it is.
#[utoipa::path(
    tag = "maintenance",
    params(
        ("maintenance" = String, Path, description = "Its id"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    responses((status = 200, body = Maintenance))
)]
#[delete("/maintenance/{maintenance}")]
pub(crate) async fn maintenance_end(broker: web::Data<Broker>, id: web::Path<String>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let (id, actor) = (parse(&id)?, call.actor.clone());
        let moves = broker.orchestrator.moves(&broker.pim.maintenance(id).await?.target, None).await?;
        let ended = broker.pim.maintenance_end(id, call.expected_version, actor, call.dry_run).await?;
        serialise(&Maintenance::new(ended, moves, broker.clock.now(), call.dry_run))
    })
    .await
}

/// The maintenance of an id, as it stands.
pub(crate) async fn one(broker: &Broker, id: &str) -> Result<Standing, ApiError> {
    standing(broker, broker.pim.maintenance(parse(id)?).await?).await
}

async fn standing(broker: &Broker, begun: hansa_pim::Maintenance) -> Result<Standing, ApiError> {
    let moves = broker.orchestrator.moves(&begun.target, None).await?;
    Ok((begun, moves))
}

async fn target(broker: &Broker, wanted: &MaintenanceRequest) -> Result<MaintenanceTarget, ApiError> {
    match (&wanted.node, &wanted.site) {
        (Some(node), None) => {
            let known = broker.pim.node(node).await.map_err(|error| ApiError::field("/node", error.to_string()))?;
            Ok(MaintenanceTarget::Node(known.node.name))
        }
        (None, Some(site)) => {
            limits::reference("/site", site)?;
            let known = find(broker, site).await.map_err(|error| ApiError::field("/site", error.to_string()))?;
            Ok(MaintenanceTarget::Site(known.id))
        }
        _ => Err(ApiError::field("/node", "name a node or a site: one of both")),
    }
}

pub(crate) fn parse(id: &str) -> Result<Uuid, ApiError> {
    let missing = || {
        ApiError::new(
            ProblemKind::NotFound,
            "there is no such maintenance; GET /admin/v1/maintenance lists those there are",
        )
    };
    id.parse().ok().ok_or_else(missing)
}
