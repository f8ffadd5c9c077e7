//! Nodes: the local machines, and what is given away of each.

use crate::http::{
    Broker,
    problem::Reply,
    query::Query,
    routes::sites::find,
    wire::{Node, Page},
};
use actix_web::{HttpResponse, get, web};
use serde::Deserialize;
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
