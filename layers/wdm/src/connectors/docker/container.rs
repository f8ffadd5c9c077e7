//! From a run to the container that the engine is asked for. No IO.

use super::{files, names, options::Options};
use crate::{
    WdmError,
    connectors::{Launch, environment},
    model::{Endpoint, Endpoints, Peers, WorkloadSpec},
};
use bollard::models::{
    ContainerCreateBody, DeviceRequest, EndpointSettings, HostConfig, HostConfigLogConfig, Mount, MountType,
    NetworkingConfig, PortBinding, RestartPolicy, RestartPolicyNameEnum,
};
use hansa_ontology::resource_model::{ContainerPackage, Environment, InitStep, Package, Protocol};
use std::{
    collections::{BTreeMap, HashMap},
    net::Ipv4Addr,
    path::{Path, PathBuf},
};

/// Output is kept in so many files of so many MiB.
const LOG_MIB: &str = "10m";
const LOG_FILES: &str = "3";

/// The package that this connector runs.
pub(super) fn package(spec: &WorkloadSpec) -> Option<&ContainerPackage> {
    if let Package::Container(container) = &spec.package { Some(container) } else { None }
}

/// The image of the container, or of a step before it.
pub(super) fn image(spec: &WorkloadSpec, step: Option<usize>) -> &str {
    let Some(package) = package(spec) else { return "" };
    let own = step.and_then(|index| package.init.get(index)?.image.as_deref());
    own.unwrap_or(&package.image)
}

/// What the container, or that of a step before it, is called.
pub(super) fn name(spec: &WorkloadSpec, step: Option<usize>) -> String {
    step.map_or_else(|| names::container(spec.id), |index| names::step(spec.id, index))
}

/// The number on which the container listens: the component's own, else that
/// under which it is reached.
fn inside(spec: &WorkloadSpec, name: &str, endpoint: &Endpoint) -> u16 {
    spec.ports.get(name).and_then(|port| port.number).unwrap_or(endpoint.number)
}

/// What is asked for, of the container or of a step before it. `peers` are as they are reached from within the network.
pub(super) fn body(
    launch: &Launch,
    step: Option<usize>,
    peers: &Peers,
    options: &Options,
) -> Result<ContainerCreateBody, WdmError> {
    let main = main_body(launch, peers, options)?;
    let init = |index| package(&launch.spec)?.init.get(index);
    match step.and_then(|index| Some((index, init(index)?))) {
        Some((index, init)) => step_body(main, launch, (index, init), peers),
        None => Ok(main),
    }
}

/// As its container, and nobody reaches it.
fn step_body(
    main: ContainerCreateBody,
    launch: &Launch,
    (index, init): (usize, &InitStep),
    peers: &Peers,
) -> Result<ContainerCreateBody, WdmError> {
    let spec = &launch.spec;
    let all = variables(launch, peers);
    let (environment, [command, arguments]) = environment::of_step(&all, init, &spec.component, index)?;
    let mut labels = main.labels.unwrap_or_default();
    labels.remove(names::PORTS);
    labels.insert(names::STEP.to_owned(), index.to_string());
    let network = names::network(spec.application);
    Ok(ContainerCreateBody {
        image: Some(image(spec, Some(index)).to_owned()),
        entrypoint: (!command.is_empty()).then_some(command),
        cmd: (!arguments.is_empty()).then_some(arguments),
        env: Some(listed(&environment)),
        labels: Some(labels),
        exposed_ports: None,
        host_config: main.host_config.map(|host| HostConfig { port_bindings: None, ..host }),
        networking_config: Some(NetworkingConfig {
            endpoints_config: Some(HashMap::from([(network, EndpointSettings::default())])),
        }),
        ..main
    })
}

fn listed(environment: &Environment) -> Vec<String> {
    environment.iter().map(|(key, value)| format!("{key}={value}")).collect()
}

fn main_body(launch: &Launch, peers: &Peers, options: &Options) -> Result<ContainerCreateBody, WdmError> {
    let spec = &launch.spec;
    let Some(package) = package(spec) else { return Err(options.refuses(spec)) };
    let environment = variables(launch, peers);
    let expanded = |words: &[String], name: &str| {
        let field = format!("components.{}.package.container.{name}", spec.component);
        environment::expand(words, &environment).map_err(|problem| WdmError::Invalid { field, problem })
    };
    let (command, arguments) = (expanded(&package.command, "command")?, expanded(&package.arguments, "arguments")?);
    let mut labels = names::of_container(&options.broker, spec, launch.run);
    labels.insert(names::PORTS.to_owned(), ports_label(spec, &launch.endpoints));
    let host_name = format!("{}-{}", spec.component, spec.ordinal);
    let network = names::network(spec.application);
    Ok(ContainerCreateBody {
        image: Some(package.image.clone()),
        // What is put in place of an entrypoint leaves nothing of the image's own command either.
        entrypoint: (!command.is_empty()).then_some(command),
        cmd: (!arguments.is_empty()).then_some(arguments),
        env: Some(listed(&environment)),
        labels: Some(labels),
        hostname: (host_name.len() <= 63).then(|| host_name.clone()),
        exposed_ports: Some(launch.endpoints.iter().map(|(name, at)| port(spec, name, at)).collect()),
        stop_timeout: Some(options.grace_seconds),
        host_config: Some(host_config(launch, options)),
        networking_config: Some(NetworkingConfig {
            endpoints_config: Some(HashMap::from([(
                network,
                EndpointSettings {
                    aliases: Some(vec![spec.component.clone(), host_name]),
                    ..EndpointSettings::default()
                },
            )])),
        }),
        ..ContainerCreateBody::default()
    })
}

fn variables(launch: &Launch, peers: &Peers) -> BTreeMap<String, String> {
    let spec = &launch.spec;
    let volumes: BTreeMap<String, PathBuf> =
        spec.volumes.keys().map(|name| (name.clone(), files::place_of(spec, name).into())).collect();
    let (peers_file, token_file, own_files) = (files::peers_path(), files::token_path(), files::files_path());
    let around = environment::Surroundings {
        machine: None,
        peers_file: Path::new(&peers_file),
        volumes: &volumes,
        files: Path::new(&own_files),
        address: Ipv4Addr::UNSPECIFIED.into(),
        discovery_url: launch.discovery_url.as_deref(),
        token_file: launch.token.as_ref().map(|_| Path::new(&token_file)),
    };
    let own: Endpoints = launch
        .endpoints
        .iter()
        .map(|(name, endpoint)| (name.clone(), Endpoint { number: inside(spec, name, endpoint), ..*endpoint }))
        .collect();
    environment::environment(spec, &own, peers, &around)
}

fn port(spec: &WorkloadSpec, name: &str, endpoint: &Endpoint) -> String {
    let protocol = match endpoint.protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    };
    format!("{}/{protocol}", inside(spec, name, endpoint))
}

fn ports_label(spec: &WorkloadSpec, endpoints: &Endpoints) -> String {
    let pairs: Vec<String> =
        endpoints.iter().map(|(name, at)| format!("{}:{}", at.number, inside(spec, name, at))).collect();
    pairs.join(",")
}

fn host_config(launch: &Launch, options: &Options) -> HostConfig {
    let (spec, wanted) = (&launch.spec, &launch.spec.resources);
    let mut bindings: HashMap<String, Option<Vec<PortBinding>>> = HashMap::new();
    for (name, endpoint) in &launch.endpoints {
        let at = options.publish_on.unwrap_or(endpoint.address).to_string();
        let binding = PortBinding { host_ip: Some(at), host_port: Some(endpoint.number.to_string()) };
        bindings.entry(port(spec, name, endpoint)).or_default().get_or_insert_default().push(binding);
    }
    let memory = i64::try_from(wanted.memory.0).unwrap_or(i64::MAX).saturating_mul(1024 * 1024);
    HostConfig {
        nano_cpus: (!wanted.burst).then(|| i64::from(wanted.cpu.0) * 1_000_000),
        // Its part when all processors are wanted; 1024 for one.
        cpu_shares: Some((i64::from(wanted.cpu.0) * 1_024 / 1_000).max(2)),
        memory: Some(memory),
        // Both together: nothing may be swapped out beyond it.
        memory_swap: Some(memory),
        pids_limit: Some(options.pids),
        device_requests: (wanted.gpus > 0).then(|| vec![graphics(wanted.gpus)]),
        network_mode: Some(names::network(spec.application)),
        port_bindings: Some(bindings),
        mounts: Some(spec.volumes.keys().map(|name| mount(spec, name)).collect()),
        // Whether and when something is started again is decided above.
        restart_policy: Some(RestartPolicy { name: Some(RestartPolicyNameEnum::NO), maximum_retry_count: None }),
        log_config: Some(log_config(options.podman)),
        ..HostConfig::default()
    }
}

fn graphics(count: u32) -> DeviceRequest {
    DeviceRequest {
        count: Some(i64::from(count)),
        capabilities: Some(vec![vec!["gpu".to_owned()]]),
        ..DeviceRequest::default()
    }
}

fn mount(spec: &WorkloadSpec, name: &str) -> Mount {
    Mount {
        typ: Some(MountType::VOLUME),
        source: Some(names::volume(spec.application, &spec.component, spec.ordinal, name)),
        target: Some(files::place_of(spec, name)),
        ..Mount::default()
    }
}

/// Where the engine keeps output: bounded, and so that it can be read again.
fn log_config(podman: bool) -> HostConfigLogConfig {
    let mut config = HashMap::from([("max-size".to_owned(), LOG_MIB.to_owned())]);
    if !podman {
        config.insert("max-file".to_owned(), LOG_FILES.to_owned());
    }
    let driver = if podman { "k8s-file" } else { "json-file" };
    HostConfigLogConfig { typ: Some(driver.to_owned()), config: Some(config) }
}
