//! `hansa tosca`: templates without a broker.

use crate::harness::hansa;
use rcgen::{CertificateParams, KeyPair};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use std::{
    fs,
    io::{Read as _, Write as _},
    net::{IpAddr, Ipv4Addr, TcpListener},
    path::Path,
    sync::Arc,
    thread,
};

const SHOP: &str = "tosca_definitions_version: tosca_simple_yaml_1_2
imports: [https://raw.githubusercontent.com/micado-scale/tosca/main/micado_types.yaml]
topology_template:
  inputs: { image: { type: string, default: 'shop:1' } }
  node_templates:
    web:
      type: tosca.nodes.MiCADO.Container.Application.Docker.Deployment
      properties:
        image: { get_input: image }
        env: [{ name: DB_HOST, value: db }]
        ports: [{ port: 80, nodePort: 30080 }]
        tty: true
    db:
      type: tosca.nodes.MiCADO.Container.Application.Docker.Deployment
      properties: { image: 'db:1', ports: [{ port: 5432 }] }
";

fn folder(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("shop.yaml"), text).unwrap();
    folder
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_template_is_checked_without_a_broker() {
    let folder = folder(SHOP);
    let said = hansa(folder.path(), &["tosca", "validate", "shop.yaml"], &[]).ok();
    assert!(said.contains("shop.yaml: no fault found; TOSCA 1.2, 2 nodes"), "{said}");
    let verdict = json(&hansa(folder.path(), &["tosca", "validate", "shop.yaml", "-o", "json"], &[]).ok());
    assert_eq!((&verdict["valid"], &verdict["version"]), (&true.into(), &"1.2".into()));

    let broken = SHOP.replace("tty: true", "ttty: true").replace("value: db }", "value: { get_input: nothing } }");
    fs::write(folder.path().join("shop.yaml"), broken).unwrap();
    let told = hansa(folder.path(), &["tosca", "validate", "shop.yaml"], &[]).failed(2);
    assert!(told.contains("shop.yaml: 2 faults"), "{told}");
    assert!(told.contains("shop.yaml:12:9: the node template `web` has no property `ttty` [unknown-field]"), "{told}");
    assert!(told.contains("did you mean `tty`?") && told.contains("there is no input `nothing`"), "{told}");
    let ended = hansa(folder.path(), &["tosca", "validate", "shop.yaml", "-o", "json"], &[]);
    assert_eq!(ended.code, 2);
    let verdict = json(&ended.stdout);
    assert_eq!(verdict["diagnostics"].as_array().unwrap().len(), 2);
    assert_eq!(verdict["diagnostics"][1]["line"], 12);
    hansa(folder.path(), &["tosca", "convert", "shop.yaml"], &[]).failed(2);
    hansa(folder.path(), &["tosca", "validate", "nothing.yaml"], &[]).failed(2);
}

#[test]
fn a_template_is_shown_with_its_values() {
    let folder = folder(SHOP);
    let table = hansa(folder.path(), &["tosca", "show", "shop.yaml", "--input", "image=shop:2"], &[]).ok();
    assert!(table.contains("NODE") && table.contains("image: \"shop:2\""), "{table}");
    fs::write(folder.path().join("values.yaml"), "image: shop:3\n").unwrap();
    let shown =
        hansa(folder.path(), &["tosca", "show", "shop.yaml", "--inputs", "values.yaml", "-o", "json"], &[]).ok();
    assert_eq!(json(&shown)["nodes"]["web"]["properties"]["image"], "shop:3");
    let yaml = hansa(folder.path(), &["tosca", "show", "shop.yaml", "-o", "yaml"], &[]).ok();
    assert!(yaml.contains("image: shop:1") || yaml.contains("image: \"shop:1\""), "{yaml}");
    assert_eq!(hansa(folder.path(), &["tosca", "show", "shop.yaml", "--input", "image"], &[]).code, 2);
}

#[test]
fn a_template_becomes_a_model_and_a_report() {
    let folder = folder(SHOP);
    let ended = hansa(folder.path(), &["tosca", "convert", "shop.yaml"], &[]);
    assert!(
        ended.stderr.contains("left out: `tty` of `web`") && ended.stderr.contains("the link from `web` to `db`"),
        "{}",
        ended.stderr
    );
    fs::write(folder.path().join("model.yaml"), ended.ok()).unwrap();
    let checked = hansa(folder.path(), &["model", "check", "model.yaml"], &[]).ok();
    assert!(checked.contains("no fault found; `shop` has 2 components"), "{checked}");
    let both = json(&hansa(folder.path(), &["tosca", "convert", "shop.yaml", "-o", "json"], &[]).ok());
    assert_eq!(both["model"]["links"][0]["to"], "db");
    assert!(
        both["report"].as_array().unwrap().iter().any(|remark| remark["kind"] == "left-out" && remark["line"] == 12)
    );
    fs::write(folder.path().join("shop.yaml"), SHOP.split("  node_templates").next().unwrap()).unwrap();
    let told = hansa(folder.path(), &["tosca", "convert", "shop.yaml"], &[]).failed(2);
    assert!(told.contains("no resource model can be made"), "{told}");
}

/// Gives this text to whoever asks over TLS, until the test's process ends. Writes the certificate beside.
fn serve(folder: &Path, text: &'static str) -> String {
    let mut asked = CertificateParams::new(Vec::new()).unwrap();
    asked.subject_alt_names.push(rcgen::SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    let key = KeyPair::generate().unwrap();
    let certificate = asked.self_signed(&key).unwrap();
    fs::write(folder.join("ca.pem"), certificate.pem()).unwrap();
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)
        .unwrap();
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
    let address = format!("https://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut tls = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream);
            let mut request = [0; 4096];
            let read = tls.read(&mut request).unwrap_or(0);
            let asked = String::from_utf8_lossy(&request[..read]).into_owned();
            let (status, body) = match asked.split(' ').nth(1) {
                Some("/types.yaml") => ("200 OK", text),
                Some("/moved.yaml") => ("302 Found\r\nLocation: /types.yaml", ""),
                _ => ("404 Not Found", ""),
            };
            let head =
                format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
            drop(tls.write_all(head.as_bytes()).and_then(|()| tls.flush()));
        }
    });
    address
}

#[test]
fn the_network_is_asked_only_where_that_is_allowed() {
    let types = "tosca_definitions_version: tosca_simple_yaml_1_3\nnode_types:\n  my.Node: { derived_from: tosca.nodes.Root }\n";
    let folder = folder("");
    let address = serve(folder.path(), types);
    let write = |path: &str| {
        let text = format!(
            "tosca_definitions_version: tosca_simple_yaml_1_3\nimports: [{path}]\ntopology_template:\n  node_templates:\n    a: {{ type: my.Node }}\n"
        );
        fs::write(folder.path().join("shop.yaml"), text).unwrap();
    };
    write(&format!("{address}/types.yaml"));
    let told = hansa(folder.path(), &["tosca", "validate", "shop.yaml"], &[]).failed(2);
    assert!(told.contains("--allow-network") && told.contains("shop.yaml: 1 fault"), "{told}");
    let with = ["tosca", "validate", "shop.yaml", "--allow-network", "--ca-file", "ca.pem"];
    assert!(hansa(folder.path(), &with, &[]).ok().contains("no fault found"));
    let told = hansa(folder.path(), &with[..4], &[]).failed(2);
    assert!(told.contains("can't be imported"), "a certificate that nobody vouches for: {told}");
    for (path, reason) in [
        (format!("{address}/nothing.yaml"), "the server answers 404"),
        (format!("{address}/moved.yaml"), "the server sends on to /types.yaml"),
        (format!("{}/types.yaml", address.replace("https", "http")), "only https is fetched"),
    ] {
        write(&path);
        let told = hansa(folder.path(), &with, &[]).failed(2);
        assert!(told.contains(reason), "{told}");
    }
}
