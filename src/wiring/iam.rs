//! Security: who is trusted to say who people are.

use super::WiringError;
use crate::config::Settings;
use chrono::TimeDelta;
use hansa_iam::{Iam, IamOptions, IssuerOptions, Rooms, dev::DevProvider};
use hansa_ontology::quantity::TimeSpan;
use hansa_repository::{
    Database,
    ambient::{SharedClock, SharedIds},
};
use reqwest::Url;
use std::{net::SocketAddr, sync::Arc};

/// The facade of the security domain; the development login is an issuer like others.
///
/// # Errors
/// When a file of secrets or certificates can't be read, or an issuer can't be used.
pub(super) fn iam(
    settings: &Settings,
    public_url: Url,
    dev_login: Option<&DevProvider>,
    database: &Database,
    clock: &SharedClock,
    ids: &SharedIds,
) -> Result<Iam, WiringError> {
    let auth = &settings.auth;
    let mut issuers: Vec<IssuerOptions> = dev_login.map(DevProvider::issuer_options).into_iter().collect();
    for issuer in &auth.issuers {
        let secret = |(path, source)| WiringError::Secret { path, source };
        issuers.push(issuer.options().map_err(secret)?);
    }
    let root = |path: &std::path::PathBuf| {
        std::fs::read(path).map_err(|source| WiringError::File { field: "auth.roots", path: path.clone(), source })
    };
    let options = IamOptions {
        public_url: Some(public_url),
        issuers,
        roots: auth.roots.as_ref().map(root).transpose()?.into_iter().collect(),
        session_idle: delta(auth.session_idle),
        session_absolute: delta(auth.session_absolute),
        token_longest: delta(auth.token_longest),
        claims_valid: delta(auth.claims_valid),
        keys_dir: settings.federation.keys_dir.clone().unwrap_or_else(|| settings.data_dir.join("keys")),
    };
    let (database, clock, ids) = (database.clone(), Arc::clone(clock), Arc::clone(ids));
    Ok(Iam::new(Rooms { database, clock, ids, options })?)
}

/// Where browsers reach this broker: as it was told, otherwise where it listens.
pub(super) fn public_url(settings: &Settings, address: SocketAddr) -> Result<Url, WiringError> {
    let tls = settings.server.tls.certificate.is_some() && settings.federation.listen.is_none();
    let scheme = if tls { "https" } else { "http" };
    let text = settings.server.public_url.clone().unwrap_or_else(|| format!("{scheme}://{address}"));
    Url::parse(&text).map_err(|error| WiringError::BrowserUrl { text, reason: error.to_string() })
}

fn delta(span: TimeSpan) -> TimeDelta {
    TimeDelta::from_std(span.duration()).unwrap_or(TimeDelta::MAX)
}
