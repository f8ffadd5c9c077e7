//! Images that are not there yet: pulled beside everything else, since that
//! may take minutes, and told of when it is done.

use crate::WdmError;
use bollard::{auth::DockerCredentials, query_parameters::CreateImageOptions};
use futures_util::StreamExt as _;
use hansa_docker::{Engine, Logins};
use hansa_repository::system::{SystemError, SystemErrorKind};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// The longest that a pull may take.
const LONGEST: Duration = Duration::from_secs(30 * 60);
/// So long the outcome of a pull is what others hear who ask for the same.
const HEARD: Duration = Duration::from_secs(5);

/// When images are pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum PullPolicy {
    /// Where the engine does not have it.
    #[default]
    Missing,
    /// Before each run.
    Always,
    /// Not at all.
    Never,
}

impl PullPolicy {
    pub(super) fn read(setting: Option<&str>) -> Result<Self, String> {
        match setting {
            None | Some("missing") => Ok(Self::Missing),
            Some("always") => Ok(Self::Always),
            Some("never") => Ok(Self::Never),
            Some(other) => Err(format!("the setting pullPolicy is `{other}`; write missing, always or never")),
        }
    }
}

/// Pulls that are on their way, and those that have just ended.
#[derive(Debug, Clone, Default)]
pub(super) struct Pulls(Arc<Mutex<HashMap<String, Pull>>>);

#[derive(Debug, Clone)]
enum Pull {
    Going,
    Done(Instant, Result<(), SystemError>),
}

impl Pulls {
    /// Sees to it that the image is pulled. None while that goes on; `key`
    /// tells apart those who each want a pull of their own.
    pub(super) fn ask(&self, engine: &Engine, image: &str, key: &str) -> Option<Result<(), SystemError>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        all.retain(|_, pull| !matches!(pull, Pull::Done(at, _) if now.duration_since(*at) >= HEARD));
        match all.get(key) {
            Some(Pull::Going) => return None,
            Some(Pull::Done(_, outcome)) => return Some(outcome.clone()),
            None => {}
        }
        all.insert(key.to_owned(), Pull::Going);
        let (pulls, engine, image, key) = (self.clone(), engine.clone(), image.to_owned(), key.to_owned());
        tokio::spawn(async move {
            let outcome = match tokio::time::timeout(LONGEST, pull(&engine, &image)).await {
                Ok(outcome) => outcome,
                Err(_) => Err(engine.troubles().timed_out(&format!("pull {image}"), LONGEST)),
            };
            let mut all = pulls.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.insert(key, Pull::Done(Instant::now(), outcome));
        });
        None
    }

    /// The image went away again after it was pulled.
    pub(super) fn forget(&self, key: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

async fn pull(engine: &Engine, image: &str) -> Result<(), SystemError> {
    let action = format!("pull {image}");
    let options = CreateImageOptions { from_image: Some(tagged(image)), ..CreateImageOptions::default() };
    let api = engine.patient();
    let mut steps = std::pin::pin!(api.create_image(Some(options), None, login(engine.logins(), image)));
    while let Some(step) = steps.next().await {
        let step = step.map_err(|error| engine.troubles().of_call(&action, &error))?;
        if let Some(message) = step.error_detail.and_then(|detail| detail.message) {
            return Err(engine.troubles().refusal(&action, 500, &message));
        }
    }
    Ok(())
}

/// That an image isn't there, and may not be pulled.
pub(super) fn absent(engine: &Engine, image: &str) -> WdmError {
    let said = format!("there is no image {image}, and the system's setting pullPolicy is `never`");
    let remedy = "load the image into the engine, or set pullPolicy to missing";
    engine.troubles().error(SystemErrorKind::NotFound, &format!("use image {image}"), &said, remedy).into()
}

/// Without a tag an engine would pull all there are.
fn tagged(image: &str) -> String {
    let name = image.rsplit('/').next().unwrap_or(image);
    if name.contains(':') || name.contains('@') { image.to_owned() } else { format!("{image}:latest") }
}

/// The registry's host: the first part, where that can be one.
fn registry(image: &str) -> &str {
    match image.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => host,
        _ => "docker.io",
    }
}

fn login(logins: &Logins, image: &str) -> Option<DockerCredentials> {
    let registry = registry(image);
    let login = logins.of(registry)?;
    Some(DockerCredentials {
        username: Some(login.username.clone()),
        password: Some(login.password.clone()),
        serveraddress: Some(registry.to_owned()),
        ..DockerCredentials::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_name_tag_and_registry() {
        assert_eq!(tagged("registry.example:5000/shop"), "registry.example:5000/shop:latest");
        assert_eq!(tagged("shop:1"), "shop:1");
        assert_eq!(tagged("shop@sha256:aa"), "shop@sha256:aa");
        assert_eq!(registry("registry.example:5000/shop"), "registry.example:5000");
        assert_eq!(registry("localhost/shop"), "localhost");
        assert_eq!((registry("library/shop"), registry("shop:1")), ("docker.io", "docker.io"));
    }
}
