//! The real systems that are container clusters, behind one trait: one file
//! and one line of [`KINDS`] for each. How packages get onto them is the
//! business of the Workload Deployment Manager.

mod docker;
mod kubernetes;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use hansa_repository::system::{Kind, SystemError, SystemReport};
use std::fmt::Debug;

/// The kinds of system that are container clusters.
pub static KINDS: &[Kind<dyn ClusterConnector>] =
    &[Kind { name: "docker", connect: docker::connect }, Kind { name: "kubernetes", connect: kubernetes::connect }];

/// A container cluster; one engine on one host is the smallest.
#[async_trait]
pub trait ClusterConnector: Send + Sync + Debug {
    /// What the cluster has now: its version, what it can do, its hosts with
    /// what they can give, and what others than this broker use of it.
    async fn discover(&self, now: DateTime<Utc>) -> Result<SystemReport, SystemError>;
}
