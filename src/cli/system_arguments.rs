//! What owners can type about real systems.

use super::owner_arguments::OwnerChange;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Real systems: engines, clusters, clouds, management controllers.
#[derive(Debug, Subcommand)]
pub(crate) enum SystemCommand {
    /// List systems, with how each was last found.
    List,
    /// List the kinds of system to which the broker can speak.
    Kinds,
    /// Show one.
    Show {
        /// Its name.
        name: String,
    },
    /// Ask a system that isn't connected what it has: tests address, credential and trust.
    Try {
        #[command(flatten)]
        system: SystemOptions,
    },
    /// Connect a system.
    Connect {
        #[command(flatten)]
        system: SystemOptions,
        #[command(flatten)]
        change: OwnerChange,
    },
    /// Change where a connected system is and who opens it; what isn't given becomes empty.
    Change {
        #[command(flatten)]
        system: SystemOptions,
        #[command(flatten)]
        change: OwnerChange,
    },
    /// Disconnect a system of which nothing is rented or offered.
    Disconnect {
        /// Its name.
        name: String,
        #[command(flatten)]
        change: OwnerChange,
    },
    /// Ask a connected system now what it has.
    Test {
        /// Its name.
        name: String,
    },
    /// Show what a system was last found to have.
    Inventory {
        /// Its name.
        name: String,
    },
    /// Make offers of what a system has: one for each size, at this price.
    Offers {
        /// Its name.
        name: String,
        #[command(flatten)]
        rule: PriceRule,
        /// Publish them at once.
        #[arg(long)]
        publish: bool,
        /// Only say what would be offered; write nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

/// A system as it is connected.
#[derive(Debug, Args)]
pub(crate) struct SystemOptions {
    /// Its name.
    pub name: String,
    /// Which connector speaks to it; `hansa system kinds` lists them.
    #[arg(long)]
    pub kind: String,
    /// The site that has it: IRI or last segment.
    #[arg(long)]
    pub site: String,
    /// Where it is: unix:///run/docker.sock, `https://cloud.example:5000/v3`.
    #[arg(long, value_name = "URL")]
    pub address: String,
    /// The credential that opens it (`hansa credential add`).
    #[arg(long, value_name = "NAME")]
    pub credential: Option<String>,
    /// A file with the certificates that are trusted for it, PEM.
    #[arg(long, value_name = "FILE")]
    pub trust: Option<PathBuf>,
    /// What its connector needs to know besides; as often as needed.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub settings: Vec<String>,
}

/// What machines of a system cost.
#[derive(Debug, Args)]
pub(crate) struct PriceRule {
    /// Only these sizes: of the system, or flavours of this broker; as often as needed.
    #[arg(long = "flavour", value_name = "NAME")]
    pub flavours: Vec<String>,
    /// Currency of the prices (ISO 4217).
    #[arg(long, default_value = "EUR")]
    pub currency: String,
    /// Of each machine, an hour.
    #[arg(long, value_name = "AMOUNT")]
    pub base: Option<String>,
    /// Of each processor, an hour.
    #[arg(long, value_name = "AMOUNT")]
    pub per_cpu: Option<String>,
    /// Of each GiB of memory, an hour.
    #[arg(long, value_name = "AMOUNT")]
    pub per_gib_memory: Option<String>,
    /// Of each GiB of disk, an hour.
    #[arg(long, value_name = "AMOUNT")]
    pub per_gib_disk: Option<String>,
    /// Of each graphics processor, an hour.
    #[arg(long, value_name = "AMOUNT")]
    pub per_gpu: Option<String>,
    /// Promised availability in percent, such as 99.9.
    #[arg(long, value_name = "PERCENT")]
    pub availability: Option<String>,
    /// What its machines can be used for; as often as needed.
    #[arg(long = "capability", value_name = "TAG")]
    pub capabilities: Vec<String>,
}
