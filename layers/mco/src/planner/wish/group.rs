//! Groups of machines: each is a part of which every machine of the group
//! holds one, and which takes no room.

use super::{Wish, escaped, rule::Rule};
use crate::planner::{
    PlanError,
    solver::problem::{Mask, bit},
};
use hansa_ontology::{ResourceModel, resource_model::Scope};

impl Wish {
    /// Adds a part for each group, and what binds components to them.
    pub(super) fn add_groups(&mut self, model: &ResourceModel) -> Result<(), PlanError> {
        for (name, group) in &model.machines {
            let (number, pointer) = (self.parts.len(), format!("/machines/{}", escaped(name)));
            if model.components.contains_key(name) {
                let text = "is the name of a component as well; give the group another".to_owned();
                return Err(PlanError::Invalid { pointer, text });
            }
            let part = self.bounds(name, &format!("{pointer}/count"), group.count, ["machine", "machines"]);
            self.parts.push(part);
            let once = Rule::Spread { component: number, over: Scope::Machine, max: 1 };
            let item = self.item(pointer, format!("a machine of `{name}` is one of them"));
            self.rules.push((item, once));
            self.rules.push((item, Rule::Conflict(number, self.groups)));
            self.groups |= bit(number);
        }
        for (number, (name, component)) in model.components.iter().enumerate() {
            let mut hosts: Mask = 0;
            for group in &component.machines {
                let Some(known) = model.machines.get(group).and_then(|_| self.number(group)) else {
                    let pointer = format!("/components/{}/machines", escaped(name));
                    return Err(PlanError::Invalid {
                        pointer,
                        text: format!("names `{group}`, which is no machine group"),
                    });
                };
                hosts |= bit(known);
            }
            if hosts != 0 {
                let named: Vec<&str> = component.machines.iter().map(String::as_str).collect();
                let text = format!("`{name}` runs in machines of {}", named.join(" or "));
                let item = self.item(format!("/components/{}/machines", escaped(name)), text);
                self.rules.push((item, Rule::Within(number, hosts)));
            }
        }
        Ok(())
    }
}
