//! Nodes: the machines of sites, and what is given away of each.

use super::limits;
use crate::http::{
    Broker,
    call::Call,
    problem::{ApiError, Reply},
    query::Query,
    replay::{self, serialise},
    routes::sites::find,
    wire::{Node, NodePatch, NodeRequest, Page, Removal},
};
use actix_web::{HttpResponse, delete, get, http::header, patch, post, web};
use hansa_pim::{NodeChange, NodeUsage};
use serde::Deserialize;
use std::net::{IpAddr, Ipv4Addr};
use utoipa::IntoParams;

/// Which nodes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
struct NodeQuery {
    /// Only of this site: IRI or last segment.
    site: Option<String>,
    /// Taken, and without effect: the list comes whole.
    #[serde(rename = "limit")]
    #[param(value_type = Option<usize>)]
    _limit: Option<crate::http::query::Limit>,
}

/// List the local nodes, and what is given away of each.
#[utoipa::path(tag = "nodes", params(NodeQuery), responses((status = 200, body = Page<Node>)))]
#[get("/nodes")]
pub(crate) async fn node_list(broker: web::Data<Broker>, query: Query<NodeQuery>) -> Reply {
    let site = match &query.0.site {
        Some(reference) => Some(find(&broker, reference).await?.id),
        None => None,
    };
    let nodes = broker.pim.node_list(site.as_ref()).await?;
    Ok(HttpResponse::Ok().json(Page::whole(nodes.into_iter().map(Node::from).collect())))
}

/// Show a node.
#[utoipa::path(tag = "nodes", params(("node" = String, Path, description = "Its name")), responses((status = 200, body = Node)))]
#[get("/nodes/{node}")]
pub(crate) async fn node_show(broker: web::Data<Broker>, name: web::Path<String>) -> Reply {
    let node = Node::from(broker.pim.node(&name).await?);
    Ok(HttpResponse::Ok().insert_header((header::ETAG, format!("\"{}\"", node.version))).json(node))
}

/// Add a node of this machine to a site.
#[utoipa::path(
    tag = "nodes",
    params(("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")),
    request_body = NodeRequest,
    responses((status = 200, body = Node))
)]
#[post("/nodes")]
pub(crate) async fn node_add(broker: web::Data<Broker>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let wanted: NodeRequest = call.json()?;
        limits::reference("/site", &wanted.site)?;
        limits::words("/capabilities", &wanted.capabilities)?;
        amounts([Some(wanted.cpu_milli), Some(wanted.memory_mib), Some(wanted.disk_mib), Some(wanted.gpus)])?;
        let node = hansa_pim::Node {
            name: wanted.name,
            site: find(&broker, &wanted.site).await.map_err(|error| ApiError::field("/site", error.to_string()))?.id,
            address: address(wanted.address.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)))?,
            cpu_milli: wanted.cpu_milli,
            memory_mib: wanted.memory_mib,
            disk_mib: wanted.disk_mib,
            gpus: wanted.gpus,
            capabilities: wanted.capabilities,
            host: None,
        };
        answer(broker.pim.node_add(node, call.actor.clone(), call.dry_run).await?)
    })
    .await
}

/// Change what a node gives away, and what it can be used for.
#[utoipa::path(
    tag = "nodes",
    params(
        ("node" = String, Path, description = "Its name"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    request_body = NodePatch,
    responses((status = 200, body = Node))
)]
#[patch("/nodes/{node}")]
pub(crate) async fn node_change(broker: web::Data<Broker>, name: web::Path<String>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let wanted: NodePatch = call.json()?;
        limits::words("/capabilities", wanted.capabilities.iter().flatten())?;
        amounts([wanted.cpu_milli, wanted.memory_mib, wanted.disk_mib, wanted.gpus])?;
        let change = NodeChange {
            address: wanted.address.map(address).transpose()?,
            cpu_milli: wanted.cpu_milli,
            memory_mib: wanted.memory_mib,
            disk_mib: wanted.disk_mib,
            gpus: wanted.gpus,
            capabilities: wanted.capabilities,
        };
        let actor = call.actor.clone();
        answer(broker.pim.node_change(&name, change, call.expected_version, actor, call.dry_run).await?)
    })
    .await
}

/// Remove an empty node.
#[utoipa::path(
    tag = "nodes",
    params(
        ("node" = String, Path, description = "Its name"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    responses((status = 200, body = Removal))
)]
#[delete("/nodes/{node}")]
pub(crate) async fn node_remove(broker: web::Data<Broker>, name: web::Path<String>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        broker.pim.node_remove(&name, call.expected_version, call.actor.clone(), call.dry_run).await?;
        serialise(&Removal { removed: format!("node/{name}"), dry_run: call.dry_run })
    })
    .await
}

fn answer((usage, warning): (NodeUsage, Option<String>)) -> Result<String, ApiError> {
    serialise(&Node { warning, ..Node::from(usage) })
}

fn amounts(values: [Option<u64>; 4]) -> Result<(), ApiError> {
    let fields = ["/cpuMilli", "/memoryMib", "/diskMib", "/gpus"];
    fields.iter().zip(values).try_for_each(|(field, value)| value.map_or(Ok(()), |value| limits::amount(field, value)))
}

/// An address at which this machine can listen.
fn address(address: IpAddr) -> Result<IpAddr, ApiError> {
    match std::net::TcpListener::bind((address, 0)) {
        Ok(_) => Ok(address),
        Err(error) => {
            let text = format!("{address} is no address of this machine ({error}); give one of it, such as 127.0.0.1");
            Err(ApiError::field("/address", text))
        }
    }
}
