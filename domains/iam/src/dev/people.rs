//! The people of the development login: one for each thing that somebody may be.

use crate::{Role, claims::ClaimRule};
use hansa_ontology::ProjectId;

/// The claim that tells their roles.
pub(super) const CLAIM: &str = "hansa_roles";

/// Somebody whom the development login knows.
#[derive(Debug, Clone, Copy)]
pub struct Person {
    /// The subject and the user name.
    pub name: &'static str,
    /// How people call them.
    pub full_name: &'static str,
    /// What they do, for the sign-in page.
    pub task: &'static str,
    /// Their roles: `ROLE@SCOPE`.
    pub roles: &'static [&'static str],
}

/// Everybody. Two tenants, so that one can be seen not to see the other.
pub const PEOPLE: &[Person] = &[
    Person {
        name: "ada",
        full_name: "Ada Lindqvist",
        task: "runs this broker and its infrastructure",
        roles: &["cloud-edge-administrator@broker", "infrastructure-administrator@broker", "auditor@broker"],
    },
    Person {
        name: "ines",
        full_name: "Ines Ferreira",
        task: "owns the machines: sites, nodes, offers",
        roles: &["infrastructure-administrator@broker"],
    },
    Person {
        name: "uma",
        full_name: "Uma Okafor",
        task: "runs the tenant acme and its projects",
        roles: &["use-case-administrator@organisation:acme", "use-case-administrator@project:acme/web"],
    },
    Person {
        name: "ben",
        full_name: "Ben Janssen",
        task: "works in acme's project web",
        roles: &["use-case-user@project:acme/web"],
    },
    Person {
        name: "tess",
        full_name: "Tess Novak",
        task: "runs another tenant, globex",
        roles: &["use-case-administrator@organisation:globex", "use-case-administrator@project:globex/shop"],
    },
    Person {
        name: "otto",
        full_name: "Otto Weiss",
        task: "audits: sees everything, changes nothing",
        roles: &["auditor@broker"],
    },
    Person {
        name: "bea",
        full_name: "Bea Laurent",
        task: "sees what acme's applications cost",
        roles: &["billing@organisation:acme"],
    },
    Person {
        name: "pia",
        full_name: "Pia Moretti",
        task: "operates a partner's broker",
        roles: &["partner@partner:did:web:partner.example"],
    },
    Person { name: "noah", full_name: "Noah Berg", task: "is new, and has no role yet", roles: &[] },
];

/// The person of this name.
#[must_use]
pub fn person(name: &str) -> Option<&'static Person> {
    PEOPLE.iter().find(|person| person.name == name)
}

/// The projects that they work in, so that the wiring can make them.
#[must_use]
pub fn projects() -> Vec<ProjectId> {
    let named = PEOPLE.iter().flat_map(|person| person.roles).filter_map(|role| role.split_once("@project:"));
    let mut found: Vec<ProjectId> = named.filter_map(|(_, project)| project.parse().ok()).collect();
    found.sort();
    found.dedup();
    found
}

/// The rules by which their claim gives roles: as an operator would write them.
pub(super) fn rules() -> Vec<ClaimRule> {
    let mut rules = Vec::new();
    for role in Role::ALL {
        for (scope, over) in [
            ("broker", "broker"),
            ("organisation:{organisation}", "organisation:{organisation}"),
            ("project:{organisation}/{project}", "project:{organisation}/{project}"),
            ("partner:did:web:partner.example", "partner:did:web:partner.example"),
        ] {
            let value = format!("{}@{scope}", role.name());
            if let (Ok(value), Ok(over)) = (value.parse(), over.parse()) {
                rules.push(ClaimRule {
                    claim: Some(CLAIM.to_owned()),
                    value: Some(value),
                    entitlement: None,
                    role,
                    over,
                });
            }
        }
    }
    rules
}

/// Whether a scope is somebody's of the development login, for tests of the people above.
#[cfg(test)]
fn scopes(person: &Person) -> Vec<crate::GrantScope> {
    let claims = serde_json::json!({ CLAIM: person.roles });
    crate::claims::grants(&rules(), &claims).into_iter().map(|grant| grant.over).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_somebodys_and_every_word_gives_one_grant() {
        for person in PEOPLE {
            assert_eq!(scopes(person).len(), person.roles.len(), "{}", person.name);
        }
        for role in Role::ALL {
            let has = |person: &&Person| person.roles.iter().any(|text| text.starts_with(&format!("{}@", role.name())));
            assert!(PEOPLE.iter().any(|person| has(&person)), "{role:?}");
        }
        assert_eq!(projects().len(), 2);
    }
}
