//! `hansa demo`: all of it in a minute, on a machine with nothing installed. It
//! starts the brokers of three owners, federates them, uses one of them through
//! its API as anybody would, and takes everything away again, however it ends.

mod federate;
mod leftovers;
mod member;
mod narrator;
mod outage;
mod page;
mod promise;
mod scenario;
mod sites;
mod stage;

pub(crate) use sites::{OFFERS, THREE_TIER, demo_settings};

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
    let mut stage = Stage::prepare(options.port)?;
    let played = tokio::select! {
        played = play(&mut stage, &narrator, options.once) => played,
        _ = terminate.recv() => Err(Failure::interrupted()),
        _ = interrupt.recv() => Err(Failure::interrupted()),
    };
    let played = match played {
        Ok(()) if !options.once => {
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

async fn play(stage: &mut Stage, narrator: &Narrator, once: bool) -> Result<(), Failure> {
    stage.start(narrator).await?;
    federate::federate(&stage.members, narrator).await?;
    let mut scenario = Scenario::new(stage, narrator)?;
    scenario.play().await?;
    if once { Ok(()) } else { scenario.invite() }
}

impl Failure {
    /// With the last lines of the brokers' logs, where a person can use them.
    fn with_log(self, log: Vec<String>) -> Self {
        if self.kind == crate::failure::FailureKind::Interrupted || log.is_empty() {
            return self;
        }
        let mut details = self.details.clone();
        details.extend(log);
        self.with_details(details)
    }
}
