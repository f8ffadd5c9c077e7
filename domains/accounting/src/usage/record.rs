//! One metered quantity, and what it is a quantity of.

use crate::{AccountingError, Interval};
use hansa_ontology::{ApplicationId, OfferId, ProjectId, ProviderId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{fmt, str::FromStr, sync::Arc};
use uuid::Uuid;

/// The name space of the ids of usage records (RFC 9562, version 5).
const RECORDS: Uuid = Uuid::from_u128(0x8f0c_9a52_6d0e_5b0c_9f6e_3a51_1c77_2d04);

/// What kind of thing was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ResourceKind {
    /// A running instance of a component.
    Workload,
    /// A rented machine.
    Machine,
    /// A container cluster.
    Cluster,
    /// A whole physical server.
    Server,
    /// A volume.
    Volume,
    /// Data that was moved.
    Transfer,
}

impl ResourceKind {
    /// Its name, as it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Workload => "workload",
            Self::Machine => "machine",
            Self::Cluster => "cluster",
            Self::Server => "server",
            Self::Volume => "volume",
            Self::Transfer => "transfer",
        }
    }
}

impl fmt::Display for ResourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A thing that was used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Resource {
    /// What kind of thing.
    pub kind: ResourceKind,
    /// Its id within its provider.
    pub id: String,
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.id)
    }
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $what:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schemars(with = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes a name of 1 to 100 letters without spaces.
            ///
            /// # Errors
            /// When it is no such name.
            pub fn new(name: &str) -> Result<Self, AccountingError> {
                let good = (1..=100).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_graphic());
                if good {
                    Ok(Self(name.into()))
                } else {
                    let problem = format!("`{name}` must be 1 to 100 letters of ASCII without spaces");
                    Err(AccountingError::invalid($what, problem))
                }
            }

            /// The name.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = AccountingError;
            fn try_from(name: String) -> Result<Self, AccountingError> {
                Self::new(&name)
            }
        }

        impl FromStr for $name {
            type Err = AccountingError;
            fn from_str(name: &str) -> Result<Self, AccountingError> {
                Self::new(name)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name_type! {
    /// What is counted, with its unit in its name: `machine-seconds`, `mib-seconds`, `bytes`.
    Meter, "meter"
}
name_type! {
    /// A price plan, by its name. A plan never changes: a new price is a new plan.
    PlanId, "plan"
}

impl PlanId {
    /// The plan of what is paid with the machine that it is in: metered, and not charged.
    #[must_use]
    pub fn included() -> Self {
        Self("included".into())
    }
}

impl Meter {
    /// One rented machine for one second.
    #[must_use]
    pub fn machine_seconds() -> Self {
        Self("machine-seconds".into())
    }

    /// One running instance of a component for one second.
    #[must_use]
    pub fn workload_seconds() -> Self {
        Self("workload-seconds".into())
    }

    /// One MiB of a volume for one second.
    #[must_use]
    pub fn mib_seconds() -> Self {
        Self("mib-seconds".into())
    }
}

/// What a record is a quantity of, and whose it is. Many records share one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subject {
    /// Who delivers it.
    pub provider: ProviderId,
    /// What was used.
    pub resource: Resource,
    /// What of it was counted.
    pub meter: Meter,
    /// Who pays.
    pub project: ProjectId,
    /// For which application.
    pub application: Option<ApplicationId>,
    /// By which offer it was rented.
    pub offer: Option<OfferId>,
    /// At which prices.
    pub plan: PlanId,
}

impl Subject {
    /// Whether both count the same of the same thing, whoever pays for it.
    #[must_use]
    pub fn same_slot(&self, other: &Self) -> bool {
        self.meter == other.meter && self.resource == other.resource && self.provider == other.provider
    }
}

/// How sure a quantity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Taken to go on as it was; a later revision says how it really was.
    Estimate,
    /// Known.
    Measured,
}

/// Where a quantity comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// From the events of its begin and end.
    Lifecycle,
    /// From readings of a counter.
    Measurement,
    /// A partner's signed record.
    Partner,
}

/// A quantity that was used in a stretch of time that lies within one cell.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "Written", into = "Written")]
pub struct UsageRecord {
    subject: Arc<Subject>,
    interval: Interval,
    quantity: u64,
    revision: u64,
    standing: Standing,
    source: Source,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    #[serde(flatten)]
    subject: Arc<Subject>,
    #[serde(flatten)]
    interval: Interval,
    quantity: u64,
    revision: u64,
    standing: Standing,
    source: Source,
}

impl TryFrom<Written> for UsageRecord {
    type Error = AccountingError;
    fn try_from(written: Written) -> Result<Self, AccountingError> {
        let Written { subject, interval, quantity, revision, standing, source } = written;
        Self::new(subject, interval, quantity, revision, standing, source)
    }
}

impl From<UsageRecord> for Written {
    fn from(record: UsageRecord) -> Self {
        let UsageRecord { subject, interval, quantity, revision, standing, source } = record;
        Self { subject, interval, quantity, revision, standing, source }
    }
}

impl UsageRecord {
    /// A record.
    ///
    /// # Errors
    /// When its interval does not lie within one UTC hour.
    pub fn new(
        subject: Arc<Subject>,
        interval: Interval,
        quantity: u64,
        revision: u64,
        standing: Standing,
        source: Source,
    ) -> Result<Self, AccountingError> {
        if !interval.in_one_cell() {
            let problem = format!("{} lies in another UTC hour than `from`; cut the record there", interval.to());
            return Err(AccountingError::invalid("to", problem));
        }
        Ok(Self { subject, interval, quantity, revision, standing, source })
    }

    /// The records of a quantity that was used evenly over any stretch, such as
    /// a partner's record of some hours: cut at UTC hours, and adding up to it.
    ///
    /// # Errors
    /// Never: each part lies within one hour.
    pub fn spread(
        subject: &Arc<Subject>,
        stretch: Interval,
        quantity: u64,
        revision: u64,
        source: Source,
    ) -> Result<Vec<Self>, AccountingError> {
        let record = |cell: Interval| {
            let part = stretch.share(quantity, &cell);
            Self::new(Arc::clone(subject), cell, part, revision, Standing::Measured, source)
        };
        stretch.cells().map(record).collect()
    }

    /// Its id: the same for all revisions of what one meter of one thing counted from one moment on.
    #[must_use]
    pub fn id(&self) -> Uuid {
        let Subject { provider, resource, meter, .. } = &*self.subject;
        Uuid::new_v5(&RECORDS, format!("{provider}\n{resource}\n{meter}\n{}", self.interval.begin()).as_bytes())
    }

    /// SHA-256 of its canonical JSON, in hexadecimal digits: names exactly this revision as evidence.
    #[must_use]
    pub fn digest(&self) -> String {
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        crate::hex(&Sha256::digest(&bytes))
    }

    /// What it is a quantity of.
    #[must_use]
    pub const fn subject(&self) -> &Arc<Subject> {
        &self.subject
    }

    /// When.
    #[must_use]
    pub const fn interval(&self) -> Interval {
        self.interval
    }

    /// How much, in the meter's unit.
    #[must_use]
    pub const fn quantity(&self) -> u64 {
        self.quantity
    }

    /// Of two records of one cell the one with the greater number holds.
    #[must_use]
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// How sure it is.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        self.standing
    }

    /// Where it comes from.
    #[must_use]
    pub const fn source(&self) -> Source {
        self.source
    }

    /// The same thing told as of a shared subject.
    pub(crate) fn sharing(self, subject: Arc<Subject>) -> Self {
        Self { subject, ..self }
    }

    /// What of it lies within an interval; none when nothing does.
    #[must_use]
    pub fn within(&self, window: &Interval) -> Option<Self> {
        let interval = self.interval.overlap(window)?;
        Some(Self { interval, quantity: self.interval.share(self.quantity, &interval), ..self.clone() })
    }
}
