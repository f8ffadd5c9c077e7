//! Files of templates: those beside a template on the disk, and, where that is
//! allowed, those of the network, within limits.

use crate::{client::Client, failure::Failure};
use futures_util::StreamExt;
use hansa_application::tosca::{Fetch, Files, Missing};
use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

/// The largest file, in bytes.
const LARGEST: u64 = 8 << 20;
/// How many files of the network may be fetched.
const MOST: usize = 50;
/// How long one may take.
const WITHIN: Duration = Duration::from_secs(15);
/// How long all may take together.
const ALL_WITHIN: Duration = Duration::from_secs(60);

/// The folder of a template.
pub(super) struct Folder(pub(super) PathBuf);

impl Files for Folder {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        let path = self.0.join(path);
        match std::fs::metadata(&path) {
            Ok(about) if about.is_file() && about.len() > LARGEST => {
                Err(format!("it has more than {} MiB", LARGEST >> 20))
            }
            Ok(about) if about.is_file() => std::fs::read(&path).map(Some).map_err(|error| error.to_string()),
            _ => Ok(None),
        }
    }
}

/// The folder that a file lies in.
pub(super) fn folder_of(file: &Path) -> PathBuf {
    file.parent().map(Path::to_path_buf).unwrap_or_default()
}

/// The network.
pub(super) struct Network {
    http: reqwest::Client,
    runtime: tokio::runtime::Handle,
    since: Instant,
    fetched: AtomicUsize,
}

impl Network {
    /// The network, by certificates of further authorities too.
    pub(super) fn new(ca_file: Option<&Path>) -> Result<Self, Failure> {
        let http = Client::plain("https://localhost", ca_file).map_err(|error| error.failure(None))?;
        let runtime = tokio::runtime::Handle::current();
        Ok(Self { http, runtime, since: Instant::now(), fetched: AtomicUsize::new(0) })
    }

    async fn get(&self, url: &str) -> Result<Vec<u8>, String> {
        let answer = self.http.get(url).send().await.map_err(|error| said(&error))?;
        if answer.status().is_redirection() {
            let target = answer.headers().get(reqwest::header::LOCATION).and_then(|value| value.to_str().ok());
            return Err(format!("the server sends on to {}", target.unwrap_or("another address")));
        }
        if !answer.status().is_success() {
            return Err(format!("the server answers {}", answer.status()));
        }
        let mut stream = answer.bytes_stream();
        let mut bytes = Vec::new();
        while let Some(part) = stream.next().await {
            bytes.extend_from_slice(&part.map_err(|error| said(&error))?);
            if bytes.len() as u64 > LARGEST {
                return Err(format!("it has more than {} MiB", LARGEST >> 20));
            }
        }
        Ok(bytes)
    }
}

/// An error with what lies behind it.
fn said(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        text = inner.to_string();
        source = inner.source();
    }
    text
}

impl Fetch for Network {
    fn fetch(&self, url: &str) -> Result<Vec<u8>, Missing> {
        let missing = |said: String, remedy: &str| Missing { said, remedy: remedy.to_owned() };
        if !url.starts_with("https://") {
            return Err(missing(
                "only https is fetched".to_owned(),
                "import it by its https address, or save it beside this file",
            ));
        }
        if self.fetched.fetch_add(1, Ordering::Relaxed) >= MOST {
            return Err(missing(format!("more than {MOST} files would be fetched"), "save them beside the template"));
        }
        let Some(left) = ALL_WITHIN.checked_sub(self.since.elapsed()) else {
            return Err(missing(
                format!("fetching takes more than {} s", ALL_WITHIN.as_secs()),
                "save the files beside the template",
            ));
        };
        let answer = self.runtime.block_on(async { tokio::time::timeout(WITHIN.min(left), self.get(url)).await });
        match answer {
            Ok(Ok(bytes)) => Ok(bytes),
            Ok(Err(said)) => {
                Err(missing(said, "correct the address, or save the file beside this one and import it by its name"))
            }
            Err(_elapsed) => Err(missing(
                format!("no answer within {} s", WITHIN.as_secs()),
                "try again, or save the file beside this one",
            )),
        }
    }
}
