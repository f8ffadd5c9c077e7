//! Fetches a series from an address. The only module here that speaks to anybody.

use crate::SustainabilityError;
use reqwest::{
    Client, Response, StatusCode,
    header::{ACCEPT, ETAG, HeaderName, HeaderValue, IF_NONE_MATCH, RETRY_AFTER},
};
use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher as _, Hasher as _},
    time::Duration,
};
use url::Url;

/// The pause before the second try; each further one is twice as long, and up to half
/// as long again by chance.
const PAUSE: Duration = Duration::from_millis(200);
/// The longest pause that a server's `Retry-After` may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Names of parameters that carry secrets, which belong into a header.
const SECRETS: [&str; 6] = ["token", "auth-token", "api_key", "apikey", "key", "securitytoken"];

/// What opens a source: a header that no log and no error shows.
#[derive(Debug, Clone)]
pub struct Access(HeaderName, HeaderValue);

impl Access {
    /// A header of the source's own, such as `auth-token` of Electricity Maps.
    ///
    /// # Errors
    /// When name or secret can't stand in a header; doesn't show the secret.
    pub fn header(name: &str, secret: &str) -> Result<Self, SustainabilityError> {
        let fault = |field: &str| SustainabilityError::invalid(field, "can't stand in a header; use printable ASCII");
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_unreadable| fault("header"))?;
        let mut value = HeaderValue::from_str(secret).map_err(|_secret| fault("secret"))?;
        value.set_sensitive(true);
        Ok(Self(name, value))
    }

    /// A token (RFC 6750).
    ///
    /// # Errors
    /// As [`Access::header`].
    pub fn bearer(token: &str) -> Result<Self, SustainabilityError> {
        Self::header("authorization", &format!("Bearer {token}"))
    }
}

/// How a source is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long one try may take.
    pub timeout: Duration,
    /// How often it is tried where the server can't be reached or is busy.
    pub tries: u32,
    /// The most bytes of an answer.
    pub bytes: usize,
}

impl Default for Limits {
    /// 10 s for a try, 3 tries, 16 MiB for an answer.
    fn default() -> Self {
        Self { timeout: Duration::from_secs(10), tries: 3, bytes: 16 << 20 }
    }
}

/// A source of series. It follows no redirect, so that its secret goes nowhere else.
#[derive(Debug, Clone)]
pub struct Feed {
    client: Client,
    name: String,
    url: Url,
    access: Option<Access>,
    limits: Limits,
    known: Option<HeaderValue>,
}

/// A try that failed, and whether another may go better.
struct Failed {
    problem: String,
    again: Option<Option<Duration>>,
}

impl Failed {
    fn for_good(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), again: None }
    }
}

impl Feed {
    /// A source by its name, which errors show, and its address. Asks nothing yet.
    ///
    /// # Errors
    /// When the address is none of http or https, or carries a secret.
    pub fn new(name: &str, address: &str, access: Option<Access>, limits: Limits) -> Result<Self, SustainabilityError> {
        let fault = |problem: &str| SustainabilityError::invalid(format!("address of source `{name}`"), problem);
        let url = Url::parse(address.trim()).map_err(|error| fault(&format!("is no URL ({error})")))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(fault("must begin with http:// or https://"));
        }
        let secret = |key: &str| SECRETS.contains(&key.to_lowercase().as_str());
        if url.password().is_some() || !url.username().is_empty() || url.query_pairs().any(|(key, _)| secret(&key)) {
            return Err(fault("carries a secret; give it as a header"));
        }
        let loopback = match url.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        let mut builder = Client::builder()
            .connect_timeout(limits.timeout)
            .timeout(limits.timeout)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("hansa/", env!("CARGO_PKG_VERSION")));
        if loopback {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| fault(&format!("can't be asked ({})", innermost(&error))))?;
        Ok(Self { client, name: name.to_owned(), url, access, limits, known: None })
    }

    /// What the source has now. None: it hasn't changed since the last time (ETag, RFC
    /// 9110, section 8.8.3).
    ///
    /// # Errors
    /// [`SustainabilityError::Fetch`], after all tries where another could have gone better.
    pub async fn fetch(&mut self) -> Result<Option<String>, SustainabilityError> {
        let mut tried = 1;
        loop {
            match self.once().await {
                Ok(found) => return Ok(found),
                Err(Failed { again: Some(asked), .. }) if tried < self.limits.tries => {
                    tokio::time::sleep(asked.unwrap_or_else(|| pause(tried))).await;
                }
                Err(Failed { problem, .. }) => {
                    return Err(SustainabilityError::Fetch { source_name: self.name.clone(), problem });
                }
            }
            tried += 1;
        }
    }

    async fn once(&mut self) -> Result<Option<String>, Failed> {
        let mut request = self.client.get(self.url.clone()).header(ACCEPT, "application/json, text/csv");
        if let Some(Access(name, value)) = &self.access {
            request = request.header(name, value);
        }
        if let Some(known) = &self.known {
            request = request.header(IF_NONE_MATCH, known);
        }
        let unanswered = |error: &reqwest::Error| {
            let said = if error.is_timeout() {
                format!("did not answer within {} s; raise the timeout", self.limits.timeout.as_secs())
            } else {
                format!("can't be reached ({}); check its address", innermost(error))
            };
            Failed { problem: said, again: Some(None) }
        };
        let mut response = request.send().await.map_err(|error| unanswered(&error))?;
        let status = response.status();
        if status == StatusCode::NOT_MODIFIED && self.known.is_some() {
            return Ok(None);
        }
        if status != StatusCode::OK {
            return Err(refused(&response));
        }
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|error| unanswered(&error))? {
            body.extend_from_slice(&part);
            if body.len() > self.limits.bytes {
                let most = self.limits.bytes;
                return Err(Failed::for_good(format!("answered more than {most} bytes; ask for less")));
            }
        }
        let text = String::from_utf8(body).map_err(|_bytes| Failed::for_good("answered no text in UTF-8"))?;
        self.known = response.headers().get(ETAG).cloned();
        Ok(Some(text))
    }
}

fn refused(response: &Response) -> Failed {
    let status = response.status();
    let remedy = match status.as_u16() {
        401 | 403 => "check its secret, and what that may ask for",
        404 => "check its address",
        429 | 502..=504 => "it is busy; ask less often",
        _ => "see what its documentation says of that",
    };
    let busy = matches!(status.as_u16(), 429 | 502..=504);
    // In seconds (RFC 9110, section 10.2.3), as far as it is waited for.
    let asked = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let asked = asked.map(|seconds| Duration::from_secs(seconds).min(LONGEST_PAUSE));
    Failed { problem: format!("answered {status}; {remedy}"), again: busy.then_some(asked) }
}

fn pause(tried: u32) -> Duration {
    let base = PAUSE.saturating_mul(1 << tried.clamp(1, 5).saturating_sub(1));
    // Of the standard library's own randomness: brokers that failed together don't try again together.
    let random = RandomState::new().build_hasher().finish() % 1_000;
    base + base.mul_f64(f64::from(u32::try_from(random).unwrap_or(0)) / 2_000.0)
}

/// The cause that names the trouble: "connection refused", not "error sending request".
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{Read as _, Write as _},
        net::TcpListener,
        thread::JoinHandle,
    };

    /// Gives these answers, one to each request, and tells the requests.
    fn server(answers: Vec<String>) -> (String, JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/v3/history?zone=DE", listener.local_addr().unwrap());
        let told = std::thread::spawn(move || {
            let answer = |answer: String| {
                let (mut stream, _) = listener.accept().unwrap();
                let (mut request, mut part) = (Vec::new(), [0; 1_024]);
                while !request.ends_with(b"\r\n\r\n") {
                    let length = stream.read(&mut part).unwrap();
                    request.extend_from_slice(&part[..length]);
                }
                stream.write_all(answer.as_bytes()).unwrap();
                String::from_utf8(request).unwrap()
            };
            answers.into_iter().map(answer).collect()
        });
        (address, told)
    }

    fn answer(status: &str, headers: &str, body: &str) -> String {
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n{body}", body.len())
    }

    fn feed(address: &str, bytes: usize) -> Feed {
        let access = Access::header("auth-token", "hush").unwrap();
        Feed::new("maps", address, Some(access), Limits { bytes, ..Limits::default() }).unwrap()
    }

    #[tokio::test]
    async fn a_busy_source_is_asked_again_and_an_unchanged_one_says_so() {
        let body = r#"{"zone":"DE","history":[{"carbonIntensity":302,"datetime":"2026-04-25T18:00:00Z"}]}"#;
        let (address, told) = server(vec![
            answer("503 Service Unavailable", "Retry-After: 0\r\n", ""),
            answer("200 OK", "ETag: \"one\"\r\n", body),
            answer("304 Not Modified", "", ""),
        ]);
        let mut feed = feed(&address, 1_000);
        let text = feed.fetch().await.unwrap().unwrap();
        assert_eq!(crate::intensity::read_electricity_maps(&text).unwrap().len(), 1);
        assert_eq!(feed.fetch().await.unwrap(), None);
        let requests = told.join().unwrap();
        assert!(requests.iter().all(|request| request.contains("auth-token: hush")));
        assert!(requests[2].contains("if-none-match: \"one\"") && !requests[1].contains("if-none-match"));
        assert!(!format!("{feed:?}").contains("hush"));
    }

    #[tokio::test]
    async fn refusals_and_too_much_are_told_without_the_secret() {
        let (address, told) = server(vec![answer("403 Forbidden", "", ""), answer("200 OK", "", &"x".repeat(99))]);
        let mut feed = feed(&address, 50);
        let said = feed.fetch().await.unwrap_err().to_string();
        assert_eq!(said, "source `maps`: answered 403 Forbidden; check its secret, and what that may ask for");
        let said = feed.fetch().await.unwrap_err().to_string();
        assert_eq!(said, "source `maps`: answered more than 50 bytes; ask for less");
        told.join().unwrap();
        let said = feed.fetch().await.unwrap_err().to_string();
        assert!(said.contains("can't be reached") && !said.contains("hush"), "{said}");
    }

    #[test]
    fn secrets_in_addresses_are_refused() {
        for address in
            ["https://user:hush@a.example/", "https://a.example/?securityToken=hush", "ftp://a.example/", "a"]
        {
            let said = Feed::new("maps", address, None, Limits::default()).unwrap_err().to_string();
            assert!(said.starts_with("address of source `maps`") && !said.contains("hush"), "{said}");
        }
        assert!(!Access::bearer("hu\nsh").unwrap_err().to_string().contains("hu"));
    }
}
