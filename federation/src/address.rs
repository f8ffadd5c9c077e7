//! Which addresses a partner may make this broker connect to (SSRF). A name is
//! judged by the addresses that are then connected to, not by an earlier
//! look-up, so that a name server that changes its answer gains nothing.

use crate::FederationError;
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};
use url::{Host, Url};

/// What is allowed of the loopback interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Loopback {
    /// Nothing.
    #[default]
    Refused,
    /// By TLS.
    Tls,
    /// By plain HTTP and TLS; DID documents of loopback hosts are read by plain HTTP. For demos.
    Plain,
}

/// Judges URLs and addresses: https to public addresses, and what is allowed besides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressGuard {
    loopback: Loopback,
    networks: Vec<Network>,
}

impl AddressGuard {
    /// Public addresses by https only.
    #[must_use]
    pub const fn strict() -> Self {
        Self { loopback: Loopback::Refused, networks: Vec::new() }
    }

    /// Loopback addresses too. For demos and tests on one machine.
    #[must_use]
    pub const fn with_loopback(loopback: Loopback) -> Self {
        Self { loopback, networks: Vec::new() }
    }

    /// Private networks too, by https: partners in one data centre. Loopback,
    /// link-local and multicast addresses stay refused whatever is named here.
    #[must_use]
    pub fn allowing(mut self, networks: impl IntoIterator<Item = Network>) -> Self {
        self.networks.extend(networks);
        self
    }

    /// What is allowed of the loopback interface.
    #[must_use]
    pub const fn loopback(&self) -> Loopback {
        self.loopback
    }

    /// Refuses a URL that must not be connected to, as far as its text tells.
    ///
    /// # Errors
    /// [`FederationError::Address`].
    pub fn url_check(&self, url: &Url) -> Result<(), FederationError> {
        let shown = url.host_str().unwrap_or_default().to_owned();
        let refuse = |reason: &str| Err(FederationError::Address { host: shown.clone(), reason: reason.to_owned() });
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("a URL with user name or password is not taken");
        }
        let Some(host) = url.host() else {
            return refuse("the URL names no host");
        };
        let loopback = match host {
            Host::Domain(name) => is_local_name(name),
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        match (url.scheme(), loopback) {
            ("https", _) => {}
            ("http", true) if self.loopback == Loopback::Plain => {}
            _ => return refuse("only https is taken (plain http on loopback, where that is allowed)"),
        }
        match host {
            Host::Domain(_) if loopback && self.loopback == Loopback::Refused => refuse("it is this machine itself"),
            Host::Domain(_) => Ok(()),
            Host::Ipv4(address) => self.address_check(IpAddr::V4(address)),
            Host::Ipv6(address) => self.address_check(IpAddr::V6(address)),
        }
    }

    /// Refuses an address that must not be connected to.
    ///
    /// # Errors
    /// [`FederationError::Address`].
    pub fn address_check(&self, address: IpAddr) -> Result<(), FederationError> {
        let plain = plain(address);
        let verdict = match kind(plain) {
            Kind::Public => Ok(()),
            Kind::Loopback if self.loopback != Loopback::Refused => Ok(()),
            Kind::Private(_) if self.networks.iter().any(|network| network.contains(plain)) => Ok(()),
            Kind::Loopback => Err("it is this machine itself"),
            Kind::Private(reason) | Kind::Never(reason) => Err(reason),
        };
        verdict.map_err(|reason| FederationError::Address { host: address.to_string(), reason: reason.to_owned() })
    }

    /// Judges all addresses that a name server gave for a name; one bad one
    /// refuses all, because a public name has no business with internal ones.
    ///
    /// # Errors
    /// [`FederationError::Address`], also when there are none.
    pub fn resolved_check(&self, name: &str, addresses: &[SocketAddr]) -> Result<(), FederationError> {
        let refuse = |reason: String| FederationError::Address { host: name.to_owned(), reason };
        if addresses.is_empty() {
            return Err(refuse("the name has no address".to_owned()));
        }
        for address in addresses {
            let address = address.ip();
            // `localhost` by plain HTTP was let through by its name, so it must be what it says.
            if is_local_name(name) && !plain(address).is_loopback() {
                return Err(refuse(format!("the name is for loopback, but its address is {address}")));
            }
            self.address_check(address)
                .map_err(|_says_address_only| refuse(format!("its address {address} is not public")))?;
        }
        Ok(())
    }
}

fn is_local_name(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name.eq_ignore_ascii_case("localhost") || name.to_ascii_lowercase().ends_with(".localhost")
}

enum Kind {
    Public,
    Loopback,
    /// May be allowed by an operator.
    Private(&'static str),
    Never(&'static str),
}

/// An IPv4 address in IPv6 clothes as what it is: mapped (RFC 4291) and NAT64 (RFC 6052).
fn plain(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    if let Some(v4) = v6.to_ipv4_mapped() {
        return IpAddr::V4(v4);
    }
    match v6.octets() {
        [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d] => IpAddr::V4(Ipv4Addr::new(a, b, c, d)),
        _ => address,
    }
}

fn kind(address: IpAddr) -> Kind {
    match address {
        IpAddr::V4(address) => kind_v4(address),
        IpAddr::V6(address) => kind_v6(address),
    }
}

/// By the IANA IPv4 special-purpose address registry (RFC 6890).
fn kind_v4(address: Ipv4Addr) -> Kind {
    match address.octets() {
        [127, ..] => Kind::Loopback,
        [10, ..] | [192, 168, ..] => Kind::Private("the address is private (RFC 1918)"),
        [172, b, ..] if (16..32).contains(&b) => Kind::Private("the address is private (RFC 1918)"),
        [100, b, ..] if (64..128).contains(&b) => {
            Kind::Private("the address is of a provider's inner network (RFC 6598)")
        }
        [169, 254, ..] => Kind::Never("the address is link-local, where clouds keep their metadata"),
        [0, ..] | [192, 0, 0, _] | [192, 88, 99, _] => Kind::Never("the address has a special purpose"),
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Kind::Never("the address is for documentation"),
        [198, 18 | 19, ..] => Kind::Private("the address is for benchmarks (RFC 2544)"),
        [a, ..] if a >= 224 => Kind::Never("the address is multicast or reserved"),
        _ => Kind::Public,
    }
}

/// By the IANA IPv6 special-purpose address registry: only global unicast is public, and not all of that.
fn kind_v6(address: Ipv6Addr) -> Kind {
    if address.is_loopback() {
        return Kind::Loopback;
    }
    match address.segments() {
        [a, ..] if a & 0xfe00 == 0xfc00 => Kind::Private("the address is unique-local (RFC 4193)"),
        [a, ..] if a & 0xffc0 == 0xfe80 => Kind::Never("the address is link-local"),
        [0x2001, b, ..] if b < 0x200 => Kind::Never("the address has a special purpose"),
        [0x2001, 0x0db8, ..] => Kind::Never("the address is for documentation"),
        [0x3fff, b, ..] if b < 0x1000 => Kind::Never("the address is for documentation"),
        [0x2002, ..] => Kind::Never("the address is 6to4, which hides an IPv4 address"),
        [a, ..] if a & 0xe000 == 0x2000 => Kind::Public,
        _ => Kind::Never("the address is no global unicast address"),
    }
}

/// A network that an operator allows: `10.20.0.0/16`, `fd12:3456::/32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    fn contains(&self, address: IpAddr) -> bool {
        let (ours, theirs, width) = match (self.address, address) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => (u128::from(ours.to_bits()), u128::from(theirs.to_bits()), 32),
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => (ours.to_bits(), theirs.to_bits(), 128),
            _ => return false,
        };
        let shift = width - u32::from(self.prefix);
        ours.checked_shr(shift) == theirs.checked_shr(shift)
    }
}

impl FromStr for Network {
    type Err = FederationError;
    fn from_str(text: &str) -> Result<Self, FederationError> {
        let wrong = || FederationError::invalid("network", format!("`{text}` is not a network such as 10.20.0.0/16"));
        let (address, prefix) = text.split_once('/').ok_or_else(wrong)?;
        let address: IpAddr = address.parse().ok().ok_or_else(wrong)?;
        let prefix: u8 = prefix.parse().ok().ok_or_else(wrong)?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        if prefix > width { Err(wrong()) } else { Ok(Self { address, prefix }) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}
