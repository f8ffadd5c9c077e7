//! Tokens of people and services, on both databases.

use crate::issuer::room;
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
