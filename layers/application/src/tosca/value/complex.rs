//! Values of the data types that templates define.

use crate::{
    descriptor::node::Node,
    diagnostic::Code,
    suggestion::{hint, shown},
    tosca::{
        report::Fault,
        types::{Flat, Schema, TypeId, ValueType},
        world::World,
    },
};

impl World {
    pub(super) fn check_data(&mut self, value: &Node, schema: &Schema, id: TypeId, what: &str, depth: usize) {
        let flat = self.flat(id);
        if let Some(primitive) = flat.primitive {
            self.check_derived(value, schema, &flat, primitive, what, depth);
            return;
        }
        if value.is_null() {
            return;
        }
        if !value.is_mapping() {
            let wanted = format!("a map with the fields of `{}`", shown(&flat.name));
            self.wrong(value.at, value, &wanted, what);
            return;
        }
        self.check_fields(value, &flat, what, depth);
        self.check_constraints(value, schema, &flat.constraints, what);
        self.check_constraints(value, schema, &schema.constraints, what);
        if flat.name == "tosca.datatypes.network.PortSpec" {
            self.check_port_spec(value, what);
        }
    }

    /// A value of a type that derives from one of the language itself.
    fn check_derived(&mut self, value: &Node, schema: &Schema, flat: &Flat, of: ValueType, what: &str, depth: usize) {
        if !flat.units.is_empty() {
            let good = value.scalar().is_some_and(|text| super::scalar::amount_of(text, &flat.units).is_some());
            if good {
                self.check_constraints(value, schema, &flat.constraints, what);
                self.check_constraints(value, schema, &schema.constraints, what);
            } else {
                let units: Vec<&str> = flat.units.keys().map(String::as_str).collect();
                self.wrong(value.at, value, &format!("a number with one of the units {}", units.join(", ")), what);
            }
            return;
        }
        let mut inner = Schema::plain(schema.at, &flat.name, of);
        inner.entry = schema.entry.clone().or_else(|| flat.entry.clone());
        inner.key = schema.key.clone().or_else(|| flat.key.clone());
        inner.constraints = flat.constraints.iter().chain(&schema.constraints).cloned().collect();
        self.check_at(value, &inner, what, depth + 1);
    }

    fn check_fields(&mut self, value: &Node, flat: &Flat, what: &str, depth: usize) {
        for entry in value.entries() {
            match flat.properties.get(&entry.key) {
                Some(schema) => {
                    self.check_at(&entry.value, schema, &format!("{what}.{}", shown(&entry.key)), depth + 1);
                }
                None if flat.open => {}
                None => {
                    let message = format!(
                        "{what} has no field `{}`: `{}` does not name it",
                        shown(&entry.key),
                        shown(&flat.name)
                    );
                    let known = flat.properties.keys().map(String::as_str).take(self.report.room());
                    let fault = Fault::error(entry.at, Code::UnknownField, message);
                    self.report.say(fault.maybe_hint(hint(&entry.key, known, "it has")));
                }
            }
        }
        let missing = |(name, schema): &(&String, &Schema)| {
            schema.required && schema.default.is_none() && schema.fixed.is_none() && value.get(name).is_none()
        };
        for (name, _) in flat.properties.iter().filter(missing) {
            let message = format!("{what} has no `{}`, which `{}` needs", shown(name), shown(&flat.name));
            self.report.say(Fault::error(value.at, Code::MissingField, message));
        }
    }

    /// 1.3, clause 5.3.9.1: at least one port, and each within its range.
    fn check_port_spec(&mut self, value: &Node, what: &str) {
        let given = |name: &str| value.given(name);
        if ["source", "source_range", "target", "target_range"].iter().all(|name| given(name).is_none()) {
            let message = format!("{what} needs one of `source`, `source_range`, `target` and `target_range`");
            self.report.say(Fault::error(value.at, Code::MissingField, message));
        }
        for (port, range) in [("source", "source_range"), ("target", "target_range")] {
            let bounds = given(range).and_then(super::scalar::range);
            let number = given(port).and_then(Node::number);
            if let (Some((low, high)), Some(number), Some(at)) = (bounds, number, given(port))
                && (number < low || high.is_some_and(|high| number > high))
            {
                let message = format!("`{port}` of {what} lies outside `{range}`");
                self.report.say(Fault::error(at.at, Code::ConstraintViolated, message));
            }
        }
    }
}
