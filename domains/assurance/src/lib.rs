//! Assurance (ICRA): what was measured lately, and questions about it in PromQL.
//!
//! [`Series`] keeps the measurements of some minutes in memory, those of each
//! tenant apart; [`Query`] asks them as Prometheus 2.42 would answer; and
//! [`Prometheus`] asks a real one where the owner has set it. Both give a
//! [`QueryAnswer`]. [`Compliance`] says whether a service level is kept.
//!
//! [`sla`] has the rules by which the promises of offers are measured, and
//! `service` follows the event log and keeps what comes out. [`fault`] makes
//! faults of what the log tells, and [`alert`] what people want to be warned of. Knows no layer;
//! times are arguments.

pub mod alert;
mod answer;
pub mod fault;
mod labels;
mod level;
pub mod notification;
mod prometheus;
mod promql;
mod series;
pub mod service;
pub mod sla;
mod store;

pub use answer::{Element, QueryAnswer, QueryResult};
pub use labels::{Labels, METRIC_NAME};
pub use level::{Aim, Compliance, LevelState, ROUND, Tally};
pub use prometheus::{Access, Prometheus, PrometheusError, Secret, Settings};
pub use promql::{Query, QueryError, QueryLimits};
pub use series::{RecordError, Series, SeriesCounts, SeriesLimits};
pub use store::MIGRATIONS;
