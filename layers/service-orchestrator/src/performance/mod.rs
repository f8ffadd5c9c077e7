//! Performance management (ICRA): what an application is to achieve is
//! measured round by round, counted by the hour, and held against its target.
//!
//! Every measurement is there for scaling as well: `probe_success` and
//! `probe_duration_seconds`, as the blackbox exporter names them.

mod round;
mod sample;
#[cfg(test)]
mod tests;

pub use sample::Sample;

use crate::{error::OrchestratorError, service::ServiceOrchestrator, store};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_assurance::{Aim, Compliance, Tally};
use hansa_ontology::{ApplicationId, resource_model::ServiceLevel};
use hansa_repository::{Connection, RepositoryError};

/// The queue in which applications wait to be measured.
pub(crate) const PERFORMANCE_QUEUE: &str = "performance";

/// So many hours are shown.
const SHOWN: TimeDelta = TimeDelta::hours(24);

/// How a service level of an application stands.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceLevelView {
    /// Its name.
    pub name: String,
    /// What is to be achieved.
    pub level: ServiceLevel,
    /// How it stands in the window of now.
    pub compliance: Compliance,
    /// What was measured last. None: nothing yet.
    pub latest: Option<Sample>,
    /// What was measured in each hour (UTC) of the last day. An hour without
    /// any measurement is absent.
    pub hours: Vec<(DateTime<Utc>, Tally)>,
}

impl ServiceOrchestrator {
    /// How the service levels of an application stand, by name.
    ///
    /// # Errors
    /// When there is no such application.
    pub async fn service_levels(&self, id: ApplicationId) -> Result<Vec<ServiceLevelView>, OrchestratorError> {
        let application = self.application(id).await?;
        if application.model.service_levels.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.clock.now();
        self.database
            .read(move |connection| {
                let mut known = store::levels(connection, id)?;
                let view = |(name, level): (String, ServiceLevel)| {
                    // Counted by another indicator it would be another level.
                    let known = known.remove(&name).filter(|known| known.indicator == indicator(&level));
                    let (key, aim) = ((id, name.as_str()), aim(&level));
                    let (hours, tally) = match &known {
                        Some(_) => (
                            store::level_hours(connection, key, (now - SHOWN, now))?,
                            counted(connection, key, &aim, now)?,
                        ),
                        None => (Vec::new(), Tally::default()),
                    };
                    let compliance = Compliance::at(&aim, now, tally);
                    Ok(ServiceLevelView { name, level, compliance, latest: known.map(|known| known.latest), hours })
                };
                application.model.service_levels.into_iter().map(view).collect()
            })
            .await
    }
}

/// What was measured in the window that a moment lies in.
fn counted(
    connection: &mut Connection,
    level: (ApplicationId, &str),
    aim: &Aim,
    at: DateTime<Utc>,
) -> Result<Tally, RepositoryError> {
    let hours = store::level_hours(connection, level, aim.window.containing(at))?;
    Ok(hours.into_iter().fold(Tally::default(), |sum, (_, tally)| sum + tally))
}

fn aim(level: &ServiceLevel) -> Aim {
    Aim { target: level.target(), window: level.window(), every: level.every() }
}

/// By what it is measured, whatever the target: the rounds of another one can't be added.
fn indicator(level: &ServiceLevel) -> String {
    let mut told = serde_json::to_value(level).unwrap_or_default();
    for part in told.as_object_mut().into_iter().flat_map(|kinds| kinds.values_mut()) {
        for aim in ["target", "window", "every"] {
            part.as_object_mut().map(|fields| fields.remove(aim));
        }
    }
    told.to_string()
}
