//! What a token says: how long it is good, and where the services are.

use reqwest::Url;
use serde::Deserialize;
use std::time::Duration;

/// The answer to a login (Identity API v3, "Password authentication with scoped authorization").
#[derive(Debug, Clone, Deserialize)]
pub(super) struct TokenAnswer {
    pub(super) token: Token,
}

/// A token, without the token itself.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Token {
    issued_at: chrono::DateTime<chrono::Utc>,
    expires_at: chrono::DateTime<chrono::Utc>,
    #[serde(default)]
    pub(super) catalog: Vec<Entry>,
    pub(super) project: Option<Named>,
    pub(super) user: Named,
    #[serde(default)]
    roles: Vec<Named>,
}

/// Something with an id and perhaps a name.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Named {
    pub(super) id: String,
    pub(super) name: Option<String>,
}

/// A service of the catalogue.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Entry {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    endpoints: Vec<Endpoint>,
}

/// Where a service is.
#[derive(Debug, Clone, Deserialize)]
struct Endpoint {
    interface: String,
    region: Option<String>,
    region_id: Option<String>,
    url: String,
}

impl Token {
    /// How long it is good from its issue, by the clock of Keystone alone: ours may differ.
    pub(super) fn lifetime(&self) -> Duration {
        (self.expires_at - self.issued_at).to_std().unwrap_or_default()
    }

    /// The names of the roles that it carries.
    pub(super) fn roles(&self) -> impl Iterator<Item = &str> {
        self.roles.iter().filter_map(|role| role.name.as_deref())
    }

    /// Where a service is, by the first of these types that there is. `Err`:
    /// there is the service, and not in that region or not with that interface.
    pub(super) fn endpoint(
        &self,
        types: &[&str],
        region: Option<&str>,
        interface: &str,
    ) -> Result<Option<String>, String> {
        let mut elsewhere = Vec::new();
        for kind in types {
            for endpoint in self.catalog.iter().filter(|entry| entry.kind == *kind).flat_map(|entry| &entry.endpoints) {
                let its = endpoint.region_id.as_deref().or(endpoint.region.as_deref());
                if region.is_none_or(|wanted| its == Some(wanted)) && endpoint.interface == interface {
                    return Ok(Some(endpoint.url.clone()));
                }
                elsewhere.push(format!("{} in {}", endpoint.interface, its.unwrap_or("no region")));
            }
        }
        if elsewhere.is_empty() { Ok(None) } else { Err(elsewhere.join(", ")) }
    }
}

/// An endpoint as the base of further addresses: it ends with `/`.
pub(super) fn base(text: &str) -> Result<Url, String> {
    let mut url: Url = text.parse().map_err(|error| format!("{text}: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("{text} is neither https nor http"));
    }
    url.set_query(None);
    url.set_fragment(None);
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}
