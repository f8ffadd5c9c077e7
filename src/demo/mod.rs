//! `hansa demo`: all of it in a minute, on a machine with nothing installed. It
//! starts a broker of its own, uses it through its API as anybody would, and
//! takes everything away again, however it ends.

mod leftovers;
mod narrator;
mod page;
mod scenario;
mod stage;

pub(crate) use stage::{OFFERS, THREE_TIER, demo_settings};

use crate::{cli::DemoOptions, failure::Failure};
use narrator::Narrator;
use scenario::Scenario;
use stage::Stage;
use tokio::signal::unix::{SignalKind, signal};

/// Runs the demo.
///
/// # Errors
/// When a step fails, when something is left over, or when it is ended before its end.
pub(crate) async fn run(options: &DemoOptions) -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let narrator = Narrator::new();
    let stage = Stage::set(options.port, &narrator).await?;
    let mut scenario = Scenario::new(&stage, &narrator)?;
    let played = tokio::select! {
        played = scenario.play() => played,
        _ = terminate.recv() => Err(Failure::interrupted()),
        _ = interrupt.recv() => Err(Failure::interrupted()),
    };
    let played = match played {
        Ok(()) if !options.once => {
            scenario.invite()?;
            tokio::select! {
                _ = terminate.recv() => Ok(()),
                _ = interrupt.recv() => Ok(()),
            }
        }
        other => other,
    };
    // From here on signals only hurry: the handlers above stay installed, so
    // that nothing ends this process before everything is taken away.
    let log = stage.log_tail();
    let struck = stage.strike(&narrator).await;
    match (played, struck) {
        (Ok(()), Ok(())) => narrator.done(),
        (Err(failure), struck) => {
            if let Err(left) = struck {
                left.report();
            }
            Err(failure.with_log(log))
        }
        (Ok(()), Err(left)) => Err(left.with_log(log)),
    }
}

impl Failure {
    /// With the last lines of the broker's log, where a person can use them.
    fn with_log(self, log: Vec<String>) -> Self {
        if self.kind == crate::failure::FailureKind::Interrupted || log.is_empty() {
            return self;
        }
        let mut details = self.details.clone();
        details.push("the broker's log ends so:".to_owned());
        details.extend(log.into_iter().map(|line| format!("  {line}")));
        self.with_details(details)
    }
}
