//! Calls: of the functions that are there, and of methods of lists, dicts and texts.

use super::Lowering;
use crate::rule::{
    FaultKind,
    fault::{nearest, short},
    syntax::{Arguments, ExprKind, Function, Method},
};
use ruff_python_ast::{self as python, Expr as PythonExpr};

/// What a rule may write before a function's name although it is not needed.
const MODULES: &[&str] = &["math", "time"];

/// Names that are not there, and what to write instead.
const INSTEAD: &[(&str, &str)] = &[
    ("xrange", "this is Python 2; write range"),
    ("unicode", "this is Python 2; write str"),
    ("long", "this is Python 2; write int"),
    ("raw_input", "a rule has no input but its queries, alerts and constants"),
    ("input", "a rule has no input but its queries, alerts and constants"),
    ("open", "a rule reaches no files"),
    ("eval", "a rule can't run other code"),
    ("exec", "a rule can't run other code"),
    ("compile", "a rule can't run other code"),
    ("__import__", "a rule can't import anything"),
    ("getattr", "a rule can't reach attributes"),
    ("setattr", "a rule can't reach attributes"),
    ("globals", "a rule sees only its own names"),
    ("locals", "a rule sees only its own names"),
    ("sleep", "a rule can't wait; keep what the next round needs in m_userdata"),
    ("set", "a rule has no sets; use a list, or a dict with True as its values"),
    ("map", "write a for loop that appends to a list"),
    ("filter", "write a for loop that appends to a list"),
    ("isinstance", "compare with None, or convert with int, float or str"),
    ("type", "compare with None, or convert with int, float or str"),
    ("has_key", "this is Python 2; write `key in values`"),
    ("iteritems", "this is Python 2; write items()"),
    ("itervalues", "this is Python 2; write values()"),
    ("iterkeys", "this is Python 2; write keys()"),
];

impl Lowering {
    pub(super) fn call(&mut self, it: &python::ExprCall) -> Option<ExprKind> {
        match &*it.func {
            PythonExpr::Name(name) => self.function(it, name.id.as_str()),
            PythonExpr::Attribute(attribute) => self.method(it, attribute),
            _ => self.refuse(it, "only functions and methods can be called, by their names", ""),
        }
    }

    fn function(&mut self, it: &python::ExprCall, name: &str) -> Option<ExprKind> {
        let arguments = self.arguments(&it.arguments);
        if name == "requests" {
            return self.reach_out(it);
        }
        let Some(function) = Function::named(name) else {
            return self.unknown(it, "function", name, Function::WORDS);
        };
        Some(ExprKind::Call { name: name.into(), function, arguments: arguments? })
    }

    fn method(&mut self, it: &python::ExprCall, attribute: &python::ExprAttribute) -> Option<ExprKind> {
        let name = attribute.attr.as_str();
        if let PythonExpr::Name(of) = &*attribute.value {
            match of.id.as_str() {
                "requests" => return self.reach_out(it),
                module if MODULES.contains(&module) => return self.function(it, name),
                _ => {}
            }
        }
        let object = self.expression(&attribute.value)?;
        let arguments = self.arguments(&it.arguments);
        if name.starts_with('_') {
            return self.refuse(
                &attribute.attr,
                format!("a rule can't reach `{}`", short(name)),
                "it has the methods of lists, dicts and texts",
            );
        }
        let Some(method) = Method::named(name) else {
            return self.unknown(&attribute.attr, "method", name, Method::WORDS);
        };
        Some(ExprKind::Method { object: Box::new(object), method, arguments: arguments? })
    }

    fn unknown<T>(
        &mut self,
        place: &impl ruff_text_size::Ranged,
        what: &str,
        name: &str,
        known: &[&'static str],
    ) -> Option<T> {
        let message = format!("a rule has no {what} `{}`", short(name));
        let instead = INSTEAD.iter().find(|(other, _)| *other == name).map(|(_, hint)| (*hint).to_owned());
        let hint = instead
            .or_else(|| nearest(name, known.iter().copied()).map(|near| format!("did you mean `{near}`?")))
            .unwrap_or_else(|| format!("there are {}", known.join(", ")));
        let kind = if INSTEAD.iter().any(|(other, _)| *other == name) { FaultKind::Forbidden } else { FaultKind::Name };
        self.note(place, kind, message, &hint)
    }

    fn arguments(&mut self, arguments: &python::Arguments) -> Option<Arguments> {
        let by_place = self.all(&arguments.args);
        let mut by_name = Vec::with_capacity(arguments.keywords.len());
        for keyword in &arguments.keywords {
            let Some(name) = &keyword.arg else {
                return self.refuse(keyword, "a rule can't unpack with **", "write the arguments");
            };
            let value = self.expression(&keyword.value);
            by_name.push(value.map(|value| (name.as_str().into(), value)));
        }
        Some(Arguments { by_place: by_place?, by_name: by_name.into_iter().collect::<Option<_>>()? })
    }
}
