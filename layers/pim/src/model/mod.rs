//! The words of this room and its pure rules.

mod amounts;
pub(crate) mod green;
mod machine;
mod maintenance;
mod node;
pub(crate) mod placement;

pub use amounts::Amounts;
pub use green::{GreenMode, HostPower, Rest, RestState};
pub(crate) use machine::Transition;
pub use machine::{Machine, MachineState};
pub use maintenance::{Drain, InvalidTarget, Maintenance, MaintenanceTarget, NewMaintenance};
pub use node::{Down, MachineRequest, Node, NodeOrigin, NodeShare, NodeState, NodeUsage, ShareRequest, SystemHost};
pub use placement::{NodeRefusal, nearest_refusal, units_free};
