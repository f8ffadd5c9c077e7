//! Why a broker can't start. Each message names the remedy.

use crate::{
    config::{ConfigFault, LocalError},
    http::StartError,
};
use std::{io, path::PathBuf};

/// Why a broker can't start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WiringError {
    /// The server.
    #[error(transparent)]
    Server(#[from] StartError),
    /// What carries notifications away.
    #[error(transparent)]
    Notifier(#[from] crate::notifier::NotifierError),
    /// What scaling is told.
    #[error(transparent)]
    Scaling(#[from] super::scaling::ScalingFault),
    /// The bound address can't be read back.
    #[error("the server's address can't be read: {0}")]
    Address(#[source] io::Error),
    /// The data directory.
    #[error("the data directory {} can't be used: {source}; give another in data_dir (HANSA_DATA_DIR)", path.display())]
    DataDirectory {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another broker uses the data directory.
    #[error("the data directory {} is used by another broker{}; stop that one, or give another in data_dir (HANSA_DATA_DIR)", path.display(), .holder.as_ref().map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    InUse {
        /// Which.
        path: PathBuf,
        /// Its process, where that is known.
        holder: Option<String>,
    },
    /// This program's own file can't be found.
    #[error("this program can't find its own file, which supervises workloads: {0}")]
    Program(#[source] io::Error),
    /// The database.
    #[error(transparent)]
    Repository(#[from] hansa_repository::RepositoryError),
    /// Nodes.
    #[error(transparent)]
    Pim(#[from] hansa_pim::PimError),
    /// Virtual machines.
    #[error(transparent)]
    Vip(#[from] hansa_vip::VipError),
    /// Clusters.
    #[error(transparent)]
    Mcm(#[from] hansa_mcm::McmError),
    /// Credentials of infrastructure.
    #[error(transparent)]
    Credential(#[from] hansa_iam::CredentialError),
    /// Security.
    #[error(transparent)]
    Iam(#[from] hansa_iam::IamError),
    /// Workloads.
    #[error(transparent)]
    Wdm(#[from] hansa_wdm::WdmError),
    /// The local catalogue.
    #[error(transparent)]
    Local(#[from] LocalError),
    /// The generated offers break a shape.
    #[error("the offers made from `sites` are refused: {0}; correct the settings of the site")]
    LocalOffers(String),
    /// Partners couldn't reach this broker.
    #[error(
        "federation.public_url: `{text}` can't be used: {reason}; give the URL under which partners reach this broker"
    )]
    PublicUrl {
        /// What was told.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Browsers couldn't reach this broker.
    #[error("server.public_url: `{text}` can't be used: {reason}; give the URL under which browsers reach this broker")]
    BrowserUrl {
        /// What was told.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The file of a client's secret.
    #[error("auth.issuers: the client_secret_file {} can't be read: {source}", path.display())]
    Secret {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of coefficients.
    #[error("{0}")]
    Coefficients(ConfigFault),
    /// A file of keys or certificates.
    #[error("{field}: {} can't be read: {source}; give a file in PEM form", path.display())]
    File {
        /// The setting.
        field: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// This broker's identity, keys or certificates.
    #[error("this broker's identity can't be used: {0}")]
    Identity(#[from] hansa_federation::FederationError),
    /// A task ended early.
    #[error("a task of the start ended early: {0}")]
    Task(#[source] tokio::task::JoinError),
}
