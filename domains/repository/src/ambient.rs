//! Time and randomness as arguments, so that tests can own them.

use chrono::{DateTime, Utc};
use std::sync::Arc;
use uuid::Uuid;

/// Tells the time.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The current time, UTC.
    fn now(&self) -> DateTime<Utc>;
}

/// Gives new identifiers.
pub trait IdSource: Send + Sync + std::fmt::Debug {
    /// A new identifier that no one else has.
    fn next(&self) -> Uuid;
}

/// A shared clock.
pub type SharedClock = Arc<dyn Clock>;
/// A shared source of identifiers.
pub type SharedIds = Arc<dyn IdSource>;

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the system for the time")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// Identifiers that sort by time of creation (UUID version 7, RFC 9562).
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

impl IdSource for RandomIds {
    #[expect(clippy::disallowed_methods, reason = "the one place that makes random identifiers")]
    fn next(&self) -> Uuid {
        Uuid::now_v7()
    }
}
