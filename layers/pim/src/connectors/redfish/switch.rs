//! Servers that nobody has are turned off.

use super::{
    Redfish,
    claim::Claim,
    power::{Power, power},
    wire::name_of,
};
use crate::{
    connectors::{PowerSwitch, Sleep},
    model::HostPower,
};
use async_trait::async_trait;
use hansa_repository::system::{Host, SystemError, SystemErrorKind};

#[async_trait]
impl PowerSwitch for Redfish {
    fn power_of(&self, host: &Host) -> HostPower {
        match host.facts.get("power").map(String::as_str) {
            Some("On") => HostPower::On,
            Some("Off") => HostPower::Off,
            _ => HostPower::Between,
        }
    }

    async fn host_sleep(&self, host: &str) -> Result<Sleep, SystemError> {
        let Some(path) = self.systems().await?.into_iter().find(|path| name_of(path) == host) else {
            let said = format!("it has no server {host}");
            let kind = SystemErrorKind::NotFound;
            return Err(self.service.complaint("find the server", kind, said, "look at its inventory"));
        };
        let system = self.service.get(&path).await?;
        let claim = self.marks.claim(&system.body, None);
        if self.settings.marks && claim != Claim::Free {
            return Err(self.refused(&system, &claim));
        }
        self.usable(&system)?;
        match power(&system.body) {
            Power::On if self.settings.marks && !self.settings.take_running => Err(self.runs(&system)),
            Power::Off => {
                self.resets.forget(&path);
                Ok(Sleep::Off)
            }
            Power::Between => Ok(Sleep::Pending),
            Power::On => self.stopped(&system).await.map(|_| Sleep::Pending),
        }
    }
}
