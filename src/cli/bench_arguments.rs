//! What can be typed behind `hansa bench`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What else can be measured.
#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// GETs a second of the broker at --server, with the token in HANSA_TOKEN. Its `server.limits` count too.
    Http {
        /// What is asked for.
        #[arg(long, default_value = "/api/v1/applications")]
        path: String,
        /// Connections that ask at the same time.
        #[arg(long, default_value_t = 32)]
        connections: usize,
        /// For how long.
        #[arg(long, value_name = "TIME", default_value = "10s", value_parser = humantime::parse_duration)]
        time: std::time::Duration,
    },
}

#[derive(Debug, Args)]
pub(crate) struct BenchOptions {
    /// Measure something else instead.
    #[command(subcommand)]
    pub what: Option<BenchCommand>,
    /// The configuration file; its database is used. Without it: a temporary one.
    #[arg(long, short, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// How many offers to import.
    #[arg(long, default_value_t = 500)]
    pub offers: u32,
    /// How many events to write.
    #[arg(long, default_value_t = 2_000)]
    pub events: u32,
    /// How often to submit the sample application.
    #[arg(long, default_value_t = 3)]
    pub submissions: u32,
}
