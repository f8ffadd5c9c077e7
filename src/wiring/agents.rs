//! What brings agents onto machines: the script is the Workload Deployment
//! Manager's, who may speak for a machine is known to security, and where the
//! broker is reached stands in the settings.

use super::WiringError;
use crate::config::Settings;
use async_trait::async_trait;
use hansa_iam::MachineTokens;
use hansa_ontology::MachineId;
use hansa_repository::system::{AgentRuns, BootScript, FirstBoot};
use hansa_wdm::agent::{Agents, FirstBootScript};
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

#[async_trait]
impl FirstBoot for FirstBoots {
    async fn script(&self, machine: MachineId, runs: AgentRuns) -> Result<BootScript, String> {
        let token = self.tokens.boot_token(machine).await.map_err(|error| error.to_string())?;
        let authorities = self.authorities.as_deref();
        let script = FirstBootScript { server: &self.server, authorities, machine, token: token.reveal(), runs };
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
