//! What an owner says about an endpoint besides where it is.

use hansa_repository::system::SystemConnection;

/// The least size of a disk, where no other is set.
const DISK_GIB: u64 = 20;

/// The settings, as `docs/connectors/ec2.md` lists them.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    /// `ami-…`, or a name, of which the newest is taken.
    pub(super) image: Option<String>,
    pub(super) vpc: Option<String>,
    pub(super) subnet: Option<String>,
    pub(super) key: Option<String>,
    pub(super) user_data: Option<String>,
    /// Groups of the owner instead of one of ours for each application.
    pub(super) groups: Vec<String>,
    /// Ports that our groups open: `22`, `8000-9000`.
    pub(super) ports: Vec<(u16, u16)>,
    /// From where: a CIDR.
    pub(super) from: String,
    /// Types that are offered, with `*`.
    pub(super) types: Vec<String>,
    pub(super) volume_type: Option<String>,
    /// The least size of a machine's disk, GiB; so much is offered with each type.
    pub(super) disk_gib: u64,
    pub(super) elastic: bool,
    /// The address inside instead of the public one.
    pub(super) private: bool,
}

impl Settings {
    /// Reads them; else the remedy.
    pub(super) fn read(connection: &SystemConnection) -> Result<Self, String> {
        let own = |name: &str| connection.setting(name).map(str::to_owned);
        let split = |name: &str| -> Vec<String> {
            let given = connection.setting(name).unwrap_or_default();
            given.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
        };
        let choice = |name: &str, default: &'static str, allowed: &[&str]| match connection.setting(name) {
            Some(given) if !allowed.contains(&given) => Err(format!("set {name} to one of {}", allowed.join(", "))),
            given => Ok(given.unwrap_or(default).to_owned()),
        };
        let (address, yes) = (choice("address", "public", &["public", "private"])?, ["true", "false"]);
        let ports = split("openPorts").iter().map(|text| range(text)).collect::<Result<_, _>>()?;
        let disk = choice_of_size(connection.setting("diskGib"))?;
        Ok(Self {
            disk_gib: disk,
            image: own("image"),
            vpc: own("vpc"),
            subnet: own("subnet"),
            key: own("keyName"),
            user_data: own("userData"),
            groups: split("securityGroups"),
            ports,
            from: own("openFrom").unwrap_or_else(|| "0.0.0.0/0".to_owned()),
            types: split("types"),
            volume_type: own("volumeType"),
            elastic: choice("elasticAddress", "false", &yes)? == "true",
            private: address == "private",
        })
    }
}

fn choice_of_size(given: Option<&str>) -> Result<u64, String> {
    given.map_or(Ok(DISK_GIB), |text| {
        text.parse().map_err(|error| format!("set diskGib to a number of GiB, such as 20, not `{text}`: {error}"))
    })
}

fn range(text: &str) -> Result<(u16, u16), String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (first.trim().parse(), last.trim().parse()) {
        (Ok(first), Ok(last)) if first <= last => Ok((first, last)),
        _ => Err(format!("set openPorts to ports such as 22,8000-9000, not `{text}`")),
    }
}
