//! Where an engine is, and under which address its containers are reached.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr},
};
use url::{Host, Url};

/// The port of an engine with TLS, where the address names none (IANA: docker-s).
const TLS_PORT: u16 = 2376;
/// The port of an engine without TLS, where the address names none (IANA: docker).
const PLAIN_PORT: u16 = 2375;

/// Where an engine is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A socket of this machine.
    Socket(String),
    /// A port of some machine.
    Port {
        /// The machine, as the address names it.
        host: String,
        /// The port.
        port: u16,
        /// Whether TLS protects it.
        tls: bool,
    },
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => write!(f, "unix://{path}"),
            Self::Port { host, port, tls: true } => write!(f, "https://{host}:{port}"),
            Self::Port { host, port, tls: false } => write!(f, "tcp://{host}:{port}"),
        }
    }
}

impl Address {
    /// Reads an address: `unix:///run/docker.sock`, `https://host:2376`,
    /// `tcp://host:2376`. The last means TLS as soon as there is something to
    /// open it with (`keyed`) or the port is the one for it. Without TLS an
    /// engine gives its whole machine to whoever asks, so that is spoken on
    /// this machine's own loopback alone.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn read(text: &str, keyed: bool) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("`{text}` is no address of an engine: {error}"))?;
        if url.scheme() == "unix" {
            let path = url.path();
            return if path.len() > 1 {
                Ok(Self::Socket(path.to_owned()))
            } else {
                Err(format!("`{text}` names no socket; write unix:///run/docker.sock"))
            };
        }
        let secure = url.scheme() == "https";
        if !secure && !matches!(url.scheme(), "tcp" | "http") {
            return Err(format!("`{}` is no scheme of an engine; use unix, https or tcp", url.scheme()));
        }
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| format!("`{text}` names no machine; write https://machine.example:2376"))?;
        let tls = secure || (url.scheme() == "tcp" && (keyed || url.port() == Some(TLS_PORT)));
        let address = Self::Port {
            host: host.to_owned(),
            port: url.port().unwrap_or(if tls { TLS_PORT } else { PLAIN_PORT }),
            tls,
        };
        if !tls && !address.is_loopback() {
            return Err(format!(
                "`{text}` would be spoken without TLS, and an engine without it gives its machine to whoever asks; \
                 let the engine listen with TLS and write https://{host}:{TLS_PORT}"
            ));
        }
        Ok(address)
    }

    /// The engine runs on this machine.
    #[must_use]
    pub const fn is_socket(&self) -> bool {
        matches!(self, Self::Socket(_))
    }

    fn is_loopback(&self) -> bool {
        match self {
            Self::Socket(_) => true,
            Self::Port { host, .. } => match Host::parse(host) {
                Ok(Host::Ipv4(ip)) => ip.is_loopback(),
                Ok(Host::Ipv6(ip)) => ip.is_loopback(),
                Ok(Host::Domain(name)) => name == "localhost",
                Err(_) => false,
            },
        }
    }

    /// The address under which what runs there is reached: this machine's
    /// loopback for a socket, else the machine that the address names.
    ///
    /// # Errors
    /// When the machine's name can't be resolved, for people.
    pub async fn of_the_machine(&self) -> Result<IpAddr, String> {
        let Self::Port { host, port, .. } = self else { return Ok(Ipv4Addr::LOCALHOST.into()) };
        match Host::parse(host) {
            Ok(Host::Ipv4(ip)) => return Ok(ip.into()),
            Ok(Host::Ipv6(ip)) => return Ok(ip.into()),
            Ok(Host::Domain(_)) | Err(_) => {}
        }
        let found = tokio::net::lookup_host((host.as_str(), *port)).await;
        let mut found = found.map_err(|error| format!("the name {host} can't be resolved: {error}"))?;
        let first = found.next().ok_or_else(|| format!("the name {host} has no address"))?;
        Ok(first.ip())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(host: &str, port: u16, tls: bool) -> Result<Address, String> {
        Ok(Address::Port { host: host.to_owned(), port, tls })
    }

    #[test]
    fn addresses_are_read() {
        assert_eq!(Address::read("unix:///run/docker.sock", false), Ok(Address::Socket("/run/docker.sock".into())));
        assert_eq!(Address::read("https://engine.example", false), port("engine.example", 2376, true));
        assert_eq!(Address::read("tcp://engine.example:2376", false), port("engine.example", 2376, true));
        assert_eq!(Address::read("tcp://10.0.0.7:4000", true), port("10.0.0.7", 4000, true));
        assert_eq!(Address::read("tcp://127.0.0.1:2375", false), port("127.0.0.1", 2375, false));
        assert_eq!(Address::read("http://[::1]:2375", false), port("[::1]", 2375, false));
    }

    #[test]
    fn an_engine_without_tls_is_refused_but_on_loopback() {
        for text in ["tcp://10.0.0.7:2375", "http://engine.example:2376"] {
            let said = Address::read(text, false).unwrap_err();
            assert!(said.contains("without TLS"), "{said}");
        }
        for text in ["npipe:////./pipe/docker", "unix://", "engine", "ssh://root@engine.example"] {
            assert!(Address::read(text, false).is_err(), "{text}");
        }
    }

    #[tokio::test]
    async fn what_runs_there_is_reached_at() {
        let at = async |text: &str| Address::read(text, true).unwrap().of_the_machine().await.unwrap().to_string();
        assert_eq!(at("unix:///run/docker.sock").await, "127.0.0.1");
        assert_eq!(at("https://192.0.2.7:2376").await, "192.0.2.7");
        assert_eq!(at("https://[2001:db8::7]:2376").await, "2001:db8::7");
    }
}
