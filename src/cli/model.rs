//! `hansa model …`: resource models, without a broker.

use super::{arguments::ModelCommand, output::write, read_input};
use crate::failure::Failure;
use hansa_ontology::ResourceModel;
use std::path::{Path, PathBuf};

/// Checks models, or prints their schema.
pub(super) fn run(command: &ModelCommand) -> Result<(), Failure> {
    match command {
        ModelCommand::Check { models } => check(models),
        ModelCommand::Schema => {
            let schema = serde_json::to_string_pretty(&hansa_application::json_schema());
            let schema = schema.map_err(|error| Failure::failed(format!("the schema can't be shown: {error}")))?;
            write(format!("{schema}\n").as_bytes())
        }
    }
}

/// Reads a model; its warnings as lines that name their place.
///
/// # Errors
/// Everything that is wrong with it, each as lines that name their place.
pub(super) fn read_model(file: &Path, bytes: &[u8]) -> Result<(ResourceModel, Vec<String>), Vec<String>> {
    let (name, text) = (file.display().to_string(), String::from_utf8_lossy(bytes));
    match hansa_application::read_descriptor_bytes(bytes) {
        Ok(described) => {
            let warnings = described.warnings.iter().map(|warning| warning.render(&name, &text)).collect();
            Ok((described.model, warnings))
        }
        Err(diagnostics) => {
            let rendered = diagnostics.list.iter().map(|fault| fault.render(&name, &text).replace('\n', "\n  "));
            let more = (diagnostics.omitted > 0).then(|| format!("{name}: and {} more", diagnostics.omitted));
            Err(rendered.chain(more).collect())
        }
    }
}

/// What ends a command that was given models with faults.
pub(super) fn refused(faults: Vec<String>) -> Failure {
    let count = if faults.len() == 1 { "1 fault".to_owned() } else { format!("{} faults", faults.len()) };
    Failure::input(count).with_details(faults)
}

fn check(models: &[PathBuf]) -> Result<(), Failure> {
    let mut faults = Vec::new();
    for file in models {
        let bytes = read_input(file)?;
        if hansa_application::is_template(&bytes) {
            let name = file.display();
            faults.push(format!("{name}: it is a template of TOSCA: `hansa tosca validate {name}` checks it"));
            continue;
        }
        match read_model(file, &bytes) {
            Ok((model, warnings)) => {
                let parts = model.components.len();
                let found = format!("{}: no fault found; `{}` has {parts} components\n", file.display(), model.name);
                write(found.as_bytes())?;
                for warning in warnings {
                    write(format!("warning: {warning}\n").as_bytes())?;
                }
            }
            Err(more) => faults.extend(more),
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(refused(faults)) }
}
