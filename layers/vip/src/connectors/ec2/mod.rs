//! Virtual machines by the EC2 query dialect, which many clouds speak. A
//! machine is found by its tags; that none is made twice is held by the client
//! token, which follows from the machine's identifier.

mod address;
mod call;
mod group;
mod instance;
mod inventory;
mod settings;
mod signature;

use crate::connectors::xml::Element;
use async_trait::async_trait;
use call::{Endpoint, Request};
use chrono::{DateTime, Utc};
use hansa_pim::{Delivery, MachineConnector, MachineOrder, Removal};
use hansa_repository::system::{Connecting, SystemConnection, SystemError, SystemErrorKind, SystemReport};
use instance::{Instance, State};
use settings::Settings;
use std::{net::IpAddr, sync::Arc};

/// One region of a cloud that speaks the dialect.
#[derive(Debug)]
struct Ec2 {
    endpoint: Endpoint,
    settings: Settings,
    broker: Arc<str>,
}

/// Makes the connector. Nothing is asked of the cloud yet.
pub(super) fn connect(connection: SystemConnection) -> Connecting<dyn MachineConnector> {
    Box::pin(async move {
        let endpoint = Endpoint::new(&connection)?;
        let settings = Settings::read(&connection)
            .map_err(|remedy| endpoint.complaint("read its settings", SystemErrorKind::Invalid, "", &remedy))?;
        Ok(Arc::new(Ec2 { endpoint, settings, broker: connection.broker }) as Arc<dyn MachineConnector>)
    })
}

#[async_trait]
impl MachineConnector for Ec2 {
    async fn discover(&self, now: DateTime<Utc>) -> Result<SystemReport, SystemError> {
        self.report(now).await
    }

    async fn machine_ensure(&self, order: &MachineOrder) -> Result<Delivery, SystemError> {
        let instances = self.instances_of(order).await?;
        let pending = |what: &str, one: &Instance| Ok(Delivery::Pending(format!("instance {} {what}", one.id)));
        let Some(one) = instances.iter().find(|one| one.state.is_there()) else {
            let last = instances.iter().filter(|one| one.state == State::Terminated).max_by_key(|one| one.launched);
            if let Some(failed) = last {
                self.look_into(failed).await?;
            }
            let id = self.run(order, last).await?;
            return Ok(Delivery::Pending(format!("instance {id} starts")));
        };
        match one.state {
            State::Running => self.ready(order, one).await,
            State::Stopped => {
                self.endpoint.ask(&Request::new("StartInstances").with("InstanceId.1", &one.id)).await?;
                pending("was stopped, and starts again", one)
            }
            State::Stopping => pending("is being stopped; it is started again then", one),
            State::Pending | State::ShuttingDown | State::Terminated => pending("starts", one),
        }
    }

    async fn machine_release(&self, order: &MachineOrder) -> Result<Removal, SystemError> {
        let instances = self.instances_of(order).await?;
        let left: Vec<&Instance> = instances.iter().filter(|one| one.state != State::Terminated).collect();
        for one in left.iter().filter(|one| one.state.is_there()) {
            match self.endpoint.ask(&Request::new("TerminateInstances").with("InstanceId.1", &one.id)).await {
                Err(error) if error.kind == SystemErrorKind::NotFound => {}
                Err(error) => return Err(error),
                Ok(_) => {}
            }
        }
        if let Some(one) = left.first() {
            return Ok(Removal::Pending(format!("instance {} is terminated", one.id)));
        }
        self.addresses_release(order).await?;
        self.group_remove(order).await
    }
}

impl Ec2 {
    async fn ready(&self, order: &MachineOrder, one: &Instance) -> Result<Delivery, SystemError> {
        let elastic = if self.settings.elastic { Some(self.address_ensure(order, &one.id).await?) } else { None };
        let own = if self.settings.private { one.private } else { one.public.or(one.private) };
        let address: Option<IpAddr> = elastic.or(own);
        Ok(Delivery::Ready { address, id: one.id.clone() })
    }

    /// The instances of this machine that the cloud still shows, terminated ones too.
    async fn instances_of(&self, order: &MachineOrder) -> Result<Vec<Instance>, SystemError> {
        let machine = order.machine.to_string();
        let request = self.ours("DescribeInstances").filter("tag:hansa-machine", &[&machine]);
        self.instances(request).await
    }

    async fn instances(&self, request: Request) -> Result<Vec<Instance>, SystemError> {
        let reservations = self.endpoint.all(request, "reservationSet/item").await?;
        Ok(reservations.iter().flat_map(|one| one.all("instancesSet/item")).filter_map(Instance::read).collect())
    }

    /// A request about what this broker has made.
    fn ours(&self, action: &'static str) -> Request {
        Request::new(action).filter("tag:hansa-broker", &[&self.broker])
    }

    /// Whether something has our broker's tag.
    fn is_ours(&self, thing: &Element) -> bool {
        thing
            .all("tagSet/item")
            .any(|tag| tag.text("key") == Some("hansa-broker") && tag.text("value") == Some(&*self.broker))
    }
}

/// The tags of what is made for an order.
fn tags<'a>(order: &'a MachineOrder, name: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let labels = order.labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    std::iter::once(("Name", name)).chain(labels)
}
