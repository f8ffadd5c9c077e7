//! Volumes: named, labelled, and kept until they are no longer wanted.

use super::{Inner, names};
use crate::{WdmError, model::WorkloadSpec};
use bollard::{
    models::VolumeCreateRequest,
    query_parameters::{ListVolumesOptions, RemoveVolumeOptions},
};
use hansa_docker::{ANSWER, WORK};
use hansa_ontology::ApplicationId;
use hansa_repository::system::SystemErrorKind;

impl Inner {
    /// Makes the volumes that are not there, and tells which were not.
    pub(super) async fn volumes(&self, spec: &WorkloadSpec) -> Result<Vec<String>, WdmError> {
        let mut fresh = Vec::new();
        for volume in spec.volumes.keys() {
            let name = names::volume(spec.application, &spec.component, spec.ordinal, volume);
            let call = self.engine.api().inspect_volume(&name);
            let labels = match self.engine.ask(&format!("look at volume {name}"), ANSWER, call).await {
                Ok(found) => found.labels,
                Err(error) if error.kind == SystemErrorKind::NotFound => {
                    fresh.push(volume.clone());
                    let body = VolumeCreateRequest {
                        name: Some(name.clone()),
                        labels: Some(names::of_volume(&self.options.broker, spec, volume)),
                        ..VolumeCreateRequest::default()
                    };
                    let call = self.engine.api().create_volume(body);
                    // Where it was made meanwhile the engine gives that one, with its own labels.
                    self.engine.ask(&format!("make volume {name}"), WORK, call).await?.labels
                }
                Err(error) => return Err(error.into()),
            };
            if !names::is_ours(Some(&labels), &self.options.broker) {
                return Err(self.foreign("volume", &name));
            }
        }
        Ok(fresh)
    }

    pub(super) async fn volumes_remove(
        &self,
        application: ApplicationId,
        component: &str,
        ordinal: u32,
    ) -> Result<(), WdmError> {
        // One through which they were copied would keep them.
        self.way_remove(application, component, ordinal).await?;
        let labels = names::of_instance(&self.options.broker, application, component, ordinal);
        let options = ListVolumesOptions { filters: Some(names::filter(&labels)) };
        let call = self.engine.api().list_volumes(Some(options));
        let found = self.engine.ask("list volumes", ANSWER, call).await?;
        for volume in found.volumes.unwrap_or_default() {
            if !names::is_ours(Some(&volume.labels), &self.options.broker) {
                continue;
            }
            let call = self.engine.api().remove_volume(&volume.name, None::<RemoveVolumeOptions>);
            match self.engine.ask(&format!("remove volume {}", volume.name), WORK, call).await {
                Err(error) if error.kind != SystemErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }
}
