//! Files and the places of volumes: names and paths that every container can have.

use super::Checker;
use crate::{descriptor::node::field, diagnostic::Code, finding::Finding, suggestion::shown};
use hansa_ontology::resource_model::mount_faults;

impl Checker<'_> {
    pub(super) fn mounts(&mut self) {
        for part in self.draft.components.values() {
            let Some(component) = &part.component else { continue };
            for fault in mount_faults(&component.package, &component.volumes, &component.files) {
                let pointer = fault.field.iter().fold(part.pointer.clone(), |base, name| field(&base, name));
                // Names of sets are the schema's to judge.
                if fault.field.len() == 2 {
                    continue;
                }
                let message = format!("{} {}", self.subject(&pointer), shown(&fault.problem));
                self.faults.push(Finding::key(pointer, Code::InvalidText, message).hint(fault.remedy));
            }
        }
    }
}
