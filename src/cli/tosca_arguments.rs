//! What can be typed behind `hansa tosca`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Templates of TOSCA.
#[derive(Debug, Subcommand)]
pub(crate) enum ToscaCommand {
    /// Check a template with all that it imports: every fault with file, line and column.
    Validate(TemplateOptions),
    /// Show what a template describes: nodes with their types, values worked out, relationships, policies.
    Show(TemplateOptions),
    /// Make a resource model of a template. The model goes to standard output, what was not carried over to standard error.
    Convert(TemplateOptions),
}

/// Which template, and with what.
#[derive(Debug, Args)]
pub(crate) struct TemplateOptions {
    /// The template (YAML) or package (CSAR); `-` for a template on standard input.
    #[arg(value_name = "FILE")]
    pub template: PathBuf,
    #[command(flatten)]
    pub values: TemplateValues,
}

/// What a template is read with.
#[derive(Debug, Args)]
pub(crate) struct TemplateValues {
    /// A value for an input, as YAML; may be repeated.
    #[arg(long = "input", value_name = "NAME=VALUE", value_parser = pair)]
    pub input: Vec<(String, String)>,
    /// A file with values for inputs, YAML or JSON. `--input` goes before it.
    #[arg(long, value_name = "FILE")]
    pub inputs: Option<PathBuf>,
    /// Fetch imports that are neither beside the template nor built in, over https alone.
    #[arg(long)]
    pub allow_network: bool,
}

impl TemplateValues {
    /// Whether nothing was said.
    pub(crate) fn is_empty(&self) -> bool {
        self.input.is_empty() && self.inputs.is_none() && !self.allow_network
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}
