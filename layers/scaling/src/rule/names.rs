//! Which names a rule reads and which it writes: by its syntax, so that
//! `m_node_count_old` is not `m_node_count`.

use super::syntax::{Arguments, Expr, ExprKind, Piece, Stmt, StmtKind, Target};
use std::{collections::BTreeMap, sync::Arc};

/// The names of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Names that it reads, each with the byte offset of the first place.
    pub(super) read: BTreeMap<Arc<str>, u32>,
    /// Names that it assigns, likewise.
    pub(super) written: BTreeMap<Arc<str>, u32>,
}

impl Names {
    /// The names that the rule reads.
    pub fn reads(&self) -> impl Iterator<Item = &str> {
        self.read.keys().map(|name| &**name)
    }

    /// The names that the rule assigns.
    pub fn writes(&self) -> impl Iterator<Item = &str> {
        self.written.keys().map(|name| &**name)
    }

    /// Whether the rule uses the name at all.
    #[must_use]
    pub fn uses(&self, name: &str) -> bool {
        self.read.contains_key(name) || self.written.contains_key(name)
    }

    pub(super) fn of(statements: &[Stmt]) -> Self {
        let mut names = Self::default();
        names.block(statements);
        names
    }

    fn block(&mut self, statements: &[Stmt]) {
        for statement in statements {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Stmt) {
        match &statement.kind {
            StmtKind::Expr(value) => self.expr(value),
            StmtKind::Assign(targets, value) => {
                self.expr(value);
                targets.iter().for_each(|target| self.target(target));
            }
            StmtKind::Augment(target, _, value) => {
                self.expr(value);
                if let Target::Name(at, name) = target {
                    self.read.entry(name.clone()).or_insert(*at);
                }
                self.target(target);
            }
            StmtKind::Delete(targets) => targets.iter().for_each(|target| self.target(target)),
            StmtKind::If(branches) => {
                for (test, body) in branches {
                    test.iter().for_each(|test| self.expr(test));
                    self.block(body);
                }
            }
            StmtKind::For { target, over, body, otherwise } => {
                self.expr(over);
                self.target(target);
                self.block(body);
                self.block(otherwise);
            }
            StmtKind::While { test, body, otherwise } => {
                self.expr(test);
                self.block(body);
                self.block(otherwise);
            }
            StmtKind::Break | StmtKind::Continue | StmtKind::Pass => {}
        }
    }

    fn target(&mut self, target: &Target) {
        match target {
            Target::Name(at, name) => {
                self.written.entry(name.clone()).or_insert(*at);
            }
            Target::Item(_, object, key) => {
                self.expr(object);
                self.expr(key);
            }
            Target::Several(_, targets) => targets.iter().for_each(|target| self.target(target)),
        }
    }

    fn exprs<'e>(&mut self, all: impl IntoIterator<Item = &'e Expr>) {
        all.into_iter().for_each(|one| self.expr(one));
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::None | ExprKind::Bool(_) | ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Text(_) => {}
            ExprKind::Name(name) => {
                self.read.entry(name.clone()).or_insert(expr.at);
            }
            ExprKind::List(all) | ExprKind::Tuple(all) | ExprKind::And(all) | ExprKind::Or(all) => self.exprs(all),
            ExprKind::Dict(pairs) => pairs.iter().for_each(|(key, value)| self.exprs([key, value])),
            ExprKind::Joined(pieces) => self.pieces(pieces),
            ExprKind::Unary(_, value) => self.expr(value),
            ExprKind::Binary(left, _, right) | ExprKind::Item(left, right) => self.exprs([&**left, &**right]),
            ExprKind::Compare(left, rest) => {
                self.expr(left);
                self.exprs(rest.iter().map(|(_, side)| side));
            }
            ExprKind::Choice { test, then, otherwise } => self.exprs([&**test, &**then, &**otherwise]),
            ExprKind::Slice(object, parts) => {
                self.expr(object);
                self.exprs(parts.iter().flatten());
            }
            ExprKind::Call { arguments, .. } => self.arguments(arguments),
            ExprKind::Method { object, arguments, .. } => {
                self.expr(object);
                self.arguments(arguments);
            }
        }
    }

    fn arguments(&mut self, arguments: &Arguments) {
        self.exprs(&arguments.by_place);
        self.exprs(arguments.by_name.iter().map(|(_, value)| value));
    }

    fn pieces(&mut self, pieces: &[Piece]) {
        for piece in pieces {
            if let Piece::Value { value, spec, .. } = piece {
                self.expr(value);
                self.pieces(spec);
            }
        }
    }
}
