//! What pages of tenants ask the services: within what the visitor may see.

use super::Visit;
use crate::{
    http::{
        call,
        problem::{ApiError, ProblemKind},
    },
    portal::{
        Language,
        pages::{
            application::all_wait, applications::Outline, model_form::Trouble, names::Names, plan::ConflictView,
            source::Fault,
        },
    },
};
use actix_web::HttpRequest;
use hansa_application::{Described, NAMELESS};
use hansa_iam::Action;
use hansa_mco::{McoError, model::Plan, planner::PlanError};
use hansa_ontology::{ApplicationId, ProjectId, ResourceModel};
use hansa_service_orchestrator::{
    Application, ApplicationDetail, ApplicationFilter, Change, IdempotencyKey, OrchestratorError, Phase,
};
use sha2::{Digest as _, Sha256};

/// Applications that are read at once.
const BATCH: usize = 500;
/// Projects from which a form lets choose.
const MOST_PROJECTS: usize = 500;

/// A text that was read and planned, or what is wrong with it.
pub(super) enum Planned {
    /// It is right, and this is its plan.
    Plan(Box<ResourceModel>, Box<Plan>),
    /// It is wrong, or nothing fits.
    Trouble(Trouble),
}

/// The application of a path.
pub(super) async fn find(visit: &Visit) -> Result<Application, ApiError> {
    Ok(visit.broker.orchestrator.application(visit.caller.application()?).await?)
}

/// Everything of an application.
pub(super) async fn detail(visit: &Visit) -> Result<ApplicationDetail, ApiError> {
    Ok(visit.broker.orchestrator.detail(visit.caller.application()?).await?)
}

/// The project of an application.
pub(super) fn project(application: &Application) -> String {
    application.project.to_string()
}

/// The projects of which the visitor may do this; what is looked for most stands first.
pub(super) async fn projects_seen(visit: &Visit, action: Action) -> Result<Vec<String>, ApiError> {
    let scope = visit.caller.scope(&visit.broker, action).await?;
    let found = visit.broker.iam.project_list(scope, None, None, MOST_PROJECTS).await?;
    let mut names: Vec<String> = found.into_iter().map(|project| project.id.to_string()).collect();
    names.sort_by_key(|name| (name != ProjectId::local().as_str(), name == ProjectId::orders().as_str()));
    Ok(names)
}

/// The projects of which the visitor may do this, and the one that the address
/// names; where it names none, the first.
pub(super) async fn project_seen(
    visit: &Visit,
    request: &HttpRequest,
    action: Action,
) -> Result<(Vec<String>, ProjectId), ApiError> {
    let names = projects_seen(visit, action).await?;
    let missing = |told: String| ApiError::new(ProblemKind::NotFound, told);
    let project = match super::parameter(request, "project") {
        Some(project) if !names.contains(&project) => {
            return Err(missing(format!("the project {project} does not exist")));
        }
        Some(project) => project,
        None => names.first().cloned().ok_or_else(|| missing("there is no project that you may see".to_owned()))?,
    };
    let project = ProjectId::new(project).map_err(|error| ApiError::field("project", error.to_string()))?;
    Ok((names, project))
}

/// The projects in which the visitor may make an application.
pub(super) async fn projects(visit: &Visit) -> Result<Vec<String>, ApiError> {
    let scope = visit.caller.scope(&visit.broker, Action::ApplicationCreate).await?;
    let mut names: Vec<String> = visit
        .broker
        .iam
        .project_list(scope, None, None, MOST_PROJECTS)
        .await?
        .into_iter()
        .filter(|project| project.id != ProjectId::orders())
        .map(|project| project.id.to_string())
        .collect();
    // Without login there is one project that everything goes to unless something else is said.
    names.sort_by_key(|name| name != ProjectId::local().as_str());
    Ok(names)
}

/// Who changes what, on which condition.
pub(super) async fn change(
    visit: &Visit,
    (project, application): (&str, Option<ApplicationId>),
    version: &str,
    key: &str,
    content: &str,
) -> Result<Change, ApiError> {
    let project = ProjectId::new(project).map_err(|error| ApiError::field("project", error.to_string()))?;
    let (quotas, frozen) = call::limits(&visit.broker, &project, application).await?;
    let digest = Sha256::digest(content.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let key = (!key.is_empty()).then(|| IdempotencyKey { key: key.to_owned(), digest });
    Ok(Change {
        actor: visit.caller.actor(),
        project,
        quotas,
        frozen,
        expected_version: version.parse().ok(),
        idempotency: key,
    })
}

/// Every living application that the visitor may see, in short.
pub(super) async fn outlines(visit: &Visit) -> Result<Vec<Outline>, ApiError> {
    let scope = visit.caller.scope(&visit.broker, Action::ApplicationRead).await?;
    let (mut all, mut token) = (Vec::new(), None);
    loop {
        let filter = ApplicationFilter { scope: scope.clone(), ..ApplicationFilter::default() };
        let page = visit.broker.orchestrator.application_list(filter, BATCH, token).await?;
        for application in &page.items {
            all.push(outline(visit, application).await?);
        }
        token = page.next;
        if token.is_none() {
            return Ok(all);
        }
    }
}

async fn outline(visit: &Visit, application: &Application) -> Result<Outline, ApiError> {
    let phase = match &application.phase {
        // Only of what may be nothing but jobs that wait it is asked whether they do.
        Phase::Running if application.model.components.values().all(|one| one.defer.is_some()) => {
            let jobs = visit.broker.orchestrator.deferred_jobs(application.id).await?;
            if all_wait(&application.model, &jobs) { "waiting" } else { "running" }
        }
        phase => phase.name(),
    };
    Ok(Outline {
        id: application.id.to_string(),
        name: application.name.clone(),
        project: project(application),
        phase,
        reason: application.phase.reason().map(str::to_owned),
        revision: application.revision,
        price: application.price,
        updated_at: application.updated_at,
    })
}

/// Reads a text and plans it, as a new application of a project or as another
/// revision of the one there that has its name.
pub(super) async fn planned(visit: &Visit, project: &str, text: &str) -> Result<Planned, ApiError> {
    match read(NAMELESS, text) {
        Ok(read) => plan_read(visit, project, read).await,
        Err(trouble) => Ok(Planned::Trouble(trouble)),
    }
}

/// Plans what was read. The plan's notes say what is not carried out as it was written.
pub(super) async fn plan_read(visit: &Visit, project: &str, read: Described) -> Result<Planned, ApiError> {
    let mut planned = plan(visit, project, read.model).await?;
    if let Planned::Plan(_, plan) = &mut planned {
        plan.notes.extend(read.warnings.iter().map(ToString::to_string));
    }
    Ok(planned)
}

/// Reads a description; a template of TOSCA has no name, and gets this one.
pub(super) fn read(name: &str, text: &str) -> Result<Described, Trouble> {
    match hansa_application::read_description(name, text.as_bytes()) {
        Ok(read) => Ok(read),
        Err(diagnostics) => {
            let fault = |found: hansa_application::Diagnostic| Fault {
                line: found.line,
                column: found.column,
                message: found.message,
                hint: found.hint,
            };
            Err(Trouble { faults: diagnostics.list.into_iter().map(fault).collect(), ..Trouble::default() })
        }
    }
}

/// Plans a model.
pub(super) async fn plan(visit: &Visit, project: &str, model: ResourceModel) -> Result<Planned, ApiError> {
    let currency = model.currency.unwrap_or(visit.broker.settings.currency);
    let project = ProjectId::new(project).map_err(|error| ApiError::field("project", error.to_string()))?;
    match ask(visit, &project, &model).await {
        Ok(plan) => Ok(Planned::Plan(Box::new(model), Box::new(plan))),
        Err(OrchestratorError::Mco(McoError::Plan(PlanError::Infeasible(infeasible)))) => {
            let conflict = Some(ConflictView::new(visit.language(), &infeasible, currency));
            Ok(Planned::Trouble(Trouble { conflict, ..Trouble::default() }))
        }
        Err(error) => {
            let error = ApiError::from(error);
            if error.kind().status().is_server_error() {
                return Err(error);
            }
            Ok(Planned::Trouble(refused(&error)))
        }
    }
}

async fn ask(visit: &Visit, project: &ProjectId, model: &ResourceModel) -> Result<Plan, OrchestratorError> {
    visit.broker.orchestrator.plan(project, model, false).await
}

/// What the API would say, as trouble with a text.
pub(super) fn refused(error: &ApiError) -> Trouble {
    Trouble { refusal: Some(error.to_string()), ..Trouble::default() }
}

/// What people call sites and providers.
pub(super) async fn names(visit: &Visit) -> Result<Names, ApiError> {
    Ok(Names::of(&*visit.broker.catalogue.snapshot().await?))
}

/// A model as text for people.
pub(super) fn as_text(model: &ResourceModel) -> String {
    crate::config::to_yaml(&serde_json::to_value(model).unwrap_or_default())
}

/// `three-tier was deployed` and the like, where no language is at hand.
pub(super) fn title(language: Language, key: &str, name: &str) -> String {
    language.msg(key).with("name", name).to_string()
}
