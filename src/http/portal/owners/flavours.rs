//! Flavours: named shapes of machines, added, changed, removed.

use super::{Done, Form, Visit, change, entered, needed, number, once};
use crate::{
    http::{
        admin::flavours::checked,
        portal::page as looked_at,
        problem::{ApiError, Reply},
        wire::{Flavour, Gpu},
    },
    portal::{
        Place,
        pages::owners::{
            Entered,
            flavours::{self as page, FIELDS, LIST},
        },
    },
};
use actix_web::{
    http::StatusCode,
    web::{self, Path},
};

/// Lists flavours.
pub(crate) async fn list(visit: Visit) -> Reply {
    listed(visit, StatusCode::OK, Entered::default()).await
}

async fn listed(visit: Visit, status: StatusCode, said: Entered) -> Reply {
    let all = visit.broker.catalogue.flavour_list().await?;
    visit.show_as(status, Place::Infrastructure, |frame| page::list(frame, &all, &said))
}

/// What was entered, as the API has it.
fn wanted(form: &Form, name: String) -> Result<Flavour, ApiError> {
    let gpus = number(form, "gpu")?;
    Ok(Flavour {
        name,
        kind: form.get("kind").to_owned(),
        cpu_milli: needed(form, "cpuMilli")?,
        memory_mib: needed(form, "memoryMib")?,
        disk_mib: number(form, "diskMib")?.unwrap_or_default(),
        cpu_arch: form.get("cpuArch").to_owned(),
        gpu: gpus.filter(|count| *count > 0).map(|count| Gpu { model: form.get("gpuModel").to_owned(), count }),
        bandwidth_mbps: number(form, "bandwidthMbps")?,
        version: 0,
    })
}

/// Adds a flavour.
pub(crate) async fn add(form: Form) -> Reply {
    let broker = form.visit.broker.clone();
    let added = once(&form, async {
        let wanted = checked(wanted(&form, form.get("name").to_owned())?)?;
        let added = broker.catalogue.flavour_put(wanted, true, change(&form)).await?;
        Ok(Done(LIST.to_owned(), "done-flavour-added", added.flavour.name))
    });
    match added.await {
        Ok(answer) => Ok(answer),
        Err(error) => {
            let status = error.kind().status();
            let said = entered(&form, &FIELDS, error)?;
            listed(form.visit, status, said).await
        }
    }
}

/// Shows one.
pub(crate) async fn show(visit: Visit, name: Path<String>) -> Reply {
    shown(visit, StatusCode::OK, &name, None).await
}

async fn shown(visit: Visit, status: StatusCode, name: &str, said: Option<Entered>) -> Reply {
    let found = visit.broker.catalogue.flavour(name).await?;
    visit.show_as(status, Place::Infrastructure, |frame| page::one(frame, &found, said.as_ref()))
}

/// Changes a flavour. Offers that were made of it stay as they are.
pub(crate) async fn edit(form: Form, name: Path<String>) -> Reply {
    let broker = form.visit.broker.clone();
    let changed = once(&form, async {
        let wanted = checked(wanted(&form, name.clone())?)?;
        let changed = broker.catalogue.flavour_put(wanted, false, change(&form)).await?;
        Ok(Done(LIST.to_owned(), "done-flavour-changed", changed.flavour.name))
    });
    match changed.await {
        Ok(answer) => Ok(answer),
        Err(error) => {
            let status = error.kind().status();
            let said = entered(&form, &FIELDS, error)?;
            shown(form.visit, status, &name, Some(said)).await
        }
    }
}

/// Removes a flavour. Offers that were made of it stay.
pub(crate) async fn remove(form: Form, name: Path<String>) -> Reply {
    let broker = form.visit.broker.clone();
    once(&form, async {
        broker.catalogue.flavour_remove(&name, change(&form)).await?;
        Ok(Done(LIST.to_owned(), "done-flavour-removed", name.clone()))
    })
    .await
}

/// The routes of these pages.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    let at = |rest: &str| web::resource(format!("{LIST}{rest}"));
    config
        .service(at("").route(looked_at().to(list)).route(web::post().to(add)))
        .service(at("/{flavour}").route(looked_at().to(show)).route(web::post().to(edit)))
        .service(at("/{flavour}/remove").route(web::post().to(remove)));
}
