//! This broker among others: its keys, its client, its Federation Manager.

use super::WiringError;
use crate::config::Settings;
use hansa_federation::{
    AddressGuard, Did, KeyStore,
    address::Loopback,
    client::{Client, ClientOptions},
    keys::FileKeyStore,
};
use hansa_federation_manager::{FederationManager, FederationOptions, Rooms};
use hansa_repository::{
    Database,
    ambient::{SharedClock, SharedIds},
    catalogue::CatalogueService,
};
use reqwest::Url;
use std::{fs, net::SocketAddr, path::Path, sync::Arc};

/// The longest wait for an answer of a partner is a third of the grace, and no longer than this.
const LONGEST_CALL: std::time::Duration = std::time::Duration::from_secs(10);

/// The Federation Manager, where the broker federates.
///
/// # Errors
/// When keys or certificates can't be used, or the broker's URL can name no DID.
pub(super) fn manager(
    settings: &Settings,
    address: SocketAddr,
    database: &Database,
    catalogue: &CatalogueService,
    clock: &SharedClock,
    ids: &SharedIds,
) -> Result<Option<FederationManager>, WiringError> {
    if !settings.federation.enabled {
        return Ok(None);
    }
    if has_no_fixed_address(settings) {
        tracing::info!(
            "no federation: the port differs from start to start, so there is no lasting identity; give server.listen a port, or federation.public_url"
        );
        return Ok(None);
    }
    let endpoint = endpoint(settings, address)?;
    let did = match &settings.federation.did {
        Some(did) => Did::new(did.as_str())?,
        None => Did::of_url(&endpoint)?,
    };
    let folder = settings.federation.keys_dir.clone().unwrap_or_else(|| settings.data_dir.join("keys"));
    let keys: Arc<dyn KeyStore> = Arc::new(FileKeyStore::open(&folder, did, clock.now())?);
    let options = options(settings, endpoint);
    let client = client(settings, &options, &keys, clock, ids)?;
    Ok(Some(FederationManager::new(Rooms {
        database: database.clone(),
        clock: Arc::clone(clock),
        ids: Arc::clone(ids),
        catalogue: catalogue.clone(),
        keys,
        transport: Arc::new(client),
        options,
    })))
}

/// An identity is a name that leads to an address: it can't be one that is gone at the next start.
fn has_no_fixed_address(settings: &Settings) -> bool {
    let listen = settings.federation.listen.unwrap_or(settings.server.listen);
    listen.port() == 0 && settings.federation.public_url.is_none()
}

/// Where partners reach this broker.
fn endpoint(settings: &Settings, address: SocketAddr) -> Result<Url, WiringError> {
    let scheme = if settings.server.tls.certificate.is_some() { "https" } else { "http" };
    let text = settings.federation.public_url.clone().unwrap_or_else(|| format!("{scheme}://{address}"));
    Url::parse(&text).map_err(|error| WiringError::PublicUrl { text, reason: error.to_string() })
}

fn options(settings: &Settings, endpoint: Url) -> FederationOptions {
    let told = &settings.federation;
    let name = told.name.clone().unwrap_or_else(|| settings.provider.name.clone());
    let grace = told.grace.duration();
    let mut options = FederationOptions::new(name, endpoint, settings.provider.id.clone());
    options.guard = guard(settings);
    options.pull_every = told.pull_interval.duration();
    options.stale_after = told.stale_after.duration();
    options.grace = grace;
    options.offers_per_partner = usize::try_from(told.offers_limit).unwrap_or(usize::MAX);
    options.hold_time = told.hold_time.duration();
    options.usage_period = told.usage_period.duration();
    options.claim_tolerance = told.claim_tolerance.duration();
    options.settle_after = told.settle_after.duration();
    options.settle_grace = told.settle_grace.duration();
    options.dispute_deadline = told.dispute_deadline.duration();
    options.conformance = told.conformance;
    options.worker = settings.data_dir.display().to_string();
    options.call_timeout = LONGEST_CALL.min((grace / 3).max(std::time::Duration::from_millis(500)));
    options
}

fn guard(settings: &Settings) -> AddressGuard {
    let guard = if settings.federation.allow_loopback {
        AddressGuard::with_loopback(Loopback::Plain)
    } else {
        AddressGuard::strict()
    };
    // What is no network was refused when the settings were read.
    guard.allowing(settings.federation.allow_networks.iter().filter_map(|network| network.parse().ok()))
}

fn client(
    settings: &Settings,
    options: &FederationOptions,
    keys: &Arc<dyn KeyStore>,
    clock: &SharedClock,
    ids: &SharedIds,
) -> Result<Client, WiringError> {
    let tls = &settings.federation.tls;
    let identity = match (&tls.certificate, &tls.key) {
        (Some(certificate), Some(key)) => {
            Some([read("federation.tls.certificate", certificate)?, read("federation.tls.key", key)?].concat())
        }
        _ => None,
    };
    let wanted = ClientOptions {
        guard: options.guard.clone(),
        timeout: options.call_timeout,
        root_certificates: tls
            .roots
            .as_deref()
            .map(|path| read("federation.tls.roots", path))
            .transpose()?
            .unwrap_or_default(),
        identity,
        ..ClientOptions::default()
    };
    let (clock, ids) = (Arc::clone(clock), Arc::clone(ids));
    Ok(Client::new(&wanted, Arc::clone(keys), Arc::new(move || clock.now()), Arc::new(move || ids.next()))?)
}

fn read(field: &'static str, path: &Path) -> Result<Vec<u8>, WiringError> {
    fs::read(path).map_err(|source| WiringError::File { field, path: path.to_path_buf(), source })
}
