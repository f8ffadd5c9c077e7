//! A server that gives written answers, in their order, to exactly the
//! requests that they belong to.

use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

struct Answer {
    method: String,
    path: String,
    status: u16,
    header: String,
    body: Value,
}

#[derive(Default)]
struct State {
    answers: VecDeque<Answer>,
    asked: Vec<(String, String, Value)>,
    wrong: Option<String>,
}

pub(crate) struct Replay {
    pub(crate) address: String,
    state: Arc<Mutex<State>>,
}

impl Replay {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        // It ends with the process of the test.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(stream, &shared);
            }
        });
        Self { address, state }
    }

    pub(crate) fn gives(&self, method: &str, path: &str, status: u16, body: Value) {
        self.put(method, path, status, String::new(), body);
    }

    fn put(&self, method: &str, path: &str, status: u16, header: String, body: Value) {
        let answer = Answer { method: method.to_owned(), path: path.to_owned(), status, header, body };
        self.state.lock().unwrap().answers.push_back(answer);
    }

    /// A login, with a catalogue of all services that are replayed anywhere: none of `network`.
    pub(crate) fn logs_in(&self) {
        let service = |kind: &str, path: &str| {
            json!({ "type": kind, "endpoints": [{ "interface": "public", "region": "one", "region_id": "one",
                "url": format!("{}{path}", self.address) }] })
        };
        let token = json!({ "token": { "issued_at": "2026-11-22T08:00:00.0Z", "expires_at": "2026-11-22T09:00:00.0Z",
            "user": { "id": "u", "name": "hansa" }, "project": { "id": "p", "name": "demo" }, "roles": [],
            "catalog": [service("compute", "/compute/v2.1"), service("image", "/image"),
                service("volumev3", "/volume/v3/p"), service("container-infra", "/container-infra/v1")] } });
        self.put("POST", "/v3/auth/tokens", 201, "X-Subject-Token: t\r\n".to_owned(), token);
    }

    /// The body of the last such request.
    pub(crate) fn body(&self, method: &str, path: &str) -> Value {
        let state = self.state.lock().unwrap();
        let found = state.asked.iter().rev().find(|(its, at, _)| its == method && at == path);
        found.unwrap_or_else(|| panic!("{method} {path} was never asked: {:?}", state.wrong)).2.clone()
    }

    /// Every answer was asked for, and nothing else was.
    pub(crate) fn ended(&self) {
        let state = self.state.lock().unwrap();
        assert_eq!(state.wrong, None);
        let left: Vec<_> = state.answers.iter().map(|answer| format!("{} {}", answer.method, answer.path)).collect();
        assert!(left.is_empty(), "never asked for: {left:?}");
    }
}

fn answer(mut stream: TcpStream, shared: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    if reader.read_line(&mut line).is_err() || line.is_empty() {
        return;
    }
    let mut words = line.split_whitespace();
    let (method, target) = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
    let path = target.split('?').next().unwrap().to_owned();
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).unwrap();
        if header.trim().is_empty() {
            break;
        }
        if let Some(value) = header.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let mut state = shared.lock().unwrap();
    state.asked.push((method.clone(), path.clone(), serde_json::from_slice(&body).unwrap_or(Value::Null)));
    // Some requests go out side by side: the first that fits of the next two.
    let place = state.answers.iter().take(2).position(|next| next.method == method && next.path == path);
    let (status, header, text) = match place.and_then(|place| state.answers.remove(place)) {
        Some(next) => {
            (next.status, next.header, if next.body.is_null() { String::new() } else { next.body.to_string() })
        }
        None => {
            state.wrong.get_or_insert(format!("{method} {target}"));
            (418, String::new(), json!({ "message": format!("{method} {target} was not expected") }).to_string())
        }
    };
    let head =
        format!("HTTP/1.1 {status} X\r\n{header}Content-Length: {}\r\nConnection: close\r\n\r\n{text}", text.len());
    stream.write_all(head.as_bytes()).ok();
}
