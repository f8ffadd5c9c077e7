//! Organisations and projects: lists, one with members, quota and service accounts.

use super::{
    Flash, Form, Visit,
    account::{refused, wanted},
    see_other,
};
use crate::{
    http::problem::{ApiError, Reply},
    portal::{
        Place as At,
        pages::{
            account as account_page,
            partners::Refused,
            projects::{self, Home, MEMBER_ROLES, Rights},
        },
    },
};
use actix_web::{
    http::StatusCode,
    web::{self, Path},
};
use hansa_iam::{
    Action, GrantScope, IamError, Place, Resource, Role,
    account::{Account, AccountState, NewServiceAccount},
};
use hansa_ontology::{
    OrganisationId, ProjectId,
    quota::{Quota, QuotaHolder},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};
use uuid::Uuid;

/// The named parts of a path: of an organisation's and of a project's alike.
type Parts = BTreeMap<String, String>;

/// Entries of a list that are shown at most.
const MOST: usize = 500;

/// Lists organisations and projects.
pub(crate) async fn list(visit: Visit) -> Reply {
    listed(visit, StatusCode::OK, None).await
}

async fn listed(visit: Visit, status: StatusCode, refused: Option<Refused>) -> Reply {
    let broker = visit.broker.clone();
    let scope = visit.caller.scope(&broker, Action::ProjectRead).await?;
    let seen = broker.iam.organisations(&visit.caller.principal, Action::ProjectRead);
    let organisations = broker.iam.organisation_list(seen, None, MOST).await?;
    let found = broker.iam.project_list(scope, None, None, MOST).await?;
    let may = visit.caller.may(&broker, Action::OrganisationWrite, &Resource::Broker);
    visit.show_as(status, At::Projects, |frame| projects::list(frame, &organisations, &found, may, refused.as_ref()))
}

/// The place that a path names, as the layer around the handlers has decided on it.
fn place_of(visit: &Visit) -> Result<Place, ApiError> {
    match &visit.caller.resource {
        Some(Resource::Organisation(_)) => Ok(Place::Organisation(visit.caller.organisation()?.clone())),
        _ => Ok(Place::Project(visit.caller.project()?.clone())),
    }
}

fn resource(place: &Place) -> Resource {
    match place {
        Place::Organisation(id) => Resource::Organisation(id.clone()),
        Place::Project(id) => Resource::Project(id.clone()),
    }
}

fn holder(place: &Place) -> QuotaHolder {
    match place {
        Place::Organisation(id) => QuotaHolder::Organisation(id.clone()),
        Place::Project(id) => QuotaHolder::Project(id.clone()),
    }
}

/// Shows an organisation or a project.
pub(crate) async fn show(visit: Visit) -> Reply {
    shown(visit, StatusCode::OK, None).await
}

async fn shown(visit: Visit, status: StatusCode, refused: Option<Refused>) -> Reply {
    let place = place_of(&visit)?;
    let home = gather(&visit, place).await?;
    visit.show_as(status, At::Projects, |frame| projects::home(frame, &home, refused.as_ref()))
}

/// Everything of a place that the one who looks may see.
async fn gather(visit: &Visit, place: Place) -> Result<Home, ApiError> {
    let (broker, resource) = (&visit.broker, resource(&place));
    let may = |action| visit.caller.may(broker, action, &resource);
    let write = match &place {
        Place::Organisation(_) => Action::OrganisationWrite,
        Place::Project(_) => Action::ProjectWrite,
    };
    let rights = Rights {
        members: may(Action::MemberWrite),
        quota: may(Action::QuotaWrite),
        write: may(write) || may(Action::ProjectWrite),
        services: may(Action::ServiceAccountWrite),
    };
    let (title, version) = match &place {
        Place::Organisation(id) => broker.iam.organisation_get(id).await.map(|found| (found.title, found.version))?,
        Place::Project(id) => broker.iam.project_get(id).await.map(|found| (found.title, found.version))?,
    };
    let members =
        if may(Action::MemberRead) { Some(broker.iam.member_list(place.clone(), None, MOST).await?) } else { None };
    let quota = if may(Action::QuotaRead) {
        let used = broker.orchestrator.quota_usage(holder(&place)).await?;
        Some((broker.iam.quota_get(holder(&place)).await?, used))
    } else {
        None
    };
    let mut services = Vec::new();
    if rights.services {
        for account in broker.iam.service_account_list(place.scope(), None, MOST).await? {
            if account.state != AccountState::Removed {
                let tokens = broker.iam.token_list(account.id, None, MOST).await?;
                services.push((account, tokens));
            }
        }
    }
    let projects = match &place {
        Place::Organisation(id) => {
            let scope = visit.caller.scope(broker, Action::ProjectRead).await?;
            broker.iam.project_list(scope, Some(id.clone()), None, MOST).await?
        }
        Place::Project(_) => Vec::new(),
    };
    Ok(Home { place, title, version, members, quota, services, projects, rights })
}

/// Goes back to a place's page after a form, or shows it again with what is wrong.
async fn done<T>(form: Form, field: &'static str, told: &str, result: Result<T, IamError>) -> Reply {
    let place = place_of(&form.visit)?;
    match result {
        Ok(_) => {
            let name = form.get(field).to_owned();
            Ok(see_other(&form.visit.asked, &projects::address(&place), Some(Flash::done(told, &name))))
        }
        Err(error) => {
            let refused = refused(&form, field, error)?;
            shown(form.visit, StatusCode::UNPROCESSABLE_ENTITY, Some(refused)).await
        }
    }
}

fn invalid(field: &'static str) -> impl Fn(hansa_ontology::id::InvalidId) -> IamError {
    move |error| IamError::invalid(field, error.to_string())
}

/// The version that a form was shown with.
fn version(form: &Form) -> Option<i64> {
    form.get("version").parse().ok()
}

/// Makes an organisation.
pub(crate) async fn organisation_create(form: Form) -> Reply {
    let broker = form.visit.broker.clone();
    let made = match OrganisationId::new(form.get("name")).map_err(invalid("/name")) {
        Ok(id) => broker.iam.organisation_create(id, form.get("title").to_owned(), form.caller().actor()).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(made) => {
            let to = format!("/organisations/{}", made.id);
            Ok(see_other(&form.visit.asked, &to, Some(Flash::done("done-made", &made.title))))
        }
        Err(error) => {
            let refused = refused(&form, "name", error)?;
            listed(form.visit, StatusCode::UNPROCESSABLE_ENTITY, Some(refused)).await
        }
    }
}

/// Makes a project of an organisation.
pub(crate) async fn project_create(form: Form) -> Reply {
    let broker = form.visit.broker.clone();
    let organisation = form.caller().organisation()?.clone();
    let id = ProjectId::new(format!("{organisation}/{}", form.get("name"))).map_err(invalid("/name"));
    let made = match id {
        Ok(id) => broker.iam.project_create(id, form.get("title").to_owned(), form.caller().actor()).await,
        Err(error) => Err(error),
    };
    done(form, "name", "done-made", made).await
}

/// The role that a field names, if members may have it.
fn role(form: &Form, field: &str) -> Result<Role, IamError> {
    let found = MEMBER_ROLES.into_iter().find(|role| role.name() == form.get(field));
    found.ok_or_else(|| IamError::invalid("/role", "choose one of the roles"))
}

/// Gives somebody a role.
pub(crate) async fn member_add(form: Form) -> Reply {
    let (broker, place) = (form.visit.broker.clone(), place_of(&form.visit)?);
    let handle = form.get("account");
    let known = broker.iam.member_get(place.clone(), handle).await.ok();
    let mut roles: BTreeSet<Role> = known.map(|member| member.roles).unwrap_or_default();
    let put = match role(&form, "role") {
        Ok(role) => {
            roles.insert(role);
            broker.iam.member_put(place, handle, roles, None, &form.caller().principal).await
        }
        Err(error) => Err(error),
    };
    done(form, "account", "done-member", put).await
}

/// Takes a member's roles away. The member is the last part of the path but one.
pub(crate) async fn member_remove(form: Form, path: Path<Parts>) -> Reply {
    let (broker, place) = (form.visit.broker.clone(), place_of(&form.visit)?);
    let member = part(&path, "member");
    let removed = broker.iam.member_remove(place, &member, version(&form), &form.caller().principal).await;
    done(form, "", "done-member-removed", removed).await
}

/// A named part of the path.
fn part(path: &Parts, name: &str) -> String {
    path.get(name).cloned().unwrap_or_default()
}

/// A limit that may be left out.
fn limit<T: FromStr>(form: &Form, field: &'static str, wanted: &str) -> Result<Option<T>, IamError> {
    let text = form.get(field);
    if text.is_empty() {
        return Ok(None);
    }
    let refused =
        || IamError::invalid(format!("/{field}"), format!("`{text}` is not {wanted}; leave it empty for no limit"));
    text.parse().ok().map(Some).ok_or_else(refused)
}

/// An amount such as `12.5 EUR`.
fn price(form: &Form) -> Result<Option<hansa_ontology::Money>, IamError> {
    let text = form.get("price");
    if text.is_empty() {
        return Ok(None);
    }
    let refused =
        || IamError::invalid("/price", format!("`{text}` is no price such as 12.5 EUR; leave it empty for no limit"));
    let (amount, currency) = text.split_once(' ').ok_or_else(refused)?;
    let amount: hansa_ontology::money::Micros = amount.parse().ok().ok_or_else(refused)?;
    let currency = currency.trim().parse().ok().ok_or_else(refused)?;
    Ok(Some(hansa_ontology::Money::new(amount.0, currency)))
}

fn quota(form: &Form) -> Result<Quota, (&'static str, IamError)> {
    let at = |field| move |error| (field, error);
    Ok(Quota {
        applications: limit(form, "applications", "a whole number").map_err(at("applications"))?,
        instances: limit(form, "instances", "a whole number").map_err(at("instances"))?,
        cpu: limit(form, "cpu", "an amount of processors such as 4 or 500m").map_err(at("cpu"))?,
        memory: limit(form, "memory", "an amount of memory such as 8GiB").map_err(at("memory"))?,
        price_per_hour: price(form).map_err(at("price"))?,
    })
}

/// Sets the quota.
pub(crate) async fn quota_set(form: Form) -> Reply {
    let (broker, place) = (form.visit.broker.clone(), place_of(&form.visit)?);
    match quota(&form) {
        Ok(limits) => {
            let set = broker.iam.quota_set(holder(&place), limits, version(&form), form.caller().actor()).await;
            done(form, "applications", "done-quota", set).await
        }
        Err((field, error)) => done(form, field, "done-quota", Err::<(), _>(error)).await,
    }
}

/// Makes a service account.
pub(crate) async fn service_create(form: Form) -> Reply {
    let (broker, place) = (form.visit.broker.clone(), place_of(&form.visit)?);
    let made = match role(&form, "service-role") {
        Ok(role) => {
            let new = NewServiceAccount { name: form.get("service").to_owned(), over: place.scope(), role };
            broker.iam.service_account_create(new, &form.caller().principal).await
        }
        Err(error) => Err(error),
    };
    done(form, "service", "done-made", made).await
}

/// The service account of this place that the path names.
async fn service(form: &Form, path: &Parts) -> Result<Account, ApiError> {
    let over: GrantScope = place_of(&form.visit)?.scope();
    Ok(form.visit.broker.iam.service_account_get(&over, &part(path, "account")).await?)
}

/// Removes a service account, with its tokens.
pub(crate) async fn service_remove(form: Form, path: Path<Parts>) -> Reply {
    let account = service(&form, &path).await?;
    let removed = form.visit.broker.iam.service_account_remove(account.id, None).await;
    done(form, "", "done-service-removed", removed).await
}

/// Makes a token of a service account and shows it, once.
pub(crate) async fn service_token(form: Form, path: Path<Parts>) -> Reply {
    let account = service(&form, &path).await?;
    let broker = form.visit.broker.clone();
    let made = match wanted(&form, &format!("-{}", account.id), broker.clock.now()) {
        Ok(new) => broker.iam.token_create(account.id, new, &form.caller().principal).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(created) => {
            let back = projects::address(&place_of(&form.visit)?);
            form.visit
                .show(At::Projects, |frame| account_page::created(frame, &created, (back, account.handle.clone())))
        }
        Err(error) => done(form, "", "done-made", Err::<(), _>(error)).await,
    }
}

/// Revokes a token of a service account.
pub(crate) async fn service_token_revoke(form: Form, path: Path<Parts>) -> Reply {
    let account = service(&form, &path).await?;
    let token = Uuid::from_str(&part(&path, "token")).map_err(|error| ApiError::field("token", error.to_string()))?;
    let revoked = form.visit.broker.iam.token_revoke(account.id, token).await;
    done(form, "", "done-token-revoked", revoked).await
}

/// Gives another title.
pub(crate) async fn title(form: Form) -> Reply {
    let (broker, place) = (form.visit.broker.clone(), place_of(&form.visit)?);
    let (title, actor) = (form.get("title-new").to_owned(), form.caller().actor());
    let changed = match place {
        Place::Organisation(id) => broker.iam.organisation_update(id, title, version(&form), actor).await.map(|_| ()),
        Place::Project(id) => broker.iam.project_update(id, title, version(&form), actor).await.map(|_| ()),
    };
    done(form, "title-new", "done-renamed", changed).await
}

/// Closes it, for good.
pub(crate) async fn close(form: Form) -> Reply {
    let (broker, place) = (form.visit.broker.clone(), place_of(&form.visit)?);
    let (actor, name) = (form.caller().actor(), place.to_string());
    let closed = match place {
        Place::Organisation(id) => broker.iam.organisation_close(id, version(&form), actor).await,
        Place::Project(id) => {
            let living = hansa_service_orchestrator::applications_living;
            broker.iam.project_close(id, version(&form), actor, living).await
        }
    };
    match closed {
        Ok(_) => Ok(see_other(&form.visit.asked, "/projects", Some(Flash::done("done-closed", &name)))),
        Err(error) => done(form, "", "done-closed", Err::<(), _>(error)).await,
    }
}

/// The routes of these pages: the same below an organisation and below a project.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/projects").route(super::page().to(list)))
        .service(web::resource("/organisations").route(web::post().to(organisation_create)))
        .service(web::resource("/organisations/{organisation}/projects").route(web::post().to(project_create)));
    for base in ["/organisations/{organisation}", "/projects/{organisation}/{project}"] {
        let at = |rest: &str| web::resource(format!("{base}{rest}"));
        config
            .service(at("").route(super::page().to(show)))
            .service(at("/members").route(web::post().to(member_add)))
            .service(at("/members/{member}/remove").route(web::post().to(member_remove)))
            .service(at("/quota").route(web::post().to(quota_set)))
            .service(at("/title").route(web::post().to(title)))
            .service(at("/close").route(web::post().to(close)))
            .service(at("/service-accounts").route(web::post().to(service_create)))
            .service(at("/service-accounts/{account}/remove").route(web::post().to(service_remove)))
            .service(at("/service-accounts/{account}/tokens").route(web::post().to(service_token)))
            .service(
                at("/service-accounts/{account}/tokens/{token}/revoke").route(web::post().to(service_token_revoke)),
            );
    }
}
