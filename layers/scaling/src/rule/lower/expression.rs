//! Expressions.

use super::Lowering;
use crate::rule::{
    FaultKind,
    syntax::{BinaryOp, CompareOp, Expr, ExprKind, Function, UnaryOp},
};
use ruff_python_ast::{self as python, CmpOp, Expr as PythonExpr, Operator, UnaryOp as PythonUnary};
use ruff_text_size::Ranged;

impl Lowering {
    pub(super) fn expression(&mut self, expression: &PythonExpr) -> Option<Expr> {
        let kind = self.deeper(expression, |lowering| lowering.of(expression))?;
        Some(Expr { at: expression.start().to_u32(), kind })
    }

    fn boxed(&mut self, expression: &PythonExpr) -> Option<Box<Expr>> {
        self.expression(expression).map(Box::new)
    }

    /// All of them, each looked at even if one is refused.
    pub(super) fn all<'e>(&mut self, expressions: impl IntoIterator<Item = &'e PythonExpr>) -> Option<Vec<Expr>> {
        let all: Vec<_> = expressions.into_iter().map(|expression| self.expression(expression)).collect();
        all.into_iter().collect()
    }

    fn of(&mut self, expression: &PythonExpr) -> Option<ExprKind> {
        match expression {
            PythonExpr::NoneLiteral(_) => Some(ExprKind::None),
            PythonExpr::BooleanLiteral(it) => Some(ExprKind::Bool(it.value)),
            PythonExpr::NumberLiteral(it) => self.number(it),
            PythonExpr::StringLiteral(it) => Some(ExprKind::Text(it.value.to_str().into())),
            PythonExpr::FString(it) => self.joined(it),
            PythonExpr::Name(it) => self.name(it),
            PythonExpr::List(it) => self.all(&it.elts).map(ExprKind::List),
            PythonExpr::Tuple(it) => self.all(&it.elts).map(ExprKind::Tuple),
            PythonExpr::Dict(it) => self.dict(it),
            PythonExpr::UnaryOp(it) => {
                let op = match it.op {
                    PythonUnary::Not => UnaryOp::Not,
                    PythonUnary::USub => UnaryOp::Minus,
                    PythonUnary::UAdd => UnaryOp::Plus,
                    PythonUnary::Invert => UnaryOp::Invert,
                };
                Some(ExprKind::Unary(op, self.boxed(&it.operand)?))
            }
            PythonExpr::BinOp(it) => {
                let left = self.boxed(&it.left);
                let op = self.operator(it.op, expression);
                let right = self.boxed(&it.right);
                Some(ExprKind::Binary(left?, op?, right?))
            }
            PythonExpr::BoolOp(it) => {
                let values = self.all(&it.values)?;
                Some(if it.op == python::BoolOp::And { ExprKind::And(values) } else { ExprKind::Or(values) })
            }
            PythonExpr::Compare(it) => self.compare(it),
            PythonExpr::If(it) => {
                let (test, then, otherwise) = (self.boxed(&it.test), self.boxed(&it.body), self.boxed(&it.orelse));
                Some(ExprKind::Choice { test: test?, then: then?, otherwise: otherwise? })
            }
            PythonExpr::Subscript(it) => self.subscript(it),
            PythonExpr::Call(it) => self.call(it),
            other => self.not_an_expression(other),
        }
    }

    fn number(&mut self, it: &python::ExprNumberLiteral) -> Option<ExprKind> {
        match &it.value {
            python::Number::Float(value) => Some(ExprKind::Float(*value)),
            python::Number::Complex { .. } => self.refuse(it, "a rule has no complex numbers", ""),
            python::Number::Int(value) => {
                let written = value.to_string().replace('_', "").to_ascii_lowercase();
                let (digits, base) = match written.get(..2) {
                    Some("0x") => (written.get(2..).unwrap_or_default(), 16),
                    Some("0o") => (written.get(2..).unwrap_or_default(), 8),
                    Some("0b") => (written.get(2..).unwrap_or_default(), 2),
                    _ => (written.as_str(), 10),
                };
                if let Ok(value) = i128::from_str_radix(digits, base) {
                    return Some(ExprKind::Int(value));
                }
                let message = "this number is beyond 128 bits";
                self.note(it, FaultKind::Arithmetic, message, "write a floating point number, such as 1e40")
            }
        }
    }

    fn name(&mut self, it: &python::ExprName) -> Option<ExprKind> {
        let name = it.id.as_str();
        if name == "requests" {
            return self.reach_out(it);
        }
        Some(ExprKind::Name(name.into()))
    }

    pub(super) fn reach_out<T>(&mut self, place: &impl Ranged) -> Option<T> {
        let hint = "MiCADO's rules had `requests`; name what you need as a query of the policy instead";
        self.refuse(place, "a rule can't call out", hint)
    }

    fn dict(&mut self, it: &python::ExprDict) -> Option<ExprKind> {
        let mut pairs = Vec::with_capacity(it.items.len());
        for item in &it.items {
            let Some(key) = &item.key else {
                return self.refuse(&item.value, "a rule can't unpack with **", "use the method update");
            };
            let key = self.expression(key);
            let value = self.expression(&item.value);
            pairs.push(key.zip(value));
        }
        pairs.into_iter().collect::<Option<_>>().map(ExprKind::Dict)
    }

    pub(super) fn operator(&mut self, op: Operator, place: &impl Ranged) -> Option<BinaryOp> {
        Some(match op {
            Operator::Add => BinaryOp::Add,
            Operator::Sub => BinaryOp::Sub,
            Operator::Mult => BinaryOp::Mul,
            Operator::Div => BinaryOp::Div,
            Operator::FloorDiv => BinaryOp::FloorDiv,
            Operator::Mod => BinaryOp::Mod,
            Operator::Pow => BinaryOp::Pow,
            Operator::LShift => BinaryOp::ShiftLeft,
            Operator::RShift => BinaryOp::ShiftRight,
            Operator::BitOr => BinaryOp::BitOr,
            Operator::BitXor => BinaryOp::BitXor,
            Operator::BitAnd => BinaryOp::BitAnd,
            Operator::MatMult => return self.refuse(place, "a rule has no matrices", ""),
        })
    }

    fn compare(&mut self, it: &python::ExprCompare) -> Option<ExprKind> {
        let left = self.boxed(&it.left);
        let mut rest = Vec::with_capacity(it.ops.len());
        let literal = |side: &PythonExpr| {
            matches!(side, PythonExpr::NumberLiteral(_) | PythonExpr::StringLiteral(_) | PythonExpr::FString(_))
        };
        let mut before = &*it.left;
        for (op, side) in it.ops.iter().zip(&it.comparators) {
            if matches!(op, CmpOp::Is | CmpOp::IsNot) && (literal(before) || literal(side)) {
                return self.refuse(side, "`is` compares identity, not values", "write == or !=");
            }
            rest.push(self.expression(side).map(|side| (comparison(*op), side)));
            before = side;
        }
        Some(ExprKind::Compare(left?, rest.into_iter().collect::<Option<_>>()?))
    }

    fn subscript(&mut self, it: &python::ExprSubscript) -> Option<ExprKind> {
        let object = self.boxed(&it.value);
        if let PythonExpr::Slice(slice) = &*it.slice {
            let mut part = |part: &Option<Box<PythonExpr>>| match part {
                None => Some(None),
                Some(part) => self.expression(part).map(Some),
            };
            let (lower, upper, step) = (part(&slice.lower), part(&slice.upper), part(&slice.step));
            return Some(ExprKind::Slice(object?, Box::new([lower?, upper?, step?])));
        }
        let key = self.boxed(&it.slice);
        Some(ExprKind::Item(object?, key?))
    }

    fn not_an_expression<T>(&mut self, expression: &PythonExpr) -> Option<T> {
        const LOOP: &str = "write a for loop that appends to a list";
        let (message, hint) = match expression {
            PythonExpr::Attribute(it) => return self.attribute(it),
            PythonExpr::ListComp(_) | PythonExpr::Generator(_) => ("a rule has no comprehensions", LOOP),
            PythonExpr::SetComp(_) | PythonExpr::DictComp(_) => ("a rule has no comprehensions", LOOP),
            PythonExpr::Set(_) => ("a rule has no sets", "use a list, or a dict with True as its values"),
            PythonExpr::Lambda(_) => ("a rule can't define functions", "write the steps one after another"),
            PythonExpr::Named(_) => ("a rule can't assign inside an expression", "assign on a line of its own"),
            PythonExpr::Starred(_) => ("a rule can't unpack with *", "write the elements"),
            PythonExpr::BytesLiteral(_) => ("a rule has no bytes", "write a text without b"),
            PythonExpr::TString(_) => ("a rule has no template strings", "write f instead of t"),
            PythonExpr::EllipsisLiteral(_) => ("`...` is no value of a rule", "write pass where nothing is to be done"),
            PythonExpr::Slice(_) => ("a part can be taken of a list or a text only", ""),
            PythonExpr::Await(_) | PythonExpr::Yield(_) | PythonExpr::YieldFrom(_) => {
                ("a rule can't wait", "keep what the next round needs in m_userdata")
            }
            _ => ("a rule can't do this", ""),
        };
        self.refuse(expression, message, hint)
    }

    fn attribute<T>(&mut self, it: &python::ExprAttribute) -> Option<T> {
        let attribute = it.attr.as_str();
        if matches!(&*it.value, PythonExpr::Name(name) if name.id.as_str() == "requests") {
            return self.reach_out(it);
        }
        let message = format!("a rule can't reach the attribute `{}`", crate::rule::fault::short(attribute));
        let hint = if Function::named(attribute).is_some() {
            format!("write {attribute}(...) alone")
        } else {
            "a rule has numbers, texts, lists and dicts, and calls their methods".to_owned()
        };
        self.refuse(it, message, &hint)
    }
}

const fn comparison(op: CmpOp) -> CompareOp {
    match op {
        CmpOp::Eq => CompareOp::Equal,
        CmpOp::NotEq => CompareOp::NotEqual,
        CmpOp::Lt => CompareOp::Less,
        CmpOp::LtE => CompareOp::LessEqual,
        CmpOp::Gt => CompareOp::Greater,
        CmpOp::GtE => CompareOp::GreaterEqual,
        CmpOp::Is => CompareOp::Is,
        CmpOp::IsNot => CompareOp::IsNot,
        CmpOp::In => CompareOp::In,
        CmpOp::NotIn => CompareOp::NotIn,
    }
}
