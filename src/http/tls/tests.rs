//! TLS with certificates made here, against a real server.

use super::*;
use actix_web::{App, HttpResponse, HttpServer, web};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::{fs, net::TcpListener, path::PathBuf};
use tempfile::TempDir;

/// An authority, and files of certificates that it made.
struct Authority {
    folder: TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { folder, issuer }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Certificate and key of this name.
    fn issue(&self, name: &str) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(self.path(&format!("{name}.pem")), certificate.pem()).unwrap();
        fs::write(self.path(&format!("{name}.key")), key.serialize_pem()).unwrap();
        (self.path(&format!("{name}.pem")), self.path(&format!("{name}.key")))
    }

    fn server(&self) -> ServerTlsSettings {
        let (certificate, key) = self.issue("server");
        ServerTlsSettings { certificate: Some(certificate), key: Some(key), client_ca: None }
    }

    fn client(&self, identity: Option<&str>) -> reqwest::Client {
        let root = reqwest::Certificate::from_pem(&fs::read(self.path("ca.pem")).unwrap()).unwrap();
        let mut builder = reqwest::Client::builder().no_proxy().tls_certs_only([root]);
        if let Some(name) = identity {
            let (certificate, key) = self.issue(name);
            let pem = [fs::read(certificate).unwrap(), fs::read(key).unwrap()].concat();
            builder = builder.identity(reqwest::Identity::from_pem(&pem).unwrap());
        }
        builder.build().unwrap()
    }
}

/// Serves one page over TLS, and gives its URL.
fn serve(settings: &ServerTlsSettings) -> String {
    let config = server(settings).unwrap().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    let server = HttpServer::new(|| App::new().default_service(web::to(async || HttpResponse::Ok().body("hello"))))
        .workers(1)
        .disable_signals()
        .listen_rustls_0_23(listener, config)
        .unwrap()
        .run();
    tokio::spawn(server);
    url
}

#[tokio::test]
async fn who_trusts_the_authority_is_served_and_others_go_away() {
    let authority = Authority::new();
    let url = serve(&authority.server());
    let answer = authority.client(None).get(&url).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "hello");
    let stranger = Authority::new().client(None);
    let refused = stranger.get(&url).send().await.unwrap_err();
    assert!(format!("{refused:?}").contains("InvalidCertificate"), "{refused:?}");
    let plain = reqwest::Client::builder().no_proxy().build().unwrap();
    assert!(plain.get(url.replace("https", "http")).send().await.is_err());
}

#[tokio::test]
async fn with_an_authority_for_clients_only_who_shows_its_certificate_is_served() {
    let (authority, partners) = (Authority::new(), Authority::new());
    let settings = ServerTlsSettings { client_ca: Some(partners.path("ca.pem")), ..authority.server() };
    let url = serve(&settings);
    assert!(authority.client(None).get(&url).send().await.is_err(), "no certificate");
    assert!(authority.client(Some("other")).get(&url).send().await.is_err(), "one of another authority");
    let root = reqwest::Certificate::from_pem(&fs::read(authority.path("ca.pem")).unwrap()).unwrap();
    let (certificate, key) = partners.issue("partner");
    let pem = [fs::read(certificate).unwrap(), fs::read(key).unwrap()].concat();
    let partner = reqwest::Client::builder().no_proxy().tls_certs_only([root]);
    let partner = partner.identity(reqwest::Identity::from_pem(&pem).unwrap()).build().unwrap();
    assert_eq!(partner.get(&url).send().await.unwrap().status(), 200);
}

#[test]
fn a_file_that_is_no_certificate_is_told_with_its_setting() {
    let authority = Authority::new();
    let good = authority.server();
    let bad = authority.path("bad.pem");
    fs::write(&bad, "nothing").unwrap();
    let told = |settings: &ServerTlsSettings| server(settings).unwrap_err().to_string();
    assert!(
        told(&ServerTlsSettings { certificate: Some(bad.clone()), ..good.clone() })
            .starts_with("server.tls.certificate: ")
    );
    assert!(told(&ServerTlsSettings { key: Some(bad.clone()), ..good.clone() }).starts_with("server.tls.key: "));
    assert!(told(&ServerTlsSettings { client_ca: Some(bad), ..good.clone() }).starts_with("server.tls.client_ca: "));
    let (_, other) = authority.issue("other");
    let mismatch = ServerTlsSettings { key: Some(other), ..good };
    assert!(told(&mismatch).contains("can't be used together"));
    assert!(server(&ServerTlsSettings::default()).unwrap().is_none());
}
