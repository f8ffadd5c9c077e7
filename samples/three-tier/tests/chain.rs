//! The three tiers as threads on free ports, talking over real sockets.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use hansa_sample_three_tier::{
    application::Application,
    database::{Database, ask},
    environment::Environment,
    http::{Request, Response, fetch, header},
    proxy::Proxy,
    server::Server,
};
use std::{fs, io, net::SocketAddr, path::PathBuf, time::Duration};

const LIMIT: Duration = Duration::from_secs(20);

/// A directory that goes away with the test.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("hansa-sample-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&path));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn peers(&self, text: &str) -> String {
        let (new, path) = (self.0.join("peers.new"), self.0.join("peers.json"));
        fs::write(&new, text).unwrap();
        fs::rename(new, &path).unwrap();
        path.display().to_string()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn database(directory: &Directory) -> Server {
    let volume = directory.0.join("volume").display().to_string();
    let environment =
        Environment::from_iter([("PORT_DB", "0"), ("VOLUME_DATA", &volume), ("HANSA_COMPONENT", "database")]);
    // The last connection of a database that was stopped holds the directory until its thread is gone.
    let opened = (0..1_000).find_map(|_| match Database::open(&environment) {
        Err(failure) if failure.to_string().contains("another database") => {
            std::thread::sleep(Duration::from_millis(10));
            None
        }
        other => Some(other),
    });
    opened.unwrap().unwrap().listen(&environment).unwrap()
}

fn application(ordinal: &str, database: SocketAddr) -> Server {
    let peers = database.to_string();
    Application::new(Environment::from_iter([
        ("PORT_HTTP", "0"),
        ("HANSA_COMPONENT", "application"),
        ("HANSA_ORDINAL", ordinal),
        ("HANSA_SITE", "urn:example:site:<hamburg>"),
        ("PEERS_DATABASE_DB", &peers),
    ]))
    .listen()
    .unwrap()
}

fn proxy(peers_file: &str) -> Server {
    Proxy::new(Environment::from_iter([("PORT_HTTP", "0"), ("HANSA_PEERS_FILE", peers_file)])).listen().unwrap()
}

fn peers_of(applications: &[SocketAddr]) -> String {
    let entries: Vec<String> = applications
        .iter()
        .enumerate()
        .map(|(ordinal, address)| format!(r#"{{"ordinal":{ordinal},"port":"http","address":"{address}"}}"#))
        .collect();
    format!(r#"{{"application":[{}]}}"#, entries.join(","))
}

fn page(address: SocketAddr) -> (u16, String) {
    let Response { status, body, .. } = fetch(address, &Request::get("/"), LIMIT).unwrap();
    (status, String::from_utf8(body).unwrap())
}

fn fact(page: &str, name: &str) -> String {
    let line = page.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
    line.unwrap_or_else(|| panic!("no {name} in {page:?}")).to_owned()
}

#[test]
fn a_page_through_the_proxy_proves_the_chain() {
    let directory = Directory::new("chain");
    let database = database(&directory);
    let application = application("4", database.address());
    let proxy = proxy(&directory.peers(&peers_of(&[application.address()])));
    for visit in 1..=3 {
        let (status, text) = page(proxy.address());
        assert_eq!(status, 200, "{text}");
        assert_eq!(fact(&text, "proxy"), "proxy#0");
        assert_eq!(fact(&text, "application"), "application#4");
        assert_eq!(fact(&text, "database"), "database#0");
        assert_eq!(fact(&text, "visits"), visit.to_string());
    }
    let mut request = Request::get("/");
    request.headers.push(("Accept".to_owned(), "text/html".to_owned()));
    let response = fetch(proxy.address(), &request, LIMIT).unwrap();
    assert_eq!(header(&response.headers, "Via"), Some("1.1 proxy#0"));
    assert_eq!(header(&response.headers, "X-Served-By"), Some(application.address().to_string().as_str()));
    let html = String::from_utf8(response.body).unwrap();
    assert!(html.contains("&lt;hamburg&gt;") && !html.contains("<hamburg>"), "{html}");
}

#[test]
fn the_proxy_takes_turns_and_passes_over_who_is_down() {
    let directory = Directory::new("turns");
    let database = database(&directory);
    let (one, two) = (application("1", database.address()), application("2", database.address()));
    let file = directory.peers(&peers_of(&[one.address(), two.address()]));
    let proxy = proxy(&file);
    let served: Vec<String> = (0..4).map(|_| fact(&page(proxy.address()).1, "application")).collect();
    assert!(served.contains(&"application#1".to_owned()) && served.contains(&"application#2".to_owned()), "{served:?}");

    one.stop();
    for _ in 0..4 {
        assert_eq!(fact(&page(proxy.address()).1, "application"), "application#2");
    }
    let three = application("3", database.address());
    directory.peers(&peers_of(&[three.address()]));
    assert_eq!(fact(&page(proxy.address()).1, "application"), "application#3");

    three.stop();
    let (status, reason) = page(proxy.address());
    assert_eq!(status, 502);
    assert!(reason.contains("the application at"), "{reason}");
    directory.peers("{}");
    assert_eq!(page(proxy.address()), (502, "no address of the application is known\n".to_owned()));
    assert_eq!(fetch(proxy.address(), &Request::get("/healthz"), LIMIT).unwrap().status, 200);
}

#[test]
fn without_its_database_the_application_lives_but_is_not_ready() {
    let directory = Directory::new("ready");
    let database = database(&directory);
    let application = application("0", database.address());
    let status = |path: &str| fetch(application.address(), &Request::get(path), LIMIT).unwrap().status;
    assert_eq!((status("/healthz"), status("/ready"), status("/"), status("/x")), (200, 200, 200, 404));
    database.stop();
    assert_eq!((status("/healthz"), status("/ready"), status("/")), (200, 503, 503));
    let post = Request { method: "POST".to_owned(), ..Request::get("/") };
    assert_eq!(fetch(application.address(), &post, LIMIT).unwrap().status, 405);
}

#[test]
fn the_database_remembers_over_restarts_and_half_written_records() {
    let directory = Directory::new("restart");
    let first = database(&directory);
    let ask_at = |server: &Server, question: &str| ask(server.address(), question, LIMIT);
    assert_eq!(ask_at(&first, "PING").unwrap().as_deref(), Some("PONG"));
    assert_eq!(ask_at(&first, "SET greeting moin moin").unwrap().as_deref(), Some("OK"));
    assert_eq!(ask_at(&first, "INCR visits").unwrap().as_deref(), Some("1"));
    assert_eq!(ask_at(&first, "INCR visits").unwrap().as_deref(), Some("2"));
    assert_eq!(ask_at(&first, "GET nothing").unwrap(), None);
    for wrong in ["INCR greeting", "SET", "SET x", "GET", "GET a b", "DROP x", ""] {
        assert_eq!(ask_at(&first, wrong).unwrap_err().kind(), io::ErrorKind::Other, "{wrong}");
    }
    first.stop();

    let log = directory.0.join("volume/data.log");
    let mut bytes = fs::read(&log).unwrap();
    bytes.extend_from_slice(b"12345678 visits 99");
    fs::write(&log, &bytes).unwrap();
    let second = database(&directory);
    assert_eq!(ask_at(&second, "GET greeting").unwrap().as_deref(), Some("moin moin"));
    assert_eq!(ask_at(&second, "INCR visits").unwrap().as_deref(), Some("3"));
}

#[test]
fn one_directory_has_one_database() {
    let directory = Directory::new("lock");
    let server = database(&directory);
    let volume = directory.0.join("volume").display().to_string();
    let environment = Environment::from_iter([("VOLUME_DATA", volume)]);
    assert!(Database::open(&environment).unwrap_err().to_string().contains("another database"));
    drop(server);
    assert!(Database::open(&Environment::default()).unwrap_err().to_string().contains("VOLUME_DATA"));
}

#[test]
fn many_at_once_lose_no_visit() {
    let directory = Directory::new("many");
    let database = database(&directory);
    let application = application("0", database.address());
    let proxy = proxy(&directory.peers(&peers_of(&[application.address()])));
    let address = proxy.address();
    let threads: Vec<_> =
        (0..8).map(|_| std::thread::spawn(move || (0..5).filter(|_| page(address).0 == 200).count())).collect();
    let answered: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    assert_eq!(answered, 40);
    assert_eq!(ask(database.address(), "GET visits", LIMIT).unwrap().as_deref(), Some("40"));
}
