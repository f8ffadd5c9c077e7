//! Real systems: connected, asked, changed, made offers of.

use super::{Done, Form, Visit, change, entered, given, once, words};
use crate::{
    http::{
        Broker,
        admin::{derived::derive, systems::described},
        portal::page as looked_at,
        problem::{ApiError, Reply},
        wire::{DeriveRequest, SystemRequest},
    },
    portal::{
        Place,
        pages::owners::{
            Entered,
            systems::{self as page, Choices, FIELDS, Found, LIST, RULE},
        },
    },
};
use actix_web::{
    http::StatusCode,
    web::{self, Path},
};
use hansa_iam::{Action, Resource};
use hansa_repository::system::System;
use std::collections::BTreeMap;

/// Lists systems.
pub(crate) async fn list(visit: Visit) -> Reply {
    listed(visit, StatusCode::OK, Entered::default()).await
}

async fn listed(visit: Visit, status: StatusCode, said: Entered) -> Reply {
    let mco = visit.broker.orchestrator.mco();
    let (systems, mut standings) = (mco.systems().system_list().await?, mco.systems().standings().await?);
    let found = systems.into_iter().map(|system| Found {
        gives: mco.system_gives(&system.kind),
        standing: standings.remove(&system.name).unwrap_or_default(),
        system,
    });
    let (found, choices): (Vec<Found>, Choices) = (found.collect(), choices(&visit).await?);
    visit.show_as(status, Place::Infrastructure, |frame| page::list(frame, &found, &choices, &said))
}

/// What may be chosen from. Credentials are named to those only who may write them.
async fn choices(visit: &Visit) -> Result<Choices, ApiError> {
    let broker = &visit.broker;
    let snapshot = broker.catalogue.snapshot().await?;
    let own = &broker.settings.provider.id;
    let sites = snapshot.catalogue.sites.iter().filter(|site| site.provider == *own).cloned().collect();
    let credentials = if visit.caller.may(broker, Action::CredentialWrite, &Resource::Broker) {
        broker.credentials.credential_list().await?.into_iter().map(|one| one.name).collect()
    } else {
        Vec::new()
    };
    Ok(Choices { kinds: broker.orchestrator.mco().system_kinds(), sites, credentials })
}

/// What was entered, as the API has it. `known`: of a system that keeps its name, kind and site.
fn wanted(form: &Form, known: Option<&System>) -> Result<SystemRequest, ApiError> {
    let mut settings = BTreeMap::new();
    for line in form.raw("settings").lines().map(str::trim).filter(|line| !line.is_empty()) {
        let Some((name, value)) = line.split_once('=') else {
            return Err(ApiError::field("/settings", format!("`{line}`: give NAME=VALUE, one in a line")));
        };
        settings.insert(name.trim().to_owned(), value.trim().to_owned());
    }
    let text = |field: &str| form.get(field).to_owned();
    Ok(SystemRequest {
        name: known.map_or_else(|| text("name"), |known| known.name.clone()),
        kind: known.map_or_else(|| text("kind"), |known| known.kind.clone()),
        site: known.map_or_else(|| text("site"), |known| known.site.to_string()),
        address: text("address"),
        credential: given(form, "credential"),
        trust: Some(form.raw("trust").replace("\r\n", "\n")).filter(|pem| !pem.trim().is_empty()),
        settings,
    })
}

/// Connects a system, and asks it at once what it has.
pub(crate) async fn connect(form: Form) -> Reply {
    let broker = form.visit.broker.clone();
    let connected = once(&form, async {
        let wanted = described(&broker, wanted(&form, None)?).await?;
        let mco = broker.orchestrator.mco();
        let added = mco.systems().system_add(wanted, change(&form)).await?;
        // What it says stands on its page, also where it can't be used.
        drop(mco.system_look(&added).await?);
        Ok(Done(format!("{LIST}/{}", added.name), "done-system-connected", added.name))
    });
    match connected.await {
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
    shown(visit, StatusCode::OK, &name, None, Entered::default()).await
}

async fn shown(visit: Visit, status: StatusCode, name: &str, said: Option<Entered>, rule: Entered) -> Reply {
    let mco = visit.broker.orchestrator.mco();
    let system = mco.systems().system(name).await?;
    let standing = mco.systems().standing(name).await?;
    let backings = mco.systems().backing_list(Some(name)).await?;
    let found = Found { gives: mco.system_gives(&system.kind), standing, system };
    let choices = choices(&visit).await?;
    visit.show_as(status, Place::Infrastructure, |frame| {
        page::one(frame, &found, &backings, &choices, said.as_ref(), &rule)
    })
}

/// Asks a system now what it has.
pub(crate) async fn test(form: Form, name: Path<String>) -> Reply {
    let broker = form.visit.broker.clone();
    once(&form, async {
        let mco = broker.orchestrator.mco();
        let system = mco.systems().system(&name).await?;
        let told = if mco.system_look(&system).await?.is_ok() { "done-system-answers" } else { "done-system-asked" };
        Ok(Done(format!("{LIST}/{name}"), told, name.clone()))
    })
    .await
}

/// Changes where a system is and who opens it.
pub(crate) async fn edit(form: Form, name: Path<String>) -> Reply {
    let broker = form.visit.broker.clone();
    let changed = once(&form, async {
        let mco = broker.orchestrator.mco();
        let known = mco.systems().system(&name).await?;
        let wanted = described(&broker, wanted(&form, Some(&known))?).await?;
        let changed = mco.systems().system_change(wanted, change(&form)).await?;
        drop(mco.system_look(&changed).await?);
        Ok(Done(format!("{LIST}/{name}"), "done-system-changed", name.clone()))
    });
    match changed.await {
        Ok(answer) => Ok(answer),
        Err(error) => {
            let status = error.kind().status();
            let said = entered(&form, &FIELDS, error)?;
            shown(form.visit, status, &name, Some(said), Entered::default()).await
        }
    }
}

/// Makes offers of what a system has.
pub(crate) async fn offers(form: Form, name: Path<String>) -> Reply {
    let broker = form.visit.broker.clone();
    let made = once(&form, async { make_offers(&broker, &form, &name).await });
    match made.await {
        Ok(answer) => Ok(answer),
        Err(error) => {
            let status = error.kind().status();
            let said = entered(&form, &RULE, error)?;
            shown(form.visit, status, &name, None, said).await
        }
    }
}

async fn make_offers(broker: &Broker, form: &Form, name: &str) -> Result<Done, ApiError> {
    let system = broker.orchestrator.mco().systems().system(name).await?;
    let wanted = DeriveRequest {
        currency: form.get("currency").to_owned(),
        base: given(form, "base"),
        per_cpu: given(form, "perCpu"),
        per_gib_memory: given(form, "perGibMemory"),
        per_gib_disk: given(form, "perGibDisk"),
        per_gpu: given(form, "perGpu"),
        flavours: words(form, "flavours"),
        capabilities: words(form, "capabilities"),
        availability_percent: given(form, "availabilityPercent"),
        publish: form.get("publish") != "no",
    };
    derive(broker, &system, &wanted, &change(form)).await?;
    Ok(Done(format!("{LIST}/{name}"), "done-system-offers", name.to_owned()))
}

/// Disconnects a system of which nothing is rented or offered.
pub(crate) async fn disconnect(form: Form, name: Path<String>) -> Reply {
    let broker = form.visit.broker.clone();
    let gone = once(&form, async {
        broker.orchestrator.mco().system_disconnect(&name, change(&form)).await?;
        Ok(Done(LIST.to_owned(), "done-system-disconnected", name.clone()))
    });
    match gone.await {
        Ok(answer) => Ok(answer),
        Err(error) => {
            let status = error.kind().status();
            let said = entered(&form, &[], error)?;
            shown(form.visit, status, &name, Some(said), Entered::default()).await
        }
    }
}

/// The routes of these pages.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    let at = |rest: &str| web::resource(format!("{LIST}{rest}"));
    config
        .service(at("").route(looked_at().to(list)).route(web::post().to(connect)))
        .service(at("/{system}").route(looked_at().to(show)).route(web::post().to(edit)))
        .service(at("/{system}/test").route(web::post().to(test)))
        .service(at("/{system}/offers").route(web::post().to(offers)))
        .service(at("/{system}/disconnect").route(web::post().to(disconnect)));
}
