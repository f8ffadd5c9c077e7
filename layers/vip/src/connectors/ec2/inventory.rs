//! What a cloud gives: types as flavours, the image, quotas.

use super::{Ec2, Element, Request};
use chrono::{DateTime, Utc};
use hansa_pim::MachineOrder;
use hansa_repository::system::{
    Room, SystemError, SystemErrorKind, SystemFlavour, SystemImage, SystemQuota, SystemReport,
};

impl Ec2 {
    /// What the cloud has now.
    pub(super) async fn report(&self, now: DateTime<Utc>) -> Result<SystemReport, SystemError> {
        let region = &self.endpoint.region;
        let mut report = SystemReport::new(now, format!("EC2 query API 2016-11-15, region {region}"));
        report.flavours = self.types().await?;
        let all = self.endpoint.all(Request::new("DescribeInstances"), "reservationSet/item").await?;
        let there = all.iter().flat_map(|one| one.all("instancesSet/item"));
        let there: Vec<&Element> = there
            .filter(|one| !matches!(one.text("instanceState/name"), Some("terminated" | "shutting-down")))
            .collect();
        let foreign = there.iter().filter(|one| !self.is_ours(one)).count();
        if foreign > 0 {
            report.notes.push(format!("{foreign} instances are not of this broker"));
        }
        match self.image().await {
            Ok(image) => report.images.push(SystemImage {
                id: image.text("imageId").unwrap_or_default().to_owned(),
                name: image.text("name").unwrap_or_default().to_owned(),
            }),
            Err(error) => report.notes.push(error.to_string()),
        }
        match self.quotas(there.len() as u64).await {
            Ok(quotas) => report.quotas = quotas,
            Err(error) => report.notes.push(error.to_string()),
        }
        Ok(report)
    }

    /// The smallest type that has what is asked.
    pub(super) async fn smallest(&self, order: &MachineOrder) -> Result<String, SystemError> {
        let wanted = order.amounts;
        let fits = |room: &Room| {
            room.cpu_milli >= wanted.cpu_milli && room.memory_mib >= wanted.memory_mib && room.gpus >= wanted.gpus
        };
        let types = self.types().await?.into_iter().filter(|one| fits(&one.room));
        let size = |one: &SystemFlavour| (one.room.gpus, one.room.cpu_milli, one.room.memory_mib, one.name.clone());
        types.min_by_key(size).map(|one| one.name).ok_or_else(|| {
            let remedy = "offer larger types by the setting types, or ask for less";
            self.endpoint.complaint("choose a type", SystemErrorKind::NoRoom, "no type has what is asked", remedy)
        })
    }

    async fn types(&self) -> Result<Vec<SystemFlavour>, SystemError> {
        let mut request = Request::new("DescribeInstanceTypes");
        if !self.settings.types.is_empty() {
            let types: Vec<&str> = self.settings.types.iter().map(String::as_str).collect();
            request = request.filter("instance-type", &types);
        }
        let items = self.endpoint.all(request, "instanceTypeSet/item").await?;
        Ok(items.iter().filter_map(|item| flavour(item, self.settings.disk_gib)).collect())
    }

    async fn quotas(&self, instances: u64) -> Result<Vec<SystemQuota>, SystemError> {
        let addresses = self.endpoint.ask(&Request::new("DescribeAddresses")).await?;
        let addresses = addresses.all("addressesSet/item").count() as u64;
        let answer = self.endpoint.ask(&Request::new("DescribeAccountAttributes")).await?;
        let limit = |name: &str| {
            let mut found =
                answer.all("accountAttributeSet/item").filter(|one| one.text("attributeName") == Some(name));
            found.next()?.text("attributeValueSet/item/attributeValue")?.parse().ok()
        };
        let quota = |name: &str, of: &str, used| SystemQuota { name: name.to_owned(), limit: limit(of), used };
        Ok(vec![
            quota("instances", "max-instances", instances),
            quota("elastic addresses", "vpc-max-elastic-ips", addresses),
        ])
    }
}

fn flavour(item: &Element, disk_gib: u64) -> Option<SystemFlavour> {
    let number = |path: &str| item.text(path).and_then(|text| text.parse::<u64>().ok());
    let gpus = item.all("gpuInfo/gpus/item").filter_map(|gpu| gpu.text("count")?.parse::<u64>().ok()).sum();
    Some(SystemFlavour {
        name: item.text("instanceType")?.to_owned(),
        room: Room {
            cpu_milli: number("vCpuInfo/defaultVCpus")?.saturating_mul(1_000),
            memory_mib: number("memoryInfo/sizeInMiB")?,
            // A disk is made for each machine.
            disk_mib: disk_gib.saturating_mul(1_024),
            gpus,
        },
        units_free: None,
    })
}
