//! What a workload uses of processor and memory.

use chrono::{DateTime, Utc};
use hansa_ontology::WorkloadId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a workload used when it was last looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Processor time.
    pub cpu: CpuUsage,
    /// Memory that it holds, in bytes, without what the kernel can take back at once.
    pub memory_bytes: u64,
    /// What went over its network since the run began. None: it isn't counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkUsage>,
    /// When that was so.
    pub at: DateTime<Utc>,
}

/// What went over a network, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkUsage {
    /// What came.
    pub received_bytes: u64,
    /// What went.
    pub sent_bytes: u64,
}

/// How a system tells processor time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase", tag = "kind")]
pub enum CpuUsage {
    /// All that was used since the run began.
    Total {
        /// Microseconds of one processor.
        micros: u64,
    },
    /// What was used lately.
    Rate {
        /// Thousandths of a processor.
        milli: u64,
    },
}

/// A page that a workload serves over HTTP.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PageRef {
    /// The port's name.
    pub port: String,
    /// The path, with its leading slash.
    pub path: String,
}

/// What was measured of one workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measurement {
    /// The workload.
    pub workload: WorkloadId,
    /// What it uses, or why that isn't known.
    pub usage: Result<Usage, String>,
    /// The pages that were asked for, or why each can't be had.
    pub pages: BTreeMap<PageRef, Result<String, String>>,
}
