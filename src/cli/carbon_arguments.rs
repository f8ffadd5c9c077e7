//! What can be typed behind `hansa carbon` and `hansa intensity`.

use chrono::{DateTime, NaiveDate, Utc};
use clap::{Args, Subcommand};
use rust_decimal::Decimal;
use std::path::PathBuf;

/// What a project drew and emitted, and how it would emit less.
#[derive(Debug, Subcommand)]
pub(crate) enum CarbonCommand {
    /// Energy and carbon so far.
    List(CarbonOptions),
    /// Applications, sites or hardware beside each other: carbon for each processor-hour that components reserved.
    Compare(CompareOptions),
    /// The software carbon intensity of an application (ISO/IEC 21031).
    Sci(SciOptions),
    /// Moves of running applications that would save carbon.
    Advice(AdviceOptions),
    /// What jobs saved that waited for better hours: expected and achieved.
    Savings(SavingsOptions),
    /// What months shall emit at most: list, set, remove.
    #[command(subcommand)]
    Limit(CarbonLimitCommand),
}

/// From which day on, through which.
#[derive(Debug, Args)]
pub(crate) struct DayOptions {
    /// From this day of UTC on, such as 2026-11-01. Without it: the first of this month.
    #[arg(long, value_name = "DAY")]
    pub from: Option<NaiveDate>,
    /// Through this day of UTC. Without it: today.
    #[arg(long, value_name = "DAY")]
    pub through: Option<NaiveDate>,
}

/// Which energy and carbon, and put together by what.
#[derive(Debug, Args)]
pub(crate) struct CarbonOptions {
    /// What has a row of its own: month, day, application, component, provider, site, offer, kind or machine;
    /// several with commas between.
    #[arg(long, value_name = "DIMENSION", value_delimiter = ',', default_value = "application")]
    pub by: Vec<String>,
    /// Only of this application: name or id.
    #[arg(long, value_name = "APPLICATION")]
    pub application: Option<String>,
    #[command(flatten)]
    pub days: DayOptions,
}

/// What is compared.
#[derive(Debug, Args)]
pub(crate) struct CompareOptions {
    /// What is compared: application, component, provider, site, offer, kind, machine, day or month.
    #[arg(long, value_name = "DIMENSION", default_value = "application")]
    pub by: String,
    /// Only of this application: name or id.
    #[arg(long, value_name = "APPLICATION")]
    pub application: Option<String>,
    #[command(flatten)]
    pub days: DayOptions,
}

/// Of what a software carbon intensity is asked.
#[derive(Debug, Args)]
pub(crate) struct SciOptions {
    /// The application: name or id.
    pub application: String,
    /// How many functional units it served in that time.
    #[arg(long, value_name = "NUMBER")]
    pub units: u64,
    /// What the functional unit is.
    #[arg(long, value_name = "UNIT", default_value = "request")]
    pub unit: String,
    /// The intensity, in g/kWh, at which energy is taken of which none is known. Without it that is refused.
    #[arg(long, value_name = "GRAMS")]
    pub assumed: Option<Decimal>,
    #[command(flatten)]
    pub days: DayOptions,
}

/// About what advice is wanted.
#[derive(Debug, Args)]
pub(crate) struct AdviceOptions {
    /// Only of this application: name or id.
    #[arg(long, value_name = "APPLICATION")]
    pub application: Option<String>,
    /// The least that a move must save in thirty days, in grams.
    #[arg(long, value_name = "GRAMS")]
    pub worth: Option<Decimal>,
}

/// Of which jobs savings are wanted.
#[derive(Debug, Args)]
pub(crate) struct SavingsOptions {
    /// Only of this application: name or id.
    #[arg(long, value_name = "APPLICATION")]
    pub application: Option<String>,
    /// What moves of applications to other sites saved, in place of jobs.
    #[arg(long)]
    pub moves: bool,
    #[command(flatten)]
    pub days: DayOptions,
}

/// What months shall emit at most.
#[derive(Debug, Subcommand)]
pub(crate) enum CarbonLimitCommand {
    /// List them.
    List,
    /// State one: an event tells when it is reached.
    Set {
        /// Its name.
        name: String,
        /// This much a month of UTC, location-based and embodied, in grams.
        #[arg(long, value_name = "GRAMS")]
        grams: Decimal,
        /// Of one application only: name or id.
        #[arg(long, value_name = "APPLICATION")]
        application: Option<String>,
        /// Only check; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Forget one.
    Remove {
        /// Its name.
        name: String,
        /// Only check; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

/// Series of carbon intensity, of prices and of generation of energy.
#[derive(Debug, Subcommand)]
pub(crate) enum IntensityCommand {
    /// Put series of a file; of one step what is put last counts.
    Put(PutOptions),
    /// List the series there are.
    List,
    /// Show a part of a series.
    Show {
        #[command(flatten)]
        series: SeriesOptions,
        /// From when on. Without it: a day before.
        #[arg(long, value_name = "TIME")]
        from: Option<DateTime<Utc>>,
        /// Until when. Without it: now.
        #[arg(long, value_name = "TIME")]
        to: Option<DateTime<Utc>>,
    },
    /// What is expected in the next 48 hours.
    Forecast {
        #[command(flatten)]
        series: SeriesOptions,
        /// By whose clock days, working days and weekends go.
        #[arg(long, value_name = "ZONE")]
        time_zone: Option<String>,
    },
    /// Forget a series.
    Remove {
        #[command(flatten)]
        series: SeriesOptions,
        /// Only check; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

/// What is put.
#[derive(Debug, Args)]
pub(crate) struct PutOptions {
    /// The file, or `-` for standard input.
    pub file: PathBuf,
    /// How it is written: csv, json, electricity-maps, neso, carbon-aware-sdk, mix, neso-mix, prices or generation.
    #[arg(long, value_name = "FORMAT")]
    pub format: String,
    /// Who says so, where the format doesn't tell.
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// The time zone of times without an offset, such as Europe/Berlin.
    #[arg(long, value_name = "ZONE")]
    pub time_zone: Option<String>,
    /// Only check; write nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// Which series.
#[derive(Debug, Args)]
pub(crate) struct SeriesOptions {
    /// The zone; of generation the site.
    pub zone: String,
    /// intensity, price or generation.
    #[arg(long, value_name = "KIND", default_value = "intensity")]
    pub kind: String,
    /// Of intensity location or market; of prices the currency.
    #[arg(long, value_name = "VARIANT")]
    pub variant: Option<String>,
}
