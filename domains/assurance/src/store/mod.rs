//! This crate's tables: rentals with a promise, how
//! each objective stood, breaches, announced maintenance, faults, subscriptions, alert rules. The only
//! module here that knows diesel.

mod course;
mod fault;
mod notification;
mod rule;
mod standing;
mod tables;

pub(crate) use course::{
    announcement_delete, announcement_find, announcement_insert, announcements_list, announcements_since, courses_get,
    courses_put, courses_to_look_at,
};
pub(crate) use fault::{
    FaultFilter, Owner, fault_find, faults_count, faults_last, faults_list, faults_living, faults_put, severity_name,
};
pub(crate) use notification::{
    deliveries, delivery_put, subscription_delete, subscription_find, subscription_put, subscriptions, subscriptions_of,
};
pub(crate) use rule::{rule_delete, rule_find, rule_put, rules_of};
pub(crate) use standing::{
    BreachFilter, StandingFilter, breach_insert, breaches_list, forget, machines_of, standings_list, standings_put,
};

use diesel_migrations::embed_migrations;
use hansa_repository::Migrations;

/// This crate's tables.
pub const MIGRATIONS: Migrations = Migrations::portable(embed_migrations!("migrations/portable"));

/// How many names one statement asks for.
const AT_ONCE: usize = 500;
