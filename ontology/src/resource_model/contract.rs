//! What a program finds in its environment. These names are the contract
//! between the format, which checks them, and the workload deployment manager,
//! which sets them; so they are written once, here.

/// Environment variables that every workload gets from the broker, and what they say.
pub const BROKER_VARIABLES: [(&str, &str); 11] = [
    ("HANSA_APPLICATION", "The application's name."),
    ("HANSA_COMPONENT", "The component's name."),
    ("HANSA_ORDINAL", "Which of the component's instances it is, counted from 0."),
    ("HANSA_WORKLOAD_ID", "The identifier of this instance in the broker."),
    ("HANSA_PROVIDER", "The IRI of the provider on whose site it runs."),
    ("HANSA_SITE", "The IRI of the site where it runs."),
    ("HANSA_NODE", "The name of the node where it runs."),
    ("HANSA_ADDRESS", "The address to listen on, under which its peers reach it."),
    ("HANSA_PEERS_FILE", "Path of a JSON file with its peers' current addresses, replaced whenever they change."),
    (
        "HANSA_DISCOVERY_URL",
        "URL in the broker's API that tells where the instances of its application are reached now; `?component=NAME` asks for one component.",
    ),
    ("HANSA_DISCOVERY_TOKEN_FILE", "Path of a file with the token to send there, and nothing else."),
];

/// Variables that every process expects from its system; a component's
/// `environment` may set them otherwise.
pub const SYSTEM_VARIABLES: [(&str, &str); 4] = [
    ("PATH", "Where programs are looked for: the broker's own directory, then the system's."),
    ("HOME", "The working directory, which doesn't outlive the instance."),
    ("TMPDIR", "A directory for temporary files."),
    ("LANG", "`C.UTF-8`."),
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

/// A `${…}` in an argument that stands for no variable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceFault {
    /// The closing brace is missing.
    #[error("`${{` has no closing `}}`; write `$${{` where the two characters themselves are meant")]
    Open,
    /// What stands between the braces is no name of a variable.
    #[error("`${{{0}}}` names no environment variable: letters, digits and underscores, no digit first")]
    Name(String),
    /// There is no such variable.
    #[error("`${{{0}}}` is not defined")]
    Undefined(String),
}

/// Puts in the variables' values: `${NAME}` becomes what `lookup` gives for
/// `NAME`, `$${` becomes `${`, everything else stays.
///
/// # Errors
/// Every reference that stands for nothing, in order.
pub fn substitute(text: &str, lookup: impl Fn(&str) -> Option<String>) -> Result<String, Vec<ReferenceFault>> {
    let (mut out, mut faults, mut rest) = (String::with_capacity(text.len()), Vec::new(), text);
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(escaped) = before.strip_suffix('$') {
            out.push_str(escaped);
            out.push_str("${");
            rest = after;
            continue;
        }
        out.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            faults.push(ReferenceFault::Open);
            rest = "";
            break;
        };
        match is_variable_name(name).then(|| lookup(name)) {
            Some(Some(value)) => out.push_str(&value),
            Some(None) => faults.push(ReferenceFault::Undefined(name.to_owned())),
            None => faults.push(ReferenceFault::Name(name.to_owned())),
        }
        rest = behind;
    }
    out.push_str(rest);
    if faults.is_empty() { Ok(out) } else { Err(faults) }
}

fn upper(name: &str) -> String {
    name.to_ascii_uppercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_put_in() {
        let lookup = |name: &str| (name == "A").then(|| "1".to_owned());
        assert_eq!(substitute("x${A}y${A} $HOME $${A} $", lookup).as_deref(), Ok("x1y1 $HOME ${A} $"));
        assert_eq!(
            substitute("${B} ${} ${A", lookup),
            Err(vec![ReferenceFault::Undefined("B".into()), ReferenceFault::Name(String::new()), ReferenceFault::Open])
        );
    }

    #[test]
    fn names_become_variables() {
        assert_eq!(port_variable("http-admin"), "PORT_HTTP_ADMIN");
        assert_eq!(peers_variable("my-db", "sql"), "PEERS_MY_DB_SQL");
        assert_eq!(volume_variable("data"), "VOLUME_DATA");
        assert!(is_variable_name(&port_variable("8080")));
        assert!(!is_variable_name("1A") && !is_variable_name("") && !is_variable_name("A-B") && !is_variable_name("Ä"));
    }
}
