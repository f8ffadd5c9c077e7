//! What pages are made of: each part is shown with `{{ part }}` in a template
//! and escapes what it is given.

mod also_by;
mod empty;
mod field;
mod instant;
mod notice;
mod pager;
mod state;
#[cfg(test)]
mod tests;

pub(crate) use also_by::AlsoBy;
pub(crate) use empty::Empty;
pub(crate) use field::{Choice, Field, FieldKind};
pub(crate) use instant::Instant;
pub(crate) use notice::Notice;
pub(crate) use pager::Pager;
pub(crate) use state::{StateMark, Tone};
