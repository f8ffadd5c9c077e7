//! What is known of a fault.

use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{Actor, ApplicationId, ProjectId};
use hansa_repository::event::Event;
use serde::{Deserialize, Serialize};

/// The most events that a fault names: the first ones and the last ones.
const SIGNS: usize = 20;
/// How many of these are the first ones.
const FIRST: usize = 5;

macro_rules! kinds {
    ($($(#[$doc:meta])+ $variant:ident = $name:literal, $severity:ident;)+) => {
        /// What is wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum FaultKind {
            $($(#[$doc])+ $variant,)+
        }

        impl FaultKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Its stable name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// How bad it is.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self {
                    $(Self::$variant => Severity::$severity,)+
                }
            }
        }
    };
}

kinds! {
    /// An instance of a component has failed, is unhealthy, or was in a machine that is lost.
    ComponentFailing = "component-failing", Major;
    /// An application can't be brought to where it is wanted.
    ApplicationBlocked = "application-blocked", Major;
    /// A rented machine is lost, or can't be used.
    MachineLost = "machine-lost", Major;
    /// A host of a real system doesn't work.
    HostLost = "host-lost", Major;
    /// A real system (a cluster, a cloud, an engine) can't be used.
    SystemLost = "system-lost", Critical;
    /// Calls to a partner fail.
    PartnerSilent = "partner-silent", Major;
    /// An order can't be delivered.
    OrderFailed = "order-failed", Minor;
    /// A promise of a rented machine was not kept.
    SlaMissed = "sla-missed", Major;
    /// A service level of an application is missed.
    ServiceLevelMissed = "service-level-missed", Major;
    /// A budget is exhausted.
    BudgetExhausted = "budget-exhausted", Major;
    /// A carbon limit is passed.
    CarbonLimitPassed = "carbon-limit-passed", Minor;
    /// An alert fires: a rule's, or an application's. A rule says how bad that is.
    AlertFiring = "alert-firing", Major;
}

impl FaultKind {
    /// The kind of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

/// How bad a fault is (after ITU-T X.733, clause 8.1.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It can wait.
    Minor,
    /// Something that is wanted doesn't work.
    Major,
    /// Much that is wanted doesn't work.
    Critical,
}

impl Severity {
    /// Every severity, the least one first.
    pub const ALL: [Self; 3] = [Self::Minor, Self::Major, Self::Critical];

    /// Its stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }
}

/// An event that shows a fault, or its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sign {
    /// The event's number.
    pub event: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Its kind.
    pub kind: String,
    /// What it says.
    pub message: String,
}

impl Sign {
    pub(super) fn of(event: &Event) -> Self {
        Self { event: event.sequence, at: event.at, kind: event.kind.clone(), message: event.message.clone() }
    }
}

/// Another fault that explains this one, as far as the log shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cause {
    /// Its number.
    pub fault: i64,
    /// What is wrong there.
    pub kind: FaultKind,
    /// With what.
    pub thing: String,
    /// What was told of it first.
    pub message: String,
    /// The events that show it.
    pub events: Vec<i64>,
    /// Whether it is the broker's own, and no business of tenants.
    pub own: bool,
}

/// What somebody said of a fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: DateTime<Utc>,
    /// What; may be empty.
    pub note: String,
}

/// How a fault came to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resolution {
    /// When.
    pub at: DateTime<Utc>,
    /// By what.
    pub by: Ended,
}

/// What ended a fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// An event that shows that all is well again, or that nobody needs it any more.
    Event(Sign),
    /// Somebody.
    Hand(Note),
    /// Its time is over: the month that a budget or a limit is of.
    Time,
}

/// Where a fault is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultState {
    /// Nobody has said that they see to it.
    Open,
    /// Somebody sees to it.
    Acknowledged(Note),
    /// It is over.
    Resolved(Resolution),
}

impl FaultState {
    /// The names of all states.
    pub const NAMES: [&'static str; 3] = ["open", "acknowledged", "resolved"];

    /// Its stable name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged(_) => "acknowledged",
            Self::Resolved(_) => "resolved",
        }
    }
}

/// A fault. One thing has at most one of a kind that is not resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fault {
    /// Its number: they grow in the order in which faults opened.
    pub number: i64,
    /// What is wrong.
    pub kind: FaultKind,
    /// How bad that is.
    pub severity: Severity,
    /// With what: `machine/<id>`, `system/<name>`.
    pub thing: String,
    /// What people call it, and by what else events name it.
    pub also: Vec<String>,
    /// What the event was about that told of it last.
    pub subject: String,
    /// Whose it is; none: the broker's own.
    pub project: Option<ProjectId>,
    /// Of which application.
    pub application: Option<ApplicationId>,
    /// What was told first.
    pub message: String,
    /// When it opened first.
    pub since: DateTime<Utc>,
    /// When it opened last: later than `since` when it came again.
    pub opened: DateTime<Utc>,
    /// How often the event came that opened it.
    pub count: u64,
    /// How often it came again after it was resolved.
    pub reopened: u32,
    /// Seconds for which it was open before it opened last.
    pub open_seconds: i64,
    /// The events that show it: the first few, and the last ones.
    pub signs: Vec<Sign>,
    /// What it rests on, the nearest first: a fault there explains this one.
    pub rests_on: Vec<String>,
    /// What explains it, the nearest first.
    pub causes: Vec<Cause>,
    /// Where it is.
    pub state: FaultState,
    /// When it is over by itself.
    pub until: Option<DateTime<Utc>>,
}

impl Fault {
    /// Whether it is not over.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        !matches!(self.state, FaultState::Resolved(_))
    }

    /// When it was resolved.
    #[must_use]
    pub const fn resolved_at(&self) -> Option<DateTime<Utc>> {
        match &self.state {
            FaultState::Resolved(resolution) => Some(resolution.at),
            _ => None,
        }
    }

    /// For how long it was open, in all; as of a time where it still is.
    #[must_use]
    pub fn duration(&self, now: DateTime<Utc>) -> TimeDelta {
        let running = if self.is_open() { (now - self.opened).max(TimeDelta::zero()) } else { TimeDelta::zero() };
        TimeDelta::seconds(self.open_seconds) + running
    }

    /// An event shows it.
    pub(super) fn sign(&mut self, event: &Event) {
        if self.signs.len() >= SIGNS {
            self.signs.remove(FIRST);
        }
        self.signs.push(Sign::of(event));
    }

    /// It is over.
    pub(super) fn resolve(&mut self, at: DateTime<Utc>, by: Ended) {
        self.open_seconds += (at - self.opened).num_seconds().max(0);
        self.state = FaultState::Resolved(Resolution { at, by });
    }
}
