//! Health checks, in the words of Kubernetes and of Compose.

use super::{
    Conversion,
    container::Settings,
    ports::{Ports, number_of},
};
use crate::{
    descriptor::node::{Data, Node},
    suggestion::as_name,
};
use hansa_ontology::{
    quantity::TimeSpan,
    resource_model::{ExposedPort, HealthCheck, HealthProbe, HttpProbe, Protocol, TcpProbe},
};
use hansa_scaling::micado::span;

/// So long a start may take where nothing but readiness is probed: that ends
/// no container under Kubernetes, however long it isn't ready.
const PATIENCE_SECONDS: u64 = 300;
/// Names of a container for itself.
const ITSELF: [&str; 4] = ["localhost", "127.0.0.1", "0.0.0.0", "[::1]"];

impl Conversion<'_> {
    /// A probe that the model has a word for.
    pub(super) fn health(&mut self, settings: &mut Settings<'_>, ports: &Ports) -> Option<HealthCheck> {
        let mut found = None;
        for field in ["readinessProbe", "livenessProbe", "healthcheck"] {
            let Some(probe) = settings.take(field) else { continue };
            let made = match field {
                "healthcheck" => of_compose(probe, ports),
                _ => of_kubernetes(probe, ports),
            };
            match (&mut found, made) {
                (None, Some(made)) => found = Some((field, made)),
                (Some((_, known)), Some(made)) => {
                    known.startup = known.startup.max(made.startup);
                    let why = "a component has one health check, which is made of the other probe";
                    self.remarks.left_out(probe.at, format!("`{field}` of `{}`", settings.name), why, "");
                }
                (_, None) => {
                    let why = "a health check asks a port of the component, by HTTP or TCP";
                    let remedy = "give the program a port that tells whether it works";
                    self.remarks.left_out(probe.at, format!("`{field}` of `{}`", settings.name), why, remedy);
                }
            }
        }
        let patient = !settings.used.contains("livenessProbe");
        found.map(|(field, mut check)| {
            if field == "readinessProbe" && patient {
                check.startup = check.startup.max(seconds(PATIENCE_SECONDS));
            }
            check
        })
    }
}

const fn seconds(count: u64) -> TimeSpan {
    TimeSpan::from_millis(count * 1_000)
}

/// The port with this number that speaks TCP.
fn numbered(number: u16, ports: &Ports) -> Option<String> {
    let same = |(_, known): &(&String, &ExposedPort)| known.number == Some(number) && known.protocol == Protocol::Tcp;
    ports.iter().find(same).map(|(name, _)| name.clone())
}

fn of_kubernetes(probe: &Node, ports: &Ports) -> Option<HealthCheck> {
    let port = |node: &Node| -> Option<String> {
        let port = node.given("port")?;
        let by_name = port.text().and_then(as_name).filter(|name| ports.contains_key(name));
        by_name.or_else(|| numbered(number_of(port)?, ports))
    };
    let http = probe.given("httpGet").and_then(|get| {
        let path = get.get("path").and_then(Node::text).filter(|path| path.starts_with('/')).unwrap_or("/");
        Some(HealthProbe::Http(HttpProbe { port: port(get)?, path: path.to_owned() }))
    });
    let tcp = || probe.given("tcpSocket").and_then(|socket| Some(HealthProbe::Tcp(TcpProbe { port: port(socket)? })));
    let probe_of = http.or_else(tcp)?;
    let number = |field: &str, default: u64| {
        let given = probe.given(field).and_then(Node::integer).and_then(|n| u64::try_from(n).ok());
        given.filter(|n| (1..86_400).contains(n)).unwrap_or(default)
    };
    let (interval, failures) = (number("periodSeconds", 10), number("failureThreshold", 3));
    Some(HealthCheck {
        probe: probe_of,
        interval: seconds(interval),
        timeout: seconds(number("timeoutSeconds", 1)),
        failures: u32::try_from(failures).unwrap_or(3),
        // The first try comes after the delay, and so many may fail.
        startup: seconds(number("initialDelaySeconds", 0).saturating_add(interval.saturating_mul(failures)).max(30)),
    })
}

/// A command that asks the container itself by HTTP, such as `curl -f http://localhost:8080/health`.
fn of_compose(check: &Node, ports: &Ports) -> Option<HealthCheck> {
    let test = check.given("test")?;
    let words: Vec<&str> = match &test.data {
        Data::Sequence(items) => items.iter().filter_map(Node::scalar).collect(),
        _ => vec![test.scalar()?],
    };
    let line = words.join(" ");
    let (_, rest) = line.split_once("http://")?;
    let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '|' | ';')).unwrap_or(rest.len());
    let url = rest.get(..end)?;
    let (authority, path) = url.split_at(url.find('/').unwrap_or(url.len()));
    let itself = ITSELF.iter().find_map(|name| authority.strip_prefix(name))?;
    let number = match itself.strip_prefix(':') {
        Some(number) => number.parse().ok()?,
        None if itself.is_empty() => 80,
        None => return None,
    };
    let path = if path.is_empty() { "/" } else { path }.to_owned();
    let time = |field: &str, default: u64| {
        let given = check.given(field).and_then(Node::scalar).and_then(span);
        let milliseconds = given.and_then(|span| u64::try_from(span.num_milliseconds()).ok());
        TimeSpan::from_millis(milliseconds.filter(|n| (1..86_400_000).contains(n)).unwrap_or(default * 1_000))
    };
    let retries = check.given("retries").and_then(Node::integer).and_then(|n| u32::try_from(n).ok());
    Some(HealthCheck {
        probe: HealthProbe::Http(HttpProbe { port: numbered(number, ports)?, path }),
        interval: time("interval", 30),
        timeout: time("timeout", 30),
        failures: retries.filter(|n| *n > 0).unwrap_or(3),
        startup: time("start_period", 0).max(time("interval", 30)).max(seconds(30)),
    })
}
