//! The broker's side: who of the agents is there, and what each is asked.
//!
//! Nothing of it is stored. An agent comes again a moment after the broker was
//! started again, and tells all that is asked of it; until then its machine
//! can't be looked at, and what is known of its workloads stays.

use super::wire::{AgentAnswer, AgentCall, AgentFacts, Ask, Reply};
use hansa_ontology::MachineId;
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::{Notify, mpsc};

/// So long an agent may be unheard before what is asked of it fails at once.
const HEARD: Duration = Duration::from_secs(15);
/// So many calls may wait for one agent.
const WAITING: usize = 1_024;
/// So many parts of an answer may wait for whoever reads it.
const PARTS: usize = 64;

/// An agent that has news to come waits no longer for calls.
const NEWS: Duration = Duration::from_secs(2);

/// Whoever reads an answer more slowly than that reads no more of it.
const READING: Duration = Duration::from_secs(2);

/// How the agent of a machine stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentStanding {
    /// It is there.
    Heard,
    /// It was there in the life of this broker process, and was last heard so long ago.
    Silent(Duration),
    /// It was not heard yet in the life of this broker process, and is waited for since so long.
    Awaited(Duration),
}

/// All agents of this broker. Clones share everything.
#[derive(Debug, Clone, Default)]
pub struct Agents {
    links: Arc<Mutex<BTreeMap<MachineId, Arc<Link>>>>,
}

impl Agents {
    /// How the agent of a machine stands, from now on waited for where it wasn't.
    #[must_use]
    pub fn standing(&self, machine: MachineId) -> AgentStanding {
        self.link(machine).standing()
    }

    /// The agent's facts, once it has told them.
    #[must_use]
    pub fn facts(&self, machine: MachineId) -> Option<AgentFacts> {
        self.link(machine).facts()
    }

    /// The machine is no more, or is made anew.
    pub fn forget(&self, machine: MachineId) {
        let gone = locked(&self.links).remove(&machine);
        if let Some(link) = gone {
            locked(&link.state).begin_anew();
        }
    }

    /// What the agent of a machine has to do: at once where there is something,
    /// else when there is, and nothing after that time.
    pub async fn calls(&self, machine: MachineId, facts: AgentFacts, wait: Duration) -> Vec<AgentCall> {
        self.link(machine).fetch(facts, wait).await
    }

    /// What the agent of a machine brings.
    pub async fn answers(&self, machine: MachineId, answers: Vec<AgentAnswer>) {
        self.link(machine).take(answers).await;
    }

    /// The line to the agent of a machine.
    pub(crate) fn link(&self, machine: MachineId) -> Arc<Link> {
        Arc::clone(locked(&self.links).entry(machine).or_default())
    }

    /// The agent of that machine is, or was, known.
    pub(crate) fn knows(&self, machine: MachineId) -> bool {
        locked(&self.links).contains_key(&machine)
    }
}

/// The line to one agent.
#[derive(Debug)]
pub(crate) struct Link {
    since: Instant,
    next: AtomicU64,
    /// Requests of the agent that wait for calls now.
    fetching: AtomicUsize,
    wake: Notify,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    heard: Option<Instant>,
    facts: Option<AgentFacts>,
    queue: VecDeque<AgentCall>,
    readers: HashMap<u64, mpsc::Sender<Reply>>,
}

impl Default for Link {
    fn default() -> Self {
        Self {
            since: Instant::now(),
            next: AtomicU64::new(1),
            fetching: AtomicUsize::new(0),
            wake: Notify::new(),
            state: Mutex::default(),
        }
    }
}

/// Counts a request that waits, for as long as it does.
struct Fetching<'a>(&'a Link);

impl Drop for Fetching<'_> {
    fn drop(&mut self) {
        self.0.fetching.fetch_sub(1, Ordering::Relaxed);
        locked(&self.0.state).heard = Some(Instant::now());
    }
}

/// Answers to one call, as they come.
#[derive(Debug)]
pub(crate) struct Replies {
    link: Arc<Link>,
    id: u64,
    parts: mpsc::Receiver<Reply>,
    ended: bool,
}

impl Replies {
    /// The next part; none where the agent went away.
    pub(crate) async fn next(&mut self) -> Option<Reply> {
        let part = self.parts.recv().await;
        self.ended = !matches!(part, Some(Reply::Lines(_)));
        part
    }
}

impl Drop for Replies {
    fn drop(&mut self) {
        locked(&self.link.state).readers.remove(&self.id);
        if !self.ended {
            self.link.push(0, Ask::Cease(self.id));
        }
    }
}

impl Link {
    pub(crate) fn facts(&self) -> Option<AgentFacts> {
        locked(&self.state).facts.clone()
    }

    pub(crate) fn standing(&self) -> AgentStanding {
        let heard = locked(&self.state).heard;
        match heard {
            _ if self.fetching.load(Ordering::Relaxed) > 0 => AgentStanding::Heard,
            Some(at) if at.elapsed() < HEARD => AgentStanding::Heard,
            Some(at) => AgentStanding::Silent(at.elapsed()),
            None => AgentStanding::Awaited(self.since.elapsed()),
        }
    }

    /// Asks something. None where the agent is not there or can't keep up.
    pub(crate) fn ask(self: &Arc<Self>, ask: Ask) -> Option<Replies> {
        if self.standing() != AgentStanding::Heard {
            return None;
        }
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, parts) = mpsc::channel(PARTS);
        locked(&self.state).readers.insert(id, sender);
        let replies = Replies { link: Arc::clone(self), id, parts, ended: false };
        self.push(id, ask).then_some(replies)
    }

    fn push(&self, id: u64, ask: Ask) -> bool {
        let mut state = locked(&self.state);
        if state.queue.len() >= WAITING {
            return false;
        }
        state.queue.push_back(AgentCall { id, ask });
        drop(state);
        self.wake.notify_one();
        true
    }

    async fn fetch(&self, facts: AgentFacts, wait: Duration) -> Vec<AgentCall> {
        self.fetching.fetch_add(1, Ordering::Relaxed);
        let _counted = Fetching(self);
        let wait = if facts.is_unsettled() { wait.min(NEWS) } else { wait };
        self.met(facts);
        let deadline = tokio::time::sleep(wait);
        tokio::pin!(deadline);
        loop {
            let calls: Vec<AgentCall> = locked(&self.state).queue.drain(..).collect();
            if !calls.is_empty() {
                return calls;
            }
            tokio::select! {
                () = self.wake.notified() => {}
                () = &mut deadline => return Vec::new(),
            }
        }
    }

    /// An agent that was started anew knows nothing of what an earlier one was asked.
    fn met(&self, facts: AgentFacts) {
        let mut state = locked(&self.state);
        state.heard = Some(Instant::now());
        if state.facts.as_ref().is_some_and(|known| known.session != facts.session) {
            state.begin_anew();
        }
        state.facts = Some(facts);
    }

    async fn take(&self, answers: Vec<AgentAnswer>) {
        for AgentAnswer { id, reply } in answers {
            let reader = {
                let mut state = locked(&self.state);
                state.heard = Some(Instant::now());
                match reply {
                    Reply::Lines(_) => state.readers.get(&id).cloned(),
                    _ => state.readers.remove(&id),
                }
            };
            // Whoever asked may have given up meanwhile.
            let Some(reader) = reader else { continue };
            if tokio::time::timeout(READING, reader.send(reply)).await.is_err() {
                locked(&self.state).readers.remove(&id);
            }
        }
    }
}

impl State {
    /// Whoever waits for an answer hears that there will be none.
    fn begin_anew(&mut self) {
        self.queue.clear();
        self.readers.clear();
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hansa_repository::system::AgentRuns;
    use uuid::Uuid;

    fn facts(session: u64) -> AgentFacts {
        AgentFacts {
            version: "1".into(),
            runs: AgentRuns::Processes,
            limits: Default::default(),
            session,
            cluster: None,
        }
    }

    fn machine() -> MachineId {
        MachineId(Uuid::from_u128(7))
    }

    #[tokio::test]
    async fn what_is_asked_is_fetched_and_answered() {
        let agents = Agents::default();
        assert!(matches!(agents.standing(machine()), AgentStanding::Awaited(_)));
        assert!(agents.link(machine()).ask(Ask::Cease(0)).is_none(), "nobody is there");
        assert!(agents.calls(machine(), facts(1), Duration::ZERO).await.is_empty());
        assert_eq!(agents.standing(machine()), AgentStanding::Heard);

        let mut replies = agents.link(machine()).ask(Ask::Cease(9)).unwrap();
        let calls = agents.calls(machine(), facts(1), Duration::from_secs(5)).await;
        let id = calls[0].id;
        agents.answers(machine(), vec![AgentAnswer { id, reply: Reply::Done }]).await;
        assert!(matches!(replies.next().await, Some(Reply::Done)));
        agents.answers(machine(), vec![AgentAnswer { id, reply: Reply::Done }]).await;
        drop(replies);
        assert!(agents.calls(machine(), facts(1), Duration::ZERO).await.is_empty(), "nothing is left to be told");
    }

    #[tokio::test]
    async fn an_agent_that_was_started_anew_answers_nothing_of_before() {
        let agents = Agents::default();
        agents.calls(machine(), facts(1), Duration::ZERO).await;
        let mut replies = agents.link(machine()).ask(Ask::Cease(9)).unwrap();
        assert!(agents.calls(machine(), facts(2), Duration::ZERO).await.is_empty());
        assert!(replies.next().await.is_none());
    }

    #[tokio::test]
    async fn who_stops_reading_is_told_of() {
        let agents = Agents::default();
        agents.calls(machine(), facts(1), Duration::ZERO).await;
        let mut replies = agents.link(machine()).ask(Ask::Cease(9)).unwrap();
        let id = agents.calls(machine(), facts(1), Duration::ZERO).await[0].id;
        agents.answers(machine(), vec![AgentAnswer { id, reply: Reply::Lines(Vec::new()) }]).await;
        assert!(matches!(replies.next().await, Some(Reply::Lines(_))));
        drop(replies);
        let calls = agents.calls(machine(), facts(1), Duration::ZERO).await;
        assert!(matches!(calls[0].ask, Ask::Cease(ended) if ended == id));
    }
}
