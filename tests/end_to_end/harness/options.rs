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
}

impl Default for Options {
    fn default() -> Self {
        Self {
            engine: Engine::default(),
            nodes: ["north", "south"].map(NodeOption::named).into(),
            body_limit: "16Mi".to_owned(),
            data: None,
        }
    }
}

impl Options {
    /// The configuration file.
    pub(crate) fn yaml(&self, data: &Path, database: Option<&str>, ports: &PortRange) -> String {
        let mut yaml = format!(
            "server:\n  listen: 127.0.0.1:0\n  body_limit: {}\ndata_dir: {}\nworkload_ports: {}-{}\n",
            self.body_limit,
            data.display(),
            ports.first(),
            ports.last()
        );
        if let Some(url) = database {
            writeln!(yaml, "database:\n  url: {url}").unwrap();
        }
        yaml.push_str("sites:\n  - id: urn:hansa:site:local\n    name: Test\n    nodes:\n");
        for NodeOption { name, cpu, memory } in &self.nodes {
            writeln!(
                yaml,
                "      - name: {name}\n        cpu: {cpu}\n        memory: {memory}\n        disk: 8Gi\n        \
                 capabilities: [application, database, proxy, public-ip]"
            )
            .unwrap();
        }
        yaml
    }
}
