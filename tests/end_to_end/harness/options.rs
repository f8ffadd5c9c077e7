//! What a broker of a test is told: a small configuration file.

use super::PortRange;
use std::{fmt::Write as _, path::Path};

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Engine {
    /// A file in the data folder.
    #[default]
    Sqlite,
    /// A database of its own on the server of the test process.
    Postgres,
}

/// A node of the local site.
#[derive(Debug, Clone)]
pub(crate) struct NodeOption {
    /// Its name.
    pub name: String,
    /// Processors.
    pub cpu: String,
    /// Memory.
    pub memory: String,
}

impl NodeOption {
    /// A node of the usual size.
    pub(crate) fn named(name: &str) -> Self {
        Self { name: name.to_owned(), cpu: "4".to_owned(), memory: "4Gi".to_owned() }
    }
}

/// What a broker is told.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// The database.
    pub engine: Engine,
    /// The nodes of the local site.
    pub nodes: Vec<NodeOption>,
    /// The largest body of a request.
    pub body_limit: String,
    /// Where the data folder lies, where that isn't the test's own folder.
    pub data: Option<std::path::PathBuf>,
    /// Who it is among others.
    pub owner: Option<Owner>,
    /// Whether people have to log in, at the development login.
    pub dev_login: bool,
    /// Refused logins of one address in a minute; 0 is no limit.
    pub failures_per_minute: u32,
    /// Further settings, as they stand in the file.
    pub more: String,
}

/// A broker's owner among others: a provider with a site of its own, and an
/// address that stays the same from start to start.
#[derive(Debug, Clone)]
pub(crate) struct Owner {
    /// Its name, such as `north`: `urn:hansa:provider:north`, `urn:hansa:site:north`.
    pub name: String,
    /// Where it lies.
    pub country: String,
    /// Whether offers are made of its nodes, or imported.
    pub offers: String,
    /// Between two looks at partners' feeds.
    pub pull_interval: String,
    /// After this time without a word of a partner its offers are stale.
    pub stale_after: String,
    /// After this time a partner is lost.
    pub grace: String,
    /// How long capacity is held.
    pub hold_time: String,
}

impl Owner {
    /// An owner of this name in this country.
    pub(crate) fn named(name: &str, country: &str) -> Self {
        Self {
            name: name.to_owned(),
            country: country.to_owned(),
            offers: "generated".to_owned(),
            pull_interval: "300ms".to_owned(),
            stale_after: "3s".to_owned(),
            grace: "5s".to_owned(),
            hold_time: "10s".to_owned(),
        }
    }

    fn yaml(&self) -> String {
        format!(
            "provider:\n  id: urn:hansa:provider:{0}\n  name: {0}\n  country: {1}\nfederation:\n  \
             allow_loopback: true\n  pull_interval: {5}\n  stale_after: {2}\n  grace: {3}\n  hold_time: {4}\n",
            self.name, self.country, self.stale_after, self.grace, self.hold_time, self.pull_interval
        )
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            engine: Engine::default(),
            nodes: ["north", "south"].map(NodeOption::named).into(),
            body_limit: "16Mi".to_owned(),
            data: None,
            owner: None,
            dev_login: false,
            failures_per_minute: 0,
            more: String::new(),
        }
    }
}

impl Options {
    /// The configuration file.
    pub(crate) fn yaml(&self, data: &Path, database: Option<&str>, ports: &PortRange) -> String {
        let mut yaml = format!(
            "server:\n  listen: 127.0.0.1:{}\n  body_limit: {}\n  limits: {{ address_rate: 0, actor_rate: 0, failures_per_minute: {} }}\ndata_dir: {}\nworkload_ports: {}-{}\n",
            self.owner.as_ref().map_or(0, |_| ports.own()),
            self.body_limit,
            self.failures_per_minute,
            data.display(),
            ports.first(),
            ports.last()
        );
        if let Some(url) = database {
            writeln!(yaml, "database:\n  url: {url}").unwrap();
        }
        if self.dev_login {
            yaml.push_str("auth:\n  dev_login: true\n");
        }
        // Last, so that further settings can go on with sites.
        match &self.owner {
            None => yaml.push_str("sites:\n  - id: urn:hansa:site:local\n    name: Test\n    nodes:\n"),
            Some(owner) => {
                yaml.push_str(&owner.yaml());
                let Owner { name, offers, .. } = owner;
                write!(
                    yaml,
                    "sites:\n  - id: urn:hansa:site:{name}\n    name: {name}\n    offers: {offers}\n    nodes:\n"
                )
                .unwrap();
            }
        }
        self.nodes(&mut yaml);
        yaml.push_str(&self.more);
        yaml
    }

    fn nodes(&self, yaml: &mut String) {
        for NodeOption { name, cpu, memory } in &self.nodes {
            writeln!(
                yaml,
                "      - name: {name}\n        cpu: {cpu}\n        memory: {memory}\n        disk: 8Gi\n        \
                 capabilities: [application, database, proxy, public-ip]"
            )
            .unwrap();
        }
    }
}
