//! Moving instances, putting machines together, leading callers to another
//! revision: shown before anything is done.

use super::{
    Form, Visit,
    live::{Sight, looked_at},
    models::done,
    parameter, tenant,
};
use crate::{
    http::problem::{ApiError, Reply},
    portal::{
        Place,
        pages::{
            application::update,
            moves::{self as page, Refusal, Subject},
            owners::Entered,
        },
    },
};
use actix_web::{HttpRequest, http::StatusCode};
use hansa_service_orchestrator::{Application, ApplicationDetail, Change, MovePreview, MoveRequest};
use url::form_urlencoded;

/// Asks what is to move; once that is chosen, shows what it comes to. Nothing is written.
pub(crate) async fn show(visit: Visit, request: HttpRequest) -> Reply {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(request.query_string().as_bytes()).into_owned().collect();
    let sent = pairs.iter().any(|(name, _)| name == "to");
    let what = pairs.into_iter().filter(|(name, _)| name == "what").map(|(_, value)| value).collect();
    let wanted = wanted(what, parameter(&request, "to"), parameter(&request, "leaveVolumes"));
    let detail = tenant::detail(&visit).await?;
    if wanted.what.is_empty() {
        // The form was sent, and nothing was chosen.
        let why = sent.then_some(Refusal::NothingChosen);
        let status = if why.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        return asked(visit, status, &detail, &wanted, (why, None)).await;
    }
    let found = visit.broker.orchestrator.move_preview(detail.application.id, &wanted).await;
    match found.map_err(ApiError::from) {
        Ok(preview) => asked(visit, StatusCode::OK, &detail, &wanted, (None, Some(&preview))).await,
        Err(error) => {
            let (status, why) = told(error)?;
            asked(visit, status, &detail, &wanted, (Some(Refusal::Told(&why)), None)).await
        }
    }
}

fn wanted(what: Vec<String>, to: Option<String>, leave: Option<String>) -> MoveRequest {
    let to = to.into_iter().filter(|to| !to.is_empty()).collect();
    MoveRequest { what, to, leave_volumes: leave.as_deref() == Some("yes") }
}

/// What can't be done is told where it was asked for; what is the broker's own fault is not.
fn told(error: ApiError) -> Result<(StatusCode, String), ApiError> {
    let status = error.kind().status();
    if status.is_server_error() { Err(error) } else { Ok((status, error.to_string())) }
}

async fn asked(
    visit: Visit,
    status: StatusCode,
    detail: &ApplicationDetail,
    wanted: &MoveRequest,
    (why, preview): (Option<Refusal<'_>>, Option<&MovePreview>),
) -> Reply {
    let names = tenant::names(&visit).await?;
    let version = detail.application.version.to_string();
    let key = visit.broker.ids.next().to_string();
    let subject = Subject { application: &detail.application, names: &names, version: &version, key };
    let leave = if wanted.leave_volumes { "yes" } else { "" };
    let values = [wanted.what.join(","), wanted.to.join(","), leave.to_owned()];
    let said = Entered::of(page::FIELDS.into_iter().zip(values));
    visit.show_as(status, Place::Applications, |frame| page::moving(frame, &subject, detail, (&said, why), preview))
}

/// Who changes an application, as a form says.
async fn change(form: &Form, application: &Application, content: &str) -> Result<Change, ApiError> {
    let project = tenant::project(application);
    let content = format!("{}\n{content}", application.id);
    let (version, key) = (form.get("version"), form.get("key"));
    tenant::change(&form.visit, (&project, Some(application.id)), version, key, &content).await
}

/// Moves.
pub(crate) async fn begin(form: Form) -> Reply {
    let given = |name: &str| Some(form.get(name).to_owned());
    let what = form.beginning("what").map(|(_, value)| value.to_owned()).collect();
    let wanted = wanted(what, given("to"), given("leaveVolumes"));
    let application = tenant::find(&form.visit).await?;
    let content = format!("move\n{wanted:?}");
    let change = change(&form, &application, &content).await?;
    match form.visit.broker.orchestrator.move_instances(application.id, &wanted, change).await.map_err(ApiError::from) {
        Ok(_) => Ok(done(&form.visit, &application, "done-moving")),
        Err(error) => {
            let (status, why) = told(error)?;
            let detail = tenant::detail(&form.visit).await?;
            asked(form.visit, status, &detail, &wanted, (Some(Refusal::Told(&why)), None)).await
        }
    }
}

/// Shows what putting machines together comes to.
pub(crate) async fn consolidation(visit: Visit) -> Reply {
    let application = tenant::find(&visit).await?;
    match visit.broker.orchestrator.consolidation_preview(application.id).await.map_err(ApiError::from) {
        Ok(preview) => consolidating(visit, StatusCode::OK, &application, Ok(&preview)).await,
        Err(error) => {
            let (status, why) = told(error)?;
            // One may look whether there is anything to do; that there isn't is no fault.
            let status = if status == StatusCode::UNPROCESSABLE_ENTITY { StatusCode::OK } else { status };
            consolidating(visit, status, &application, Err(&why)).await
        }
    }
}

async fn consolidating(
    visit: Visit,
    status: StatusCode,
    application: &Application,
    found: Result<&MovePreview, &str>,
) -> Reply {
    let (names, version) = (tenant::names(&visit).await?, application.version.to_string());
    let key = visit.broker.ids.next().to_string();
    let subject = Subject { application, names: &names, version: &version, key };
    visit.show_as(status, Place::Applications, |frame| page::consolidating(frame, &subject, found))
}

/// Puts machines together.
pub(crate) async fn consolidate(form: Form) -> Reply {
    let application = tenant::find(&form.visit).await?;
    let change = change(&form, &application, "consolidate").await?;
    match form.visit.broker.orchestrator.consolidate(application.id, change).await.map_err(ApiError::from) {
        Ok(_) => Ok(done(&form.visit, &application, "done-consolidating")),
        Err(error) => {
            let (status, why) = told(error)?;
            consolidating(form.visit, status, &application, Err(&why)).await
        }
    }
}

/// Shows what callers would be led to.
pub(crate) async fn promotion(visit: Visit) -> Reply {
    let id = tenant::find(&visit).await?.id;
    let seen = looked_at(&visit.broker, id, Sight { logs: false, change: true }).await?;
    let language = visit.language();
    let waiting = seen.detail.update.as_ref().filter(|update| update::waits(update));
    let standing = waiting.map(|one| (update::facts(language, &seen.detail, one), update::beside(language, &seen)));
    let (application, key) = (&seen.detail.application, visit.broker.ids.next().to_string());
    let version = application.version.to_string();
    let subject = Subject { application, names: &seen.names, version: &version, key };
    visit.show(Place::Applications, |frame| page::promoting(frame, &subject, standing))
}

/// Leads callers to the revision that waits.
pub(crate) async fn promote(form: Form) -> Reply {
    let application = tenant::find(&form.visit).await?;
    let change = change(&form, &application, "promote").await?;
    form.visit.broker.orchestrator.promote(application.id, change).await?;
    Ok(done(&form.visit, &application, "done-promoted"))
}
