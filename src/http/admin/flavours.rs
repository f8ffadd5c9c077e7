//! Flavours: named shapes of machines.

use super::{limits, sale_change};
use crate::http::{
    Broker,
    call::Call,
    problem::{ApiError, Reply},
    query::Query,
    replay::{self, serialise},
    routes::sites::WholeQuery,
    wire::{Flavour, Page, Removal},
};
use actix_web::{HttpResponse, delete, get, http::header, post, put, web};
use hansa_ontology::{self as ontology, offer::Gpu};
use hansa_repository::catalogue::sale::NamedFlavour;
use serde::de::DeserializeOwned;

/// List flavours.
#[utoipa::path(tag = "flavours", params(WholeQuery), responses((status = 200, body = Page<Flavour>)))]
#[get("/flavours")]
pub(crate) async fn flavour_list(broker: web::Data<Broker>, _query: Query<WholeQuery>) -> Reply {
    let found = broker.catalogue.flavour_list().await?;
    Ok(HttpResponse::Ok().json(Page::whole(found.into_iter().map(Flavour::from).collect())))
}

/// Show a flavour.
#[utoipa::path(
    tag = "flavours",
    params(("flavour" = String, Path, description = "Its name")),
    responses((status = 200, body = Flavour))
)]
#[get("/flavours/{flavour}")]
pub(crate) async fn flavour_show(broker: web::Data<Broker>, name: web::Path<String>) -> Reply {
    let found = Flavour::from(broker.catalogue.flavour(&name).await?);
    Ok(HttpResponse::Ok().insert_header((header::ETAG, format!("\"{}\"", found.version))).json(found))
}

/// Add a flavour.
#[utoipa::path(
    tag = "flavours",
    params(("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")),
    request_body = Flavour,
    responses((status = 200, body = Flavour))
)]
#[post("/flavours")]
pub(crate) async fn flavour_add(broker: web::Data<Broker>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let added = broker.catalogue.flavour_put(checked(call.json()?)?, true, sale_change(&broker, &call)).await?;
        serialise(&Flavour::from(added))
    })
    .await
}

/// Change a flavour. Offers that were made of it stay as they are.
#[utoipa::path(
    tag = "flavours",
    params(
        ("flavour" = String, Path, description = "Its name"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    request_body = Flavour,
    responses((status = 200, body = Flavour))
)]
#[put("/flavours/{flavour}")]
pub(crate) async fn flavour_change(broker: web::Data<Broker>, name: web::Path<String>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let wanted = checked(call.json()?)?;
        if wanted.flavour.name != *name {
            return Err(ApiError::field("/name", "a flavour keeps its name; add another one"));
        }
        let changed = broker.catalogue.flavour_put(wanted, false, sale_change(&broker, &call)).await?;
        serialise(&Flavour::from(changed))
    })
    .await
}

/// Remove a flavour. Offers that were made of it stay.
#[utoipa::path(
    tag = "flavours",
    params(
        ("flavour" = String, Path, description = "Its name"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    responses((status = 200, body = Removal))
)]
#[delete("/flavours/{flavour}")]
pub(crate) async fn flavour_remove(broker: web::Data<Broker>, name: web::Path<String>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        broker.catalogue.flavour_remove(&name, sale_change(&broker, &call)).await?;
        serialise(&Removal { removed: format!("flavour/{name}"), dry_run: call.dry_run })
    })
    .await
}

/// A flavour as somebody wrote it, once each of its fields has been looked at.
pub(crate) fn checked(wanted: Flavour) -> Result<NamedFlavour, ApiError> {
    limits::words("/name", [&wanted.name])?;
    for (field, value) in [
        ("/cpuMilli", u64::from(wanted.cpu_milli)),
        ("/memoryMib", wanted.memory_mib),
        ("/diskMib", wanted.disk_mib),
        ("/bandwidthMbps", u64::from(wanted.bandwidth_mbps.unwrap_or_default())),
    ] {
        limits::amount(field, value)?;
    }
    if wanted.cpu_milli == 0 {
        return Err(ApiError::field("/cpuMilli", "a machine has some processor; give at least 1"));
    }
    if wanted.memory_mib == 0 {
        return Err(ApiError::field("/memoryMib", "a machine has some memory; give at least 1"));
    }
    if let Some(gpu) = &wanted.gpu {
        limits::text("/gpu/model", &gpu.model, 1, 200)?;
        if !(1..=1_000).contains(&gpu.count) {
            return Err(ApiError::field("/gpu/count", "give 1 to 1000, or leave out gpu"));
        }
    }
    Ok(NamedFlavour {
        kind: word("/kind", &wanted.kind)?,
        flavour: ontology::offer::Flavour {
            name: wanted.name,
            cpu_milli: wanted.cpu_milli,
            memory_mib: wanted.memory_mib,
            disk_mib: wanted.disk_mib,
            cpu_arch: word("/cpuArch", &wanted.cpu_arch)?,
            gpu: wanted.gpu.map(|gpu| Gpu { model: gpu.model, count: gpu.count }),
            bandwidth_mbps: wanted.bandwidth_mbps,
        },
        version: 0,
    })
}

/// One of the ontology's words.
pub(super) fn word<T: DeserializeOwned>(field: &str, text: &str) -> Result<T, ApiError> {
    serde_json::from_value(text.into()).map_err(|error| ApiError::field(field, error.to_string()))
}
