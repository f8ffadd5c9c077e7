//! The secret of an OpenStack system: how one logs in, and to what. It is
//! written as OpenStack's own `clouds.yaml` writes one cloud, in JSON or YAML.

use hansa_repository::system::{SystemConnection, SystemError, SystemErrorKind, SystemSecret};
use reqwest::Url;
use saphyr::{Yaml, YamlLoader};
use saphyr_parser::Parser;
use serde_json::{Map, Value, json};

/// What is trusted about an account, and for what it is used.
#[derive(Debug, Clone)]
pub(super) struct Credential {
    /// How one logs in.
    pub(super) identity: Identity,
    /// To what.
    pub(super) scope: Scope,
    /// The region whose services are used. None: the only one, or the first.
    pub(super) region: Option<String>,
    /// Which of a service's endpoints is used: `public`, `internal`, `admin`.
    pub(super) interface: String,
}

/// How one logs in (Identity API v3, sections "Authentication and token management" and "OS-FEDERATION").
#[derive(Debug, Clone)]
pub(super) enum Identity {
    /// The body of the method `password`; the password stands beside it.
    Password {
        /// Who: `{"name": …, "domain": …}` or `{"id": …}`.
        user: Value,
        /// The password.
        password: SystemSecret,
    },
    /// An application credential, which brings its own project.
    Application {
        /// Which: `{"id": …}` or `{"name": …, "user": …}`.
        which: Value,
        /// Its secret.
        secret: SystemSecret,
    },
    /// An account at an identity provider that Keystone trusts.
    Federated {
        /// The identity provider, as Keystone calls it.
        provider: String,
        /// The protocol, as Keystone calls it: `openid`, `oidc`.
        protocol: String,
        /// Where an access token comes from.
        access: Access,
    },
}

/// Where an access token of an OpenID provider comes from.
#[derive(Debug, Clone)]
pub(super) enum Access {
    /// It was given. When it has expired, a new one must be given.
    Token(SystemSecret),
    /// It is asked for (RFC 6749, sections 4.3 and 4.4).
    Asked {
        /// The token endpoint, or the address of the provider's configuration.
        at: Endpoint,
        /// The client.
        client: (String, SystemSecret),
        /// The fields of the request; what is secret in it never leaves this value but for the provider.
        form: Vec<(String, SystemSecret)>,
    },
}

/// Where an OpenID provider gives tokens.
#[derive(Debug, Clone)]
pub(super) enum Endpoint {
    /// There.
    Token(Url),
    /// Its configuration says it (OpenID Connect Discovery 1.0, section 4).
    Discovery(Url),
}

/// For what a token is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scope {
    /// For what the credential itself says, or the account's default project.
    Implied,
    /// A project, a domain or the system, as the request writes it.
    Given(Value),
}

impl Credential {
    /// Reads the secret of a connection; the system's settings `region`,
    /// `interface`, `project`, `project-domain` go before what it says.
    pub(super) fn read(connection: &SystemConnection) -> Result<Self, SystemError> {
        let failed = |said: &str| SystemError {
            system: connection.system.name.clone(),
            kind: SystemErrorKind::Unauthenticated,
            action: "read its credential".to_owned(),
            said: said.to_owned(),
            remedy: "write it as `clouds.yaml` writes one cloud, in JSON or YAML; docs/connectors/openstack.md has \
                     examples"
                .to_owned(),
        };
        let secret = connection.secret.as_ref().ok_or_else(|| failed("it has none"))?;
        let text = secret.text().ok_or_else(|| failed("it is no UTF-8 text"))?;
        let cloud = Cloud::parse(text).map_err(|said| failed(&said))?;
        Self::of(&cloud, connection).map_err(|said| failed(&said))
    }

    fn of(cloud: &Cloud, connection: &SystemConnection) -> Result<Self, String> {
        let identity = cloud.identity()?;
        let setting = |name: &str| connection.setting(name).map(str::to_owned);
        let scope = match (&identity, setting("project")) {
            (Identity::Application { .. }, _) => Scope::Implied,
            (_, Some(project)) => {
                let domain = setting("project-domain").or_else(|| cloud.text("project_domain_name"));
                Scope::Given(json!({ "project": { "name": project, "domain": named(domain, None) } }))
            }
            (_, None) => cloud.scope(),
        };
        let interface = setting("interface").or_else(|| cloud.text("interface"));
        let interface = interface.or_else(|| cloud.text("endpoint_type")).unwrap_or_else(|| "public".to_owned());
        Ok(Self {
            identity,
            scope,
            region: setting("region").or_else(|| cloud.text("region_name")),
            interface: interface.trim_end_matches("URL").to_owned(),
        })
    }
}

/// One cloud of a `clouds.yaml`.
struct Cloud(Map<String, Value>);

impl Cloud {
    /// The text holds secrets: nothing of it may reach the words of an error.
    fn parse(text: &str) -> Result<Self, String> {
        let value = match serde_json::from_str(text) {
            Ok(value) => value,
            Err(_) => yaml(text)?,
        };
        let Value::Object(mut fields) = value else { return Err("it is no object".to_owned()) };
        if let Some(Value::Object(clouds)) = fields.remove("clouds") {
            let mut clouds = clouds.into_iter();
            match (clouds.next(), clouds.next()) {
                (Some((_, Value::Object(only))), None) => fields = only,
                (None, _) => return Err("`clouds` is empty".to_owned()),
                _ => return Err("`clouds` has several clouds; leave the one that is meant".to_owned()),
            }
        }
        if let Some(Value::Object(auth)) = fields.remove("auth") {
            fields.extend(auth);
        }
        Ok(Self(fields))
    }

    fn text(&self, key: &str) -> Option<String> {
        match self.0.get(key)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    fn secret(&self, key: &str) -> Option<SystemSecret> {
        self.text(key).map(|text| SystemSecret::new(text.into_bytes()))
    }

    fn needed(&self, key: &str) -> Result<String, String> {
        self.text(key).ok_or_else(|| format!("`{key}` is missing"))
    }

    fn needed_secret(&self, key: &str) -> Result<SystemSecret, String> {
        self.secret(key).ok_or_else(|| format!("`{key}` is missing"))
    }

    /// What it says, or what its fields tell.
    fn kind(&self) -> String {
        let told = self.text("auth_type").map(|kind| kind.trim_start_matches("v3").replace(['-', '_'], ""));
        let guess = || {
            let has = |key: &str| self.0.contains_key(key);
            if has("application_credential_secret") {
                "applicationcredential"
            } else if has("access_token") {
                "oidcaccesstoken"
            } else if has("identity_provider") && has("password") {
                "oidcpassword"
            } else if has("identity_provider") {
                "oidcclientcredentials"
            } else {
                "password"
            }
            .to_owned()
        };
        told.unwrap_or_else(guess)
    }

    fn identity(&self) -> Result<Identity, String> {
        let user_domain = || {
            let name = self.text("user_domain_name").or_else(|| self.text("domain_name"));
            named(name, self.text("user_domain_id").or_else(|| self.text("domain_id")))
        };
        match self.kind().as_str() {
            "password" => {
                let user = match (self.text("user_id"), self.text("username")) {
                    (Some(id), _) => json!({ "id": id }),
                    (None, Some(name)) => json!({ "name": name, "domain": user_domain() }),
                    (None, None) => return Err("`username` or `user_id` is missing".to_owned()),
                };
                Ok(Identity::Password { user, password: self.needed_secret("password")? })
            }
            "applicationcredential" => {
                let which = match self.text("application_credential_id") {
                    Some(id) => json!({ "id": id }),
                    None => {
                        let user = match self.text("user_id") {
                            Some(id) => json!({ "id": id }),
                            None => json!({ "name": self.needed("username")?, "domain": user_domain() }),
                        };
                        json!({ "name": self.needed("application_credential_name")?, "user": user })
                    }
                };
                Ok(Identity::Application { which, secret: self.needed_secret("application_credential_secret")? })
            }
            "oidcaccesstoken" => self.federated(Access::Token(self.needed_secret("access_token")?)),
            "oidcclientcredentials" => self.federated(self.asked("client_credentials", &[])?),
            "oidcpassword" => self.federated(self.asked("password", &["username", "password"])?),
            other => Err(format!(
                "`auth_type` is {other}; known are password, v3applicationcredential, v3oidcaccesstoken, \
                 v3oidcclientcredentials and v3oidcpassword"
            )),
        }
    }

    fn federated(&self, access: Access) -> Result<Identity, String> {
        let (provider, protocol) = (self.needed("identity_provider")?, self.needed("protocol")?);
        Ok(Identity::Federated { provider, protocol, access })
    }

    fn asked(&self, grant: &str, fields: &[&str]) -> Result<Access, String> {
        let url = |key: &str, text: String| text.parse::<Url>().map_err(|error| format!("`{key}`: {error}"));
        let at = match (self.text("access_token_endpoint"), self.text("discovery_endpoint")) {
            (Some(text), _) => Endpoint::Token(url("access_token_endpoint", text)?),
            (None, Some(text)) => Endpoint::Discovery(url("discovery_endpoint", text)?),
            (None, None) => return Err("`discovery_endpoint` or `access_token_endpoint` is missing".to_owned()),
        };
        let client = (self.needed("client_id")?, self.secret("client_secret").unwrap_or(SystemSecret::new(Vec::new())));
        let plain = |text: &str| SystemSecret::new(text.as_bytes().to_vec());
        let scope = self.text("openid_scope").unwrap_or_else(|| "openid".to_owned());
        let mut form = vec![("grant_type".to_owned(), plain(grant)), ("scope".to_owned(), plain(&scope))];
        for field in fields {
            form.push(((*field).to_owned(), self.needed_secret(field)?));
        }
        Ok(Access::Asked { at, client, form })
    }

    fn scope(&self) -> Scope {
        let id = self.text("project_id").or_else(|| self.text("tenant_id"));
        if let Some(id) = id {
            return Scope::Given(json!({ "project": { "id": id } }));
        }
        if let Some(name) = self.text("project_name").or_else(|| self.text("tenant_name")) {
            let domain = self.text("project_domain_name").or_else(|| self.text("domain_name"));
            let id = self.text("project_domain_id").or_else(|| self.text("domain_id"));
            return Scope::Given(json!({ "project": { "name": name, "domain": named(domain, id) } }));
        }
        if let Some(all) = self.text("system_scope") {
            return Scope::Given(json!({ "system": { all: true } }));
        }
        match (self.text("domain_id"), self.text("domain_name")) {
            (Some(id), _) => Scope::Given(json!({ "domain": { "id": id } })),
            (None, Some(name)) => Scope::Given(json!({ "domain": { "name": name } })),
            (None, None) => Scope::Implied,
        }
    }
}

/// A domain by id or name; Keystone's own first one where neither is said.
fn named(name: Option<String>, id: Option<String>) -> Value {
    match (id, name) {
        (Some(id), _) => json!({ "id": id }),
        (None, Some(name)) => json!({ "name": name }),
        (None, None) => json!({ "id": "default" }),
    }
}

/// YAML with every scalar as it was written: a project's id may look like a number.
fn yaml(text: &str) -> Result<Value, String> {
    let mut loader = YamlLoader::<Yaml<'_>>::default();
    loader.early_parse(false);
    let mut parser = Parser::new_from_str(text);
    let unread = |place: &saphyr::ScanError| {
        format!("it is neither JSON nor YAML: line {}, column {}", place.marker().line(), place.marker().col())
    };
    parser.load(&mut loader, false).map_err(|error| unread(&error))?;
    if let Some(error) = loader.error() {
        return Err(unread(error));
    }
    loader.into_documents().into_iter().next().map(plain).ok_or_else(|| "it is empty".to_owned())
}

fn plain(node: Yaml<'_>) -> Value {
    match node {
        Yaml::Representation(text, ..) => Value::String(text.into_owned()),
        Yaml::Sequence(items) => Value::Array(items.into_iter().map(plain).collect()),
        Yaml::Mapping(fields) => {
            let text = |key: Yaml<'_>| plain(key).as_str().map(str::to_owned);
            fields.into_iter().filter_map(|(key, value)| Some((text(key)?, plain(value)))).collect()
        }
        _ => Value::Null,
    }
}
