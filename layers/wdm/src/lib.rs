//! Workload Deployment Manager (ICRA): packages onto machines, kept running.
//!
//! A caller says which workload has to run where ([`WorkloadSpec`]); this room
//! gives it ports, starts it, watches it, starts it again when it died, tells
//! it its peers' addresses, keeps its output, and takes it away without a
//! trace. How a package becomes a running thing is the business of a connector
//! (`connectors/`); the first runs operating-system processes.
//!
//! This crate doesn't know what an application is, why a workload runs where it
//! runs, or what it costs.

pub mod agent;
mod connectors;
mod error;
mod lifecycle;
pub mod model;
mod service;
mod store;

pub use connectors::{
    LogStream,
    process::{LogBounds, ProcessOptions, shim_main},
};
pub use error::{ErrorKind, WdmError};
pub use model::{
    ASSUMED_RATE, Applied, CopyOutlook, CopyStage, CpuUsage, DiscoveryToken, DiscoveryTokens, Endpoint, Endpoints,
    Exit, LimitSupport, LogLine, LogQuery, LogSource, Measurement, NetworkUsage, PageRef, PeerEndpoint, Peers,
    RefusedStart, Removal, Target, Usage, VolumeCopy, WorkloadSpec, WorkloadState, WorkloadStatus, amount,
    expected_seconds,
};
pub use service::{Wdm, WdmOptions, volumes_follow, volumes_left, volumes_sources};
pub use store::MIGRATIONS;
