//! What tests do with applications, through the API alone.

use super::{Answer, Broker, Call, Process, eventually, fetch};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
};

/// A workload as the API shows it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Workload {
    /// Its id.
    pub id: String,
    /// The component's name.
    pub component: String,
    /// Which of its instances.
    pub ordinal: u32,
    /// What it does.
    pub state: String,
    /// The node, where the broker itself runs it.
    #[serde(default)]
    pub node: String,
    /// Its addresses by the port's name.
    pub endpoints: BTreeMap<String, SocketAddr>,
    /// Its process.
    pub pid: Option<i32>,
    /// How often it was started again.
    pub restarts: u32,
}

impl Broker {
    /// Submits a model.
    pub(crate) fn submit(&self, model: &Value) -> Answer {
        self.call(Method::POST, "/api/v1/applications").json(model).send()
    }

    /// Puts another model in the place of an application's.
    pub(crate) fn update(&self, name: &str, model: &Value) -> Call {
        self.call(Method::PUT, &format!("/api/v1/applications/{name}")).json(model)
    }

    /// Changes the number of a component's instances.
    pub(crate) fn scale(&self, name: &str, component: &str, replicas: u32) -> Call {
        let body = json!({ "replicas": { component: replicas } });
        self.call(Method::PATCH, &format!("/api/v1/applications/{name}")).json(&body)
    }

    /// Asks for an application to be taken away.
    pub(crate) fn remove(&self, name: &str) -> Call {
        self.call(Method::DELETE, &format!("/api/v1/applications/{name}"))
    }

    /// Waits until the operation of a change that was accepted has succeeded.
    #[track_caller]
    pub(crate) fn done(&self, accepted: &Answer) {
        let operation = self.ended(accepted);
        assert_eq!(operation["state"], "succeeded", "{operation}");
    }

    /// Waits until the operation of a change that was accepted has ended.
    #[track_caller]
    pub(crate) fn ended(&self, accepted: &Answer) -> Value {
        assert_eq!(accepted.status, 202, "{}: {}", accepted.request, accepted.body);
        let id = accepted.json()["operation"].as_str().unwrap().to_owned();
        eventually("the operation ends", || {
            let operation = self.get(&format!("/api/v1/operations/{id}")).ok();
            if operation["state"] == "running" { Err(operation.to_string()) } else { Ok(operation) }
        })
    }

    /// An application with all that belongs to it.
    #[track_caller]
    pub(crate) fn application(&self, name: &str) -> Value {
        self.get(&format!("/api/v1/applications/{name}")).ok()
    }

    /// The workloads of an application.
    #[track_caller]
    pub(crate) fn workloads(&self, name: &str) -> Vec<Workload> {
        let page = self.get(&format!("/api/v1/applications/{name}/workloads")).ok();
        serde_json::from_value(page["items"].clone()).unwrap()
    }

    /// One workload of an application.
    #[track_caller]
    pub(crate) fn workload(&self, name: &str, component: &str, ordinal: u32) -> Workload {
        let all = self.workloads(name);
        let found = all.iter().find(|workload| workload.component == component && workload.ordinal == ordinal);
        found.unwrap_or_else(|| panic!("no {component}#{ordinal} in {all:#?}")).clone()
    }

    /// The public address of the demo's application.
    #[track_caller]
    pub(crate) fn entrance(&self, name: &str) -> SocketAddr {
        self.workload(name, "proxy", 0).endpoints["http"]
    }

    /// A page through the whole chain of the demo's application, by whichever
    /// proxy is healthy now.
    pub(crate) fn page(&self, name: &str) -> Result<Page, String> {
        let path = format!("/api/v1/applications/{name}/endpoints?component=proxy");
        let found = self.call(Method::GET, &path).try_send()?.ok();
        let mut last = format!("no healthy proxy in {found}");
        for endpoint in found["items"].as_array().unwrap() {
            if endpoint["healthy"] == true {
                match Page::fetch(endpoint["address"].as_str().unwrap().parse().unwrap()) {
                    Ok(page) => return Ok(page),
                    Err(reason) => last = reason,
                }
            }
        }
        Err(last)
    }

    /// The events of an application of these kinds, in the order of the log.
    #[track_caller]
    pub(crate) fn events(&self, application: &str, kind: &str) -> Vec<Value> {
        let path = format!("/api/v1/events?application={application}&kind={kind}&limit=500");
        self.get(&path).ok()["items"].as_array().unwrap().clone()
    }

    /// Waits until exactly these instances run, each once and in the very
    /// process that the broker names, and nothing else does.
    #[track_caller]
    pub(crate) fn settles(&self, name: &str, wanted: &BTreeMap<&str, u32>) -> Vec<Process> {
        let wanted: BTreeSet<(String, u32)> = wanted
            .iter()
            .flat_map(|(component, count)| (0..*count).map(|ordinal| ((*component).to_owned(), ordinal)))
            .collect();
        eventually("what is wanted runs, once", || {
            let application = self.application(name);
            let told: BTreeMap<String, (String, Option<i64>)> = application["workloads"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|w| (text(&w["id"]), (text(&w["state"]), w["pid"].as_i64())))
                .collect();
            let there = self.running();
            let slots: BTreeSet<(String, u32)> =
                there.iter().map(|process| (process.component.clone(), process.ordinal)).collect();
            let agreed = there.iter().all(|process| {
                let (state, pid) = told.get(&process.workload).cloned().unwrap_or_default();
                state == "running" && pid == Some(i64::from(process.pid))
            });
            let settled = application["phase"]["state"] == "running"
                && slots == wanted
                && there.len() == wanted.len()
                && told.len() == wanted.len()
                && agreed;
            if settled {
                Ok(there)
            } else {
                Err(format!("{}\nprocesses: {there:#?}\ntold: {told:#?}", application["phase"]))
            }
        })
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The page of the demo's application: who answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// The proxy that passed the request on: `proxy#0`.
    pub proxy: String,
    /// The application server that answered: `application#2`.
    pub application: String,
    /// The database that counted: `database#0`.
    pub database: String,
    /// What it counted.
    pub visits: u64,
}

impl Page {
    /// The page of a proxy at this address.
    pub(crate) fn fetch(address: SocketAddr) -> Result<Self, String> {
        fetch(address).map(|text| Self::read(&text))
    }

    fn read(text: &str) -> Self {
        let fact = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
            line.unwrap_or_else(|| panic!("no `{name}` in {text}")).to_owned()
        };
        Self {
            proxy: fact("proxy"),
            application: fact("application"),
            database: fact("database"),
            visits: fact("visits").parse().unwrap(),
        }
    }
}
