//! Which offers run which packages. What an offer runs is told by its
//! capabilities, so that partners tell each other in the same words.

use super::{Component, ExposedPort, Package};
use crate::offer::Offer;

/// Capability of an offer that runs container images (OCI), and no processes.
pub const RUNS_CONTAINERS: &str = "containers";
/// Capability of an offer that also takes Kubernetes manifests and Helm charts.
pub const RUNS_KUBERNETES: &str = "kubernetes";
/// Capability of an offer of a bare machine, on which nothing of this broker runs packages.
pub const RUNS_NOTHING: &str = "bare-machine";

/// Capability of an offer that gives components an entrance by a host name.
pub const HAS_INGRESS: &str = "ingress";

impl Package {
    /// The capability that an offer needs to run it. None: an offer that has
    /// none of these capabilities runs processes.
    #[must_use]
    pub const fn runs_on(&self) -> Option<&'static str> {
        match self {
            Self::Process(_) => None,
            Self::Container(_) => Some(RUNS_CONTAINERS),
            Self::Kubernetes(_) | Self::Helm(_) => Some(RUNS_KUBERNETES),
        }
    }

    /// Its kind, as descriptors name it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Process(_) => "process",
            Self::Container(_) => "container",
            Self::Kubernetes(_) => "kubernetes",
            Self::Helm(_) => "helm",
        }
    }
}

impl Offer {
    /// Whether a machine of this offer runs packages with this need ([`Package::runs_on`]).
    #[must_use]
    pub fn runs(&self, needs: Option<&str>) -> bool {
        match needs {
            Some(capability) => self.capabilities.contains(capability),
            None => {
                [RUNS_CONTAINERS, RUNS_KUBERNETES, RUNS_NOTHING].iter().all(|tag| !self.capabilities.contains(*tag))
            }
        }
    }
}

impl Component {
    /// The ports whose numbers it takes of its machine. One in a network of
    /// its own has every number for itself.
    pub fn machine_ports(&self) -> impl Iterator<Item = (&String, &ExposedPort, u16)> {
        let own_network = self.package.runs_on().is_some();
        let ports = self.ports.iter().filter(move |_| !own_network);
        ports.filter_map(|(name, port)| Some((name, port, port.number?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource_model::{ContainerPackage, ProcessPackage};

    #[test]
    fn a_container_has_its_port_numbers_for_itself() {
        let ports = serde_json::json!({ "http": { "number": 80 }, "any": {} });
        let component = |package: serde_json::Value| -> Component {
            serde_json::from_value(serde_json::json!({ "package": package, "ports": ports })).unwrap()
        };
        let process = component(serde_json::json!({ "process": { "command": ["x"] } }));
        assert_eq!(process.machine_ports().map(|(_, _, number)| number).collect::<Vec<_>>(), [80]);
        let container = component(serde_json::json!({ "container": { "image": "x" } }));
        assert_eq!(container.machine_ports().count(), 0);
    }

    #[test]
    fn packages_say_what_they_need() {
        let process = Package::Process(ProcessPackage { command: vec!["x".to_owned()] });
        let container = Package::Container(ContainerPackage { image: "x".to_owned(), ..Default::default() });
        assert_eq!((process.runs_on(), container.runs_on()), (None, Some("containers")));
    }
}
