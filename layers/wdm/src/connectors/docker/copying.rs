//! Reading and writing volumes by the engine's archive calls, through a
//! container that is made and never started.

use super::{
    Inner, container, files,
    images::{self, PullPolicy},
    names,
};
use crate::{WdmError, connectors::copying::Archive, model::WorkloadSpec};
use bollard::{
    models::{ContainerCreateBody, HostConfig, Mount, MountType},
    query_parameters::{
        CreateContainerOptions, DownloadFromContainerOptions, InspectContainerOptions, UploadToContainerOptions,
    },
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use hansa_docker::{ANSWER, WORK};
use hansa_ontology::ApplicationId;
use hansa_repository::system::SystemErrorKind;
use std::{io, time::Duration};

/// The client's own limit; who copies has a nearer one, by how much there is.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3_600);
/// How often it is looked whether an image has come.
const LOOKING: Duration = Duration::from_millis(500);

/// The folder that has all volumes in it.
fn folder() -> String {
    format!("/{}/volumes", files::DIRECTORY)
}

impl Inner {
    /// The container through which volumes of an instance are reached.
    fn way(application: ApplicationId, component: &str, ordinal: u32) -> String {
        format!("hansa-copy-{application}-{component}-{ordinal}")
    }

    fn way_of(spec: &WorkloadSpec) -> String {
        Self::way(spec.application, &spec.component, spec.ordinal)
    }

    /// Removes it. Gone already is success.
    pub(super) async fn way_remove(
        &self,
        application: ApplicationId,
        component: &str,
        ordinal: u32,
    ) -> Result<(), WdmError> {
        let name = Self::way(application, component, ordinal);
        let call = self.engine.api().inspect_container(&name, None::<InspectContainerOptions>);
        match self.engine.ask(&format!("look at container {name}"), ANSWER, call).await {
            Err(error) if error.kind == SystemErrorKind::NotFound => Ok(()),
            Err(error) => Err(error.into()),
            Ok(told) => {
                let labels = told.config.and_then(|config| config.labels);
                if !names::is_ours(labels.as_ref(), &self.options.broker) {
                    return Err(self.foreign("container", &name));
                }
                self.delete(&name, true).await
            }
        }
    }

    /// Makes it, with these volumes; there already is success.
    async fn way_make(&self, spec: &WorkloadSpec, volumes: &[&String]) -> Result<(), WdmError> {
        let (name, image) = (Self::way_of(spec), self.image_of(spec));
        loop {
            let options = CreateContainerOptions { name: Some(name.clone()), ..CreateContainerOptions::default() };
            let call = self.engine.api().create_container(Some(options), self.way_body(spec, volumes));
            match self.engine.ask(&format!("make container {name}"), WORK, call).await {
                Ok(_) => return Ok(()),
                Err(error) if error.kind == SystemErrorKind::Conflict => return Ok(()),
                Err(error) if error.kind == SystemErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
            if self.options.pull == PullPolicy::Never {
                return Err(images::absent(&self.engine, image));
            }
            match self.pulls.ask(&self.engine, image, image) {
                None => tokio::time::sleep(LOOKING).await,
                Some(Ok(())) => self.pulls.forget(image),
                Some(Err(error)) => return Err(error.into()),
            }
        }
    }

    fn image_of<'a>(&self, spec: &'a WorkloadSpec) -> &'a str {
        container::package(spec).map(|package| package.image.as_str()).unwrap_or_default()
    }

    fn way_body(&self, spec: &WorkloadSpec, volumes: &[&String]) -> ContainerCreateBody {
        let mount = |volume: &&String| Mount {
            typ: Some(MountType::VOLUME),
            source: Some(names::volume(spec.application, &spec.component, spec.ordinal, volume)),
            target: Some(files::volume_path(volume)),
            ..Mount::default()
        };
        ContainerCreateBody {
            image: Some(self.image_of(spec).to_owned()),
            // It is never started; some engines want a command all the same.
            entrypoint: Some(vec!["never-started".to_owned()]),
            labels: Some(names::of_instance(&self.options.broker, spec.application, &spec.component, spec.ordinal)),
            host_config: Some(HostConfig {
                mounts: Some(volumes.iter().map(mount).collect()),
                network_mode: Some("none".to_owned()),
                ..HostConfig::default()
            }),
            ..ContainerCreateBody::default()
        }
    }

    /// The volumes of a workload that there are. To name one that isn't there would make it.
    async fn volumes_there<'a>(&self, spec: &'a WorkloadSpec) -> Result<Vec<&'a String>, WdmError> {
        let mut there = Vec::new();
        for volume in spec.volumes.keys() {
            let name = names::volume(spec.application, &spec.component, spec.ordinal, volume);
            let call = self.engine.api().inspect_volume(&name);
            match self.engine.ask(&format!("look at volume {name}"), ANSWER, call).await {
                Err(error) if error.kind == SystemErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
                Ok(found) if names::is_ours(Some(&found.labels), &self.options.broker) => there.push(volume),
                Ok(_) => return Err(self.foreign("volume", &name)),
            }
        }
        Ok(there)
    }

    pub(super) async fn volume_read(&self, spec: &WorkloadSpec, volume: &str) -> Result<Archive, WdmError> {
        let there = self.volumes_there(spec).await?;
        if !there.iter().any(|name| *name == volume) {
            // Its component never ran here: an archive of nothing.
            return Ok(stream::iter([Ok(vec![0; 1_024])]).boxed());
        }
        self.way_make(spec, &there).await?;
        let (engine, name, path) = (self.engine.clone(), Self::way_of(spec), files::volume_path(volume));
        let (sender, receiver) = tokio::sync::mpsc::channel::<io::Result<Vec<u8>>>(1);
        // The call borrows the client, and the archive outlives this call.
        tokio::spawn(async move {
            let api = engine.api().clone().with_timeout(LONGEST);
            let options = DownloadFromContainerOptions { path };
            let mut pieces = std::pin::pin!(api.download_from_container(&name, Some(options)));
            while let Some(piece) = pieces.next().await {
                let piece = piece
                    .map(Vec::from)
                    .map_err(|error| io::Error::other(engine.troubles().of_call("read a volume", &error).to_string()));
                if sender.send(piece).await.is_err() {
                    break;
                }
            }
        });
        Ok(stream::unfold(receiver, async |mut from| from.recv().await.map(|piece| (piece, from))).boxed())
    }

    pub(super) async fn copy_discard(&self, spec: &WorkloadSpec) -> Result<(), WdmError> {
        self.volumes_remove(spec.application, &spec.component, spec.ordinal).await
    }

    pub(super) async fn copy_begin(&self, spec: &WorkloadSpec) -> Result<(), WdmError> {
        self.volumes(spec).await?;
        self.way_make(spec, &spec.volumes.keys().collect::<Vec<_>>()).await
    }

    pub(super) async fn volume_write(&self, spec: &WorkloadSpec, archive: Archive) -> Result<(), WdmError> {
        let (name, path) = (Self::way_of(spec), folder());
        let options = UploadToContainerOptions { path, ..UploadToContainerOptions::default() };
        let body = bollard::body_try_stream(archive.map_ok(Into::into));
        let api = self.engine.api().clone().with_timeout(LONGEST);
        let call = api.upload_to_container(&name, Some(options), body);
        Ok(self.engine.ask(&format!("write volumes through container {name}"), LONGEST, call).await?)
    }

    pub(super) async fn copy_end(&self, spec: &WorkloadSpec) -> Result<(), WdmError> {
        self.way_remove(spec.application, &spec.component, spec.ordinal).await
    }
}
