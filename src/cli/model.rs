//! `hansa model …`: resource models, without a broker.

use super::{arguments::ModelCommand, output::write, read_input};
use crate::failure::Failure;
use std::path::PathBuf;

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

fn check(models: &[PathBuf]) -> Result<(), Failure> {
    let mut faults = Vec::new();
    for file in models {
        let (name, bytes) = (file.display().to_string(), read_input(file)?);
        let text = String::from_utf8_lossy(&bytes);
        match hansa_application::read_descriptor_bytes(&bytes) {
            Ok(described) => {
                let parts = described.model.components.len();
                write(
                    format!("{name}: no fault found; `{}` has {parts} components\n", described.model.name).as_bytes(),
                )?;
                for warning in &described.warnings {
                    write(format!("warning: {}\n", warning.render(&name, &text)).as_bytes())?;
                }
            }
            Err(diagnostics) => {
                faults.extend(diagnostics.list.iter().map(|fault| fault.render(&name, &text).replace('\n', "\n  ")));
                if diagnostics.omitted > 0 {
                    faults.push(format!("{name}: and {} more", diagnostics.omitted));
                }
            }
        }
    }
    match faults.len() {
        0 => Ok(()),
        1 => Err(Failure::input("1 fault").with_details(faults)),
        count => Err(Failure::input(format!("{count} faults")).with_details(faults)),
    }
}
