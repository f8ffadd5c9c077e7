//! What changes say to those who meter.

use super::Workload;
use hansa_repository::life::{Life, LifeChange, Placement, Thing};

impl Workload {
    /// Whether it runs from a change of this kind on, or no more.
    pub(crate) fn life(&self, kind: &str) -> Option<Life> {
        let change = match kind {
            "workload.started" => LifeChange::Placed(Placement { machine: self.spec.target.machine, mebibytes: None }),
            // What was never started can't end.
            "workload.exited" | "workload.failed" | "workload.completed" | "workload.stopped" | "workload.removed"
                if self.progress.run > 0 =>
            {
                LifeChange::Ended
            }
            _ => return None,
        };
        Some(Life { thing: Thing::Workload(self.spec.id), change })
    }
}
