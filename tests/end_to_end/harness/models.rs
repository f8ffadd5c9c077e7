//! Resource models of tests. Those of the examples are tested as they are;
//! these check health more often, so that tests wait less.

use serde_json::{Value, json};

/// The demo's application: proxy, application, database.
pub(crate) fn three_tier(name: &str) -> Value {
    json!({
        "hansa": 1,
        "name": name,
        "components": {
            "proxy": {
                "package": sample("proxy"),
                "resources": resources(),
                "ports": { "http": { "public": true } },
                "health": http_health(),
                "constraints": { "capabilities": ["proxy", "public-ip"] }
            },
            "application": {
                "package": sample("application"),
                "resources": resources(),
                "ports": { "http": {} },
                "health": http_health(),
                "constraints": { "capabilities": ["application"] }
            },
            "database": {
                "package": sample("database"),
                "resources": resources(),
                "ports": { "db": {} },
                "volumes": { "data": { "size": "16Mi" } },
                "health": { "probe": { "tcp": { "port": "db" } }, "interval": "200ms" },
                "constraints": { "capabilities": ["database"] }
            }
        },
        "links": [
            { "from": "proxy", "to": "application" },
            { "from": "application", "to": "database" }
        ]
    })
}

/// One component, `web`, that runs this command of the sample.
pub(crate) fn single(name: &str, role: &[&str]) -> Value {
    let command: Vec<&str> = ["hansa", "sample"].iter().chain(role).copied().collect();
    json!({
        "hansa": 1,
        "name": name,
        "components": { "web": { "package": { "process": { "command": command } }, "resources": resources() } }
    })
}

/// Changes the number of a component's instances.
pub(crate) fn set_replicas(model: &mut Value, component: &str, replicas: u32) {
    model["components"][component]["replicas"] = replicas.into();
}

/// Sets an environment variable of a component.
pub(crate) fn set_variable(model: &mut Value, component: &str, name: &str, value: &str) {
    model["components"][component]["environment"][name] = value.into();
}

fn sample(role: &str) -> Value {
    json!({ "process": { "command": ["hansa", "sample", role] } })
}

fn resources() -> Value {
    json!({ "cpu": "50m", "memory": "32Mi" })
}

fn http_health() -> Value {
    json!({ "probe": { "http": { "port": "http", "path": "/healthz" } }, "interval": "200ms" })
}
