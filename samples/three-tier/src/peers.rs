//! Where the peers are: the file named by `HANSA_PEERS_FILE`, read anew for
//! each question since the broker replaces it whenever they change; where there
//! is no file, the lookup at `HANSA_DISCOVERY_URL`; where nobody answers there,
//! the environment, which is what was true at the start. With
//! `FIND_PEERS=lookup` the lookup alone.

use crate::{
    environment::Environment,
    http::{self, Request},
    json::Json,
    say,
};
use std::{fs, net::SocketAddr, time::Duration};

/// How long the lookup may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// The addresses of a port of a linked component, in the order of the instances.
#[must_use]
pub fn addresses(environment: &Environment, component: &str, port: &str) -> Vec<SocketAddr> {
    let lookup = || {
        let found = from_lookup(environment, component, port);
        found.inspect_err(|reason| say(&format!("the lookup of {component}: {reason}"))).ok()
    };
    if environment.get("FIND_PEERS") == Some("lookup") {
        return lookup().unwrap_or_default();
    }
    let file = environment.get("HANSA_PEERS_FILE").and_then(|path| fs::read_to_string(path).ok());
    match file.as_deref().and_then(Json::read) {
        Some(peers) => from_file(&peers, component, port),
        None if environment.get("HANSA_DISCOVERY_URL").is_some() => {
            lookup().unwrap_or_else(|| from_environment(environment, component, port))
        }
        None => from_environment(environment, component, port),
    }
}

/// Those that work now, as the broker says. The token is read anew each time:
/// its file is replaced when there is another.
fn from_lookup(environment: &Environment, component: &str, port: &str) -> Result<Vec<SocketAddr>, String> {
    let url = environment.get("HANSA_DISCOVERY_URL").ok_or("HANSA_DISCOVERY_URL is not set")?;
    let at = url.strip_prefix("http://").and_then(|rest| rest.find('/').map(|end| rest.split_at(end)));
    let (authority, path) = at.ok_or("HANSA_DISCOVERY_URL is no http URL; this sample speaks no TLS")?;
    let address: SocketAddr = authority.parse().map_err(|error| format!("HANSA_DISCOVERY_URL: {error}"))?;
    let mut request = Request::get(&format!("{path}?component={component}"));
    if let Some(file) = environment.get("HANSA_DISCOVERY_TOKEN_FILE") {
        let token = fs::read_to_string(file).map_err(|error| format!("HANSA_DISCOVERY_TOKEN_FILE: {error}"))?;
        request.headers.push(("Authorization".to_owned(), format!("Bearer {}", token.trim())));
    }
    let answer = http::fetch(address, &request, PATIENCE).map_err(|error| error.to_string())?;
    if answer.status != 200 {
        return Err(format!("the broker answers {}", answer.status));
    }
    let told = String::from_utf8(answer.body).ok().and_then(|text| Json::read(&text)).ok_or("the answer is no JSON")?;
    Ok(working(&told, port))
}

fn working(told: &Json, port: &str) -> Vec<SocketAddr> {
    let endpoints = told.get("items").map_or(&[][..], Json::list);
    let of_port = endpoints.iter().filter(|one| {
        one.get("port").and_then(Json::text) == Some(port) && one.get("healthy") == Some(&Json::Bool(true))
    });
    of_port.filter_map(|one| one.get("address")?.text()?.parse().ok()).collect()
}

fn from_file(peers: &Json, component: &str, port: &str) -> Vec<SocketAddr> {
    let entries = peers.get(component).map_or(&[][..], Json::list);
    let of_port = entries.iter().filter(|entry| entry.get("port").and_then(Json::text) == Some(port));
    of_port.filter_map(|entry| entry.get("address")?.text()?.parse().ok()).collect()
}

fn from_environment(environment: &Environment, component: &str, port: &str) -> Vec<SocketAddr> {
    let upper = |name: &str| name.to_ascii_uppercase().replace('-', "_");
    let list = environment.get(&format!("PEERS_{}_{}", upper(component), upper(port))).unwrap_or_default();
    list.split(',').filter_map(|address| address.trim().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_stands_in_for_a_file_that_is_not_there() {
        let environment = Environment::from_iter([
            ("HANSA_PEERS_FILE", "/nonexistent/peers.json"),
            ("PEERS_MY_DB_SQL", "127.0.0.1:5, nonsense,[::1]:6"),
        ]);
        let found = addresses(&environment, "my-db", "sql");
        assert_eq!(found, ["127.0.0.1:5".parse().unwrap(), "[::1]:6".parse().unwrap()]);
        assert!(addresses(&environment, "other", "sql").is_empty());
    }

    #[test]
    fn the_lookup_tells_those_that_work_to_whom_it_knows() {
        let folder = std::env::temp_dir().join(format!("hansa-sample-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("token");
        fs::write(&file, "secret\n").unwrap();
        let told = r#"{"items":[
            {"component":"application","port":"http","address":"127.0.0.1:1","healthy":true},
            {"component":"application","port":"http","address":"127.0.0.1:2","healthy":false},
            {"component":"application","port":"admin","address":"127.0.0.1:3","healthy":true}]}"#;
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let server = crate::server::Server::start("broker", address, move |connection| {
            http::serve(connection, |request| {
                let known = http::header(&request.headers, "Authorization") == Some("Bearer secret");
                let asked = request.target == "/a/b?component=application";
                http::Response::text(if known && asked { 200 } else { 401 }, told)
            })
        });
        let _server = server.unwrap();
        let mut pairs = vec![
            ("FIND_PEERS", "lookup".to_owned()),
            ("HANSA_DISCOVERY_URL", format!("http://{address}/a/b")),
            ("PEERS_APPLICATION_HTTP", "127.0.0.1:9".to_owned()),
        ];
        let asked = |pairs: &[(&str, String)]| addresses(&pairs.iter().cloned().collect(), "application", "http");
        assert_eq!(asked(&pairs), [], "without the token nothing is told, and nothing else is asked");
        assert_eq!(asked(&pairs[1..]), ["127.0.0.1:9".parse().unwrap()], "what was true at the start");
        pairs.push(("HANSA_DISCOVERY_TOKEN_FILE", file.display().to_string()));
        assert_eq!(asked(&pairs), ["127.0.0.1:1".parse().unwrap()]);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn the_file_tells_the_port_asked_for() {
        let peers = r#"{"application":[
            {"ordinal":0,"port":"http","address":"127.0.0.1:20001"},
            {"ordinal":0,"port":"admin","address":"127.0.0.1:20002"},
            {"ordinal":1,"port":"http","address":"127.0.0.1:20003"}]}"#;
        let found = from_file(&Json::read(peers).unwrap(), "application", "http");
        assert_eq!(found, ["127.0.0.1:20001".parse().unwrap(), "127.0.0.1:20003".parse().unwrap()]);
    }
}
