//! The real systems that give virtual machines: one file and one line of
//! [`KINDS`] for each, behind [`MachineConnector`].

mod ec2;
mod libvirt;
mod openstack;
pub(crate) mod xml;

use hansa_pim::MachineConnector;
use hansa_repository::system::Kind;

/// The kinds of system that give virtual machines.
pub static KINDS: &[Kind<dyn MachineConnector>] = &[
    Kind { name: "ec2", connect: ec2::connect },
    Kind { name: "libvirt", connect: libvirt::connect },
    Kind { name: "openstack", connect: openstack::connect },
];
