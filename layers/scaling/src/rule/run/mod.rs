//! Running a rule: statements, one after another, each paid for.

mod arguments;
mod compare;
mod convert;
mod expression;
mod functions;
mod lists;
mod methods;
mod operators;
mod pieces;
mod texts;

use super::{
    fault::{FaultKind, Trouble, nearest, short},
    limits::{Limits, Meter, wide},
    names::Names,
    syntax::{BinaryOp, Expr, Function, Stmt, StmtKind, Target},
    value::{Heap, Value},
};
use std::{collections::BTreeMap, sync::Arc};

pub(super) use convert::{inward, outward};

/// A rule that runs.
pub(super) struct Machine<'r> {
    pub(super) heap: Heap,
    pub(super) meter: Meter,
    pub(super) variables: BTreeMap<Arc<str>, Value>,
    pub(super) printed: Printed,
    /// Seconds since 1970: what `time()` gives.
    now: f64,
    names: &'r Names,
}

/// The lines that a rule prints, up to a bound.
#[derive(Debug, Default)]
pub(super) struct Printed {
    pub(super) text: String,
    room: u64,
    pub(super) cut: bool,
}

impl Printed {
    fn push(&mut self, text: &str) {
        if self.cut {
            return;
        }
        let mut end = text.len().min(usize::try_from(self.room).unwrap_or(usize::MAX));
        self.cut = end < text.len();
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.room -= wide(end).min(self.room);
        self.text.push_str(text.get(..end).unwrap_or_default());
    }
}

/// How a statement ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Next,
    Break,
    Continue,
}

impl<'r> Machine<'r> {
    pub(super) fn new(limits: Limits, now: f64, names: &'r Names) -> Self {
        let printed = Printed { room: limits.printed, ..Printed::default() };
        let (heap, meter) = (Heap::new(), Meter::new(limits));
        Self { heap, meter, variables: BTreeMap::new(), printed, now, names }
    }

    pub(super) fn block(&mut self, block: &[Stmt]) -> Result<Flow, Trouble> {
        for statement in block {
            let flow = self.statement(statement).map_err(|trouble| trouble.at(statement.at))?;
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn statement(&mut self, statement: &Stmt) -> Result<Flow, Trouble> {
        self.meter.step(1)?;
        match &statement.kind {
            StmtKind::Expr(value) => {
                self.value(value)?;
            }
            StmtKind::Assign(targets, value) => {
                let value = self.value(value)?;
                for target in targets {
                    self.assign(target, value.clone())?;
                }
            }
            StmtKind::Augment(target, op, value) => self.augment(target, *op, value)?,
            StmtKind::Delete(targets) => targets.iter().try_for_each(|target| self.delete(target))?,
            StmtKind::If(branches) => {
                for (test, body) in branches {
                    let goes = match test {
                        None => true,
                        Some(test) => self.holds(test)?,
                    };
                    if goes {
                        return self.block(body);
                    }
                }
            }
            StmtKind::For { target, over, body, otherwise } => return self.for_loop(target, over, body, otherwise),
            StmtKind::While { test, body, otherwise } => {
                while self.holds(test)? {
                    if self.block(body)? == Flow::Break {
                        return Ok(Flow::Next);
                    }
                }
                return self.block(otherwise);
            }
            StmtKind::Break => return Ok(Flow::Break),
            StmtKind::Continue => return Ok(Flow::Continue),
            StmtKind::Pass => {}
        }
        Ok(Flow::Next)
    }

    fn for_loop(&mut self, target: &Target, over: &Expr, body: &[Stmt], otherwise: &[Stmt]) -> Result<Flow, Trouble> {
        let over = self.value(over)?;
        let over = self.iterated(&over)?;
        let mut number = 0;
        while let Some(value) = self.element(&over, number)? {
            self.meter.step(1)?;
            number += 1;
            self.assign(target, value)?;
            if self.block(body)? == Flow::Break {
                return Ok(Flow::Next);
            }
        }
        self.block(otherwise)
    }

    pub(super) fn assign(&mut self, target: &Target, value: Value) -> Result<(), Trouble> {
        match target {
            Target::Name(_, name) => {
                self.meter.step(1)?;
                self.variables.insert(name.clone(), value);
                Ok(())
            }
            Target::Item(at, object, key) => {
                let object = self.value(object)?;
                let key = self.value(key)?;
                self.put_item(&object, &key, value).map_err(|trouble| trouble.at(*at))
            }
            Target::Several(at, targets) => {
                let values = self.gather(&value).map_err(|trouble| trouble.at(*at))?;
                if values.len() != targets.len() {
                    let message = format!("{} values can't be assigned to {} names", values.len(), targets.len());
                    return Err(Trouble::value(message).at(*at));
                }
                targets.iter().zip(values).try_for_each(|(target, value)| self.assign(target, value))
            }
        }
    }

    fn augment(&mut self, target: &Target, op: BinaryOp, value: &Expr) -> Result<(), Trouble> {
        match target {
            Target::Name(at, name) => {
                let before = self.variable(name).map_err(|trouble| trouble.at(*at))?;
                let value = self.value(value)?;
                let after = self.changed(&before, op, &value).map_err(|trouble| trouble.at(*at))?;
                self.variables.insert(name.clone(), after);
                Ok(())
            }
            Target::Item(at, object, key) => {
                let object = self.value(object)?;
                let key = self.value(key)?;
                let before = self.item(&object, &key).map_err(|trouble| trouble.at(*at))?;
                let value = self.value(value)?;
                let after = self.changed(&before, op, &value).map_err(|trouble| trouble.at(*at))?;
                self.put_item(&object, &key, after).map_err(|trouble| trouble.at(*at))
            }
            Target::Several(at, _) => Err(Trouble::kind("this can't be changed in place").at(*at)),
        }
    }

    /// `before op= value`: a list is extended in place.
    fn changed(&mut self, before: &Value, op: BinaryOp, value: &Value) -> Result<Value, Trouble> {
        match (before, op) {
            (Value::List(place), BinaryOp::Add) => {
                let more = self.gather(value)?;
                Heap::room(&mut self.meter, more.len())?;
                self.heap.elements_mut(*place)?.extend(more);
                Ok(before.clone())
            }
            (Value::Dict(place), BinaryOp::BitOr) => {
                self.update(*place, value)?;
                Ok(before.clone())
            }
            _ => self.operate(before, op, value),
        }
    }

    fn delete(&mut self, target: &Target) -> Result<(), Trouble> {
        match target {
            Target::Name(at, name) => {
                self.variable(name).map_err(|trouble| trouble.at(*at))?;
                self.variables.remove(name);
                Ok(())
            }
            Target::Item(at, object, key) => {
                let object = self.value(object)?;
                let key = self.value(key)?;
                self.take_item(&object, &key).map(drop).map_err(|trouble| trouble.at(*at))
            }
            Target::Several(_, targets) => targets.iter().try_for_each(|target| self.delete(target)),
        }
    }

    /// The value of a name: of a variable, or a constant of mathematics.
    pub(super) fn variable(&self, name: &Arc<str>) -> Result<Value, Trouble> {
        if let Some(value) = self.variables.get(name) {
            return Ok(value.clone());
        }
        match &**name {
            "pi" => return Ok(Value::Float(std::f64::consts::PI)),
            "e" => return Ok(Value::Float(std::f64::consts::E)),
            "inf" => return Ok(Value::Float(f64::INFINITY)),
            "nan" => return Ok(Value::Float(f64::NAN)),
            _ => {}
        }
        if Function::named(name).is_some() {
            let message = format!("`{name}` is a function");
            return Err(Trouble::new(FaultKind::Name, message).hint(format!("call it: {name}(...)")));
        }
        Err(self.no_value(name))
    }

    fn no_value(&self, name: &str) -> Trouble {
        let trouble = Trouble::new(FaultKind::Name, format!("`{}` has no value", short(name)));
        let known = self.variables.keys().map(|known| &**known);
        if self.names.written.contains_key(name) {
            trouble.hint("it is assigned on another way through the rule only: give it a value at the beginning")
        } else if let Some(near) = nearest(name, known) {
            trouble.hint(format!("did you mean `{near}`?"))
        } else {
            trouble.hint("name it among the policy's constants, queries or alerts")
        }
    }
}
