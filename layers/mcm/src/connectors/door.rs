//! The way into a cluster that was made: its kubeconfig becomes a system of
//! the kind `kubernetes`, for which the maker's owner has set how it is used.

use hansa_kubernetes_client::{SETTINGS, WHICH, address, bounded};
use hansa_repository::system::{System, SystemConnection, SystemError, SystemErrorKind, SystemSecret};

/// Settings of a maker that hold for each cluster it makes, as they do for a
/// system of the kind `kubernetes`: how any cluster is used.
pub(crate) fn handed_on() -> impl Iterator<Item = &'static &'static str> {
    SETTINGS.iter().filter(|name| !WHICH.contains(name))
}

/// The connection to a cluster that this maker made, by its kubeconfig.
pub(super) fn connection(
    maker: &SystemConnection,
    name: String,
    kubeconfig: &[u8],
) -> Result<SystemConnection, SystemError> {
    let unusable = |said: &str| SystemError {
        system: name.clone(),
        kind: SystemErrorKind::Failed,
        action: "read its kubeconfig".to_owned(),
        said: bounded(said),
        remedy: "look what its maker has written there".to_owned(),
    };
    let Some(text) = std::str::from_utf8(kubeconfig).ok() else { return Err(unusable("it is no text")) };
    // The reader's own words may quote what it read.
    let Some(address) = address(text) else {
        return Err(unusable("it names no current context with a cluster that has an address"));
    };
    let of = &maker.system;
    let settings = of.settings.iter().filter(|(key, _)| handed_on().any(|name| *name == key.as_str()));
    let system = System {
        kind: "kubernetes".to_owned(),
        site: of.site.clone(),
        address,
        credential: None,
        // The kubeconfig has the cluster's own.
        trust: None,
        settings: settings.map(|(key, value)| (key.clone(), value.clone())).collect(),
        created_at: of.created_at,
        created_by: of.created_by.clone(),
        version: of.version,
        name,
    };
    let secret = Some(SystemSecret::new(kubeconfig.to_vec()));
    Ok(SystemConnection { system, secret, broker: maker.broker.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hansa_ontology::{Actor, SiteId};

    fn maker() -> SystemConnection {
        let settings = [("exposure", "clusterIp"), ("templates", "{}"), ("namespace", "tenants")];
        SystemConnection {
            system: System {
                name: "capi".to_owned(),
                kind: "cluster_api".to_owned(),
                site: SiteId::new("urn:test:site").unwrap(),
                address: "https://127.0.0.1:1".to_owned(),
                credential: Some("capi".to_owned()),
                trust: Some("theirs".to_owned()),
                settings: settings.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
                created_at: chrono::DateTime::UNIX_EPOCH,
                created_by: Actor::Broker,
                version: 1,
            },
            secret: Some(SystemSecret::new(b"the maker's own".to_vec())),
            broker: "b".into(),
        }
    }

    #[test]
    fn a_kubeconfig_becomes_a_system() {
        let text = "{apiVersion: v1, kind: Config, current-context: a, contexts: [{name: a, context: {cluster: c, user: u}}],
            clusters: [{name: c, cluster: {server: 'https://192.0.2.1:6443'}}], users: [{name: u, user: {token: hush}}]}";
        let made = connection(&maker(), "capi/hansa-1".to_owned(), text.as_bytes()).unwrap();
        assert_eq!((made.system.kind.as_str(), made.system.address.as_str()), ("kubernetes", "https://192.0.2.1:6443"));
        assert_eq!(made.system.settings.keys().collect::<Vec<_>>(), ["exposure"], "the namespace is the maker's own");
        assert_eq!(made.system.trust, None, "its CA is its own");
        assert!(!format!("{made:?}").contains("hush"));
        let error = connection(&maker(), "capi/hansa-1".to_owned(), b"clusters: [hush: }").unwrap_err();
        assert!(!error.to_string().contains("hush"), "{error}");
    }
}
