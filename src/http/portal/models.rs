//! New applications, other revisions, other numbers of instances, removal:
//! each is shown with its plan before anything is done.

use super::{
    Flash, Form, Visit, no_project, see_other,
    tenant::{self, Planned},
};
use crate::{
    http::{
        problem::{ApiError, ProblemKind, Reply},
        query::Query,
    },
    portal::{
        Place,
        pages::{
            confirm::{ConfirmPage, Deed, RemovePage},
            model_form::{EXAMPLES, ModelPage, Subject, Trouble},
        },
        parts::AlsoBy,
    },
};
use actix_web::http::StatusCode;
use hansa_application::NAMELESS;
use hansa_service_orchestrator as orchestrator;
use serde::Deserialize;
use std::collections::BTreeMap;

/// From which example to start.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct NewQuery {
    #[serde(default)]
    example: String,
}

/// Shows the form for a new application; without a project to make it in, what the next step is.
pub(crate) async fn new_show(visit: Visit, query: Query<NewQuery>) -> Reply {
    let text = EXAMPLES.iter().find(|example| example.name == query.0.example).map_or("", |example| example.text);
    if tenant::projects(&visit).await?.is_empty() {
        return no_project::show(visit).await;
    }
    form_again(visit, StatusCode::OK, "", text, Trouble::default()).await
}

/// Reads and plans what was written; nothing is done.
pub(crate) async fn new_plan(form: Form) -> Reply {
    let (text, project) = (text(&form), chosen_project(&form).await?);
    let visit = form.visit;
    match tenant::planned(&visit, &project, &text).await? {
        Planned::Trouble(trouble) => {
            form_again(visit, StatusCode::UNPROCESSABLE_ENTITY, &project, &text, trouble).await
        }
        Planned::Plan(model, plan) => {
            let names = tenant::names(&visit).await?;
            let key = visit.broker.ids.next().to_string();
            let deed = Deed {
                title: tenant::title(visit.language(), "confirm-new-title", &model.name),
                application: None,
                action: "/applications".to_owned(),
                fields: fields(&[("model", &text), ("project", &project), ("key", &key)]),
                button: visit.language().t("confirm-deploy"),
                back: "/applications/new".to_owned(),
            };
            visit.show(Place::Applications, |frame| {
                let yaml = Some(("application/yaml", "@model.yaml"));
                let also = AlsoBy::new(&frame).cli(&["app", "submit", "model.yaml", "--wait"]).request(
                    "POST",
                    "/api/v1/applications",
                    yaml,
                    &[&format!("Idempotency-Key: {key}")],
                );
                ConfirmPage::new(frame, deed, &names, &plan, None, None, also)
            })
        }
    }
}

/// Deploys what was planned.
pub(crate) async fn submit(form: Form) -> Reply {
    let (text, project) = (text(&form), chosen_project(&form).await?);
    let model = match tenant::read(NAMELESS, &text) {
        Ok(read) => read.model,
        Err(trouble) => {
            return form_again(form.visit, StatusCode::UNPROCESSABLE_ENTITY, &project, &text, trouble).await;
        }
    };
    let name = model.name.clone();
    let change =
        tenant::change(&form.visit, (&project, None), "", form.get("key"), &format!("submit\n{project}\n{text}"))
            .await?;
    match form.visit.broker.orchestrator.submit(model, change).await {
        Ok(accepted) => {
            let to = format!("/applications/{}", accepted.application);
            Ok(see_other(&form.visit.asked, &to, Some(Flash::done("done-submitted", &name))))
        }
        Err(error) => {
            let error = ApiError::from(error);
            let status = error.kind().status();
            if status.is_server_error() {
                return Err(error);
            }
            form_again(form.visit, status, &project, &text, tenant::refused(&error)).await
        }
    }
}

async fn form_again(visit: Visit, status: StatusCode, project: &str, text: &str, trouble: Trouble) -> Reply {
    let subject = Subject::New { projects: tenant::projects(&visit).await?, project: project.to_owned() };
    visit.show_as(status, Place::Applications, |frame| ModelPage::new(frame, subject, text, trouble))
}

/// Shows the form for another revision.
pub(crate) async fn update_show(visit: Visit) -> Reply {
    let application = tenant::find(&visit).await?;
    let text = tenant::as_text(&application.model);
    let subject = subject(&application, application.version);
    visit.show(Place::Applications, |frame| ModelPage::new(frame, subject, &text, Trouble::default()))
}

/// Plans another revision (`step=plan`), or puts it in place (`step=apply`).
pub(crate) async fn update(form: Form) -> Reply {
    let application = tenant::find(&form.visit).await?;
    let (text, project) = (text(&form), tenant::project(&application));
    let version = form.get("version").parse().unwrap_or(application.version);
    let again = |visit: Visit, status: StatusCode, trouble: Trouble| {
        let subject = subject(&application, version);
        visit.show_as(status, Place::Applications, |frame| ModelPage::new(frame, subject, &text, trouble))
    };
    let read = match tenant::read(&application.name, &text) {
        Ok(read) if read.model.name == application.name => read,
        Ok(_) => {
            let refusal = Some(form.visit.language().t("model-other-name"));
            return again(form.visit, StatusCode::UNPROCESSABLE_ENTITY, Trouble { refusal, ..Trouble::default() });
        }
        Err(trouble) => return again(form.visit, StatusCode::UNPROCESSABLE_ENTITY, trouble),
    };
    if form.get("step") == "apply" {
        let content = format!("update\n{}\n{text}", application.id);
        let change = tenant::change(
            &form.visit,
            (&project, Some(application.id)),
            form.get("version"),
            form.get("key"),
            &content,
        )
        .await?;
        form.visit.broker.orchestrator.update(application.id, read.model, change).await?;
        return Ok(done(&form.visit, &application, "done-updated"));
    }
    match tenant::plan_read(&form.visit, &project, read).await? {
        Planned::Trouble(trouble) => again(form.visit, StatusCode::UNPROCESSABLE_ENTITY, trouble),
        Planned::Plan(model, plan) => {
            let number = version.to_string();
            let deed = deed(&form.visit, &application, "update", &[("model", &text), ("version", &number)]);
            let (old, new) = (tenant::as_text(&application.model), tenant::as_text(&model));
            confirm(form.visit, &application, deed, &plan, Some((&old, &new))).await
        }
    }
}

/// Plans another number of instances (`step=plan`), or sets it (`step=apply`).
pub(crate) async fn scale(form: Form) -> Reply {
    let application = tenant::find(&form.visit).await?;
    let project = tenant::project(&application);
    let mut replicas: BTreeMap<String, u32> = BTreeMap::new();
    for (component, count) in form.beginning("replicas-").filter(|(_, count)| !count.trim().is_empty()) {
        let count = count.trim().parse().map_err(|_unused: std::num::ParseIntError| {
            ApiError::field(&format!("/replicas/{component}"), "is no whole number from 0 on; give one such as 3")
        })?;
        replicas.insert(component.to_owned(), count);
    }
    if form.get("step") == "apply" {
        let content = format!("scale\n{}\n{replicas:?}", application.id);
        let change = tenant::change(
            &form.visit,
            (&project, Some(application.id)),
            form.get("version"),
            form.get("key"),
            &content,
        )
        .await?;
        form.visit.broker.orchestrator.scale(application.id, replicas, change).await?;
        return Ok(done(&form.visit, &application, "done-scaled"));
    }
    let mut model = application.model.clone();
    orchestrator::replicas_set(&mut model, replicas.clone())?;
    let (old, new) = (tenant::as_text(&application.model), tenant::as_text(&model));
    match tenant::plan(&form.visit, &project, model).await? {
        Planned::Trouble(trouble) => {
            let subject = subject(&application, application.version);
            form.visit.show_as(StatusCode::UNPROCESSABLE_ENTITY, Place::Applications, |frame| {
                ModelPage::new(frame, subject, &new, trouble)
            })
        }
        Planned::Plan(_, plan) => {
            let version = form.get("version").to_owned();
            let mut deed = deed(&form.visit, &application, "scale", &[("version", &version)]);
            let numbers = replicas.iter().map(|(name, count)| (format!("replicas-{name}"), count.to_string()));
            deed.fields.extend(numbers);
            confirm(form.visit, &application, deed, &plan, Some((&old, &new))).await
        }
    }
}

/// Shows what goes with an application.
pub(crate) async fn remove_show(visit: Visit) -> Reply {
    let detail = tenant::detail(&visit).await?;
    let names = tenant::names(&visit).await?;
    visit.show(Place::Applications, |frame| {
        RemovePage::new(frame, &detail.application, &names, &detail.machines, detail.workloads.len())
    })
}

/// Takes an application away.
pub(crate) async fn remove(form: Form) -> Reply {
    let application = tenant::find(&form.visit).await?;
    let change = tenant::change(
        &form.visit,
        (&tenant::project(&application), Some(application.id)),
        form.get("version"),
        "",
        "",
    )
    .await?;
    form.visit.broker.orchestrator.remove(application.id, change).await?;
    Ok(done(&form.visit, &application, "done-removing"))
}

pub(super) fn done(visit: &Visit, application: &orchestrator::Application, key: &str) -> actix_web::HttpResponse {
    see_other(&visit.asked, &format!("/applications/{}", application.id), Some(Flash::done(key, &application.name)))
}

pub(super) fn subject(application: &orchestrator::Application, version: i64) -> Subject {
    Subject::Update { id: application.id.to_string(), name: application.name.clone(), version }
}

pub(super) fn deed(
    visit: &Visit,
    application: &orchestrator::Application,
    what: &str,
    carried: &[(&str, &str)],
) -> Deed {
    let key = visit.broker.ids.next().to_string();
    let mut fields = fields(carried);
    fields.extend([("step".to_owned(), "apply".to_owned()), ("key".to_owned(), key)]);
    let language = visit.language();
    let (title, button) = match what {
        "scale" => ("confirm-scale-title", "confirm-scale"),
        "rollback" => ("confirm-rollback-title", "confirm-rollback"),
        _ => ("confirm-update-title", "confirm-update"),
    };
    Deed {
        title: tenant::title(language, title, &application.name),
        application: Some((application.id.to_string(), application.name.clone())),
        action: format!("/applications/{}/{what}", application.id),
        fields,
        button: language.t(button),
        back: format!("/applications/{}", application.id),
    }
}

pub(super) async fn confirm(
    visit: Visit,
    application: &orchestrator::Application,
    deed: Deed,
    plan: &hansa_mco::model::Plan,
    texts: Option<(&str, &str)>,
) -> Reply {
    let names = tenant::names(&visit).await?;
    let machines = tenant::detail(&visit).await?.machines;
    let name = application.name.clone();
    visit.show(Place::Applications, |frame| {
        let also = AlsoBy::new(&frame).cli(&["app", "show", &name]).get(&format!("/api/v1/applications/{name}"));
        ConfirmPage::new(frame, deed, &names, plan, Some(&machines), texts, also)
    })
}

/// A file, where one was given, otherwise what stands in the field. Browsers send CR LF.
fn text(form: &Form) -> String {
    let file = form.raw("file");
    let given = if file.trim().is_empty() { form.raw("model") } else { file };
    given.replace("\r\n", "\n")
}

async fn chosen_project(form: &Form) -> Result<String, ApiError> {
    let projects = tenant::projects(&form.visit).await?;
    let wanted = form.get("project");
    match projects.iter().find(|project| *project == wanted).or_else(|| projects.first().filter(|_| wanted.is_empty()))
    {
        Some(project) => Ok(project.clone()),
        None => Err(ApiError::new(ProblemKind::NotFound, format!("there is no project `{wanted}`"))),
    }
}

fn fields(carried: &[(&str, &str)]) -> Vec<(String, String)> {
    carried.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
