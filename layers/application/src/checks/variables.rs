//! Environment variables: names that POSIX allows and the broker doesn't need
//! itself, each set once, and every `${NAME}` of a command stands for one.

use super::{Checker, draft::Part};
use crate::{
    descriptor::node::{field, item},
    diagnostic::Code,
    finding::{Finding, Place},
    suggestion::{hint, shown},
};
use hansa_ontology::resource_model::{
    Component, ContainerPackage, Environment, FILES_VARIABLE, Package,
    contract::{
        BROKER_VARIABLES, RESERVED_PREFIXES, ReferenceFault, SYSTEM_VARIABLES, is_variable_name, peers_variable,
        port_variable, substitute, volume_variable,
    },
};
use std::collections::{BTreeMap, BTreeSet};

impl Checker<'_> {
    pub(super) fn variables(&mut self) {
        for (name, part) in &self.draft.components {
            let mut defined = part.variables.clone();
            self.peers(name, &mut defined);
            defined.extend(part.ports.iter().map(|port| port_variable(port)));
            let always = BROKER_VARIABLES.iter().chain(&SYSTEM_VARIABLES);
            defined.extend(always.map(|(name, _)| (*name).to_owned()));
            if let Some(component) = &part.component {
                if !component.files.is_empty() {
                    defined.insert(FILES_VARIABLE.0.to_owned());
                }
                self.environment(&field(&part.pointer, "environment"), &component.environment);
                self.volume_variables(part, component);
                self.references(part, component, &defined);
            }
        }
    }

    fn environment(&mut self, base: &str, environment: &Environment) {
        for (name, value) in environment {
            let pointer = field(base, name);
            self.variable_name(&pointer, name, Place::Key);
            if value.contains('\0') {
                let message = format!("{} holds a NUL character, which no environment can", self.subject(&pointer));
                self.faults.push(Finding::value(pointer, Code::InvalidVariable, message));
            }
        }
    }

    fn variable_name(&mut self, pointer: &str, name: &str, place: Place) {
        if !is_variable_name(name) {
            let message = format!("`{}` is no name of an environment variable (POSIX)", shown(name));
            let finding = Finding::new(pointer, place, Code::InvalidVariable, message);
            self.faults.push(finding.hint("letters, digits and underscores, no digit first"));
        } else if let Some(prefix) = RESERVED_PREFIXES.iter().find(|prefix| name.starts_with(**prefix)) {
            let message = format!("`{name}` belongs to the broker, as all variables that begin with `{prefix}`");
            let finding = Finding::new(pointer, place, Code::ReservedVariable, message);
            self.faults.push(finding.hint("choose another name"));
        }
    }

    /// Volumes tell their directories in variables that nothing else sets.
    fn volume_variables(&mut self, part: &Part, component: &Component) {
        let mut set: BTreeMap<String, String> = BTreeMap::new();
        let base = field(&part.pointer, "volumes");
        for (name, volume) in &component.volumes {
            let mut pointer = field(&base, name);
            if let Some(variable) = &volume.variable {
                pointer = field(&pointer, "variable");
                self.variable_name(&pointer, variable, Place::Value);
            }
            let variable = volume.variable.clone().unwrap_or_else(|| volume_variable(name));
            let other = match set.get(&variable) {
                Some(other) => Some(other.clone()),
                None if component.environment.contains_key(&variable) => {
                    Some(field(&field(&part.pointer, "environment"), &variable))
                }
                None => None,
            };
            if let Some(other) = other {
                let (this, other) = (self.subject(&pointer), self.subject(&other));
                let message = format!("{this} and {other} both set the variable `{}`", shown(&variable));
                let finding = Finding::value(pointer.clone(), Code::VariableClash, message);
                self.faults.push(finding.hint("choose another name for one of them"));
            }
            set.insert(variable, pointer);
        }
    }

    /// The variables that tell the component its peers: `a-b` with `c` and `a` with `b-c` would share one.
    fn peers(&mut self, name: &str, defined: &mut BTreeSet<String>) {
        let mut owners: BTreeMap<String, (String, String)> = BTreeMap::new();
        for link in self.draft.links.iter().filter(|link| link.value.from == name) {
            let Some(target) = self.draft.components.get(&link.value.to) else {
                continue;
            };
            let wanted = |port: &&String| link.value.port.as_ref().is_none_or(|only| only == *port);
            for port in target.ports.iter().filter(wanted) {
                let variable = peers_variable(&link.value.to, port);
                let owner = (link.value.to.clone(), port.clone());
                if let Some(other) = owners.insert(variable.clone(), owner.clone()).filter(|other| *other != owner) {
                    let message = format!(
                        "`{name}` would find the addresses of `{}` (port `{}`) and `{}` (port `{}`) under the one variable `{variable}`",
                        other.0, other.1, owner.0, owner.1
                    );
                    let finding = Finding::value(link.pointer.clone(), Code::VariableClash, message);
                    self.faults.push(finding.hint("rename a component or a port"));
                }
                defined.insert(variable);
            }
        }
    }

    fn references(&mut self, part: &Part, component: &Component, defined: &BTreeSet<String>) {
        let (kind, lists): (_, [(_, &[String]); 2]) = match &component.package {
            Package::Process(process) => ("process", [("command", &process.command), ("", &[])]),
            Package::Container(image) => ("container", [("command", &image.command), ("arguments", &image.arguments)]),
            // Nothing is put into manifests and values.
            Package::Kubernetes(_) | Package::Helm(_) => return,
        };
        let base = field(&field(&part.pointer, "package"), kind);
        for (name, list) in lists {
            for (index, argument) in list.iter().enumerate() {
                self.argument(&item(&field(&base, name), index), argument, defined);
            }
        }
        if let Package::Container(container) = &component.package {
            self.steps(&field(&base, "init"), container, defined);
        }
    }

    fn steps(&mut self, base: &str, container: &ContainerPackage, defined: &BTreeSet<String>) {
        for (number, step) in container.init.iter().enumerate() {
            let base = item(base, number);
            self.environment(&field(&base, "environment"), &step.environment);
            let mut defined = defined.clone();
            defined.extend(step.environment.keys().cloned());
            for (name, list) in [("command", &step.command), ("arguments", &step.arguments)] {
                for (index, argument) in list.iter().enumerate() {
                    self.argument(&item(&field(&base, name), index), argument, &defined);
                }
            }
        }
    }

    fn argument(&mut self, pointer: &str, argument: &str, defined: &BTreeSet<String>) {
        if argument.contains('\0') {
            let message = format!("{} holds a NUL character, which no argument can", self.subject(pointer));
            self.faults.push(Finding::value(pointer.to_owned(), Code::InvalidText, message));
        }
        let lookup = |name: &str| defined.contains(name).then(String::new);
        for fault in substitute(argument, lookup).err().into_iter().flatten() {
            self.reference(pointer, &fault, defined);
        }
    }

    fn reference(&mut self, pointer: &str, fault: &ReferenceFault, defined: &BTreeSet<String>) {
        let advice = match fault {
            ReferenceFault::Undefined(name) => {
                hint(name, defined.iter().map(String::as_str).filter(|name| is_variable_name(name)), "defined are")
            }
            ReferenceFault::Name(_) => Some("write `$${` where the two characters themselves are meant".to_owned()),
            ReferenceFault::Open => None,
        };
        let message = format!("{}: {}", self.subject(pointer), shown_fault(fault));
        self.faults.push(Finding::value(pointer, Code::UnknownReference, message).maybe_hint(advice));
    }
}

fn shown_fault(fault: &ReferenceFault) -> String {
    match fault {
        ReferenceFault::Open => fault.to_string(),
        ReferenceFault::Name(name) => ReferenceFault::Name(shown(name)).to_string(),
        ReferenceFault::Undefined(name) => ReferenceFault::Undefined(shown(name)).to_string(),
    }
}
