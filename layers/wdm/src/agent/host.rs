//! The machine's side: the agent. It fetches what is asked of it, has the
//! machine's own connector carry it out, and brings what came of it.
//!
//! It keeps nothing but who it is. Workloads are not its children: they go on
//! when it ends, and the next one finds them.

use super::{
    cluster::MachineCluster,
    wire::{AgentAnswer, AgentCall, AgentFacts},
    work::Work,
};
use hansa_ontology::MachineId;
use hansa_repository::{
    ambient::{SharedClock, SharedIds},
    system::AgentRuns,
};
use reqwest::{Client, StatusCode};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::sync::mpsc;

/// The file with what the agent shows its broker, below its state.
const SECRET: &str = "secret";
/// Longer than a broker lets an agent wait for calls.
const LONGEST_WAIT: Duration = Duration::from_secs(40);
/// So long any other request may take.
const REQUEST: Duration = Duration::from_secs(10);
/// The shortest and the longest pause before what failed is tried again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(10));
/// So many answers may wait to be brought.
const ANSWERS: usize = 1_024;

/// How an agent is set up.
#[derive(Debug)]
pub struct AgentOptions {
    /// Its broker's address, such as `https://broker.example`.
    pub server: String,
    /// How the broker is reached: trust anchors are its maker's business.
    pub client: Client,
    /// The machine that it is on.
    pub machine: MachineId,
    /// The file with the token by which it gets a secret of its own, once.
    pub token_file: PathBuf,
    /// Where it keeps its secret and its workloads.
    pub state: PathBuf,
    /// What it runs.
    pub runs: AgentRuns,
    /// The file ([`MachineCluster`], JSON) on the cluster of the machine, for
    /// one whose packages run in one.
    pub cluster: PathBuf,
    /// This program, which is also the supervisor of processes.
    pub program: PathBuf,
}

/// Why an agent ends.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// A file can't be used.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file that the first boot wrote isn't as it was written.
    #[error("{} isn't as this machine's first boot wrote it: {source}", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// Where reading stopped.
        source: serde_json::Error,
    },
    /// The broker does not know this machine, or not any more.
    #[error("the broker at {server} does not let this machine in: {said}; its token is good once, while it is rented")]
    Refused {
        /// Where it is.
        server: String,
        /// What it said.
        said: String,
    },
    /// What runs packages here can't be used.
    #[error("packages can't be run here: {0}")]
    Packages(#[from] crate::WdmError),
}

/// Asks the broker to be let in.
#[derive(Debug, Serialize)]
struct Enrolment<'a> {
    token: &'a str,
}

/// What the agent shows from then on.
#[derive(Deserialize)]
struct Enrolled {
    secret: String,
}

/// A failure to speak with the broker.
enum Spoken {
    /// It will pass.
    Later(String),
    /// It will not.
    Refused(String),
}

/// Runs the agent of this machine until the broker does not know it any more.
///
/// # Errors
/// When the broker refuses it, when its files can't be used, and when nothing
/// here runs packages.
pub async fn agent_main(options: AgentOptions, clock: SharedClock, ids: &SharedIds) -> Result<(), AgentError> {
    let work = Work::new(&options, clock).await?;
    let (session, _) = ids.next().as_u64_pair();
    let facts = AgentFacts {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        runs: options.runs,
        limits: work.limits(),
        session,
        cluster: None,
    };
    let broker = Broker { secret: admitted(&options).await?, server: options.server, client: options.client };
    let (answers, outgoing) = mpsc::channel(ANSWERS);
    tokio::select! {
        ended = fetch(&broker, &facts, &work, answers) => ended,
        ended = bring(&broker, outgoing) => ended,
    }
}

/// Carries out what is asked, side by side.
async fn fetch(
    broker: &Broker,
    facts: &AgentFacts,
    work: &Work,
    answers: mpsc::Sender<AgentAnswer>,
) -> Result<(), AgentError> {
    let mut pause = PAUSES.0;
    loop {
        let facts = AgentFacts { cluster: work.cluster(), ..facts.clone() };
        match broker.post::<_, Vec<AgentCall>>("calls", &facts, LONGEST_WAIT).await {
            Ok(calls) => {
                pause = PAUSES.0;
                for AgentCall { id, ask } in calls {
                    work.begin(id, ask, answers.clone());
                }
            }
            Err(Spoken::Later(said)) => wait(&mut pause, &said).await,
            Err(Spoken::Refused(said)) => return Err(broker.refused(said)),
        }
    }
}

/// Brings answers, many at once where many wait.
async fn bring(broker: &Broker, mut outgoing: mpsc::Receiver<AgentAnswer>) -> Result<(), AgentError> {
    let mut ready = Vec::new();
    while outgoing.recv_many(&mut ready, ANSWERS).await > 0 {
        let mut pause = PAUSES.0;
        loop {
            match broker.post::<_, serde_json::Value>("answers", &ready, REQUEST).await {
                Ok(_) => break,
                // Whoever asked has given up after some seconds, and asks again.
                Err(Spoken::Later(said)) if pause > PAUSES.0 * 8 => {
                    tracing::warn!(said, "answers were not brought");
                    break;
                }
                Err(Spoken::Later(said)) => wait(&mut pause, &said).await,
                Err(Spoken::Refused(said)) => return Err(broker.refused(said)),
            }
        }
        ready.clear();
    }
    Ok(())
}

/// Waits a little longer each time; not all agents of a broker at the same moment.
async fn wait(pause: &mut Duration, said: &str) {
    tracing::info!(said, pause = ?*pause, "the broker can't be asked now");
    let spread = u32::from(std::process::id().to_be_bytes()[3]);
    tokio::time::sleep(*pause + *pause * spread / 1_024).await;
    *pause = (*pause * 2).min(PAUSES.1);
}

/// What this agent shows its broker: what it has, or what it gets for its token.
async fn admitted(options: &AgentOptions) -> Result<String, AgentError> {
    let file = options.state.join(SECRET);
    if let Ok(secret) = std::fs::read_to_string(&file) {
        return Ok(secret.trim().to_owned());
    }
    let token = read(&options.token_file)?;
    let broker = Broker { secret: String::new(), server: options.server.clone(), client: options.client.clone() };
    let mut pause = PAUSES.0;
    let enrolled: Enrolled = loop {
        match broker.post("enrol", &Enrolment { token: token.trim() }, REQUEST).await {
            Ok(enrolled) => break enrolled,
            Err(Spoken::Later(said)) => wait(&mut pause, &said).await,
            Err(Spoken::Refused(said)) => return Err(broker.refused(said)),
        }
    };
    keep(&file, &enrolled.secret)?;
    // Good for nothing any more.
    std::fs::remove_file(&options.token_file).ok();
    Ok(enrolled.secret)
}

impl AgentOptions {
    /// The cluster of this machine, as its first boot wrote it down.
    pub(super) fn machine_cluster(&self) -> Result<MachineCluster, AgentError> {
        let text = read(&self.cluster)?;
        serde_json::from_str(&text).map_err(|source| AgentError::Damaged { path: self.cluster.clone(), source })
    }
}

fn read(path: &Path) -> Result<String, AgentError> {
    std::fs::read_to_string(path).map_err(|source| AgentError::File { path: path.to_owned(), source })
}

/// For this account alone, and whole or not at all.
fn keep(path: &Path, secret: &str) -> Result<(), AgentError> {
    let failed = |source| AgentError::File { path: path.to_owned(), source };
    let beside = path.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&beside).map_err(failed)?;
    file.write_all(secret.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    std::fs::rename(&beside, path).map_err(failed)
}

/// How the broker is spoken to.
struct Broker {
    server: String,
    secret: String,
    client: Client,
}

impl Broker {
    fn refused(&self, said: String) -> AgentError {
        AgentError::Refused { server: self.server.clone(), said }
    }

    async fn post<B: Serialize, A: DeserializeOwned>(
        &self,
        what: &str,
        body: &B,
        limit: Duration,
    ) -> Result<A, Spoken> {
        let url = format!("{}/agent/v1/{what}", self.server.trim_end_matches('/'));
        let request = self.client.post(url).timeout(limit).bearer_auth(&self.secret).json(body);
        let answer = request.send().await.map_err(|error| Spoken::Later(error.without_url().to_string()))?;
        let status = answer.status();
        if status.is_success() {
            return answer.json().await.map_err(|error| Spoken::Later(error.without_url().to_string()));
        }
        let said = answer.text().await.unwrap_or_default();
        let said = format!("{status}: {}", said.chars().take(500).collect::<String>());
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::GONE => Err(Spoken::Refused(said)),
            _ => Err(Spoken::Later(said)),
        }
    }
}
