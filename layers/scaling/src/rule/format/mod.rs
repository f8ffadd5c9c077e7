//! Formatting: the small language of f-strings and `format` (Python's "Format
//! Specification Mini-Language"), and that of `%`. Widths and precisions are
//! paid for before anything of that size is made.

mod number;
mod percent;
mod spec;

pub(super) use percent::percent;
pub(super) use spec::Spec;
