//! `hansa agent`: runs packages on a machine that a broker rents. It is started
//! by the machine's first boot, and by nobody's hand.

use crate::{client::Client, failure::Failure, observability};
use clap::Args;
use hansa_ontology::MachineId;
use hansa_repository::{
    ambient::{RandomIds, SharedClock, SharedIds, SystemClock},
    system::AgentRuns,
};
use hansa_wdm::agent::{AgentOptions, agent_main};
use std::{path::PathBuf, sync::Arc};

/// What the agent is told.
#[derive(Debug, Args)]
pub(crate) struct AgentArguments {
    /// The machine that it runs on, by its id at the broker.
    #[arg(long, env = "HANSA_AGENT_MACHINE", value_name = "ID")]
    machine: MachineId,
    /// The file with the token by which it is let in, once.
    #[arg(long, env = "HANSA_AGENT_TOKEN_FILE", value_name = "FILE")]
    token_file: PathBuf,
    /// Where it keeps its secret and its workloads.
    #[arg(long, env = "HANSA_AGENT_STATE", value_name = "DIRECTORY", default_value = "/var/lib/hansa-agent")]
    state: PathBuf,
    /// The file with what there is to know of the machine's own cluster, where its packages run in one.
    #[arg(long, env = "HANSA_AGENT_CLUSTER", value_name = "FILE", default_value = "/etc/hansa/cluster.json")]
    cluster: PathBuf,
    /// What it runs: processes, containers, or kubernetes.
    #[arg(long, env = "HANSA_AGENT_RUNS", value_name = "WHAT", default_value_t = AgentRuns::Processes)]
    runs: AgentRuns,
}

pub(super) async fn run(
    server: &str,
    ca_file: Option<&std::path::Path>,
    arguments: AgentArguments,
) -> Result<(), Failure> {
    observability::begin_plain();
    let clock: SharedClock = Arc::new(SystemClock);
    let ids: SharedIds = Arc::new(RandomIds);
    let options = AgentOptions {
        server: server.to_owned(),
        client: Client::plain(server, ca_file)?,
        machine: arguments.machine,
        token_file: arguments.token_file,
        state: arguments.state,
        runs: arguments.runs,
        cluster: arguments.cluster,
        program: std::env::current_exe()?,
    };
    agent_main(options, clock, &ids).await.map_err(|error| Failure::failed(error.to_string()))
}
