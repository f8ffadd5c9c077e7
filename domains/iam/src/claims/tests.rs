//! Claims as real issuers send them, and the roles that come of them.

use super::*;
use crate::{GrantScope, Role};
use hansa_ontology::ProjectId;
use serde_json::json;

fn rule(value: Value) -> ClaimRule {
    serde_json::from_value(value).unwrap()
}

fn project(name: &str) -> GrantScope {
    GrantScope::Project(ProjectId::new(name).unwrap())
}

#[test]
fn roles_of_a_realm_and_groups_become_grants() {
    let rules = [
        rule(
            json!({"claim": "/realm_access/roles", "value": "hansa-admin", "role": "cloud-edge-administrator", "over": "broker"}),
        ),
        rule(
            json!({"claim": "groups", "value": "/tenants/{organisation}/{project}", "role": "use-case-user", "over": "project:{organisation}/{project}"}),
        ),
        rule(
            json!({"claim": "https://example.org/dept", "value": "*", "role": "auditor", "over": "organisation:acme"}),
        ),
    ];
    let claims = json!({
        "realm_access": {"roles": ["offline_access", "hansa-admin"]},
        "groups": ["/tenants/acme/web", "/tenants/acme/web", "/tenants/acme", "/tenants/ACME/web", 7],
        "https://example.org/dept": "x",
    });
    let found = grants(&rules, &claims);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found.contains(&Grant { role: Role::CloudEdgeAdministrator, over: GrantScope::Broker }));
    assert!(found.contains(&Grant { role: Role::UseCaseUser, over: project("acme/web") }));
    assert!(grants(&rules, &json!({"roles": ["hansa-admin"]})).is_empty());
    assert!(!speak(&rules, &json!({"sub": "x"})) && speak(&rules, &json!({"groups": []})));
}

#[test]
fn entitlements_become_grants_under_both_names_of_the_claim() {
    let rules = [
        rule(json!({
            "entitlement": {"namespace": "urn:mace:egi.eu", "group": "vo.hansa.eu:{project}", "role": "member", "authority": "aai.egi.eu"},
            "role": "use-case-user", "over": "project:egi/{project}"
        })),
        rule(json!({
            "entitlement": {"namespace": "urn:mace:egi.eu", "group": "vo.hansa.eu"},
            "role": "billing", "over": "organisation:egi"
        })),
    ];
    let entitled = |claim: &str, value: &str| grants(&rules, &json!({ claim: [value] }));
    let both = "urn:mace:egi.eu:group:vo.hansa.eu:web:role=member#aai.egi.eu";
    for claim in ["entitlements", "eduperson_entitlement"] {
        let found = entitled(claim, both);
        assert_eq!(found.len(), 2, "{claim}: {found:?}");
        assert!(found.contains(&Grant { role: Role::UseCaseUser, over: project("egi/web") }));
    }
    // Membership of a subgroup is membership of the group; a role in it is not a role in the group.
    assert_eq!(entitled("entitlements", "urn:mace:egi.eu:group:vo.hansa.eu:a:b:role=member#aai.egi.eu").len(), 1);
    for other in [
        "urn:mace:egi.eu:group:vo.hansa.eu:web:role=owner#aai.egi.eu",
        "urn:mace:egi.eu:group:vo.hansa.eu:web:role=member#evil.example",
        "urn:mace:egi.eu:group:vo.hansa.eu:web:role=member",
    ] {
        assert!(entitled("entitlements", other).iter().all(|grant| grant.role == Role::Billing), "{other}");
    }
    for other in ["urn:mace:evil.eu:group:vo.hansa.eu:web:role=member#aai.egi.eu", "urn:mace:egi.eu:group:vo.hansa.eu2"]
    {
        assert!(entitled("entitlements", other).is_empty(), "{other}");
    }
}

#[test]
fn a_rule_that_can_never_work_is_told() {
    for (text, field) in [
        (json!({"role": "auditor", "over": "broker"}), "value"),
        (json!({"value": "a", "role": "auditor", "over": "broker"}), "claim"),
        (json!({"claim": "", "value": "a", "role": "auditor", "over": "broker"}), "claim"),
        (
            json!({"claim": "g", "value": "{organisation}", "role": "auditor", "over": "project:{organisation}/{project}"}),
            "over",
        ),
        (
            json!({"claim": "g", "value": "a", "entitlement": {"namespace": "urn:a:b", "group": "g"}, "role": "auditor", "over": "broker"}),
            "value",
        ),
    ] {
        assert_eq!(rule(text.clone()).fault().unwrap().0, field, "{text}");
    }
    for bad in
        ["", "project", "project:acme", "organisation:", "organisation:A", "partner:x", "all", "project:{group}/x"]
    {
        assert!(bad.parse::<OverTemplate>().is_err(), "{bad}");
    }
}
