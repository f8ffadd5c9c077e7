//! How much is kept, and why a sample may be refused.

use std::time::Duration;

/// How much is kept. The bounds of memory count what is allocated, labels and
/// the bookkeeping of each series included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesLimits {
    /// For how long a sample is kept.
    pub span: Duration,
    /// The memory of all tenants together, in bytes.
    pub bytes: usize,
    /// The memory of one tenant, in bytes.
    pub tenant_bytes: usize,
    /// The most samples of one series; beyond, its oldest goes.
    pub samples: usize,
    /// The most labels of one series.
    pub labels: usize,
    /// The most bytes in the labels of one series, name of the metric included.
    pub label_bytes: usize,
}

impl Default for SeriesLimits {
    /// 15 minutes; 256 MiB in all, 64 MiB for a tenant (some 11,000 series with
    /// ten labels and a sample every 5 s); 2,000 samples, 64 labels and 4 KiB of text.
    fn default() -> Self {
        Self {
            span: Duration::from_mins(15),
            bytes: 256 << 20,
            tenant_bytes: 64 << 20,
            samples: 2_000,
            labels: 64,
            label_bytes: 4 << 10,
        }
    }
}

/// Why a sample was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The metric's name is none.
    #[error("the name of the metric, {0:?}, is none: a letter, _ or :, then letters, digits, _ and :")]
    Name(String),
    /// The name of a label is none.
    #[error("the name of the label, {0:?}, is none: a letter or _, then letters, digits and _, and not __name__")]
    Label(String),
    /// It has too many labels or too long ones.
    #[error("the labels of {metric} are more than {labels} or longer than {bytes} bytes: drop some of them")]
    Labels {
        /// The metric.
        metric: String,
        /// The most labels.
        labels: usize,
        /// The most bytes.
        bytes: usize,
    },
    /// It is not newer than what is there.
    #[error("the sample is not newer than the last of its series: record samples in the order of time")]
    Old,
    /// There is no room for another series, and none is idle.
    #[error("there is no room for another series{}: record fewer, or raise the limit", if *.tenant { " of this tenant" } else { "" })]
    Full {
        /// Whether it is the tenant's bound.
        tenant: bool,
    },
}

/// How much is there, and what happened since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SeriesCounts {
    /// Series that are kept.
    pub series: usize,
    /// Samples that are kept.
    pub samples: usize,
    /// Bytes that are allocated for them.
    pub bytes: usize,
    /// Samples that were recorded.
    pub recorded: u64,
    /// Samples that were refused.
    pub refused: u64,
    /// Samples that went before their time, to make room in their own series.
    pub shortened: u64,
    /// Idle series that went to make room for others.
    pub evicted: u64,
}

/// Whether this is a name of a metric.
pub(super) fn is_metric(name: &str) -> bool {
    is_label(&name.replace(':', "_"))
}

/// Whether this is a name of a label.
pub(crate) fn is_label(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|one| one.is_ascii_alphanumeric() || one == '_')
}
