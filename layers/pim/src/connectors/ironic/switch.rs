//! Nodes that nobody has are turned off.

use super::Ironic;
use crate::{
    connectors::{PowerSwitch, Sleep},
    model::HostPower,
};
use async_trait::async_trait;
use hansa_repository::system::{Host, SystemError, SystemErrorKind};

#[async_trait]
impl PowerSwitch for Ironic {
    fn power_of(&self, host: &Host) -> HostPower {
        match host.facts.get("power state").map(String::as_str) {
            Some("power on") => HostPower::On,
            Some("power off") => HostPower::Off,
            _ => HostPower::Between,
        }
    }

    async fn host_sleep(&self, host: &str) -> Result<Sleep, SystemError> {
        let refuse = |kind, said: String| {
            Err(self.error(&format!("turn the node {host} off"), kind, said, "look at the node in Ironic"))
        };
        let Some(node) = self.node(host).await? else {
            return refuse(SystemErrorKind::NotFound, "it has no such node".to_owned());
        };
        if !node.is_free() || node.mark().is_some() {
            let said = format!("node {host} is in the state `{}`, and not free", node.state());
            return refuse(SystemErrorKind::NoRoom, said);
        }
        match node.power_state.as_deref() {
            Some("power off") => Ok(Sleep::Off),
            _ if node.target_power_state.is_some() || node.reservation.is_some() => Ok(Sleep::Pending),
            // Nothing of anybody's runs on a node that is available: it need not be asked kindly.
            Some("power on") => self.power(&node, "power off").await.map(|_| Sleep::Pending),
            _ => Ok(Sleep::Pending),
        }
    }
}
