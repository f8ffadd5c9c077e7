//! What can be typed behind `hansa policy`.

use super::tosca_arguments::TemplateValues;
use clap::{Args, Subcommand, ValueEnum};
use hansa_ontology::quantity::TimeSpan;
use hansa_scaling::replay::{Model, Objective, ReplayOptions};
use std::path::PathBuf;

/// Scaling policies.
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Replay recorded measurements through the policies of models: what they would decide, and what that would take.
    Test(Box<PolicyTest>),
}

/// Which policies, over what.
#[derive(Debug, Args)]
pub(crate) struct PolicyTest {
    /// Resource models, or templates of TOSCA; several are compared. `-` for one on standard input.
    #[arg(value_name = "FILE", required = true, num_args = 1..)]
    pub files: Vec<PathBuf>,
    /// What was measured: CSV of time, name and value, or JSON lines; `-` for standard input.
    #[arg(value_name = "SERIES", required = true)]
    pub series: PathBuf,
    /// Only this component or machine group.
    #[arg(long, value_name = "NAME")]
    pub component: Option<String>,
    /// The time between two rounds, from 1s on: as the broker's `scaling.interval`.
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = interval)]
    pub interval: TimeSpan,
    /// How measurements react: `shared` takes what was recorded as the load of all instances.
    #[arg(long, value_enum, default_value_t)]
    pub model: LoadModel,
    /// How long an instance takes until it is ready.
    #[arg(long, value_name = "TIME", default_value = "0s")]
    pub ready_after: TimeSpan,
    /// A sample older than this is no longer a measurement.
    #[arg(long, value_name = "TIME", default_value = "5m")]
    pub stale_after: TimeSpan,
    /// What an instance can do: a name of the series, which is the load of all, and the most that one instance bears.
    #[arg(long, value_name = "METRIC=MOST", value_parser = objective)]
    pub objective: Option<Objective>,
    /// How many there are at the beginning. Without it: `min`.
    #[arg(long, value_name = "NUMBER")]
    pub start: Option<u32>,
    /// Show every decision. Without it a table has those that change the number, JSON and YAML all.
    #[arg(long)]
    pub all: bool,
    /// Show only decisions that change the number.
    #[arg(long, conflicts_with = "all")]
    pub changes: bool,
    #[command(flatten)]
    pub values: TemplateValues,
}

/// How measurements react to the number of instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum LoadModel {
    /// Not at all: what was recorded is what is measured.
    #[default]
    Recorded,
    /// What was recorded is the load of all: each ready instance measures its share.
    Shared,
}

impl PolicyTest {
    /// How the replay runs.
    pub(super) fn options(&self) -> ReplayOptions {
        ReplayOptions {
            interval: self.interval,
            start: self.start,
            ready_after: self.ready_after,
            model: match self.model {
                LoadModel::Recorded => Model::Recorded,
                LoadModel::Shared => Model::Shared,
            },
            stale_after: self.stale_after,
            objective: self.objective.clone(),
        }
    }
}

fn interval(text: &str) -> Result<TimeSpan, String> {
    match text.parse::<TimeSpan>() {
        Ok(span) if span >= TimeSpan::from_millis(1_000) => Ok(span),
        Ok(span) => Err(format!("{span} is too short: give 1s or more")),
        Err(error) => Err(error.to_string()),
    }
}

/// The last `=` counts: a query may hold others.
fn objective(text: &str) -> Result<Objective, String> {
    let wrong = || "write it as METRIC=MOST, such as cpu:utilization=80".to_owned();
    let (metric, most) = text.rsplit_once('=').ok_or_else(wrong)?;
    let most: f64 = most.trim().parse().map_err(|fault| format!("{}: `{most}`: {fault}", wrong()))?;
    if metric.is_empty() || !most.is_finite() || most <= 0.0 {
        return Err(format!("{}; MOST is greater than 0", wrong()));
    }
    Ok(Objective { metric: metric.to_owned(), most })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_objective_is_a_name_and_a_number() {
        let read = objective("promql:sum(a{b=\"c\"})=2.5").unwrap();
        assert_eq!((read.metric.as_str(), read.most.to_string().as_str()), ("promql:sum(a{b=\"c\"})", "2.5"));
        for text in ["cpu:utilization", "=3", "a=much", "a=0", "a=inf"] {
            assert!(objective(text).unwrap_err().contains("METRIC=MOST"), "{text}");
        }
    }

    #[test]
    fn rounds_are_a_second_apart_at_least() {
        assert_eq!(interval("15s"), Ok(TimeSpan::from_millis(15_000)));
        assert!(interval("10ms").unwrap_err().contains("1s or more"));
        assert!(interval("soon").is_err());
    }
}
