//! A server as Nova tells it (Compute API 2.79), and finding ours.

use super::{OpenStack, is_labelled};
use hansa_pim::MachineOrder;
use hansa_repository::system::{SystemError, SystemErrorKind};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{collections::BTreeMap, net::IpAddr};

/// So many lines of a console tell enough.
const CONSOLE_LINES: u32 = 15;
/// What is shown of a console at most, in letters, from its end.
const CONSOLE_LETTERS: usize = 350;

/// A server.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Server {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) status: String,
    #[serde(default)]
    pub(super) metadata: BTreeMap<String, String>,
    #[serde(rename = "OS-EXT-STS:task_state", default)]
    pub(super) task: Option<String>,
    #[serde(default)]
    pub(super) addresses: BTreeMap<String, Vec<Address>>,
    #[serde(default)]
    pub(super) fault: Option<Fault>,
    #[serde(default)]
    pub(super) created: String,
}

/// An address of a server.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Address {
    pub(super) addr: IpAddr,
    #[serde(rename = "OS-EXT-IPS:type", default)]
    pub(super) kind: String,
}

/// Why a server is in the state ERROR.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Fault {
    pub(super) message: String,
}

impl Server {
    /// On its way out, or gone but for its record.
    pub(super) fn is_leaving(&self) -> bool {
        self.task.as_deref() == Some("deleting") || matches!(self.status.as_str(), "DELETED" | "SOFT_DELETED")
    }

    /// What it is at, for people.
    pub(super) fn doing(&self) -> String {
        match &self.task {
            Some(task) => format!("server {} is {} ({})", self.name, self.status, task.replace('_', " ")),
            None => format!("server {} is {}", self.name, self.status),
        }
    }

    /// Where it is reached: by its floating address, else by a fixed one of IPv4, else by any.
    pub(super) fn address(&self) -> Option<IpAddr> {
        let all = || self.addresses.values().flatten();
        all()
            .find(|address| address.kind == "floating")
            .or_else(|| all().find(|address| address.addr.is_ipv4()))
            .or_else(|| all().next())
            .map(|address| address.addr)
    }

    pub(super) fn is_floating(&self) -> bool {
        self.addresses.values().flatten().any(|address| address.kind == "floating")
    }
}

impl OpenStack {
    /// The servers of a machine, oldest first: one, unless a request that
    /// seemed lost was heard after all. Somebody else's of that name is an error.
    pub(super) async fn servers(&self, order: &MachineOrder) -> Result<Vec<Server>, SystemError> {
        let action = format!("look up the server {}", order.name);
        let call = self.nova.get(&["servers", "detail"], &[("name", &format!("^{}$", order.name))], &action);
        let mut found: Vec<Server> = self.listed(&call, "servers").await?;
        found.retain(|server| server.name == order.name);
        let labels = super::description(&order.labels);
        let (mut ours, foreign): (Vec<Server>, Vec<Server>) = found.into_iter().partition(|server| {
            is_labelled(&super::description(&server.metadata), &order.labels) && !labels.is_empty()
        });
        if let (true, Some(foreign)) = (ours.is_empty(), foreign.first()) {
            return Err(self.foreign(&action, &foreign.id));
        }
        ours.sort_by(|a, b| (&a.created, &a.id).cmp(&(&b.created, &b.id)));
        Ok(ours)
    }

    fn foreign(&self, action: &str, id: &str) -> SystemError {
        let said = format!("there is a server {id} of that name that this broker has not made; it is not touched");
        self.error(action, SystemErrorKind::Forbidden, said, "rename or delete it, if nobody needs it")
    }

    /// A list that an answer holds under a key.
    pub(super) async fn listed<T: serde::de::DeserializeOwned>(
        &self,
        call: &hansa_pim::connectors::http::HttpCall,
        key: &str,
    ) -> Result<Vec<T>, SystemError> {
        let mut answer: Value = self.nova.json(call).await?;
        serde_json::from_value(answer.get_mut(key).map(Value::take).unwrap_or_default()).map_err(|error| {
            let said = format!("its answer is not what its API documents: {error}");
            self.nova.http().error(call, SystemErrorKind::Failed, said)
        })
    }

    /// One of the actions of a server: `os-start`.
    pub(super) async fn act(&self, server: &Server, body: &Value, what: &str) -> Result<Value, SystemError> {
        let action = format!("{what} the server {}", server.name);
        let call = self.nova.call(Method::POST, &["servers", &server.id, "action"], action).json(body);
        let answer = self.nova.ok(&call).await?;
        Ok(serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
    }

    pub(super) async fn server_delete(&self, server: &Server) -> Result<bool, SystemError> {
        self.nova.delete(&["servers", &server.id], format!("delete the server {}", server.name)).await
    }

    /// The end of what it has printed. A server that was never on a host has none.
    pub(super) async fn console(&self, server: &Server) -> Option<String> {
        let body = json!({ "os-getConsoleOutput": { "length": CONSOLE_LINES } });
        let answer = self.act(server, &body, "read the console of").await.ok()?;
        let output = answer.get("output")?.as_str()?.trim().to_owned();
        let letters = output.chars().count();
        let end: String = output.chars().skip(letters.saturating_sub(CONSOLE_LETTERS)).collect();
        (!end.is_empty()).then_some(end)
    }
}
