//! Why there is no plan.

use crate::model::Infeasible;

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// No plan satisfies the model, with a minimal set of what cannot hold together.
    #[error("no plan satisfies the model: {}", .0.summary())]
    Infeasible(Box<Infeasible>),
    /// The model says something that means nothing, such as a rule for a
    /// component that isn't there.
    #[error("{pointer}: {text}")]
    Invalid {
        /// Where it stands in the model, as a JSON Pointer (RFC 6901).
        pointer: String,
        /// What is wrong and what would be right.
        text: String,
    },
    /// The work budget ended before any plan was found, and none was proved impossible.
    #[error(
        "no plan was found within the budget of {budget} work units; none was proved impossible: raise the budget or loosen the rules"
    )]
    Exhausted {
        /// The budget that was given.
        budget: usize,
    },
    /// What is to leave its machine can't go anywhere it may; why. It stays.
    #[error("{0}")]
    Immovable(String),
    /// The plan failed the planner's own check: a fault of ours, nothing is carried out.
    #[error("the plan failed its own check and is not used: {0}")]
    Unsound(String),
}
