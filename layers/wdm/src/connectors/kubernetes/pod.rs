//! From a specification to the pod that runs it.

use super::{
    naming::{CONTAINER, PEERS, REVISION, RUN, claim, json, object, of_workload},
    objects,
    settings::{PodSecurity, Settings},
};
use crate::{
    WdmError,
    connectors::{
        Launch,
        environment::{self, Surroundings},
    },
    model::{Endpoints, WorkloadSpec},
};
use hansa_ontology::resource_model::{
    ContainerPackage, Environment, HealthCheck, HealthProbe, InitStep, Protocol, Volume,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
};

/// Where the peers' file and the token are in a container.
const FILES: &str = "/run/hansa";
/// Where the component's files are in a container.
const OWN_FILES: &str = "/run/hansa/files";
/// Where volumes are in a container.
const VOLUMES: &str = "/var/lib/hansa/volumes";
/// The first of the numbers on which containers listen where the component names none.
const FIRST_PORT: u16 = 20_000;

/// The name of a port's protocol in Kubernetes.
pub(super) const fn protocol(of: Protocol) -> &'static str {
    match of {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
    }
}

/// On which number the container listens, for each port: in a network of its
/// own that is the component's wish, and any where it has none.
pub(super) fn container_ports(spec: &WorkloadSpec) -> BTreeMap<String, u16> {
    let taken: Vec<u16> = spec.ports.values().filter_map(|port| port.number).collect();
    let mut free = (FIRST_PORT..).filter(|number| !taken.contains(number));
    spec.ports.iter().filter_map(|(name, port)| Some((name.clone(), port.number.or_else(|| free.next())?))).collect()
}

/// The environment as the container gets it, and command and arguments with the variables put in.
fn surroundings(launch: &Launch, package: &ContainerPackage) -> Result<(Environment, [Vec<String>; 2]), WdmError> {
    let spec = &launch.spec;
    let ports = container_ports(spec);
    let endpoints: Endpoints = (launch.endpoints.iter())
        .map(|(name, endpoint)| {
            let number = ports.get(name).copied().unwrap_or(endpoint.number);
            (name.clone(), crate::Endpoint { number, ..*endpoint })
        })
        .collect();
    let volumes: BTreeMap<String, PathBuf> =
        spec.volumes.iter().map(|(name, volume)| (name.clone(), place_of(name, volume))).collect();
    let (peers_file, token) = (Path::new(FILES).join("peers/peers.json"), Path::new(FILES).join("token/token"));
    let around = Surroundings {
        // An image brings places of its own.
        machine: None,
        peers_file: &peers_file,
        volumes: &volumes,
        files: Path::new(OWN_FILES),
        address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        discovery_url: launch.discovery_url.as_deref(),
        token_file: launch.token.as_ref().map(|_| token.as_path()),
    };
    let all = environment::environment(spec, &endpoints, &launch.peers, &around);
    let expanded = |words: &[String], name: &str| {
        let field = format!("components.{}.package.container.{name}", spec.component);
        environment::expand(words, &all).map_err(|problem| WdmError::Invalid { field, problem })
    };
    let words = [expanded(&package.command, "command")?, expanded(&package.arguments, "arguments")?];
    Ok((all, words))
}

/// Containers that run before the workload's own, one after another: what it has, but its ports and probes.
fn steps(package: &ContainerPackage, all: &Environment, component: &str, own: &Value) -> Result<Vec<Value>, WdmError> {
    let one = |(index, step): (usize, &InitStep)| {
        let (environment, words) = environment::of_step(all, step, component, index)?;
        let mut container = json!({
            "name": format!("init-{index}"), "image": step.image.as_ref().unwrap_or(&package.image),
            "env": variables(&environment),
        });
        for key in ["resources", "volumeMounts", "securityContext", "terminationMessagePolicy"] {
            set(&mut container, key, own[key].clone());
        }
        program(&mut container, words);
        Ok(container)
    };
    package.init.iter().enumerate().map(one).collect()
}

fn variables(environment: &Environment) -> Vec<Value> {
    environment.iter().map(|(name, value)| json!({ "name": name, "value": literal(value) })).collect()
}

fn program(container: &mut Value, words: [Vec<String>; 2]) {
    for (key, words) in ["command", "args"].into_iter().zip(words).filter(|(_, words)| !words.is_empty()) {
        set(container, key, words.iter().map(|word| literal(word)).collect());
    }
}

/// Where a volume is: at its own place, or at one of ours.
fn place_of(name: &str, volume: &Volume) -> PathBuf {
    volume.mount.as_ref().map_or_else(|| Path::new(VOLUMES).join(name), PathBuf::from)
}

/// The component's files: all of them in one place, and each besides where its set is mounted.
fn own_files(spec: &WorkloadSpec, config: &str) -> Option<(Value, Vec<Value>)> {
    if spec.files.is_empty() {
        return None;
    }
    let mut mounts = vec![json!({ "name": "files", "mountPath": OWN_FILES, "readOnly": true })];
    let mut items = Vec::new();
    for (name, set) in &spec.files {
        for file in set.names() {
            let path = format!("{name}/{file}");
            items.push(json!({ "key": objects::file_key(name, file), "path": path }));
            if let Some(mount) = &set.mount {
                let place = format!("{}/{file}", mount.trim_end_matches('/'));
                // One by one, so that what the image has beside them stays.
                mounts.push(json!({ "name": "files", "mountPath": place, "subPath": path, "readOnly": true }));
            }
        }
    }
    Some((json!({ "name": "files", "configMap": { "name": config, "items": items, "defaultMode": 0o444 } }), mounts))
}

/// Kubernetes would put variables in a second time.
fn literal(text: &str) -> String {
    text.replace("$(", "$$(")
}

/// Where the container has what, and whence: the peers' file, its files, the token and its volumes.
fn mounted(launch: &Launch, name: &str) -> (Vec<Value>, Vec<Value>) {
    let spec = &launch.spec;
    let mut mounts = vec![json!({ "name": "peers", "mountPath": format!("{FILES}/peers"), "readOnly": true })];
    let items = json!([{ "key": objects::PEERS_FILE, "path": objects::PEERS_FILE }]);
    let mut volumes = vec![json!({ "name": "peers", "configMap": { "name": name, "items": items } })];
    if let Some((volume, places)) = own_files(spec, name) {
        volumes.push(volume);
        mounts.extend(places);
    }
    if launch.token.is_some() {
        mounts.push(json!({ "name": "token", "mountPath": format!("{FILES}/token"), "readOnly": true }));
        volumes.push(json!({ "name": "token", "secret": { "secretName": name } }));
    }
    for (index, (volume, wish)) in spec.volumes.iter().enumerate() {
        mounts.push(json!({ "name": format!("volume-{index}"), "mountPath": place_of(volume, wish) }));
        let claim = claim(spec.application, &spec.component, spec.ordinal, volume);
        volumes.push(json!({ "name": format!("volume-{index}"), "persistentVolumeClaim": { "claimName": claim } }));
    }
    (mounts, volumes)
}

/// The template of the pod.
pub(super) fn template(
    launch: &Launch,
    package: &ContainerPackage,
    settings: &Settings,
    broker: &str,
    peers: &str,
) -> Result<Value, WdmError> {
    let spec = &launch.spec;
    let name = object(spec.id);
    let (environment, words) = surroundings(launch, package)?;
    let ports = container_ports(spec);
    let listed: Vec<Value> = (spec.ports.iter())
        .filter_map(|(name, port)| {
            Some(json!({ "containerPort": ports.get(name)?, "protocol": protocol(port.protocol) }))
        })
        .collect();
    let (mounts, volumes) = mounted(launch, &name);
    let mut container = json!({
        "name": CONTAINER, "image": package.image, "env": variables(&environment), "ports": listed,
        "resources": resources(spec, settings), "volumeMounts": mounts,
        "securityContext": security_of_container(settings.security),
        "terminationMessagePolicy": "FallbackToLogsOnError",
    });
    program(&mut container, words);
    let steps = steps(package, &environment, &spec.component, &container)?;
    for (key, probe) in spec.health.iter().flat_map(|check| probes(check, &ports)) {
        set(&mut container, key, probe);
    }
    let mut pod = json!({
        "containers": [container], "volumes": volumes,
        "restartPolicy": if spec.run.is_service() { "Always" } else { "Never" },
        "terminationGracePeriodSeconds": settings.grace_s, "automountServiceAccountToken": false,
        "enableServiceLinks": false, "securityContext": security_of_pod(settings.security),
    });
    if !steps.is_empty() {
        set(&mut pod, "initContainers", steps.into());
    }
    if let Some(affinity) = affinity(spec) {
        set(&mut pod, "affinity", affinity);
    }
    if !settings.pull_secrets.is_empty() {
        let names = settings.pull_secrets.iter().map(|it| it.rsplit('/').next().unwrap_or(it));
        set(&mut pod, "imagePullSecrets", names.map(|name| json!({ "name": name })).collect());
    }
    if let Some(class) = &settings.runtime_class {
        set(&mut pod, "runtimeClassName", class.clone().into());
    }
    Ok(json!({
        "metadata": {
            "labels": json(&of_workload(broker, spec)),
            "annotations": { RUN: launch.run.to_string(), REVISION: &spec.revision, PEERS: peers },
        },
        "spec": pod,
    }))
}

pub(super) fn set(object: &mut Value, key: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(key.to_owned(), value);
    }
}

/// As much is promised as is allowed: what a tenant has rented is his. Less
/// where the owner says so, since the cluster's own pods have a part of its node.
fn resources(spec: &WorkloadSpec, settings: &Settings) -> Value {
    let wish = &spec.resources;
    let of = |percent: u64| {
        let part = |amount: u64| (amount * percent).div_ceil(100);
        let (cpu, memory) = (part(wish.cpu.0.into()), part(wish.memory.0));
        let mut all = json!({ "cpu": format!("{cpu}m"), "memory": format!("{memory}Mi") });
        if wish.disk.0 > 0 {
            set(&mut all, "ephemeral-storage", format!("{}Mi", part(wish.disk.0)).into());
        }
        if wish.gpus > 0 {
            set(&mut all, &settings.gpu, wish.gpus.to_string().into());
        }
        all
    };
    let mut limits = of(100);
    if let (true, Some(limits)) = (wish.burst, limits.as_object_mut()) {
        limits.remove("cpu");
    }
    json!({ "requests": of(settings.request_percent), "limits": limits })
}

fn security_of_pod(security: PodSecurity) -> Value {
    match security {
        PodSecurity::Baseline => json!({ "seccompProfile": { "type": "RuntimeDefault" } }),
        PodSecurity::Restricted => json!({ "seccompProfile": { "type": "RuntimeDefault" }, "runAsNonRoot": true }),
    }
}

fn security_of_container(security: PodSecurity) -> Value {
    match security {
        PodSecurity::Baseline => json!({ "allowPrivilegeEscalation": false }),
        PodSecurity::Restricted => json!({ "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } }),
    }
}

/// The host that was planned, if it has room; any other else.
fn affinity(spec: &WorkloadSpec) -> Option<Value> {
    let system = spec.target.system.as_deref()?;
    let host = spec.target.node.strip_prefix(system)?.strip_prefix('.')?;
    let preferred = json!({
        "weight": 100,
        "preference": {
            "matchExpressions": [{ "key": "kubernetes.io/hostname", "operator": "In", "values": [host] }],
        },
    });
    Some(json!({ "nodeAffinity": { "preferredDuringSchedulingIgnoredDuringExecution": [preferred] } }))
}

/// Kubernetes counts in whole seconds, from one.
fn seconds(milliseconds: u128) -> u128 {
    milliseconds.div_ceil(1_000).max(1)
}

fn probes(check: &HealthCheck, ports: &BTreeMap<String, u16>) -> Vec<(&'static str, Value)> {
    let (port, asked) = match &check.probe {
        HealthProbe::Http(probe) => (&probe.port, Some(&probe.path)),
        HealthProbe::Tcp(probe) => (&probe.port, None),
    };
    let Some(number) = ports.get(port) else { return Vec::new() };
    let action = match asked {
        Some(path) => ("httpGet", json!({ "port": number, "path": path })),
        None => ("tcpSocket", json!({ "port": number })),
    };
    let interval = seconds(check.interval.duration().as_millis());
    let probe = |failures: u128| {
        let mut probe = json!({
            "periodSeconds": interval, "timeoutSeconds": seconds(check.timeout.duration().as_millis()),
            "failureThreshold": failures,
        });
        set(&mut probe, action.0, action.1.clone());
        probe
    };
    let startup = seconds(check.startup.duration().as_millis()).div_ceil(interval).max(1);
    vec![
        ("startupProbe", probe(startup)),
        ("livenessProbe", probe(u128::from(check.failures))),
        ("readinessProbe", probe(1)),
    ]
}
