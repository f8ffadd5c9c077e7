//! The policies against their schema, and what comes out of them.

use super::{
    any_project, decide, facts, rules as all_rules,
    rules::{Rules, SCHEMA},
};
use crate::model::{Action, Grant, GrantScope, Principal, Resource, Role, TokenLimits, Via};
use cedar_policy::{Request, ValidationMode, Validator};
use hansa_ontology::{AccountId, Actor, ApplicationId, OrganisationId, ProjectId, WorkloadId};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::LazyLock,
};
use uuid::Uuid;

fn project(name: &str) -> ProjectId {
    ProjectId::new(name).unwrap()
}

fn organisation(name: &str) -> OrganisationId {
    OrganisationId::new(name).unwrap()
}

fn with(role: Role, over: GrantScope) -> Principal {
    Principal {
        actor: Actor::Person("ann".to_owned()),
        account: Some(AccountId(Uuid::from_u128(1))),
        application: None,
        name: "Ann".to_owned(),
        grants: vec![Grant { role, over }],
        limits: None,
        via: Via::Token("t".to_owned()),
    }
}

fn application(of: &str) -> Resource {
    Resource::Application { id: ApplicationId(Uuid::from_u128(7)), project: project(of) }
}

/// One thing of each kind in acme/web, or beside it.
fn things() -> Vec<(&'static str, Resource)> {
    vec![
        ("broker", Resource::Broker),
        ("organisation", Resource::Organisation(organisation("acme"))),
        ("project", Resource::Project(project("acme/web"))),
        ("application", application("acme/web")),
        ("account", Resource::Account(AccountId(Uuid::from_u128(9)))),
        ("partner", Resource::Partner("did:web:north.example".to_owned())),
    ]
}

/// Every place at which a role may be given.
fn places() -> Vec<(&'static str, GrantScope)> {
    vec![
        ("broker", GrantScope::Broker),
        ("organisation", GrantScope::Organisation(organisation("acme"))),
        ("project", GrantScope::Project(project("acme/web"))),
        ("partner", GrantScope::Partner("did:web:north.example".to_owned())),
    ]
}

#[test]
fn the_policies_fit_the_schema() {
    let rules = Rules::compile().unwrap();
    let result = Validator::new(Rules::schema().unwrap()).validate(&rules.policies, ValidationMode::Strict);
    let faults: Vec<String> = result.validation_errors().map(ToString::to_string).collect();
    assert!(result.validation_passed(), "{faults:#?}");
    let warnings: Vec<String> = result.validation_warnings().map(ToString::to_string).collect();
    assert_eq!(warnings, Vec::<String>::new());
}

#[test]
fn every_policy_says_in_a_sentence_what_it_is() {
    let rules = all_rules();
    assert!(rules.len() > 10);
    for rule in &rules {
        assert!(rule.says.ends_with('.') && rule.says.len() > 20, "{}", rule.id);
        for action in &rule.actions {
            assert!(action.parse::<Action>().is_ok(), "{}: {action}", rule.id);
        }
    }
}

#[test]
fn the_schema_has_every_action_and_every_question_fits_it() {
    let schema = Rules::schema().unwrap();
    for &action in Action::ALL {
        assert!(SCHEMA.contains(&format!("action \"{action}\"")), "{action}");
        let fitting = things().into_iter().filter(|(_, thing)| {
            let facts = facts::of(&with(Role::Auditor, GrantScope::Broker), action, thing, None).unwrap();
            Request::new(facts.principal, facts.action, facts.resource, facts.context, Some(&schema)).is_ok()
        });
        assert!(fitting.count() > 0, "{action} fits nothing");
    }
}

/// Whether an action is one on such a thing.
fn fits(action: Action, thing: &Resource) -> bool {
    static SCHEMA: LazyLock<cedar_policy::Schema> = LazyLock::new(|| Rules::schema().unwrap());
    let facts = facts::of(&Principal::local(), action, thing, None).unwrap();
    Request::new(facts.principal, facts.action, facts.resource, facts.context, Some(&SCHEMA)).is_ok()
}

#[test]
fn a_role_reaches_nothing_beside_its_place() {
    let beside = [
        Resource::Organisation(organisation("other")),
        Resource::Project(project("other/web")),
        application("other/web"),
        Resource::Partner("did:web:south.example".to_owned()),
        Resource::Account(AccountId(Uuid::from_u128(9))),
        Resource::Project(any_project()),
    ];
    for role in Role::ALL {
        for (place, over) in places().into_iter().skip(1) {
            let principal = with(role, over);
            for thing in &beside {
                for &action in Action::ALL.iter().filter(|action| fits(**action, thing)) {
                    let decision = decide(&principal, action, thing);
                    assert!(!decision.allowed && !decision.visible, "{role:?} {place} {action} {thing:?}");
                }
            }
        }
    }
}

#[test]
fn who_owns_machines_sees_no_tenant() {
    let owner = with(Role::InfrastructureAdministrator, GrantScope::Broker);
    for thing in
        [Resource::Organisation(organisation("acme")), Resource::Project(project("acme/web")), application("acme/web")]
    {
        for &action in Action::ALL.iter().filter(|action| fits(**action, &thing)) {
            let decision = decide(&owner, action, &thing);
            assert!(!decision.allowed && !decision.visible, "{action} {thing:?}");
        }
    }
}

#[test]
fn a_project_says_nothing_of_its_neighbour() {
    let member = with(Role::UseCaseAdministrator, GrantScope::Project(project("acme/web")));
    for thing in [
        Resource::Project(project("acme/shop")),
        application("acme/shop"),
        Resource::Organisation(organisation("acme")),
    ] {
        for &action in Action::ALL.iter().filter(|action| fits(**action, &thing)) {
            assert!(!decide(&member, action, &thing).visible, "{action} {thing:?}");
        }
    }
}

#[test]
fn a_decision_names_its_policies() {
    let user = with(Role::UseCaseUser, GrantScope::Project(project("acme/web")));
    assert_eq!(decide(&user, Action::ApplicationUpdate, &application("acme/web")).policies, ["use-case-user"]);
    let refused = decide(&user, Action::MemberWrite, &Resource::Project(project("acme/web")));
    assert!(!refused.allowed && refused.visible && refused.policies.is_empty());
}

#[test]
fn nobody_without_a_role_sees_anything_but_themselves() {
    let nobody = Principal { grants: Vec::new(), ..with(Role::Auditor, GrantScope::Broker) };
    for (_, thing) in things() {
        for &action in Action::ALL {
            assert!(!decide(&nobody, action, &thing).allowed, "{action} {thing:?}");
        }
    }
    assert!(decide(&nobody, Action::AccountSelf, &Resource::Account(AccountId(Uuid::from_u128(1)))).allowed);
}

#[test]
fn a_workload_finds_its_own_application_and_does_nothing_else() {
    let of = |id: u128| Principal::workload(WorkloadId(Uuid::from_u128(3)), ApplicationId(Uuid::from_u128(id)));
    for (_, thing) in things() {
        for &action in Action::ALL {
            let own = action == Action::ApplicationDiscover && matches!(thing, Resource::Application { .. });
            let decision = decide(&of(7), action, &thing);
            assert_eq!(decision.allowed, own, "{action} {thing:?}");
            assert_eq!(decision.policies, if own { vec!["workload".to_owned()] } else { Vec::new() });
            assert!(!decide(&of(8), action, &thing).allowed, "{action} {thing:?} of another");
        }
    }
}

#[test]
fn a_token_is_held_to_its_limits() {
    let mut admin = with(Role::UseCaseAdministrator, GrantScope::Organisation(organisation("acme")));
    let own = Resource::Account(AccountId(Uuid::from_u128(1)));
    assert!(decide(&admin, Action::AccountSelf, &own).allowed);
    admin.limits = Some(TokenLimits {
        actions: Some(BTreeSet::from([Action::ApplicationRead, Action::AccountSelf, Action::ServiceAccountWrite])),
        projects: Some(BTreeSet::from([project("acme/web")])),
    });
    assert!(decide(&admin, Action::ApplicationRead, &application("acme/web")).allowed);
    let elsewhere = decide(&admin, Action::ApplicationRead, &application("acme/shop"));
    assert_eq!(
        (elsewhere.allowed, elsewhere.visible, elsewhere.policies),
        (false, false, vec!["token-projects".to_owned()])
    );
    let more = decide(&admin, Action::ApplicationRemove, &application("acme/web"));
    assert_eq!((more.allowed, more.visible, more.policies), (false, true, vec!["token-actions".to_owned()]));
    // No way to a token without limits.
    assert!(!decide(&admin, Action::AccountSelf, &own).allowed);
    assert!(!decide(&admin, Action::ServiceAccountWrite, &Resource::Project(project("acme/web"))).allowed);
    // A limit gives nothing.
    admin.grants.clear();
    assert!(!decide(&admin, Action::ApplicationRead, &application("acme/web")).allowed);
}

/// What each role may do at each place where it can be given.
fn table() -> String {
    let mut text = String::from("| permission | roles that have it, and over what |\n|---|---|\n");
    for &action in Action::ALL {
        let mut cells: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for role in Role::ALL {
            for (place, over) in places() {
                let principal = Principal { account: None, ..with(role, over) };
                let may =
                    |(_, thing): &(&str, Resource)| fits(action, thing) && decide(&principal, action, thing).allowed;
                if things().iter().any(may) {
                    cells.entry(role.name()).or_default().push(place);
                }
            }
        }
        let cell = |(role, places): (&&str, &Vec<&str>)| format!("{role} ({})", places.join(", "));
        let told: Vec<String> = cells.iter().map(cell).collect();
        let told = if told.is_empty() { "everybody, of their own account".to_owned() } else { told.join("; ") };
        writeln!(text, "| `{action}` | {told} |").unwrap();
    }
    text
}

/// The policies as people read them.
fn sentences() -> String {
    let mut text = String::from("| policy | what it says |\n|---|---|\n");
    for rule in all_rules() {
        writeln!(text, "| `{}`{} | {} |", rule.id, if rule.permits { "" } else { " (forbids)" }, rule.says).unwrap();
    }
    text
}

/// `HANSA_WRITE_DOCS=1` writes what this compares.
#[test]
fn the_documentation_tells_what_the_policies_say() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/access.md");
    let mut page = std::fs::read_to_string(path).unwrap();
    for (name, wanted) in [("permissions", table()), ("policies", sentences())] {
        let (begin, end) = (format!("<!-- {name}: written by a test -->\n"), format!("<!-- end of {name} -->"));
        let from = page.find(&begin).unwrap_or_else(|| panic!("{name}")) + begin.len();
        let to = page.find(&end).unwrap();
        if std::env::var_os("HANSA_WRITE_DOCS").is_some() {
            page.replace_range(from..to, &wanted);
            std::fs::write(path, &page).unwrap();
        } else {
            assert_eq!(&page[from..to], wanted, "run this test with HANSA_WRITE_DOCS=1");
        }
    }
}
