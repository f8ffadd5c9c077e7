//! The policies, compiled once, and as people read them.

#[cfg(test)]
use cedar_policy::Schema;
use cedar_policy::{Policy, PolicyId, PolicySet};
use std::{collections::BTreeSet, str::FromStr as _, sync::OnceLock};

/// The words that policies use.
#[cfg(test)]
pub(super) const SCHEMA: &str = include_str!("hansa.cedarschema");
/// The policies, with the names of their files.
pub(super) const SOURCES: [(&str, &str); 5] = [
    ("tenants.cedar", include_str!("tenants.cedar")),
    ("owners.cedar", include_str!("owners.cedar")),
    ("overseers.cedar", include_str!("overseers.cedar")),
    ("giving.cedar", include_str!("giving.cedar")),
    ("limits.cedar", include_str!("limits.cedar")),
];

/// The compiled policies.
pub(super) struct Rules {
    pub(super) policies: PolicySet,
}

/// A policy as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its id, which decisions name.
    pub id: String,
    /// What it says, in a sentence.
    pub says: String,
    /// Whether it permits; otherwise it forbids, and then nothing permits.
    pub permits: bool,
    /// The actions it speaks of; none: every one.
    pub actions: BTreeSet<String>,
}

impl Rules {
    /// The policies; none when they can't be read, which a test rules out.
    pub(super) fn get() -> Option<&'static Self> {
        static RULES: OnceLock<Option<Rules>> = OnceLock::new();
        RULES
            .get_or_init(|| match Self::compile() {
                Ok(rules) => Some(rules),
                Err(error) => {
                    tracing::error!(error, "the policies can't be read; nothing is permitted");
                    None
                }
            })
            .as_ref()
    }

    /// Reads all policies and gives each the id that it states.
    pub(super) fn compile() -> Result<Self, String> {
        let mut policies = PolicySet::new();
        for (file, source) in SOURCES {
            let read = PolicySet::from_str(source).map_err(|error| format!("{file}: {error}"))?;
            for policy in read.policies() {
                let id = policy.annotation("id").ok_or_else(|| format!("{file}: a policy has no @id"))?;
                let policy = policy.new_id(PolicyId::new(id));
                policies.add(policy).map_err(|error| format!("{file}: {error}"))?;
            }
        }
        Ok(Self { policies })
    }

    /// The schema.
    #[cfg(test)]
    pub(super) fn schema() -> Result<Schema, String> {
        Schema::from_cedarschema_str(SCHEMA).map(|(schema, _)| schema).map_err(|error| error.to_string())
    }
}

/// Every policy, by id.
#[must_use]
pub fn rules() -> Vec<Rule> {
    let mut rules: Vec<Rule> =
        Rules::get().map(|rules| rules.policies.policies().map(rule).collect()).unwrap_or_default();
    rules.sort_by(|one, other| one.id.cmp(&other.id));
    rules
}

fn rule(policy: &Policy) -> Rule {
    use cedar_policy::{ActionConstraint, Effect};
    let name = |uid: &cedar_policy::EntityUid| uid.id().unescaped().to_owned();
    Rule {
        id: policy.id().to_string(),
        says: policy.annotation("says").unwrap_or_default().to_owned(),
        permits: policy.effect() == Effect::Permit,
        actions: match policy.action_constraint() {
            ActionConstraint::Any => BTreeSet::new(),
            ActionConstraint::Eq(uid) => BTreeSet::from([name(&uid)]),
            ActionConstraint::In(uids) => uids.iter().map(name).collect(),
        },
    }
}
