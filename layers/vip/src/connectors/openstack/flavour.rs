//! The sizes in which Nova gives servers (Compute API, "Flavors").

use super::OpenStack;
use hansa_pim::MachineOrder;
use hansa_repository::system::{Room, SystemError, SystemErrorKind};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A flavour.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Flavour {
    pub(super) id: String,
    pub(super) name: String,
    vcpus: u64,
    ram: u64,
    disk: u64,
    #[serde(rename = "OS-FLV-EXT-DATA:ephemeral", default)]
    ephemeral: u64,
    #[serde(rename = "OS-FLV-DISABLED:disabled", default)]
    pub(super) disabled: bool,
    #[serde(default)]
    extra_specs: BTreeMap<String, String>,
}

impl Flavour {
    /// What a server of it has. Its disk is none of its own where it starts from a volume.
    pub(super) fn room(&self) -> Room {
        Room {
            cpu_milli: self.vcpus.saturating_mul(1_000),
            memory_mib: self.ram,
            disk_mib: (self.disk + self.ephemeral).saturating_mul(1_024),
            gpus: self.gpus(),
        }
    }

    /// Graphics processors, as flavours name them: `resources:VGPU=1`, or
    /// `pci_passthrough:alias=a100:2` with `gpu` or a card's name before the number.
    fn gpus(&self) -> u64 {
        let number = |text: &String| text.trim().parse::<u64>().unwrap_or(0);
        let resources = self.extra_specs.iter().filter(|(key, _)| {
            let key = key.to_lowercase();
            key.starts_with("resources") && (key.ends_with(":vgpu") || key.ends_with(":pgpu"))
        });
        let virtual_ones: u64 = resources.map(|(_, value)| number(value)).sum();
        let passed = self.extra_specs.get("pci_passthrough:alias").map_or(0, |text| {
            let aliases = text.split(',').filter_map(|part| part.trim().rsplit_once(':'));
            aliases
                .filter(|(alias, _)| !["nic", "net", "sriov"].iter().any(|word| alias.to_lowercase().contains(word)))
                .map(|(_, count)| count.trim().parse::<u64>().unwrap_or(0))
                .sum()
        });
        virtual_ones + passed
    }

    pub(super) const fn vcpus(&self) -> u64 {
        self.vcpus
    }

    pub(super) const fn ram(&self) -> u64 {
        self.ram
    }
}

/// The smallest that has what is needed. The order is that of what is dear: no
/// card that nobody asked for, then processors, memory, disk.
pub(super) fn smallest(flavours: Vec<Flavour>, needed: Room) -> Option<Flavour> {
    let fits = |flavour: &Flavour| !flavour.disabled && needed.minus(flavour.room()) == Room::default();
    flavours.into_iter().filter(fits).min_by_key(|flavour| {
        let room = flavour.room();
        (room.gpus, room.cpu_milli, room.memory_mib, room.disk_mib, flavour.name.clone())
    })
}

impl OpenStack {
    pub(super) async fn flavours(&self) -> Result<Vec<Flavour>, SystemError> {
        self.listed(&self.nova.get(&["flavors", "detail"], &[("limit", "1000")], "list its flavours"), "flavors").await
    }

    /// The flavour of an order: the one it names, else the smallest that has what it needs.
    pub(super) async fn flavour(&self, order: &MachineOrder) -> Result<Flavour, SystemError> {
        let flavours = self.flavours().await?;
        let action = format!("choose a flavour for {}", order.name);
        if let Some(item) = &order.item {
            let named = flavours.iter().find(|flavour| flavour.name == *item || flavour.id == *item);
            return named.cloned().ok_or_else(|| {
                let known: Vec<&str> = flavours.iter().map(|flavour| flavour.name.as_str()).take(20).collect();
                let said = format!("there is no flavour `{item}`; there are {}", known.join(", "));
                self.error(&action, SystemErrorKind::Invalid, said, "map the offer to a flavour that exists")
            });
        }
        let mut needed = Room::from(order.amounts);
        if self.volume_gib(order).is_some() {
            needed.disk_mib = 0;
        }
        smallest(flavours, needed).ok_or_else(|| {
            let said = format!(
                "no flavour has {} vCPUs, {} MiB of memory, {} MiB of disk and {} GPUs",
                needed.cpu_milli.div_ceil(1_000),
                needed.memory_mib,
                needed.disk_mib,
                needed.gpus
            );
            self.error(&action, SystemErrorKind::NoRoom, said, "add such a flavour, or set `volume-gib`")
        })
    }
}
