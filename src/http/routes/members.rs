//! Members and quotas of organisations and projects.

use super::tenancy::{etag, expect};
use crate::http::{
    Broker,
    access::Caller,
    call::Call,
    page_token,
    problem::{ApiError, Reply},
    query::{PageQuery, Query, page_size},
    wire::{Member, MemberRemoval, MemberRoles, Page, Problem, QuotaLimits, QuotaReport},
};
use actix_web::{HttpResponse, delete, get, put, web};
use hansa_iam::Place;
use hansa_ontology::quota::QuotaHolder;

/// The list's name in page tokens.
const MEMBERS: &str = "members";

/// Where the path leads.
fn place(caller: &Caller) -> Result<Place, ApiError> {
    match caller.organisation() {
        Ok(organisation) => Ok(Place::Organisation(organisation.clone())),
        Err(_) => Ok(Place::Project(caller.project()?.clone())),
    }
}

fn holder(place: Place) -> QuotaHolder {
    match place {
        Place::Organisation(id) => QuotaHolder::Organisation(id),
        Place::Project(id) => QuotaHolder::Project(id),
    }
}

async fn listed(broker: &Broker, caller: &Caller, query: PageQuery) -> Reply {
    let size = page_size(query.limit)?;
    let after = query.page_token.as_ref().map(|token| page_token::open(MEMBERS, token)).transpose()?;
    let found = broker.iam.member_list(place(caller)?, after, size + 1).await?;
    let (found, next) = page_token::cut(MEMBERS, size, found, |last| last.handle.clone());
    Ok(HttpResponse::Ok().json(Page { items: found.into_iter().map(Member::from).collect(), next }))
}

async fn shown(broker: &Broker, caller: &Caller, reference: &str) -> Reply {
    let found = Member::from(broker.iam.member_get(place(caller)?, reference).await?);
    Ok(HttpResponse::Ok().insert_header(etag(found.version)).json(found))
}

async fn set(broker: &Broker, caller: &Caller, reference: &str, call: &Call) -> Reply {
    let wanted: MemberRoles = call.json()?;
    if call.dry_run {
        let checked = broker
            .iam
            .member_check(place(caller)?, reference, wanted.roles, call.expected_version, &caller.principal)
            .await?;
        return Ok(HttpResponse::Ok().json(Member::from(checked)));
    }
    let (expected, by) = (call.expected_version, &caller.principal);
    let member = Member::from(broker.iam.member_put(place(caller)?, reference, wanted.roles, expected, by).await?);
    Ok(HttpResponse::Ok().insert_header(etag(member.version)).json(member))
}

async fn removed(broker: &Broker, caller: &Caller, reference: &str, call: &Call) -> Reply {
    let (place, expected, by) = (place(caller)?, call.expected_version, &caller.principal);
    let removal = match call.dry_run {
        true => broker.iam.member_remove_check(place, reference, expected, by).await?,
        false => broker.iam.member_remove(place, reference, expected, by).await?,
    };
    Ok(HttpResponse::Ok().json(MemberRemoval::from(removal)))
}

async fn quota(broker: &Broker, caller: &Caller) -> Reply {
    let holder = holder(place(caller)?);
    let held = broker.iam.quota_get(holder.clone()).await?;
    let used = broker.orchestrator.quota_usage(holder).await?;
    Ok(HttpResponse::Ok().insert_header(etag(held.version)).json(QuotaReport::new(&held, &used)))
}

async fn quota_put(broker: &Broker, caller: &Caller, call: &Call) -> Reply {
    let limits = call.json::<QuotaLimits>()?.read().map_err(|(field, message)| ApiError::field(field, message))?;
    let holder = holder(place(caller)?);
    let used = broker.orchestrator.quota_usage(holder.clone()).await?;
    if call.dry_run {
        let known = broker.iam.quota_get(holder).await?;
        expect(call, known.version)?;
        return Ok(HttpResponse::Ok().json(QuotaReport::new(&hansa_iam::HeldQuota { limits, ..known }, &used)));
    }
    let set = broker.iam.quota_set(holder, limits, call.expected_version, call.actor.clone()).await?;
    Ok(HttpResponse::Ok().insert_header(etag(set.version)).json(QuotaReport::new(&set, &used)))
}

/// List the members of an organisation.
#[utoipa::path(
    tag = "people",
    params(
        ("organisation" = String, Path, description = "Its name"),
        PageQuery
    ),
    responses((status = 200, body = Page<Member>))
)]
#[get("/organisations/{organisation}/members")]
pub(crate) async fn organisation_members(broker: web::Data<Broker>, caller: Caller, query: Query<PageQuery>) -> Reply {
    listed(&broker, &caller, query.0).await
}

/// Show a member of an organisation.
#[utoipa::path(
    tag = "people",
    params(
        ("organisation" = String, Path, description = "Its name"),
        ("member" = String, Path, description = "Handle or id of the account")
    ),
    responses((status = 200, body = Member), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/organisations/{organisation}/members/{member}")]
pub(crate) async fn organisation_member(
    broker: web::Data<Broker>,
    caller: Caller,
    path: web::Path<(String, String)>,
) -> Reply {
    shown(&broker, &caller, &path.1).await
}

/// Make somebody a member of an organisation, or give a member other roles.
#[utoipa::path(
    tag = "people",
    params(
        ("organisation" = String, Path, description = "Its name"),
        ("member" = String, Path, description = "Handle or id of the account"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    request_body = MemberRoles,
    responses((status = 200, body = Member), (status = 412, body = Problem, content_type = "application/problem+json"))
)]
#[put("/organisations/{organisation}/members/{member}")]
pub(crate) async fn organisation_member_set(
    broker: web::Data<Broker>,
    caller: Caller,
    path: web::Path<(String, String)>,
    call: Call,
) -> Reply {
    set(&broker, &caller, &path.1, &call).await
}

/// Take a member's roles in an organisation away.
#[utoipa::path(
    tag = "people",
    params(
        ("organisation" = String, Path, description = "Its name"),
        ("member" = String, Path, description = "Handle or id of the account"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    responses((status = 200, body = MemberRemoval), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[delete("/organisations/{organisation}/members/{member}")]
pub(crate) async fn organisation_member_remove(
    broker: web::Data<Broker>,
    caller: Caller,
    path: web::Path<(String, String)>,
    call: Call,
) -> Reply {
    removed(&broker, &caller, &path.1, &call).await
}

/// Show the quota of an organisation, and what is taken of it.
#[utoipa::path(
    tag = "people",
    params(("organisation" = String, Path, description = "Its name")),
    responses((status = 200, body = QuotaReport), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/organisations/{organisation}/quota")]
pub(crate) async fn organisation_quota(broker: web::Data<Broker>, caller: Caller) -> Reply {
    quota(&broker, &caller).await
}

/// Set the quota of an organisation. What is already there stays, even above it.
#[utoipa::path(
    tag = "people",
    params(
        ("organisation" = String, Path, description = "Its name"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    request_body = QuotaLimits,
    responses((status = 200, body = QuotaReport), (status = 412, body = Problem, content_type = "application/problem+json"))
)]
#[put("/organisations/{organisation}/quota")]
pub(crate) async fn organisation_quota_set(broker: web::Data<Broker>, caller: Caller, call: Call) -> Reply {
    quota_put(&broker, &caller, &call).await
}

/// List the members of a project.
#[utoipa::path(
    tag = "people",
    params(
        ("organisation" = String, Path, description = "The organisation's name"),
        ("project" = String, Path, description = "The project's name in it"),
        PageQuery
    ),
    responses((status = 200, body = Page<Member>))
)]
#[get("/projects/{organisation}/{project}/members")]
pub(crate) async fn project_members(broker: web::Data<Broker>, caller: Caller, query: Query<PageQuery>) -> Reply {
    listed(&broker, &caller, query.0).await
}

/// Show a member of a project.
#[utoipa::path(
    tag = "people",
    params(
        ("organisation" = String, Path, description = "The organisation's name"),
        ("project" = String, Path, description = "The project's name in it"),
        ("member" = String, Path, description = "Handle or id of the account")
    ),
    responses((status = 200, body = Member), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/projects/{organisation}/{project}/members/{member}")]
pub(crate) async fn project_member(
    broker: web::Data<Broker>,
    caller: Caller,
    path: web::Path<(String, String, String)>,
) -> Reply {
    shown(&broker, &caller, &path.2).await
}

/// Make somebody a member of a project, or give a member other roles.
#[utoipa::path(
    tag = "people",
    params(
        ("organisation" = String, Path, description = "The organisation's name"),
        ("project" = String, Path, description = "The project's name in it"),
        ("member" = String, Path, description = "Handle or id of the account"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    request_body = MemberRoles,
    responses((status = 200, body = Member), (status = 412, body = Problem, content_type = "application/problem+json"))
)]
#[put("/projects/{organisation}/{project}/members/{member}")]
pub(crate) async fn project_member_set(
    broker: web::Data<Broker>,
    caller: Caller,
    path: web::Path<(String, String, String)>,
    call: Call,
) -> Reply {
    set(&broker, &caller, &path.2, &call).await
}

/// Take a member's roles in a project away.
#[utoipa::path(
    tag = "people",
    params(
        ("organisation" = String, Path, description = "The organisation's name"),
        ("project" = String, Path, description = "The project's name in it"),
        ("member" = String, Path, description = "Handle or id of the account"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    responses((status = 200, body = MemberRemoval), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[delete("/projects/{organisation}/{project}/members/{member}")]
pub(crate) async fn project_member_remove(
    broker: web::Data<Broker>,
    caller: Caller,
    path: web::Path<(String, String, String)>,
    call: Call,
) -> Reply {
    removed(&broker, &caller, &path.2, &call).await
}

/// Show the quota of a project, and what is taken of it.
#[utoipa::path(
    tag = "people",
    params(("organisation" = String, Path, description = "The organisation's name"),
        ("project" = String, Path, description = "The project's name in it")),
    responses((status = 200, body = QuotaReport), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/projects/{organisation}/{project}/quota")]
pub(crate) async fn project_quota(broker: web::Data<Broker>, caller: Caller) -> Reply {
    quota(&broker, &caller).await
}

/// Set the quota of a project. What is already there stays, even above it.
#[utoipa::path(
    tag = "people",
    params(
        ("organisation" = String, Path, description = "The organisation's name"),
        ("project" = String, Path, description = "The project's name in it"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    request_body = QuotaLimits,
    responses((status = 200, body = QuotaReport), (status = 412, body = Problem, content_type = "application/problem+json"))
)]
#[put("/projects/{organisation}/{project}/quota")]
pub(crate) async fn project_quota_set(broker: web::Data<Broker>, caller: Caller, call: Call) -> Reply {
    quota_put(&broker, &caller, &call).await
}
