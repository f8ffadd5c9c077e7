//! One instance: as it is told, as it is asked for, and why it ended.

use super::{Ec2, Element, Request, tags};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_pim::MachineOrder;
use hansa_repository::system::{SystemError, SystemErrorKind};
use std::net::IpAddr;

/// What ended by itself so shortly ago is not made again at once.
const FRESH: TimeDelta = TimeDelta::minutes(5);
/// So many letters of the end of a console's output are told.
const CONSOLE: usize = 400;

/// An instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Instance {
    pub(super) id: String,
    pub(super) state: State,
    pub(super) launched: Option<DateTime<Utc>>,
    pub(super) public: Option<IpAddr>,
    pub(super) private: Option<IpAddr>,
    /// Why it is as it is: a code and words.
    reason: Option<(String, String)>,
}

/// How far an instance is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Pending,
    Running,
    Stopping,
    Stopped,
    ShuttingDown,
    Terminated,
}

impl State {
    /// It is there, or can be again.
    pub(super) const fn is_there(self) -> bool {
        matches!(self, Self::Pending | Self::Running | Self::Stopping | Self::Stopped)
    }
}

impl Instance {
    /// None: of no state that is known.
    pub(super) fn read(item: &Element) -> Option<Self> {
        let state = match item.text("instanceState/name")? {
            "pending" => State::Pending,
            "running" => State::Running,
            "stopping" => State::Stopping,
            "stopped" => State::Stopped,
            "shutting-down" => State::ShuttingDown,
            "terminated" => State::Terminated,
            _ => return None,
        };
        let reason = item
            .text("stateReason/code")
            .map(|code| (code.to_owned(), item.text("stateReason/message").unwrap_or_default().to_owned()));
        Some(Self {
            id: item.text("instanceId")?.to_owned(),
            state,
            launched: item.text("launchTime").and_then(|time| time.parse().ok()),
            public: item.text("ipAddress").and_then(|address| address.parse().ok()),
            private: item.text("privateIpAddress").and_then(|address| address.parse().ok()),
            reason,
        })
    }

    /// Why it ended, where nobody asked for that.
    fn failure(&self) -> Option<(SystemErrorKind, String)> {
        let (code, words) = self.reason.as_ref()?;
        let kind = match code.as_str() {
            "Client.UserInitiatedShutdown"
            | "Client.InstanceInitiatedShutdown"
            | "Server.ScheduledStop"
            | "Server.SpotInstanceTermination" => return None,
            "Server.InsufficientInstanceCapacity" => SystemErrorKind::NoRoom,
            code if code.ends_with("LimitExceeded") => SystemErrorKind::Quota,
            code if code.starts_with("Client.") => SystemErrorKind::Invalid,
            _ => SystemErrorKind::Failed,
        };
        Some((kind, format!("{code}: {words}")))
    }
}

impl Ec2 {
    /// Makes an instance. The same call again finds the same: by its client token.
    pub(super) async fn run(&self, order: &MachineOrder, last: Option<&Instance>) -> Result<String, SystemError> {
        let request = self.wished(order).await?;
        let mut token = order.name.clone();
        if let Some(last) = last {
            token = format!("{token}-{}", last.id);
        }
        let answer = match self.endpoint.ask(&request.clone().with("ClientToken", &token)).await {
            // It is terminated and no longer shown: another token, the same for this hour.
            Err(error) if error.said.starts_with("IdempotentInstanceTerminated") => {
                let hour = self.endpoint.clock.now().timestamp() / 3_600;
                self.endpoint.ask(&request.with("ClientToken", format!("{}-{hour}", order.name))).await?
            }
            other => other?,
        };
        Ok(answer.text("instancesSet/item/instanceId").unwrap_or("without a name").to_owned())
    }

    async fn wished(&self, order: &MachineOrder) -> Result<Request, SystemError> {
        let settings = &self.settings;
        let image = self.image().await?;
        let kind = match &order.item {
            Some(item) => item.clone(),
            None => self.smallest(order).await?,
        };
        let mut request = Request::new("RunInstances")
            .with("ImageId", image.text("imageId").unwrap_or_default())
            .with("InstanceType", kind)
            .with("MinCount", "1")
            .with("MaxCount", "1")
            .tags(1, "instance", tags(order, &order.name))
            .tags(2, "volume", tags(order, &order.name));
        for (n, group) in self.groups(order).await?.iter().enumerate() {
            request = request.with(format!("SecurityGroupId.{}", n + 1), group);
        }
        if let Some(subnet) = &settings.subnet {
            request = request.with("SubnetId", subnet);
        }
        if let Some(key) = &settings.key {
            request = request.with("KeyName", key);
        }
        if let Some(data) = order.user_data(settings.user_data.as_deref()) {
            request = request.with("UserData", STANDARD.encode(data));
        }
        let disk = "BlockDeviceMapping.1";
        if let Some(device) = image.text("rootDeviceName") {
            let least =
                image.all("blockDeviceMapping/item").filter_map(|one| one.text("ebs/volumeSize")?.parse().ok()).max();
            let gib = order.amounts.disk_mib.div_ceil(1_024).max(least.unwrap_or(1)).max(settings.disk_gib);
            request = request
                .with(format!("{disk}.DeviceName"), device)
                .with(format!("{disk}.Ebs.VolumeSize"), gib.to_string())
                .with(format!("{disk}.Ebs.DeleteOnTermination"), "true");
            if let Some(kind) = &settings.volume_type {
                request = request.with(format!("{disk}.Ebs.VolumeType"), kind);
            }
        }
        Ok(request)
    }

    /// The image that machines start from.
    pub(super) async fn image(&self) -> Result<Element, SystemError> {
        let missing = |said: &str| {
            let remedy = "set image to an image's id or name";
            self.endpoint.complaint("find the image", SystemErrorKind::Invalid, said, remedy)
        };
        let wanted = self.settings.image.as_deref().ok_or_else(|| missing(""))?;
        let request = Request::new("DescribeImages");
        let request = if wanted.starts_with("ami-") {
            request.with("ImageId.1", wanted)
        } else {
            request.filter("name", &[wanted]).filter("state", &["available"])
        };
        let answer = self.endpoint.ask(&request).await?;
        let newest = answer.all("imagesSet/item").max_by_key(|image| image.text("creationDate").unwrap_or_default());
        newest.cloned().ok_or_else(|| missing(&format!("there is no image {wanted}")))
    }

    /// Tells why an instance ended, where that was just now and of itself: then
    /// making the next at once would end the same way.
    pub(super) async fn look_into(&self, ended: &Instance) -> Result<(), SystemError> {
        let fresh = ended.launched.is_some_and(|at| self.endpoint.clock.now() - at < FRESH);
        let Some((kind, mut said)) = ended.failure().filter(|_| fresh) else { return Ok(()) };
        let request = Request::new("GetConsoleOutput").with("InstanceId", &ended.id);
        if let Ok(answer) = self.endpoint.ask(&request).await {
            let packed: String = answer.text("output").unwrap_or_default().split_whitespace().collect();
            let output = STANDARD.decode(packed).unwrap_or_default();
            let text = String::from_utf8_lossy(&output);
            let letters = text.trim().chars().count();
            if letters > 0 {
                said.push_str("; its console ends with: ");
                said.extend(text.trim().chars().skip(letters.saturating_sub(CONSOLE)));
            }
        }
        let remedy = "it is made again after some minutes";
        Err(self.endpoint.complaint(&format!("start instance {}", ended.id), kind, &said, remedy))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_that_failed_says_why() {
        let text = "<item><instanceId>i-1</instanceId><instanceState><name>terminated</name></instanceState>\
            <launchTime>2026-11-22T09:00:00.000Z</launchTime><stateReason><code>Client.VolumeLimitExceeded</code>\
            <message>Volume limit exceeded</message></stateReason></item>";
        let one = Instance::read(&Element::parse(text).unwrap()).unwrap();
        assert!(one.state == State::Terminated && one.launched.is_some());
        let (kind, said) = one.failure().unwrap();
        assert_eq!(
            (kind, said.as_str()),
            (SystemErrorKind::Quota, "Client.VolumeLimitExceeded: Volume limit exceeded")
        );
        let by_hand = text.replace("Client.VolumeLimitExceeded", "Client.UserInitiatedShutdown");
        assert_eq!(Instance::read(&Element::parse(&by_hand).unwrap()).unwrap().failure(), None);
    }
}
