//! Partners: invite, accept, list, show, suspend, resume, terminate, repin, policy.

use super::{find, manager};
use crate::http::{
    Broker,
    access::Caller,
    call::Call,
    page_token,
    problem::{ApiError, ProblemKind, Reply},
    query::{PageQuery, Query, page_size},
    replay::{self, serialise},
    wire::{AcceptRequest, Invitation, InviteRequest, Page, Partner, PartnerChange, Problem, RepinRequest},
};
use actix_web::{HttpResponse, get, http::header, post, put, web};
use hansa_federation::wire::Invitation as Line;
use hansa_federation_manager::{
    FederationError,
    partners::{self, PartnerEvent, PartnerPolicy},
};
use hansa_iam::Action;

/// The list's name in page tokens.
const LIST: &str = "partners";

/// List partners, by DID.
#[utoipa::path(tag = "partners", params(PageQuery), responses((status = 200, body = Page<Partner>)))]
#[get("/partners")]
pub(crate) async fn partner_list(broker: web::Data<Broker>, caller: Caller, query: Query<PageQuery>) -> Reply {
    let size = page_size(query.0.limit)?;
    let after = query.0.page_token.as_ref().map(|token| page_token::open(LIST, token)).transpose()?;
    let mut found = match &broker.federation {
        Some(manager) => manager.partner_list().await?,
        None => Vec::new(),
    };
    let scope = caller.partners(&broker, Action::PartnerRead);
    found.retain(|partner| scope.covers(&partner.did));
    found.retain(|partner| after.as_ref().is_none_or(|after| partner.did > *after));
    let (found, next) = page_token::cut(LIST, size, found, |last| last.did.to_string());
    Ok(HttpResponse::Ok().json(Page { items: found.into_iter().map(Partner::from).collect(), next }))
}

/// Show a partner.
#[utoipa::path(
    tag = "partners",
    params(("partner" = String, Path, description = "DID (percent-encoded) or name")),
    responses((status = 200, body = Partner), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/partners/{partner}")]
pub(crate) async fn partner_show(broker: web::Data<Broker>, reference: web::Path<String>) -> Reply {
    let partner = Partner::from(find(manager(&broker)?, &reference).await?);
    Ok(HttpResponse::Ok().insert_header((header::ETAG, format!("\"{}\"", partner.version))).json(partner))
}

/// Invite another provider's broker.
///
/// The answer has one line of text for its owner, which is told this once and
/// has to travel by a way that nobody else reads. A repetition of the request
/// under its key is answered without it.
#[utoipa::path(
    tag = "partners",
    params(("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")),
    request_body = Option<InviteRequest>,
    responses((status = 200, body = Invitation), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[post("/partners/invite")]
pub(crate) async fn partner_invite(broker: web::Data<Broker>, call: Call) -> Reply {
    let manager = manager(&broker)?;
    let request: InviteRequest = call.json_or_default()?;
    if call.dry_run {
        let expires_at = broker.clock.now() + manager.options().invitation_valid;
        return Ok(HttpResponse::Ok().json(Invitation { invitation: String::new(), expires_at }));
    }
    replay::once_told(&broker, &call, async {
        let made = manager.partner_invite(request.name.as_deref().unwrap_or_default(), call.actor.clone()).await?;
        let kept = Invitation { invitation: String::new(), expires_at: made.expires_at };
        let told = Invitation { invitation: made.line, ..kept.clone() };
        Ok((serialise(&kept)?, serialise(&told)?))
    })
    .await
}

/// Accept another provider's invitation.
///
/// It is tried at once; where the inviter doesn't answer, the broker goes on by
/// itself, and the partner's state shows how far it is.
#[utoipa::path(
    tag = "partners",
    params(("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")),
    request_body = AcceptRequest,
    responses((status = 200, body = Partner), (status = 422, body = Problem, content_type = "application/problem+json"))
)]
#[post("/partners/accept")]
pub(crate) async fn partner_accept(broker: web::Data<Broker>, call: Call) -> Reply {
    let manager = manager(&broker)?;
    let request: AcceptRequest = call.json()?;
    if call.dry_run {
        let line: Line = request.invitation.parse().map_err(FederationError::from)?;
        return Ok(HttpResponse::Ok().json(Partner::invited(&line, broker.clock.now())));
    }
    replay::once(&broker, &call, async {
        let partner = manager.partner_accept(&request.invitation, call.actor.clone()).await?;
        serialise(&Partner::from(partner))
    })
    .await
}

/// Put a partner on hold: nothing new is ordered, either way; what runs goes on.
#[utoipa::path(
    tag = "partners",
    params(
        ("partner" = String, Path, description = "DID (percent-encoded) or name"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    request_body = Option<PartnerChange>,
    responses((status = 200, body = Partner), (status = 409, body = Problem, content_type = "application/problem+json"))
)]
#[post("/partners/{partner}/suspend")]
pub(crate) async fn partner_suspend(broker: web::Data<Broker>, reference: web::Path<String>, call: Call) -> Reply {
    change(&broker, &reference, &call, PartnerEvent::Suspend).await
}

/// End a suspension.
#[utoipa::path(
    tag = "partners",
    params(
        ("partner" = String, Path, description = "DID (percent-encoded) or name"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    responses((status = 200, body = Partner), (status = 409, body = Problem, content_type = "application/problem+json"))
)]
#[post("/partners/{partner}/resume")]
pub(crate) async fn partner_resume(broker: web::Data<Broker>, reference: web::Path<String>, call: Call) -> Reply {
    change(&broker, &reference, &call, PartnerEvent::Resume).await
}

/// Leave a partner: its offers vanish at once, what runs comes to its end first.
#[utoipa::path(
    tag = "partners",
    params(
        ("partner" = String, Path, description = "DID (percent-encoded) or name"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    request_body = Option<PartnerChange>,
    responses((status = 200, body = Partner), (status = 409, body = Problem, content_type = "application/problem+json"))
)]
#[post("/partners/{partner}/terminate")]
pub(crate) async fn partner_terminate(broker: web::Data<Broker>, reference: web::Path<String>, call: Call) -> Reply {
    change(&broker, &reference, &call, PartnerEvent::Terminate).await
}

async fn change(broker: &Broker, reference: &str, call: &Call, event: PartnerEvent) -> Reply {
    let manager = manager(broker)?;
    let partner = find(manager, reference).await?;
    let reason = call.json_or_default::<PartnerChange>()?.reason;
    expected(&partner, call)?;
    if call.dry_run {
        let ending = event == PartnerEvent::Terminate;
        if partner.state.after(event).is_none() && !ending {
            let detail = format!("{} is {}; that can't be done now", partner.name, partner.state);
            return Err(ApiError::new(ProblemKind::Conflict, detail));
        }
        return Ok(HttpResponse::Ok().json(Partner::from(partner)));
    }
    replay::once(broker, call, async {
        let (did, actor) = (partner.did.as_str(), call.actor.clone());
        let changed = match event {
            PartnerEvent::Suspend => manager.partner_suspend(did, reason, actor).await?,
            PartnerEvent::Resume => manager.partner_resume(did, actor).await?,
            _ => manager.partner_terminate(did, reason, actor).await?,
        };
        serialise(&Partner::from(changed))
    })
    .await
}

/// Trust the keys that a partner serves now, whatever was pinned.
///
/// `keys` are the thumbprints that the partner's owner has confirmed: each has to be served.
#[utoipa::path(
    tag = "partners",
    params(
        ("partner" = String, Path, description = "DID (percent-encoded) or name"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    request_body = Option<RepinRequest>,
    responses((status = 200, body = Partner), (status = 409, body = Problem, content_type = "application/problem+json"))
)]
#[post("/partners/{partner}/repin")]
pub(crate) async fn partner_repin(broker: web::Data<Broker>, reference: web::Path<String>, call: Call) -> Reply {
    let manager = manager(&broker)?;
    let partner = find(manager, &reference).await?;
    let request: RepinRequest = call.json_or_default()?;
    expected(&partner, &call)?;
    if call.dry_run {
        return Ok(HttpResponse::Ok().json(Partner::from(partner)));
    }
    replay::once(&broker, &call, async {
        let pinned = manager.partner_repin(&partner.did, &request.keys, call.actor.clone()).await?;
        serialise(&Partner::from(pinned))
    })
    .await
}

/// Say what a partner may see and do, and what is taken of it.
#[utoipa::path(
    tag = "partners",
    params(
        ("partner" = String, Path, description = "DID (percent-encoded) or name"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    request_body(content = Object, content_type = "application/json"),
    responses((status = 200, body = Partner), (status = 422, body = Problem, content_type = "application/problem+json"))
)]
#[put("/partners/{partner}/policy")]
pub(crate) async fn partner_policy(broker: web::Data<Broker>, reference: web::Path<String>, call: Call) -> Reply {
    let manager = manager(&broker)?;
    let partner = find(manager, &reference).await?;
    let policy: PartnerPolicy = call.json()?;
    expected(&partner, &call)?;
    if call.dry_run {
        return Ok(HttpResponse::Ok().json(Partner::from(partners::Partner { policy, ..partner })));
    }
    replay::once(&broker, &call, async {
        let changed = manager.partner_policy_set(&partner.did, policy, call.actor.clone()).await?;
        serialise(&Partner::from(changed))
    })
    .await
}

/// If-Match (RFC 9110, section 13.1.1): the partner is still as the caller saw it.
fn expected(partner: &partners::Partner, call: &Call) -> Result<(), ApiError> {
    let now = Partner::from(partner.clone()).version;
    match call.expected_version {
        Some(seen) if seen != now => Err(ApiError::new(
            ProblemKind::PreconditionFailed,
            format!("{} changed in the meantime; read it again", partner.name),
        )),
        _ => Ok(()),
    }
}
