//! `hansa plan`: where an application would run, what it costs and why.

use super::{Context, Table, arguments::PlanOptions, read_input, tosca, tosca_arguments::TemplateValues};
use crate::{
    client::Request,
    failure::Failure,
    http::wire::{ComponentReport, Plan, PlannedMachine, Proof},
};
use hansa_application::{is_template, write_descriptor};
use reqwest::Method;
use std::{fmt::Write, path::Path};

/// Asks for a plan and shows it.
pub(super) async fn run(context: &Context, options: &PlanOptions) -> Result<(), Failure> {
    let request = Request::new(Method::POST, &["plans"])
        .query("whatIf", options.what_if)
        .maybe_query("project", context.project.clone());
    let request = with_model(context, request, &options.model, &options.values).await?;
    let plan: Plan = context
        .client
        .json(request)
        .await
        .map_err(|error| error.failure(Some(&options.model.display().to_string())))?;
    context.output.show(&plan, plan_text)
}

/// The request with a resource model as its body. A template of TOSCA is made
/// one here, where the files are that it imports; what is not in it as the
/// template says is told.
pub(super) async fn with_model(
    context: &Context,
    request: Request,
    file: &Path,
    values: &TemplateValues,
) -> Result<Request, Failure> {
    let bytes = read_input(file)?;
    if is_template(&bytes) {
        let (model, report) = tosca::model(context.ca_file.as_deref(), file, bytes, values).await?;
        for remark in &report {
            eprintln!("{remark}");
        }
        return Ok(request.body("application/yaml", write_descriptor(&model)));
    }
    if !values.is_empty() {
        let why = "--input, --inputs and --allow-network are for templates of TOSCA";
        return Err(Failure::input(format!("{}: it is no such template, and {why}", file.display())));
    }
    let json = file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let content_type = if json { "application/json" } else { "application/yaml" };
    Ok(request.body(content_type, bytes))
}

/// A plan for people: machines, totals, proof, then why, component by component.
pub(crate) fn plan_text(plan: &Plan) -> String {
    let mut text = machines(plan);
    text.push_str("\n\n");
    line(&mut text, "Price", &format!("{} an hour", plan.price_per_hour));
    line(&mut text, "SLA", &availability(plan));
    line(&mut text, "Carbon", &carbon(plan));
    line(&mut text, "Proof", &proof(&plan.proof));
    for link in &plan.links {
        let worst = link.worst_latency_micros.map_or_else(
            || "round trip not stated".to_owned(),
            |micros| format!("{} ms round trip at worst", decimal_millis(micros)),
        );
        line(&mut text, "Link", &format!("{} → {}: {worst}", link.from, link.to));
    }
    for note in &plan.notes {
        line(&mut text, "Note", note);
    }
    for (name, report) in &plan.components {
        component(&mut text, name, report, plan);
    }
    text
}

fn machines(plan: &Plan) -> String {
    let headings = ["MACHINE", "OFFER", "SITE", "PROVIDER", "RUNS", "USED", "PRICE/H"];
    let mut table = Table::new("no machine is needed", headings).right(&[6]);
    for (number, machine) in plan.machines.iter().enumerate() {
        let kept = if machine.held.is_some() { " (kept)" } else { "" };
        table.row([
            format!("{}{kept}", number + 1),
            machine.title.clone(),
            short(&machine.site),
            short(&machine.provider),
            contents(machine),
            used(machine),
            machine.price_per_hour.to_string(),
        ]);
    }
    table.text()
}

fn availability(plan: &Plan) -> String {
    match &plan.availability_percent {
        Some(percent) => format!("{percent} % availability, all machines together"),
        None => "not stated by all of these offers".to_owned(),
    }
}

fn line(text: &mut String, name: &str, value: &str) {
    text.push_str(&format!("{name:<8} {value}\n"));
}

fn carbon(plan: &Plan) -> String {
    match &plan.carbon_intensity {
        Some(intensity) => format!("{} g CO2e an hour, at {intensity} g/kWh", plan.carbon_grams_per_hour),
        None => "not stated by these offers".to_owned(),
    }
}

fn proof(proof: &Proof) -> String {
    let searched = format!(
        "{} offers looked at, {} eligible, {} patterns, {} nodes",
        proof.offers_considered, proof.offers_eligible, proof.patterns, proof.nodes
    );
    match proof.status.as_str() {
        "optimal" => format!("optimal: no better plan exists ({searched})"),
        _ => format!("at most {:.2} % from the optimum ({searched})", proof.gap * 100.0),
    }
}

fn component(text: &mut String, name: &str, report: &ComponentReport, plan: &Plan) {
    let chosen: Vec<String> = plan
        .machines
        .iter()
        .filter(|machine| machine.instances.iter().any(|instance| instance.component == name))
        .map(|machine| format!("{} at {}", machine.title, short(&machine.site)))
        .collect();
    let mut unique = chosen;
    unique.dedup();
    let runs = if unique.is_empty() { "not deployed".to_owned() } else { format!("runs on {}", unique.join(", ")) };
    let written = writeln!(text, "\n{name} × {}: {runs}", report.replicas);
    debug_assert!(written.is_ok(), "writing to a String does not fail");
    for refusal in &report.refused {
        let reasons: Vec<&str> = refusal.reasons.iter().map(|reason| reason.text.as_str()).collect();
        text.push_str(&format!("  not {} ({}/h): {}\n", refusal.title, refusal.price_per_hour, reasons.join("; ")));
    }
    let counts: Vec<String> = report.refused_counts.iter().map(|(code, count)| format!("{count} by {code}")).collect();
    if !counts.is_empty() {
        text.push_str(&format!("  refused in all: {}\n", counts.join(", ")));
    }
}

fn contents(machine: &PlannedMachine) -> String {
    let names: Vec<String> =
        machine.instances.iter().map(|instance| format!("{}#{}", instance.component, instance.ordinal)).collect();
    names.join(" ")
}

fn used(machine: &PlannedMachine) -> String {
    format!(
        "{}/{} CPU, {}/{} MiB",
        decimal_millis_of_cpu(machine.used.cpu_milli),
        decimal_millis_of_cpu(machine.capacity.cpu_milli),
        machine.used.memory_mib,
        machine.capacity.memory_mib
    )
}

fn decimal_millis_of_cpu(milli: u64) -> String {
    rust_decimal::Decimal::new(i64::try_from(milli).unwrap_or(i64::MAX), 3).normalize().to_string()
}

fn decimal_millis(micros: u32) -> String {
    rust_decimal::Decimal::new(micros.into(), 3).normalize().to_string()
}

/// The last segment of an IRI: what people call it.
pub(crate) fn short(iri: &str) -> String {
    iri.rsplit(['/', '#', ':']).find(|part| !part.is_empty()).unwrap_or(iri).to_owned()
}
