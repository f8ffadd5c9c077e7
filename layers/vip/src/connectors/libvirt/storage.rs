//! A machine's volumes: its disk over the base image, and the disc from which
//! cloud-init reads (its data source NoCloud).

use super::{Libvirt, domain};
use hansa_pim::MachineOrder;
use hansa_repository::system::{SystemError, SystemErrorKind};
use tokio::process::Command;

impl Libvirt {
    /// Makes what of the volumes is missing.
    pub(super) async fn volumes_ensure(&self, order: &MachineOrder) -> Result<(), SystemError> {
        let (disk, pool) = (domain::disk(&order.name), self.settings.pool.as_str());
        if self.volume(&disk).await?.is_none() {
            let size = format!("{}MiB", order.amounts.disk_mib.max(1_024).max(self.image_mib().await?));
            let mut arguments = vec!["vol-create-as", pool, &disk, &size, "--format", "qcow2"];
            if let Some(image) = &self.settings.image {
                arguments.extend(["--backing-vol", image, "--backing-vol-format", "qcow2"]);
            }
            made(self.virsh.ask("make the disk", &arguments).await)?;
        }
        match order.user_data(self.settings.user_data.as_deref()) {
            Some(data) => self.seed_ensure(order, &data).await,
            None => Ok(()),
        }
    }

    /// Removes the volumes. Already gone is success.
    pub(super) async fn volumes_remove(&self, order: &MachineOrder) -> Result<(), SystemError> {
        for volume in [domain::disk(&order.name), domain::seed(&order.name)] {
            if self.volume(&volume).await?.is_some() {
                self.virsh.find("remove a disk", &["vol-delete", &volume, "--pool", &self.settings.pool]).await?;
            }
        }
        Ok(())
    }

    /// A disk is no smaller than what it lies over.
    async fn image_mib(&self) -> Result<u64, SystemError> {
        let Some(image) = &self.settings.image else { return Ok(0) };
        let Some(told) = self.volume(image).await? else {
            let said = format!("there is no volume {image} in the pool {}", self.settings.pool);
            return Err(self.virsh.complaint(
                "find the image",
                SystemErrorKind::Invalid,
                &said,
                "upload it, or change image",
            ));
        };
        let bytes = super::field(&told, "Capacity").and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
        Ok(bytes.unwrap_or(0).div_ceil(1 << 20))
    }

    async fn volume(&self, name: &str) -> Result<Option<String>, SystemError> {
        self.virsh.find("look at a disk", &["vol-info", name, "--pool", &self.settings.pool, "--bytes"]).await
    }

    async fn seed_ensure(&self, order: &MachineOrder, data: &str) -> Result<(), SystemError> {
        let (seed, pool, action) =
            (domain::seed(&order.name), self.settings.pool.as_str(), "make the disc of user data");
        let failed = |error: std::io::Error| {
            self.virsh.complaint(
                action,
                SystemErrorKind::Failed,
                &error.to_string(),
                "free some room for temporary files",
            )
        };
        // For the broker's account alone, and gone whatever happens.
        let folder = tempfile::tempdir().map_err(failed)?;
        let (user, meta, disc) =
            (folder.path().join("user-data"), folder.path().join("meta-data"), folder.path().join("seed.iso"));
        let told = format!("instance-id: {}\nlocal-hostname: {}\n", order.machine, order.name);
        tokio::fs::write(&user, data).await.map_err(failed)?;
        tokio::fs::write(&meta, told).await.map_err(failed)?;
        let mut command = Command::new("xorriso");
        command.args(["-as", "genisoimage", "-quiet", "-volid", "cidata", "-joliet", "-rock", "-output"]);
        command.arg(&disc).args([&user, &meta]);
        self.virsh.run(action, command).await?;
        let length = tokio::fs::metadata(&disc).await.map_err(failed)?.len();
        if self.volume(&seed).await?.is_none() {
            let size = format!("{length}B");
            made(self.virsh.ask(action, &["vol-create-as", pool, &seed, &size, "--format", "raw"]).await)?;
        }
        // Each time: one that was cut off half way is whole then.
        let file = disc.to_string_lossy();
        self.virsh.ask(action, &["vol-upload", &seed, &file, "--pool", pool]).await.map(drop)
    }
}

/// Somebody was faster: it is there.
fn made(outcome: Result<String, SystemError>) -> Result<(), SystemError> {
    match outcome {
        Err(error) if error.kind == SystemErrorKind::Conflict => Ok(()),
        outcome => outcome.map(drop),
    }
}
