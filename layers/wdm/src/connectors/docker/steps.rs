//! What runs in containers of its own before a workload's container is made:
//! one step after another, each to its end. A step bears its workload's labels,
//! so that it goes with it, and a name of its own, so that it is never taken
//! for it. It stays until the next run, for its output.

use super::{
    Inner, container, logs, names,
    start::Standing,
    state::{Phase, Seen},
};
use crate::{WdmError, connectors::Launch};

/// So many of the last lines of a step that failed are told.
const LINES: usize = 3;

impl Inner {
    /// Sees to the steps of a run. Whether all of them have ended well; `fresh`
    /// are volumes that were made just now.
    pub(super) async fn steps(&self, launch: &Launch, fresh: &[String]) -> Result<bool, WdmError> {
        let count = container::package(&launch.spec).map_or(0, |package| package.init.len());
        for index in 0..count {
            match self.standing(&names::step(launch.spec.id, index)).await? {
                Standing::Foreign => return Err(self.foreign("container", &names::step(launch.spec.id, index))),
                Standing::Ours(seen) if seen.run == launch.run => {
                    if !self.is_over(launch, index, &seen).await? {
                        return Ok(false);
                    }
                }
                standing => {
                    if let Standing::Ours(seen) = standing {
                        self.delete(&seen.id, seen.phase.is_up()).await?;
                    }
                    if let Some(container) = self.make(launch, Some(index)).await? {
                        self.light(launch, &container, fresh).await?;
                    }
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Whether a step has ended well. One that was made and not begun, as a broker died, begins.
    async fn is_over(&self, launch: &Launch, index: usize, seen: &Seen) -> Result<bool, WdmError> {
        let how = match &seen.phase {
            Phase::Made => return self.light(launch, &seen.id, &[]).await.map(|()| false),
            Phase::Starting | Phase::Running(_) | Phase::Ending => return Ok(false),
            Phase::Exited(exit) if exit.code == Some(0) => return Ok(true),
            Phase::Exited(exit) => exit.to_string(),
            Phase::Failed(reason) => reason.clone(),
        };
        let last = logs::last(&self.engine, &seen.id, LINES).await;
        Err(WdmError::Step { number: index + 1, how, last })
    }
}
