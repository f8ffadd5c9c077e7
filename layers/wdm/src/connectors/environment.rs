//! The environment of a workload: what it was given, what the broker tells it,
//! and nothing of the broker's own.

use crate::{
    WdmError,
    model::{Endpoints, PeerEndpoint, Peers, WorkloadSpec},
};
use hansa_ontology::resource_model::{
    Environment, FILES_VARIABLE, InitStep,
    contract::{peers_variable, port_variable, substitute, volume_variable},
};
use std::{
    collections::BTreeMap,
    net::IpAddr,
    path::{Path, PathBuf},
};

/// The variable by which every process of a workload is recognised.
pub(crate) const MARK: &str = "HANSA_WORKLOAD_ID";
/// Where the system keeps programs.
const SYSTEM_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What the environment tells of, besides the specification.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings<'a> {
    /// Places of the machine's own. None for what brings an image: it has its own.
    pub(crate) machine: Option<Machine<'a>>,
    /// The file with the peers' current addresses.
    pub(crate) peers_file: &'a Path,
    /// Volumes by name.
    pub(crate) volumes: &'a BTreeMap<String, PathBuf>,
    /// The directory of the component's files.
    pub(crate) files: &'a Path,
    /// The address to listen on: the node's, or any where the workload has a network of its own.
    pub(crate) address: IpAddr,
    /// Where to look up peers.
    pub(crate) discovery_url: Option<&'a str>,
    /// The file with the token to send there.
    pub(crate) token_file: Option<&'a Path>,
}

/// Places that a workload has on its machine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Machine<'a> {
    /// The directory of the broker's own program, first in the search path.
    pub(crate) programs: Option<&'a Path>,
    /// Working directory and home.
    pub(crate) work: &'a Path,
    /// Temporary files.
    pub(crate) temporary: &'a Path,
}

impl Machine<'_> {
    fn variables(self) -> BTreeMap<String, String> {
        let path = match self.programs {
            Some(programs) => format!("{}:{SYSTEM_PATH}", programs.display()),
            None => SYSTEM_PATH.to_owned(),
        };
        BTreeMap::from([
            ("PATH".to_owned(), path),
            ("HOME".to_owned(), self.work.display().to_string()),
            ("TMPDIR".to_owned(), self.temporary.display().to_string()),
            ("LANG".to_owned(), "C.UTF-8".to_owned()),
        ])
    }
}

/// The whole environment. The component's own variables go before the
/// system's, the broker's before both: a workload can set `PATH`, but it can't
/// hide who it is.
pub(crate) fn environment(
    spec: &WorkloadSpec,
    endpoints: &Endpoints,
    peers: &Peers,
    around: &Surroundings<'_>,
) -> BTreeMap<String, String> {
    let mut all = around.machine.map(Machine::variables).unwrap_or_default();
    all.extend(spec.environment.clone());
    for (name, endpoint) in endpoints {
        all.insert(port_variable(name), endpoint.number.to_string());
    }
    all.extend(peer_variables(peers));
    for (name, directory) in around.volumes {
        let given = spec.volumes.get(name).and_then(|volume| volume.variable.clone());
        let key = given.unwrap_or_else(|| volume_variable(name));
        all.insert(key, directory.display().to_string());
    }
    if !spec.files.is_empty() {
        all.insert(FILES_VARIABLE.0.to_owned(), around.files.display().to_string());
    }
    let own = [
        ("HANSA_APPLICATION", spec.application_name.clone()),
        ("HANSA_COMPONENT", spec.component.clone()),
        ("HANSA_ORDINAL", spec.ordinal.to_string()),
        ("HANSA_PROVIDER", spec.provider.to_string()),
        ("HANSA_SITE", spec.target.site.to_string()),
        ("HANSA_NODE", spec.target.node.clone()),
        ("HANSA_ADDRESS", around.address.to_string()),
        ("HANSA_PEERS_FILE", around.peers_file.display().to_string()),
        (MARK, spec.id.to_string()),
    ];
    all.extend(own.map(|(key, value)| (key.to_owned(), value)));
    if let Some(url) = around.discovery_url {
        all.insert("HANSA_DISCOVERY_URL".to_owned(), url.replace("{application}", &spec.application.to_string()));
    }
    if let Some(file) = around.token_file {
        all.insert("HANSA_DISCOVERY_TOKEN_FILE".to_owned(), file.display().to_string());
    }
    all
}

/// `PEERS_<COMPONENT>_<PORT>`: addresses in the order of the ordinals, with commas between.
fn peer_variables(peers: &Peers) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    for (component, endpoints) in sorted(peers) {
        for endpoint in endpoints {
            let key = peers_variable(&component, &endpoint.port);
            let list = all.entry(key).or_default();
            if !list.is_empty() {
                list.push(',');
            }
            list.push_str(&endpoint.address.to_string());
        }
    }
    all
}

/// In the order of ordinals, so that equal peers are equal text.
pub(crate) fn sorted(peers: &Peers) -> BTreeMap<String, Vec<PeerEndpoint>> {
    let mut sorted = peers.clone();
    for endpoints in sorted.values_mut() {
        endpoints.sort();
        endpoints.dedup();
    }
    sorted
}

/// Program and arguments with the variables put in.
///
/// Fails with a sentence about the first argument that names what isn't there.
pub(crate) fn expand(command: &[String], environment: &BTreeMap<String, String>) -> Result<Vec<String>, String> {
    command
        .iter()
        .map(|word| {
            substitute(word, |name| environment.get(name).cloned()).map_err(|faults| {
                let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
                format!("`{word}`: {}", faults.join("; "))
            })
        })
        .collect()
}

/// What a step before a container has: the container's environment with its own,
/// and its command and arguments with the variables put in.
pub(crate) fn of_step(
    all: &Environment,
    step: &InitStep,
    component: &str,
    index: usize,
) -> Result<(Environment, [Vec<String>; 2]), WdmError> {
    let mut environment = all.clone();
    environment.extend(step.environment.clone());
    let expanded = |words: &[String], name: &str| {
        let field = format!("components.{component}.package.container.init.{index}.{name}");
        expand(words, &environment).map_err(|problem| WdmError::Invalid { field, problem })
    };
    let words = [expanded(&step.command, "command")?, expanded(&step.arguments, "arguments")?];
    Ok((environment, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_name_variables() {
        let environment = BTreeMap::from([("PORT_HTTP".to_owned(), "20001".to_owned())]);
        let expanded = expand(&["serve".into(), "--port=${PORT_HTTP}".into()], &environment);
        assert_eq!(expanded, Ok(vec!["serve".into(), "--port=20001".into()]));
        let reason = expand(&["${NOPE}".into()], &environment).unwrap_err();
        assert!(reason.contains("`${NOPE}` is not defined"), "{reason}");
    }

    #[test]
    fn peers_are_in_the_order_of_ordinals() {
        let at = |ordinal, port: &str, number| PeerEndpoint {
            ordinal,
            port: port.into(),
            address: ([127, 0, 0, 1], number).into(),
        };
        let peers = Peers::from([(
            "main-db".to_owned(),
            vec![at(1, "sql", 3), at(0, "sql", 2), at(0, "admin", 1), at(1, "sql", 3)],
        )]);
        let expected = [
            ("PEERS_MAIN_DB_ADMIN".to_owned(), "127.0.0.1:1".to_owned()),
            ("PEERS_MAIN_DB_SQL".to_owned(), "127.0.0.1:2,127.0.0.1:3".to_owned()),
        ];
        assert_eq!(peer_variables(&peers), BTreeMap::from(expected));
    }
}
