//! Who gives which roles: nobody to themselves, nobody more than they have.

use crate::issuer::room;
use hansa_iam::{
    ErrorKind, Grant, GrantScope, Iam, IamError, IamOptions, MIGRATIONS, Member, Place, Principal, Role, TokenLimits,
    Via,
    account::{Account, NewServiceAccount},
    testing::person,
    token::NewToken,
};
use hansa_ontology::{Actor, ProjectId};
use hansa_repository::{
    Database,
    testing::{HandClock, for_each_database},
};
use std::collections::BTreeSet;

pub(crate) fn organisation(name: &str) -> Place {
    Place::Organisation(name.parse().unwrap())
}

pub(crate) fn project(name: &str) -> Place {
    Place::Project(ProjectId::new(name).unwrap())
}

pub(crate) fn new(name: &str, place: &Place, role: Role) -> NewServiceAccount {
    NewServiceAccount { name: name.to_owned(), over: place.scope(), role }
}

pub(crate) fn token() -> NewToken {
    NewToken { name: "t".to_owned(), ..NewToken::default() }
}

/// Somebody with an account and these roles, as claims give them.
pub(crate) fn as_one(account: &Account, roles: &[(Role, GrantScope)]) -> Principal {
    Principal {
        actor: account.actor(),
        account: Some(account.id),
        name: account.name.clone(),
        grants: roles.iter().map(|(role, over)| Grant { role: *role, over: over.clone() }).collect(),
        limits: None,
        via: Via::Bearer("test".to_owned()),
        application: None,
    }
}

/// A broker with two tenants.
pub(crate) async fn tenants(database: Database, clock: &HandClock) -> Iam {
    let iam = room(database, clock, IamOptions::default());
    let wanted = ["acme/web", "acme/shop", "globex/shop"].map(|name| ProjectId::new(name).unwrap());
    iam.project_ensure(wanted.to_vec()).await.unwrap();
    iam
}

pub(crate) async fn put(
    iam: &Iam,
    place: &Place,
    whom: &str,
    roles: &[Role],
    by: &Principal,
) -> Result<Member, IamError> {
    let roles: BTreeSet<Role> = roles.iter().copied().collect();
    let checked = iam.member_check(place.clone(), whom, roles.clone(), None, by).await;
    let done = iam.member_put(place.clone(), whom, roles, None, by).await;
    // A dry run says what would be.
    let told = |of: &IamError| (of.kind(), of.to_string());
    assert_eq!(checked.as_ref().err().map(told), done.as_ref().err().map(told));
    done
}

fn forbidden<T: std::fmt::Debug>(result: Result<T, IamError>, word: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden, "{error}");
    assert!(error.to_string().contains(word), "{error}");
}

#[test]
fn nobody_gives_more_than_they_have_and_nothing_to_themselves() {
    for_each_database(&[MIGRATIONS], async |database| {
        use Role::{Auditor, Billing, CloudEdgeAdministrator, UseCaseAdministrator, UseCaseUser};
        let clock = HandClock::default();
        let iam = tenants(database.clone(), &clock).await;
        let web = project("acme/web");
        let uma = as_one(&person(&database, "uma").await.unwrap(), &[(UseCaseAdministrator, web.scope())]);
        let cleo = as_one(&person(&database, "cleo").await.unwrap(), &[(CloudEdgeAdministrator, GrantScope::Broker)]);
        person(&database, "ann").await.unwrap();

        for role in [Auditor, UseCaseUser, Billing] {
            forbidden(put(&iam, &web, "uma", &[role], &uma).await, "own account");
            forbidden(put(&iam, &web, "cleo", &[role], &cleo).await, "own account");
        }
        forbidden(put(&iam, &web, "cleo", &[UseCaseAdministrator], &cleo).await, "own account");
        // Whoever reads no trail makes nobody read it: no accomplice and no program.
        for by in [&uma, &cleo] {
            forbidden(put(&iam, &web, "ann", &[Billing, Auditor], by).await, "auditor in acme/web permits");
            forbidden(iam.service_account_create(new("a", &web, Auditor), by).await, "not do there yourself");
            assert!(iam.service_account_check(&new("a", &web, Auditor), by).is_err());
        }
        forbidden(put(&iam, &web, "ann", &[Auditor], &uma).await, "audit.read");
        // Over the organisation the administrator of a project may nothing.
        forbidden(put(&iam, &organisation("acme"), "ann", &[UseCaseUser], &uma).await, "application.read");
        // A cloud-edge administrator appoints people, and no program that prints for her.
        put(&iam, &organisation("acme"), "ann", &[UseCaseAdministrator], &cleo).await.unwrap();
        put(&iam, &web, "ann", &[UseCaseUser], &cleo).await.unwrap();
        for role in [UseCaseUser, UseCaseAdministrator] {
            forbidden(iam.service_account_create(new("b", &web, role), &cleo).await, "application.create");
        }
        let ci = iam.service_account_create(new("ci", &web, UseCaseUser), &uma).await.unwrap();
        forbidden(put(&iam, &web, "ci@acme/web", &[UseCaseAdministrator], &cleo).await, "application.create");
        forbidden(iam.token_create(ci.id, token(), &cleo).await, "application.create");
        let made = iam.token_create(ci.id, token(), &uma).await.unwrap();
        forbidden(iam.token_rotate(ci.id, made.token.id, &cleo).await, "application.create");
        forbidden(iam.token_check(ci.id, &token(), &cleo).await, "application.create");
        iam.token_check(ci.id, &token(), &uma).await.unwrap();
        // What somebody has already can be left, and what they may can be given.
        put(&iam, &web, "ann", &[UseCaseUser, Billing, UseCaseAdministrator], &uma).await.unwrap();
        put(&iam, &web, "ann", &[Billing], &uma).await.unwrap();
        // Who may read the trail as well appoints who does.
        let both = Principal { grants: [cleo.grants.clone(), vec![over_all(Auditor)]].concat(), ..cleo.clone() };
        put(&iam, &web, "ann", &[Auditor], &both).await.unwrap();
        put(&iam, &web, "ann", &[Auditor, Billing], &uma).await.unwrap();
        // A limited token gives no more than it may itself.
        let limits = TokenLimits { actions: Some([hansa_iam::Action::MemberWrite].into()), projects: None };
        let limited = Principal { limits: Some(limits), ..uma.clone() };
        forbidden(put(&iam, &web, "ann", &[UseCaseUser], &limited).await, "application.read");
        assert_eq!(uma.actor, Actor::Person("uma".to_owned()));
    });
}

fn over_all(role: Role) -> Grant {
    Grant { role, over: GrantScope::Broker }
}
