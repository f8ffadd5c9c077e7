//! What callers say and what they hear: types and pure rules, no IO.

mod copying;
mod discovery;
mod exit;
mod logs;
mod peers;
mod spec;
mod status;
mod usage;

pub(crate) use copying::at_most;
pub use copying::{ASSUMED_RATE, CopyOutlook, CopyStage, MOST_BYTES, VolumeCopy, amount, expected_seconds};
pub use discovery::{DiscoveryToken, DiscoveryTokens};
pub use exit::Exit;
pub use logs::{LogLine, LogQuery, LogSource};
pub use peers::{Endpoint, Endpoints, PeerEndpoint, Peers};
pub use spec::{Target, WorkloadSpec};
pub use status::{Applied, LimitSupport, RefusedStart, Removal, WorkloadState, WorkloadStatus};
pub use usage::{CpuUsage, Measurement, NetworkUsage, PageRef, Usage};
