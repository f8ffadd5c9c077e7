//! Rules from claims to grants, as settings write them.

use super::{
    entitlement::Entitlement,
    pattern::{Captures, Pattern},
};
use crate::{Grant, GrantScope, Role};
use hansa_ontology::{OrganisationId, ProjectId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{fmt, str::FromStr};

/// Where entitlements are found (AARC-G069, section 3: both names are in use).
const ENTITLEMENT_CLAIMS: [&str; 4] =
    ["/entitlements", "/eduperson_entitlement", "/eduPersonEntitlement", "/urn:oid:1.3.6.1.4.1.5923.1.1.1.7"];

/// Whoever has a claim of this value gets this role over that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimRule {
    /// The claim, as a JSON pointer (RFC 6901) such as `/realm_access/roles`,
    /// or as the plain name of a claim. Absent: where entitlements are found,
    /// if `entitlement` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
    /// What its value, or one of its values, must be: `*` stands for any
    /// letters, `{organisation}` and `{project}` for a name that `over` uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Pattern>,
    /// Or: which AARC entitlement it must be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entitlement: Option<EntitlementRule>,
    /// The role that is given.
    pub role: Role,
    /// Over what.
    pub over: OverTemplate,
}

/// Which AARC entitlement is meant. Membership of a subgroup is membership of the group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntitlementRule {
    /// The namespace: `urn:mace:egi.eu`.
    pub namespace: String,
    /// Group and subgroups, decoded, with `:` between: `vo.example.org:{project}`.
    pub group: Pattern,
    /// The role within the group. Absent: any, or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Pattern>,
    /// The authority after `#`. Absent: any, or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
}

/// Over what a role is given: `broker`, `organisation:acme`,
/// `project:{organisation}/{project}`, `partner:did:web:broker.example`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverTemplate(String);

/// A template that gives no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no scope; give broker, organisation:NAME, project:ORGANISATION/NAME or partner:DID; a NAME may be {{organisation}} or {{project}}"
)]
pub struct NoScope(String);

impl ClaimRule {
    /// What is wrong with the rule as a whole, with the remedy.
    #[must_use]
    pub fn fault(&self) -> Option<(&'static str, String)> {
        match (&self.claim, &self.value, &self.entitlement) {
            (_, None, None) => return Some(("value", "it is missing; give value, or entitlement".to_owned())),
            (_, Some(_), Some(_)) => return Some(("value", "value and entitlement exclude each other".to_owned())),
            (None, Some(_), None) => {
                return Some(("claim", "it is missing; name the claim that has the value".to_owned()));
            }
            _ => {}
        }
        if self.claim.as_deref().is_some_and(str::is_empty) {
            return Some(("claim", "it is empty; name a claim".to_owned()));
        }
        let known = self.captured();
        let unknown = self.over.names().into_iter().find(|name| !known.contains(name))?;
        Some(("over", format!("{{{unknown}}} stands in no pattern of this rule; write it in value or group")))
    }

    /// The grants that these claims give by this rule.
    #[must_use]
    pub fn grants(&self, claims: &Value) -> Vec<Grant> {
        let captures = self.values(claims).into_iter().filter_map(|value| self.captures(value));
        captures
            .filter_map(|captures| self.over.scope(&captures).ok())
            .map(|over| Grant { role: self.role, over })
            .collect()
    }

    /// Whether the claims say anything that this rule reads.
    #[must_use]
    pub fn reads(&self, claims: &Value) -> bool {
        self.pointers().iter().any(|pointer| claims.pointer(pointer).is_some())
    }

    fn pointers(&self) -> Vec<String> {
        match &self.claim {
            Some(pointer) if pointer.starts_with('/') => vec![pointer.clone()],
            // A plain name, which may hold `/`: `https://example.org/roles`.
            Some(name) => vec![format!("/{}", name.replace('~', "~0").replace('/', "~1"))],
            None => ENTITLEMENT_CLAIMS.map(str::to_owned).to_vec(),
        }
    }

    fn values<'a>(&self, claims: &'a Value) -> Vec<&'a str> {
        let found = self.pointers();
        let mut values = Vec::new();
        for value in found.iter().filter_map(|pointer| claims.pointer(pointer)) {
            match value {
                Value::String(text) => values.push(text.as_str()),
                Value::Array(items) => values.extend(items.iter().filter_map(Value::as_str)),
                Value::Bool(true) => values.push("true"),
                Value::Bool(false) => values.push("false"),
                _ => {}
            }
        }
        values
    }

    fn captures(&self, value: &str) -> Option<Captures> {
        if let Some(pattern) = &self.value {
            return pattern.captures(value);
        }
        let entitlement: Entitlement = value.parse().ok()?;
        self.entitlement.as_ref()?.captures(&entitlement)
    }

    fn captured(&self) -> Vec<&'static str> {
        let rule = self.entitlement.as_ref();
        let patterns = [self.value.as_ref(), rule.map(|rule| &rule.group), rule.and_then(|rule| rule.role.as_ref())];
        patterns.into_iter().flatten().flat_map(Pattern::names).collect()
    }
}

impl EntitlementRule {
    /// What the entitlement gives for the rule's names. None: it is another.
    fn captures(&self, entitlement: &Entitlement) -> Option<Captures> {
        if !entitlement.namespace_is(&self.namespace) {
            return None;
        }
        if self.authority.is_some() && self.authority.as_deref() != entitlement.authority() {
            return None;
        }
        let role = match (&self.role, entitlement.role()) {
            (None, _) => Captures::default(),
            (Some(pattern), Some(role)) => pattern.captures(role)?,
            (Some(_), None) => return None,
        };
        // The whole path first, then its parents: but a role is one in the subgroup alone.
        let path = entitlement.groups();
        let shortest = if self.role.is_some() { path.len() } else { 1 };
        let tries = (shortest..=path.len()).rev().filter_map(|length| path.get(..length));
        let group = tries.filter_map(|groups| self.group.captures(&groups.join(":"))).next()?;
        role.joined(group)
    }
}

impl OverTemplate {
    fn names(&self) -> Vec<&'static str> {
        ["organisation", "project"].into_iter().filter(|name| self.0.contains(&format!("{{{name}}}"))).collect()
    }

    /// The scope with the names filled in.
    ///
    /// # Errors
    /// When that is no scope.
    pub fn scope(&self, captures: &Captures) -> Result<GrantScope, NoScope> {
        let wrong = || NoScope(self.0.clone());
        let fill = |text: &str| captures.fill(text);
        match self.0.split_once(':') {
            None if self.0 == "broker" => Ok(GrantScope::Broker),
            Some(("organisation", name)) => {
                OrganisationId::new(fill(name)).map(GrantScope::Organisation).map_err(|_invalid| wrong())
            }
            Some(("project", name)) => ProjectId::new(fill(name)).map(GrantScope::Project).map_err(|_invalid| wrong()),
            Some(("partner", did)) if did.starts_with("did:") => Ok(GrantScope::Partner(did.to_owned())),
            _ => Err(wrong()),
        }
    }
}

impl FromStr for OverTemplate {
    type Err = NoScope;

    fn from_str(text: &str) -> Result<Self, NoScope> {
        let template = Self(text.to_owned());
        template.scope(&Captures::example()).map(|_| template)
    }
}

impl fmt::Display for OverTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for OverTemplate {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for OverTemplate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
