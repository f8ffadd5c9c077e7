//! Who leaves a place: nobody the last, and nobody with a way back. And who can
//! be brought into one: nobody's program but the organisation's own.

use crate::giving::{as_one, new, organisation, project, put, tenants, token};
use hansa_iam::{
    Action, ErrorKind, GrantScope, LeftService, MIGRATIONS, Principal, Resource, Role, account::NewServiceAccount,
    testing::person,
};
use hansa_repository::testing::{HandClock, for_each_database};
use uuid::Uuid;

#[test]
fn whoever_is_removed_has_no_way_back_by_a_program() {
    for_each_database(&[MIGRATIONS], async |database| {
        use Role::{Billing, UseCaseAdministrator, UseCaseUser};
        let iam = tenants(database.clone(), &HandClock::default()).await;
        let (acme, web) = (organisation("acme"), project("acme/web"));
        let mal = person(&database, "mal").await.unwrap();
        let uma = person(&database, "uma").await.unwrap();
        put(&iam, &acme, "mal", &[UseCaseAdministrator], &Principal::local()).await.unwrap();
        let over = |account| as_one(account, &[(UseCaseAdministrator, acme.scope())]);
        let (mal, uma) = (over(&mal), over(&uma));

        let ci = iam.service_account_create(new("ci", &web, UseCaseAdministrator), &mal).await.unwrap();
        assert_eq!(ci.created_by.as_deref(), Some("mal"));
        let over = web.scope();
        assert_eq!(iam.service_account_get(&over, "ci").await.unwrap().created_by.as_deref(), Some("mal"));
        let hers = iam.service_account_create(new("nightly", &web, UseCaseUser), &uma).await.unwrap();
        let seen = iam.token_create(ci.id, token(), &mal).await.unwrap();
        let also = iam.token_create(hers.id, token(), &mal).await.unwrap();
        let unseen = iam.token_create(ci.id, token(), &uma).await.unwrap();

        // While it works, a program gives nothing, neither to itself nor to others.
        let program = iam.authenticate_bearer(seen.secret.reveal()).await.unwrap();
        for action in [Action::MemberWrite, Action::ServiceAccountWrite] {
            let decision = iam.decide(&program, action, &Resource::Project("acme/web".parse().unwrap()));
            assert_eq!((decision.allowed, decision.policies), (false, vec!["gives-nothing-by-program".to_owned()]));
        }
        let kind = |error: hansa_iam::IamError| error.kind();
        assert_eq!(put(&iam, &web, "mal", &[UseCaseUser], &program).await.map_err(kind), Err(ErrorKind::Forbidden));
        assert!(iam.token_create(ci.id, token(), &program).await.is_err());
        assert!(
            iam.decide(&program, Action::ApplicationCreate, &Resource::Project("acme/web".parse().unwrap())).allowed
        );

        let told = vec![
            LeftService { handle: "ci@acme/web".to_owned(), made: true, revoked: 1 },
            LeftService { handle: "nightly@acme/web".to_owned(), made: false, revoked: 1 },
        ];
        let trial = iam.member_remove_check(acme.clone(), "mal", None, &Principal::local()).await.unwrap();
        assert_eq!(trial.services, told);
        iam.authenticate_bearer(seen.secret.reveal()).await.unwrap();
        let removal = iam.member_remove(acme.clone(), "mal", None, &Principal::local()).await.unwrap();
        assert_eq!(removal.services, told);
        for gone in [&seen, &also] {
            assert!(iam.authenticate_bearer(gone.secret.reveal()).await.is_err());
        }
        // What she never saw goes on.
        iam.authenticate_bearer(unseen.secret.reveal()).await.unwrap();

        // Lesser roles are the same; other tenants' programs are not touched.
        put(&iam, &web, "mal", &[UseCaseAdministrator], &uma).await.unwrap();
        let again = iam.token_create(ci.id, token(), &mal).await.unwrap();
        let shop = project("globex/shop");
        let other = iam.service_account_create(new("ci", &shop, UseCaseUser), &Principal::local()).await.unwrap();
        let all = as_one(&person(&database, "all").await.unwrap(), &[(UseCaseAdministrator, GrantScope::Broker)]);
        let elsewhere =
            iam.token_create(other.id, token(), &Principal { actor: mal.actor.clone(), ..all }).await.unwrap();
        put(&iam, &web, "mal", &[Billing], &uma).await.unwrap();
        assert!(iam.authenticate_bearer(again.secret.reveal()).await.is_err());
        iam.authenticate_bearer(elsewhere.secret.reveal()).await.unwrap();
    });
}

#[test]
fn the_last_administrator_of_an_organisation_stays() {
    for_each_database(&[MIGRATIONS], async |database| {
        use Role::{Billing, CloudEdgeAdministrator, UseCaseAdministrator};
        let iam = tenants(database.clone(), &HandClock::default()).await;
        let (acme, local) = (organisation("acme"), Principal::local());
        let ann = person(&database, "ann").await.unwrap();
        let bob = person(&database, "bob").await.unwrap();
        put(&iam, &acme, "ann", &[UseCaseAdministrator], &local).await.unwrap();
        let by_ann = as_one(&ann, &[(UseCaseAdministrator, acme.scope())]);
        // Whoever has it by claims only isn't one who stays, and a program isn't one either.
        let claimed = as_one(&bob, &[(UseCaseAdministrator, acme.scope())]);
        iam.service_account_create(new("ci", &acme, UseCaseAdministrator), &by_ann).await.unwrap();
        put(&iam, &acme, "ci@acme", &[UseCaseAdministrator], &by_ann).await.unwrap();
        for by in [&by_ann, &claimed] {
            for result in [
                iam.member_remove(acme.clone(), "ann", None, by).await.map(|_| ()),
                iam.member_remove_check(acme.clone(), "ann", None, by).await.map(|_| ()),
                put(&iam, &acme, "ann", &[Billing], &as_one(&bob, &[(UseCaseAdministrator, acme.scope())]))
                    .await
                    .map(|_| ()),
            ] {
                let error = result.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
                assert!(error.to_string().contains("hansa member set acme HANDLE use-case-administrator"), "{error}");
            }
        }
        // Another one, whose account is locked, doesn't count; once it isn't, it does.
        put(&iam, &acme, "bob", &[UseCaseAdministrator], &by_ann).await.unwrap();
        iam.account_lock(bob.id, "away", None).await.unwrap();
        assert!(iam.member_remove(acme.clone(), "ann", None, &by_ann).await.is_err());
        iam.account_unlock(bob.id, None).await.unwrap();
        iam.member_remove(acme.clone(), "ann", None, &by_ann).await.unwrap();
        assert!(iam.member_remove(acme.clone(), "bob", None, &claimed).await.is_err());
        // Whoever runs the broker may, and appoints the next.
        let cleo = as_one(&person(&database, "cleo").await.unwrap(), &[(CloudEdgeAdministrator, GrantScope::Broker)]);
        iam.member_remove(acme.clone(), "bob", None, &cleo).await.unwrap();
        // A project has its organisation's.
        let web = project("acme/web");
        put(&iam, &web, "ann", &[UseCaseAdministrator], &claimed).await.unwrap();
        iam.member_remove(web, "ann", None, &claimed).await.unwrap();
    });
}

#[test]
fn another_tenants_program_is_nobody_and_a_stranger_has_only_a_handle() {
    for_each_database(&[MIGRATIONS], async |database| {
        use Role::{Billing, UseCaseAdministrator, UseCaseUser};
        let iam = tenants(database.clone(), &HandClock::default()).await;
        let web = project("acme/web");
        let uma =
            as_one(&person(&database, "uma").await.unwrap(), &[(UseCaseAdministrator, organisation("acme").scope())]);
        let zoe = person(&database, "zoe").await.unwrap();
        let made = |place: &str, name: &str| NewServiceAccount {
            name: name.to_owned(),
            over: project(place).scope(),
            role: UseCaseUser,
        };
        let theirs = iam.service_account_create(made("globex/shop", "ci"), &Principal::local()).await.unwrap();
        iam.service_account_create(made("acme/shop", "ci"), &uma).await.unwrap();

        let text = async |whom: &str| {
            let error = put(&iam, &web, whom, &[Billing], &uma).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
            error.to_string().replace(whom, "…")
        };
        let nobody = text("ci@globex/nothing").await;
        let id = Uuid::from_u128(77).to_string();
        for whom in ["ci@globex/shop", &theirs.id.to_string(), "ghost", &zoe.id.to_string(), &id] {
            assert_eq!(text(whom).await, nobody, "{whom}");
        }
        // Its own programs may work in each of an organisation's projects.
        put(&iam, &web, "ci@acme/shop", &[UseCaseUser], &uma).await.unwrap();

        // By the handle that she told them, a person is found; a trial tells no more than that.
        let trial = iam.member_check(web.clone(), "zoe", [Billing].into(), None, &uma).await.unwrap();
        assert_eq!((trial.name.as_str(), trial.account.0), ("zoe", Uuid::nil()));
        put(&iam, &web, "zoe", &[Billing], &uma).await.unwrap();
        // A member of the organisation is known there, by whatever name.
        let known = iam.member_check(project("acme/shop"), &zoe.id.to_string(), [Billing].into(), None, &uma).await;
        assert_eq!(known.unwrap().name, "zoe in full");
        // Who sees all accounts sees this one.
        let seen = iam.member_check(project("globex/shop"), "zoe", [Billing].into(), None, &Principal::local()).await;
        assert_eq!(seen.unwrap().account, zoe.id);
    });
}
