//! Ending workloads, and leaving nothing behind.

use super::{
    Kubernetes,
    naming::{APPLICATION, BROKER, COMPONENT, MANAGER, ORDINAL, WORKLOAD, selector},
    record::{Controller, Makes, PodRecord},
};
use crate::{connectors::Place, model::Removal};
use hansa_ontology::ApplicationId;
use hansa_repository::system::SystemError;
use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    batch::v1::Job,
    core::v1::{ConfigMap, Namespace, PersistentVolumeClaim, Pod, Secret, Service},
    networking::v1::NetworkPolicy,
};
use kube::{
    Api, Resource, ResourceExt as _,
    api::{DeleteParams, ListParams, Patch, PatchParams, Preconditions, PropagationPolicy},
    core::NamespaceResourceScope,
};
use serde::de::DeserializeOwned;
use serde_json::json;
use std::fmt::Debug;

impl Kubernetes {
    /// Ends the run: no pods are wished any more. What belongs to the workload stays.
    pub(super) async fn ended(&self, place: &Place, force: bool) -> Result<(), SystemError> {
        let (controller, pods) = self.cache.of(place.workload);
        if let Some(controller) = controller.filter(|it| it.replicas > 0 && !it.deleting) {
            let seen = match controller.kind {
                Makes::StatefulSet => self.emptied(&controller, Controller::of_stateful_set).await?,
                Makes::Deployment => self.emptied(&controller, Controller::of_deployment).await?,
                Makes::Job => self.emptied(&controller, Controller::of_job).await?,
            };
            if let Some(seen) = seen {
                self.cache.saw(seen);
            }
        }
        if force { self.delete_pods(&pods, true).await } else { Ok(()) }
    }

    /// What makes the pods is to make none; and what is known of it then.
    async fn emptied<K>(
        &self,
        controller: &Controller,
        read: impl Fn(&K) -> Option<Controller>,
    ) -> Result<Option<Controller>, SystemError>
    where
        K: Resource<Scope = NamespaceResourceScope> + Clone + DeserializeOwned + Debug,
        K::DynamicType: Default,
    {
        let name = controller.object();
        let params = PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
        let field = if controller.kind == Makes::Job { "parallelism" } else { "replicas" };
        let none = Patch::Merge(json!({ "spec": { field: 0 } }));
        let api: Api<K> = self.api(&controller.namespace);
        let done = self.cluster.maybe(&format!("stop {name}"), api.patch(&name, &params, &none)).await?;
        Ok(done.as_ref().and_then(read))
    }

    async fn delete_pods(&self, pods: &[PodRecord], force: bool) -> Result<(), SystemError> {
        for pod in pods.iter().filter(|pod| force || !pod.deleting) {
            let api: Api<Pod> = self.api(&pod.namespace);
            let mut params = DeleteParams { preconditions: precondition(&pod.uid), ..DeleteParams::default() };
            if force {
                params.grace_period_seconds = Some(0);
            }
            self.cluster.maybe(&format!("delete Pod {}", pod.name), api.delete(&pod.name, &params)).await?;
        }
        Ok(())
    }

    /// Deletes what makes the pods, which stays until they are gone.
    pub(super) async fn delete_controller(&self, controller: &Controller) -> Result<(), SystemError> {
        if controller.deleting {
            return Ok(());
        }
        match controller.kind {
            Makes::StatefulSet => self.delete_as::<StatefulSet>(controller).await,
            Makes::Deployment => self.delete_as::<Deployment>(controller).await,
            Makes::Job => self.delete_as::<Job>(controller).await,
        }
    }

    async fn delete_as<K>(&self, controller: &Controller) -> Result<(), SystemError>
    where
        K: Resource<Scope = NamespaceResourceScope> + Clone + DeserializeOwned + Debug,
        K::DynamicType: Default,
    {
        let name = controller.object();
        let params = DeleteParams {
            propagation_policy: Some(PropagationPolicy::Foreground),
            preconditions: precondition(&controller.uid),
            ..DeleteParams::default()
        };
        let api: Api<K> = self.api(&controller.namespace);
        let action = format!("delete {} {name}", controller.kind.name());
        self.cluster.maybe(&action, api.delete(&name, &params)).await.map(drop)
    }

    /// Takes the workload away; call it until it is gone.
    pub(super) async fn taken_away(&self, place: &Place, force: bool) -> Result<Removal, SystemError> {
        let (controller, pods) = self.cache.of(place.workload);
        if let Some(controller) = &controller {
            self.entrances_pruned(controller, Some(place.workload)).await?;
            self.delete_controller(controller).await?;
            if force {
                self.delete_pods(&pods, true).await?;
            }
            return Ok(Removal::Stopping);
        }
        if !pods.is_empty() {
            self.delete_pods(&pods, force).await?;
            return Ok(Removal::Stopping);
        }
        let Some(namespace) = self.namespace_of(place) else { return Ok(self.forgotten(place)) };
        let workload = place.workload.to_string();
        let labels = selector(&[(BROKER, &self.broker), (WORKLOAD, &workload)]);
        let (services, ..) = futures_util::try_join!(
            self.delete_listed::<Service>(&namespace, &labels),
            self.delete_labelled::<ConfigMap>(&namespace, &labels),
            self.delete_labelled::<Secret>(&namespace, &labels),
            self.delete_labelled::<NetworkPolicy>(&namespace, &labels),
        )?;
        // A load balancer is given back before its service goes.
        Ok(if services == 0 { self.forgotten(place) } else { Removal::Stopping })
    }

    fn forgotten(&self, place: &Place) -> Removal {
        self.told().remove(&place.workload);
        Removal::Gone
    }

    async fn delete_labelled<K>(&self, namespace: &str, labels: &str) -> Result<(), SystemError>
    where
        K: Resource<Scope = NamespaceResourceScope> + Clone + DeserializeOwned + Debug,
        K::DynamicType: Default,
    {
        let (api, which) = (self.api::<K>(namespace), ListParams::default().labels(labels));
        let kind = K::kind(&K::DynamicType::default()).into_owned();
        let gone = async { api.delete_collection(&DeleteParams::default(), &which).await };
        self.cluster.maybe(&format!("delete each {kind} of the workload"), gone).await.map(drop)
    }

    /// For kinds that older clusters don't delete as a collection. How many there were.
    async fn delete_listed<K>(&self, namespace: &str, labels: &str) -> Result<usize, SystemError>
    where
        K: Resource<Scope = NamespaceResourceScope> + Clone + DeserializeOwned + Debug,
        K::DynamicType: Default,
    {
        let (api, which) = (self.api::<K>(namespace), ListParams::default().labels(labels));
        let kind = K::kind(&K::DynamicType::default()).into_owned();
        let found = self.cluster.maybe(&format!("list each {kind} of the workload"), api.list_metadata(&which)).await?;
        let found = found.map(|list| list.items).unwrap_or_default();
        for one in found.iter().filter(|one| one.metadata.deletion_timestamp.is_none()) {
            let name = one.name_any();
            self.cluster.maybe(&format!("delete {kind} {name}"), api.delete(&name, &DeleteParams::default())).await?;
        }
        Ok(found.len())
    }

    /// Gives back the volumes of an instance, and the namespace where nothing else is left there.
    pub(super) async fn claims_removed(
        &self,
        application: ApplicationId,
        component: &str,
        ordinal: u32,
    ) -> Result<(), SystemError> {
        let Some(namespace) = self.home(application) else { return Ok(()) };
        let (id, ordinal) = (application.to_string(), ordinal.to_string());
        let labels =
            selector(&[(BROKER, &self.broker), (APPLICATION, &id), (COMPONENT, component), (ORDINAL, &ordinal)]);
        self.delete_labelled::<PersistentVolumeClaim>(&namespace, &labels).await?;
        if self.cache.has_workloads(application) { Ok(()) } else { self.retired(application).await }
    }

    /// The application's namespace, if there is one.
    fn home(&self, application: ApplicationId) -> Option<String> {
        let made = self.cache.namespace(application).map(|it| it.name.into());
        self.settings.namespace.clone().or(made)
    }

    /// Removes the application's namespace, once nothing in it is worth keeping.
    pub(super) async fn retired(&self, application: ApplicationId) -> Result<(), SystemError> {
        if let Some(fixed) = &self.settings.namespace {
            return if self.cache.has_workloads(application) {
                Ok(())
            } else {
                self.entrances_removed(fixed, application).await
            };
        }
        let Some(namespace) = self.cache.namespace(application).filter(|it| !it.deleting) else { return Ok(()) };
        let api: Api<PersistentVolumeClaim> = self.api(&namespace.name);
        let which = ListParams::default().labels(&selector(&[(BROKER, &self.broker)]));
        let listed = api.list_metadata(&which);
        let claims = self.cluster.maybe("list PersistentVolumeClaims", listed).await?;
        let kept = claims.is_some_and(|list| list.items.iter().any(|it| it.metadata.deletion_timestamp.is_none()));
        if kept || self.cache.has_workloads(application) {
            return Ok(());
        }
        let api: Api<Namespace> = Api::all(self.cluster.client());
        let params = DeleteParams { preconditions: precondition(&namespace.uid), ..DeleteParams::default() };
        let deleted = api.delete(&namespace.name, &params);
        self.cluster.maybe(&format!("delete Namespace {}", namespace.name), deleted).await.map(drop)
    }
}

/// Only this very object, not another that came under its name.
fn precondition(uid: &str) -> Option<Preconditions> {
    Some(Preconditions { uid: Some(uid.to_owned()), resource_version: None })
}
