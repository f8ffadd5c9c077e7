//! What can be typed behind `hansa usage`.

use chrono::NaiveDate;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What a project has used, and what that costs.
#[derive(Debug, Subcommand)]
pub(crate) enum UsageCommand {
    /// What was used so far, by meter.
    List(UsageOptions),
    /// What the use costs so far, before tax.
    Cost(UsageOptions),
    /// What a month will have cost at its end, before tax.
    Forecast {
        /// Only of this application: name or id.
        #[arg(long, value_name = "APPLICATION")]
        application: Option<String>,
        /// The month, such as 2026-11. Without it: this month.
        #[arg(long, value_name = "MONTH")]
        month: Option<String>,
    },
    /// Export a month as FOCUS 1.2 (FinOps Open Cost and Usage Specification).
    Export {
        /// Where it is written; `-` for standard output.
        file: PathBuf,
        /// The month, such as 2026-11. Without it: this month.
        #[arg(long, value_name = "MONTH")]
        month: Option<String>,
        /// csv or parquet. Without it: what the file's name ends with, or csv.
        #[arg(long, value_name = "FORMAT")]
        format: Option<String>,
    },
}

/// Which use, and put together by what.
#[derive(Debug, Args)]
pub(crate) struct UsageOptions {
    /// What has a row of its own: month, day, application, provider, offer, plan, meter, resource, thing or kind;
    /// several with commas between.
    #[arg(long, value_name = "DIMENSION", value_delimiter = ',', default_value = "application")]
    pub by: Vec<String>,
    /// Only of this application: name or id.
    #[arg(long, value_name = "APPLICATION")]
    pub application: Option<String>,
    /// From this day on, such as 2026-11-01. Without it: the first of this month.
    #[arg(long, value_name = "DAY")]
    pub from: Option<NaiveDate>,
    /// Through this day. Without it: today.
    #[arg(long, value_name = "DAY")]
    pub through: Option<NaiveDate>,
}
