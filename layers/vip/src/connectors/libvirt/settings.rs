//! What an owner says about a libvirt daemon besides where it is.

use hansa_repository::system::SystemConnection;
use std::time::Duration;

/// How long a domain may take to end by itself.
const GRACE: Duration = Duration::from_secs(30);

/// The settings, as `docs/connectors/libvirt.md` lists them.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    /// The storage pool of base image and disks.
    pub(super) pool: String,
    /// The volume that disks are laid over. None: they begin empty.
    pub(super) image: Option<String>,
    /// The network, or `user`.
    pub(super) network: String,
    /// `kvm` or `qemu`.
    pub(super) kind: String,
    /// What cloud-init does at the first start.
    pub(super) user_data: Option<String>,
    /// Who is asked for the address: `lease`, `agent`, `arp`; or `none`.
    pub(super) address: String,
    pub(super) grace: Duration,
}

impl Settings {
    /// Reads them; else the remedy.
    pub(super) fn read(connection: &SystemConnection) -> Result<Self, String> {
        let or = |name: &str, default: &str| connection.setting(name).unwrap_or(default).to_owned();
        let one_of = |name: &str, allowed: &[&str]| {
            let given = connection.setting(name).or(allowed.first().copied()).unwrap_or_default();
            if allowed.contains(&given) {
                Ok(given.to_owned())
            } else {
                Err(format!("set {name} to one of {}", allowed.join(", ")))
            }
        };
        let grace = connection.setting("graceSeconds").map(str::parse).transpose();
        let grace = grace.map_err(|error| format!("set graceSeconds to a number of seconds: {error}"))?;
        Ok(Self {
            pool: or("pool", "default"),
            image: connection.setting("image").map(str::to_owned),
            network: or("network", "default"),
            kind: one_of("virtType", &["kvm", "qemu", "test"])?,
            user_data: connection.setting("userData").map(str::to_owned),
            address: one_of("address", &["lease", "agent", "arp", "none"])?,
            grace: grace.map_or(GRACE, Duration::from_secs),
        })
    }
}
