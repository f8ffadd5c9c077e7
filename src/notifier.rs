//! Carries notifications to where tenants and owners want them: by HTTPS alone,
//! to public addresses and to what the owner allows besides, signed so that the
//! receiver knows who sent them and when.

use crate::config::NotificationSettings;
use async_trait::async_trait;
use hansa_assurance::notification::{Message, Sender};
use hansa_federation::{
    AddressGuard, FederationError,
    address::Loopback,
    client::{ClientOptions, Fetcher},
};
use hansa_iam::Credentials;
use reqwest::Url;
use std::time::Duration;

/// The longest wait for an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// The media type of what is sent.
const JSON: &str = "application/json";

/// Carries notifications away.
#[derive(Debug, Clone)]
pub(crate) struct Notifier {
    fetcher: Fetcher,
    credentials: Credentials,
}

impl Notifier {
    /// By these settings.
    ///
    /// # Errors
    /// When TLS can't be used.
    pub(crate) fn new(settings: &NotificationSettings, credentials: Credentials) -> Result<Self, FederationError> {
        let guard =
            if settings.allow_loopback { AddressGuard::with_loopback(Loopback::Plain) } else { AddressGuard::strict() };
        let guard = guard.allowing(settings.allow_networks.iter().filter_map(|network| network.parse().ok()));
        let options = ClientOptions { guard, timeout: ANSWER_WITHIN, ..ClientOptions::default() };
        Ok(Self { fetcher: Fetcher::new(&options)?, credentials })
    }

    /// Whether messages may be sent there, as far as the text tells; otherwise why not.
    pub(crate) fn address_check(&self, url: &str) -> Result<(), String> {
        let read = Url::parse(url).map_err(|error| format!("it is no URL such as https://hooks.example/x: {error}"))?;
        self.fetcher.guard().url_check(&read).map_err(|error| error.to_string())
    }
}

#[async_trait]
impl Sender for Notifier {
    async fn send(&self, message: &Message) -> Result<(), String> {
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
