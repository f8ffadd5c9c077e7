//! The way into a cluster of Magnum's: a client certificate that it issues for
//! a key of ours. The key is made here, stays in memory and is never sent.

use super::{
    Magnum,
    cluster::{Cluster, Stage},
};
use crate::connectors::door;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hansa_repository::system::{ClusterDoor, MadeCluster, SystemError, SystemErrorKind, SystemSecret};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use std::time::{Duration, Instant};

/// A certificate is renewed after so long, whatever its own end is.
const GOOD: Duration = Duration::from_secs(12 * 3_600);

/// A certificate that was issued to us.
#[derive(Debug)]
pub(super) struct Issued {
    /// The cluster's name.
    pub(super) cluster: String,
    at: Instant,
    /// What it was issued under: another one makes it worthless.
    authority: String,
    address: String,
    kubeconfig: SystemSecret,
}

#[derive(Deserialize)]
struct Certificate {
    pem: String,
}

impl Magnum {
    pub(super) async fn open(&self, name: &str) -> Result<ClusterDoor, SystemError> {
        let ours = self.ours(name).await?;
        let Some(first) = ours.first() else {
            return Ok(ClusterDoor::Nothing(format!("there is no cluster {name} of this broker any more")));
        };
        if !matches!(first.stage(), Stage::There | Stage::Busy) {
            return Ok(ClusterDoor::Nothing(format!("the cluster {name} can't be used ({})", first.told())));
        }
        let Some(cluster) = self.detail(first).await? else {
            return Ok(ClusterDoor::Nothing(format!("the cluster {name} has just gone")));
        };
        let made = MadeCluster { maker: self.connection.system.name.clone(), name: name.to_owned() };
        let kubeconfig = self.kubeconfig(&cluster, &made).await?;
        let opened = door::connection(&self.connection, made.to_string(), kubeconfig.reveal())?;
        Ok(ClusterDoor::Open(Box::new(opened)))
    }

    async fn kubeconfig(&self, cluster: &Cluster, made: &MadeCluster) -> Result<SystemSecret, SystemError> {
        let action = format!("open the cluster {}", cluster.name);
        let Some(address) = cluster.api_address.clone().filter(|address| address.starts_with("https://")) else {
            let said = format!("its address is `{}`", cluster.api_address.as_deref().unwrap_or_default());
            let remedy = "use a template with TLS (`tls_disabled` false) and an address that is reached from here";
            let error = self.error(&action, SystemErrorKind::Failed, said, remedy);
            return Err(SystemError { system: made.to_string(), ..error });
        };
        let read = self.magnum.get(&["certificates", &cluster.uuid], &[], "read its CA");
        let authority: Certificate = self.magnum.json(&read).await?;
        let mut issued = self.issued.lock().await;
        let known = issued
            .get(&cluster.uuid)
            .filter(|known| known.at.elapsed() < GOOD && known.authority == authority.pem && known.address == address);
        if let Some(known) = known {
            return Ok(known.kubeconfig.clone());
        }
        let (request, key) = request().map_err(|said| self.error(&action, SystemErrorKind::Failed, said, ""))?;
        let body = json!({ "cluster_uuid": cluster.uuid, "csr": request });
        let call = self.magnum.call(Method::POST, &["certificates"], "have a certificate issued").json(&body);
        let certificate: Certificate = self.magnum.json(&call).await?;
        let kubeconfig = written(&address, &authority.pem, &certificate.pem, &key);
        let new = Issued {
            cluster: cluster.name.clone(),
            at: Instant::now(),
            authority: authority.pem,
            address,
            kubeconfig: kubeconfig.clone(),
        };
        issued.insert(cluster.uuid.clone(), new);
        Ok(kubeconfig)
    }
}

/// A signing request for an administrator, and its key.
fn request() -> Result<(String, String), String> {
    let key = KeyPair::generate().map_err(|error| error.to_string())?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "admin");
    params.distinguished_name.push(DnType::OrganizationName, "system:masters");
    let request = params.serialize_request(&key).map_err(|error| error.to_string())?;
    Ok((request.pem().map_err(|error| error.to_string())?, key.serialize_pem()))
}

fn written(address: &str, authority: &str, certificate: &str, key: &str) -> SystemSecret {
    let encoded = |pem: &str| STANDARD.encode(pem);
    let text = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "magnum",
        "contexts": [{ "name": "magnum", "context": { "cluster": "magnum", "user": "magnum" } }],
        "clusters": [{ "name": "magnum", "cluster": {
            "server": address, "certificate-authority-data": encoded(authority) } }],
        "users": [{ "name": "magnum", "user": {
            "client-certificate-data": encoded(certificate), "client-key-data": encoded(key) } }],
    });
    SystemSecret::new(text.to_string().into_bytes())
}
