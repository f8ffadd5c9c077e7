//! Requests to a broker, and pages fetched from workloads. Tests are plain
//! functions; the client's runtime stands beside them.

use super::Answer;
use reqwest::{Client, Method, RequestBuilder, Response, header};
use serde_json::Value;
use std::{net::SocketAddr, sync::LazyLock, time::Duration};
use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap());

static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    // A connection of its own for each request: brokers come and go under these tests.
    Client::builder().no_proxy().pool_max_idle_per_host(0).timeout(Duration::from_secs(75)).build().unwrap()
});

/// A request that was not sent yet.
#[must_use]
pub(crate) struct Call {
    name: String,
    request: RequestBuilder,
}

impl Call {
    /// A request to the server at this address.
    pub(crate) fn new(method: Method, address: SocketAddr, path: &str) -> Self {
        let request = CLIENT.request(method.clone(), format!("http://{address}{path}"));
        Self { name: format!("{method} {path}"), request }
    }

    /// With a header.
    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        Self { request: self.request.header(name, value), ..self }
    }

    /// With a body of this media type.
    pub(crate) fn body(self, media_type: &str, body: impl Into<String>) -> Self {
        Self { request: self.request.header(header::CONTENT_TYPE, media_type).body(body.into()), ..self }
    }

    /// With a JSON body.
    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// The answer.
    #[track_caller]
    pub(crate) fn send(self) -> Answer {
        self.try_send().unwrap_or_else(|reason| panic!("{reason}"))
    }

    /// The answer, or why there is none: nobody listens, the connection broke.
    pub(crate) fn try_send(self) -> Result<Answer, String> {
        let Self { name, request } = self;
        let sent = RUNTIME.block_on(async {
            let answer = request.send().await?;
            let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
            Ok::<_, reqwest::Error>((status, headers, answer.text().await?))
        });
        match sent {
            Ok((status, headers, body)) => Ok(Answer { request: name, status, headers, body }),
            Err(error) => Err(format!("{name}: {error:?}")),
        }
    }

    /// The answer as a stream, once it has begun.
    #[track_caller]
    pub(crate) fn open(self) -> Stream {
        // Sending begins inside the runtime: its time-outs belong to it.
        let answer = RUNTIME.block_on(async { self.request.send().await.unwrap() });
        assert!(answer.status().is_success(), "{}: {}", self.name, answer.status());
        Stream { answer }
    }
}

/// An answer that has begun, and may never end.
pub(crate) struct Stream {
    answer: Response,
}

impl Stream {
    /// What comes, until `enough` has been read or it ends.
    pub(crate) fn read_until(mut self, enough: impl Fn(&str) -> bool) -> String {
        RUNTIME.block_on(async {
            let mut text = String::new();
            while !enough(&text)
                && let Some(chunk) = self.answer.chunk().await.unwrap()
            {
                text.push_str(&String::from_utf8_lossy(&chunk));
            }
            text
        })
    }

    /// All that comes until it ends.
    pub(crate) fn rest(self) -> String {
        self.read_until(|_| false)
    }
}

/// The page at `/` of a workload.
pub(crate) fn fetch(address: SocketAddr) -> Result<String, String> {
    fetch_page(address, "/")
}

/// A page of a workload.
pub(crate) fn fetch_page(address: SocketAddr, path: &str) -> Result<String, String> {
    match Call::new(Method::GET, address, path).try_send()? {
        answer if answer.status == 200 => Ok(answer.body),
        answer => Err(format!("{address}: {} {}", answer.status, answer.body)),
    }
}
