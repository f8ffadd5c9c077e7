//! Bringing a workload into a cluster.

use super::{
    Kubernetes, apply, charts, ingress, manifests,
    naming::{self, MANAGER, PEERS, object},
    object_of, objects, pod,
    record::{Controller, Makes, NamespaceRecord, ServiceRecord},
    refused,
    settings::{Exposure, Settings},
};
use crate::{
    Endpoint, WdmError,
    connectors::{Launch, Place},
    model::{DiscoveryToken, Endpoints, Peers, WorkloadSpec},
};
use hansa_ontology::resource_model::Package;
use hansa_repository::system::{SystemError, SystemErrorKind};
use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    batch::v1::Job,
    core::v1::{ConfigMap, Namespace, PersistentVolumeClaim, Pod, Secret, Service},
    networking::v1::NetworkPolicy,
};
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams},
};
use serde_json::{Value, json};
use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    net::IpAddr,
};

/// What can't run in a cluster, before anything is made of it.
pub(super) fn check(system: &str, spec: &WorkloadSpec, settings: &Settings) -> Result<(), WdmError> {
    let invalid = |field: String, problem: &str| Err(WdmError::Invalid { field, problem: problem.to_owned() });
    let package = match &spec.package {
        Package::Container(package) => package,
        Package::Kubernetes(package) => return manifests::check(spec, package, settings.cluster_scoped),
        Package::Helm(package) => return charts::check(system, spec, package, settings),
        Package::Process(_) => {
            return Err(WdmError::NoConnector {
                component: spec.component.clone(),
                system: format!("system {system}"),
                package: spec.package.kind(),
            });
        }
    };
    let names = [("component".to_owned(), &spec.component)];
    let ports = spec.ports.keys().map(|name| (format!("ports.{name}"), name));
    let volumes = spec.volumes.keys().map(|name| (format!("volumes.{name}"), name));
    let files = spec.files.keys().map(|name| (format!("files.{name}"), name));
    for (field, name) in names.into_iter().chain(ports).chain(volumes).chain(files) {
        if !is_label(name) {
            return invalid(field, "is no name of RFC 1123: use lower-case letters, digits and hyphens, at most 63");
        }
    }
    if package.image.is_empty() || package.image.contains(char::is_whitespace) {
        return invalid("package.container.image".into(), "is no image reference");
    }
    if spec.environment.keys().any(|key| key.is_empty() || key.contains('=')) {
        return invalid("environment".into(), "has a name that is empty or holds `=`");
    }
    Ok(())
}

fn is_label(name: &str) -> bool {
    let inner = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-';
    (1..=63).contains(&name.len()) && name.bytes().all(inner) && !name.starts_with('-') && !name.ends_with('-')
}

impl Kubernetes {
    /// Sees that the application's namespace is there, and tells its name.
    pub(super) async fn namespace(&self, spec: &WorkloadSpec) -> Result<String, SystemError> {
        if let Some(fixed) = &self.settings.namespace {
            return Ok(fixed.clone());
        }
        if let Some(known) = self.cache.namespace(spec.application) {
            if known.deleting {
                let remedy = format!("the namespace {} is being removed; it is made again once it is gone", known.name);
                let action = "apply Namespace".to_owned();
                return Err(refused(self.cluster.system(), SystemErrorKind::Conflict, action, remedy));
            }
            return Ok(known.name.into());
        }
        let name = naming::namespace(&spec.application_name, spec.application);
        let wish = objects::namespace(&name, spec.application, &self.broker, &self.settings);
        let api: Api<Namespace> = Api::all(self.cluster.client());
        let made = apply::apply(&self.cluster, &self.broker, &api, &wish).await?;
        if let Some(record) = NamespaceRecord::of(&made) {
            self.cache.saw_namespace(record);
        }
        self.copy_pull_secrets(&name, spec).await?;
        Ok(name)
    }

    /// Puts the credentials of registries into a new namespace.
    async fn copy_pull_secrets(&self, namespace: &str, spec: &WorkloadSpec) -> Result<(), SystemError> {
        for named in &self.settings.pull_secrets {
            let Some((from, name)) = named.split_once('/') else { continue };
            let source: Api<Secret> = self.api(from);
            let found = self.cluster.call(&format!("read Secret {named}"), source.get(name)).await?;
            let wish = json!({
                "apiVersion": "v1", "kind": "Secret", "type": found.type_, "data": found.data,
                "metadata": {
                    "name": name, "labels": naming::json(&naming::of_application(&self.broker, spec.application)),
                },
            });
            apply::apply(&self.cluster, &self.broker, &self.api::<Secret>(namespace), &wish).await?;
        }
        Ok(())
    }

    /// Sees that the workload's ports are open, and tells where.
    pub(super) async fn exposed(&self, spec: &WorkloadSpec, known: &Endpoints) -> Result<Endpoints, WdmError> {
        let namespace = self.namespace(spec).await?;
        if spec.ports.is_empty() {
            return Ok(Endpoints::new());
        }
        let wish = objects::service(spec, &self.broker, &self.settings, known);
        let made = apply::apply(&self.cluster, &self.broker, &self.api::<Service>(&namespace), &wish).await?;
        if let Some(seen) = ServiceRecord::of(&made) {
            self.cache.saw_service(seen);
        }
        Ok(self.endpoints(spec, &made).await?)
    }

    async fn endpoints(&self, spec: &WorkloadSpec, service: &Service) -> Result<Endpoints, SystemError> {
        let address = match self.settings.exposure {
            Exposure::NodePort => spec.target.address,
            Exposure::ClusterIp => {
                let given = service.spec.as_ref().and_then(|it| it.cluster_ip.as_deref());
                given
                    .and_then(|text| text.parse().ok())
                    .ok_or_else(|| self.no_address("the cluster gave it no address"))?
            }
            Exposure::LoadBalancer => self.balancer(service).await?,
        };
        let held = service.spec.iter().flat_map(|it| it.ports.iter().flatten());
        let numbers = held.filter_map(|port| {
            let number = match self.settings.exposure {
                Exposure::NodePort => port.node_port?,
                _ => port.port,
            };
            Some((port.name.clone()?, u16::try_from(number).ok()?))
        });
        let found: Endpoints = numbers
            .filter_map(|(name, number)| {
                let wish = spec.ports.get(&name)?;
                Some((name, Endpoint { address, number, protocol: wish.protocol, public: wish.public }))
            })
            .collect();
        if found.len() < spec.ports.len() {
            return Err(self.no_address("the cluster gave no numbers for some of its ports"));
        }
        Ok(found)
    }

    async fn balancer(&self, service: &Service) -> Result<IpAddr, SystemError> {
        let status = service.status.as_ref().and_then(|it| it.load_balancer.as_ref());
        let given = status.and_then(|it| it.ingress.as_ref()?.first());
        let given = given.ok_or_else(|| self.no_address("the cluster's provider has given it no address yet"))?;
        if let Some(address) = given.ip.as_deref().and_then(|text| text.parse().ok()) {
            return Ok(address);
        }
        let host = given.hostname.clone().unwrap_or_default();
        let resolved = tokio::net::lookup_host((host.as_str(), 0)).await.ok().and_then(|mut found| found.next());
        resolved.map(|socket| socket.ip()).ok_or_else(|| self.no_address(&format!("{host} has no address yet")))
    }

    fn no_address(&self, why: &str) -> SystemError {
        let remedy = format!("{why}; it is tried again");
        refused(self.cluster.system(), SystemErrorKind::TimedOut, "expose its ports".to_owned(), remedy)
    }

    /// Starts a run.
    pub(super) async fn deploy(&self, launch: &Launch) -> Result<(), WdmError> {
        let spec = &launch.spec;
        let package = match &spec.package {
            Package::Container(package) => package,
            Package::Kubernetes(package) => return self.deploy_manifests(launch, package).await,
            Package::Helm(package) => return self.deploy_chart(launch, package).await,
            Package::Process(_) => return check(self.cluster.system(), spec, &self.settings),
        };
        let kind = Makes::of(spec);
        let (there, pods) = self.cache.of(spec.id);
        if let Some(there) = &there {
            if there.run >= launch.run && !there.deleting {
                return Ok(());
            }
            if there.deleting || there.kind != kind {
                self.delete_controller(there).await?;
                let remedy = "what ran before is being removed; it is tried again".to_owned();
                let action = format!("start {}", object(spec.id));
                return Err(refused(self.cluster.system(), SystemErrorKind::Conflict, action, remedy).into());
            }
        }
        let namespace = self.namespace(spec).await?;
        let text = objects::peers_text(&launch.peers);
        let told = hash(&text, launch.token.as_ref());
        let template = pod::template(launch, package, &self.settings, &self.broker, &format!("{told:x}"))?;
        futures_util::try_join!(
            self.write_files(&namespace, spec, &text, launch.token.as_ref()),
            self.write_policy(&namespace, spec),
            self.write_claims(&namespace, spec),
        )?;
        self.exposed(spec, &launch.endpoints).await?;
        self.entrances(&namespace, spec.application, &spec.component, &ingress::hosted(spec)).await?;
        let wish = objects::controller(spec, launch.run, &self.broker, &template);
        if let Some(made) = self.put(kind, &namespace, &wish).await? {
            self.cache.saw(made);
        }
        if let Some(before) = &there {
            self.entrances_pruned(before, None).await?;
        }
        self.told().insert(spec.id, told);
        if let Some(before) = there.filter(|_| kind == Makes::Job) {
            self.delete_controller(&before).await?;
        }
        if kind == Makes::StatefulSet {
            // A set waits for a broken pod to get well; a new run doesn't.
            for old in pods.iter().filter(|pod| pod.run < launch.run && !pod.deleting) {
                let api: Api<Pod> = self.api(&namespace);
                let params = DeleteParams::default();
                self.cluster.maybe(&format!("delete Pod {}", old.name), api.delete(&old.name, &params)).await?;
            }
        }
        Ok(())
    }

    /// Applies what makes the pods.
    async fn put(&self, kind: Makes, namespace: &str, wish: &Value) -> Result<Option<Controller>, SystemError> {
        let (cluster, broker) = (&self.cluster, &self.broker);
        Ok(match kind {
            Makes::Deployment => Controller::of_deployment(
                &apply::apply(cluster, broker, &self.api::<Deployment>(namespace), wish).await?,
            ),
            Makes::StatefulSet => Controller::of_stateful_set(
                &apply::apply(cluster, broker, &self.api::<StatefulSet>(namespace), wish).await?,
            ),
            Makes::Job => Controller::of_job(&apply::apply(cluster, broker, &self.api::<Job>(namespace), wish).await?),
        })
    }

    async fn write_files(
        &self,
        namespace: &str,
        spec: &WorkloadSpec,
        text: &str,
        token: Option<&DiscoveryToken>,
    ) -> Result<(), SystemError> {
        let wish = objects::files(spec, &self.broker, text);
        apply::apply(&self.cluster, &self.broker, &self.api::<ConfigMap>(namespace), &wish).await?;
        if let Some(token) = token {
            let wish = objects::token(spec, &self.broker, token);
            apply::apply(&self.cluster, &self.broker, &self.api::<Secret>(namespace), &wish).await?;
        }
        Ok(())
    }

    async fn write_policy(&self, namespace: &str, spec: &WorkloadSpec) -> Result<(), SystemError> {
        if let Some(wish) = objects::policy(spec, &self.broker, &self.settings) {
            apply::apply(&self.cluster, &self.broker, &self.api::<NetworkPolicy>(namespace), &wish).await?;
        }
        Ok(())
    }

    /// A claim that is there stays as it is: most of it can't be changed.
    async fn write_claims(&self, namespace: &str, spec: &WorkloadSpec) -> Result<(), SystemError> {
        let api: Api<PersistentVolumeClaim> = self.api(namespace);
        for (volume, wish) in &spec.volumes {
            let name = naming::claim(spec.application, &spec.component, spec.ordinal, volume);
            let action = format!("read PersistentVolumeClaim {name}");
            match self.cluster.maybe(&action, api.get_metadata(&name)).await? {
                Some(there) if apply::is_ours(&there.metadata, &self.broker) => continue,
                Some(_) => return Err(apply::foreign(self.cluster.system(), "PersistentVolumeClaim", &name)),
                None => {}
            }
            let wish = objects::volume(spec, &self.broker, &self.settings, volume, wish.size.0);
            apply::apply(&self.cluster, &self.broker, &api, &wish).await?;
        }
        Ok(())
    }

    /// Tells what has changed since it was last told.
    pub(super) async fn tell_changes(
        &self,
        place: &Place,
        peers: &Peers,
        token: Option<&DiscoveryToken>,
    ) -> Result<(), SystemError> {
        let text = objects::peers_text(peers);
        let news = hash(&text, token);
        let told = self.told().get(&place.workload) == Some(&news);
        if told || self.cache.inventory(place.workload).is_some() {
            return Ok(());
        }
        self.cache.fresh().await?;
        let (_, pods) = self.cache.of(place.workload);
        let Some(namespace) = self.namespace_of(place) else { return Ok(()) };
        let (name, params) =
            (object_of(place), PatchParams { field_manager: Some(MANAGER.to_owned()), ..Default::default() });
        let patch = Patch::Merge(json!({ "data": { objects::PEERS_FILE: text } }));
        let files: Api<ConfigMap> = self.api(&namespace);
        let action = format!("tell ConfigMap {name}");
        let written = self.cluster.maybe(&action, files.patch(&name, &params, &patch)).await?;
        if let (Some(_), Some(token)) = (&written, token) {
            let secrets: Api<Secret> = self.api(&namespace);
            let patch = Patch::Merge(json!({ "stringData": { "token": token.reveal() } }));
            let action = format!("tell Secret {name}");
            self.cluster.maybe(&action, secrets.patch(&name, &params, &patch)).await?;
        }
        let patch = Patch::Merge(json!({ "metadata": { "annotations": { PEERS: format!("{news:x}") } } }));
        for pod in pods.iter().filter(|pod| !pod.deleting) {
            let api: Api<Pod> = self.api(&namespace);
            let action = format!("tell Pod {}", pod.name);
            self.cluster.maybe(&action, api.patch_metadata(&pod.name, &params, &patch)).await?;
        }
        if written.is_some() {
            self.told().insert(place.workload, news);
        }
        Ok(())
    }
}

fn hash(text: &str, token: Option<&DiscoveryToken>) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    token.map(DiscoveryToken::reveal).hash(&mut hasher);
    hasher.finish()
}
