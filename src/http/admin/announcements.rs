//! Maintenance that is announced before it begins: it counts neither as kept
//! nor as missed of what was promised.

use super::{limits, offers};
use crate::http::{
    Broker,
    call::Call,
    page_token,
    problem::{ApiError, ProblemKind, Reply},
    query::{Query, page_size},
    replay::{self, serialise},
    routes::sites::find,
    wire::{Announcement, AnnouncementRequest, Page},
};
use actix_web::{HttpResponse, delete, get, post, web};
use hansa_assurance::service::{NewAnnouncement, PageRequest};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

/// The list's name in page tokens.
const LIST: &str = "announcements";

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct AnnouncementQuery {
    /// Items in the page: 1 to 500.
    limit: Option<usize>,
    /// The token that the page before gave.
    page_token: Option<String>,
}

/// List the maintenance that was announced, the oldest announcement first.
#[utoipa::path(tag = "maintenance", params(AnnouncementQuery), responses((status = 200, body = Page<Announcement>)))]
#[get("/announcements")]
pub(crate) async fn announcement_list(broker: web::Data<Broker>, query: Query<AnnouncementQuery>) -> Reply {
    let token = query.0.page_token.as_deref().map(|token| page_token::open(LIST, token)).transpose()?;
    let page = PageRequest { limit: page_size(query.0.limit)?, token };
    let found = broker.assurance.announcement_list(&page).await?;
    let next = found.next.map(|next| page_token::seal(LIST, &next));
    let items = found.items.into_iter().map(Announcement::from).collect();
    Ok(HttpResponse::Ok().json(Page { items, next }))
}

/// Announce maintenance of a site, or of one offer there, before it begins.
#[utoipa::path(
    tag = "maintenance",
    params(("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")),
    request_body = AnnouncementRequest,
    responses((status = 200, body = Announcement))
)]
#[post("/announcements")]
pub(crate) async fn announcement_make(broker: web::Data<Broker>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let wanted: AnnouncementRequest = call.json()?;
        limits::text("/reason", &wanted.reason, 1, 500)?;
        limits::reference("/site", &wanted.site)?;
        let named = |field, error: ApiError| ApiError::field(field, error.to_string());
        let site = find(&broker, &wanted.site).await.map_err(|error| named("/site", error))?.id;
        let offer = match &wanted.offer {
            None => None,
            Some(offer) => {
                limits::reference("/offer", offer)?;
                Some(offers::find(&broker, offer).await.map_err(|error| named("/offer", error))?.offer.id)
            }
        };
        let AnnouncementRequest { from, until, reason, .. } = wanted;
        let new = NewAnnouncement { site, offer, from, until, reason };
        let announced = broker.assurance.announce(new, call.actor.clone(), call.dry_run).await?;
        serialise(&Announcement::from(announced))
    })
    .await
}

/// Withdraw an announcement before its maintenance begins.
#[utoipa::path(
    tag = "maintenance",
    params(
        ("announcement" = String, Path, description = "Its id"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    responses((status = 200, body = Announcement))
)]
#[delete("/announcements/{announcement}")]
pub(crate) async fn announcement_withdraw(broker: web::Data<Broker>, id: web::Path<String>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let missing = || {
            let text = "there is no such announcement; GET /admin/v1/announcements lists those there are";
            ApiError::new(ProblemKind::NotFound, text)
        };
        let id: Uuid = id.parse().ok().ok_or_else(missing)?;
        let withdrawn = broker.assurance.announcement_withdraw(id, call.actor.clone(), call.dry_run).await?;
        serialise(&Announcement::from(withdrawn))
    })
    .await
}
