//! Kill -9 between any two steps: what it leaves behind the same call ends.

use crate::{
    model::{Machine, MachineRequest, MachineState, NodeShare},
    service::Pim,
};
use hansa_ontology::MachineId;
use hansa_repository::{
    Database, RepositoryError,
    event::{self, EventFilter, Order},
};
use std::{fmt::Debug, future::Future, pin::pin, task::Poll};

/// Lets `work` come to its `steps`-th wait, lets what it waits for end, and
/// drops it there: what `kill -9` between two steps leaves behind. Answers
/// what came out where the work ended before.
///
/// This holds where every effect on the outside (a transaction, a change in
/// the file system) is one wait, as it is when each runs on a blocking thread.
async fn killed_after<T>(steps: usize, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut waits = 0;
    std::future::poll_fn(|context| {
        if waits == steps {
            return Poll::Ready(None);
        }
        match work.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => {
                waits += 1;
                Poll::Pending
            }
        }
    })
    .await
}

/// Does `work` again and again, killed before its first step, after its first,
/// its second, and so on until it ends unharmed. Each time `heal` has to put
/// things right, to check that they are, and to make the scene ready for the
/// next time. Answers how many times it was killed.
///
/// A step that ends before anyone waits for it joins the next one; so all of
/// this is done three times, and the pass with the most kills counts.
pub async fn killed_at_every_step<T>(work: impl AsyncFn() -> T, heal: impl AsyncFn(usize)) -> usize {
    let mut most = 0;
    for _ in 0..3 {
        let mut steps = 0;
        loop {
            let ended = killed_after(steps, work()).await.is_some();
            heal(steps).await;
            if ended {
                break;
            }
            steps += 1;
            assert!(steps < 100, "the work has no end within {steps} steps");
        }
        most = most.max(steps);
    }
    most
}

/// A room that gives machines, as far as its checks need it.
#[expect(async_fn_in_trait, reason = "used by tests on one thread")]
pub trait Room {
    /// The room's error.
    type Error: Debug;
    /// Makes a machine.
    async fn ensure(&self, request: &MachineRequest) -> Result<NodeShare, Self::Error>;
    /// Takes one away.
    async fn release(&self, machine: MachineId) -> Result<(), Self::Error>;
    /// All machines of the room.
    async fn list(&self) -> Result<Vec<Machine>, Self::Error>;
}

/// Checks of a room with empty nodes on which `request` fits: every `ensure`
/// and `release` may be killed after any step; the same call again ends it, a
/// release after it leaves nothing, and each machine has its two events once.
pub async fn check_room(room: &impl Room, pim: &Pim, database: &Database, request: &MachineRequest) {
    let machine = request.machine;
    let kills = killed_at_every_step(
        async || drop(room.ensure(request).await),
        async |steps| {
            // Every other time without the ensure that would have ended it.
            if steps % 2 == 0 {
                is_ready(room, pim, request).await;
            }
            room.release(machine).await.expect("released");
            nothing_is_left(room, pim).await;
        },
    )
    .await;
    assert!(kills >= 5, "killed {kills} times only: the steps were not taken one by one");

    is_ready(room, pim, request).await;
    let kills = killed_at_every_step(
        async || drop(room.release(machine).await),
        async |_| {
            room.release(machine).await.expect("released");
            nothing_is_left(room, pim).await;
            is_ready(room, pim, request).await;
        },
    )
    .await;
    assert!(kills >= 3, "killed {kills} times only: the steps were not taken one by one");
    room.release(machine).await.expect("released");
    nothing_is_left(room, pim).await;
    events_alternate(database, machine).await;

    meet_in_any_order(room, pim, request).await;
}

/// An ensure and a release at the same time: whoever wins, nothing is left that nobody knows.
async fn meet_in_any_order(room: &impl Room, pim: &Pim, request: &MachineRequest) {
    for turns in 0..12 {
        let release = async {
            for _ in 0..turns {
                tokio::time::sleep(std::time::Duration::from_micros(300)).await;
            }
            room.release(request.machine).await
        };
        let (ensured, released) = tokio::join!(room.ensure(request), release);
        released.expect("released");
        let known = room.list().await.expect("listed");
        let shares = pim.node_list(None).await.expect("nodes");
        let given = shares.iter().map(|usage| usage.machines.len()).sum::<usize>();
        assert!(given <= known.len(), "a share that no record knows ({turns} turns, {ensured:?})");
        room.release(request.machine).await.expect("released");
        nothing_is_left(room, pim).await;
    }
}

async fn is_ready(room: &impl Room, pim: &Pim, request: &MachineRequest) {
    let share = room.ensure(request).await.expect("room for it");
    assert_eq!(room.ensure(request).await.expect("the same again"), share);
    assert!(share.directory.is_dir(), "{}", share.directory.display());
    assert_eq!(pim.share(request.machine).await.expect("read"), Some(share.clone()));
    let machines = room.list().await.expect("listed");
    let [machine] = machines.as_slice() else {
        panic!("one machine, not {machines:?}");
    };
    assert_eq!(&machine.request, request);
    assert!(matches!(machine.state, MachineState::Ready { .. }), "{machine:?}");
    assert_eq!(machine.share(), Some(&share));
}

async fn nothing_is_left(room: &impl Room, pim: &Pim) {
    assert_eq!(room.list().await.expect("listed"), []);
    for usage in pim.node_list(None).await.expect("nodes") {
        assert!(usage.machines.is_empty(), "{usage:?}");
    }
    assert_eq!(pim.directory_sweep().await.expect("swept"), Vec::<std::path::PathBuf>::new());
}

/// ready, released, ready, released… A machine that was never ready may be released.
async fn events_alternate(database: &Database, machine: MachineId) {
    let filter = EventFilter { subject: Some(format!("machine/{machine}")), ..EventFilter::default() };
    let events = database
        .read(move |connection| event::list(connection, &filter, 1_000, Order::OldestFirst))
        .await
        .map_err(|error: RepositoryError| error.to_string())
        .expect("events");
    let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    assert!(kinds.contains(&"machine.ready"));
    for pair in kinds.windows(2) {
        assert_ne!(pair, ["machine.ready", "machine.ready"], "{kinds:?}");
    }
    assert_eq!(kinds.last(), Some(&"machine.released"));
}
