//! A management controller as the standard documents one: sessions, asset
//! tags, entity tags, tasks. It stands for what no service that runs here has.

use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard},
    thread,
};

/// What the controller keeps, and how it is to behave.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) tag: String,
    pub(crate) on: bool,
    pub(crate) boot: String,
    pub(crate) sessions: Vec<String>,
    pub(crate) logins: usize,
    /// Each change makes another entity tag.
    pub(crate) changes: u64,
    /// So many changes of somebody else come just before ours.
    pub(crate) meddle: usize,
    /// Turning on ends like this.
    pub(crate) task: Option<Value>,
    pub(crate) health: Option<&'static str>,
    /// `METHOD path`, of all requests.
    pub(crate) asked: Vec<String>,
}

/// A running controller of one server, `1`.
#[derive(Debug, Clone)]
pub(crate) struct Controller {
    pub(crate) address: String,
    state: Arc<Mutex<State>>,
}

impl Controller {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State { boot: "None".to_owned(), ..State::default() }));
        let one = Self { address, state };
        let served = one.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let served = served.clone();
                thread::spawn(move || served.serve(stream.unwrap()));
            }
        });
        one
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Tag, power and boot override.
    pub(crate) fn kept(&self) -> (String, bool, String) {
        let state = self.state();
        (state.tag.clone(), state.on, state.boot.clone())
    }

    fn serve(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut writer = stream;
        loop {
            let mut first = String::new();
            if reader.read_line(&mut first).unwrap_or(0) == 0 {
                return;
            }
            let mut headers = Vec::new();
            let (mut line, mut length) = (String::new(), 0);
            while reader.read_line(&mut line).unwrap_or(0) > 2 {
                let (name, value) = line.trim().split_once(':').unwrap();
                let (name, value) = (name.to_ascii_lowercase(), value.trim().to_owned());
                if name == "content-length" {
                    length = value.parse().unwrap();
                }
                headers.push((name, value));
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let mut words = first.split(' ');
            let (method, path) = (words.next().unwrap(), words.next().unwrap());
            let header = |name: &str| headers.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str());
            let body = serde_json::from_slice(&body).unwrap_or_default();
            let (status, extra, answer) = self.answer(method, path, &header, &body);
            let text = if answer.is_null() { String::new() } else { answer.to_string() };
            let head = format!("HTTP/1.1 {status} -\r\n{extra}Content-Length: {}\r\n\r\n", text.len());
            if writer.write_all(head.as_bytes()).and_then(|()| writer.write_all(text.as_bytes())).is_err() {
                return;
            }
        }
    }

    fn answer<'a>(
        &self,
        method: &str,
        path: &str,
        header: &impl Fn(&str) -> Option<&'a str>,
        body: &Value,
    ) -> (u16, String, Value) {
        let mut state = self.state();
        state.asked.push(format!("{method} {path}"));
        let none = String::new;
        match (method, path) {
            ("GET", "/redfish/v1/") => return (200, none(), root()),
            ("POST", "/redfish/v1/SessionService/Sessions") => {
                if body["UserName"] != "admin" || body["Password"] != "pa55word" {
                    return (401, none(), error("The username or password is wrong."));
                }
                state.logins += 1;
                let token = format!("token-{}", state.logins);
                let extra = format!("X-Auth-Token: {token}\r\nLocation: /redfish/v1/Sessions/{token}\r\n");
                state.sessions.push(token);
                return (201, extra, json!({}));
            }
            _ => {}
        }
        if !header("x-auth-token").is_some_and(|token| state.sessions.iter().any(|one| one == token)) {
            return (401, none(), error("There is no valid session."));
        }
        match (method, path) {
            ("DELETE", _) if path.starts_with("/redfish/v1/Sessions/") => {
                state.sessions.retain(|token| !path.ends_with(token.as_str()));
                (204, none(), Value::Null)
            }
            ("GET", "/redfish/v1/Systems") => {
                (200, none(), json!({"Members": [{"@odata.id": "/redfish/v1/Systems/1"}]}))
            }
            ("GET", "/redfish/v1/Systems/1") => (200, format!("ETag: \"{}\"\r\n", state.changes), system(&state)),
            ("PATCH", "/redfish/v1/Systems/1") => patched(&mut state, header("if-match"), body),
            ("POST", "/redfish/v1/Systems/1/Reset") => {
                state.changes += 1;
                match (body["ResetType"].as_str().unwrap(), state.task.is_some()) {
                    ("On", true) => (202, "Location: /redfish/v1/Monitor/7\r\n".to_owned(), Value::Null),
                    ("GracefulShutdown", _) => (409, none(), error("The operating system does not answer.")),
                    (kind, _) => {
                        state.on = kind == "On";
                        (204, none(), Value::Null)
                    }
                }
            }
            ("GET", "/redfish/v1/Monitor/7") => (200, none(), state.task.clone().unwrap_or_default()),
            _ => (404, none(), error("There is no such resource.")),
        }
    }
}

fn patched(state: &mut State, condition: Option<&str>, body: &Value) -> (u16, String, Value) {
    if state.meddle > 0 {
        state.meddle -= 1;
        state.changes += 1;
    }
    match condition {
        None => return (428, String::new(), error("If-Match is needed.")),
        Some(tag) if tag != format!("\"{}\"", state.changes) => {
            return (412, String::new(), error("The resource was changed."));
        }
        Some(_) => state.changes += 1,
    }
    if let Some(tag) = body["AssetTag"].as_str() {
        if tag.len() > 32 {
            return (400, String::new(), error("AssetTag is longer than 32."));
        }
        tag.clone_into(&mut state.tag);
    }
    if let Some(target) = body["Boot"]["BootSourceOverrideTarget"].as_str() {
        target.clone_into(&mut state.boot);
    }
    (200, String::new(), json!({}))
}

fn root() -> Value {
    json!({"RedfishVersion": "1.15.0", "Vendor": "Contoso", "Systems": {"@odata.id": "/redfish/v1/Systems"},
        "Tasks": {"@odata.id": "/redfish/v1/TaskService"},
        "Links": {"Sessions": {"@odata.id": "/redfish/v1/SessionService/Sessions"}}})
}

fn system(state: &State) -> Value {
    let enabled = if state.boot == "None" { "Disabled" } else { "Once" };
    json!({"Id": "1", "AssetTag": state.tag, "PowerState": if state.on { "On" } else { "Off" },
        "Status": {"State": "Enabled", "Health": state.health.unwrap_or("OK")},
        "ProcessorSummary": {"Count": 2, "LogicalProcessorCount": 64},
        "MemorySummary": {"TotalSystemMemoryGiB": 256},
        "Boot": {"BootSourceOverrideEnabled": enabled, "BootSourceOverrideTarget": state.boot},
        "Actions": {"#ComputerSystem.Reset": {"target": "/redfish/v1/Systems/1/Reset",
            "ResetType@Redfish.AllowableValues": ["On", "ForceOff", "GracefulShutdown"]}}})
}

fn error(message: &str) -> Value {
    json!({"error": {"code": "Base.1.8.GeneralError", "message": "See the extended information.",
        "@Message.ExtendedInfo": [{"Message": message}]}})
}
