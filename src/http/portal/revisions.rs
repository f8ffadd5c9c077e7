//! Going back to an earlier revision: shown with its plan before anything is done.

use super::{
    Form,
    models::{confirm, deed, done, subject},
    tenant::{self, Planned},
};
use crate::{
    http::problem::{ApiError, Reply},
    portal::{Place, pages::model_form::ModelPage},
};
use actix_web::http::StatusCode;

/// Plans an earlier revision (`step=plan`), or goes back to it (`step=apply`).
pub(crate) async fn rollback(form: Form) -> Reply {
    let application = tenant::find(&form.visit).await?;
    let project = tenant::project(&application);
    let to: i64 = form.get("to").parse().map_err(|_unused: std::num::ParseIntError| {
        ApiError::field("/to", "is no number of a revision; take one of the list")
    })?;
    if form.get("step") == "apply" {
        let content = format!("rollback\n{}\n{to}", application.id);
        let change = tenant::change(
            &form.visit,
            (&project, Some(application.id)),
            form.get("version"),
            form.get("key"),
            &content,
        )
        .await?;
        form.visit.broker.orchestrator.rollback(application.id, Some(to), change).await?;
        return Ok(done(&form.visit, &application, "done-rolled-back"));
    }
    let (number, model) = form.visit.broker.orchestrator.rollback_target(application.id, Some(to)).await?;
    let (old, new) = (tenant::as_text(&application.model), tenant::as_text(&model));
    match tenant::plan(&form.visit, &project, model).await? {
        Planned::Trouble(trouble) => {
            let subject = subject(&application, application.version);
            form.visit.show_as(StatusCode::UNPROCESSABLE_ENTITY, Place::Applications, |frame| {
                ModelPage::new(frame, subject, &new, trouble)
            })
        }
        Planned::Plan(_, plan) => {
            let (version, number) = (form.get("version").to_owned(), number.to_string());
            let deed = deed(&form.visit, &application, "rollback", &[("version", &version), ("to", &number)]);
            confirm(form.visit, &application, deed, &plan, Some((&old, &new))).await
        }
    }
}
