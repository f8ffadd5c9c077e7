//! TLS against real certificates: who is believed, and who isn't.

use crate::broker::{Broker, noon, run};
use hansa_federation::{
    AddressGuard, CallError, Client, Did,
    address::Loopback,
    client::{Call, ClientOptions, Peer},
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::WebPkiClientVerifier,
};
use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    sync::Arc,
    thread,
};
use url::Url;
use uuid::Uuid;

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut about = CertificateParams::new(Vec::new()).unwrap();
        about.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(about, KeyPair::generate().unwrap()).unwrap())
    }

    /// A certificate and its key, as DER and as PEM.
    fn issue(&self, name: &str) -> (CertificateDer<'static>, PrivateKeyDer<'static>, Vec<u8>) {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        let pem = format!("{}{}", certificate.pem(), key.serialize_pem()).into_bytes();
        (certificate.der().clone(), PrivateKeyDer::try_from(key.serialize_der()).unwrap(), pem)
    }

    fn pem(&self) -> Vec<u8> {
        self.0.pem().into_bytes()
    }
}

/// A server that answers every request 200; asks for a certificate of `clients` where there is one.
fn server(authority: &Authority, name: &str, clients: Option<&Authority>) -> Peer {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions().unwrap();
    let builder = match clients {
        Some(clients) => {
            let mut roots = RootCertStore::empty();
            roots.add(clients.0.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        }
        None => builder.with_no_client_auth(),
    };
    let (certificate, key, _) = authority.issue(name);
    let config = Arc::new(builder.with_single_cert(vec![certificate], key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = Url::parse(&format!("https://127.0.0.1:{}/", listener.local_addr().unwrap().port())).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut tls = StreamOwned::new(connection, stream.unwrap());
            if tls.read(&mut [0; 8_192]).is_ok() {
                let _gone = tls.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
                tls.conn.send_close_notify();
                let _gone = tls.flush();
            }
        }
    });
    Peer { did: Did::new("did:web:b.example").unwrap(), endpoint }
}

fn ask(peer: &Peer, roots: Option<&Authority>, identity: Option<Vec<u8>>) -> Result<(), CallError> {
    let broker = Broker::new("did:web:a.example");
    let options = ClientOptions {
        guard: AddressGuard::with_loopback(Loopback::Tls),
        root_certificates: roots.map(Authority::pem).unwrap_or_default(),
        identity,
        ..ClientOptions::default()
    };
    let (now, id) = (Arc::new(noon), Arc::new(|| Uuid::from_u128(1)));
    let client = Client::new(&options, broker.store, now, id).unwrap();
    run(client.send(peer, &Call::get("/x"))).map(drop)
}

#[test]
fn a_certificate_counts_only_from_a_known_authority_and_for_its_name() {
    let (known, other) = (Authority::new(), Authority::new());
    ask(&server(&known, "127.0.0.1", None), Some(&known), None).unwrap();
    for (peer, roots) in [
        (server(&known, "127.0.0.1", None), None),
        (server(&known, "127.0.0.1", None), Some(&other)),
        (server(&known, "b.example", None), Some(&known)),
    ] {
        let error = ask(&peer, roots, None).unwrap_err();
        assert!(matches!(error, CallError::NotSent { .. }), "{error}");
    }
}

#[test]
fn mutual_tls_shows_our_certificate() {
    let (known, clients) = (Authority::new(), Authority::new());
    let peer = server(&known, "127.0.0.1", Some(&clients));
    let (.., ours) = clients.issue("a.example");
    ask(&peer, Some(&known), Some(ours)).unwrap();
    assert!(ask(&peer, Some(&known), None).is_err(), "no certificate");
    let (.., strangers) = known.issue("a.example");
    assert!(ask(&peer, Some(&known), Some(strangers)).is_err(), "a certificate of another authority");
}

#[test]
fn certificates_that_are_none_are_told_at_the_start() {
    let broker = Broker::new("did:web:a.example");
    for options in [
        ClientOptions {
            root_certificates: b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec(),
            ..ClientOptions::default()
        },
        ClientOptions { root_certificates: b"no certificate".to_vec(), ..ClientOptions::default() },
        ClientOptions { identity: Some(b"nothing".to_vec()), ..ClientOptions::default() },
    ] {
        let store = Arc::clone(&broker.store);
        assert!(Client::new(&options, store, Arc::new(noon), Arc::new(|| Uuid::from_u128(1))).is_err(), "{options:?}");
    }
}
