//! Statements.

use super::Lowering;
use crate::rule::syntax::{Stmt, StmtKind, Target};
use ruff_python_ast::{self as python, Expr as PythonExpr, Stmt as PythonStmt};
use ruff_text_size::Ranged;

const NO_FUNCTIONS: &str = "write the steps one after another; values are kept between rounds in m_userdata";

impl Lowering {
    /// A block of statements; those that are refused are left out.
    pub(in crate::rule) fn block(&mut self, block: &[PythonStmt]) -> Vec<Stmt> {
        block.iter().filter_map(|statement| self.statement(statement)).collect()
    }

    fn statement(&mut self, statement: &PythonStmt) -> Option<Stmt> {
        let kind = self.deeper(statement, |lowering| lowering.kind(statement))?;
        Some(Stmt { at: statement.start().to_u32(), kind })
    }

    fn kind(&mut self, statement: &PythonStmt) -> Option<StmtKind> {
        match statement {
            PythonStmt::Expr(it) => Some(StmtKind::Expr(self.expression(&it.value)?)),
            PythonStmt::Assign(it) => self.assign(&it.targets, &it.value),
            PythonStmt::AugAssign(it) => {
                let target = self.target(&it.target, false);
                let op = self.operator(it.op, statement);
                let value = self.expression(&it.value);
                Some(StmtKind::Augment(target?, op?, value?))
            }
            PythonStmt::Delete(it) => {
                let targets: Vec<_> = it.targets.iter().map(|target| self.target(target, true)).collect();
                targets.into_iter().collect::<Option<_>>().map(StmtKind::Delete)
            }
            PythonStmt::If(it) => self.branches(it),
            PythonStmt::For(it) if !it.is_async => self.for_loop(it),
            PythonStmt::While(it) => {
                let test = self.expression(&it.test);
                let body = self.inside(&it.body);
                let otherwise = self.block(&it.orelse);
                Some(StmtKind::While { test: test?, body, otherwise })
            }
            PythonStmt::Break(it) if self.loops == 0 => self.outside_of_a_loop(it, "break"),
            PythonStmt::Continue(it) if self.loops == 0 => self.outside_of_a_loop(it, "continue"),
            PythonStmt::Break(_) => Some(StmtKind::Break),
            PythonStmt::Continue(_) => Some(StmtKind::Continue),
            PythonStmt::Pass(_) => Some(StmtKind::Pass),
            other => self.not_a_rules(other),
        }
    }

    fn outside_of_a_loop<T>(&mut self, place: &impl Ranged, word: &str) -> Option<T> {
        let kind = crate::rule::FaultKind::Syntax;
        self.note(place, kind, format!("`{word}` stands in no loop"), "leave it out, or use if and else")
    }

    fn assign(&mut self, targets: &[PythonExpr], value: &PythonExpr) -> Option<StmtKind> {
        let targets: Vec<_> = targets.iter().map(|target| self.target(target, true)).collect();
        let value = self.expression(value);
        Some(StmtKind::Assign(targets.into_iter().collect::<Option<_>>()?, value?))
    }

    fn branches(&mut self, it: &python::StmtIf) -> Option<StmtKind> {
        let test = self.expression(&it.test);
        let mut branches = vec![test.map(|test| (Some(test), self.block(&it.body)))];
        for clause in &it.elif_else_clauses {
            let branch = match &clause.test {
                None => Some((None, self.block(&clause.body))),
                Some(test) => {
                    let test = self.expression(test);
                    let body = self.block(&clause.body);
                    test.map(|test| (Some(test), body))
                }
            };
            branches.push(branch);
        }
        branches.into_iter().collect::<Option<_>>().map(StmtKind::If)
    }

    fn for_loop(&mut self, it: &python::StmtFor) -> Option<StmtKind> {
        let target = self.target(&it.target, true);
        let over = self.expression(&it.iter);
        let body = self.inside(&it.body);
        let otherwise = self.block(&it.orelse);
        Some(StmtKind::For { target: target?, over: over?, body, otherwise })
    }

    fn inside(&mut self, body: &[PythonStmt]) -> Vec<Stmt> {
        self.loops += 1;
        let body = self.block(body);
        self.loops -= 1;
        body
    }

    fn target(&mut self, target: &PythonExpr, several: bool) -> Option<Target> {
        let at = target.start().to_u32();
        match target {
            PythonExpr::Name(it) => Some(Target::Name(at, it.id.as_str().into())),
            PythonExpr::Subscript(it) if matches!(&*it.slice, PythonExpr::Slice(_)) => {
                self.refuse(target, "a rule can't assign to a part of a list", "assign a new list, or one element")
            }
            PythonExpr::Subscript(it) => {
                let object = self.expression(&it.value);
                let key = self.expression(&it.slice);
                Some(Target::Item(at, object?, key?))
            }
            PythonExpr::Tuple(it) if several => self.targets(at, &it.elts),
            PythonExpr::List(it) if several => self.targets(at, &it.elts),
            PythonExpr::Attribute(it) => {
                let message =
                    format!("a rule can't reach the attribute `{}`", crate::rule::fault::short(it.attr.as_str()));
                self.refuse(target, message, "keep values in variables, lists and dicts")
            }
            PythonExpr::Starred(_) => {
                self.refuse(target, "a rule can't unpack with *", "take the elements by their numbers")
            }
            _ => self.note(target, crate::rule::FaultKind::Syntax, "nothing can be assigned to this", ""),
        }
    }

    fn targets(&mut self, at: u32, targets: &[PythonExpr]) -> Option<Target> {
        let all: Vec<_> =
            targets.iter().map(|target| self.deeper(target, |lowering| lowering.target(target, true))).collect();
        all.into_iter().collect::<Option<_>>().map(|all| Target::Several(at, all))
    }

    fn not_a_rules<T>(&mut self, statement: &PythonStmt) -> Option<T> {
        let (what, hint) = match statement {
            PythonStmt::Import(_) | PythonStmt::ImportFrom(_) => {
                ("import anything", "len, ceil, floor, min, max, round, sqrt, time and others are there without import")
            }
            PythonStmt::FunctionDef(_) => ("define functions", NO_FUNCTIONS),
            PythonStmt::ClassDef(_) => ("define classes", NO_FUNCTIONS),
            PythonStmt::Return(_) => ("return", "assign m_node_count or m_container_count; use if and else"),
            PythonStmt::Try(_) => ("catch errors", "test beforehand: `if X is None`, `if key in values`, `if n > 0`"),
            PythonStmt::Raise(_) | PythonStmt::Assert(_) => {
                ("raise errors", "print what is wrong and leave the count as it is")
            }
            PythonStmt::With(_) => ("use `with`", "a rule opens nothing"),
            PythonStmt::Global(_) | PythonStmt::Nonlocal(_) => {
                ("declare names", "all names of a rule are in one place; leave the line out")
            }
            PythonStmt::Match(_) => ("use `match`", "write if and elif"),
            PythonStmt::AnnAssign(_) | PythonStmt::TypeAlias(_) => ("declare types", "leave the type out"),
            _ => ("do this", "use if, for, while and assignments"),
        };
        self.refuse(statement, format!("a rule can't {what}"), hint)
    }
}
