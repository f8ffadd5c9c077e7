//! The database tier: keys and values over a line protocol, kept in a
//! directory so that no acknowledged write is ever lost, kill -9 or not.
//!
//! ```text
//! PING             PONG
//! WHO              VALUE database#0
//! GET key          VALUE text | NONE
//! SET key text     OK
//! INCR key         VALUE 42
//! ```
//! Anything else is answered with `ERROR` and a reason.

mod log;

use crate::{
    Failure,
    environment::Environment,
    server::{Server, Timed},
};
use log::Log;
use std::{
    collections::BTreeMap,
    io::{self, BufRead, BufReader, Read, Write},
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// The longest line, in bytes.
const MAX_LINE: u64 = 64 << 10;
/// The longest key, in bytes.
const MAX_KEY: usize = 256;
/// How long a client may say nothing.
const IDLE: Duration = Duration::from_secs(300);

/// The database.
#[derive(Debug)]
pub struct Database {
    who: String,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    values: BTreeMap<String, String>,
    log: Log,
}

impl Database {
    /// Opens the directory named by `VOLUME_DATA` and replays what was written.
    ///
    /// # Errors
    /// When the variable is absent, the directory can't be used, another
    /// process uses it, or what was written is damaged.
    pub fn open(environment: &Environment) -> Result<Self, Failure> {
        Self::open_at(Path::new(environment.require("VOLUME_DATA")?), environment.instance("database"))
    }

    fn open_at(directory: &Path, who: String) -> Result<Self, Failure> {
        let mut values = BTreeMap::new();
        let log = Log::open(directory, |key, value| {
            values.insert(key, value);
        })
        .and_then(|log| log.compacted(directory, &values))
        .map_err(|error| {
            Failure::Io(
                "cannot open the volume",
                io::Error::new(error.kind(), format!("{}: {error}", directory.display())),
            )
        })?;
        Ok(Self { who, state: Mutex::new(State { values, log }) })
    }

    /// Listens on `PORT_DB`.
    ///
    /// # Errors
    /// When it can't.
    pub fn listen(self, environment: &Environment) -> Result<Server, Failure> {
        let database = Arc::new(self);
        Server::start("database", environment.listen_address("PORT_DB")?, move |connection| database.serve(connection))
    }

    fn serve(&self, mut connection: Timed) -> io::Result<()> {
        connection.limit(IDLE);
        let mut reader = BufReader::new(connection);
        let mut line = Vec::new();
        loop {
            line.clear();
            if reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
                return Ok(());
            }
            let text = std::str::from_utf8(&line).ok().and_then(|text| text.strip_suffix('\n'));
            let answer = match text {
                Some(text) => self.answer(text.strip_suffix('\r').unwrap_or(text)),
                None => "ERROR the line is too long, has no end, or is no UTF-8".to_owned(),
            };
            let connection = reader.get_mut();
            connection.limit(IDLE);
            connection.write_all(format!("{answer}\n").as_bytes())?;
            if text.is_none() {
                return Ok(());
            }
        }
    }

    fn answer(&self, line: &str) -> String {
        let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
        match (command, rest) {
            ("PING", "") => "PONG".to_owned(),
            ("WHO", "") => format!("VALUE {}", self.who),
            ("GET", key) if is_key(key) => self.get(key),
            ("INCR", key) if is_key(key) => self.increment(key),
            ("SET", rest) => match rest.split_once(' ') {
                Some((key, value)) if is_key(key) => self.put(key, value),
                _ => "ERROR write SET key text".to_owned(),
            },
            ("GET" | "INCR", _) => {
                format!("ERROR write {command} key; a key has 1 to {MAX_KEY} bytes and no blank")
            }
            _ => "ERROR the commands are PING, WHO, GET, SET, INCR".to_owned(),
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        // A thread that failed left the map and the log as they were: each is changed last.
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn get(&self, key: &str) -> String {
        self.with(|state| state.values.get(key).map_or_else(|| "NONE".to_owned(), |value| format!("VALUE {value}")))
    }

    fn put(&self, key: &str, value: &str) -> String {
        match self.with(|state| state.write(key, value.to_owned())) {
            Ok(()) => "OK".to_owned(),
            Err(error) => format!("ERROR not written: {error}"),
        }
    }

    fn increment(&self, key: &str) -> String {
        self.with(|state| {
            let Ok(count) = state.values.get(key).map_or(Ok(0), |value| value.parse::<i64>()) else {
                return "ERROR the value is no whole number".to_owned();
            };
            let Some(next) = count.checked_add(1) else {
                return "ERROR the number is at its end".to_owned();
            };
            match state.write(key, next.to_string()) {
                Ok(()) => format!("VALUE {next}"),
                Err(error) => format!("ERROR not written: {error}"),
            }
        })
    }
}

impl State {
    fn write(&mut self, key: &str, value: String) -> io::Result<()> {
        self.log.append(key, &value)?;
        self.values.insert(key.to_owned(), value);
        Ok(())
    }
}

fn is_key(key: &str) -> bool {
    (1..=MAX_KEY).contains(&key.len()) && !key.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// Asks the database one thing: the text behind `VALUE`, `PONG` or `OK`.
///
/// # Errors
/// When it isn't reached in time, or answers with an error.
pub fn ask(address: SocketAddr, question: &str, limit: Duration) -> io::Result<Option<String>> {
    let mut connection = Timed::connect(address, limit)?;
    connection.write_all(format!("{question}\n").as_bytes())?;
    let mut line = String::new();
    BufReader::new(&mut connection).take(MAX_LINE + 16).read_line(&mut line)?;
    let Some(line) = line.strip_suffix('\n') else {
        return Err(io::ErrorKind::UnexpectedEof.into());
    };
    match line.split_once(' ') {
        Some(("VALUE", value)) => Ok(Some(value.to_owned())),
        Some(("ERROR", reason)) => Err(io::Error::other(reason.to_owned())),
        _ if line == "NONE" => Ok(None),
        _ if line == "PONG" || line == "OK" => Ok(Some(line.to_owned())),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "the answer is none that a database gives")),
    }
}
