//! Real systems: connected, tested, looked at, and made offers of.

use super::{limits, sale_change};
use crate::http::{
    Broker,
    call::Call,
    problem::{ApiError, ProblemKind, Reply},
    query::Query,
    replay::{self, serialise},
    routes::sites::{WholeQuery, find as find_site},
    wire::{DeriveRequest, DerivedOffer, Inventory, Page, Removal, System, SystemRequest, Verdict},
};
use actix_web::{HttpResponse, delete, get, http::header, post, put, web};
use hansa_iam::CredentialErrorKind;
use hansa_ontology::Actor;
use hansa_repository::{ErrorKind, system};

/// List the systems that are connected, with how each was last found.
#[utoipa::path(tag = "systems", params(WholeQuery), responses((status = 200, body = Page<System>)))]
#[get("/systems")]
pub(crate) async fn system_list(broker: web::Data<Broker>, _query: Query<WholeQuery>) -> Reply {
    let mco = broker.orchestrator.mco();
    let (systems, standings) = (mco.systems().system_list().await?, mco.systems().standings().await?);
    let shown = systems.into_iter().map(|one| {
        let (gives, unknown) = (mco.system_gives(&one.kind), system::Standing::default());
        let standing = standings.get(&one.name).unwrap_or(&unknown);
        System::new(one, gives, standing)
    });
    Ok(HttpResponse::Ok().json(Page::whole(shown.collect())))
}

/// List the kinds of system to which this broker can speak.
#[utoipa::path(tag = "systems", params(WholeQuery), responses((status = 200, body = Page<String>)))]
#[get("/systems/kinds")]
pub(crate) async fn system_kinds(broker: web::Data<Broker>, _query: Query<WholeQuery>) -> Reply {
    let kinds = broker.orchestrator.mco().system_kinds();
    Ok(HttpResponse::Ok().json(Page::whole(kinds.into_iter().map(str::to_owned).collect())))
}

/// Show a system, with how it was last found.
#[utoipa::path(
    tag = "systems",
    params(("system" = String, Path, description = "Its name")),
    responses((status = 200, body = System))
)]
#[get("/systems/{system}")]
pub(crate) async fn system_show(broker: web::Data<Broker>, name: web::Path<String>) -> Reply {
    let found = shown(&broker, broker.orchestrator.mco().systems().system(&name).await?).await?;
    Ok(HttpResponse::Ok().insert_header((header::ETAG, format!("\"{}\"", found.version))).json(found))
}

/// Show what a system was last found to have.
#[utoipa::path(
    tag = "systems",
    params(("system" = String, Path, description = "Its name")),
    responses((status = 200, body = Inventory))
)]
#[get("/systems/{system}/inventory")]
pub(crate) async fn system_inventory(broker: web::Data<Broker>, name: web::Path<String>) -> Reply {
    let systems = broker.orchestrator.mco().systems();
    systems.system(&name).await?;
    let standing = systems.standing(&name).await?;
    let Some(report) = standing.report else {
        let why = standing.trouble.map_or_else(|| "it wasn't looked at yet".to_owned(), |trouble| trouble.message);
        return Err(ApiError::new(ProblemKind::NotFound, format!("nothing is known of what system {name} has: {why}")));
    };
    Ok(HttpResponse::Ok().json(Inventory::of(&name, report)))
}

/// Connect a system. It is looked at from now on; nothing is made in it.
#[utoipa::path(
    tag = "systems",
    params(("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")),
    request_body = SystemRequest,
    responses((status = 200, body = System))
)]
#[post("/systems")]
pub(crate) async fn system_connect(broker: web::Data<Broker>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let wanted = described(&broker, call.json()?).await?;
        let systems = broker.orchestrator.mco().systems();
        let added = systems.system_add(wanted, sale_change(&broker, &call)).await?;
        if !call.dry_run {
            // What it says stands in the answer, also where it can't be used.
            drop(broker.orchestrator.mco().system_look(&added).await?);
        }
        serialise(&shown(&broker, added).await?)
    })
    .await
}

/// Ask a system that isn't connected yet what it has: a test of address, credential and trust.
#[utoipa::path(
    tag = "systems",
    request_body = SystemRequest,
    responses((status = 200, body = Verdict))
)]
#[post("/systems/test")]
pub(crate) async fn system_try(broker: web::Data<Broker>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let wanted = described(&broker, call.json()?).await?;
        let name = wanted.name.clone();
        serialise(&Verdict::of(&name, broker.orchestrator.mco().system_test(wanted).await))
    })
    .await
}

/// Ask a system now what it has, and write that down.
#[utoipa::path(
    tag = "systems",
    params(("system" = String, Path, description = "Its name")),
    responses((status = 200, body = Verdict))
)]
#[post("/systems/{system}/test")]
pub(crate) async fn system_test(broker: web::Data<Broker>, name: web::Path<String>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let mco = broker.orchestrator.mco();
        let system = mco.systems().system(&name).await?;
        let told = mco.system_look(&system).await?;
        serialise(&Verdict::of(&name, told))
    })
    .await
}

/// Change where a system is, who opens it, and what its connector needs to know.
#[utoipa::path(
    tag = "systems",
    params(
        ("system" = String, Path, description = "Its name"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    request_body = SystemRequest,
    responses((status = 200, body = System))
)]
#[put("/systems/{system}")]
pub(crate) async fn system_change(broker: web::Data<Broker>, name: web::Path<String>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let systems = broker.orchestrator.mco().systems();
        let known = systems.system(&name).await?;
        let wanted = described(&broker, call.json()?).await?;
        for (field, same) in [
            ("/name", wanted.name == known.name),
            ("/kind", wanted.kind == known.kind),
            ("/site", wanted.site == known.site),
        ] {
            if !same {
                return Err(ApiError::field(field, "a system keeps it; connect another one"));
            }
        }
        let changed = systems.system_change(wanted, sale_change(&broker, &call)).await?;
        serialise(&shown(&broker, changed).await?)
    })
    .await
}

/// Disconnect a system of which nothing is rented or offered. Nothing in it is touched.
#[utoipa::path(
    tag = "systems",
    params(
        ("system" = String, Path, description = "Its name"),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    responses((status = 200, body = Removal))
)]
#[delete("/systems/{system}")]
pub(crate) async fn system_disconnect(broker: web::Data<Broker>, name: web::Path<String>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        broker.orchestrator.mco().system_disconnect(&name, sale_change(&broker, &call)).await?;
        serialise(&Removal { removed: format!("system/{name}"), dry_run: call.dry_run })
    })
    .await
}

/// Make offers of what a system has: one for each size, priced by this rule.
#[utoipa::path(
    tag = "systems",
    params(
        ("system" = String, Path, description = "Its name"),
        ("dryRun" = Option<bool>, Query, description = "Only say what would be offered; write nothing.")
    ),
    request_body = DeriveRequest,
    responses((status = 200, body = Page<DerivedOffer>))
)]
#[post("/systems/{system}/offers")]
pub(crate) async fn system_offers(broker: web::Data<Broker>, name: web::Path<String>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let wanted: DeriveRequest = call.json()?;
        let system = broker.orchestrator.mco().systems().system(&name).await?;
        let derived = super::derived::derive(&broker, &system, &wanted, &sale_change(&broker, &call)).await?;
        serialise(&Page::whole(derived))
    })
    .await
}

async fn shown(broker: &Broker, of: system::System) -> Result<System, ApiError> {
    let mco = broker.orchestrator.mco();
    let standing = mco.systems().standing(&of.name).await?;
    let gives = mco.system_gives(&of.kind);
    Ok(System::new(of, gives, &standing))
}

/// A system as somebody wrote it, once each of its fields has been looked at.
pub(crate) async fn described(broker: &Broker, wanted: SystemRequest) -> Result<system::System, ApiError> {
    limits::text("/name", &wanted.name, 1, 32)?;
    limits::text("/kind", &wanted.kind, 1, 63)?;
    limits::text("/address", &wanted.address, 1, 2_048)?;
    limits::reference("/site", &wanted.site)?;
    if let Some(trust) = &wanted.trust {
        limits::text("/trust", trust, 1, 65_536)?;
    }
    for (name, value) in &wanted.settings {
        limits::text("/settings", name, 1, 63)?;
        limits::text(&format!("/settings/{name}"), value, 0, 16_384)?;
    }
    let mco = broker.orchestrator.mco();
    if mco.system_gives(&wanted.kind).is_none() {
        let known = mco.system_kinds().join(", ");
        return Err(ApiError::field(
            "/kind",
            format!("no connector speaks to `{}`; give one of: {known}", wanted.kind),
        ));
    }
    if let Some(name) = &wanted.credential {
        broker.credentials.credential(name).await.map_err(|error| match error.kind() {
            CredentialErrorKind::NotFound => {
                ApiError::field("/credential", format!("{error}; `hansa credential add` keeps one"))
            }
            _ => error.into(),
        })?;
    }
    let site = find_site(broker, &wanted.site).await.map_err(|error| ApiError::field("/site", error.to_string()))?;
    let described = system::System {
        name: wanted.name,
        kind: wanted.kind,
        site: site.id,
        address: wanted.address,
        credential: wanted.credential,
        trust: wanted.trust.map(|pem| pem.replace("\r\n", "\n")),
        settings: wanted.settings,
        created_at: broker.clock.now(),
        created_by: Actor::Broker,
        version: 0,
    };
    mco.systems().first_boot_check(&described)?;
    Ok(described)
}

/// A size that isn't there.
pub(super) fn no_size(name: &str, error: &hansa_repository::RepositoryError) -> Option<ApiError> {
    (error.kind() == ErrorKind::NotFound).then(|| {
        let text = format!("neither the system nor this broker has a flavour `{name}`; `hansa system inventory` and `hansa flavour list` show those there are");
        ApiError::field("/flavours", text)
    })
}
