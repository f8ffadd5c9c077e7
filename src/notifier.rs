//! Carries notifications to where tenants and owners want them: by HTTPS alone,
//! to public addresses and to what the owner allows besides, signed so that the
//! receiver knows who sent them and when; or by the owner's mail server.

use crate::config::{MailSettings, NotificationSettings};
use async_trait::async_trait;
use hansa_assurance::{
    Secret,
    notification::{self, MAIL, MailError, Mailer, Message, Sender},
};
use hansa_federation::{
    AddressGuard, FederationError,
    address::Loopback,
    client::{ClientOptions, Fetcher},
};
use hansa_iam::Credentials;
use reqwest::Url;
use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

/// The longest wait for an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// What is said where no mail server is set.
const NO_MAIL: &str = "this broker sends no mail: its owner sets notifications.mail";
/// The media type of what is sent.
const JSON: &str = "application/json";

/// Why notifications can't be sent at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotifierError {
    /// The client of webhooks.
    #[error("notifications can't be sent: {0}")]
    Web(#[from] FederationError),
    /// Mail.
    #[error("notifications.mail: {0}")]
    Mail(#[from] MailError),
    /// A file that the settings name.
    #[error("notifications.mail.{field} names {}, which can't be read: {source}", path.display())]
    File {
        /// The setting.
        field: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Carries notifications away.
#[derive(Debug, Clone)]
pub(crate) struct Notifier {
    fetcher: Fetcher,
    credentials: Credentials,
    mailer: Option<Mailer>,
}

impl Notifier {
    /// By these settings.
    ///
    /// # Errors
    /// When TLS can't be used, or a file of the settings can't be read.
    pub(crate) fn new(settings: &NotificationSettings, credentials: Credentials) -> Result<Self, NotifierError> {
        let guard =
            if settings.allow_loopback { AddressGuard::with_loopback(Loopback::Plain) } else { AddressGuard::strict() };
        let guard = guard.allowing(settings.allow_networks.iter().filter_map(|network| network.parse().ok()));
        let options = ClientOptions { guard, timeout: ANSWER_WITHIN, ..ClientOptions::default() };
        Ok(Self { fetcher: Fetcher::new(&options)?, credentials, mailer: mailer(&settings.mail)? })
    }

    /// Whether messages may be sent there, as far as the text tells; otherwise why not.
    pub(crate) fn url_check(&self, url: &str) -> Result<(), String> {
        let read = Url::parse(url).map_err(|error| format!("it is no URL such as https://hooks.example/x: {error}"))?;
        self.fetcher.guard().url_check(&read).map_err(|error| error.to_string())
    }

    /// Whether mail may be sent there; otherwise why not.
    pub(crate) fn address_check(&self, address: &str) -> Result<(), String> {
        self.mailer.as_ref().ok_or_else(|| NO_MAIL.to_owned())?.address_check(address)
    }
}

/// The mail server, where the settings name one.
fn mailer(settings: &MailSettings) -> Result<Option<Mailer>, NotifierError> {
    let Some(host) = settings.host.clone() else { return Ok(None) };
    let read = |field, path: &Path| {
        std::fs::read_to_string(path).map_err(|source| NotifierError::File { field, path: path.to_owned(), source })
    };
    let password = settings.password_file.as_deref().map(|path| read("password_file", path)).transpose()?;
    let access = settings.user.clone().zip(password.map(|text| Secret::new(text.trim())));
    let trust = settings.authorities.as_deref().map(|path| read("authorities", path)).transpose()?;
    let ((tls, port), domains) = (settings.way(), settings.domains.clone());
    let sender = settings.sender.clone().unwrap_or_default();
    Ok(Some(Mailer::new(notification::MailSettings { host, port, tls, access, trust, sender, domains })?))
}

#[async_trait]
impl Sender for Notifier {
    async fn send(&self, message: &Message) -> Result<(), String> {
        if message.url.starts_with(MAIL) {
            return self.mailer.as_ref().ok_or_else(|| NO_MAIL.to_owned())?.send(message).await;
        }
        let url = Url::parse(&message.url).map_err(|_shows_the_url| "its address is no URL".to_owned())?;
        let time = message.at.timestamp();
        let signed = [format!("{time}.").as_bytes(), &message.body].concat();
        let signature = self.credentials.sign(&message.place, &message.sealed, &signed);
        let signature = signature.map_err(|error| error.to_string())?;
        let headers = [
            ("hansa-delivery", message.delivery.clone()),
            ("hansa-event", message.kind.clone()),
            ("hansa-signature", format!("t={time},v1={signature}")),
        ];
        match self.fetcher.post(&url, &headers, (JSON, message.body.clone())).await {
            Ok(200..=299) => Ok(()),
            Ok(status) => Err(format!("it answers {status}, not 2xx (redirects are not followed)")),
            Err(error) => Err(error.to_string()),
        }
    }
}
