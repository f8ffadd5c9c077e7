//! What the tests of this room and of those above it share: made-up nodes and
//! requests, and a helper that kills a piece of work after each of its steps.

use crate::model::{Amounts, Node, ShareRequest};
use hansa_ontology::{MachineId, SiteId};
use std::{future::Future, net::Ipv4Addr, pin::pin, task::Poll};
use uuid::Uuid;

/// The site of every made-up node.
///
/// # Panics
/// Never: the text is an IRI.
#[must_use]
#[expect(clippy::expect_used, reason = "a constant, for tests")]
pub fn site() -> SiteId {
    SiteId::new("urn:test:site:local").expect("an IRI")
}

/// A node at [`site`], with 10 GiB of disk.
#[must_use]
pub fn node(name: &str, cpu_milli: u64, memory_mib: u64, capabilities: &[&str]) -> Node {
    Node {
        name: name.to_owned(),
        site: site(),
        address: Ipv4Addr::LOCALHOST.into(),
        cpu_milli,
        memory_mib,
        disk_mib: 10_240,
        gpus: 0,
        capabilities: capabilities.iter().map(|&tag| tag.to_owned()).collect(),
    }
}

/// A request at [`site`] for the machine number `machine`, without disk.
#[must_use]
pub fn request(
    machine: u128,
    cpu_milli: u64,
    memory_mib: u64,
    capabilities: &[&str],
) -> ShareRequest {
    ShareRequest {
        machine: MachineId(Uuid::from_u128(machine)),
        site: site(),
        amounts: Amounts {
            cpu_milli,
            memory_mib,
            ..Amounts::ZERO
        },
        capabilities: capabilities.iter().map(|&tag| tag.to_owned()).collect(),
        whole_node: false,
    }
}

/// Lets `work` come to its `steps`-th wait, lets what it waits for end, and
/// drops it there: what `kill -9` between two steps leaves behind. Answers
/// what came out where the work ended before.
///
/// Every effect on the outside (a transaction, a change in the file system)
/// must be one wait; this holds as all of them run on blocking threads.
pub async fn killed_after<T>(steps: usize, work: impl Future<Output = T>) -> Option<T> {
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
