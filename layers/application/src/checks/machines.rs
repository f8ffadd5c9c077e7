//! Machine groups: their names are their own, they are bounded, and components
//! name only those that exist.

use super::Checker;
use crate::{
    descriptor::node::field,
    diagnostic::Code,
    finding::Finding,
    suggestion::{hint, shown},
};

impl Checker<'_> {
    pub(super) fn machines(&mut self) {
        let draft = self.draft;
        for (name, group) in &draft.groups {
            let pointer = field("/machines", name);
            if draft.components.contains_key(name) {
                let message = format!("{} has the name of a component", self.subject(&pointer));
                let finding = Finding::key(pointer.clone(), Code::Contradiction, message);
                self.faults.push(finding.hint("give the group another name, such as `workers`"));
            }
            let Some(group) = group else { continue };
            self.constraints_at(&field(&pointer, "constraints"), &group.constraints);
            let pointer = field(&pointer, "count");
            if group.count.max().is_none() {
                let message = format!("{} has no `max`", self.subject(&pointer));
                self.faults.push(Finding::key(pointer, Code::UnboundedReplicas, message).hint("add `max`"));
            } else if group.count.max().is_some_and(|max| max < group.count.min()) {
                let message = format!("{} has a `max` below its `min`", self.subject(&pointer));
                self.faults.push(Finding::key(pointer, Code::Contradiction, message));
            }
        }
        for part in draft.components.values() {
            for name in part.component.iter().flat_map(|component| &component.machines) {
                if draft.groups.contains_key(name) {
                    continue;
                }
                let pointer = field(&part.pointer, "machines");
                let message = format!(
                    "{} names the machine group `{}`, which doesn't exist",
                    self.subject(&pointer),
                    shown(name)
                );
                let advice = hint(name, draft.groups.keys().map(String::as_str), "the groups are")
                    .or_else(|| Some("there are none; add one under `machines`".to_owned()));
                self.faults.push(Finding::value(pointer, Code::UnknownComponent, message).maybe_hint(advice));
            }
        }
    }
}
