//! The words of security: who asks, what for, about what.

pub mod action;
pub mod principal;

pub use action::Action;
pub use principal::{Decision, Grant, GrantScope, Principal, Resource, Role, TokenLimits, Via};
