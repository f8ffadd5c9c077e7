//! One try of a health check.

use super::Wdm;
use crate::{Endpoints, WdmError, lifecycle::ProbeResult};
use hansa_ontology::resource_model::{HealthCheck, HealthProbe};
use std::{
    error::Error as _,
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::net::TcpStream;

/// The client for HTTP checks: direct, no redirects, no connection kept.
pub(crate) fn client() -> Result<reqwest::Client, WdmError> {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .pool_max_idle_per_host(0)
        .user_agent("hansa-health-check")
        .build()
        .map_err(WdmError::Client)
}

/// Makes the check once; the error says for people what came of it.
pub(crate) async fn probe(client: &reqwest::Client, check: &HealthCheck, endpoints: &Endpoints) -> ProbeResult {
    attempt(client, &check.probe, endpoints, check.timeout.duration()).await
}

async fn attempt(
    client: &reqwest::Client,
    probe: &HealthProbe,
    endpoints: &Endpoints,
    timeout: Duration,
) -> ProbeResult {
    let Some(endpoint) = endpoints.get(probe.port()) else {
        return Err(format!("there is no port `{}`", probe.port()));
    };
    let socket = endpoint.socket();
    match probe {
        HealthProbe::Http(probe) => http(client, socket, &probe.path, timeout).await,
        HealthProbe::Tcp(_) => tcp(socket, timeout).await,
    }
}

impl Wdm {
    /// Tries what a workload offers, wherever it runs: how long that took, and
    /// for people what came of it where it is not good.
    pub async fn probe(
        &self,
        probe: &HealthProbe,
        endpoints: &Endpoints,
        timeout: Duration,
    ) -> (Duration, Result<(), String>) {
        let begun = Instant::now();
        let result = attempt(&self.client, probe, endpoints, timeout).await;
        (begun.elapsed(), result)
    }
}

async fn http(client: &reqwest::Client, socket: SocketAddr, path: &str, timeout: Duration) -> ProbeResult {
    let url = format!("http://{socket}{path}");
    match client.get(&url).timeout(timeout).send().await {
        Ok(answer) if (200..400).contains(&answer.status().as_u16()) => Ok(()),
        Ok(answer) => Err(format!("GET {url} answered {}", answer.status())),
        Err(error) if error.is_timeout() => Err(format!("GET {url} had no answer within {timeout:?}")),
        Err(error) => Err(format!("GET {url}: {}", innermost(&error))),
    }
}

/// The cause that names the trouble: "connection refused", not "error sending request".
pub(super) fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    let mut next = error.source();
    while let Some(deeper) = next {
        cause = deeper;
        next = deeper.source();
    }
    cause.to_string()
}

async fn tcp(socket: SocketAddr, timeout: Duration) -> ProbeResult {
    match tokio::time::timeout(timeout, TcpStream::connect(socket)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(format!("connecting to {socket}: {error}")),
        Err(_) => Err(format!("connecting to {socket} took longer than {timeout:?}")),
    }
}
