//! A connection to an engine: how it is opened, and how long anything may take.

use crate::{address::Address, error::Troubles, login::Logins};
use bollard::{API_DEFAULT_VERSION, BollardRequest, Docker, errors::Error};
use hansa_repository::system::{SystemConnection, SystemError, SystemErrorKind};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use rustls_platform_verifier::BuilderVerifierExt as _;
use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

/// How long a sign of life may take.
pub const QUICK: Duration = Duration::from_secs(5);
/// How long an answer about what is there may take.
pub const ANSWER: Duration = Duration::from_secs(15);
/// How long making, starting or removing something may take.
pub const WORK: Duration = Duration::from_secs(20);
/// How long a stream may be silent before its first word: Podman sends nothing before the first event.
const SILENCE: Duration = Duration::from_secs(24 * 60 * 60);
/// Between two looks at a container that is between two states, and how long that may last.
const SETTLING: Duration = Duration::from_millis(100);
const SETTLED: Duration = Duration::from_secs(5);
/// How long reaching the engine's port may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a connection that nobody uses stays open.
const IDLE: Duration = Duration::from_secs(20);
/// The header that carries the login at a registry.
const REGISTRY_HEADER: &str = "x-registry-auth";

/// An engine that has answered once. Clones share everything.
#[derive(Clone)]
pub struct Engine {
    api: Docker,
    troubles: Troubles,
    address: Address,
    logins: Arc<Logins>,
    software: Arc<str>,
    podman: bool,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("address", &self.address).field("software", &self.software).finish()
    }
}

impl Engine {
    /// Opens the connection, and asks the engine what it is.
    ///
    /// # Errors
    /// `Invalid` when address, secret or trust anchors can't be used;
    /// `Unreachable`, `TimedOut`, `Unauthenticated` as the engine answers.
    pub async fn connect(connection: &SystemConnection) -> Result<Self, SystemError> {
        let troubles = Troubles::of(&connection.system.name);
        let action = "connect";
        let unusable = |said: String| {
            troubles.error(SystemErrorKind::Invalid, action, &said, "mend the system's address, trust or credential")
        };
        let secret = connection.secret.as_ref().map(hansa_repository::system::SystemSecret::reveal);
        let logins = Logins::read(secret).map_err(|said| {
            let remedy = "write the secret as docs/connectors/docker.md shows, and rotate the credential";
            troubles.error(SystemErrorKind::Unauthenticated, action, &said, remedy)
        })?;
        let trust = connection.system.trust.as_deref();
        let keyed = logins.certificate.is_some() || trust.is_some();
        let address = Address::read(&connection.system.address, keyed).map_err(unusable)?;
        let api = match &address {
            Address::Socket(path) => Docker::connect_with_unix(path, WORK.as_secs(), API_DEFAULT_VERSION),
            Address::Port { host, port, tls: false } => {
                Docker::connect_with_http(&format!("tcp://{host}:{port}"), WORK.as_secs(), API_DEFAULT_VERSION)
            }
            Address::Port { host, port, tls: true } => {
                let config = tls(&logins, trust).map_err(unusable)?;
                secured(config, &format!("{host}:{port}"))
            }
        };
        let api = api.map_err(|error| troubles.of_call(action, &error))?.with_request_modifier(url_safe);
        let ask = api.negotiate_version();
        let api = match tokio::time::timeout(QUICK, ask).await {
            Ok(answer) => answer.map_err(|error| troubles.of_call(action, &error))?,
            Err(_) => return Err(troubles.timed_out(action, QUICK)),
        };
        let mut engine =
            Self { api, troubles, address, logins: Arc::new(logins), software: Arc::from("Docker"), podman: false };
        let version = engine.ask(action, QUICK, engine.api.version()).await?;
        let parts = version.components.unwrap_or_default();
        engine.podman = parts.iter().any(|part| part.name == "Podman Engine");
        let name = if engine.podman { "Podman" } else { "Docker Engine" };
        engine.software = format!("{name} {}", version.version.unwrap_or_default()).into();
        Ok(engine)
    }

    /// The calls that it knows.
    #[must_use]
    pub const fn api(&self) -> &Docker {
        &self.api
    }

    /// The same for calls whose answer may be long in coming: events, images, output.
    #[must_use]
    pub fn patient(&self) -> Docker {
        self.api.clone().with_timeout(SILENCE)
    }

    /// Makes a call that has to be answered in time.
    ///
    /// # Errors
    /// What the engine says, or that it says nothing.
    pub async fn ask<T>(
        &self,
        action: &str,
        within: Duration,
        call: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, SystemError> {
        match tokio::time::timeout(within, call).await {
            Ok(answer) => answer.map_err(|error| self.troubles.of_call(action, &error)),
            Err(_) => Err(self.troubles.timed_out(action, within)),
        }
    }

    /// The same for what Podman may tell in a word that Docker does not have,
    /// while a container is between two states: it is asked again until it has settled.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub async fn ask_settled<T: Send, F>(
        &self,
        action: &str,
        within: Duration,
        mut call: impl FnMut() -> F + Send,
    ) -> Result<T, SystemError>
    where
        F: Future<Output = Result<T, Error>> + Send,
    {
        let settled = async {
            loop {
                match call().await {
                    Err(Error::JsonDataError { message, .. }) if message.contains("unknown variant") => {
                        tokio::time::sleep(SETTLING).await;
                    }
                    other => return other,
                }
            }
        };
        self.ask(action, within.min(SETTLED), settled).await
    }

    /// Makes errors of this engine.
    #[must_use]
    pub const fn troubles(&self) -> &Troubles {
        &self.troubles
    }

    /// Where it is.
    #[must_use]
    pub const fn address(&self) -> &Address {
        &self.address
    }

    /// Logins at registries.
    #[must_use]
    pub fn logins(&self) -> &Logins {
        &self.logins
    }

    /// `Docker Engine 20.10.24`, `Podman 4.3.1`.
    #[must_use]
    pub fn software(&self) -> &str {
        &self.software
    }

    /// It is Podman, which answers like a Docker Engine and differs in parts.
    #[must_use]
    pub const fn is_podman(&self) -> bool {
        self.podman
    }
}

/// The engine reads the login in the URL-safe alphabet (RFC 4648, section 5),
/// the client writes it in the other: a password with `~` would not arrive.
fn url_safe(mut request: BollardRequest) -> BollardRequest {
    if let Some(header) = request.headers_mut().get_mut(REGISTRY_HEADER) {
        let text = header.to_str().unwrap_or_default().replace('+', "-").replace('/', "_");
        if let Ok(value) = text.parse() {
            *header = value;
        }
        header.set_sensitive(true);
    }
    request
}

/// What TLS trusts, and the certificate that it shows.
fn tls(logins: &Logins, trust: Option<&str>) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let builder = match trust {
        Some(pem) => builder.with_root_certificates(anchors(pem)?),
        None => builder.with_platform_verifier().map_err(|error| error.to_string())?,
    };
    let (Some(certificate), Some(key)) = (&logins.certificate, &logins.key) else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = CertificateDer::pem_slice_iter(certificate.as_bytes()).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| format!("the `certificate` of the secret is no PEM: {error}"))?;
    // Nothing of the key, not even what is wrong with it.
    let Ok(key) = PrivateKeyDer::from_pem_slice(key.as_bytes()) else {
        return Err("the `key` of the secret is no private key as PEM".to_owned());
    };
    builder.with_client_auth_cert(chain, key).map_err(|error| format!("`certificate` and `key` of the secret: {error}"))
}

fn anchors(pem: &str) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|error| format!("the trust anchors are no PEM: {error}"))?;
        roots.add(certificate).map_err(|error| format!("a trust anchor can't be used: {error}"))?;
    }
    if roots.is_empty() { Err("there is no certificate in the trust anchors".to_owned()) } else { Ok(roots) }
}

fn secured(config: ClientConfig, host: &str) -> Result<Docker, Error> {
    let mut http = hyper_util::client::legacy::connect::HttpConnector::new();
    http.enforce_http(false);
    http.set_connect_timeout(Some(CONNECT));
    let connector = hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_only()
        .enable_http1()
        .wrap_connector(http);
    let client = Client::builder(TokioExecutor::new()).pool_idle_timeout(IDLE).build(connector);
    let transport = move |request: BollardRequest| {
        let sent = client.request(request);
        Box::pin(async move { sent.await.map_err(Error::from) }) as Pin<Box<_>>
    };
    Docker::connect_with_custom_transport(
        transport,
        Some(format!("https://{host}")),
        WORK.as_secs(),
        API_DEFAULT_VERSION,
    )
}
