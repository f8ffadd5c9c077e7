//! The words of this room. A place in a container cluster is asked for and answers as machines of
//! every kind do.

/// What a place in a container cluster is asked to be.
pub type PlacementRequest = hansa_pim::MachineRequest;

/// A place in a container cluster: what was asked, and how far it is.
pub type Placement = hansa_pim::Machine;
