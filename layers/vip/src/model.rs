//! The words of this room. A virtual machine is asked for and answers as machines of
//! every kind do.

/// What a virtual machine is asked to be.
pub type VirtualMachineRequest = hansa_pim::MachineRequest;

/// A virtual machine: what was asked, and how far it is.
pub type VirtualMachine = hansa_pim::Machine;
