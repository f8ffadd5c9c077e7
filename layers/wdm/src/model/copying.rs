//! Volumes that follow their instance to another place: how far that is, how
//! long it may take, and how large it may be. Pure.

use hansa_ontology::MachineId;
use std::time::Duration;

/// What is said beforehand of how fast volumes are copied, bytes a second.
pub const ASSUMED_RATE: u64 = 50_000_000;
/// What is slower than this, bytes a second, is given up.
const LEAST_RATE: u64 = 5_000_000;
/// What copying may take besides, however little there is to copy.
const OVERHEAD: Duration = Duration::from_secs(120);
/// The most that is copied for one instance, bytes: 1 TiB.
pub const MOST_BYTES: u64 = 1 << 40;

/// Volumes of one instance on their way to where it is to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeCopy {
    /// The component.
    pub component: String,
    /// Which of its instances.
    pub ordinal: u32,
    /// The machine that they leave.
    pub source: MachineId,
    /// How far it is.
    pub stage: CopyStage,
}

/// How far copying is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopyStage {
    /// The instance is being stopped, or its new machine made.
    Waiting,
    /// Content is being copied.
    Copying {
        /// Bytes that were read so far.
        done: u64,
        /// Bytes that there are; None: the system doesn't tell.
        of: Option<u64>,
    },
    /// It failed, and what arrived is not used; why.
    Failed(String),
    /// All is there; the source is given up when the instance works.
    Copied,
}

impl std::fmt::Display for VolumeCopy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}#{}: its volumes ", self.component, self.ordinal)?;
        match &self.stage {
            CopyStage::Waiting => f.write_str("wait to be copied"),
            CopyStage::Copying { done, of: None } => write!(f, "are being copied: {} so far", amount(*done)),
            CopyStage::Copying { done, of: Some(of) } => {
                write!(f, "are being copied: {} of {}", amount(*done), amount(*of))
            }
            CopyStage::Failed(reason) => write!(f, "couldn't be copied: {reason}"),
            CopyStage::Copied => f.write_str("are copied"),
        }
    }
}

/// What copying the volumes of an instance would come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopyOutlook {
    /// They can be copied.
    Possible {
        /// So many bytes; None: the system doesn't tell.
        bytes: Option<u64>,
    },
    /// They can't; why.
    Impossible(String),
}

/// The seconds that so many bytes take at [`ASSUMED_RATE`], rounded up.
#[must_use]
pub const fn expected_seconds(bytes: u64) -> u64 {
    bytes.div_ceil(ASSUMED_RATE)
}

/// How long copying so many bytes may take.
pub(crate) const fn at_most(bytes: u64) -> Duration {
    OVERHEAD.saturating_add(Duration::from_secs(bytes / LEAST_RATE))
}

/// Bytes for people: `3.4 GB`.
#[must_use]
pub fn amount(bytes: u64) -> String {
    let units = [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match units.into_iter().find(|(size, _)| bytes >= *size) {
        Some((size, unit)) => {
            let tenths = bytes / (size / 10);
            format!("{}.{} {unit}", tenths / 10, tenths % 10)
        }
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_may_take_follows_from_how_much_there_is() {
        assert_eq!(expected_seconds(0), 0);
        assert_eq!(expected_seconds(1), 1);
        assert_eq!(expected_seconds(100_000_001), 3);
        assert_eq!(at_most(0), Duration::from_secs(120));
        assert_eq!(at_most(5_000_000_000), Duration::from_secs(1_120));
        assert!(at_most(u64::MAX) > at_most(MOST_BYTES));
    }

    #[test]
    fn bytes_are_told_in_units_that_people_read() {
        let told = [0, 999, 1_000, 34_567, 1_250_000_000, 2_000_000_000_000].map(amount);
        assert_eq!(told, ["0 bytes", "999 bytes", "1.0 kB", "34.5 kB", "1.2 GB", "2.0 TB"]);
    }
}
