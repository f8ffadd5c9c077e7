//! Service orchestrator (ICRA): owns applications. It keeps what their tenants
//! want, and goes round (plan, realise, observe, compare) until what is there
//! is what is wanted. It knows no HTTP, no placement and no infrastructure.

mod blue_green;
mod deferral;
pub mod error;
pub mod model;
mod moving;
mod performance;
mod rearranging;
mod reconcile;
mod revision;
mod scaling;
mod service;
mod store;
mod worker;

pub use blue_green::{BlueGreen, UpdateStage};
pub use deferral::{DeferredJob, Hours, JobAdvice, JobAsk, JobStart, JobState, NoHours};
pub use error::{ErrorKind, OrchestratorError};
pub use model::{
    Accepted, Application, ApplicationDetail, ApplicationFilter, Change, DesiredState, IdempotencyKey, Page, Phase,
};
pub use moving::{CopyForecast, Interruption, MoveKind, MovePreview, MoveRequest, MovingPolicy, Saving};
pub use performance::{Sample, ServiceLevelView};
pub use revision::{FieldChange, Revision, field_changes};
pub use scaling::{Metrics, ScalingView, replicas_set};
pub use service::{Hold, Move, NoQuotas, Quotas, ScalingOptions, ServiceOrchestrator, order_application};
pub use store::{MIGRATIONS, applications_living};
pub use worker::{WorkerOptions, run_workers};
