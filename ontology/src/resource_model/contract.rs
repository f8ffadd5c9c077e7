//! What a program finds in its environment. These names are the contract
//! between the format, which checks them, and the workload deployment manager,
//! which sets them; so they are written once, here.

/// Environment variables that every workload gets.
pub const BROKER_VARIABLES: [(&str, &str); 8] = [
    ("HANSA_APPLICATION", "The application's name."),
    ("HANSA_COMPONENT", "The component's name."),
    ("HANSA_ORDINAL", "Which of the component's instances it is, counted from 0."),
    ("HANSA_SITE", "The IRI of the site where it runs."),
    ("HANSA_PROVIDER", "The IRI of the provider of that site."),
    ("HANSA_ADDRESS", "The address to listen on, under which its peers reach it."),
    ("HANSA_PEERS_FILE", "Path of a JSON file with its peers' current addresses; replaced whenever they change."),
    ("HANSA_DISCOVERY_URL", "URL of the broker's lookup that gives the same answer as the file."),
];

/// Beginnings of environment variables that belong to the broker.
pub const RESERVED_PREFIXES: [&str; 4] = ["HANSA_", "PORT_", "PEERS_", "VOLUME_"];

/// The variable that tells an instance its own port: `http-admin` → `PORT_HTTP_ADMIN`.
#[must_use]
pub fn port_variable(port: &str) -> String {
    format!("PORT_{}", upper(port))
}

/// The variable that tells an instance the directory of a volume, where the model names no other.
#[must_use]
pub fn volume_variable(volume: &str) -> String {
    format!("VOLUME_{}", upper(volume))
}

/// The variable that lists the addresses, `host:port` with commas between, of
/// a linked component's port as they were at the start: `PEERS_DATABASE_DB`.
#[must_use]
pub fn peers_variable(component: &str, port: &str) -> String {
    format!("PEERS_{}_{}", upper(component), upper(port))
}

/// Whether the text is a name that POSIX allows for an environment variable
/// (IEEE Std 1003.1, 3.216): letters, digits and underscores, no digit first.
#[must_use]
pub fn is_variable_name(text: &str) -> bool {
    let mut letters = text.bytes();
    letters.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && letters.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn upper(name: &str) -> String {
    name.to_ascii_uppercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_variables() {
        assert_eq!(port_variable("http-admin"), "PORT_HTTP_ADMIN");
        assert_eq!(peers_variable("my-db", "sql"), "PEERS_MY_DB_SQL");
        assert_eq!(volume_variable("data"), "VOLUME_DATA");
        assert!(is_variable_name(&port_variable("8080")));
        assert!(!is_variable_name("1A") && !is_variable_name("") && !is_variable_name("A-B") && !is_variable_name("Ä"));
    }
}
