//! How much the server takes of one caller, and how long it waits for them.

use super::ConfigFault;
use hansa_ontology::quantity::TimeSpan;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, net::IpAddr, str::FromStr};

/// Limits on callers. Rates count where people log in; without login whoever
/// is on this machine is one caller, and only sizes, times and numbers of
/// connections are limited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LimitSettings {
    /// Requests a second of one address, whoever it is. 0: as many as come.
    pub address_rate: u32,
    /// Requests of one address at once, above which the rate counts.
    pub address_burst: u32,
    /// Requests a second of one person, service account or token's owner. 0: as many as come.
    pub actor_rate: u32,
    /// Requests of one person at once, above which the rate counts.
    pub actor_burst: u32,
    /// Failed logins and refused tokens a minute of one address. 0: as many as come.
    pub failures_per_minute: u32,
    /// Failed logins and refused tokens of one address at once.
    pub failures_burst: u32,
    /// Streams (events, logs) that one caller may have open.
    pub streams: u32,
    /// Connections at one time, of everybody.
    pub connections: u32,
    /// How long a client may take to send the head of a request.
    pub head_timeout: TimeSpan,
    /// How long a client may take to send the body of a request.
    pub body_timeout: TimeSpan,
    /// How long a connection may lie idle between two requests.
    pub idle_timeout: TimeSpan,
    /// Addresses of proxies whose `X-Forwarded-For` is believed, such as `10.0.0.0/8`.
    pub trusted_proxies: Vec<Network>,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            address_rate: 1_000,
            address_burst: 3_000,
            actor_rate: 200,
            actor_burst: 1_000,
            failures_per_minute: 20,
            failures_burst: 20,
            streams: 64,
            connections: 4_096,
            head_timeout: TimeSpan::from_millis(10_000),
            body_timeout: TimeSpan::from_millis(20_000),
            idle_timeout: TimeSpan::from_millis(15_000),
            trusted_proxies: Vec::new(),
        }
    }
}

/// A network, or one address: `10.0.0.0/8`, `::1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    /// Whether the address is in it.
    pub(crate) fn contains(self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let shift = 32_u32.saturating_sub(self.bits);
                (own.to_bits() ^ other.to_bits()).checked_shr(shift).unwrap_or_default() == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let shift = 128_u32.saturating_sub(self.bits);
                (own.to_bits() ^ other.to_bits()).checked_shr(shift).unwrap_or_default() == 0
            }
            _ => false,
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl FromStr for Network {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no address or network such as 192.0.2.7 or 10.0.0.0/8");
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.trim().parse().ok().ok_or_else(wrong)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => most,
            Some(bits) => bits.trim().parse().ok().filter(|bits| *bits <= most).ok_or_else(wrong)?,
        };
        Ok(Self { address, bits })
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Every rule that these settings break.
pub(super) fn check(limits: &LimitSettings, faults: &mut Vec<ConfigFault>) {
    let pairs = [
        ("address_burst", limits.address_rate, limits.address_burst),
        ("actor_burst", limits.actor_rate, limits.actor_burst),
        ("failures_burst", limits.failures_per_minute, limits.failures_burst),
    ];
    for (field, rate, burst) in pairs {
        if rate > 0 && burst == 0 {
            faults.push(ConfigFault::new(
                format!("server.limits.{field}"),
                "nobody would ever be let in",
                "give at least 1",
            ));
        }
    }
    for (field, number) in [("streams", limits.streams), ("connections", limits.connections)] {
        if number == 0 {
            faults.push(ConfigFault::new(
                format!("server.limits.{field}"),
                "nobody would ever be let in",
                "give at least 1",
            ));
        }
    }
    let times = [
        ("head_timeout", limits.head_timeout),
        ("body_timeout", limits.body_timeout),
        ("idle_timeout", limits.idle_timeout),
    ];
    for (field, time) in times {
        if time.0 == 0 {
            faults.push(ConfigFault::new(format!("server.limits.{field}"), "it is zero", "give a time such as 10s"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_its_addresses() {
        let within =
            |network: &str, address: &str| network.parse::<Network>().unwrap().contains(address.parse().unwrap());
        assert!(within("10.0.0.0/8", "10.255.0.1"));
        assert!(within("10.0.0.0/8", "::ffff:10.1.2.3"));
        assert!(!within("10.0.0.0/8", "11.0.0.1"));
        assert!(within("0.0.0.0/0", "8.8.8.8"));
        assert!(within("192.0.2.7", "192.0.2.7") && !within("192.0.2.7", "192.0.2.8"));
        assert!(within("2001:db8::/32", "2001:db8:1::1") && !within("2001:db8::/32", "10.0.0.1"));
        for bad in ["", "10.0.0.0/33", "10.0.0", "::/129", "x/8", "10.0.0.0/-1"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }
}
