//! The course of a machine: when it ran, what was in it, and what each hour of it
//! drew and owes. Pure.

mod hour;
mod machine;

pub(crate) use hour::{Cell, PATIENCE, Readings, Subject};
pub(crate) use machine::{Machine, Stay, Terms};
