//! A domain as libvirt is told and tells of it.

use super::settings::Settings;
use crate::connectors::xml::Element;
use hansa_pim::MachineOrder;
use quick_xml::escape::escape;
use std::{collections::BTreeMap, net::IpAddr};

/// The namespace of our metadata.
const NAMESPACE: &str = "https://hansa-broker.example/libvirt/1";

/// The disk's volume.
pub(super) fn disk(name: &str) -> String {
    format!("{name}.qcow2")
}

/// The volume with the user data.
pub(super) fn seed(name: &str) -> String {
    format!("{name}-seed.iso")
}

/// The domain of an order. Its UUID is the machine's identifier.
pub(super) fn document(order: &MachineOrder, settings: &Settings) -> String {
    let labels: String = order
        .labels
        .iter()
        .map(|(key, value)| format!("<h:label key='{}' value='{}'/>", escape(key), escape(value)))
        .collect();
    let (name, pool, kind) = (escape(&order.name), escape(&settings.pool), escape(&settings.kind));
    let (disk, seed) = (disk(&name), seed(&name));
    let cpus = order.amounts.cpu_milli.div_ceil(1_000).max(1);
    let memory = order.amounts.memory_mib.max(1);
    // As the disk is: the kernels of cloud images often know no other bus. cloud-init finds it by its label.
    let boots = order.boot.is_some() || settings.user_data.is_some();
    let seed = boots.then(|| {
        format!(
            "<disk type='volume' device='disk'><driver name='qemu' type='raw'/>\
             <source pool='{pool}' volume='{seed}'/><target dev='vdb' bus='virtio'/><readonly/></disk>"
        )
    });
    let seed = seed.unwrap_or_default();
    let network = match settings.network.as_str() {
        "user" => "<interface type='user'><model type='virtio'/></interface>".to_owned(),
        network => format!(
            "<interface type='network'><source network='{}'/><model type='virtio'/></interface>",
            escape(network)
        ),
    };
    format!(
        "<domain type='{kind}'><name>{name}</name><uuid>{}</uuid>\
         <metadata><h:machine xmlns:h='{NAMESPACE}'>{labels}</h:machine></metadata>\
         <memory unit='MiB'>{memory}</memory><vcpu>{cpus}</vcpu>\
         <os><type>hvm</type><boot dev='hd'/><boot dev='network'/></os><features><acpi/></features>\
         <on_reboot>restart</on_reboot><on_crash>restart</on_crash><devices>\
         <disk type='volume' device='disk'><driver name='qemu' type='qcow2'/>\
         <source pool='{pool}' volume='{disk}'/><target dev='vda' bus='virtio'/></disk>{seed}{network}\
         <serial type='pty'/><channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>\
         <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng></devices></domain>",
        order.machine
    )
}

/// Our labels on a domain; none on those of others.
pub(super) fn labels(domain: &Element) -> BTreeMap<String, String> {
    let labels = domain.all("metadata/machine/label");
    labels
        .filter_map(|label| Some((label.attribute("key")?.to_owned(), label.attribute("value")?.to_owned())))
        .collect()
}

/// The first address that `domifaddr` lists which others reach.
pub(super) fn address(listed: &str) -> Option<IpAddr> {
    let addresses = listed.split_whitespace().filter_map(|word| word.split_once('/')?.0.parse::<IpAddr>().ok());
    let mut reached = addresses.filter(|address| match address {
        IpAddr::V4(four) => !four.is_loopback() && !four.is_link_local(),
        IpAddr::V6(six) => !six.is_loopback() && !six.is_unicast_link_local(),
    });
    reached.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_from_leases_and_from_agents() {
        let lease = " Name       MAC address          Protocol     Address\n\
            ----------------------------------------------------\n \
            vnet0      52:54:00:1a:2b:3c    ipv4         192.168.150.23/24\n";
        assert_eq!(address(lease).unwrap().to_string(), "192.168.150.23");
        let agent = " lo  00:00:00:00:00:00  ipv4  127.0.0.1/8\n -  -  ipv6  ::1/128\n\
            ens3  52:54:00:1a:2b:3c  ipv6  fe80::1/64\n -  -  ipv6  2001:db8::9/64\n";
        assert_eq!(address(agent).unwrap().to_string(), "2001:db8::9");
        assert_eq!(address(""), None);
    }
}
