//! The one binary: command line, configuration, HTTP, and the wiring of the rooms.

mod bench;
mod cli;
mod client;
mod config;
mod demo;
mod failure;
mod http;
mod metrics;
mod notifier;
mod observability;
mod portal;
mod wiring;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    match arguments.next().and_then(|word| word.into_string().ok()).as_deref() {
        // The supervisor of a workload: before anything else, and without threads.
        Some("shim") => hansa_wdm::shim_main(arguments),
        // The sample application's own roles: what the demo deploys.
        Some("sample") => {
            let words: Vec<String> = arguments.map(|word| word.to_string_lossy().into_owned()).collect();
            hansa_sample_three_tier::run(&words)
        }
        _ => cli::main(),
    }
}
