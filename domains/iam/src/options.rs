//! What this room is told: who is trusted to say who people are, and for how long.

use crate::{Grant, Secret, claims::ClaimRule, oidc::Algorithm};
use chrono::TimeDelta;
use std::{collections::BTreeSet, path::PathBuf};
use url::Url;

/// What this room is told.
#[derive(Debug, Clone)]
pub struct IamOptions {
    /// Where people's browsers reach this broker. Needed where there is an issuer.
    pub public_url: Option<Url>,
    /// Who is trusted to say who people are. None: everybody who reaches this broker is `local`.
    pub issuers: Vec<IssuerOptions>,
    /// Certificates (PEM) of further authorities that issuers' servers may show.
    pub roots: Vec<Vec<u8>>,
    /// After this time without a request a session ends.
    pub session_idle: TimeDelta,
    /// After this time a session ends, whatever happens.
    pub session_absolute: TimeDelta,
    /// The longest life of a token, and that of one for which nobody says how long.
    pub token_longest: TimeDelta,
    /// How long roles that an issuer claimed at a login count for the person's own tokens.
    pub claims_valid: TimeDelta,
    /// The folder of the key that signs the audit trail.
    pub keys_dir: PathBuf,
}

impl Default for IamOptions {
    fn default() -> Self {
        Self {
            public_url: None,
            issuers: Vec::new(),
            roots: Vec::new(),
            session_idle: TimeDelta::hours(1),
            session_absolute: TimeDelta::hours(12),
            token_longest: TimeDelta::days(366),
            claims_valid: TimeDelta::days(30),
            keys_dir: PathBuf::from("keys"),
        }
    }
}

/// An OpenID Provider that is trusted.
#[derive(Debug, Clone)]
pub struct IssuerOptions {
    /// Its short name in settings, URLs and the audit trail.
    pub id: String,
    /// What people read on the button.
    pub name: String,
    /// Its issuer identifier, exactly as it states it: `https://login.example/realms/hansa`.
    pub url: String,
    /// What its accounts are kept under. None: its `url`.
    pub account_issuer: Option<String>,
    /// This broker's client.
    pub client_id: String,
    /// That client's secret. None: a public client, which PKCE protects.
    pub client_secret: Option<Secret>,
    /// The client of the command line (device flow). None: there is none.
    pub cli_client_id: Option<String>,
    /// Audiences of tokens that the API takes. Empty: the two clients.
    pub audiences: BTreeSet<String>,
    /// Algorithms that its signatures may have.
    pub algorithms: BTreeSet<Algorithm>,
    /// What is asked for at login.
    pub scopes: Vec<String>,
    /// Whether claims are read from its userinfo endpoint too.
    pub userinfo: bool,
    /// Which claims give which roles.
    pub rules: Vec<ClaimRule>,
    /// What everybody is given who comes from it.
    pub grants: Vec<Grant>,
}
