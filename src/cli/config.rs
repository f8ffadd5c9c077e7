//! `hansa config …`, and the reading of the configuration for `serve`.

use super::{
    arguments::{ConfigCommand, ServeOptions},
    output::write,
};
use crate::{
    config::{ConfigFault, Loaded, NodeSettings, Settings, effective, load},
    failure::Failure,
};
use hansa_ontology::quantity::{CpuMilli, Mebibytes};
use hansa_pim::Host;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
    path::Path,
};

/// What any machine can be used for that has workloads on loopback.
const CAPABILITIES: [&str; 4] = ["application", "database", "proxy", "public-ip"];

/// Checks or shows the configuration.
pub(super) fn run(command: &ConfigCommand) -> Result<(), Failure> {
    match command {
        ConfigCommand::Check(options) => {
            let loaded = load_settings(options)?;
            let source = loaded.file.unwrap_or_else(|| "the defaults and the environment".to_owned());
            write(format!("# {source}: no fault found; these settings are in force\n").as_bytes())?;
            write(effective(&loaded.settings).as_bytes())
        }
        ConfigCommand::Show(options) => write(effective(&load_settings(options)?.settings).as_bytes()),
    }
}

/// Reads the configuration.
///
/// # Errors
/// Every fault, each with its field and remedy.
pub(super) fn load_settings(options: &ServeOptions) -> Result<Loaded, Failure> {
    let mut environment = environment();
    if options.dev_login {
        environment.insert("HANSA_AUTH_DEV_LOGIN".to_owned(), "true".to_owned());
    }
    load(&default_settings()?, options.config.as_deref(), &environment).map_err(|faults| {
        let count = faults.len();
        let message = if count == 1 {
            "the configuration has 1 fault".to_owned()
        } else {
            format!("the configuration has {count} faults")
        };
        Failure::input(message).with_details(faults.iter().map(ConfigFault::to_string).collect())
    })
}

/// The settings of a broker that was told nothing: this machine is its one node.
pub(crate) fn default_settings() -> Result<Settings, Failure> {
    let host = Host::observe(Path::new(".")).map_err(|error| Failure::failed(error.to_string()))?;
    let node = NodeSettings {
        name: "local".to_owned(),
        address: Ipv4Addr::LOCALHOST.into(),
        cpu: CpuMilli(u32::try_from(host.capacity.cpu_milli).unwrap_or(u32::MAX)),
        memory: Mebibytes(host.capacity.memory_mib),
        disk: Mebibytes(host.capacity.disk_mib),
        capabilities: CAPABILITIES.iter().map(|&tag| tag.to_owned()).collect::<BTreeSet<_>>(),
    };
    Settings::defaults(node).map_err(|error| Failure::failed(error.to_string()))
}

fn environment() -> BTreeMap<String, String> {
    let lossy = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    std::env::vars_os()
        .map(|(name, value)| (lossy(name), lossy(value)))
        .filter(|(name, _)| name.starts_with("HANSA_"))
        .collect()
}
