//! Ending containers, and taking them away.

use super::{Inner, Place, locked};
use crate::{WdmError, model::Removal};
use bollard::{
    models::ContainerSummaryStateEnum as State,
    query_parameters::{KillContainerOptions, StopContainerOptions},
};
use hansa_docker::{ANSWER, WORK};
use hansa_repository::system::SystemErrorKind;
use std::sync::Arc;

impl Inner {
    /// Asks the run to end. The engine ends it by force after the grace that
    /// the container was made with; that is waited for beside everything else.
    pub(super) async fn stop(this: &Arc<Self>, place: &Place, force: bool) -> Result<(), WdmError> {
        match this.look(place.workload).await? {
            Some(seen) if seen.phase.is_up() => this.end(&seen.id, seen.paused, force, place).await,
            _ => Ok(()),
        }
    }

    async fn end(self: &Arc<Self>, container: &str, paused: bool, force: bool, place: &Place) -> Result<(), WdmError> {
        if paused {
            // Where that fails it wasn't asleep any more, or ending it fails too.
            let call = self.engine.api().unpause_container(container);
            drop(self.engine.ask(&format!("wake container {container}"), ANSWER, call).await);
        }
        if force {
            let options = KillContainerOptions { signal: "SIGKILL".to_owned() };
            let call = self.engine.api().kill_container(container, Some(options));
            self.pass(self.engine.ask(&format!("end container {container}"), WORK, call).await)?;
            self.view.touch(place.workload);
            return Ok(());
        }
        if !locked(&self.stopping).insert(container.to_owned()) {
            return Ok(());
        }
        let (this, container, workload) = (Arc::clone(self), container.to_owned(), place.workload);
        tokio::spawn(async move {
            let api = this.engine.patient();
            let within = WORK + std::time::Duration::from_secs(u64::try_from(this.options.grace_seconds).unwrap_or(0));
            let call = api.stop_container(&container, None::<StopContainerOptions>);
            // What came of it is seen by who looks; who presses asks again.
            if let Err(error) = this.pass(this.engine.ask("end a container", within, call).await) {
                tracing::warn!(%workload, %error, "the container could not be asked to end");
            }
            locked(&this.stopping).remove(&container);
            this.view.touch(workload);
        });
        Ok(())
    }

    /// What has ended or gone already needs no ending.
    fn pass(&self, outcome: Result<(), hansa_repository::system::SystemError>) -> Result<(), WdmError> {
        match outcome {
            Err(error) if !matches!(error.kind, SystemErrorKind::NotFound | SystemErrorKind::Conflict) => {
                Err(error.into())
            }
            _ => Ok(()),
        }
    }

    /// Ends the workload, and removes its containers, those of earlier runs too.
    pub(super) async fn remove(this: &Arc<Self>, place: &Place, force: bool) -> Result<Removal, WdmError> {
        let mut left = false;
        for found in this.of_workload(place.workload).await? {
            let Some(container) = found.id else { continue };
            let state = found.state.unwrap_or(State::EMPTY);
            let up = matches!(state, State::RUNNING | State::PAUSED | State::RESTARTING | State::STOPPING);
            if up && !force {
                this.end(&container, state == State::PAUSED, false, place).await?;
                left = true;
                continue;
            }
            match this.delete(&container, force).await {
                // It is being removed already, or was begun meanwhile.
                Err(WdmError::System(error)) if error.kind == SystemErrorKind::Conflict => left = true,
                other => other?,
            }
        }
        this.view.touch(place.workload);
        if left {
            return Ok(Removal::Stopping);
        }
        locked(&this.told).remove(&place.workload);
        Ok(Removal::Gone)
    }
}
