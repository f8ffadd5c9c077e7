//! Tokens of people and services, on both databases.

use crate::issuer::{Forge, Stage, room};
use chrono::TimeDelta;
use hansa_iam::{
    Action, ErrorKind, GrantScope, Iam, IamOptions, MIGRATIONS, Principal, Role, TokenLimits, Via,
    account::{AccountFilter, NewServiceAccount},
    token::NewToken,
};
use hansa_ontology::{AccountId, ProjectId};
use hansa_repository::testing::{HandClock, for_each_database};
use std::collections::BTreeSet;

async fn service(iam: &Iam, name: &str) -> AccountId {
    let new = NewServiceAccount {
        name: name.to_owned(),
        over: GrantScope::Project(ProjectId::new("acme/web").unwrap()),
        role: Role::UseCaseUser,
    };
    iam.service_account_create(new, &Principal::local()).await.unwrap().id
}

fn new(name: &str) -> NewToken {
    NewToken { name: name.to_owned(), ..NewToken::default() }
}

#[test]
fn a_token_works_until_it_is_revoked_or_expires() {
    for_each_database(&[MIGRATIONS], async |database| {
        let clock = HandClock::default();
        let iam = room(database, &clock, IamOptions::default());
        let owner = service(&iam, "ci").await;
        let limits = TokenLimits {
            actions: Some(BTreeSet::from([Action::ApplicationRead])),
            projects: Some(BTreeSet::from([ProjectId::new("acme/web").unwrap()])),
        };
        let made = iam
            .token_create(owner, NewToken { limits: limits.clone(), ..new("build") }, &Principal::local())
            .await
            .unwrap();
        assert!(made.secret.reveal().starts_with("hansa_sat_"));
        let principal = iam.authenticate_bearer(made.secret.reveal()).await.unwrap();
        assert_eq!(principal.actor.to_string(), "ci@acme/web");
        assert_eq!(principal.limits, Some(limits));
        assert_eq!(principal.via, Via::Token(made.token.id.to_string()));
        assert_eq!(principal.grants.len(), 1);
        // When it was used is kept, coarsely.
        let used = iam.token_get(owner, made.token.id).await.unwrap().used_at.unwrap();
        clock.advance(TimeDelta::minutes(1));
        iam.authenticate_bearer(made.secret.reveal()).await.unwrap();
        assert_eq!(iam.token_get(owner, made.token.id).await.unwrap().used_at, Some(used));

        // One letter changed, another's id, another kind: unknown, all in the same words.
        let other = iam.token_create(owner, new("other"), &Principal::local()).await.unwrap();
        let (text, id) = (made.secret.reveal(), made.token.id.simple().to_string());
        let last = if text.ends_with('0') { "1" } else { "0" };
        let mut texts = BTreeSet::new();
        for bad in [
            format!("{}{last}", &text[..text.len() - 1]),
            text.replace(&id, &other.token.id.simple().to_string()),
            text.replace("hansa_sat_", "hansa_pat_"),
            text.to_uppercase().replace("HANSA_SAT_", "hansa_sat_"),
            format!("{text}0"),
            "hansa_pat_".to_owned(),
        ] {
            let error = iam.authenticate_bearer(&bad).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{bad}");
            texts.insert(error.to_string());
        }
        assert_eq!(texts.len(), 1, "{texts:?}");

        iam.token_revoke(owner, made.token.id).await.unwrap();
        iam.token_revoke(owner, made.token.id).await.unwrap();
        assert_eq!(iam.authenticate_bearer(text).await.unwrap_err().kind(), ErrorKind::Unauthenticated);
        clock.advance(TimeDelta::days(367));
        let expired = iam.authenticate_bearer(other.secret.reveal()).await.unwrap_err();
        assert!(expired.to_string().contains("expired"), "{expired}");
        let listed = iam.token_list(owner, None, 1).await.unwrap();
        assert_eq!(listed[0].id, other.token.id);
        assert_eq!(iam.token_list(owner, Some(listed[0].id), 10).await.unwrap()[0].id, made.token.id);
    });
}

#[test]
fn service_accounts_are_made_locked_rotated_and_removed() {
    for_each_database(&[MIGRATIONS], async |database| {
        let clock = HandClock::default();
        let iam = room(database, &clock, IamOptions::default());
        let owner = service(&iam, "ci").await;
        let over = GrantScope::Project(ProjectId::new("acme/web").unwrap());
        assert_eq!(iam.service_account_get(&over, "ci").await.unwrap().id, owner);
        assert_eq!(iam.service_account_get(&over, &owner.to_string()).await.unwrap().id, owner);
        // Another project's is not there, by whatever name.
        let other = GrantScope::Project(ProjectId::new("globex/shop").unwrap());
        for reference in ["ci", "ci@acme/web", &owner.to_string()] {
            assert_eq!(iam.service_account_get(&other, reference).await.unwrap_err().kind(), ErrorKind::NotFound);
        }
        assert!(iam.service_account_list(other, None, 10).await.unwrap().is_empty());
        assert_eq!(iam.service_account_list(over.clone(), None, 10).await.unwrap().len(), 1);

        let first = iam.token_create(owner, new("a"), &Principal::local()).await.unwrap();
        let second = iam.token_rotate(owner, first.token.id, &Principal::local()).await.unwrap();
        assert!(iam.authenticate_bearer(first.secret.reveal()).await.is_err());
        assert!(iam.authenticate_bearer(second.secret.reveal()).await.is_ok());
        assert_eq!(
            iam.token_rotate(owner, first.token.id, &Principal::local()).await.unwrap_err().kind(),
            ErrorKind::Conflict
        );

        let locked = iam.account_lock(owner, "left", None).await.unwrap();
        assert!(iam.authenticate_bearer(second.secret.reveal()).await.is_err());
        assert!(iam.token_create(owner, new("b"), &Principal::local()).await.is_err());
        let stale = iam.account_unlock(owner, Some(locked.version - 1)).await.unwrap_err();
        assert_eq!(stale.kind(), ErrorKind::PreconditionFailed);
        iam.account_unlock(owner, Some(locked.version)).await.unwrap();
        assert!(iam.authenticate_bearer(second.secret.reveal()).await.is_ok());

        iam.service_account_remove(owner, None).await.unwrap();
        assert!(iam.authenticate_bearer(second.secret.reveal()).await.is_err());
        // Its handle is not given again.
        let again = NewServiceAccount { name: "ci".into(), over, role: Role::Auditor };
        assert_eq!(
            iam.service_account_create(again, &Principal::local()).await.unwrap_err().kind(),
            ErrorKind::Conflict
        );
        assert!(iam.account_unlock(owner, None).await.is_err());
        assert_eq!(iam.account_list(AccountFilter::default(), 10).await.unwrap().len(), 1);
    });
}

#[test]
fn what_a_token_can_not_be() {
    for_each_database(&[MIGRATIONS], async |database| {
        use hansa_repository::ambient::Clock as _;
        let clock = HandClock::default();
        let iam = room(database, &clock, IamOptions::default());
        let owner = service(&iam, "ci").await;
        let now = clock.now();
        for wrong in [
            new(""),
            new(" "),
            new(&"n".repeat(101)),
            new("a\nb"),
            NewToken { expires_at: Some(now), ..new("x") },
            NewToken { expires_at: Some(now - TimeDelta::days(1)), ..new("x") },
            NewToken { expires_at: Some(now + TimeDelta::days(367)), ..new("x") },
        ] {
            assert_eq!(
                iam.token_create(owner, wrong.clone(), &Principal::local()).await.unwrap_err().kind(),
                ErrorKind::Invalid,
                "{wrong:?}"
            );
        }
        for _ in 0..100 {
            iam.token_create(owner, new("x"), &Principal::local()).await.unwrap();
        }
        assert_eq!(
            iam.token_create(owner, new("x"), &Principal::local()).await.unwrap_err().kind(),
            ErrorKind::Conflict
        );
        assert_eq!(iam.token_revoke_all(owner).await.unwrap(), 100);
        iam.token_create(owner, new("x"), &Principal::local()).await.unwrap();
        for role in [Role::CloudEdgeAdministrator, Role::InfrastructureAdministrator, Role::Partner] {
            let new =
                NewServiceAccount { name: "x".into(), over: GrantScope::Organisation("acme".parse().unwrap()), role };
            assert_eq!(
                iam.service_account_create(new, &Principal::local()).await.unwrap_err().kind(),
                ErrorKind::Invalid
            );
        }
        let broker = NewServiceAccount { name: "x".into(), over: GrantScope::Broker, role: Role::Auditor };
        assert_eq!(
            iam.service_account_create(broker, &Principal::local()).await.unwrap_err().kind(),
            ErrorKind::Invalid
        );
    });
}

#[tokio::test]
async fn a_personal_token_gives_nobody_back_what_the_issuer_took() {
    use hansa_iam::{LoginAnswer, session::Origin};
    use serde_json::json;
    let stage = Stage::new().await;
    let login = async |groups: &[&str]| {
        let begun = stage.iam.login_begin("corp", "/").await.unwrap();
        let sent: std::collections::BTreeMap<String, String> = begun.url.query_pairs().into_owned().collect();
        let mut claims = stage.claims();
        (claims["aud"], claims["nonce"], claims["groups"]) = (json!("hansa"), json!(sent["nonce"]), json!(groups));
        stage.behaviour.lock().unwrap().id_token = Some(claims);
        let (issuer, code) = ("corp".to_owned(), Some("c".to_owned()));
        let answer = LoginAnswer { issuer, code, state: Some(sent["state"].clone()), ..LoginAnswer::default() };
        let entered = stage.iam.login_finish(answer, Some(begun.browser.reveal()), None, Origin::default()).await;
        entered.unwrap().principal
    };
    let bearer = async |groups: &[&str]| {
        let mut claims = stage.claims();
        claims["groups"] = json!(groups);
        let token = {
            let behaviour = stage.behaviour.lock().unwrap();
            Forge { keys: &behaviour.keys, header: json!({"alg": "ES256", "kid": "one-p256"}), claims }.token()
        };
        stage.iam.authenticate_bearer(&token).await.unwrap()
    };
    login(&["acme/web", "acme/shop"]).await;
    // The issuer takes a group away: what it signs now gives less, and so would no token.
    for groups in [&["acme/web"][..], &[], &["globex/web"]] {
        let maker = bearer(groups).await;
        assert_eq!(stage.iam.own_token_create(&maker, new("x")).await.unwrap_err().kind(), ErrorKind::Forbidden);
        assert_eq!(stage.iam.own_token_check(&maker, &new("x")).await.unwrap_err().kind(), ErrorKind::Forbidden);
    }
    let maker = bearer(&["acme/web"]).await;
    let listed = stage.iam.token_list(maker.account.unwrap(), None, 10).await.unwrap();
    assert!(listed.is_empty());
    // Nor by the way that services' tokens are made.
    let refused = stage.iam.token_create(maker.account.unwrap(), new("x"), &maker).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Forbidden);
    // One that gives as much, or more, makes what the login gives.
    for groups in [&["acme/web", "acme/shop"][..], &["acme/web", "acme/shop", "globex/web"]] {
        let made = stage.iam.own_token_create(&bearer(groups).await, new("x")).await.unwrap();
        let came = stage.iam.authenticate_bearer(made.secret.reveal()).await.unwrap();
        assert_eq!(came.grants.len(), 2, "{:?}", came.grants);
    }
    // The remedy: a login, which reads the roles anew.
    let maker = login(&["acme/web"]).await;
    stage.iam.own_token_create(&maker, new("x")).await.unwrap();
    let made = stage.iam.own_token_create(&bearer(&["acme/web"]).await, new("x")).await.unwrap();
    assert_eq!(stage.iam.authenticate_bearer(made.secret.reveal()).await.unwrap().grants, maker.grants);
}
