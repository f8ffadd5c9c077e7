//! What stands in a cluster for one workload, as it is applied.

use super::{
    ingress::hosted,
    naming::{HOSTED, claim, json, object, of_application, of_instance, of_workload},
    pod::{container_ports, protocol, set},
    record::Makes,
    settings::{Admission, Exposure, PodSecurity, Settings},
};
use crate::model::{DiscoveryToken, Endpoints, Peers, WorkloadSpec};
use hansa_ontology::ApplicationId;
use serde_json::{Value, json};

/// The namespace of an application.
pub(super) fn namespace(name: &str, application: ApplicationId, broker: &str, settings: &Settings) -> Value {
    let mut labels = of_application(broker, application);
    if settings.security == PodSecurity::Restricted {
        labels.insert("pod-security.kubernetes.io/enforce".to_owned(), "restricted".to_owned());
    }
    json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name, "labels": json(&labels) } })
}

fn metadata(spec: &WorkloadSpec, broker: &str) -> Value {
    json!({ "name": object(spec.id), "labels": json(&of_workload(broker, spec)) })
}

fn selects(spec: &WorkloadSpec) -> Value {
    json!({ super::naming::WORKLOAD: spec.id.to_string() })
}

/// The service. Numbers on the nodes that were given once are asked for again.
pub(super) fn service(spec: &WorkloadSpec, broker: &str, settings: &Settings, known: &Endpoints) -> Value {
    let numbers = container_ports(spec);
    let ports: Vec<Value> = (spec.ports.iter())
        .filter_map(|(name, port)| {
            let number = numbers.get(name)?;
            let mut one =
                json!({ "name": name, "port": number, "targetPort": number, "protocol": protocol(port.protocol) });
            if settings.exposure == Exposure::NodePort
                && let Some(endpoint) = known.get(name)
            {
                set(&mut one, "nodePort", endpoint.number.into());
            }
            Some(one)
        })
        .collect();
    let kind = match settings.exposure {
        Exposure::NodePort => "NodePort",
        Exposure::ClusterIp => "ClusterIP",
        Exposure::LoadBalancer => "LoadBalancer",
    };
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": metadata(spec, broker),
        "spec": { "type": kind, "selector": selects(spec), "ports": ports },
    })
}

/// The name of the peers' file.
pub(super) const PEERS_FILE: &str = "peers.json";

/// The peers' file, and the component's own files.
pub(super) fn files(spec: &WorkloadSpec, broker: &str, peers: &str) -> Value {
    let (mut data, mut binary) = (json!({ PEERS_FILE: peers }), json!({}));
    for (name, files) in &spec.files {
        for (file, text) in &files.text {
            set(&mut data, &file_key(name, file), text.clone().into());
        }
        for (file, text) in &files.base64 {
            let whole: String = text.split_ascii_whitespace().collect();
            set(&mut binary, &file_key(name, file), whole.into());
        }
    }
    json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata(spec, broker), "data": data, "binaryData": binary,
    })
}

/// Under which key a file is kept. The name of a set has no dot.
pub(super) fn file_key(set: &str, file: &str) -> String {
    format!("files.{set}.{file}")
}

/// The text of the peers' file.
pub(super) fn peers_text(peers: &Peers) -> String {
    serde_json::to_string(&crate::connectors::environment::sorted(peers)).unwrap_or_else(|_| "{}".to_owned())
}

/// What the workload shows when it looks up its peers.
pub(super) fn token(spec: &WorkloadSpec, broker: &str, token: &DiscoveryToken) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": metadata(spec, broker), "type": "Opaque",
        "stringData": { "token": token.reveal() },
    })
}

/// Who may reach the workload. None where the owner wishes no policy.
pub(super) fn policy(spec: &WorkloadSpec, broker: &str, settings: &Settings) -> Option<Value> {
    let numbers = container_ports(spec);
    let open: Vec<Value> = (spec.ports.iter())
        .filter(|(_, port)| port.public || settings.admission == Admission::Declared)
        .filter_map(|(name, port)| Some(json!({ "port": numbers.get(name)?, "protocol": protocol(port.protocol) })))
        .collect();
    let mut ingress = vec![json!({ "from": [{ "podSelector": {} }] })];
    if !open.is_empty() {
        ingress.push(json!({ "ports": open }));
    }
    (settings.admission != Admission::Off).then(|| {
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata(spec, broker),
            "spec": { "podSelector": { "matchLabels": selects(spec) }, "policyTypes": ["Ingress"], "ingress": ingress },
        })
    })
}

/// The claim of one volume, which outlives the workload.
pub(super) fn volume(spec: &WorkloadSpec, broker: &str, settings: &Settings, name: &str, mebibytes: u64) -> Value {
    let mut wish = json!({
        "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": format!("{mebibytes}Mi") } },
    });
    if let Some(class) = &settings.storage_class {
        set(&mut wish, "storageClassName", class.clone().into());
    }
    json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": claim(spec.application, &spec.component, spec.ordinal, name),
            "labels": json(&of_instance(broker, spec)), "annotations": { "hansa.internal/volume": name },
        },
        "spec": wish,
    })
}

/// What makes the pod: a set with an identity where there are volumes, which
/// never has two pods at once; a job where it ends; else a deployment that ends
/// the old pod first.
pub(super) fn controller(spec: &WorkloadSpec, run: u64, broker: &str, template: &Value) -> Value {
    let selector = json!({ "matchLabels": selects(spec) });
    let common = json!({ "replicas": 1, "selector": selector, "template": template, "revisionHistoryLimit": 0 });
    let mut one = common;
    let kind = Makes::of(spec);
    match kind {
        Makes::Deployment => {
            set(&mut one, "strategy", json!({ "type": "Recreate" }));
            set(&mut one, "progressDeadlineSeconds", 3_600.into());
        }
        Makes::StatefulSet => {
            set(&mut one, "serviceName", object(spec.id).into());
            set(&mut one, "podManagementPolicy", "Parallel".into());
            set(&mut one, "updateStrategy", json!({ "type": "OnDelete" }));
        }
        // It is Hansa that tries again, with its back-off.
        Makes::Job => one = json!({ "backoffLimit": 0, "template": template }),
    }
    let (mut metadata, hosted) = (metadata(spec, broker), hosted(spec));
    set(&mut metadata, "name", kind.object(spec.id, run).into());
    if !hosted.is_empty() {
        set(&mut metadata, "annotations", json!({ HOSTED: hosted }));
    }
    let group = if kind == Makes::Job { "batch/v1" } else { "apps/v1" };
    json!({ "apiVersion": group, "kind": kind.name(), "metadata": metadata, "spec": one })
}
