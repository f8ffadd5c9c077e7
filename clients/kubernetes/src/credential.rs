//! What an owner gives to open a cluster: a kubeconfig that stands by itself,
//! or a bearer token.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hansa_repository::system::SystemConnection;
use kube::config::{AuthInfo, Cluster, Context, Kubeconfig, NamedAuthInfo, NamedCluster, NamedContext};
use std::fmt;

/// The name of the only cluster, user and context.
const NAME: &str = "hansa";

/// A kubeconfig with one context, one cluster and one user, and nothing that
/// reaches into the broker's machine. It prints as nothing.
#[derive(Clone)]
pub struct Credential(Kubeconfig);

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(***)")
    }
}

impl Credential {
    pub(crate) const fn kubeconfig(&self) -> &Kubeconfig {
        &self.0
    }

    /// As a file of a kubeconfig (JSON, which is YAML). It holds the secret.
    ///
    /// # Errors
    /// When it can't be written as JSON.
    pub fn file(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(&self.0)
    }
}

/// The credential of a connection. The system's address and trust anchors go
/// before those of the kubeconfig.
///
/// # Errors
/// What can't be used and why, for people, without the secret.
pub fn read(connection: &SystemConnection) -> Result<Credential, String> {
    let secret = connection.secret.as_ref().ok_or("the system has no credential; name one")?;
    let text = secret.text().ok_or("the credential is no text")?.trim();
    let (mut cluster, user) = if is_kubeconfig(text) {
        from_kubeconfig(text, connection.setting("context"))?
    } else if text.is_empty() || text.contains(char::is_whitespace) {
        return Err("the credential is neither a kubeconfig nor a bearer token".to_owned());
    } else {
        (Cluster::default(), AuthInfo { token: Some(text.into()), ..AuthInfo::default() })
    };
    if let Some(trust) = &connection.system.trust {
        cluster.certificate_authority_data = Some(STANDARD.encode(trust));
    }
    let address = connection.system.address.trim();
    if !address.starts_with("https://") {
        return Err(format!("`address` is `{address}`: an API server is reached by https://"));
    }
    cluster.server = Some(address.to_owned());
    Ok(Credential(alone(cluster, user)))
}

/// The address in the current context of a kubeconfig. None where it has none,
/// or can't be read.
#[must_use]
pub fn address(kubeconfig: &str) -> Option<String> {
    let all = Kubeconfig::from_yaml(kubeconfig).ok()?;
    let current = all.current_context?;
    let context = all.contexts.into_iter().find(|it| it.name == current)?.context?;
    all.clusters.into_iter().find(|it| it.name == context.cluster)?.cluster?.server
}

fn is_kubeconfig(text: &str) -> bool {
    text.contains("clusters") && text.contains(char::is_whitespace) || text.starts_with('{')
}

/// Cluster and user of the context that is wished, or of the current one.
fn from_kubeconfig(text: &str, wished: Option<&str>) -> Result<(Cluster, AuthInfo), String> {
    // The reader's own words may quote what it read.
    let Ok(all) = Kubeconfig::from_yaml(text) else {
        return Err("the kubeconfig can't be read as YAML with clusters, users and contexts".to_owned());
    };
    let name = wished.map(str::to_owned).or(all.current_context).ok_or("the kubeconfig names no current-context")?;
    let context = all.contexts.into_iter().find(|it| it.name == name).and_then(|it| it.context);
    let context = context.ok_or_else(|| format!("the kubeconfig has no context `{name}`"))?;
    let cluster = all.clusters.into_iter().find(|it| it.name == context.cluster).and_then(|it| it.cluster);
    let cluster = cluster.ok_or_else(|| format!("the kubeconfig has no cluster `{}`", context.cluster))?;
    let wanted = context.user.unwrap_or_default();
    let user = all.auth_infos.into_iter().find(|it| it.name == wanted).and_then(|it| it.auth_info);
    let user = user.ok_or_else(|| format!("the kubeconfig has no user `{wanted}`"))?;
    stands_alone(&cluster, &user)?;
    Ok((cluster, user))
}

/// Nothing of a stranger's kubeconfig runs programs, reads files or turns off
/// verification on the broker's machine.
fn stands_alone(cluster: &Cluster, user: &AuthInfo) -> Result<(), String> {
    let inlined = "put the contents into the kubeconfig (kubectl config view --raw --flatten --minify)";
    let faults = [
        (user.exec.is_some(), "users.user.exec", "would run a program here; use a token or a client certificate"),
        (user.auth_provider.is_some(), "users.user.auth-provider", "is no longer supported; use a token"),
        (user.token_file.is_some(), "users.user.tokenFile", inlined),
        (user.client_certificate.is_some(), "users.user.client-certificate", inlined),
        (user.client_key.is_some(), "users.user.client-key", inlined),
        (user.password.is_some(), "users.user.password", "is no longer supported by Kubernetes; use a token"),
        (cluster.certificate_authority.is_some(), "clusters.cluster.certificate-authority", inlined),
        (
            cluster.insecure_skip_tls_verify == Some(true),
            "clusters.cluster.insecure-skip-tls-verify",
            "is not accepted: give the certificate that is to be trusted",
        ),
        (cluster.proxy_url.is_some(), "clusters.cluster.proxy-url", "is not supported; give a direct address"),
    ];
    match faults.iter().find(|(there, ..)| *there) {
        Some((_, field, why)) => Err(format!("the kubeconfig's `{field}`: {why}")),
        None => Ok(()),
    }
}

fn alone(cluster: Cluster, user: AuthInfo) -> Kubeconfig {
    let context = Context { cluster: NAME.to_owned(), user: Some(NAME.to_owned()), ..Context::default() };
    Kubeconfig {
        api_version: Some("v1".to_owned()),
        kind: Some("Config".to_owned()),
        clusters: vec![NamedCluster { name: NAME.to_owned(), cluster: Some(cluster), ..NamedCluster::default() }],
        auth_infos: vec![NamedAuthInfo { name: NAME.to_owned(), auth_info: Some(user), ..NamedAuthInfo::default() }],
        contexts: vec![NamedContext { name: NAME.to_owned(), context: Some(context), ..NamedContext::default() }],
        current_context: Some(NAME.to_owned()),
        ..Kubeconfig::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "
apiVersion: v1
kind: Config
current-context: a
contexts: [{name: a, context: {cluster: c, user: u}}, {name: b, context: {cluster: c, user: sly}}]
clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]
users: [{name: u, user: {token: hush}}, {name: sly, user: {exec: {command: rm, apiVersion: v1}}}]
";

    #[test]
    fn the_context_is_chosen() {
        let (cluster, user) = from_kubeconfig(WHOLE, None).unwrap();
        assert_eq!(cluster.server.as_deref(), Some("https://127.0.0.1:1"));
        assert!(user.token.is_some());
        assert!(from_kubeconfig(WHOLE, Some("c")).unwrap_err().contains("no context `c`"));
    }

    #[test]
    fn a_kubeconfig_runs_nothing_here_and_reads_nothing_here() {
        assert!(from_kubeconfig(WHOLE, Some("b")).unwrap_err().contains("users.user.exec"));
        let file = WHOLE.replace("token: hush", "tokenFile: /etc/shadow");
        assert!(from_kubeconfig(&file, None).unwrap_err().contains("tokenFile"));
        let trusting = WHOLE.replace("server:", "insecure-skip-tls-verify: true, server:");
        assert!(from_kubeconfig(&trusting, None).unwrap_err().contains("insecure-skip-tls-verify"));
    }

    #[test]
    fn what_can_not_be_read_is_not_quoted() {
        let error = from_kubeconfig("clusters: [hush: }", None).unwrap_err();
        assert!(!error.contains("hush"), "{error}");
    }
}
