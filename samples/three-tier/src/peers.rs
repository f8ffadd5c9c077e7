//! Where the peers are: the file named by `HANSA_PEERS_FILE`, read anew for
//! each question since the broker replaces it whenever they change; where there
//! is no file, the environment, which is what was true at the start.

use crate::{environment::Environment, json::Json};
use std::{fs, net::SocketAddr};

/// The addresses of a port of a linked component, in the order of the instances.
#[must_use]
pub fn addresses(environment: &Environment, component: &str, port: &str) -> Vec<SocketAddr> {
    let file = environment.get("HANSA_PEERS_FILE").and_then(|path| fs::read_to_string(path).ok());
    match file.as_deref().and_then(Json::read) {
        Some(peers) => from_file(&peers, component, port),
        None => from_environment(environment, component, port),
    }
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
    fn the_file_tells_the_port_asked_for() {
        let peers = r#"{"application":[
            {"ordinal":0,"port":"http","address":"127.0.0.1:20001"},
            {"ordinal":0,"port":"admin","address":"127.0.0.1:20002"},
            {"ordinal":1,"port":"http","address":"127.0.0.1:20003"}]}"#;
        let found = from_file(&Json::read(peers).unwrap(), "application", "http");
        assert_eq!(found, ["127.0.0.1:20001".parse().unwrap(), "127.0.0.1:20003".parse().unwrap()]);
    }
}
