//! Logging in at a real Keystone.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    clippy::print_stderr,
    reason = "these are tests"
)]

#[path = "../shared/mod.rs"]
mod shared;

use hansa_pim::{
    connectors::{http::HttpCall, keystone::Keystone},
    testing::connection,
};
use hansa_repository::system::{SystemError, SystemErrorKind};
use hansa_test_systems::{ACCESS_TOKEN, ADMIN_PASSWORD, Keystone as Server};
use reqwest::Method;
use serde_json::{Value, json};
use shared::Operator;
use std::time::Duration;

fn account(server: &Server, secret: &Value) -> Keystone {
    Keystone::new(&connection("openstack", &server.address, Some(&secret.to_string()), &[])).unwrap()
}

fn by_password(user: &str, password: &str) -> Value {
    json!({ "auth": {
        "username": user, "password": password, "user_domain_name": "Default",
        "project_name": "admin", "project_domain_name": "Default" } })
}

/// Something that only a good token may do.
async fn reads(keystone: &Keystone, server: &Server) -> Result<(), SystemError> {
    let url = format!("{}/auth/projects", server.address).parse().unwrap();
    let call = HttpCall::new(Method::GET, url, "list the projects");
    let answer = keystone.send(&call).await?;
    if answer.status.is_success() { Ok(()) } else { Err(keystone.http().refusal(&call, &answer)) }
}

/// A user of the project `admin`.
async fn user(operator: &Operator, name: &str, password: &str) -> String {
    let made = operator.does("POST", "/users", json!({ "user": { "name": name, "password": password } })).await;
    let id = made["user"]["id"].as_str().unwrap().to_owned();
    let project = operator.get("/projects?name=admin").await["projects"][0]["id"].as_str().unwrap().to_owned();
    let role = operator.get("/roles?name=member").await["roles"][0]["id"].as_str().unwrap().to_owned();
    operator.does("PUT", &format!("/projects/{project}/users/{id}/roles/{role}"), Value::Null).await;
    id
}

#[tokio::test]
async fn logs_in_by_every_documented_way() {
    let Some(server) = Server::start(3_600) else { return };
    let operator = Operator::of(&server.address, &server.address, ADMIN_PASSWORD, &[]).await;
    passwords(&server).await;
    clouds_yaml(&server).await;
    application_credentials(&server, &operator).await;
    tokens_revoked_in_the_middle(&server, &operator).await;
    federation(&server, &operator).await;
    catalogue(&server).await;
}

async fn passwords(server: &Server) {
    let good = account(server, &by_password("admin", ADMIN_PASSWORD));
    let who = good.whoami().await.unwrap();
    assert!(who.starts_with("admin in admin, roles ") && who.contains("admin"), "{who}");
    assert!(good.version().await.unwrap().starts_with("v3."));
    reads(&good, server).await.unwrap();
    assert!(!format!("{good:?}").contains(ADMIN_PASSWORD));

    let wrong = account(server, &by_password("admin", "not-the-password"));
    let error = wrong.whoami().await.unwrap_err();
    assert_eq!(error.kind, SystemErrorKind::Unauthenticated, "{error}");
    assert!(error.said.contains("401") && error.remedy.contains("credential"), "{error}");
    assert!(!error.to_string().contains("not-the-password"), "{error}");
    // An account that is locked after some tries is not locked by us.
    let asked = std::time::Instant::now();
    assert_eq!(wrong.whoami().await.unwrap_err(), error);
    assert!(asked.elapsed() < Duration::from_millis(20), "Keystone was asked again");

    let mut elsewhere = by_password("admin", ADMIN_PASSWORD);
    elsewhere["auth"]["project_name"] = json!("nowhere");
    assert_eq!(account(server, &elsewhere).whoami().await.unwrap_err().kind, SystemErrorKind::Unauthenticated);
}

async fn clouds_yaml(server: &Server) {
    let text = format!(
        "# of one cloud\nclouds:\n  mine:\n    region_name: one\n    auth:\n      auth_url: {}\n      username: admin\n      \
         password: '{ADMIN_PASSWORD}'\n      project_name: admin\n      user_domain_name: Default\n      \
         project_domain_name: Default\n",
        server.address
    );
    let keystone = Keystone::new(&connection("openstack", &server.address, Some(&text), &[])).unwrap();
    assert!(keystone.whoami().await.unwrap().starts_with("admin in admin"));
    assert!(keystone.endpoint(&["identity"]).await.unwrap().is_some());
    assert!(keystone.endpoint(&["compute"]).await.unwrap().is_none());
}

async fn application_credentials(server: &Server, operator: &Operator) {
    let id = user(operator, "owner", "owner-password").await;
    let owner = account(server, &by_password("owner", "owner-password"));
    let url = format!("{}/users/{id}/application_credentials", server.address).parse().unwrap();
    let body = json!({ "application_credential": { "name": "hansa", "secret": "secret-of-the-credential" } });
    let made: Value = {
        let call = HttpCall::new(Method::POST, url, "make an application credential").json(&body);
        let answer = owner.send(&call).await.unwrap();
        assert!(answer.status.is_success(), "{}", String::from_utf8_lossy(&answer.body));
        serde_json::from_slice(&answer.body).unwrap()
    };
    let which = made["application_credential"]["id"].as_str().unwrap();
    let by_id = json!({ "auth_type": "v3applicationcredential", "auth": {
        "application_credential_id": which, "application_credential_secret": "secret-of-the-credential" } });
    let by_name = json!({ "application_credential_name": "hansa", "username": "owner", "user_domain_name": "Default",
        "application_credential_secret": "secret-of-the-credential" });
    let account_by_id = account(server, &by_id);
    for (keystone, how) in [(&account_by_id, "by id"), (&account(server, &by_name), "by name")] {
        assert!(keystone.whoami().await.unwrap().starts_with("owner in admin"), "{how}");
        reads(keystone, server).await.unwrap();
    }
    // Taken back: no new token is had by it, and the old one is worth nothing.
    let path = format!("{}/users/{id}/application_credentials/{which}", server.address);
    let call = HttpCall::new(Method::DELETE, path.parse().unwrap(), "take it back");
    assert!(owner.send(&call).await.unwrap().status.is_success());
    reads(&account_by_id, server).await.unwrap_err();
    let error = account(server, &by_id).whoami().await.unwrap_err();
    assert_eq!(error.kind, SystemErrorKind::Unauthenticated, "{error}");
    assert!(!error.to_string().contains("secret-of-the-credential"), "{error}");
}

async fn tokens_revoked_in_the_middle(server: &Server, operator: &Operator) {
    let id = user(operator, "worker", "worker-password").await;
    let worker = account(server, &by_password("worker", "worker-password"));
    reads(&worker, server).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    // The same password anew: every token of before is void.
    let path = format!("/users/{id}");
    operator.does("PATCH", &path, json!({ "user": { "password": "worker-password" } })).await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let many = futures_util::future::join_all((0..8).map(|_| reads(&worker, server))).await;
    assert!(many.iter().all(Result::is_ok), "{many:?}");
    // Another password: the account is out.
    operator.does("PATCH", &path, json!({ "user": { "password": "another-password" } })).await;
    let error = reads(&worker, server).await.unwrap_err();
    assert_eq!(error.kind, SystemErrorKind::Unauthenticated, "{error}");
}

async fn federation(server: &Server, operator: &Operator) {
    let group = operator.does("POST", "/groups", json!({ "group": { "name": "partners" } })).await;
    let group = group["group"]["id"].as_str().unwrap();
    let project = operator.get("/projects?name=admin").await["projects"][0]["id"].as_str().unwrap().to_owned();
    let role = operator.get("/roles?name=member").await["roles"][0]["id"].as_str().unwrap().to_owned();
    operator.does("PUT", &format!("/projects/{project}/groups/{group}/roles/{role}"), Value::Null).await;
    let idp = json!({ "identity_provider": { "enabled": true, "remote_ids": ["https://idp.example"] } });
    operator.does("PUT", "/OS-FEDERATION/identity_providers/partners", idp).await;
    let rules = json!([{ "local": [{ "user": { "name": "{0}" } }, { "group": { "id": group } }],
                         "remote": [{ "type": "REMOTE_USER" }] }]);
    operator.does("PUT", "/OS-FEDERATION/mappings/partners", json!({ "mapping": { "rules": rules } })).await;
    let path = "/OS-FEDERATION/identity_providers/partners/protocols/openid";
    operator.does("PUT", path, json!({ "protocol": { "mapping_id": "partners" } })).await;

    let secret = |token: &str, project: Option<&str>| {
        let mut auth = json!({ "identity_provider": "partners", "protocol": "openid", "access_token": token });
        if let Some(project) = project {
            auth["project_name"] = json!(project);
            auth["project_domain_name"] = json!("Default");
        }
        json!({ "auth_type": "v3oidcaccesstoken", "auth": auth })
    };
    let partner = account(server, &secret(ACCESS_TOKEN, Some("admin")));
    let who = partner.whoami().await.unwrap();
    assert!(who.starts_with("somebody in admin, roles ") && who.contains("member"), "{who}");
    reads(&partner, server).await.unwrap();
    let unscoped = account(server, &secret(ACCESS_TOKEN, None));
    assert!(unscoped.whoami().await.unwrap().starts_with("somebody in no project"));

    let expired = account(server, &secret("an-expired-token", Some("admin")));
    let error = expired.whoami().await.unwrap_err();
    assert_eq!(error.kind, SystemErrorKind::Unauthenticated, "{error}");
    assert!(error.said.contains("the access token is not accepted"), "{error}");
    assert!(error.remedy.contains("new access token") && !error.to_string().contains("an-expired-token"), "{error}");
}

async fn catalogue(server: &Server) {
    let secret = by_password("admin", ADMIN_PASSWORD).to_string();
    for (name, value, told) in [("region", "two", "in the region two"), ("interface", "admin", "no admin endpoint")] {
        let connection = connection("openstack", &server.address, Some(&secret), &[(name, value)]);
        let error = Keystone::new(&connection).unwrap().endpoint(&["identity"]).await.unwrap_err();
        assert_eq!(error.kind, SystemErrorKind::Invalid, "{error}");
        assert!(error.said.contains(told) && error.said.contains("public in one"), "{error}");
    }
    // The address of Keystone's root will do as well.
    let root = server.address.trim_end_matches("/v3");
    let keystone = Keystone::new(&connection("openstack", root, Some(&secret), &[])).unwrap();
    assert!(keystone.whoami().await.is_ok());
}

#[tokio::test]
async fn a_token_is_renewed_before_it_expires() {
    let Some(server) = Server::start(5) else { return };
    let keystone = account(&server, &by_password("admin", ADMIN_PASSWORD));
    for _ in 0..4 {
        reads(&keystone, &server).await.unwrap();
        tokio::time::sleep(Duration::from_millis(2_600)).await;
    }
}
