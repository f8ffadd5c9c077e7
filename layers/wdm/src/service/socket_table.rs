//! Who listens on a port, as /proc tells (proc(5)): for the message that a
//! port is taken. Nothing depends on it.

use crate::{Endpoint, connectors::process::process_table};
use hansa_ontology::resource_model::Protocol;
use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// State of a TCP socket that listens, and of a UDP socket that is bound.
const LISTENS: [&str; 2] = ["0A", "07"];

/// `process 42 (nginx)`.
pub(super) fn holder(endpoint: &Endpoint) -> Option<String> {
    let tables = match endpoint.protocol {
        Protocol::Tcp => ["/proc/net/tcp", "/proc/net/tcp6"],
        Protocol::Udp => ["/proc/net/udp", "/proc/net/udp6"],
    };
    let inode = tables
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok())
        .find_map(|text| text.lines().find_map(|line| listener(line, endpoint)))?;
    let pid = owner(&inode)?;
    let name = process_table::name(pid).unwrap_or_else(|| "unknown".to_owned());
    Some(format!("process {pid} ({name})"))
}

/// The inode of the socket, where this line is one that has the endpoint.
fn listener(line: &str, endpoint: &Endpoint) -> Option<String> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let (local, state, inode) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
    let (address, port) = local.split_once(':')?;
    let address = parse_address(address)?;
    let same = address == endpoint.address || address.is_unspecified();
    let fits = same && LISTENS.contains(state) && u16::from_str_radix(port, 16) == Ok(endpoint.number);
    fits.then(|| (*inode).to_owned())
}

/// Words of 32 bits in the machine's own order, each as hexadecimal digits.
fn parse_address(text: &str) -> Option<IpAddr> {
    let mut bytes = Vec::new();
    for word in text.as_bytes().chunks(8) {
        let word = u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()?;
        bytes.extend(word.to_ne_bytes());
    }
    match <[u8; 4]>::try_from(bytes.as_slice()) {
        Ok(four) => Some(IpAddr::V4(Ipv4Addr::from(four))),
        Err(_) => <[u8; 16]>::try_from(bytes.as_slice()).ok().map(|sixteen| {
            let address = Ipv6Addr::from(sixteen);
            address.to_ipv4_mapped().map_or(IpAddr::V6(address), IpAddr::V4)
        }),
    }
}

/// The process that has the socket open.
fn owner(inode: &str) -> Option<u32> {
    let link = format!("socket:[{inode}]");
    fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let open = fs::read_dir(entry.path().join("fd")).ok()?;
        open.flatten()
            .any(|file| fs::read_link(file.path()).is_ok_and(|target| target.as_os_str() == link.as_str()))
            .then_some(pid)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn finds_this_very_process() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let number = listener.local_addr().unwrap().port();
        let endpoint = Endpoint { address: Ipv4Addr::LOCALHOST.into(), number, protocol: Protocol::Tcp, public: false };
        let holder = holder(&endpoint).unwrap();
        assert!(holder.starts_with(&format!("process {} (", std::process::id())), "{holder}");
    }

    #[test]
    fn reads_addresses() {
        let mapped = Ipv4Addr::LOCALHOST.to_ipv6_mapped().octets();
        let text: String =
            mapped.chunks(4).map(|word| format!("{:08X}", u32::from_ne_bytes(word.try_into().unwrap()))).collect();
        assert_eq!(parse_address(&text), Some(Ipv4Addr::LOCALHOST.into()));
        assert_eq!(parse_address("nonsense"), None);
    }
}
