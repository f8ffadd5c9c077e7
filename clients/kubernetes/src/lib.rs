//! How Hansa's layers reach a Kubernetes cluster: one connection from an
//! owner's credential, and one meaning of what the cluster refuses.
//!
//! Layers may not import each other, and two of them speak to clusters; what
//! both need stands here, once. This crate makes nothing in a cluster.

mod credential;
mod error;
mod quantity;

pub use credential::{Credential, address, read};
pub use error::{bounded, error, managers, quota_words};
pub use quantity::thousandths;

use hansa_repository::system::{SystemConnection, SystemError, SystemErrorKind};
use kube::{Client, Config};
use std::{fmt, future::Future, time::Duration};

/// What the owner of a cluster may set for it, in the order in which people are told.
pub const SETTINGS: [&str; 15] = [
    "context",
    "exposure",
    "networkPolicy",
    "podSecurity",
    "namespace",
    "imagePullSecrets",
    "storageClass",
    "runtimeClass",
    "gpuResource",
    "gracePeriodSeconds",
    "requestPercent",
    "clusterScoped",
    "nodeAddress",
    "chartSources",
    "ingressClass",
];
/// Those that say which cluster it is, or where in it; the others say how any is used.
pub const WHICH: [&str; 3] = ["context", "namespace", "nodeAddress"];

/// So long a single answer may take; watches and logs aside.
const ANSWER: Duration = Duration::from_secs(10);
/// So long making a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// A cluster that can be spoken to. Clones share the connections.
#[derive(Clone)]
pub struct Cluster {
    client: Client,
    system: String,
    credential: Credential,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cluster").field(&self.system).finish()
    }
}

impl Cluster {
    /// Reads the credential and makes a client of it. Asks the cluster nothing.
    ///
    /// # Errors
    /// `Invalid` where address, trust anchors or credential can't be used, by name.
    pub async fn connect(connection: &SystemConnection) -> Result<Self, SystemError> {
        let system = connection.system.name.clone();
        let refused = |said: String| SystemError {
            system: system.clone(),
            kind: SystemErrorKind::Invalid,
            action: "read the credential".to_owned(),
            said: bounded(&said),
            remedy: "give a kubeconfig that stands by itself or a bearer token, and the API server's address as \
                     https://HOST:PORT"
                .to_owned(),
        };
        let credential = read(connection).map_err(refused)?;
        let mut config = Config::from_custom_kubeconfig(credential.kubeconfig().clone(), &Default::default())
            .await
            .map_err(|error| refused(error.to_string()))?;
        // The environment of this process names no proxy for other people's systems.
        config.proxy_url = None;
        config.connect_timeout = Some(CONNECT);
        config.write_timeout = Some(ANSWER);
        let client = Client::try_from(config).map_err(|error| refused(error.to_string()))?;
        Ok(Self { client, system, credential })
    }

    /// The client, for calls through [`Self::call`].
    #[must_use]
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// The system's name in this broker.
    #[must_use]
    pub fn system(&self) -> &str {
        &self.system
    }

    /// What opens the cluster, for a program of another project that needs it as a file.
    #[must_use]
    pub const fn credential(&self) -> &Credential {
        &self.credential
    }

    /// One call, which takes no longer than some seconds. What is asked too
    /// often or can't be served now was tried again before (kube's own policy).
    ///
    /// # Errors
    /// What the cluster says, by [`error`]; `TimedOut`.
    pub async fn call<T>(
        &self,
        action: &str,
        answer: impl Future<Output = Result<T, kube::Error>>,
    ) -> Result<T, SystemError> {
        match tokio::time::timeout(ANSWER, answer).await {
            Ok(answer) => answer.map_err(|it| error(&self.system, action, &it)),
            Err(_) => Err(SystemError {
                system: self.system.clone(),
                kind: SystemErrorKind::TimedOut,
                action: action.to_owned(),
                said: String::new(),
                remedy: format!("it took more than {} s; it is tried again", ANSWER.as_secs()),
            }),
        }
    }

    /// As [`Self::call`]; None where there is no such thing.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn maybe<T>(
        &self,
        action: &str,
        answer: impl Future<Output = Result<T, kube::Error>>,
    ) -> Result<Option<T>, SystemError> {
        match self.call(action, answer).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.kind == SystemErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}
