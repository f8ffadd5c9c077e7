//! What an issuer says about itself (OpenID Connect Discovery 1.0, RFC 8414).

use super::http::{Http, is_secure};
use serde::Deserialize;
use url::Url;

/// What is read of an issuer's metadata.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) issuer: String,
    pub(crate) authorization_endpoint: Url,
    pub(crate) token_endpoint: Url,
    pub(crate) jwks_uri: Url,
    #[serde(default)]
    pub(crate) userinfo_endpoint: Option<Url>,
    /// OpenID Connect RP-Initiated Logout 1.0, section 2.1.
    #[serde(default)]
    pub(crate) end_session_endpoint: Option<Url>,
    /// RFC 8628, section 4.
    #[serde(default)]
    pub(crate) device_authorization_endpoint: Option<Url>,
    /// RFC 9207, section 3.
    #[serde(default)]
    pub(crate) authorization_response_iss_parameter_supported: bool,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

impl Metadata {
    /// Reads the metadata of `issuer`, exactly as it is configured.
    ///
    /// # Errors
    /// Why it can't be used, with the remedy.
    pub(crate) async fn read(http: &Http, issuer: &str) -> Result<Self, String> {
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let found = http.json(&url, None).await?;
        let metadata: Self =
            serde_json::from_value(found).map_err(|error| format!("its metadata at {url} can't be used: {error}"))?;
        metadata.check(issuer)?;
        Ok(metadata)
    }

    fn check(&self, issuer: &str) -> Result<(), String> {
        // Letter by letter (OpenID Connect Discovery 1.0, section 4.3), or one
        // issuer could speak for another.
        if self.issuer != issuer {
            return Err(format!(
                "it calls itself `{}`; give exactly that as the url of the issuer, if it is the right one",
                self.issuer
            ));
        }
        let endpoints = [
            Some(&self.authorization_endpoint),
            Some(&self.token_endpoint),
            Some(&self.jwks_uri),
            self.userinfo_endpoint.as_ref(),
            self.end_session_endpoint.as_ref(),
            self.device_authorization_endpoint.as_ref(),
        ];
        match endpoints.into_iter().flatten().find(|url| !is_secure(url)) {
            Some(url) => Err(format!("its endpoint {url} is not https")),
            None => Ok(()),
        }
    }

    /// Whether the client's secret goes into the body, because the issuer takes it there alone.
    pub(crate) fn secret_in_body(&self) -> bool {
        let methods = self.token_endpoint_auth_methods_supported.as_deref().unwrap_or_default();
        let has = |name: &str| methods.iter().any(|method| method == name);
        has("client_secret_post") && !has("client_secret_basic")
    }
}
