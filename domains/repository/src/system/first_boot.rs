//! What a machine of a system does when it first starts: it gets an agent that
//! runs packages there. Who may speak for a machine is known above this room.

use super::{AgentRuns, System, SystemError, SystemErrorKind, Systems};
use crate::error::RepositoryError;
use async_trait::async_trait;
use hansa_ontology::MachineId;
use std::fmt::{self, Debug};

/// Knows what brings an agent onto a machine, and who may speak for a machine.
#[async_trait]
pub trait FirstBoot: Send + Sync + Debug {
    /// Whether the system's settings say all that its machines' first boot
    /// needs to know, where it has any.
    ///
    /// # Errors
    /// Which setting is wrong.
    fn check(&self, system: &System, runs: AgentRuns) -> Result<(), SettingFault>;

    /// What a machine of the system does at its first start: a script for
    /// cloud-init, the same each time.
    ///
    /// # Errors
    /// Why there is none, for people.
    async fn script(&self, system: &System, machine: MachineId, runs: AgentRuns) -> Result<BootScript, String>;

    /// The machine has vanished and is made anew: what was there speaks for it no more.
    ///
    /// # Errors
    /// Why that can't be written down, for people.
    async fn made_anew(&self, machine: MachineId) -> Result<(), String>;

    /// The machine is no more. Forgotten already is success.
    ///
    /// # Errors
    /// Why that can't be written down, for people.
    async fn forget(&self, machine: MachineId) -> Result<(), String>;
}

/// A setting of a system that can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingFault {
    /// Its name.
    pub setting: String,
    /// What is wrong, and what would be right.
    pub problem: String,
}

/// A script for a machine's first start. It holds a token, and prints as nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct BootScript(String);

/// Between the parts where a machine has two things to do at its first start.
const BOUNDARY: &str = "==hansa-first-boot==";

impl BootScript {
    /// Takes the text.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The user data of a machine that gets this script and what its system's
    /// owner wishes besides: MIME multipart where there are both, which
    /// cloud-init takes part by part.
    #[must_use]
    pub fn with(&self, own: Option<&str>) -> String {
        let Some(own) = own else { return self.0.clone() };
        let mut text = format!("Content-Type: multipart/mixed; boundary=\"{BOUNDARY}\"\nMIME-Version: 1.0\n\n");
        for part in [own, self.0.as_str()] {
            let kind = if part.starts_with("#cloud-config") { "cloud-config" } else { "x-shellscript" };
            text.push_str(&format!("--{BOUNDARY}\nContent-Type: text/{kind}; charset=\"utf-8\"\n\n{part}\n"));
        }
        text.push_str(&format!("--{BOUNDARY}--\n"));
        text
    }
}

impl Debug for BootScript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BootScript(***)")
    }
}

impl Systems {
    /// What a machine of this system does at its first start. None: its machines are bare.
    ///
    /// # Errors
    /// As [`Self::connection`]; `Unsupported` where this broker brings no agents.
    pub async fn boot_script(&self, system: &str, machine: MachineId) -> Result<Option<BootScript>, SystemError> {
        let of = self.connected(system).await?;
        let Some(runs) = of.agent() else { return Ok(None) };
        let refused = |kind, said: String, remedy: &str| SystemError {
            system: system.to_owned(),
            kind,
            action: "make what its machines do at their first start".to_owned(),
            said,
            remedy: remedy.to_owned(),
        };
        let Some(boots) = &self.boots else {
            let said = "this broker brings no agents onto machines".to_owned();
            return Err(refused(SystemErrorKind::Unsupported, said, "take the setting `agent` out"));
        };
        let script = boots.script(&of, machine, runs).await;
        script.map(Some).map_err(|said| refused(SystemErrorKind::Failed, said, "look at the broker's log"))
    }

    /// Whether a system's settings say all that its machines' first boot needs to know.
    ///
    /// # Errors
    /// `Invalid` with the setting that can't be used.
    pub fn first_boot_check(&self, system: &System) -> Result<(), RepositoryError> {
        let (Some(runs), Some(boots)) = (system.agent(), &self.boots) else { return Ok(()) };
        boots.check(system, runs).map_err(|SettingFault { setting, problem }| RepositoryError::Invalid {
            field: format!("/settings/{setting}"),
            message: problem,
        })
    }

    /// The machine has vanished and is made anew.
    pub async fn machine_made_anew(&self, machine: MachineId) {
        let Some(boots) = &self.boots else { return };
        if let Err(error) = boots.made_anew(machine).await {
            tracing::warn!(%machine, %error, "who spoke for a machine that has vanished still may");
        }
    }

    /// The machine is no more.
    pub async fn machine_gone(&self, machine: MachineId) {
        let Some(boots) = &self.boots else { return };
        if let Err(error) = boots.forget(machine).await {
            tracing::warn!(%machine, %error, "who spoke for a machine that is no more still may");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_s_user_data_stays() {
        let script = BootScript::new("#!/bin/sh\nagent\n".to_owned());
        assert_eq!(script.with(None), "#!/bin/sh\nagent\n");
        let both = script.with(Some("#cloud-config\nusers: []\n"));
        assert!(both.starts_with("Content-Type: multipart/mixed"));
        assert!(both.contains("text/cloud-config; charset=\"utf-8\"\n\n#cloud-config\nusers: []\n"), "{both}");
        assert!(both.contains("text/x-shellscript; charset=\"utf-8\"\n\n#!/bin/sh\nagent\n"), "{both}");
        assert!(both.ends_with("--==hansa-first-boot==--\n"));
        assert_eq!(format!("{script:?}"), "BootScript(***)");
    }
}
