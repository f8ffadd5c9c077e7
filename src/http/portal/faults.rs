//! Faults of projects and of the broker itself: looked at, and seen to.

use super::{
    Form, Visit,
    owners::{Done, entered, once},
    tenant,
};
use crate::{
    http::{
        problem::{ApiError, Reply},
        routes::{
            faults::{changed, parse, seen},
            usage::names,
        },
    },
    portal::{
        Place,
        pages::{
            faults::{self as page, FIELDS, Faults, Looks},
            owners::Entered,
        },
    },
};
use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{self, Path},
};
use hansa_assurance::{
    fault::Fault,
    service::{FaultAct, FaultQuery, PageRequest, Whose},
};
use hansa_iam::{Action, Resource};
use hansa_ontology::ProjectScope;
use std::collections::BTreeMap;

/// Rows that are shown at most.
const ROWS: usize = 100;

async fn list(visit: Visit, request: HttpRequest) -> Reply {
    let (projects, project) = tenant::project_seen(&visit, &request, Action::ApplicationRead).await?;
    let whose = Whose::Projects(ProjectScope::Only([project.clone()].into()));
    show_list(visit, &request, whose, Some((projects, project.to_string()))).await
}

async fn own_list(visit: Visit, request: HttpRequest) -> Reply {
    show_list(visit, &request, Whose::Broker, None).await
}

async fn show_list(visit: Visit, request: &HttpRequest, whose: Whose, project: Option<(Vec<String>, String)>) -> Reply {
    let broker = visit.broker.clone();
    let state = super::parameter(request, "state").unwrap_or_else(|| "living".to_owned());
    let wanted = (state != "all").then(|| state.clone());
    let query = FaultQuery { whose, application: None, state: wanted, kind: None, severity: None };
    let faults = broker.assurance.fault_list(&query, &PageRequest { limit: ROWS, token: None }).await?.items;
    let names = named(&visit, &faults).await?;
    let place = if project.is_some() { Place::Faults } else { Place::Infrastructure };
    let shown = Faults { project, state, names, faults };
    visit.show(place, |frame| page::list(frame, &shown))
}

/// What people call the applications of faults.
async fn named(visit: &Visit, faults: &[Fault]) -> Result<BTreeMap<String, String>, ApiError> {
    let ids: Vec<String> = faults.iter().filter_map(|one| one.application).map(|id| id.to_string()).collect();
    names(&visit.broker, ids.iter()).await
}

async fn one(visit: Visit, number: Path<String>) -> Reply {
    let whose = seen(&visit.broker, &visit.caller).await?;
    show(visit, StatusCode::OK, &number, &whose, Entered::default()).await
}

async fn own_one(visit: Visit, number: Path<String>) -> Reply {
    show(visit, StatusCode::OK, &number, &Whose::Broker, Entered::default()).await
}

async fn show(visit: Visit, status: StatusCode, number: &str, whose: &Whose, said: Entered) -> Reply {
    let broker = visit.broker.clone();
    let fault = broker.assurance.fault(parse(number)?, whose).await?;
    let own = *whose == Whose::Broker;
    let may_act = if own {
        visit.caller.may(&broker, Action::FaultWrite, &Resource::Broker)
    } else {
        Whose::Projects(visit.caller.scope(&broker, Action::ApplicationUpdate).await?).covers(&fault)
    };
    let sees_all = visit.caller.may(&broker, Action::EventRead, &Resource::Broker);
    let names = named(&visit, std::slice::from_ref(&fault)).await?;
    let place = if own { Place::Infrastructure } else { Place::Faults };
    let looks = Looks { sees_all, may_act, own };
    visit.show_as(status, place, |frame| page::one(frame, &fault, &names, looks, &said))
}

async fn acknowledge(form: Form, number: Path<String>) -> Reply {
    let whose = changed(&form.visit.broker, form.caller(), &number).await?;
    act(form, &number, whose, FaultAct::Acknowledge).await
}

async fn resolve(form: Form, number: Path<String>) -> Reply {
    let whose = changed(&form.visit.broker, form.caller(), &number).await?;
    act(form, &number, whose, FaultAct::Resolve).await
}

async fn own_acknowledge(form: Form, number: Path<String>) -> Reply {
    act(form, &number, Whose::Broker, FaultAct::Acknowledge).await
}

async fn own_resolve(form: Form, number: Path<String>) -> Reply {
    act(form, &number, Whose::Broker, FaultAct::Resolve).await
}

async fn act(form: Form, number: &str, whose: Whose, act: FaultAct) -> Reply {
    let broker = form.visit.broker.clone();
    let base = if whose == Whose::Broker { page::OWN } else { page::LIST };
    let done = once(&form, async {
        let note = form.get("note").to_owned();
        let by = form.caller().actor();
        let fault = broker.assurance.fault_act(parse(number)?, &whose, (act, note), by, false).await?;
        let told = match act {
            FaultAct::Acknowledge => "done-fault-acknowledged",
            FaultAct::Resolve => "done-fault-resolved",
        };
        Ok(Done(format!("{base}/{number}"), told, fault.number.to_string()))
    });
    match done.await {
        Ok(answer) => Ok(answer),
        Err(error) => {
            let status = error.kind().status();
            let said = entered(&form, &FIELDS, error)?;
            show(form.visit, status, number, &whose, said).await
        }
    }
}

/// The routes of these pages.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource(page::LIST).route(super::page().to(list)))
        .service(web::resource("/faults/{fault}").route(super::page().to(one)))
        .service(web::resource("/faults/{fault}/acknowledge").route(web::post().to(acknowledge)))
        .service(web::resource("/faults/{fault}/resolve").route(web::post().to(resolve)))
        .service(web::resource(page::OWN).route(super::page().to(own_list)))
        .service(web::resource("/infrastructure/faults/{fault}").route(super::page().to(own_one)))
        .service(web::resource("/infrastructure/faults/{fault}/acknowledge").route(web::post().to(own_acknowledge)))
        .service(web::resource("/infrastructure/faults/{fault}/resolve").route(web::post().to(own_resolve)));
}
