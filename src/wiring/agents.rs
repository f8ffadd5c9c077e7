//! What brings agents onto machines: the script is the Workload Deployment
//! Manager's, a cluster for the machine alone is brought by the Multi-Cluster
//! Manager, who may speak for a machine is known to security, and where the
//! broker is reached stands in the settings.

use super::WiringError;
use crate::config::Settings;
use async_trait::async_trait;
use hansa_iam::MachineTokens;
use hansa_mcm::k3s::{self, K3s};
use hansa_ontology::MachineId;
use hansa_repository::system::{AgentRuns, BootScript, FirstBoot, SettingFault, System};
use hansa_wdm::agent::{Agents, FirstBootCluster, FirstBootScript, MachineCluster, cluster_settings_check};
use reqwest::Url;

/// Makes what machines do at their first start.
#[derive(Debug)]
pub(super) struct FirstBoots {
    server: String,
    authorities: Option<String>,
    tokens: MachineTokens,
    agents: Agents,
}

impl FirstBoots {
    /// # Errors
    /// When the file of authorities can't be read.
    pub(super) fn new(
        settings: &Settings,
        public: &Url,
        tokens: MachineTokens,
        agents: Agents,
    ) -> Result<Self, WiringError> {
        let server = settings.agents.url.as_deref().unwrap_or_else(|| public.as_str());
        let read = |path: &std::path::PathBuf| {
            std::fs::read_to_string(path).map_err(|source| WiringError::File {
                field: "agents.authorities",
                path: path.clone(),
                source,
            })
        };
        let authorities = settings.agents.authorities.as_ref().map(read).transpose()?;
        Ok(Self { server: server.trim_end_matches('/').to_owned(), authorities, tokens, agents })
    }
}

/// The cluster that a machine brings up for itself, where its packages run in one.
fn cluster(
    system: &System,
    machine: MachineId,
    runs: AgentRuns,
) -> Result<Option<(MachineCluster, String)>, SettingFault> {
    if runs != AgentRuns::Kubernetes {
        return Ok(None);
    }
    let K3s { script, usage } = K3s::read(system, machine)?;
    let of = MachineCluster {
        kubeconfig: k3s::KUBECONFIG.into(),
        fault: k3s::FAULT.into(),
        log: k3s::LOG.into(),
        unit: k3s::UNIT.to_owned(),
        settings: usage,
    };
    Ok(Some((of, script)))
}

#[async_trait]
impl FirstBoot for FirstBoots {
    fn check(&self, system: &System, runs: AgentRuns) -> Result<(), SettingFault> {
        let Some((of, _)) = cluster(system, MachineId(uuid::Uuid::nil()), runs)? else { return Ok(()) };
        cluster_settings_check(&of.settings)
    }

    async fn script(&self, system: &System, machine: MachineId, runs: AgentRuns) -> Result<BootScript, String> {
        let token = self.tokens.boot_token(machine).await.map_err(|error| error.to_string())?;
        let authorities = self.authorities.as_deref();
        let own = cluster(system, machine, runs)
            .map_err(|SettingFault { setting, problem }| format!("its setting `{setting}`: {problem}"))?;
        let cluster = own.as_ref().map(|(of, script)| FirstBootCluster { of, script });
        let script =
            FirstBootScript { server: &self.server, authorities, machine, token: token.reveal(), runs, cluster };
        Ok(BootScript::new(script.text()))
    }

    async fn made_anew(&self, machine: MachineId) -> Result<(), String> {
        self.agents.forget(machine);
        self.tokens.made_anew(machine).await.map_err(|error| error.to_string())
    }

    async fn forget(&self, machine: MachineId) -> Result<(), String> {
        self.agents.forget(machine);
        self.tokens.forget(machine).await.map_err(|error| error.to_string())
    }
}
