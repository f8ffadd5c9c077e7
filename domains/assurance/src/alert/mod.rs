//! Alerts: an expression is asked again and again, and what has held for long
//! enough is told, once when it begins and once when it is over. Rules are over
//! the measurements of a project, or of the broker itself; [`Watch`] alone is
//! also what alerts of applications are watched with. Pure but for [`Gauge`].

mod ask;
mod rule;
mod watch;
mod words;

pub(crate) use ask::Ground;
pub use ask::Lacks;
pub use rule::{NewRule, Rule};
pub use watch::{Answer, Holding, LabelSet, News, Standing, Unknown, Watch};

use crate::Labels;
use async_trait::async_trait;
use hansa_ontology::ProjectId;
use std::fmt;

/// What was measured once.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampled {
    /// The name of the metric.
    pub metric: String,
    /// Whose it is.
    pub labels: Labels,
    /// The value.
    pub value: f64,
}

/// What was measured of a project, or of the broker itself.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Measured {
    /// What was measured.
    pub samples: Vec<Sampled>,
    /// What can't be measured now, and why.
    pub lacks: Lacks,
}

/// Measures what rules ask of.
#[async_trait]
pub trait Gauge: Send + Sync + fmt::Debug {
    /// What there is now of a project, or of the broker itself, within a bound
    /// of its own. What can't be had is told.
    async fn measure(&self, project: Option<&ProjectId>) -> Measured;
}
