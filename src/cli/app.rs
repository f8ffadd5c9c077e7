//! `hansa app …`: applications.

use super::{
    Context, Progress, Table,
    arguments::{AppCommand, WaitOptions},
    event, follow_operation,
    output::write,
    plan::{plan_text, short, with_model},
};
use crate::{
    client::Request,
    failure::Failure,
    http::wire::{
        Accepted, Application, ApplicationDetail, DeferredJob, MovePreview, MoveRequest, Operation, Plan, Revision,
        RollbackRequest, ScaleRequest, Scaling, ServiceLevel, ServiceLevels, UpdateStanding,
    },
};
use futures_util::StreamExt;
use hansa_repository::ambient::{IdSource, RandomIds};
use reqwest::Method;
use serde_json::json;
use std::path::Path;

/// Does what is asked of applications.
pub(super) async fn run(context: &Context, command: AppCommand) -> Result<(), Failure> {
    match command {
        AppCommand::List { all, orders, name } => list(context, all, orders, name).await,
        AppCommand::Show { application, plan } => show(context, &application, plan).await,
        AppCommand::Logs { application, component, instance, follow, tail } => {
            let request = Request::get(&["applications", &context.application(&application), "logs"])
                .maybe_query("component", component)
                .maybe_query("instance", instance)
                .maybe_query("tail", tail)
                .query("follow", follow);
            logs(context, request).await
        }
        AppCommand::Revisions { application } => revisions(context, &application).await,
        AppCommand::Scaling { application } => {
            let request = Request::get(&["applications", &context.application(&application), "scaling"]);
            let scaling: Scaling = context.client.json(request).await?;
            context.output.show(&scaling, scaling_text)
        }
        AppCommand::ServiceLevels { application } => {
            let request = Request::get(&["applications", &context.application(&application), "service-levels"]);
            let levels: ServiceLevels = context.client.json(request).await?;
            context.output.show(&levels, levels_text)
        }
        AppCommand::Watch { application } => event::watch(context, Some(context.application(&application)), None).await,
        AppCommand::Remove { application, dry_run, wait } => remove(context, &application, dry_run, &wait).await,
        changing => run_change(context, changing).await,
    }
}

/// Submits, updates, scales, goes back or moves.
async fn run_change(context: &Context, command: AppCommand) -> Result<(), Failure> {
    match command {
        AppCommand::Submit { model, values, dry_run, wait } => {
            let request =
                keyed(Request::new(Method::POST, &["applications"])).maybe_query("project", context.project.clone());
            let request = with_model(context, request, &model, &values).await?;
            change(context, request, Some(&model), dry_run, &wait).await
        }
        AppCommand::Update { application, model, values, if_version, dry_run, wait } => {
            let request = Request::new(Method::PUT, &["applications", &context.application(&application)]);
            let request = with_model(context, matching(request, if_version), &model, &values).await?;
            change(context, request, Some(&model), dry_run, &wait).await
        }
        AppCommand::Scale { application, replicas, if_version, dry_run, wait } => {
            let request = Request::new(Method::PATCH, &["applications", &context.application(&application)]);
            let body = json!(ScaleRequest { replicas: replicas.into_iter().collect() }).to_string();
            let request = matching(request, if_version).body("application/json", body);
            change(context, request, None, dry_run, &wait).await
        }
        AppCommand::Rollback { application, to, if_version, dry_run, wait } => {
            let request = Request::new(Method::POST, &["applications", &context.application(&application), "rollback"]);
            let body = json!(RollbackRequest { to }).to_string();
            let request = matching(keyed(request), if_version).body("application/json", body);
            change(context, request, None, dry_run, &wait).await
        }
        AppCommand::Promote { application, if_version, wait } => {
            let path = ["applications", &context.application(&application), "promote"];
            let request = matching(keyed(Request::new(Method::POST, &path)), if_version);
            change(context, request, None, false, &wait).await
        }
        AppCommand::Move { application, what, to, leave_volumes, if_version, dry_run, wait } => {
            let request = Request::new(Method::POST, &["applications", &context.application(&application), "move"]);
            let body = json!(MoveRequest { what, to, leave_volumes }).to_string();
            let request = matching(keyed(request), if_version).body("application/json", body);
            rearrange(context, request, dry_run, &wait).await
        }
        AppCommand::Consolidate { application, if_version, dry_run, wait } => {
            let path = ["applications", &context.application(&application), "consolidate"];
            let request = matching(keyed(Request::new(Method::POST, &path)), if_version);
            rearrange(context, request, dry_run, &wait).await
        }
        _ => Err(Failure::failed("this command changes nothing")),
    }
}

/// With a key of its own, so that a repetition on the way has no second effect.
fn keyed(request: Request) -> Request {
    request.header("Idempotency-Key", RandomIds.next().to_string())
}

fn matching(request: Request, version: Option<i64>) -> Request {
    match version {
        Some(version) => request.header("If-Match", format!("\"{version}\"")),
        None => request,
    }
}

/// Sends a change, or asks what it would do.
async fn change(
    context: &Context,
    request: Request,
    file: Option<&Path>,
    dry_run: bool,
    wait: &WaitOptions,
) -> Result<(), Failure> {
    let file = file.map(|file| file.display().to_string());
    if dry_run {
        let plan: Plan =
            context.client.json(request.query("dryRun", true)).await.map_err(|error| error.failure(file.as_deref()))?;
        return context.output.show(&plan, plan_text);
    }
    let accepted: Accepted = context.client.json(request).await.map_err(|error| error.failure(file.as_deref()))?;
    for warning in &accepted.warnings {
        eprintln!("warning: {warning}");
    }
    if !wait.wait {
        return context.output.show(&accepted, accepted_text);
    }
    follow_operation(&context.client, &accepted.operation, wait.timeout, &mut Progress::new()).await?;
    show(context, &accepted.application, false).await
}

/// Moves something, or shows what that would come to.
async fn rearrange(context: &Context, request: Request, dry_run: bool, wait: &WaitOptions) -> Result<(), Failure> {
    if !dry_run {
        return change(context, request, None, false, wait).await;
    }
    let preview: MovePreview = context.client.json(request.query("dryRun", true)).await?;
    context.output.show(&preview, |preview| {
        let mut table = Table::new("nothing moves", ["INSTANCE", "FROM", "TO"]);
        for one in &preview.moves {
            let to = one.to.as_ref().map_or_else(|| "-".to_owned(), |to| spot(&to.offer, &to.site));
            table.row([one.instance.clone(), spot(&one.from.offer, &one.from.site), to]);
        }
        let away: String = preview.interruptions.iter().map(|one| format!("{}\n", one.text)).collect();
        format!(
            "{}\n{away}price   {} an hour, {} now\n",
            table.text(),
            preview.price_per_hour,
            preview.price_per_hour_now
        )
    })
}

fn spot(offer: &str, site: &str) -> String {
    format!("{} at {}", short(offer), short(site))
}

fn scaling_text(scaling: &Scaling) -> String {
    let mut table = Table::new("no policy has decided anything yet", ["TARGET", "WANTED", "WHY"]).right(&[1]);
    for decision in &scaling.decisions {
        table.row([decision.target.clone(), decision.to.to_string(), decision.why()]);
    }
    table.text()
}

fn levels_text(levels: &ServiceLevels) -> String {
    let head = ["LEVEL", "STATE", "TARGET", "WINDOW", "GOOD", "BUDGET SPENT", "LATEST"];
    let mut table = Table::new("its description states no service level", head).right(&[2, 4, 5]);
    let percent = |known: Option<f64>| known.map_or_else(|| "-".to_owned(), |known| format!("{known} %"));
    for level in &levels.items {
        let ServiceLevel { name, state, target, window, good_percent, budget_spent_percent, .. } = level;
        let (good, spent) = (percent(*good_percent), percent(*budget_spent_percent));
        table.row([name.clone(), state.clone(), format!("{target} %"), window.clone(), good, spent, level.found()]);
    }
    table.text()
}

fn accepted_text(accepted: &Accepted) -> String {
    format!(
        "application {}\noperation   {}  (follow it: hansa operation show {} --wait)",
        accepted.application, accepted.operation, accepted.operation
    )
}

async fn remove(context: &Context, application: &str, dry_run: bool, wait: &WaitOptions) -> Result<(), Failure> {
    let request = Request::new(Method::DELETE, &["applications", &context.application(application)]);
    if dry_run {
        let detail: ApplicationDetail = context.client.json(request.query("dryRun", true)).await?;
        return context.output.show(&detail, |detail| format!("These would go:\n\n{}", detail_text(detail)));
    }
    let accepted: Accepted = context.client.json(request).await?;
    if !wait.wait {
        return context.output.show(&accepted, accepted_text);
    }
    let operation = follow_operation(&context.client, &accepted.operation, wait.timeout, &mut Progress::new()).await?;
    context.output.show(&operation, |_: &Operation| format!("{application} is gone"))
}

async fn list(context: &Context, all: bool, orders: bool, name: Option<String>) -> Result<(), Failure> {
    let request = Request::get(&["applications"])
        .maybe_query("project", context.project.clone())
        .query("includeRemoved", all)
        .query("includeOrders", orders)
        .maybe_query("namePrefix", name);
    let applications: Vec<Application> = context.client.list(request, usize::MAX).await?;
    context.output.show(&applications, |applications| {
        let mut table =
            Table::new("there is no application", ["NAME", "PHASE", "REVISION", "UPDATED", "ID"]).right(&[2]);
        for application in applications {
            table.row([
                application.name.clone(),
                phase(application),
                application.revision.to_string(),
                event::time(application.updated_at),
                application.id.clone(),
            ]);
        }
        table.text()
    })
}

fn phase(application: &Application) -> String {
    match &application.phase.reason {
        Some(reason) => format!("{} ({reason})", application.phase.state),
        None => application.phase.state.clone(),
    }
}

async fn show(context: &Context, application: &str, plan: bool) -> Result<(), Failure> {
    if plan {
        let plan: Plan =
            context.client.json(Request::get(&["applications", &context.application(application), "plan"])).await?;
        return context.output.show(&plan, plan_text);
    }
    let detail: ApplicationDetail =
        context.client.json(Request::get(&["applications", &context.application(application)])).await?;
    context.output.show(&detail, detail_text)
}

fn detail_text(detail: &ApplicationDetail) -> String {
    let application = &detail.application;
    let price = detail.plan.as_ref().map_or_else(|| "-".to_owned(), |plan| format!("{} an hour", plan.price_per_hour));
    let mut text = format!(
        "{} (revision {}): {}\nid      {}\nprice   {price}\n",
        application.name,
        application.revision,
        phase(application),
        application.id
    );
    if let Some(update) = &detail.update {
        text.push_str(&update_text(update));
    }
    let mut workloads =
        Table::new("no workload", ["WORKLOAD", "STATE", "SITE", "NODE", "ENDPOINTS", "PID", "RESTARTS"]).right(&[5, 6]);
    for workload in &detail.workloads {
        let endpoints: Vec<String> =
            workload.endpoints.iter().map(|(name, address)| format!("{name}={address}")).collect();
        workloads.row([
            format!("{}#{}{}", workload.component, workload.ordinal, if workload.beside { " (beside)" } else { "" }),
            workload.reason.as_ref().map_or_else(|| workload.state.clone(), |why| format!("{}: {why}", workload.state)),
            short(&workload.site),
            workload
                .partner
                .as_ref()
                .map_or_else(|| workload.node.clone().unwrap_or_default(), |partner| format!("at {partner}")),
            endpoints.join(" "),
            workload.pid.map(|pid| pid.to_string()).unwrap_or_default(),
            workload.restarts.to_string(),
        ]);
    }
    text.push('\n');
    text.push_str(&workloads.text());
    if !detail.deferred.is_empty() {
        text.push('\n');
        text.push_str(&jobs_text(&detail.deferred));
    }
    text
}

/// A revision that takes the place of another all at once.
fn update_text(update: &UpdateStanding) -> String {
    let until = update.until.map(|until| format!(" until {}", event::time(until))).unwrap_or_default();
    let why = update.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("update  revision {} beside {}: {}{until}{why}\n", update.revision, update.from, update.stage)
}

/// Jobs that may wait, or did.
fn jobs_text(jobs: &[DeferredJob]) -> String {
    let mut table =
        Table::new("", ["JOB", "STATE", "BEGIN", "SITE", "BY", "DONE BY", "EXPECTED TO SAVE G"]).right(&[6]);
    for job in jobs {
        table.row([
            job.component.clone(),
            job.state.clone(),
            job.begin.map(event::time).unwrap_or_default(),
            job.site.as_deref().map(short).unwrap_or_default(),
            event::time(job.latest),
            event::time(job.deadline),
            job.expected_grams.map(|grams| grams.round_dp(3).normalize().to_string()).unwrap_or_default(),
        ]);
    }
    table.text()
}

async fn revisions(context: &Context, application: &str) -> Result<(), Failure> {
    let request = Request::get(&["applications", &context.application(application), "revisions"]);
    let revisions: Vec<Revision> = context.client.list(request, usize::MAX).await?;
    context.output.show(&revisions, |revisions| {
        let mut table = Table::new("there is no revision", ["REVISION", "MADE", "BY", "RAN", "CHANGED"]).right(&[0]);
        for revision in revisions {
            let restored = revision.restores.map(|number| format!("as revision {number}"));
            let changed = revision.changes.iter().map(|change| change.pointer.clone());
            let what: Vec<String> = restored.into_iter().chain(changed).collect();
            table.row([
                revision.number.to_string(),
                event::time(revision.created_at),
                revision.actor.clone(),
                revision.ran_at.map_or_else(|| "never".to_owned(), event::time),
                what.join(", "),
            ]);
        }
        table.text()
    })
}

/// Copies the lines as they come.
async fn logs(context: &Context, request: Request) -> Result<(), Failure> {
    let answer = context.client.send(request).await?;
    let mut bytes = answer.bytes_stream();
    while let Some(chunk) = bytes.next().await {
        let chunk = chunk.map_err(crate::client::ClientError::Transport)?;
        write(&chunk)?;
    }
    Ok(())
}
