//! What an owner says about a Redfish service besides where it is.

use hansa_repository::system::SystemConnection;
use std::{collections::BTreeMap, net::IpAddr, time::Duration};

/// How long a server may take to end by itself before it is turned off.
const GRACE: Duration = Duration::from_secs(120);

/// The settings, as `docs/connectors/redfish.md` lists them.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    /// Servers are marked in their asset tag. False: this broker alone uses them.
    pub(super) marks: bool,
    /// A server that runs and is nobody's may be taken.
    pub(super) take_running: bool,
    /// What a server starts from: `Pxe`, `UefiHttp`, `Cd`, `Hdd`. None: as it is set up.
    pub(super) boot_target: Option<String>,
    /// `UEFI` or `Legacy`.
    pub(super) boot_mode: Option<String>,
    /// Each time, not just the first.
    pub(super) boot_always: bool,
    /// Where a server that starts by HTTP finds what it starts.
    pub(super) boot_uri: Option<String>,
    /// The image in the server's virtual drive.
    pub(super) media_url: Option<String>,
    /// How long a server may take to end by itself.
    pub(super) grace: Duration,
    addresses: BTreeMap<String, IpAddr>,
}

impl Settings {
    /// Reads them; else the field that is wrong, and why.
    pub(super) fn read(connection: &SystemConnection) -> Result<Self, (String, String)> {
        let own = |name: &str| connection.setting(name).map(str::to_owned);
        let one_of = |name: &str, allowed: &[&str]| match connection.setting(name) {
            Some(given) if !allowed.contains(&given) => {
                Err((name.to_owned(), format!("is one of {}", allowed.join(", "))))
            }
            given => Ok(given.map(str::to_owned)),
        };
        let yes = |name: &str| Ok::<_, (String, String)>(one_of(name, &["true", "false"])?.as_deref() == Some("true"));
        let mut addresses = BTreeMap::new();
        for (name, value) in &connection.system.settings {
            if let Some(host) = name.strip_prefix("address.") {
                let address = value.parse().map_err(|error| (name.clone(), format!("{value}: {error}")))?;
                addresses.insert(host.to_owned(), address);
            }
        }
        let grace = match connection.setting("graceSeconds") {
            None => GRACE,
            Some(given) => Duration::from_secs(
                given.parse().map_err(|error| ("graceSeconds".to_owned(), format!("{given}: {error}")))?,
            ),
        };
        Ok(Self {
            marks: one_of("mark", &["asset-tag", "none"])?.as_deref() != Some("none"),
            take_running: yes("takeRunning")?,
            boot_target: one_of("bootTarget", &["Pxe", "UefiHttp", "Cd", "Hdd"])?,
            boot_mode: one_of("bootMode", &["UEFI", "Legacy"])?,
            boot_always: yes("bootAlways")?,
            boot_uri: own("bootUri"),
            media_url: own("mediaUrl"),
            grace,
            addresses,
        })
    }

    /// Where a server is reached, as its owner says.
    pub(super) fn address(&self, host: &str) -> Option<IpAddr> {
        self.addresses.get(host).copied()
    }
}
