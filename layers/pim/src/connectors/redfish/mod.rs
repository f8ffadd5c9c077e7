//! Servers by Redfish (DMTF DSP0266): those of one management controller, or
//! of a service that has many. A server is claimed by a mark in its asset tag,
//! told what to start from, turned on; and turned off, set back and unmarked.

mod boot;
mod claim;
mod inventory;
mod power;
mod sensors;
mod session;
mod settings;
mod switch;
mod wire;

use super::{Delivery, MachineConnector, MachineOrder, PowerSwitch, Removal};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use claim::{Claim, Marks};
use hansa_repository::system::{Connecting, SystemConnection, SystemError, SystemErrorKind, SystemReport};
use power::{Power, Reset, Resets, power};
use serde_json::json;
use session::{Resource, Service};
use settings::Settings;
use std::{net::IpAddr, sync::Arc};
use wire::{link, links, name_of, text};

/// The servers of one Redfish service.
#[derive(Debug)]
struct Redfish {
    service: Service,
    settings: Settings,
    marks: Marks,
    resets: Resets,
}

/// Makes the connector. Nothing is asked of the service yet.
pub(super) fn connect(connection: SystemConnection) -> Connecting<dyn MachineConnector> {
    Box::pin(async move {
        let service = Service::new(&connection)?;
        let settings = Settings::read(&connection).map_err(|(field, why)| {
            service.complaint("read its settings", SystemErrorKind::Invalid, "", &format!("the setting {field} {why}"))
        })?;
        if connection.system.agent().is_some() {
            let remedy = "take the setting agent out: a management controller brings no user data to a server";
            return Err(service.complaint("read its settings", SystemErrorKind::Unsupported, "", remedy));
        }
        let marks = Marks::new(&connection.broker);
        Ok(Arc::new(Redfish { service, settings, marks, resets: Resets::default() }) as Arc<dyn MachineConnector>)
    })
}

#[async_trait]
impl MachineConnector for Redfish {
    async fn discover(&self, now: DateTime<Utc>) -> Result<SystemReport, SystemError> {
        self.report(now).await
    }

    async fn machine_ensure(&self, order: &MachineOrder) -> Result<Delivery, SystemError> {
        let system = self.chosen(order).await?;
        let claim = self.marks.claim(&system.body, Some(order.machine));
        let preparing = match claim {
            Claim::Ours { preparing } => preparing,
            _ if !self.settings.marks => power(&system.body) != Power::On,
            Claim::Free => return self.claimed(&system, order).await,
            Claim::Unknown | Claim::Sibling(_) | Claim::Foreign(_) => return Err(self.refused(&system, &claim)),
        };
        self.usable(&system)?;
        match power(&system.body) {
            Power::Off => self.started(&system, order, preparing).await,
            Power::Between => Ok(Delivery::Pending(format!("{} changes its power state", self.called(&system)))),
            Power::On if preparing && self.settings.marks => self.begun(&system, order).await,
            Power::On => {
                self.resets.forget(&system.path);
                let id = name_of(&system.path).to_owned();
                Ok(Delivery::Ready { address: self.address(&system).await?, id })
            }
        }
    }

    async fn machine_release(&self, order: &MachineOrder) -> Result<Removal, SystemError> {
        let Some(system) = self.held(order).await? else { return Ok(Removal::Gone) };
        match power(&system.body) {
            Power::Off => {}
            Power::Between => return Ok(Removal::Pending(format!("{} changes its power state", self.called(&system)))),
            Power::On => return self.stopped(&system).await,
        }
        self.resets.forget(&system.path);
        boot::clear(&self.service, &system, &self.settings).await?;
        if self.settings.marks {
            // Last, so that whatever is cut off before is found again.
            self.service.patch_any(&system.path, &json!({ "AssetTag": "" }), "take our mark away").await?;
        }
        Ok(Removal::Gone)
    }

    fn power_switch(&self) -> Option<&dyn PowerSwitch> {
        Some(self)
    }
}

impl Redfish {
    /// Somebody else has a server that runs without a mark, unless the settings say that nobody does.
    fn runs(&self, system: &Resource) -> SystemError {
        self.service.complaint(
            format!("claim {}", self.called(system)),
            SystemErrorKind::NoRoom,
            "it runs, and has no mark of ours",
            "turn it off if nobody uses it, or set takeRunning to true",
        )
    }

    /// Writes our mark. Who was faster has the server.
    async fn claimed(&self, system: &Resource, order: &MachineOrder) -> Result<Delivery, SystemError> {
        self.usable(system)?;
        if power(&system.body) != Power::Off && !self.settings.take_running {
            return Err(self.runs(system));
        }
        let mark = json!({ "AssetTag": self.marks.mark(order.machine, true) });
        match self.service.patch(system, &mark, &format!("claim {}", self.called(system))).await {
            Err(error) if error.kind == SystemErrorKind::Conflict => {
                Ok(Delivery::Pending(format!("{} was changed by somebody just now", self.called(system))))
            }
            Err(error) => Err(error),
            Ok(()) => {
                // What is between a check and a write without entity tags is seen by reading again.
                let system = self.service.get(&system.path).await?;
                match self.marks.claim(&system.body, Some(order.machine)) {
                    Claim::Ours { .. } if power(&system.body) == Power::Off => self.started(&system, order, true).await,
                    Claim::Ours { .. } => self.begun(&system, order).await,
                    // Some show a change only after a while.
                    Claim::Free => Ok(Delivery::Pending(format!("{} takes our mark", self.called(&system)))),
                    other => Err(self.refused(&system, &other)),
                }
            }
        }
    }

    /// Turns a server on that is off; for the first time, from what the settings say.
    async fn started(&self, system: &Resource, order: &MachineOrder, preparing: bool) -> Result<Delivery, SystemError> {
        let asked = self.resets.since(&system.path, Reset::On).is_some();
        if preparing && !asked {
            boot::prepare(&self.service, system, &self.settings).await?;
        }
        if !self.resets.ask(&self.service, system, Reset::On).await? {
            return Err(self.no_reset(system, "turn it on"));
        }
        if preparing && self.settings.marks {
            self.mark(system, order).await?;
        }
        Ok(Delivery::Pending(format!("{} starts", self.called(system))))
    }

    /// A server that runs and whose mark doesn't tell so: we were cut off, or
    /// it ran when it was taken, and then it starts anew from what the settings say.
    async fn begun(&self, system: &Resource, order: &MachineOrder) -> Result<Delivery, SystemError> {
        if self.settings.take_running && self.resets.since(&system.path, Reset::On).is_none() {
            if !self.resets.ask(&self.service, system, Reset::Off).await? {
                return Err(self.no_reset(system, "turn it off"));
            }
            return Ok(Delivery::Pending(format!("{} is turned off to start anew", self.called(system))));
        }
        self.mark(system, order).await?;
        Ok(Delivery::Pending(format!("{} starts", self.called(system))))
    }

    async fn mark(&self, system: &Resource, order: &MachineOrder) -> Result<(), SystemError> {
        let mark = json!({ "AssetTag": self.marks.mark(order.machine, false) });
        self.service.patch_any(&system.path, &mark, &format!("mark {}", self.called(system))).await
    }

    async fn stopped(&self, system: &Resource) -> Result<Removal, SystemError> {
        let pending = |what: &str| Ok(Removal::Pending(format!("{} {what}", self.called(system))));
        let asked = self.resets.since(&system.path, Reset::Shutdown);
        if asked.is_some_and(|ago| ago < self.settings.grace) {
            return pending("shuts down");
        }
        if asked.is_none() && self.resets.since(&system.path, Reset::Off).is_none() {
            match self.resets.ask(&self.service, system, Reset::Shutdown).await {
                Ok(true) => return pending("shuts down"),
                Ok(false) => {}
                // A server that can't do it the kind way is turned off.
                Err(error) if matches!(error.kind, SystemErrorKind::Invalid | SystemErrorKind::Unsupported) => {}
                Err(error) => return Err(error),
            }
        }
        if self.resets.ask(&self.service, system, Reset::Off).await? {
            pending("is turned off")
        } else {
            Err(self.no_reset(system, "turn it off"))
        }
    }

    /// The server that the order is for.
    async fn chosen(&self, order: &MachineOrder) -> Result<Resource, SystemError> {
        let systems = self.systems().await?;
        if let Some(host) = &order.host {
            let path = systems.iter().find(|path| name_of(path) == host).ok_or_else(|| {
                let said = format!("it has no server {host}");
                self.service.complaint("find the server", SystemErrorKind::NotFound, said, "look at its inventory")
            })?;
            return self.service.get(path).await;
        }
        let mut free = None;
        for path in &systems {
            let system = self.service.get(path).await?;
            match self.marks.claim(&system.body, Some(order.machine)) {
                Claim::Ours { .. } => return Ok(system),
                Claim::Free
                    if free.is_none() && self.is_free(&system) && inventory::has(&system.body, order.amounts) =>
                {
                    free = Some(system);
                }
                _ => {}
            }
        }
        free.ok_or_else(|| {
            let said = format!("none of its {} servers is free and large enough", systems.len());
            self.service.complaint(
                "choose a server",
                SystemErrorKind::NoRoom,
                said,
                "add servers, or wait until one is free",
            )
        })
    }

    fn is_free(&self, system: &Resource) -> bool {
        let idle = power(&system.body) == Power::Off || self.settings.take_running;
        idle && self.usable(system).is_ok()
    }

    /// The server that this machine has. None: it has none, or no longer.
    async fn held(&self, order: &MachineOrder) -> Result<Option<Resource>, SystemError> {
        for path in self.systems().await? {
            let is_host = order.host.as_ref().is_none_or(|host| name_of(&path) == host);
            if !is_host || (!self.settings.marks && order.host.is_none()) {
                continue;
            }
            let Some(system) = self.service.find(&path).await? else { continue };
            let ours = matches!(self.marks.claim(&system.body, Some(order.machine)), Claim::Ours { .. });
            if ours || !self.settings.marks {
                return Ok(Some(system));
            }
        }
        Ok(None)
    }

    /// The paths of the service's servers, of all pages.
    async fn systems(&self) -> Result<Vec<String>, SystemError> {
        let Some(place) = link(self.service.root().await?, "/Systems") else { return Ok(Vec::new()) };
        let (mut paths, mut next) = (Vec::new(), Some(place.to_owned()));
        while let Some(place) = next {
            let page = self.service.get(&place).await?;
            let before = paths.len();
            paths.extend(links(&page.body, "/Members").map(str::to_owned));
            next = text(&page.body, "/Members@odata.nextLink").filter(|_| paths.len() > before).map(str::to_owned);
        }
        Ok(paths)
    }

    async fn address(&self, system: &Resource) -> Result<Option<IpAddr>, SystemError> {
        match self.settings.address(name_of(&system.path)) {
            Some(address) => Ok(Some(address)),
            None => Ok(self.nics(&system.body).await?.iter().find_map(inventory::nic_address)),
        }
    }

    /// A server that is there and not out of order.
    fn usable(&self, system: &Resource) -> Result<(), SystemError> {
        inventory::trouble(&system.body).map_or(Ok(()), |said| {
            let action = format!("use {}", self.called(system));
            Err(self.service.complaint(
                action,
                SystemErrorKind::NoRoom,
                said,
                "repair it, or enable it in its controller",
            ))
        })
    }

    fn refused(&self, system: &Resource, claim: &Claim) -> SystemError {
        let (kind, said, remedy) = match claim {
            Claim::Foreign(tag) | Claim::Sibling(tag) => (
                SystemErrorKind::NoRoom,
                format!("its asset tag is `{tag}`: it is somebody else's"),
                "clear the asset tag if nobody uses the server",
            ),
            _ => (
                SystemErrorKind::Unsupported,
                "it keeps no asset tag, so it can't be marked as ours".to_owned(),
                "set mark to none if this broker alone uses its servers",
            ),
        };
        self.service.complaint(format!("claim {}", self.called(system)), kind, said, remedy)
    }

    fn no_reset(&self, system: &Resource, what: &str) -> SystemError {
        let action = format!("{what}: {}", self.called(system));
        self.service.complaint(
            action,
            SystemErrorKind::Unsupported,
            "it has no reset for that",
            "turn it on or off by hand",
        )
    }

    fn called(&self, system: &Resource) -> String {
        format!("server {}", name_of(&system.path))
    }
}
