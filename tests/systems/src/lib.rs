//! Starts real systems for the tests of connectors: each in a temporary folder
//! and on free ports, and ended with the value that stands for it.
//!
//! A system whose programs are not installed is skipped, loudly, or fails the
//! test where `HANSA_TEST_<SYSTEM>=required` says that it has to be there; `.ci/run`
//! sets that for all that it has installed.

#![expect(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a failing set-up fails the test")]
#![allow(clippy::missing_panics_doc, reason = "so does every function here")]

mod container_engine;
mod cut;
mod docker;
pub mod helm;
mod ironic;
mod judges;
mod keystone;
pub mod kubernetes;
mod libvirt;
mod moto;
mod nova;
mod page;
mod podman;
mod program;
mod prometheus;
mod python;
mod redfish;
mod shared;

pub use container_engine::{BUSYBOX, ContainerEngine};
pub use cut::cut_after;
pub use docker::{docker, docker_with};
pub use ironic::{Ironic, IronicSettings};
pub use judges::{FocusVerdict, focus_verdict, invoice_faults};
pub use keystone::{ACCESS_TOKEN, ADMIN_PASSWORD, Keystone};
pub use kubernetes::{Berth, Kubernetes};
pub use libvirt::Libvirt;
pub use moto::Moto;
pub use nova::Nova;
pub use page::serve;
pub use podman::podman;
pub use program::{Program, find, free_port, wanted};
pub use prometheus::{PROMETHEUS_PASSWORD, PROMETHEUS_USER, Prometheus, PrometheusGate, PrometheusSeries};
pub use redfish::{REDFISH_USER, Redfish};
pub use shared::{recorded_intensity, recorded_requests, shared_data};
