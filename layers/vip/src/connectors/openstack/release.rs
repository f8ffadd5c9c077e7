//! Taking a machine away with all that was made for it: the server first, then
//! what it held. Each step looks what is there, so any of them may be the last.

use super::OpenStack;
use hansa_pim::{MachineOrder, Removal};
use hansa_repository::system::{SystemError, SystemErrorKind};

impl OpenStack {
    pub(super) async fn release(&self, order: &MachineOrder) -> Result<Removal, SystemError> {
        let servers = match self.servers(order).await {
            Ok(servers) => servers,
            // Somebody else's server of our name: none of ours is there.
            Err(error) if error.kind == SystemErrorKind::Forbidden && error.said.contains("has not made") => Vec::new(),
            Err(error) => return Err(error),
        };
        if !servers.is_empty() {
            let mut doing = Vec::new();
            for server in &servers {
                if server.is_leaving() {
                    doing.push(server.doing());
                } else if self.server_delete(server).await? {
                    doing.push(format!("server {} is being deleted", server.name));
                }
            }
            if !doing.is_empty() {
                return Ok(Removal::Pending(doing.join("; ")));
            }
        }
        if let Some(busy) = self.volume_remove(order).await? {
            return Ok(Removal::Pending(busy));
        }
        match self.network_remove(order).await? {
            Some(busy) => Ok(Removal::Pending(busy)),
            None => Ok(Removal::Gone),
        }
    }
}
