//! The security group of an application: one for all its machines, gone with the last.

use super::{Ec2, Request, State, tags};
use hansa_pim::{MachineOrder, Removal};
use hansa_repository::system::{SystemError, SystemErrorKind};

impl Ec2 {
    /// The groups of a machine: those of the settings, or that of its application.
    pub(super) async fn groups(&self, order: &MachineOrder) -> Result<Vec<String>, SystemError> {
        if !self.settings.groups.is_empty() {
            return Ok(self.settings.groups.clone());
        }
        let id = match self.group(order).await? {
            Some(id) => id,
            None => self.group_make(order).await?,
        };
        self.group_open(&id).await?;
        Ok(vec![id])
    }

    /// Removes the application's group, unless it has other machines.
    pub(super) async fn group_remove(&self, order: &MachineOrder) -> Result<Removal, SystemError> {
        let Some(id) = self.group(order).await? else { return Ok(Removal::Gone) };
        let application = order.application.to_string();
        let others =
            self.instances(self.ours("DescribeInstances").filter("tag:hansa-application", &[&application])).await?;
        if others.iter().any(|one| one.state != State::Terminated) {
            return Ok(Removal::Gone);
        }
        match self.endpoint.ask(&Request::new("DeleteSecurityGroup").with("GroupId", &id)).await {
            Err(error) if error.kind == SystemErrorKind::NotFound => Ok(Removal::Gone),
            Err(error) if error.kind == SystemErrorKind::Conflict => {
                Ok(Removal::Pending(format!("security group {id} is still in use")))
            }
            Err(error) => Err(error),
            Ok(_) => Ok(Removal::Gone),
        }
    }

    /// The application's group. One of its name that is not ours is refused.
    async fn group(&self, order: &MachineOrder) -> Result<Option<String>, SystemError> {
        if !self.settings.groups.is_empty() {
            return Ok(None);
        }
        let name = group_name(order);
        let mut request = Request::new("DescribeSecurityGroups").filter("group-name", &[&name]);
        if let Some(vpc) = self.vpc().await? {
            request = request.filter("vpc-id", &[&vpc]);
        }
        let answer = self.endpoint.ask(&request).await?;
        let Some(found) = answer.all("securityGroupInfo/item").next() else { return Ok(None) };
        if !self.is_ours(found) {
            let said = format!("there is a security group {name} without this broker's tag");
            let remedy = "rename or delete it; nothing of others is touched";
            return Err(self.endpoint.complaint("find the security group", SystemErrorKind::Conflict, &said, remedy));
        }
        Ok(found.text("groupId").map(str::to_owned))
    }

    async fn group_make(&self, order: &MachineOrder) -> Result<String, SystemError> {
        let name = group_name(order);
        let labels = tags(order, &name).filter(|(key, _)| *key != "hansa-machine");
        let mut request = Request::once("CreateSecurityGroup")
            .with("GroupName", &name)
            .with("GroupDescription", "machines of one application, made by Hansa")
            .tags(1, "security-group", labels);
        if let Some(vpc) = self.vpc().await? {
            request = request.with("VpcId", vpc);
        }
        match self.endpoint.ask(&request).await {
            Ok(answer) => Ok(answer.text("groupId").unwrap_or_default().to_owned()),
            // Another of the application's machines was faster.
            Err(error) if error.kind == SystemErrorKind::Conflict => match self.group(order).await? {
                Some(id) => Ok(id),
                None => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    async fn group_open(&self, id: &str) -> Result<(), SystemError> {
        for protocol in ["tcp", "udp"] {
            for (first, last) in &self.settings.ports {
                let request = Request::new("AuthorizeSecurityGroupIngress")
                    .with("GroupId", id)
                    .with("IpPermissions.1.IpProtocol", protocol)
                    .with("IpPermissions.1.FromPort", first.to_string())
                    .with("IpPermissions.1.ToPort", last.to_string())
                    .with("IpPermissions.1.IpRanges.1.CidrIp", &self.settings.from);
                match self.endpoint.ask(&request).await {
                    Err(error) if error.kind == SystemErrorKind::Conflict => {}
                    Err(error) => return Err(error),
                    Ok(_) => {}
                }
            }
        }
        Ok(())
    }

    /// The network of the machines. None: the cloud chooses.
    async fn vpc(&self) -> Result<Option<String>, SystemError> {
        if self.settings.vpc.is_some() {
            return Ok(self.settings.vpc.clone());
        }
        let (request, at) = match &self.settings.subnet {
            Some(subnet) => (Request::new("DescribeSubnets").with("SubnetId.1", subnet), "subnetSet/item/vpcId"),
            None => (Request::new("DescribeVpcs").filter("isDefault", &["true"]), "vpcSet/item/vpcId"),
        };
        Ok(self.endpoint.ask(&request).await?.text(at).map(str::to_owned))
    }
}

fn group_name(order: &MachineOrder) -> String {
    format!("hansa-{}", order.application)
}
