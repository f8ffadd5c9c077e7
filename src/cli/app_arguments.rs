//! What can be typed about applications.

use super::tosca_arguments::TemplateValues;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// How a command waits for its operation.
#[derive(Debug, Clone, Args)]
pub(crate) struct WaitOptions {
    /// Wait until it is done, with progress on standard error.
    #[arg(long)]
    pub wait: bool,
    /// How long to wait.
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = humantime::parse_duration)]
    pub timeout: std::time::Duration,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AppCommand {
    /// Submit an application.
    Submit {
        /// The resource model (YAML or JSON) or a template of TOSCA; `-` for standard input.
        #[arg(value_name = "FILE")]
        model: PathBuf,
        #[command(flatten)]
        values: TemplateValues,
        /// Only show the plan; write nothing.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        wait: WaitOptions,
    },
    /// List applications.
    List {
        /// Also those that are removed.
        #[arg(long)]
        all: bool,
        /// Also partners' orders, which this broker delivers.
        #[arg(long)]
        orders: bool,
        /// Only those whose name begins so.
        #[arg(long, value_name = "PREFIX")]
        name: Option<String>,
    },
    /// Show an application: where it stands, its machines and workloads.
    Show {
        /// Name or id.
        application: String,
        /// Show the plan in force with its reasons instead.
        #[arg(long)]
        plan: bool,
    },
    /// Put another resource model in an application's place.
    Update {
        /// Name or id.
        application: String,
        /// The resource model (YAML or JSON) or a template of TOSCA; `-` for standard input.
        #[arg(value_name = "FILE")]
        model: PathBuf,
        #[command(flatten)]
        values: TemplateValues,
        /// Only if the application still has this version.
        #[arg(long, value_name = "VERSION")]
        if_version: Option<i64>,
        /// Only show the plan; write nothing.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        wait: WaitOptions,
    },
    /// Change the number of instances of components.
    Scale {
        /// Name or id.
        application: String,
        /// The component and how many instances of it.
        #[arg(required = true, value_name = "COMPONENT=COUNT", value_parser = component_count)]
        replicas: Vec<(String, u32)>,
        /// Only if the application still has this version.
        #[arg(long, value_name = "VERSION")]
        if_version: Option<i64>,
        /// Only show the plan; write nothing.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        wait: WaitOptions,
    },
    /// List the revisions of an application, the newest first, with what each changed.
    Revisions {
        /// Name or id.
        application: String,
    },
    /// Go back to an earlier revision: the next revision takes over its model.
    Rollback {
        /// Name or id.
        application: String,
        /// The revision; without it the last one that ran and asked for something else.
        #[arg(long, value_name = "REVISION", value_parser = clap::value_parser!(i64).range(1..))]
        to: Option<i64>,
        /// Only if the application still has this version.
        #[arg(long, value_name = "VERSION")]
        if_version: Option<i64>,
        /// Only show the plan; write nothing.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        wait: WaitOptions,
    },
    /// Lead callers to the revision that waits beside the one that runs (`update.promote: manual`).
    Promote {
        /// Name or id.
        application: String,
        /// Only if the application still has this version.
        #[arg(long, value_name = "VERSION")]
        if_version: Option<i64>,
        #[command(flatten)]
        wait: WaitOptions,
    },
    /// Move instances elsewhere: their replacements work before they go.
    Move {
        /// Name or id.
        application: String,
        /// Instances such as web#0, or ids of machines of which all goes.
        #[arg(required = true, value_name = "INSTANCE|MACHINE")]
        what: Vec<String>,
        /// Where to: a site, an offer or the id of a machine of the application; may be repeated.
        /// Without it anywhere but to another machine of the same offer.
        #[arg(long, value_name = "SITE|OFFER|MACHINE")]
        to: Vec<String>,
        /// Don't copy the data in volumes: what keeps some begins with empty ones.
        #[arg(long)]
        leave_volumes: bool,
        /// Only if the application still has this version.
        #[arg(long, value_name = "VERSION")]
        if_version: Option<i64>,
        /// Only show what would move where, and what is away meanwhile.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        wait: WaitOptions,
    },
    /// Empty the least used machine into the others, and give it back.
    Consolidate {
        /// Name or id.
        application: String,
        /// Only if the application still has this version.
        #[arg(long, value_name = "VERSION")]
        if_version: Option<i64>,
        /// Only show what would move, and what that saves.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        wait: WaitOptions,
    },
    /// Show what the scaling policies of an application last decided, and why.
    Scaling {
        /// Name or id.
        application: String,
    },
    /// Show how the service levels of an application stand against their targets.
    ServiceLevels {
        /// Name or id.
        application: String,
    },
    /// Show the output of an application's workloads.
    Logs {
        /// Name or id.
        application: String,
        /// Only of this component.
        #[arg(long)]
        component: Option<String>,
        /// Only of this instance of the component, from 0.
        #[arg(long, value_name = "ORDINAL")]
        instance: Option<u32>,
        /// Go on with new lines.
        #[arg(long, short)]
        follow: bool,
        /// Only so many of the last lines of each workload.
        #[arg(long, value_name = "LINES")]
        tail: Option<usize>,
    },
    /// Watch what happens to an application.
    Watch {
        /// Name or id.
        application: String,
    },
    /// Take an application away, with everything that belongs to it.
    Remove {
        /// Name or id.
        application: String,
        /// Only show what would be removed.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        wait: WaitOptions,
    },
}

fn component_count(text: &str) -> Result<(String, u32), String> {
    let wrong = || format!("`{text}` is not COMPONENT=COUNT, such as application=3");
    let (component, count) = text.split_once('=').ok_or_else(wrong)?;
    match count.parse() {
        Ok(count) if !component.is_empty() => Ok((component.to_owned(), count)),
        _ => Err(wrong()),
    }
}
