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
use std::collections::BTreeSet;

/// The ports of a component that have an entrance, as they are written down; empty where none has.
pub(super) fn hosted(spec: &WorkloadSpec) -> String {
    let names = spec.ports.iter().filter(|(_, port)| port.host.is_some()).map(|(name, _)| name.as_str());
    names.collect::<Vec<_>>().join(",")
}

fn labels(spec: &WorkloadSpec, broker: &str) -> Value {
    let mut all = naming::of_application(broker, spec.application);
    all.insert(COMPONENT.to_owned(), spec.component.clone());
    naming::json(&all)
}

fn service(spec: &WorkloadSpec, broker: &str, name: &str, number: u16) -> Value {
    let pods = json!({ BROKER: broker, APPLICATION: spec.application.to_string(), COMPONENT: spec.component });
    let port = json!({ "name": "http", "port": number, "targetPort": number, "protocol": "TCP" });
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": name, "labels": labels(spec, broker) },
        "spec": { "type": "ClusterIP", "selector": pods, "ports": [port] },
    })
}

fn ingress(spec: &WorkloadSpec, broker: &str, settings: &Settings, name: &str, host: &str, number: u16) -> Value {
    let backend = json!({ "service": { "name": name, "port": { "number": number } } });
    let path = json!({ "path": "/", "pathType": "Prefix", "backend": backend });
    let mut rules = json!({ "rules": [{ "host": host, "http": { "paths": [path] } }] });
    if let Some(class) = &settings.ingress_class {
        set(&mut rules, "ingressClassName", class.clone().into());
    }
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": { "name": name, "labels": labels(spec, broker) }, "spec": rules,
    })
}

fn has_host(ingress: &Ingress, host: &str) -> bool {
    let rules = ingress.spec.iter().flat_map(|spec| spec.rules.iter().flatten());
    rules.into_iter().any(|rule| rule.host.as_deref() == Some(host))
}

impl Kubernetes {
    /// Sees that the component's entrances are there.
    pub(super) async fn entrances(&self, namespace: &str, spec: &WorkloadSpec) -> Result<(), SystemError> {
        let numbers = container_ports(spec);
        for (port, wish) in &spec.ports {
            let (Some(host), Some(number)) = (&wish.host, numbers.get(port)) else { continue };
            let name = naming::entrance(spec.application, &spec.component, port);
            self.host_is_free(namespace, &name, host).await?;
            let behind = service(spec, &self.broker, &name, *number);
            apply::apply(&self.cluster, &self.broker, &self.api::<Service>(namespace), &behind).await?;
            let wish = ingress(spec, &self.broker, &self.settings, &name, host, *number);
            apply::apply(&self.cluster, &self.broker, &self.api::<Ingress>(namespace), &wish).await?;
        }
        Ok(())
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
            let ports: Vec<String> = one.hosted.split(',').filter(|it| !it.is_empty()).map(str::to_owned).collect();
            ports.into_iter().map(move |port| naming::entrance(application, component, &port))
        })
        .collect()
    }
}
