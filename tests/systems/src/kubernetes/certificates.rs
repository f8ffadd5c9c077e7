//! A cluster's own authority, and what it has signed.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};
use std::{
    fs,
    net::{IpAddr, Ipv4Addr},
    path::Path,
};

/// The authority's certificate; all else lies in files.
#[derive(Debug)]
pub(super) struct Authority {
    pub(super) certificate: String,
}

impl Authority {
    /// Writes `ca.crt`, `api.*` (the API server), `client.*` (the API server to
    /// a node's agent) and `sa.*` (signs service accounts) into the folder.
    /// What is there from an earlier life stays.
    pub(super) fn make(folder: &Path, address: Ipv4Addr) -> Self {
        if let Ok(certificate) = fs::read_to_string(folder.join("ca.crt")) {
            return Self { certificate };
        }
        let mut params = named("hansa-test-ca", None);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate");
        write(folder, "ca.crt", &issuer.pem());
        let mut server = named("kube-apiserver", None);
        server.subject_alt_names = [address, Ipv4Addr::LOCALHOST, Ipv4Addr::new(10, 96, 0, 1)]
            .map(|address| SanType::IpAddress(IpAddr::V4(address)))
            .to_vec();
        for (file, params) in [("api", server), ("client", named("kube-apiserver-client", Some("system:masters")))] {
            let key = KeyPair::generate().expect("a key");
            let certificate = params.signed_by(&key, &issuer).expect("a certificate");
            write(folder, &format!("{file}.crt"), &certificate.pem());
            write(folder, &format!("{file}.key"), &key.serialize_pem());
        }
        let key = KeyPair::generate().expect("a key");
        write(folder, "sa.key", &key.serialize_pem());
        write(folder, "sa.pub", &key.public_key_pem());
        Self { certificate: issuer.pem() }
    }
}

fn named(name: &str, group: Option<&str>) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    if let Some(group) = group {
        params.distinguished_name.push(DnType::OrganizationName, group);
    }
    params
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).expect("a file of the authority");
}
