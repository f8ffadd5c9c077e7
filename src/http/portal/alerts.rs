//! Alert rules of a project: looked at, tested, stated, removed; and who is told.

use super::{
    Flash, Form, Visit,
    owners::{Done, entered, once, version},
    parameter, see_other, tenant,
};
use crate::{
    http::{
        Broker, Meter,
        problem::{ApiError, Reply},
        routes::{alerts::read, notifications},
        wire::{AlertRequest, Notification, NotificationRequest},
    },
    portal::{
        Place,
        pages::{
            alerts::{self as page, Alerts, Draft, FIELDS, NOTIFY_FIELDS, Told, Trial},
            owners::Entered,
        },
        parts::{Notice, Tone},
    },
};
use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{self, Path},
};
use hansa_assurance::{alert::NewRule, service::PageRequest};
use hansa_iam::{Action, Resource};
use hansa_ontology::ProjectId;

/// Deliveries that are shown at most.
const DELIVERIES: usize = 100;

async fn list(visit: Visit, request: HttpRequest) -> Reply {
    let (projects, project) = tenant::project_seen(&visit, &request, Action::ApplicationRead).await?;
    listed(visit, StatusCode::OK, (projects, project), (Entered::default(), None)).await
}

async fn listed(
    visit: Visit,
    status: StatusCode,
    (projects, project): (Vec<String>, ProjectId),
    (said, notice): (Entered, Option<Notice>),
) -> Reply {
    let broker = visit.broker.clone();
    let rules = broker.assurance.rule_list(Some(&project)).await?;
    let told = broker.assurance.subscription_list(Some(&project)).await?;
    let told = told.into_iter().map(|one| shown(Notification::from(one))).collect();
    let may_change = may_change(&visit, &project);
    let shown = Alerts { projects, project: project.to_string(), may_change, rules, told, notice };
    visit.show_as(status, Place::Alerts, |frame| page::list(frame, &shown, &said))
}

/// The list of a project again, after a form of it.
async fn again(form: Form, status: StatusCode, said: (Entered, Option<Notice>)) -> Reply {
    let project = form.caller().project()?.clone();
    let projects = tenant::projects_seen(&form.visit, Action::ApplicationRead).await?;
    listed(form.visit, status, (projects, project), said).await
}

fn may_change(visit: &Visit, project: &ProjectId) -> bool {
    visit.caller.may(&visit.broker, Action::ApplicationUpdate, &Resource::Project(project.clone()))
}

fn shown(of: Notification) -> Told {
    Told {
        mail: of.channel == "mail",
        name: of.name,
        host: of.host,
        kinds: of.kinds,
        severity: of.severity,
        delivered: of.delivered,
        given_up: of.given_up,
        trouble: of.trouble.map(|trouble| (trouble.said, trouble.next)),
    }
}

async fn one(visit: Visit, name: Path<String>, request: HttpRequest) -> Reply {
    let (_, project) = tenant::project_seen(&visit, &request, Action::ApplicationRead).await?;
    let rule = visit.broker.assurance.rule(Some(&project), &name).await?;
    let may_change = may_change(&visit, &project);
    visit.show(Place::Alerts, |frame| page::one(frame, &rule, project.as_str(), may_change))
}

/// Asks for another rule. A project may be named, in which the visitor may state one.
async fn new(visit: Visit, request: HttpRequest) -> Reply {
    let (_, project) = tenant::project_seen(&visit, &request, Action::ApplicationUpdate).await?;
    let name = parameter(&request, "name").unwrap_or_default();
    let draft = Draft { said: Entered::of([("name", name)]), ..Draft::default() };
    visit.show(Place::Alerts, |frame| page::draft(frame, project.as_str(), &draft, None))
}

/// Tests what was entered (`step=test`), or keeps it (`step=save`).
async fn state(form: Form) -> Reply {
    let broker = form.visit.broker.clone();
    let project = form.caller().project()?.clone();
    if form.get("step") == "save" {
        let saved = once(&form, async {
            let rule = wanted(&form, &broker, &project).await?;
            let by = form.caller().actor();
            let made = broker.assurance.rule_put(rule, version(&form), by, false).await?;
            Ok(Done(page::of_rule(&made.name, project.as_str()), "done-alert-set", made.name))
        });
        return match saved.await {
            Ok(answer) => Ok(answer),
            Err(error) => drafted(form, Err(error)),
        };
    }
    let tried = match wanted(&form, &broker, &project).await {
        Ok(rule) => {
            let meter = Meter(Broker::clone(&broker));
            let answer = broker.assurance.rule_try(rule, form.caller().actor(), &meter).await;
            answer.map(Trial).map_err(ApiError::from)
        }
        Err(error) => Err(error),
    };
    drafted(form, tried)
}

/// The form as it was entered, with what came of the test, or with what is wrong.
fn drafted(form: Form, tried: Result<Trial, ApiError>) -> Reply {
    let project = form.caller().project()?.to_string();
    let name = (form.get("changed") == "yes").then(|| form.get("name").to_owned());
    let version = version(&form);
    let (status, said, trial) = match tried {
        Ok(trial) => {
            let said = Entered::of(FIELDS.map(|name| (name, form.raw(name).replace("\r\n", "\n"))));
            (StatusCode::OK, said, Some(trial))
        }
        Err(error) => (error.kind().status(), entered(&form, &FIELDS, error)?, None),
    };
    let draft = Draft { name, version, said };
    form.visit.show_as(status, Place::Alerts, |frame| page::draft(frame, &project, &draft, trial.as_ref()))
}

/// The rule that a form asks for. Another one takes the place of none.
async fn wanted(form: &Form, broker: &Broker, project: &ProjectId) -> Result<NewRule, ApiError> {
    let given = |field: &str| Some(form.get(field)).filter(|text| !text.is_empty()).map(str::to_owned);
    let asked = AlertRequest {
        expr: form.get("expr").replace("\r\n", "\n"),
        hold: given("for"),
        severity: given("severity"),
        summary: given("summary"),
        enabled: form.get("enabled") != "no",
    };
    let name = form.get("name").to_owned();
    if form.get("changed") != "yes" {
        let known = broker.assurance.rule_list(Some(project)).await?;
        if known.iter().any(|rule| rule.name == name) {
            let told = format!("there is a rule `{name}` already; choose another name, or change that one");
            return Err(ApiError::field("/name", told));
        }
    }
    read(asked, Some(project.clone()), name)
}

async fn remove(form: Form, name: Path<String>) -> Reply {
    let broker = form.visit.broker.clone();
    let project = form.caller().project()?.clone();
    once(&form, async {
        let gone = broker.assurance.rule_delete(Some(&project), &name, false).await?;
        Ok(Done(page::of_project(page::LIST, project.as_str()), "done-alert-removed", gone.name))
    })
    .await
}

/// Has somebody told. The secret of a webhook is shown this once.
async fn tell(form: Form) -> Reply {
    let broker = form.visit.broker.clone();
    let project = form.caller().project()?.clone();
    let given = |field: &str| Some(form.get(field)).filter(|text| !text.is_empty()).map(str::to_owned);
    let between = |letter: char| letter == ',' || letter.is_whitespace();
    let kinds = form.get("kinds").split(between).filter(|kind| !kind.is_empty()).map(str::to_owned).collect();
    let wanted = NotificationRequest {
        name: form.get("name").to_owned(),
        url: given("url"),
        address: given("address"),
        kinds,
        severity: given("severity"),
    };
    let by = (form.caller().actor(), false);
    match notifications::subscribed(&broker, wanted, Some(project.clone()), by).await {
        Ok(Notification { name, secret: Some(secret), .. }) => {
            form.visit.show(Place::Alerts, |frame| page::made(frame, project.as_str(), &name, secret))
        }
        Ok(made) => Ok(back(&form, &project, "done-notification-added", &made.name)),
        Err(error) => {
            let status = error.kind().status();
            // What stands behind the host of a URL may be a secret.
            let said = entered(&form, &NOTIFY_FIELDS, error)?.without("url");
            again(form, status, (said, None)).await
        }
    }
}

fn back(form: &Form, project: &ProjectId, told: &str, name: &str) -> actix_web::HttpResponse {
    let to = page::of_project(page::LIST, project.as_str());
    see_other(&form.visit.asked, &to, Some(Flash::done(told, name)))
}

/// Shows what was delivered to somebody, and what was given up.
async fn deliveries(visit: Visit, name: Path<String>, request: HttpRequest) -> Reply {
    let (_, project) = tenant::project_seen(&visit, &request, Action::ApplicationRead).await?;
    let assurance = visit.broker.assurance.clone();
    let told = shown(Notification::from(assurance.subscription(Some(&project), &name).await?));
    let latest = PageRequest { limit: DELIVERIES, token: None };
    let all = assurance.delivery_list(Some(&project), &name, &latest).await?.items;
    visit.show(Place::Alerts, |frame| page::deliveries(frame, project.as_str(), &told, &all))
}

/// Sends a test, and says what came of it.
async fn test(form: Form, name: Path<String>) -> Reply {
    let broker = form.visit.broker.clone();
    let project = form.caller().project()?.clone();
    let trial = notifications::tried(&broker, Some(&project), &name, false).await?;
    match trial.said {
        None => Ok(back(&form, &project, "done-notification-arrived", &name)),
        Some(said) => {
            let title = form.visit.language().msg("alerts-not-arrived").with("name", name.as_str()).to_string();
            let notice = Notice::new(Tone::Bad, title).detail(said);
            again(form, StatusCode::OK, (Entered::default(), Some(notice))).await
        }
    }
}

async fn untell(form: Form, name: Path<String>) -> Reply {
    let broker = form.visit.broker.clone();
    let project = form.caller().project()?.clone();
    once(&form, async {
        let gone = broker.assurance.unsubscribe(Some(&project), &name, form.caller().actor(), false).await?;
        Ok(Done(page::of_project(page::LIST, project.as_str()), "done-notification-removed", gone.name))
    })
    .await
}

/// The routes of these pages.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource(page::LIST).route(super::page().to(list)))
        .service(web::resource(page::NEW).route(super::page().to(new)))
        .service(web::resource(page::RULES).route(web::post().to(state)))
        .service(web::resource("/alerts/rules/{alert}").route(super::page().to(one)))
        .service(web::resource("/alerts/rules/{alert}/remove").route(web::post().to(remove)))
        .service(web::resource(page::NOTIFICATIONS).route(web::post().to(tell)))
        .service(web::resource("/alerts/notifications/{notification}").route(super::page().to(deliveries)))
        .service(web::resource("/alerts/notifications/{notification}/test").route(web::post().to(test)))
        .service(web::resource("/alerts/notifications/{notification}/remove").route(web::post().to(untell)));
}
