//! Maintenance: what is under it, what would move, beginning and ending it.

use super::{Done, Form, Visit, entered, given, instant, once, refused, version};
use crate::{
    http::{
        Broker,
        admin::maintenance::{self as admin, Standing},
        portal::parameter,
        problem::{ApiError, Reply},
        wire::{Maintenance, MaintenanceRequest},
    },
    portal::{
        Place,
        pages::{
            names::Names,
            owners::{
                Entered,
                maintenance::{self as page, FIELDS, Stands, Targets},
            },
        },
    },
};
use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{self, Path},
};
use std::collections::BTreeMap;

/// Lists what is under maintenance.
pub(crate) async fn list(visit: Visit) -> Reply {
    let broker = visit.broker.clone();
    let all: Vec<Stands> = admin::all(&broker).await?.into_iter().map(|found| stands(&broker, found)).collect();
    let names = names(&broker).await?;
    visit.show(Place::Infrastructure, |frame| page::list(frame, &all, &names))
}

fn stands(broker: &Broker, (begun, moves): Standing) -> Stands {
    let state = Maintenance::state_of(&begun, &moves, broker.clock.now());
    Stands { begun, moves, state }
}

async fn names(broker: &Broker) -> Result<Names, ApiError> {
    Ok(Names::of(&*broker.catalogue.snapshot().await?))
}

/// Asks what to drain; once that is chosen, also shows what would move. Nothing is written.
pub(crate) async fn new(visit: Visit, request: HttpRequest) -> Reply {
    let broker = visit.broker.clone();
    let values: BTreeMap<&str, String> =
        FIELDS.into_iter().map(|name| (name, parameter(&request, name).unwrap_or_default())).collect();
    let said = Entered::of(values.iter().map(|(name, value)| (*name, value.clone())));
    if values.get("target").is_none_or(String::is_empty) {
        return asked(visit, StatusCode::OK, said, None).await;
    }
    let tried = match wanted(|name| values.get(name).cloned().unwrap_or_default()) {
        Ok(wanted) => admin::begin(&broker, wanted, visit.caller.actor(), true).await,
        Err(error) => Err(error),
    };
    match tried {
        Ok(found) => {
            let preview = stands(&broker, found);
            asked(visit, StatusCode::OK, said, Some(preview)).await
        }
        Err(error) => {
            let status = error.kind().status();
            let said = refused(said, &FIELDS, in_form(error))?;
            asked(visit, status, said, None).await
        }
    }
}

/// The API names a node or a site; the form has one field for both.
fn in_form(error: ApiError) -> ApiError {
    let of_target = |fault: &crate::http::wire::Fault| {
        matches!(fault.pointer.as_deref(), Some("/node" | "/site")).then(|| fault.detail.clone())
    };
    match error.faults().iter().find_map(of_target) {
        Some(detail) => ApiError::field("/target", detail),
        None => error,
    }
}

fn wanted(value: impl Fn(&str) -> String) -> Result<MaintenanceRequest, ApiError> {
    let target = value("target");
    let mut wanted = MaintenanceRequest {
        reason: value("reason"),
        deadline: instant(&value("deadline"), "deadline")?,
        leave_volumes: value("leaveVolumes") == "yes",
        ..MaintenanceRequest::default()
    };
    match target.split_once('/') {
        Some(("node", name)) => wanted.node = Some(name.to_owned()),
        Some(("site", name)) => wanted.site = Some(name.to_owned()),
        _ => return Err(ApiError::field("/target", "choose a node or a site")),
    }
    Ok(wanted)
}

async fn asked(visit: Visit, status: StatusCode, said: Entered, preview: Option<Stands>) -> Reply {
    let broker = visit.broker.clone();
    let snapshot = broker.catalogue.snapshot().await?;
    let nodes = broker.pim.node_list(None).await?;
    let own = snapshot.catalogue.sites.iter().filter(|site| nodes.iter().any(|usage| usage.node.site == site.id));
    let targets = Targets {
        nodes: nodes.iter().map(|usage| (usage.node.name.clone(), usage.node.site.clone())).collect(),
        sites: own.map(|site| (site.id.clone(), site.name.clone())).collect(),
    };
    let names = Names::of(&snapshot);
    visit.show_as(status, Place::Infrastructure, |frame| page::new(frame, &targets, &said, preview.as_ref(), &names))
}

/// Begins.
pub(crate) async fn begin(form: Form) -> Reply {
    let broker = form.visit.broker.clone();
    let begun = once(&form, async {
        let wanted = wanted(|name| given(&form, name).unwrap_or_default())?;
        let (begun, _) = admin::begin(&broker, wanted, form.caller().actor(), false).await?;
        Ok(Done(page::address(&begun), "done-maintenance-begun", page::target_name(&begun.target)))
    });
    match begun.await {
        Ok(answer) => Ok(answer),
        Err(error) => {
            let status = error.kind().status();
            let said = entered(&form, &FIELDS, in_form(error))?;
            asked(form.visit, status, said, None).await
        }
    }
}

/// Shows how one stands.
pub(crate) async fn show(visit: Visit, id: Path<String>) -> Reply {
    let broker = visit.broker.clone();
    let found = stands(&broker, admin::one(&broker, &id).await?);
    let names = names(&broker).await?;
    visit.show(Place::Infrastructure, |frame| page::one(frame, &found, &names))
}

/// Ends one.
pub(crate) async fn end(form: Form, id: Path<String>) -> Reply {
    let broker = form.visit.broker.clone();
    once(&form, async {
        let id = admin::parse(&id)?;
        let ended = broker.pim.maintenance_end(id, version(&form), form.caller().actor(), false).await?;
        Ok(Done(page::LIST.to_owned(), "done-maintenance-ended", page::target_name(&ended.target)))
    })
    .await
}

/// The routes of these pages. Words before ids: `new` is none.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/infrastructure/maintenance")
                .route(crate::http::portal::page().to(list))
                .route(web::post().to(begin)),
        )
        .service(web::resource("/infrastructure/maintenance/new").route(crate::http::portal::page().to(new)))
        .service(web::resource("/infrastructure/maintenance/{maintenance}").route(crate::http::portal::page().to(show)))
        .service(web::resource("/infrastructure/maintenance/{maintenance}/end").route(web::post().to(end)));
}
