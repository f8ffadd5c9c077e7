//! Organisations and projects: made, listed, named, closed.

use crate::http::{
    Broker,
    access::Caller,
    call::Call,
    page_token,
    problem::{ApiError, Reply},
    query::{PageQuery, Query, page_size},
    replay::{self, serialise},
    wire::{NewPlace, Organisation, Page, Problem, Project, Titled},
};
use actix_web::{HttpResponse, delete, get, http::header, patch, post, web};
use hansa_iam::{Action, ErrorKind, IamError};
use hansa_ontology::{OrganisationId, ProjectId};
use hansa_service_orchestrator::applications_living;

/// The lists' names in page tokens.
const ORGANISATIONS: &str = "organisations";
const PROJECTS: &str = "projects";

/// List the organisations that one may see.
#[utoipa::path(tag = "people", params(PageQuery), responses((status = 200, body = Page<Organisation>)))]
#[get("/organisations")]
pub(crate) async fn organisation_list(broker: web::Data<Broker>, caller: Caller, query: Query<PageQuery>) -> Reply {
    let size = page_size(query.0.limit)?;
    let after = query.0.page_token.as_ref().map(|token| page_token::open(ORGANISATIONS, token)).transpose()?;
    let seen = broker.iam.organisations(&caller.principal, Action::ProjectRead);
    let found = broker.iam.organisation_list(seen, after, size + 1).await?;
    let (found, next) = page_token::cut(ORGANISATIONS, size, found, |last| last.id.to_string());
    Ok(HttpResponse::Ok().json(Page { items: found.into_iter().map(Organisation::from).collect(), next }))
}

/// Make an organisation.
#[utoipa::path(
    tag = "people",
    params(("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")),
    request_body = NewPlace,
    responses((status = 200, body = Organisation), (status = 409, body = Problem, content_type = "application/problem+json"))
)]
#[post("/organisations")]
pub(crate) async fn organisation_create(broker: web::Data<Broker>, call: Call) -> Reply {
    let new: NewPlace = call.json()?;
    let id = OrganisationId::new(&new.name).map_err(|error| ApiError::field("/name", error.to_string()))?;
    let title = new.title.unwrap_or(new.name);
    if call.dry_run {
        free(broker.iam.organisation_get(&id).await.map(|_| ()), id.as_str())?;
        let now = broker.clock.now();
        return Ok(HttpResponse::Ok().json(Organisation {
            name: id.to_string(),
            title,
            created_at: now,
            updated_at: now,
            version: 1,
        }));
    }
    replay::once(&broker, &call, async {
        let made = broker.iam.organisation_create(id, title, call.actor.clone()).await?;
        serialise(&Organisation::from(made))
    })
    .await
}

/// Show an organisation.
#[utoipa::path(
    tag = "people",
    params(("organisation" = String, Path, description = "Its name")),
    responses((status = 200, body = Organisation), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/organisations/{organisation}")]
pub(crate) async fn organisation_show(broker: web::Data<Broker>, caller: Caller) -> Reply {
    let found = Organisation::from(broker.iam.organisation_get(caller.organisation()?).await?);
    Ok(HttpResponse::Ok().insert_header(etag(found.version)).json(found))
}

/// Give an organisation another title.
#[utoipa::path(
    tag = "people",
    params(
        ("organisation" = String, Path, description = "Its name"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    request_body = Titled,
    responses((status = 200, body = Organisation), (status = 412, body = Problem, content_type = "application/problem+json"))
)]
#[patch("/organisations/{organisation}")]
pub(crate) async fn organisation_update(broker: web::Data<Broker>, caller: Caller, call: Call) -> Reply {
    let (id, new) = (caller.organisation()?.clone(), call.json::<Titled>()?);
    if call.dry_run {
        let known = broker.iam.organisation_get(&id).await?;
        expect(&call, known.version)?;
        return Ok(HttpResponse::Ok().json(Organisation { title: new.title, ..Organisation::from(known) }));
    }
    let changed = broker.iam.organisation_update(id, new.title, call.expected_version, call.actor.clone()).await?;
    Ok(HttpResponse::Ok().insert_header(etag(changed.version)).json(Organisation::from(changed)))
}

/// Close an organisation that has no project. Its name is never given again.
#[utoipa::path(
    tag = "people",
    params(
        ("organisation" = String, Path, description = "Its name"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json"))
)]
#[delete("/organisations/{organisation}")]
pub(crate) async fn organisation_close(broker: web::Data<Broker>, caller: Caller, call: Call) -> Reply {
    let id = caller.organisation()?.clone();
    if call.dry_run {
        expect(&call, broker.iam.organisation_get(&id).await?.version)?;
    } else {
        broker.iam.organisation_close(id, call.expected_version, call.actor.clone()).await?;
    }
    Ok(HttpResponse::NoContent().finish())
}

/// List the projects that one may see.
#[utoipa::path(tag = "people", params(PageQuery), responses((status = 200, body = Page<Project>)))]
#[get("/projects")]
pub(crate) async fn project_list(broker: web::Data<Broker>, caller: Caller, query: Query<PageQuery>) -> Reply {
    let size = page_size(query.0.limit)?;
    let after = query.0.page_token.as_ref().map(|token| page_token::open(PROJECTS, token)).transpose()?;
    let scope = caller.scope(&broker, Action::ProjectRead).await?;
    let found = broker.iam.project_list(scope, None, after, size + 1).await?;
    let (found, next) = page_token::cut(PROJECTS, size, found, |last| last.id.to_string());
    Ok(HttpResponse::Ok().json(Page { items: found.into_iter().map(Project::from).collect(), next }))
}

/// Make a project in an organisation.
#[utoipa::path(
    tag = "people",
    params(
        ("organisation" = String, Path, description = "Its name"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    request_body = NewPlace,
    responses((status = 200, body = Project), (status = 409, body = Problem, content_type = "application/problem+json"))
)]
#[post("/organisations/{organisation}/projects")]
pub(crate) async fn project_create(broker: web::Data<Broker>, caller: Caller, call: Call) -> Reply {
    let new: NewPlace = call.json()?;
    let id = ProjectId::new(format!("{}/{}", caller.organisation()?, new.name))
        .map_err(|error| ApiError::field("/name", error.to_string()))?;
    let title = new.title.unwrap_or(new.name);
    if call.dry_run {
        free(broker.iam.project_get(&id).await.map(|_| ()), id.as_str())?;
        let now = broker.clock.now();
        let project = Project { name: id.to_string(), title, created_at: now, updated_at: now, version: 1 };
        return Ok(HttpResponse::Ok().json(project));
    }
    replay::once(&broker, &call, async {
        serialise(&Project::from(broker.iam.project_create(id, title, call.actor.clone()).await?))
    })
    .await
}

/// Show a project.
#[utoipa::path(
    tag = "people",
    params(
        ("organisation" = String, Path, description = "The organisation's name"),
        ("project" = String, Path, description = "The project's name in it")
    ),
    responses((status = 200, body = Project), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/projects/{organisation}/{project}")]
pub(crate) async fn project_show(broker: web::Data<Broker>, caller: Caller) -> Reply {
    let found = Project::from(broker.iam.project_get(caller.project()?).await?);
    Ok(HttpResponse::Ok().insert_header(etag(found.version)).json(found))
}

/// Give a project another title.
#[utoipa::path(
    tag = "people",
    params(
        ("organisation" = String, Path, description = "The organisation's name"),
        ("project" = String, Path, description = "The project's name in it"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    request_body = Titled,
    responses((status = 200, body = Project), (status = 412, body = Problem, content_type = "application/problem+json"))
)]
#[patch("/projects/{organisation}/{project}")]
pub(crate) async fn project_update(broker: web::Data<Broker>, caller: Caller, call: Call) -> Reply {
    let (id, new) = (caller.project()?.clone(), call.json::<Titled>()?);
    if call.dry_run {
        let known = broker.iam.project_get(&id).await?;
        expect(&call, known.version)?;
        return Ok(HttpResponse::Ok().json(Project { title: new.title, ..Project::from(known) }));
    }
    let changed = broker.iam.project_update(id, new.title, call.expected_version, call.actor.clone()).await?;
    Ok(HttpResponse::Ok().insert_header(etag(changed.version)).json(Project::from(changed)))
}

/// Close a project in which no application lives. Its name is never given again.
#[utoipa::path(
    tag = "people",
    params(
        ("organisation" = String, Path, description = "The organisation's name"),
        ("project" = String, Path, description = "The project's name in it"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json"))
)]
#[delete("/projects/{organisation}/{project}")]
pub(crate) async fn project_close(broker: web::Data<Broker>, caller: Caller, call: Call) -> Reply {
    let id = caller.project()?.clone();
    if call.dry_run {
        expect(&call, broker.iam.project_get(&id).await?.version)?;
    } else {
        broker.iam.project_close(id, call.expected_version, call.actor.clone(), applications_living).await?;
    }
    Ok(HttpResponse::NoContent().finish())
}

pub(super) fn etag(version: i64) -> (header::HeaderName, String) {
    (header::ETAG, format!("\"{version}\""))
}

/// If-Match in a dry run (RFC 9110, section 13.1.1).
pub(super) fn expect(call: &Call, current: i64) -> Result<(), ApiError> {
    match call.expected_version {
        Some(expected) if expected != current => Err(IamError::PreconditionFailed { expected, current }.into()),
        _ => Ok(()),
    }
}

/// That nothing has a name yet, in a dry run.
fn free(known: Result<(), IamError>, name: &str) -> Result<(), ApiError> {
    match known {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.into()),
        Ok(()) => Err(IamError::Conflict(format!("{name} exists already; choose another name")).into()),
    }
}
