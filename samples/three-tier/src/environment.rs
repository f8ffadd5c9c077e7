//! What a workload is told: its environment, as a value, so that tests can
//! give each role its own.

use crate::Failure;
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

/// Environment variables of one workload.
#[derive(Debug, Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Environment {
    fn from_iter<T: IntoIterator<Item = (K, V)>>(pairs: T) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl Environment {
    /// That of this process; what is no Unicode is left out.
    #[must_use]
    pub fn of_process() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        std::env::vars_os().filter_map(text).collect()
    }

    /// A variable; an empty one counts as absent.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A variable that must be there.
    ///
    /// # Errors
    /// When it isn't.
    pub fn require(&self, name: &str) -> Result<&str, Failure> {
        self.get(name).ok_or_else(|| Failure::Environment(format!("the environment variable {name} is not set")))
    }

    /// All of them, by name.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Where to listen: `HANSA_ADDRESS` (the loopback address where it is
    /// absent) and the port in the given variable.
    ///
    /// # Errors
    /// When the port is absent or one of the two is unusable.
    pub fn listen_address(&self, variable: &str) -> Result<SocketAddr, Failure> {
        let unusable =
            |name: &str, value: &str| Failure::Environment(format!("{name} is `{value}`, which is unusable"));
        let port = self.require(variable)?;
        let port: u16 = port.parse().map_err(|_error: std::num::ParseIntError| unusable(variable, port))?;
        let address = match self.get("HANSA_ADDRESS") {
            Some(text) => text.parse().map_err(|_error: std::net::AddrParseError| unusable("HANSA_ADDRESS", text))?,
            None => IpAddr::V4(Ipv4Addr::LOCALHOST),
        };
        Ok(SocketAddr::new(address, port))
    }

    /// Which instance this is: `application#1`.
    #[must_use]
    pub fn instance(&self, role: &str) -> String {
        let component = self.get("HANSA_COMPONENT").unwrap_or(role);
        format!("{component}#{}", self.get("HANSA_ORDINAL").unwrap_or("0"))
    }

    /// Where it runs.
    #[must_use]
    pub fn site(&self) -> &str {
        self.get("HANSA_SITE").unwrap_or("unknown")
    }
}
