//! From a run that is to be started to a container that runs. Every step may
//! be the last before this broker dies, and every step may be made twice.

use super::{
    Inner, container,
    images::{self, PullPolicy},
    locked, names,
    state::{self, Phase, Seen},
};
use crate::{WdmError, connectors::Launch};
use bollard::query_parameters::{
    CreateContainerOptions, InspectContainerOptions, ListContainersOptions, RemoveContainerOptions,
    RenameContainerOptions, StartContainerOptions,
};
use hansa_docker::{ANSWER, WORK};
use hansa_ontology::WorkloadId;
use hansa_repository::system::{SystemError, SystemErrorKind};

/// Containers of so many earlier runs are kept, for their output.
const KEPT: usize = 2;

/// What is under a name.
pub(super) enum Standing {
    Nothing,
    Foreign,
    Ours(Seen),
}

impl Inner {
    pub(super) async fn start(&self, launch: &Launch) -> Result<(), WdmError> {
        let _turn = self.work.acquire().await.ok();
        let outcome = self.begin(launch).await;
        self.view.touch(launch.spec.id);
        outcome
    }

    async fn begin(&self, launch: &Launch) -> Result<(), WdmError> {
        let (id, name) = (launch.spec.id, names::container(launch.spec.id));
        match self.standing(&name).await? {
            Standing::Nothing => {}
            Standing::Foreign => return Err(self.foreign("container", &name)),
            // Nothing is started beside what runs, and no run is begun twice.
            Standing::Ours(seen) if seen.phase.is_up() || (seen.run >= launch.run && seen.phase != Phase::Made) => {
                return Ok(());
            }
            Standing::Ours(seen) if seen.run == launch.run => return self.light(launch, &seen.id, &[]).await,
            Standing::Ours(seen) => match seen.phase {
                Phase::Exited(_) => self.set_aside(id, &seen).await?,
                _ => self.delete(&seen.id, false).await?,
            },
        }
        self.network(launch.spec.application).await?;
        let fresh = self.volumes(&launch.spec).await?;
        if !self.steps(launch, &fresh).await? {
            // Until they have ended the run is not begun.
            return Ok(());
        }
        match self.make(launch, None).await? {
            Some(container) => self.light(launch, &container, &fresh).await,
            // Its image is on its way; until then the run is not begun.
            None => Ok(()),
        }
    }

    pub(super) async fn standing(&self, name: &str) -> Result<Standing, WdmError> {
        let call = || self.engine.api().inspect_container(name, None::<InspectContainerOptions>);
        match self.engine.ask_settled(&format!("look at container {name}"), ANSWER, call).await {
            Err(error) if error.kind == SystemErrorKind::NotFound => Ok(Standing::Nothing),
            Err(error) => Err(error.into()),
            Ok(told) => {
                let labels = told.config.as_ref().and_then(|config| config.labels.as_ref());
                let ours = names::is_ours(labels, &self.options.broker);
                Ok(if ours { Standing::Ours(state::read(&told, self.now())) } else { Standing::Foreign })
            }
        }
    }

    pub(super) fn foreign(&self, what: &str, name: &str) -> WdmError {
        self.engine.troubles().foreign(&format!("make {what} {name}"), what, name).into()
    }

    /// Makes the container, or that of a step before it. None while its image is on its way.
    pub(super) async fn make(&self, launch: &Launch, step: Option<usize>) -> Result<Option<String>, WdmError> {
        let (image, id) = (container::image(&launch.spec, step), launch.spec.id);
        if self.options.pull == PullPolicy::Always {
            let key = format!("{image} for run {} of {id}", launch.run);
            match self.pulls.ask(&self.engine, image, &key) {
                None => return Ok(None),
                Some(outcome) => outcome?,
            }
        }
        match self.create(launch, step).await {
            Ok(container) => return Ok(Some(container)),
            Err(WdmError::System(error)) if error.said.contains("network") => {
                // Somebody took it away: the next try makes it.
                self.networks.lock().await.remove(&launch.spec.application);
                return Err(error.into());
            }
            Err(WdmError::System(error)) if error.kind == SystemErrorKind::Conflict => {
                return self.made_meanwhile(launch, step, error).await.map(Some);
            }
            Err(WdmError::System(error)) if error.kind == SystemErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        if self.options.pull == PullPolicy::Never {
            return Err(images::absent(&self.engine, image));
        }
        match self.pulls.ask(&self.engine, image, image) {
            None => Ok(None),
            Some(Err(error)) => Err(error.into()),
            Some(Ok(())) => {
                let again = self.create(launch, step).await;
                if again.is_err() {
                    self.pulls.forget(image);
                }
                again.map(Some)
            }
        }
    }

    async fn create(&self, launch: &Launch, step: Option<usize>) -> Result<String, WdmError> {
        let name = container::name(&launch.spec, step);
        let peers = self.seen_inside(launch.spec.application, &launch.peers);
        let body = container::body(launch, step, &peers, &self.options)?;
        let options = CreateContainerOptions { name: Some(name.clone()), ..CreateContainerOptions::default() };
        let call = self.engine.api().create_container(Some(options), body);
        Ok(self.engine.ask(&format!("make container {name}"), WORK, call).await?.id)
    }

    /// The name is taken since we looked: by another broker on the same
    /// database, which is as good, or by somebody else.
    async fn made_meanwhile(
        &self,
        launch: &Launch,
        step: Option<usize>,
        error: SystemError,
    ) -> Result<String, WdmError> {
        let name = container::name(&launch.spec, step);
        match self.standing(&name).await? {
            Standing::Ours(seen) if seen.run == launch.run => Ok(seen.id),
            Standing::Foreign => Err(self.foreign("container", &name)),
            _ => Err(error.into()),
        }
    }

    /// Puts the files in, and starts it. What can't be started doesn't stay.
    pub(super) async fn light(&self, launch: &Launch, container: &str, fresh: &[String]) -> Result<(), WdmError> {
        let spec = &launch.spec;
        let files = self.files(&self.seen_inside(spec.application, &launch.peers), launch.token.as_ref())?;
        self.put(container, files.first_archive(spec, fresh)).await?;
        locked(&self.told).insert(spec.id, (container.to_owned(), files.mark()));
        let call = self.engine.api().start_container(container, None::<StartContainerOptions>);
        let Err(error) = self.engine.ask(&format!("start container {}", names::container(spec.id)), WORK, call).await
        else {
            return Ok(());
        };
        if !matches!(error.kind, SystemErrorKind::TimedOut | SystemErrorKind::Unreachable) {
            if error.said.contains("network") {
                self.networks.lock().await.remove(&spec.application);
            }
            if let Err(left) = self.delete(container, false).await {
                tracing::warn!(workload = %spec.id, error = %left, "a container that couldn't be started stays");
            }
        }
        Err(error.into())
    }

    /// Gives the name of what has ended to the next run.
    async fn set_aside(&self, id: WorkloadId, seen: &Seen) -> Result<(), WdmError> {
        let name = names::earlier(id, seen.run);
        let options = RenameContainerOptions { name: name.clone() };
        let call = self.engine.api().rename_container(&seen.id, options);
        self.engine.ask(&format!("rename a container to {name}"), ANSWER, call).await?;
        let mut earlier: Vec<(u64, String)> = self
            .of_workload(id)
            .await?
            .into_iter()
            .filter(|one| names::read::<u32>(one.labels.as_ref(), names::STEP).is_none())
            .filter_map(|one| Some((names::read(one.labels.as_ref(), names::RUN)?, one.id?)))
            .collect();
        earlier.sort();
        let surplus = earlier.len().saturating_sub(KEPT);
        for (_, container) in earlier.into_iter().take(surplus) {
            self.delete(&container, false).await?;
        }
        Ok(())
    }

    /// Every container of a workload, those of earlier runs too.
    pub(super) async fn of_workload(&self, id: WorkloadId) -> Result<Vec<bollard::models::ContainerSummary>, WdmError> {
        let mut labels = names::of_broker(&self.options.broker);
        labels.insert(names::WORKLOAD.to_owned(), id.to_string());
        let filters = Some(names::filter(&labels));
        let options = ListContainersOptions { all: true, filters, ..ListContainersOptions::default() };
        let call = || self.engine.api().list_containers(Some(options.clone()));
        Ok(self.engine.ask_settled(&format!("list the containers of workload {id}"), ANSWER, call).await?)
    }

    /// Removes a container of ours with what it alone has. Gone already is
    /// success. By force also one that runs: not where it can be waited for,
    /// since an engine may forget to give back the address of such a one.
    pub(super) async fn delete(&self, container: &str, force: bool) -> Result<(), WdmError> {
        let options = RemoveContainerOptions { force, v: true, ..RemoveContainerOptions::default() };
        let call = self.engine.api().remove_container(container, Some(options));
        match self.engine.ask(&format!("remove container {container}"), WORK, call).await {
            Err(error) if error.kind != SystemErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}
