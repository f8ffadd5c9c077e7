//! Clusters that Cluster API makes: each machine is one Cluster with a managed
//! topology on a management cluster, which is all that is written there. What
//! becomes of it is its providers' work, told in their own words.

mod address;
mod discover;
mod leaving;
mod objects;
mod settings;
mod standing;
mod template;

use super::{ClusterKeeper, door, leaving::Patience};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use hansa_kubernetes_client::{Cluster, bounded};
use hansa_pim::{Delivery, MachineConnector, MachineOrder, Removal};
use hansa_repository::system::{
    ClusterDoor, Connecting, MadeCluster, SystemConnection, SystemError, SystemErrorKind, SystemReport,
};
use k8s_openapi::api::core::v1::Secret;
use kube::{
    Api,
    api::{ApiResource, DynamicObject, ListParams, Patch, PatchParams, PostParams},
    core::GroupVersionKind,
};
use objects::{ADDRESS, BROKER, OF_CLUSTER, TEMPLATE, is_ours};
use serde_json::{Value, json};
use settings::Settings;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use template::Template;

const GROUP: &str = "cluster.x-k8s.io";
/// The versions of its API that are understood, the best first.
const VERSIONS: [&str; 2] = ["v1beta2", "v1beta1"];
/// So long the served version is believed to stay.
const SERVED: Duration = Duration::from_secs(60);
/// Who owns the fields that are set here.
const MANAGER: &str = "hansa";
/// The key of a kubeconfig in its Secret (the contract of Cluster API).
const KUBECONFIG: &str = "value";

/// A management cluster.
#[derive(Debug)]
struct ClusterApi {
    cluster: Cluster,
    connection: SystemConnection,
    settings: Settings,
    served: Mutex<Option<(Instant, String)>>,
    patience: Patience,
}

/// For [`super::MAKERS`]. The management cluster is asked nothing.
pub(super) fn connect(connection: SystemConnection) -> Connecting<dyn MachineConnector> {
    Box::pin(async move { Ok(Arc::new(ClusterApi::new(connection).await?) as Arc<dyn MachineConnector>) })
}

/// For [`super::DOORS`].
pub(super) fn keeper(connection: SystemConnection) -> Connecting<dyn ClusterKeeper> {
    Box::pin(async move { Ok(Arc::new(ClusterApi::new(connection).await?) as Arc<dyn ClusterKeeper>) })
}

/// A cluster as it was found.
#[derive(Debug)]
struct Found {
    object: DynamicObject,
    /// The same, to be read by paths.
    value: Value,
}

impl Found {
    fn annotation(&self, key: &str) -> Option<&str> {
        self.object.metadata.annotations.as_ref()?.get(key).map(String::as_str)
    }

    const fn is_leaving(&self) -> bool {
        self.object.metadata.deletion_timestamp.is_some()
    }
}

impl ClusterApi {
    async fn new(connection: SystemConnection) -> Result<Self, SystemError> {
        let settings = Settings::read(&connection)?;
        let cluster = Cluster::connect(&connection).await?;
        Ok(Self { cluster, connection, settings, served: Mutex::default(), patience: Patience::default() })
    }

    fn error(&self, kind: SystemErrorKind, action: &str, said: &str, remedy: &str) -> SystemError {
        SystemError {
            system: self.cluster.system().to_owned(),
            kind,
            action: action.to_owned(),
            said: bounded(said),
            remedy: remedy.to_owned(),
        }
    }

    /// The version of Cluster API's own API that is spoken here.
    async fn version(&self) -> Result<String, SystemError> {
        let known = self.served.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, version)) = known.filter(|(at, _)| at.elapsed() < SERVED) {
            return Ok(version);
        }
        let groups = self.cluster.call("list its API groups", self.cluster.client().list_api_groups()).await?;
        let group = groups.groups.into_iter().find(|group| group.name == GROUP);
        let served: Vec<String> = group.into_iter().flat_map(|it| it.versions).map(|it| it.version).collect();
        let Some(best) = VERSIONS.into_iter().find(|version| served.iter().any(|it| it == version)) else {
            let said = match served.as_slice() {
                [] => format!("it serves no {GROUP}"),
                some => format!("it serves {GROUP} {}; spoken are {}", some.join(", "), VERSIONS.join(", ")),
            };
            let remedy = "install Cluster API 1.4 or newer on it (clusterctl init), or connect it as `kubernetes`";
            return Err(self.error(SystemErrorKind::Unsupported, "look for Cluster API", &said, remedy));
        };
        *self.served.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), best.to_owned()));
        Ok(best.to_owned())
    }

    async fn api(&self, kind: &str, plural: &str) -> Result<Api<DynamicObject>, SystemError> {
        let kind = GroupVersionKind::gvk(GROUP, &self.version().await?, kind);
        let resource = ApiResource::from_gvk_with_plural(&kind, plural);
        Ok(Api::namespaced_with(self.cluster.client(), &self.settings.namespace, &resource))
    }

    async fn clusters(&self) -> Result<Api<DynamicObject>, SystemError> {
        self.api("Cluster", "clusters").await
    }

    /// The cluster of that name, whosever it is.
    async fn find(&self, name: &str) -> Result<Option<Found>, SystemError> {
        let action = format!("look at Cluster {name}");
        let found = self.cluster.maybe(&action, self.clusters().await?.get(name)).await?;
        found.map(|object| self.found(&action, object)).transpose()
    }

    fn found(&self, action: &str, object: DynamicObject) -> Result<Found, SystemError> {
        let read = serde_json::to_value(&object);
        let value = read.map_err(|error| self.error(SystemErrorKind::Failed, action, &error.to_string(), ""))?;
        Ok(Found { object, value })
    }

    /// What belongs to a cluster, of one kind; None where it may not be seen.
    async fn parts(&self, cluster: &str, kind: &str, plural: &str) -> Result<Option<Vec<Value>>, SystemError> {
        let which = ListParams::default().labels(&format!("{OF_CLUSTER}={cluster}"));
        let action = format!("list each {kind} of Cluster {cluster}");
        match self.cluster.call(&action, self.api(kind, plural).await?.list(&which)).await {
            Ok(list) => {
                let read = list.items.iter().map(serde_json::to_value).collect::<Result<_, _>>();
                read.map(Some).map_err(|error| self.error(SystemErrorKind::Failed, &action, &error.to_string(), ""))
            }
            Err(error) if matches!(error.kind, SystemErrorKind::Forbidden | SystemErrorKind::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn make(&self, order: &MachineOrder) -> Result<Delivery, SystemError> {
        let action = format!("create Cluster {}", order.name);
        let Some((name, template)) = self.settings.template(order) else {
            let said = match &order.item {
                Some(item) => format!("there is no template `{item}`"),
                None => "no template has that much".to_owned(),
            };
            return Err(self.error(
                SystemErrorKind::Unsupported,
                &action,
                &said,
                "state it in the setting `templates`",
            ));
        };
        let workers = template.workers_for(order.amounts).ok_or_else(|| {
            let remedy = "state workers that have it in the setting `templates`";
            self.error(SystemErrorKind::NoRoom, &action, "no number of its workers has that much", remedy)
        })?;
        if let Some(most) = template.at_most {
            let there = self.count(name).await?;
            if there >= u64::from(most) {
                let said = format!("there are {there} clusters of the template {name}, and {most} may be at most");
                let remedy = "raise `atMost` in the setting `templates`, or end one";
                return Err(self.error(SystemErrorKind::Quota, &action, &said, remedy));
            }
        }
        let labels = objects::labels(&self.connection.broker, order, name);
        let api_version = self.version().await?;
        let wish = objects::cluster(&api_version, (&order.name, &labels), template, workers);
        let wish: DynamicObject = serde_json::from_value(wish)
            .map_err(|error| self.error(SystemErrorKind::Invalid, &action, &error.to_string(), ""))?;
        let by_us = PostParams { field_manager: Some(MANAGER.to_owned()), ..PostParams::default() };
        match self.cluster.call(&action, self.clusters().await?.create(&by_us, &wish)).await {
            Ok(_) => Ok(Delivery::Pending(format!("waits for the providers of Cluster {}", order.name))),
            // Whose it is shows when it is looked at.
            Err(error) if error.kind == SystemErrorKind::Conflict => {
                Ok(Delivery::Pending(format!("Cluster {} is there since a moment; it is looked at again", order.name)))
            }
            Err(mut error) => {
                if error.kind == SystemErrorKind::NotFound {
                    error.remedy = format!("make the namespace {}, or set another", self.settings.namespace);
                }
                Err(error)
            }
        }
    }

    /// How many clusters of a template this broker has here.
    async fn count(&self, template: &str) -> Result<u64, SystemError> {
        let which = ListParams::default().labels(&format!("{BROKER}={},{TEMPLATE}={template}", self.connection.broker));
        let list = self.cluster.call("count its clusters", self.clusters().await?.list_metadata(&which)).await?;
        Ok(list.items.len() as u64)
    }

    async fn go_on(&self, order: &MachineOrder, found: &Found) -> Result<Delivery, SystemError> {
        let name = &order.name;
        if found.is_leaving() {
            let held = standing::held_by(&found.value);
            return Ok(Delivery::Pending(format!(
                "Cluster {name} is being deleted, and made again when it is gone; {held}"
            )));
        }
        let delivered = found.annotation(ADDRESS);
        if let Some(why) = standing::failure(&found.value).filter(|_| delivered.is_none()) {
            return Err(self.failed(name, found, &why).await?);
        }
        let template = self.template_of(order, found);
        if let Some(template) = template {
            let workers = template.workers_for(order.amounts).unwrap_or(template.workers.count);
            if let Some(patch) = objects::change(&found.value, template, workers) {
                self.change(name, &patch, delivered.is_some()).await?;
            }
            if delivered.is_none() {
                let groups = self.parts(name, "MachineDeployment", "machinedeployments").await?;
                let ready = standing::workers_ready(&found.value, groups.as_deref());
                if let Some(waits) = standing::waits_for(&found.value, ready, workers) {
                    return Ok(Delivery::Pending(waits));
                }
            }
        } else if let Some(waits) = standing::waits_for(&found.value, Some(0), 0).filter(|_| delivered.is_none()) {
            return Ok(Delivery::Pending(waits));
        }
        let address = self.address(name, found, delivered).await?;
        let id = found.object.metadata.uid.clone().unwrap_or_else(|| name.clone());
        Ok(Delivery::Ready { address, id })
    }

    /// The template that a cluster was made of, as it is now.
    fn template_of(&self, order: &MachineOrder, found: &Found) -> Option<&Template> {
        let named = found.object.metadata.labels.as_ref().and_then(|labels| labels.get(TEMPLATE));
        match named {
            Some(name) => self.settings.templates.get(name),
            None => self.settings.template(order).map(|(_, template)| template),
        }
    }

    /// Another number of workers, or another version.
    async fn change(&self, name: &str, patch: &Value, is_used: bool) -> Result<(), SystemError> {
        let by_us = PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
        let action = format!("change Cluster {name}");
        match self.cluster.call(&action, self.clusters().await?.patch(name, &by_us, &Patch::Merge(patch))).await {
            // Somebody changed it at the same time: the next round looks again.
            Err(error) if error.kind == SystemErrorKind::Conflict => Ok(()),
            // What runs there is not given up for a setting that it can't follow.
            Err(error) if is_used => Err(SystemError { kind: SystemErrorKind::Failed, ..error }),
            changed => changed.map(drop),
        }
    }

    /// A cluster that will never be: it is taken away, and its provider's words are kept.
    async fn failed(&self, name: &str, found: &Found, why: &str) -> Result<SystemError, SystemError> {
        self.delete(name, found).await?;
        let about = why.to_lowercase();
        let quota = ["quota", "limit exceeded", "limitexceeded"].iter().any(|word| about.contains(word));
        let kind = if quota { SystemErrorKind::Quota } else { SystemErrorKind::Failed };
        let remedy = "it is taken away and made again; look at its provider on the management cluster";
        Ok(self.error(kind, &format!("make Cluster {name}"), why, remedy))
    }

    async fn ensure(&self, order: &MachineOrder) -> Result<Delivery, SystemError> {
        match self.find(&order.name).await? {
            None => self.make(order).await,
            Some(found) if is_ours(&found.object.metadata, &self.connection.broker) => self.go_on(order, &found).await,
            Some(_) => {
                let remedy = format!(
                    "there is a Cluster {} that this broker has not made, and it is left alone: rename or delete it",
                    order.name
                );
                Err(self.error(SystemErrorKind::Conflict, &format!("create Cluster {}", order.name), "", &remedy))
            }
        }
    }
}

#[async_trait]
impl MachineConnector for ClusterApi {
    async fn discover(&self, now: DateTime<Utc>) -> Result<SystemReport, SystemError> {
        self.look_around(now).await
    }

    async fn machine_ensure(&self, order: &MachineOrder) -> Result<Delivery, SystemError> {
        self.ensure(order).await
    }

    async fn machine_release(&self, order: &MachineOrder) -> Result<Removal, SystemError> {
        self.release(&order.name).await
    }
}

#[async_trait]
impl ClusterKeeper for ClusterApi {
    async fn door(&self, name: &str) -> Result<ClusterDoor, SystemError> {
        let found = self.find(name).await?;
        let Some(found) = found.filter(|it| is_ours(&it.object.metadata, &self.connection.broker)) else {
            return Ok(ClusterDoor::Nothing(format!("there is no Cluster {name} of this broker any more")));
        };
        if found.is_leaving() {
            let held = standing::held_by(&found.value);
            return Ok(ClusterDoor::Nothing(format!("Cluster {name} is being deleted; {held}")));
        }
        if !standing::is_initialised(&found.value) {
            let words = standing::words(&found.value);
            return Ok(ClusterDoor::Nothing(format!("Cluster {name} has no control plane yet; {words}")));
        }
        let secrets: Api<Secret> = Api::namespaced(self.cluster.client(), &self.settings.namespace);
        let of = format!("{name}-kubeconfig");
        let action = format!("read Secret {of}");
        let secret = self.cluster.maybe(&action, secrets.get(&of)).await?;
        let made = MadeCluster { maker: self.connection.system.name.clone(), name: name.to_owned() };
        let Some(kubeconfig) = secret.and_then(|secret| secret.data?.remove(KUBECONFIG)) else {
            let remedy = "its control plane provider writes it; see whether that works";
            let said = format!("there is no {of} with the key `{KUBECONFIG}`");
            let error = self.error(SystemErrorKind::NotFound, &action, &said, remedy);
            return Err(SystemError { system: made.to_string(), ..error });
        };
        let opened = door::connection(&self.connection, made.to_string(), &kubeconfig.0)?;
        Ok(ClusterDoor::Open(Box::new(opened)))
    }
}

/// A merge patch of one annotation.
fn annotated(key: &str, value: &str) -> Value {
    json!({ "metadata": { "annotations": { key: value } } })
}
