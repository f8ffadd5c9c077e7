//! Links: both ends exist, and nobody calls itself.

use super::{Checker, draft::Sound};
use crate::{descriptor::node::field, diagnostic::Code, finding::Finding};
use hansa_ontology::resource_model::Link;
use std::collections::BTreeSet;

impl Checker<'_> {
    pub(super) fn links(&mut self) {
        let draft = self.draft;
        let mut seen = BTreeSet::new();
        for link in &draft.links {
            self.link(link);
            let Link { from, to, port, .. } = &link.value;
            if !seen.insert((from, to, port)) {
                let message = format!("{} says again that `{from}` calls `{to}`", self.subject(&link.pointer));
                let finding = Finding::value(link.pointer.clone(), Code::DuplicateLink, message);
                self.faults.push(finding.hint("remove one of the two"));
            }
        }
    }

    fn link(&mut self, link: &Sound<Link>) {
        let Sound { pointer, value: Link { from, to, port, max_latency } } = link;
        let from_exists = self.component_exists(&field(pointer, "from"), from);
        let to_exists = self.component_exists(&field(pointer, "to"), to);
        if from == to && from_exists {
            let message = format!("{} links `{from}` with itself", self.subject(pointer));
            let finding = Finding::value(field(pointer, "to"), Code::SelfReference, message);
            self.faults.push(finding.hint("a link leads from one component to another"));
        }
        if !to_exists {
            return;
        }
        if let Some(port) = port {
            self.port_exists(&field(pointer, "port"), to, port);
        } else if self.draft.components.get(to).is_some_and(|part| part.ports.is_empty()) {
            let effect = if max_latency.is_some() { "only its latency counts" } else { "the link has no effect" };
            let message = format!("{} leads to `{to}`, which has no ports: {effect}", self.subject(pointer));
            let finding = Finding::value(field(pointer, "to"), Code::NothingToCall, message);
            self.warnings.push(finding.hint(format!("add a port under `components.{to}.ports`")));
        }
    }
}
