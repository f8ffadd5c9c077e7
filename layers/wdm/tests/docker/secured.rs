//! An engine behind a port: with TLS, and with a certificate of the broker's own.

use crate::room::{Room, on};
use hansa_test_systems::{docker_with, free_port};
use hansa_wdm::Peers;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::fs;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Certificate and key, PEM.
fn issue(authority: &Authority) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    (params.signed_by(&key, authority).unwrap().pem(), key.serialize_pem())
}

fn secret(authority: &Authority) -> String {
    let (certificate, key) = issue(authority);
    serde_json::json!({ "certificate": certificate, "key": key }).to_string()
}

#[test]
fn an_engine_behind_tls() {
    let (ours, theirs) = (authority(), authority());
    let port = free_port();
    let engine = || {
        docker_with(|folder| {
            let (certificate, key) = issue(&ours);
            let at = |name: &str| folder.join(name).display().to_string();
            fs::write(at("ca.pem"), ours.pem()).unwrap();
            fs::write(at("server.pem"), certificate).unwrap();
            fs::write(at("server.key"), key).unwrap();
            vec![
                format!("--host=tcp://127.0.0.1:{port}"),
                "--tlsverify".to_owned(),
                format!("--tlscacert={}", at("ca.pem")),
                format!("--tlscert={}", at("server.pem")),
                format!("--tlskey={}", at("server.key")),
            ]
        })
    };
    on(engine, &async |room: &mut Room| {
        let (address, trust) = (format!("https://127.0.0.1:{port}"), ours.pem());
        let good = secret(&ours);
        let mut spec = room.server("web");
        let refused = async |spec| room.wdm.workload_apply(spec, &Peers::new()).await.unwrap_err().to_string();

        // An engine that is not known by its certificate; a broker that is not known by its own.
        room.connect_with(&address, &[], Some(&good), Some(&theirs.pem())).await;
        let said = refused(&spec).await;
        assert!(said.contains("invalid peer certificate") && said.contains("can't be reached"), "{said}");
        room.connect_with(&address, &[], Some(&good), None).await;
        let said = refused(&spec).await;
        assert!(said.contains("invalid peer certificate"), "without anchors of its own: {said}");
        room.connect_with(&address, &[], Some(&secret(&theirs)), Some(&trust)).await;
        let said = refused(&spec).await;
        assert!(!said.contains("PRIVATE"), "{said}");
        room.connect_with(&format!("tcp://192.0.2.1:{port}"), &[], None, None).await;
        let said = refused(&spec).await;
        assert!(said.contains("without TLS"), "{said}");

        // By an address of another machine the numbers can't be tried, and what runs has no process here.
        room.connect_with(&address, &[], Some(&good), Some(&trust)).await;
        let status = room.until_running(&spec).await;
        assert_eq!(status.pid, Some(0));
        let endpoint = status.endpoints["http"];
        let text = reqwest::get(format!("http://{endpoint}/index.html")).await.unwrap().text().await.unwrap();
        assert_eq!(text, "hello from web\n");
        // The credential is rotated: the next call uses it.
        room.connect_with(&address, &[], Some(&secret(&theirs)), Some(&trust)).await;
        let all = room.wdm.workload_observe(spec.application).await.unwrap();
        assert!(all[0].unseen.is_some(), "{all:?}");
        room.connect_with(&address, &[], Some(&secret(&ours)), Some(&trust)).await;
        spec.revision = "2".to_owned();
        room.restarted(&spec, &status).await;
        room.remove(&spec).await;
    });
}
