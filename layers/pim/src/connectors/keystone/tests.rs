//! The pure parts: what a credential says, what a catalogue says.

use super::{
    Microversion,
    catalogue::{TokenAnswer, base},
    credential::{Access, Credential, Endpoint, Identity, Scope},
    identity_base, kind_of_words,
};
use hansa_ontology::{Actor, SiteId};
use hansa_repository::system::{System, SystemConnection, SystemError, SystemErrorKind, SystemSecret};
use serde_json::json;

fn read(secret: &str, settings: &[(&str, &str)]) -> Result<Credential, SystemError> {
    Credential::read(&SystemConnection {
        system: System {
            name: "cloud".to_owned(),
            kind: "openstack".to_owned(),
            site: SiteId::new("urn:test:site:cloud").unwrap(),
            address: "https://cloud.example:5000".to_owned(),
            credential: Some("cloud".to_owned()),
            trust: None,
            settings: settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            created_at: chrono::DateTime::UNIX_EPOCH,
            created_by: Actor::Local,
            version: 1,
        },
        secret: Some(SystemSecret::new(secret.as_bytes().to_vec())),
        broker: "b".into(),
    })
}

#[test]
fn passwords_of_clouds_yaml_in_json_and_yaml_are_the_same() {
    let yaml = "clouds:\n  mine:\n    region_name: RegionOne\n    interface: internalURL\n    auth:\n      username: hansa\n      \
                password: 007\n      project_id: 12e45\n      user_domain_name: Partners\n";
    let flat = json!({ "region_name": "RegionOne", "interface": "internal", "username": "hansa", "password": "007",
        "project_id": "12e45", "user_domain_name": "Partners" });
    for text in [yaml, &flat.to_string()] {
        let credential = read(text, &[]).unwrap();
        let Identity::Password { user, password } = credential.identity else { panic!() };
        assert_eq!(user, json!({ "name": "hansa", "domain": { "name": "Partners" } }));
        assert_eq!(password.text(), Some("007"), "as it was written, not as a number");
        assert_eq!(credential.scope, Scope::Given(json!({ "project": { "id": "12e45" } })));
        assert_eq!((credential.region.as_deref(), credential.interface.as_str()), (Some("RegionOne"), "internal"));
    }
}

#[test]
fn settings_go_before_what_the_credential_says() {
    let secret = json!({ "username": "u", "password": "p", "project_name": "a", "region_name": "one" }).to_string();
    let settings = [("region", "two"), ("project", "b"), ("project-domain", "D"), ("interface", "admin")];
    let credential = read(&secret, &settings).unwrap();
    assert_eq!(credential.scope, Scope::Given(json!({ "project": { "name": "b", "domain": { "name": "D" } } })));
    assert_eq!((credential.region.as_deref(), credential.interface.as_str()), (Some("two"), "admin"));
}

#[test]
fn every_kind_of_login_is_recognised() {
    let application = json!({ "application_credential_id": "i", "application_credential_secret": "s" });
    let credential = read(&application.to_string(), &[("project", "ignored")]).unwrap();
    assert!(matches!(credential.identity, Identity::Application { .. }));
    assert_eq!(credential.scope, Scope::Implied, "it brings its own project, and Keystone refuses another");

    let federated = json!({ "identity_provider": "idp", "protocol": "openid", "client_id": "c", "client_secret": "s",
        "discovery_endpoint": "https://idp.example/.well-known/openid-configuration", "domain_name": "D" });
    let credential = read(&federated.to_string(), &[]).unwrap();
    let Identity::Federated { access: Access::Asked { at, form, .. }, .. } = credential.identity else { panic!() };
    assert!(matches!(at, Endpoint::Discovery(_)));
    assert_eq!(form[0].1.text(), Some("client_credentials"));
    assert_eq!(credential.scope, Scope::Given(json!({ "domain": { "name": "D" } })));

    let token =
        json!({ "auth_type": "v3oidcaccesstoken", "identity_provider": "i", "protocol": "o", "access_token": "t" });
    let credential = read(&token.to_string(), &[]).unwrap();
    assert!(matches!(credential.identity, Identity::Federated { access: Access::Token(_), .. }));
    let system = json!({ "username": "u", "password": "p", "system_scope": "all" });
    assert_eq!(read(&system.to_string(), &[]).unwrap().scope, Scope::Given(json!({ "system": { "all": true } })));
}

#[test]
fn faults_of_a_credential_name_the_field_and_no_secret() {
    for (secret, said) in [
        ("{}", "`username` or `user_id` is missing"),
        (r#"{"username": "u", "user_domain_name": "d"}"#, "`password` is missing"),
        (r#"{"application_credential_secret": "hidden"}"#, "`username` is missing"),
        (r#"{"auth_type": "v2password", "password": "hidden"}"#, "`auth_type` is v2password"),
        (r#"{"clouds": {"a": {"password": "hidden"}, "b": {}}}"#, "several clouds"),
        ("password: [hidden\n", "neither JSON nor YAML"),
        ("hidden", "no object"),
        ("", "it is empty"),
    ] {
        let error = read(secret, &[]).unwrap_err();
        assert_eq!(error.kind, SystemErrorKind::Unauthenticated);
        assert!(error.said.contains(said), "{secret}: {error}");
        assert!(!error.to_string().contains("hidden"), "{error}");
    }
    let good = read(r#"{"username": "u", "password": "hidden"}"#, &[]).unwrap();
    assert!(!format!("{good:?}").contains("hidden"));
}

#[test]
fn services_are_found_by_type_region_and_interface() {
    let endpoint = |interface: &str, region: &str, url: &str| json!({ "interface": interface, "region": region, "region_id": region, "url": url });
    let answer: TokenAnswer = serde_json::from_value(json!({ "token": {
        "issued_at": "2026-11-22T08:00:00.000000Z", "expires_at": "2026-11-22T09:00:00.000000Z",
        "user": { "id": "u", "name": "hansa" }, "roles": [{ "id": "r", "name": "member" }],
        "catalog": [
            { "type": "volumev3", "endpoints": [endpoint("public", "one", "https://c/v3/p")] },
            { "type": "compute", "endpoints": [
                endpoint("internal", "one", "https://i/v2.1"), endpoint("public", "one", "https://p/v2.1"),
                endpoint("public", "two", "https://q/v2.1")] } ] } }))
    .unwrap();
    let token = answer.token;
    assert_eq!(token.lifetime().as_secs(), 3_600);
    let url = |types: &[&str], region, interface: &str| token.endpoint(types, region, interface);
    assert_eq!(url(&["compute"], Some("two"), "public"), Ok(Some("https://q/v2.1".to_owned())));
    assert_eq!(url(&["compute"], None, "public"), Ok(Some("https://p/v2.1".to_owned())));
    assert_eq!(url(&["block-storage", "volumev3"], None, "public"), Ok(Some("https://c/v3/p".to_owned())));
    assert_eq!(url(&["baremetal"], None, "public"), Ok(None));
    assert_eq!(url(&["volumev3"], Some("two"), "public"), Err("public in one".to_owned()));
}

#[test]
fn addresses_are_completed() {
    assert_eq!(identity_base("https://c.example:5000").unwrap().as_str(), "https://c.example:5000/v3/");
    assert_eq!(identity_base("https://c.example/identity/v3/").unwrap().as_str(), "https://c.example/identity/v3/");
    assert_eq!(base("https://c.example/compute/v2.1?x#y").unwrap().as_str(), "https://c.example/compute/v2.1/");
    assert!(base("unix:///run/keystone").is_err() && identity_base("c.example").is_err());
}

#[test]
fn microversions_are_agreed_on() {
    let of = |text: &str| text.parse::<Microversion>().unwrap();
    let ours = (of("2.37"), of("2.79"));
    assert_eq!(Microversion::negotiated(ours, (of("2.1"), of("2.104"))), Some(of("2.79")));
    assert_eq!(Microversion::negotiated(ours, (of("2.1"), of("2.60"))), Some(of("2.60")));
    assert_eq!(Microversion::negotiated(ours, (of("2.1"), of("2.36"))), None);
    assert_eq!(Microversion::negotiated(ours, (of("2.80"), of("2.104"))), None);
    assert!(of("2.9") < of("2.10"), "numbers, not text");
    assert!("".parse::<Microversion>().is_err() && "2".parse::<Microversion>().is_err());
    assert_eq!(kind_of_words("No valid host was found."), Some(SystemErrorKind::NoRoom));
}
