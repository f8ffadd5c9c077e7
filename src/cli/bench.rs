//! `hansa bench`: measures this machine.

use super::{
    arguments::{BenchOptions, ServeOptions},
    config::load_settings,
    output::write,
};
use crate::{
    bench::{Amounts, measure},
    demo::{OFFERS, demo_settings},
    failure::Failure,
};

/// Measures, on a temporary database or on the configured one.
pub(super) async fn run(options: &BenchOptions) -> Result<(), Failure> {
    let directory = tempfile::Builder::new().prefix("hansa-bench-").tempdir()?;
    let mut settings = demo_settings(directory.path(), 0)?;
    if options.config.is_some() {
        settings.database = load_settings(&ServeOptions { config: options.config.clone() })?.settings.database;
    }
    let amounts = Amounts { offers: options.offers, events: options.events, submissions: options.submissions };
    let text = measure(settings, OFFERS, amounts).await?;
    write(format!("{text}\n").as_bytes())
}
