//! Constraints that leave nothing: everything allowed is also denied.

use super::Checker;
use crate::{descriptor::node::field, diagnostic::Code, finding::Finding};
use hansa_ontology::{
    place::Area,
    resource_model::{AllowDeny, Constraints},
};

impl Checker<'_> {
    pub(super) fn constraints(&mut self) {
        if let Some(constraints) = &self.draft.constraints {
            self.constraints_at("/constraints", constraints);
        }
        for part in self.draft.components.values() {
            if let Some(component) = &part.component {
                self.constraints_at(&field(&part.pointer, "constraints"), &component.constraints);
            }
        }
    }

    pub(super) fn constraints_at(&mut self, base: &str, constraints: &Constraints) {
        let Constraints { location, jurisdiction, provider, site, .. } = constraints;
        self.allow_deny(&field(base, "location"), location, Area::contains);
        self.allow_deny(&field(base, "jurisdiction"), jurisdiction, Area::contains);
        self.allow_deny(&field(base, "provider"), provider, PartialEq::eq);
        self.allow_deny(&field(base, "site"), site, PartialEq::eq);
    }

    fn allow_deny<T>(&mut self, pointer: &str, lists: &AllowDeny<T>, covers: impl Fn(&T, &T) -> bool) {
        let denied = |allowed: &T| lists.deny.iter().any(|denied| covers(denied, allowed));
        if !lists.allow.is_empty() && lists.allow.iter().all(denied) {
            let message = format!("{} denies everything that it allows", self.subject(pointer));
            let finding = Finding::key(pointer, Code::Contradiction, message);
            self.faults.push(finding.hint("`deny` wins over `allow`; take something off one of the lists"));
        }
    }
}
