//! Entrances by a host name: for each such port of a component one Ingress and
//! the service behind it, which all instances of the component share.
//!
//! They belong to no workload, since workloads come and go one for another:
//! what makes pods says which it wants, and what nobody wants any more goes.

use super::{
    Kubernetes, apply,
    naming::{self, APPLICATION, BROKER, COMPONENT, WORKLOAD, selector},
    pod::{container_ports, set},
    record::Controller,
    refused,
    settings::Settings,
};
use crate::model::WorkloadSpec;
use hansa_ontology::{ApplicationId, WorkloadId};
use hansa_repository::system::{SystemError, SystemErrorKind};
use k8s_openapi::api::{core::v1::Service, networking::v1::Ingress};
use kube::{
    Api, ResourceExt as _,
    api::{DeleteParams, ListParams},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// So long an entrance that was seen is taken as being there.
const HOLDS: Duration = Duration::from_secs(10);

/// When the entrances of each workload were last looked at.
pub(super) type Looked = Mutex<HashMap<WorkloadId, Instant>>;

/// The entrances of a component as they are written down at what makes its
/// pods, `PORT:NUMBER:HOST` with commas between: as much as making them takes.
pub(super) fn hosted(spec: &WorkloadSpec) -> String {
    let numbers = container_ports(spec);
    let all = spec.ports.iter().filter_map(|(name, port)| {
        let (host, number) = (port.host.as_ref()?, numbers.get(name)?);
        Some(format!("{name}:{number}:{host}"))
    });
    all.collect::<Vec<_>>().join(",")
}

/// One entrance.
struct Entrance<'h> {
    application: ApplicationId,
    component: &'h str,
    name: String,
    number: u16,
    host: &'h str,
}

/// Those of a component that are written down.
fn read<'h>(application: ApplicationId, component: &'h str, hosted: &'h str) -> Vec<Entrance<'h>> {
    let one = |text: &'h str| {
        let mut parts = text.splitn(3, ':');
        let (port, number, host) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
        Some(Entrance { application, component, name: naming::entrance(application, component, port), number, host })
    };
    hosted.split(',').filter_map(one).collect()
}

impl Entrance<'_> {
    fn metadata(&self, broker: &str) -> Value {
        let mut labels = naming::of_application(broker, self.application);
        labels.insert(COMPONENT.to_owned(), self.component.to_owned());
        json!({ "name": self.name, "labels": naming::json(&labels) })
    }

    fn service(&self, broker: &str) -> Value {
        let pods = json!({ BROKER: broker, APPLICATION: self.application.to_string(), COMPONENT: self.component });
        let port = json!({ "name": "http", "port": self.number, "targetPort": self.number, "protocol": "TCP" });
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": self.metadata(broker),
            "spec": { "type": "ClusterIP", "selector": pods, "ports": [port] },
        })
    }

    fn ingress(&self, broker: &str, settings: &Settings) -> Value {
        let backend = json!({ "service": { "name": self.name, "port": { "number": self.number } } });
        let path = json!({ "path": "/", "pathType": "Prefix", "backend": backend });
        let mut rules = json!({ "rules": [{ "host": self.host, "http": { "paths": [path] } }] });
        if let Some(class) = &settings.ingress_class {
            set(&mut rules, "ingressClassName", class.clone().into());
        }
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": self.metadata(broker), "spec": rules,
        })
    }
}

fn has_host(ingress: &Ingress, host: &str) -> bool {
    let rules = ingress.spec.iter().flat_map(|spec| spec.rules.iter().flatten());
    rules.into_iter().any(|rule| rule.host.as_deref() == Some(host))
}

impl Kubernetes {
    /// Sees that the component's entrances are there.
    pub(super) async fn entrances(
        &self,
        namespace: &str,
        application: ApplicationId,
        component: &str,
        hosted: &str,
    ) -> Result<(), SystemError> {
        for entrance in read(application, component, hosted) {
            self.host_is_free(namespace, &entrance.name, entrance.host).await?;
            let behind = entrance.service(&self.broker);
            apply::apply(&self.cluster, &self.broker, &self.api::<Service>(namespace), &behind).await?;
            let wish = entrance.ingress(&self.broker, &self.settings);
            apply::apply(&self.cluster, &self.broker, &self.api::<Ingress>(namespace), &wish).await?;
        }
        Ok(())
    }

    /// Makes again what somebody has deleted of a workload's entrances. Looked
    /// at from time to time; nothing is stopped for it. The reason where that
    /// can't be done and no further try will help.
    pub(super) async fn entrances_kept(&self, of: &Controller) -> Option<String> {
        let application = of.application.filter(|_| !of.hosted.is_empty() && !of.deleting && of.replicas > 0)?;
        {
            let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
            looked.retain(|_, at| at.elapsed() < HOLDS);
            if looked.contains_key(&of.workload) {
                return None;
            }
            looked.insert(of.workload, Instant::now());
        }
        let outcome = async {
            let (doors, services): (Api<Ingress>, Api<Service>) = (self.api(&of.namespace), self.api(&of.namespace));
            for Entrance { name, .. } in read(application, &of.component, &of.hosted) {
                let action = format!("look at the entrance {name}");
                let door = self.cluster.maybe(&action, doors.get_metadata(&name)).await?;
                let behind = self.cluster.maybe(&action, services.get_metadata(&name)).await?;
                if door.is_none() || behind.is_none() {
                    self.entrances(&of.namespace, application, &of.component, &of.hosted).await?;
                }
            }
            Ok::<(), SystemError>(())
        };
        let failed = outcome.await.err()?;
        let lasting = failed.kind == SystemErrorKind::Conflict || !failed.kind.is_passing();
        lasting.then(|| failed.to_string())
    }

    /// A name that leads to somebody else already is not taken from them: what
    /// becomes of two with one name is up to each controller.
    async fn host_is_free(&self, namespace: &str, name: &str, host: &str) -> Result<(), SystemError> {
        let (api, action) = (self.api::<Ingress>(namespace), format!("give the entrance {host}"));
        if self.cluster.maybe(&action, api.get(name)).await?.is_some_and(|it| has_host(&it, host)) {
            return Ok(());
        }
        let all = match &self.settings.namespace {
            Some(_) => api,
            None => Api::all(self.cluster.client()),
        };
        let listed = self.cluster.call(&action, all.list(&ListParams::default())).await?;
        let other = |it: &&Ingress| {
            has_host(it, host) && (it.name_any() != name || it.namespace().as_deref() != Some(namespace))
        };
        match listed.items.iter().find(other) {
            None => Ok(()),
            Some(_) => {
                let remedy = format!("another Ingress of the cluster has the host name {host}; choose another name");
                Err(refused(self.cluster.system(), SystemErrorKind::Conflict, action, remedy))
            }
        }
    }

    /// Removes those of a component's entrances that nothing wants any more;
    /// `leaves` goes, and wants none.
    pub(super) async fn entrances_pruned(
        &self,
        of: &Controller,
        leaves: Option<WorkloadId>,
    ) -> Result<(), SystemError> {
        let Some(application) = of.application.filter(|_| !of.hosted.is_empty()) else { return Ok(()) };
        let (component, namespace) = (&of.component, &of.namespace);
        let wanted = self.wanted(application, component, leaves);
        let id = application.to_string();
        let labels = selector(&[(BROKER, &self.broker), (APPLICATION, &id), (COMPONENT, component)]);
        let (doors, services): (Api<Ingress>, Api<Service>) = (self.api(namespace), self.api(namespace));
        let action = format!("list the entrances of {component}");
        let there = self.cluster.maybe(&action, doors.list_metadata(&ListParams::default().labels(&labels))).await?;
        let names = there.into_iter().flat_map(|list| list.items).map(|it| it.name_any());
        for name in names.collect::<BTreeSet<_>>().difference(&wanted) {
            self.entrance_removed(&doors, &services, name).await?;
        }
        Ok(())
    }

    /// Removes all that an application has left in a namespace that isn't its own.
    pub(super) async fn entrances_removed(
        &self,
        namespace: &str,
        application: ApplicationId,
    ) -> Result<(), SystemError> {
        let id = application.to_string();
        let which = ListParams::default().labels(&format!("{BROKER}={},{APPLICATION}={id},!{WORKLOAD}", self.broker));
        let (doors, services): (Api<Ingress>, Api<Service>) = (self.api(namespace), self.api(namespace));
        let found = match self.cluster.maybe("list the entrances left", doors.list_metadata(&which)).await {
            // Who may not look at them has made none.
            Err(error) if error.kind == SystemErrorKind::Forbidden => None,
            found => found?,
        };
        for name in found.into_iter().flat_map(|list| list.items).map(|it| it.name_any()) {
            self.entrance_removed(&doors, &services, &name).await?;
        }
        Ok(())
    }

    /// The service goes first: what is found by its Ingress is found again.
    async fn entrance_removed(
        &self,
        doors: &Api<Ingress>,
        services: &Api<Service>,
        name: &str,
    ) -> Result<(), SystemError> {
        let params = DeleteParams::default();
        self.cluster.maybe(&format!("delete Service {name}"), services.delete(name, &params)).await?;
        self.cluster.maybe(&format!("delete Ingress {name}"), doors.delete(name, &params)).await.map(drop)
    }

    /// The names of the entrances that a component's workloads want.
    fn wanted(&self, application: ApplicationId, component: &str, leaves: Option<WorkloadId>) -> BTreeSet<String> {
        let of_it = |one: &Controller| {
            one.application == Some(application) && &*one.component == component && Some(one.workload) != leaves
        };
        let stay = self.cache.controllers().into_iter().filter(|one| !one.deleting && of_it(one));
        stay.flat_map(|one| {
            let names = read(application, component, &one.hosted).into_iter().map(|it| it.name);
            names.collect::<Vec<_>>()
        })
        .collect()
    }
}
