//! Who is trusted to say who people are, and for how long.

use super::{ConfigFault, settings::ServerSettings};
use hansa_iam::{IssuerOptions, Secret, claims::ClaimRule, oidc::Algorithm};
use hansa_ontology::quantity::TimeSpan;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    net::IpAddr,
    path::{Path, PathBuf},
};

/// The id that the development login has.
pub(crate) const DEV_ISSUER: &str = "dev";
/// Words of `/login/…` that are no issuers.
const RESERVED: [&str; 2] = ["callback", DEV_ISSUER];

/// Login. Without an issuer there is none, and the server listens on loopback alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuthSettings {
    /// OpenID Providers that are trusted.
    pub issuers: Vec<IssuerSettings>,
    /// The embedded development identity provider: whoever reaches it is whom they choose.
    pub dev_login: bool,
    /// Certificates (PEM) of further authorities that issuers' servers may show.
    pub roots: Option<PathBuf>,
    /// After this time without a request a session of the portal ends.
    pub session_idle: TimeSpan,
    /// After this time a session of the portal ends, whatever happens.
    pub session_absolute: TimeSpan,
    /// The longest life of a token.
    pub token_longest: TimeSpan,
    /// How long roles that an issuer claimed at a login count for the person's own tokens.
    pub claims_valid: TimeSpan,
}

/// An OpenID Provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IssuerSettings {
    /// Its short name: in `/login/ID` and in the audit trail.
    pub id: String,
    /// What people read on the button.
    pub name: String,
    /// Its issuer identifier, letter by letter as it states it.
    pub url: String,
    /// This broker's client.
    pub client_id: String,
    /// The client's secret.
    #[serde(default)]
    pub client_secret: Option<Secret>,
    /// Or: the file that holds it.
    #[serde(default)]
    pub client_secret_file: Option<PathBuf>,
    /// The public client of the command line (device flow).
    #[serde(default)]
    pub cli_client_id: Option<String>,
    /// Audiences of tokens that the API takes. Empty: the two clients.
    #[serde(default)]
    pub audiences: BTreeSet<String>,
    /// Algorithms that its signatures may have.
    #[serde(default = "algorithms")]
    pub algorithms: BTreeSet<Algorithm>,
    /// What is asked for at login.
    #[serde(default = "scopes")]
    pub scopes: Vec<String>,
    /// Whether claims are read from its userinfo endpoint too.
    #[serde(default = "yes")]
    pub userinfo: bool,
    /// Which claims give which roles.
    #[serde(default)]
    pub rules: Vec<ClaimRule>,
}

fn algorithms() -> BTreeSet<Algorithm> {
    BTreeSet::from([Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA, Algorithm::Ed25519])
}

fn scopes() -> Vec<String> {
    ["openid", "profile", "email"].map(str::to_owned).to_vec()
}

const fn yes() -> bool {
    true
}

impl Default for AuthSettings {
    fn default() -> Self {
        let hours = |hours: u64| TimeSpan::from_millis(hours * 3_600_000);
        Self {
            issuers: Vec::new(),
            dev_login: false,
            roots: None,
            session_idle: hours(1),
            session_absolute: hours(12),
            token_longest: hours(366 * 24),
            claims_valid: hours(30 * 24),
        }
    }
}

impl AuthSettings {
    /// Whether people have to log in.
    pub(crate) fn login(&self) -> bool {
        self.dev_login || !self.issuers.is_empty()
    }
}

impl IssuerSettings {
    /// As the identity room wants it.
    ///
    /// # Errors
    /// The file of the secret, where it can't be read.
    pub(crate) fn options(&self) -> Result<IssuerOptions, (PathBuf, std::io::Error)> {
        let from_file = |path: &PathBuf| {
            let text = std::fs::read_to_string(path).map_err(|error| (path.clone(), error))?;
            Ok(Secret::new(text.trim()))
        };
        let client_secret = match &self.client_secret {
            Some(secret) => Some(secret.clone()),
            None => self.client_secret_file.as_ref().map(from_file).transpose()?,
        };
        Ok(IssuerOptions {
            id: self.id.clone(),
            name: self.name.clone(),
            url: self.url.clone(),
            account_issuer: None,
            client_id: self.client_id.clone(),
            client_secret,
            cli_client_id: self.cli_client_id.clone(),
            audiences: self.audiences.clone(),
            algorithms: self.algorithms.clone(),
            scopes: self.scopes.clone(),
            userinfo: self.userinfo,
            rules: self.rules.clone(),
            grants: Vec::new(),
        })
    }
}

/// Every rule that these settings break.
pub(super) fn check(auth: &AuthSettings, server: &ServerSettings, faults: &mut Vec<ConfigFault>) {
    let mut seen = BTreeSet::new();
    for (at, issuer) in auth.issuers.iter().enumerate() {
        let field = format!("auth.issuers.{at}");
        if !seen.insert(&issuer.id) {
            faults.push(ConfigFault::new(
                format!("{field}.id"),
                format!("there are two issuers `{}`", issuer.id),
                "give each an id of its own",
            ));
        }
        self::issuer(&field, issuer, faults);
    }
    dev_login(auth, server, faults);
    public_url(auth, server, faults);
    for (field, span) in [
        ("auth.session_idle", auth.session_idle),
        ("auth.session_absolute", auth.session_absolute),
        ("auth.token_longest", auth.token_longest),
        ("auth.claims_valid", auth.claims_valid),
    ] {
        if span.duration().as_secs() < 60 {
            faults.push(ConfigFault::new(field, format!("{span} is too short"), "give a time such as 1h, at least 1m"));
        }
    }
    if auth.session_idle > auth.session_absolute {
        faults.push(ConfigFault::new(
            "auth.session_idle",
            format!("{} is longer than auth.session_absolute, {}", auth.session_idle, auth.session_absolute),
            "give a shorter time, or a longer one there",
        ));
    }
    if let Some(path) = &auth.roots {
        readable("auth.roots", path, faults);
    }
}

fn issuer(field: &str, issuer: &IssuerSettings, faults: &mut Vec<ConfigFault>) {
    let mut fault = |part: &str, message: String, remedy: &str| {
        faults.push(ConfigFault::new(format!("{field}.{part}"), message, remedy));
    };
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !(1..=40).contains(&issuer.id.len()) || !issuer.id.bytes().all(plain) {
        fault("id", format!("`{}` is no id", issuer.id), "use 1 to 40 of a-z, 0-9 and -");
    } else if RESERVED.contains(&issuer.id.as_str()) {
        fault("id", format!("`{}` means something else in /login/…", issuer.id), "choose another id");
    }
    if issuer.name.trim().is_empty() {
        fault("name", "it is empty".to_owned(), "give what people read on the button");
    }
    if let Err(message) = issuer_url(&issuer.url) {
        fault("url", message, "give its issuer identifier, such as https://login.example/realms/hansa");
    }
    if issuer.client_id.is_empty() {
        fault("client_id", "it is empty".to_owned(), "give the id of the client that this broker has at the issuer");
    }
    if issuer.client_secret.is_some() && issuer.client_secret_file.is_some() {
        fault("client_secret", "client_secret_file is given too".to_owned(), "give one of them");
    }
    if issuer.algorithms.is_empty() {
        fault("algorithms", "there is none".to_owned(), "give those that the issuer signs with, such as RS256");
    }
    if !issuer.scopes.iter().any(|scope| scope == "openid") {
        fault("scopes", "`openid` is missing".to_owned(), "add it: without it there is no login");
    }
    for (at, rule) in issuer.rules.iter().enumerate() {
        if let Some((part, message)) = rule.fault() {
            let (message, remedy) = message.split_once("; ").unwrap_or((&message, "see docs/identity.md"));
            faults.push(ConfigFault::new(format!("{field}.rules.{at}.{part}"), message, remedy));
        }
    }
    if let Some(path) = &issuer.client_secret_file {
        readable(&format!("{field}.client_secret_file"), path, faults);
    }
}

fn issuer_url(text: &str) -> Result<(), String> {
    let url = reqwest::Url::parse(text).map_err(|_no_url| format!("`{text}` is no URL"))?;
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return Err(format!("`{}` has a user, a query or a fragment", super::without_password(text)));
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(&url) => Ok(()),
        _ => Err(format!("`{text}` is not https, and plain HTTP is for loopback alone")),
    }
}

fn is_loopback(url: &reqwest::Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whoever reaches the development login is whom they choose: so nobody reaches it from elsewhere.
fn dev_login(auth: &AuthSettings, server: &ServerSettings, faults: &mut Vec<ConfigFault>) {
    if !auth.dev_login {
        return;
    }
    let reached = server.public_url.as_deref().and_then(|url| reqwest::Url::parse(url).ok());
    if !server.listen.ip().is_loopback() {
        faults.push(ConfigFault::new(
            "auth.dev_login",
            format!(
                "it lets whoever comes be whom they choose, and the server listens on {}, which is not loopback",
                server.listen.ip()
            ),
            "listen on 127.0.0.1 or [::1], or give auth.issuers instead of --dev-login",
        ));
    } else if reached.is_some_and(|url| !is_loopback(&url)) {
        faults.push(ConfigFault::new(
            "auth.dev_login",
            "it lets whoever comes be whom they choose, and server.public_url leads elsewhere",
            "take server.public_url out, or give auth.issuers instead of --dev-login",
        ));
    } else if server.tls.certificate.is_some() {
        faults.push(ConfigFault::new(
            "auth.dev_login",
            "it speaks plain HTTP on loopback, and server.tls is given",
            "take server.tls out, or give auth.issuers instead of --dev-login",
        ));
    }
}

fn public_url(auth: &AuthSettings, server: &ServerSettings, faults: &mut Vec<ConfigFault>) {
    match &server.public_url {
        Some(text) => {
            if let Err(message) = issuer_url(text) {
                faults.push(ConfigFault::new(
                    "server.public_url",
                    message,
                    "give the https URL under which browsers reach this broker",
                ));
            }
        }
        None if !auth.issuers.is_empty() && !server.listen.ip().is_loopback() => faults.push(ConfigFault::new(
            "server.public_url",
            "it is missing, and an issuer has to be told where to send browsers back to",
            "give the https URL under which browsers reach this broker",
        )),
        None => {}
    }
}

fn readable(field: &str, path: &Path, faults: &mut Vec<ConfigFault>) {
    if let Err(error) = std::fs::File::open(path) {
        faults.push(ConfigFault::new(
            field,
            format!("{} can't be read: {error}", path.display()),
            "name a readable file",
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::local::defaults_for_tests;

    fn issuer(change: impl FnOnce(&mut serde_json::Value)) -> IssuerSettings {
        let mut value =
            serde_json::json!({"id": "corp", "name": "Corp", "url": "https://login.example", "client_id": "hansa"});
        change(&mut value);
        serde_json::from_value(value).unwrap()
    }

    fn faults(change: impl FnOnce(&mut AuthSettings, &mut ServerSettings)) -> Vec<String> {
        let mut settings = defaults_for_tests();
        change(&mut settings.auth, &mut settings.server);
        let mut faults = Vec::new();
        check(&settings.auth, &settings.server, &mut faults);
        faults.into_iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn the_defaults_and_a_plain_issuer_break_no_rule() {
        assert_eq!(faults(|_, _| {}), Vec::<String>::new());
        assert_eq!(faults(|auth, _| auth.issuers.push(issuer(|_| {}))), Vec::<String>::new());
        assert_eq!(faults(|auth, _| auth.dev_login = true), Vec::<String>::new());
    }

    #[test]
    fn the_development_login_stays_on_loopback() {
        let open = |server: &mut ServerSettings| server.listen = "0.0.0.0:8080".parse().unwrap();
        let dev = |change: fn(&mut ServerSettings)| {
            faults(|auth, server| {
                auth.dev_login = true;
                change(server);
            })
        };
        assert_eq!(dev(|server| server.public_url = Some("https://broker.example".into())), ["auth.dev_login"]);
        assert_eq!(dev(|server| server.tls.certificate = Some("a.pem".into())), ["auth.dev_login"]);
        let both = faults(|auth, server| {
            auth.dev_login = true;
            open(server);
        });
        assert_eq!(both, ["auth.dev_login"]);
    }

    #[test]
    fn each_fault_of_an_issuer_is_named() {
        for (name, value, field) in [
            ("id", "Corp".into(), "id"),
            ("id", "callback".into(), "id"),
            ("id", "dev".into(), "id"),
            ("name", " ".into(), "name"),
            ("url", "http://login.example".into(), "url"),
            ("url", "https://u:p@login.example".into(), "url"),
            ("client_id", "".into(), "client_id"),
            ("algorithms", serde_json::json!([]), "algorithms"),
            ("scopes", serde_json::json!(["email"]), "scopes"),
            ("client_secret_file", "/nonexistent/secret".into(), "client_secret_file"),
            ("rules", serde_json::json!([{"value": "x", "role": "auditor", "over": "broker"}]), "rules.0.claim"),
        ] {
            let found = faults(|auth, _| auth.issuers.push(issuer(|issuer| issuer[name] = value)));
            assert_eq!(found, [format!("auth.issuers.0.{field}")], "{name}");
        }
        let twice = faults(|auth, _| auth.issuers = vec![issuer(|_| {}), issuer(|_| {})]);
        assert_eq!(twice, ["auth.issuers.1.id"]);
        let open = faults(|auth, server| {
            auth.issuers.push(issuer(|_| {}));
            server.listen = "0.0.0.0:443".parse().unwrap();
        });
        assert_eq!(open, ["server.public_url"]);
    }

    #[test]
    fn no_algorithm_with_a_shared_secret_can_be_chosen() {
        for bad in ["none", "HS256", "rs256", "HS512"] {
            let text = serde_json::json!({"id": "a", "name": "A", "url": "https://a.example", "client_id": "x", "algorithms": [bad]});
            assert!(serde_json::from_value::<IssuerSettings>(text).is_err(), "{bad}");
        }
    }
}
