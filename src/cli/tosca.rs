//! `hansa tosca …`: templates of TOSCA, without a broker.

use super::{
    Output, OutputFormat, Table,
    output::{write, write_text},
    read_input,
    tosca_arguments::{TemplateOptions, TemplateValues, ToscaCommand},
    tosca_files::{Folder, Network, folder_of},
};
use crate::failure::Failure;
use hansa_application::{
    Diagnostic, Severity,
    tosca::{
        Fetch, Inputs, Offline, Outcome, ServiceTemplate, Source, TemplateView,
        convert::{Converted, Remark},
        read,
    },
    write_descriptor,
};
use hansa_ontology::ResourceModel;
use serde::Serialize;
use std::path::Path;

/// What is said of a template of which no model comes.
const NO_MODEL: &str = "no resource model can be made of this template: see the report";

/// What `validate` answers programs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Verdict {
    valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    diagnostics: Vec<Diagnostic>,
    #[serde(skip_serializing_if = "is_zero")]
    omitted: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// Checks, shows or converts a template.
pub(super) async fn run(format: OutputFormat, ca_file: Option<&Path>, command: ToscaCommand) -> Result<(), Failure> {
    let (ToscaCommand::Validate(TemplateOptions { template: file, values })
    | ToscaCommand::Show(TemplateOptions { template: file, values })
    | ToscaCommand::Convert(TemplateOptions { template: file, values })) = &command;
    let outcome = read_template(ca_file, file, read_input(file)?, values).await?;
    match command {
        ToscaCommand::Validate(_) => validate(format, file, outcome),
        ToscaCommand::Show(_) => Output::new(format).show(&good(file, outcome)?.view(), show_text),
        ToscaCommand::Convert(_) => convert(format, &good(file, outcome)?.convert()),
    }
}

/// Reads a template's bytes with all that it imports.
async fn read_template(
    ca_file: Option<&Path>,
    file: &Path,
    bytes: Vec<u8>,
    values: &TemplateValues,
) -> Result<Outcome, Failure> {
    let inputs = Inputs {
        given: values.input.clone(),
        file: match &values.inputs {
            Some(file) => Some((file.display().to_string(), read_input(file)?)),
            None => None,
        },
    };
    let folder = Folder(folder_of(file));
    let name = file.file_name().map_or_else(|| "-".to_owned(), |name| name.to_string_lossy().into_owned());
    let network = if values.allow_network { Some(Network::new(ca_file)?) } else { None };
    // Reading may wait for the network, and computes.
    let read = tokio::task::spawn_blocking(move || {
        let fetch: &dyn Fetch = match &network {
            Some(network) => network,
            None => &Offline,
        };
        read(&Source { name: &name, bytes: &bytes, files: &folder }, fetch, &inputs)
    });
    read.await.map_err(|error| Failure::failed(format!("the template can't be read: {error}")))
}

/// The template, where it has no error; warnings are told.
fn good(file: &Path, mut outcome: Outcome) -> Result<ServiceTemplate, Failure> {
    match outcome.template.take() {
        Some(template) => {
            for warning in outcome.diagnostics.iter().filter(|found| found.severity == Severity::Warning) {
                eprintln!("warning: {}", outcome.render(warning));
            }
            Ok(template)
        }
        None => Err(faults(file, &outcome)),
    }
}

/// The model that a template becomes, and what is not in it as it was said.
pub(super) async fn model(
    ca_file: Option<&Path>,
    file: &Path,
    bytes: Vec<u8>,
    values: &TemplateValues,
) -> Result<(ResourceModel, Vec<Remark>), Failure> {
    let outcome = read_template(ca_file, file, bytes, values).await?;
    let Converted { model, report, .. } = good(file, outcome)?.convert();
    match model {
        Some(model) => Ok((model, report)),
        None => Err(Failure::input(NO_MODEL).with_details(report.iter().map(ToString::to_string).collect())),
    }
}

/// All that is wrong, and the warnings with it.
fn faults(file: &Path, outcome: &Outcome) -> Failure {
    let errors = outcome.diagnostics.iter().filter(|found| found.severity.is_error()).count();
    let told = outcome.diagnostics.iter().filter(|found| found.severity != Severity::Note);
    let mut details: Vec<String> = told
        .map(|found| format!("{}: {}", found.severity.as_str(), outcome.render(found)).replace('\n', "\n  "))
        .collect();
    if outcome.omitted > 0 {
        details.push(format!("and {} more", outcome.omitted));
    }
    let name = file.display();
    let count = if errors == 1 { "1 fault".to_owned() } else { format!("{errors} faults") };
    Failure::input(format!("{name}: {count}")).with_details(details)
}

fn validate(format: OutputFormat, file: &Path, outcome: Outcome) -> Result<(), Failure> {
    if format != OutputFormat::Table {
        let (valid, failure) = (outcome.template.is_some(), faults(file, &outcome));
        let version = outcome.template.as_ref().map(|template| template.version().to_string());
        let verdict = Verdict { valid, version, diagnostics: outcome.diagnostics, omitted: outcome.omitted };
        Output::new(format).show(&verdict, |_| String::new())?;
        // The answer has the details already.
        return if valid { Ok(()) } else { Err(failure.with_details(Vec::new())) };
    }
    let Some(template) = &outcome.template else {
        return Err(faults(file, &outcome));
    };
    let view = template.view();
    let name = file.display();
    let what = if template.describes() {
        format!("TOSCA {}, {} nodes, {} policies", view.version, view.nodes.len(), view.policies.len())
    } else {
        format!("TOSCA {}, types alone", view.version)
    };
    write_text(&format!("{name}: no fault found; {what}\n"))?;
    for found in &outcome.diagnostics {
        write_text(&format!("{}: {}\n", found.severity.as_str(), outcome.render(found)))?;
    }
    if outcome.omitted > 0 {
        write_text(&format!("and {} more\n", outcome.omitted))?;
    }
    Ok(())
}

/// A template for people: nodes, what each needs, values, policies.
fn show_text(view: &TemplateView) -> String {
    let mut table = Table::new("it describes no node", ["NODE", "TYPE", "NEEDS"]);
    for (name, node) in &view.nodes {
        let needs: Vec<String> = node
            .requirements
            .iter()
            .map(|need| format!("{}={}", need.name, need.target.as_deref().unwrap_or("?")))
            .collect();
        table.row([name.clone(), node.node_type.clone(), needs.join(" ")]);
    }
    let mut text = format!("TOSCA {}\n\n{}\n", view.version, table.text());
    for (name, node) in view.nodes.iter().filter(|(_, node)| !node.properties.is_empty()) {
        text.push_str(&format!("\n{name}\n"));
        for (property, value) in &node.properties {
            text.push_str(&format!("  {property}: {value}\n"));
        }
    }
    if !view.policies.is_empty() {
        let mut table = Table::new("no policy", ["POLICY", "TYPE", "TARGETS"]);
        for policy in &view.policies {
            table.row([policy.name.clone(), policy.policy_type.clone(), policy.targets.join(" ")]);
        }
        text.push_str(&format!("\n{}\n", table.text()));
    }
    for (name, value) in &view.inputs {
        text.push_str(&format!("\ninput {name}: {value}"));
    }
    for (name, value) in &view.outputs {
        text.push_str(&format!("\noutput {name}: {value}"));
    }
    text
}

fn convert(format: OutputFormat, converted: &Converted) -> Result<(), Failure> {
    if format != OutputFormat::Table {
        Output::new(format).show(converted, |_| String::new())?;
    } else {
        for remark in &converted.report {
            eprintln!("{remark}");
        }
    }
    match &converted.model {
        Some(model) if format == OutputFormat::Table => write(write_descriptor(model).as_bytes()),
        Some(_) => Ok(()),
        None => Err(Failure::input(NO_MODEL)),
    }
}
