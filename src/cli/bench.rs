//! `hansa bench`: measures this machine.

use super::{
    Output,
    arguments::{BenchCommand, BenchOptions, ServeOptions},
    config::load_settings,
    output::write,
};
use crate::{
    bench::{Amounts, Load, measure, measure_http},
    demo::{OFFERS, demo_settings},
    failure::Failure,
};
use reqwest::Url;
use std::time::Duration;

/// Measures, on a temporary database or on the configured one.
pub(super) async fn run(server: &str, output: Output, options: &BenchOptions) -> Result<(), Failure> {
    if let Some(BenchCommand::Http { path, connections, time }) = &options.what {
        return http(server, output, path, *connections, *time).await;
    }
    let directory = tempfile::Builder::new().prefix("hansa-bench-").tempdir()?;
    let mut settings = demo_settings(directory.path(), 0)?;
    if options.config.is_some() {
        settings.database =
            load_settings(&ServeOptions { config: options.config.clone(), dev_login: false })?.settings.database;
    }
    let amounts = Amounts { offers: options.offers, events: options.events, submissions: options.submissions };
    let text = measure(settings, OFFERS, amounts).await?;
    write(format!("{text}\n").as_bytes())
}

/// Asks a broker that runs, as often as the connections can.
async fn http(server: &str, output: Output, path: &str, connections: usize, time: Duration) -> Result<(), Failure> {
    let url = Url::parse(server).and_then(|server| server.join(path));
    let url = url.map_err(|error| Failure::input(format!("{server}{path} is no URL: {error}")))?;
    let token = std::env::var("HANSA_TOKEN").ok().filter(|token| !token.is_empty());
    let measured = measure_http(&Load { url, token, connections, time }).await?;
    output.show(&measured, |measured| measured.text())
}
