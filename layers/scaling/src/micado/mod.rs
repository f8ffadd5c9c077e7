//! MiCADO's policies, as its policy keeper has them (pk.py of micado-scale's
//! policy keeper): constants, queries and alerts of all policies in one pot,
//! rules of machines before those of containers, one `m_userdata` for all.
//!
//! What it did badly is done better: names are found by syntax, not by
//! substring; a query that failed is told; a rule that fails keeps the number,
//! and only that one.

mod compile;
mod round;
mod template;
mod watch;

pub use compile::{MicadoFault, PolicySet};
pub use round::{Answer, Machines, MicadoRound, MicadoState, Watched};
pub use template::fill;
pub use watch::{Held, firing, hold, span};
