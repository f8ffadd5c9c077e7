//! A server that is there: whether it works, and what is done where it doesn't.

use super::{OpenStack, server::Server};
use hansa_pim::{Delivery, MachineOrder};
use hansa_repository::system::SystemError;
use serde_json::json;

impl OpenStack {
    pub(super) async fn standing(&self, order: &MachineOrder, server: &Server) -> Result<Delivery, SystemError> {
        if server.is_leaving() {
            return Ok(Delivery::Pending(format!("the server {} of before is being deleted", server.name)));
        }
        match (server.status.as_str(), &server.task) {
            ("ERROR", _) => Err(self.failed(order, server).await?),
            ("ACTIVE" | "VERIFY_RESIZE", None) => self.reached(order, server).await,
            (_, Some(_)) => Ok(Delivery::Pending(server.doing())),
            // Somebody stopped it by hand: it is started again.
            ("SHUTOFF", None) => self.woken(server, "os-start", "start").await,
            ("SUSPENDED", None) => self.woken(server, "resume", "resume").await,
            ("PAUSED", None) => self.woken(server, "unpause", "unpause").await,
            ("SHELVED" | "SHELVED_OFFLOADED", None) => self.woken(server, "unshelve", "unshelve").await,
            _ => Ok(Delivery::Pending(server.doing())),
        }
    }

    async fn woken(&self, server: &Server, action: &str, what: &str) -> Result<Delivery, SystemError> {
        match self.act(server, &json!({ action: null }), what).await {
            Ok(_) => Ok(Delivery::Pending(format!("{}; it is told to {what}", server.doing()))),
            // It is busy with something: the next round sees it.
            Err(error) if error.kind == hansa_repository::system::SystemErrorKind::Conflict => {
                Ok(Delivery::Pending(format!("{}; {}", server.doing(), error.said)))
            }
            Err(error) => Err(error),
        }
    }

    async fn reached(&self, order: &MachineOrder, server: &Server) -> Result<Delivery, SystemError> {
        let floating = if server.is_floating() { None } else { self.floating(order).await? };
        Ok(Delivery::Ready { address: floating.or_else(|| server.address()), id: server.id.clone() })
    }

    /// A server that can't be: its fault and the end of its console are the
    /// answer, and it is taken away, so that the next try begins anew.
    async fn failed(&self, order: &MachineOrder, server: &Server) -> Result<SystemError, SystemError> {
        let fault = server.fault.as_ref().map_or("no reason is told", |fault| fault.message.as_str());
        let mut said = fault.to_owned();
        if let Some(console) = self.console(server).await {
            said = format!("{said}; the end of its console: {console}");
        }
        self.server_delete(server).await?;
        Ok(self.broken(order, &said))
    }
}
