//! Which node gives a share: one that has the tags and the free room, the
//! least used first.

use super::{Amounts, Down, Drain, Node, NodeOrigin, NodeState, NodeUsage, Rest, RestState, ShareRequest};
use hansa_ontology::MachineId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A share as far as its node's room is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Given {
    /// Whose it is.
    pub(crate) machine: MachineId,
    /// How much was asked.
    pub(crate) amounts: Amounts,
    /// Whether it is all of the node.
    pub(crate) whole_node: bool,
}

/// Why a node can't give what is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeRefusal {
    /// The node.
    pub node: String,
    /// Every reason, in plain words.
    pub reasons: Vec<String>,
}

/// The node with what was given away of it.
pub(crate) fn usage(node: Node, withdrawn: bool, given: &[Given]) -> NodeUsage {
    let capacity = node.capacity();
    let whole = given.iter().any(|share| share.whole_node);
    let sum = given
        .iter()
        .filter(|share| !share.whole_node)
        .fold(if whole { capacity } else { Amounts::ZERO }, |sum, share| sum.plus(share.amounts));
    let state = if withdrawn {
        NodeState::Withdrawn
    } else if !capacity.covers(sum) || given.iter().any(|share| !capacity.covers(share.amounts)) {
        NodeState::Overcommitted
    } else if whole {
        NodeState::Whole
    } else {
        NodeState::Ready
    };
    NodeUsage {
        capacity,
        given: sum,
        free: match state {
            NodeState::Ready => capacity.minus(sum),
            _ => Amounts::ZERO,
        },
        machines: given.iter().map(|share| share.machine).collect(),
        state,
        node,
        origin: NodeOrigin::default(),
        version: 1,
        drain: None,
        down: None,
        rest: None,
    }
}

impl NodeUsage {
    /// The same node under maintenance: it gives nothing new.
    #[must_use]
    pub fn under(self, drain: Drain) -> Self {
        Self { state: NodeState::Draining, free: Amounts::ZERO, drain: Some(drain), ..self }
    }

    /// The same node as if nothing were given of it.
    #[must_use]
    pub fn emptied(self) -> Self {
        Self { state: NodeState::Ready, free: self.capacity, given: Amounts::ZERO, machines: BTreeSet::new(), ..self }
    }

    /// The same node while nothing runs on it. What keeps data in a volume waits for it.
    #[must_use]
    pub fn fallen(self, down: Down) -> Self {
        let drain = self.drain.or_else(|| down.given_up.then_some(Drain { leave_volumes: false }));
        Self { state: NodeState::Down, free: Amounts::ZERO, drain, down: Some(down), ..self }
    }

    /// The same node as it stands where green mode is on. One that failed to wake gives nothing.
    #[must_use]
    pub(crate) fn resting(self, rest: Rest) -> Self {
        let usage = match (rest.state, &rest.reason) {
            (RestState::Failed, Some(reason)) if self.down.is_none() => {
                self.fallen(Down { since: rest.since, reason: reason.clone(), given_up: false, told: true })
            }
            _ => self,
        };
        Self { rest: Some(rest), ..usage }
    }

    /// Whether its power has to be turned on, or may be off in a moment.
    #[must_use]
    pub fn sleeps(&self) -> bool {
        let state = self.rest.as_ref().map(|rest| rest.state);
        matches!(state, Some(RestState::FallingAsleep | RestState::Asleep))
    }

    /// Whether it is of those that a system gives, or of this very machine where none is named.
    #[must_use]
    pub fn is_of(&self, system: Option<&str>) -> bool {
        self.node.host.as_ref().map(|host| host.system.as_str()) == system
    }
}

/// The node that gives the share; one that sleeps only where no other can.
///
/// # Errors
/// For each node of the site why it can't.
pub(crate) fn choose<'a>(nodes: &'a [NodeUsage], request: &ShareRequest) -> Result<&'a NodeUsage, Vec<NodeRefusal>> {
    let mine = || nodes.iter().filter(|usage| usage.is_of(request.system.as_deref()));
    let wanted = Wanted::of(request);
    let able = mine().filter(|node| wanted.refused_by(node).is_empty());
    let chosen = if request.whole_node {
        // The smallest that will do: large nodes stay for those who need them.
        able.min_by_key(|usage| (usage.sleeps(), size(usage.capacity), &usage.node.name))
    } else {
        able.min_by_key(|usage| (usage.sleeps(), usage.given.dominant_share(usage.capacity), &usage.node.name))
    };
    chosen.ok_or_else(|| mine().map(|usage| wanted.refusal(usage)).collect())
}

/// How many more such shares these nodes can give.
#[must_use]
pub fn units_free(nodes: &[NodeUsage], amounts: Amounts, capabilities: &BTreeSet<String>, whole_node: bool) -> u32 {
    let units = nodes.iter().map(|usage| {
        let has_tags = capabilities.is_subset(&usage.node.capabilities);
        match (usage.state == NodeState::Ready && has_tags, whole_node) {
            (false, _) => 0,
            (true, true) => u64::from(usage.machines.is_empty() && usage.capacity.covers(amounts)),
            (true, false) => usage.free.times(amounts),
        }
    });
    u32::try_from(units.fold(0, u64::saturating_add)).unwrap_or(u32::MAX)
}

fn size(capacity: Amounts) -> (u64, u64, u64, u64) {
    (capacity.gpus, capacity.cpu_milli, capacity.memory_mib, capacity.disk_mib)
}

/// Why none of these nodes can give such a share: what the one says that is
/// nearest to it. None where there are no nodes.
#[must_use]
pub fn nearest_refusal(
    nodes: &[NodeUsage],
    amounts: Amounts,
    capabilities: &BTreeSet<String>,
    whole_node: bool,
) -> Option<NodeRefusal> {
    let wanted = Wanted { amounts, capabilities, whole_node };
    nodes.iter().map(|usage| wanted.refusal(usage)).min_by_key(|refusal| refusal.reasons.len())
}

/// What is asked of a node.
struct Wanted<'a> {
    amounts: Amounts,
    capabilities: &'a BTreeSet<String>,
    whole_node: bool,
}

impl<'a> Wanted<'a> {
    fn of(request: &'a ShareRequest) -> Self {
        Self { amounts: request.amounts, capabilities: &request.capabilities, whole_node: request.whole_node }
    }

    fn refusal(&self, usage: &NodeUsage) -> NodeRefusal {
        NodeRefusal { node: usage.node.name.clone(), reasons: self.refused_by(usage) }
    }

    /// Every reason why this node can't give the share; none when it can.
    fn refused_by(&self, usage: &NodeUsage) -> Vec<String> {
        let mut reasons = Vec::new();
        let machines = usage.machines.len();
        match usage.state {
            NodeState::Ready => {}
            NodeState::Whole => reasons.push("it is given as a whole to another machine".to_owned()),
            NodeState::Overcommitted => {
                reasons.push(format!("it has given away more ({}) than it now has ({})", usage.given, usage.capacity))
            }
            NodeState::Withdrawn => reasons.push("it is no longer configured".to_owned()),
            NodeState::Draining => reasons.push("it is under maintenance".to_owned()),
            NodeState::Down => {
                let why = usage.down.as_ref().map_or("", |down| down.reason.as_str());
                reasons.push(format!("it does not work: {why}"));
            }
        }
        for tag in self.capabilities.difference(&usage.node.capabilities) {
            reasons.push(format!("it has not the capability `{tag}`"));
        }
        if usage.state == NodeState::Ready {
            if self.whole_node && machines > 0 {
                reasons.push(format!("it must be entirely free and {machines} machines have a share of it"));
            }
            let room = if self.whole_node { usage.capacity } else { usage.free };
            for ((resource, have), (_, want)) in room.each().into_iter().zip(self.amounts.each()) {
                if have < want {
                    let (have, want) = (resource.written(have), resource.written(want));
                    reasons.push(if self.whole_node {
                        format!("it has {have} {resource}, {want} are asked")
                    } else {
                        format!("{have} {resource} is free, {want} are asked")
                    });
                }
            }
        }
        reasons
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{node, request};
    use hansa_ontology::MachineId;
    use uuid::Uuid;

    fn given(n: u128, cpu_milli: u64, memory_mib: u64) -> Given {
        Given {
            machine: MachineId(Uuid::from_u128(n)),
            amounts: Amounts { cpu_milli, memory_mib, ..Amounts::ZERO },
            whole_node: false,
        }
    }

    fn names(nodes: &[NodeUsage], request: &ShareRequest) -> Result<String, Vec<NodeRefusal>> {
        choose(nodes, request).map(|usage| usage.node.name.clone())
    }

    #[test]
    fn the_least_used_by_its_dominant_resource_is_taken_and_ties_go_by_name() {
        let nodes = [
            usage(node("c", 4_000, 4_096, &[]), false, &[given(1, 100, 2_048)]),
            usage(node("b", 4_000, 4_096, &[]), false, &[given(2, 1_000, 100)]),
            usage(node("a", 4_000, 4_096, &[]), false, &[given(3, 1_000, 200)]),
        ];
        assert_eq!(names(&nodes, &request(9, 500, 100, &[])).as_deref(), Ok("a"));
        assert_eq!(names(&nodes, &request(9, 3_500, 100, &[])).as_deref(), Ok("c"));
    }

    #[test]
    fn tags_and_room_are_needed_and_each_refusal_says_why() {
        let nodes = [
            usage(node("a", 4_000, 4_096, &["proxy"]), false, &[given(1, 3_500, 100)]),
            usage(node("b", 4_000, 4_096, &[]), false, &[]),
            usage(node("c", 1_000, 4_096, &["proxy"]), false, &[given(2, 2_000, 100)]),
            usage(node("d", 4_000, 4_096, &["proxy"]), true, &[]),
        ];
        let refused = names(&nodes, &request(9, 1_000, 100, &["proxy"])).unwrap_err();
        let text: Vec<String> = refused.iter().map(|r| format!("{}: {}", r.node, r.reasons.join("; "))).collect();
        assert_eq!(
            text,
            [
                "a: 0.5 CPU is free, 1 are asked",
                "b: it has not the capability `proxy`",
                "c: it has given away more (2 CPU, 100Mi memory, 0Mi disk) than it now has (1 CPU, 4Gi memory, 10Gi disk)",
                "d: it is no longer configured",
            ]
        );
        assert_eq!(names(&nodes, &request(9, 500, 100, &["proxy"])).as_deref(), Ok("a"));
    }

    #[test]
    fn a_whole_node_is_entirely_free_and_the_smallest_that_will_do() {
        let whole = |cpu| ShareRequest { whole_node: true, ..request(9, cpu, 100, &[]) };
        let nodes = [
            usage(node("a", 8_000, 4_096, &[]), false, &[]),
            usage(node("b", 4_000, 4_096, &[]), false, &[]),
            usage(node("c", 2_000, 4_096, &[]), false, &[given(1, 1, 1)]),
        ];
        assert_eq!(names(&nodes, &whole(1_000)).as_deref(), Ok("b"));
        assert_eq!(names(&nodes, &whole(5_000)).as_deref(), Ok("a"));
        let refused = names(&nodes, &whole(9_000)).unwrap_err();
        assert_eq!(refused[0].reasons, ["it has 8 CPU, 9 are asked"]);
        assert_eq!(
            refused[2].reasons,
            ["it must be entirely free and 1 machines have a share of it", "it has 2 CPU, 9 are asked"]
        );
    }

    #[test]
    fn one_that_sleeps_is_taken_where_no_other_can() {
        let rest = |state| Rest::new(state, crate::testing::noon());
        let whole = |cpu| ShareRequest { whole_node: true, ..request(9, cpu, 100, &[]) };
        let idle = |name, cpu| usage(node(name, cpu, 4_096, &[]), false, &[]);
        let mut nodes = vec![idle("a", 2_000).resting(rest(RestState::Asleep)), idle("b", 4_000)];
        assert_eq!(units_free(&nodes, Amounts::ZERO, &BTreeSet::new(), true), 2, "it is there to be rented");
        assert_eq!(names(&nodes, &whole(1_000)).as_deref(), Ok("b"));
        nodes.pop();
        assert_eq!(names(&nodes, &whole(1_000)).as_deref(), Ok("a"));
        let reason = Some("it didn't work".to_owned());
        nodes = vec![idle("a", 2_000).resting(Rest { reason, ..rest(RestState::Failed) })];
        assert_eq!(names(&nodes, &whole(1_000)).unwrap_err()[0].reasons, ["it does not work: it didn't work"]);
        assert_eq!(units_free(&nodes, Amounts::ZERO, &BTreeSet::new(), true), 0);
    }

    #[test]
    fn a_node_given_as_a_whole_gives_nothing_even_when_it_grows() {
        let all = Given { whole_node: true, ..given(1, 1_000, 100) };
        let taken = usage(node("a", 8_000, 4_096, &[]), false, &[all]);
        assert_eq!((taken.state, taken.given, taken.free), (NodeState::Whole, taken.capacity, Amounts::ZERO));
        assert_eq!(
            names(&[taken], &request(9, 1, 1, &[])).unwrap_err()[0].reasons,
            ["it is given as a whole to another machine"]
        );
        // It shrank below what the machine was promised.
        let shrunk = usage(node("a", 500, 4_096, &[]), false, &[all]);
        assert_eq!(shrunk.state, NodeState::Overcommitted);
    }

    #[test]
    fn units_are_what_could_be_given_one_after_the_other() {
        let mut nodes = vec![
            usage(node("a", 4_000, 4_096, &["proxy"]), false, &[given(1, 1_500, 100)]),
            usage(node("b", 2_000, 4_096, &[]), false, &[]),
            usage(node("c", 9_000, 4_096, &["proxy"]), true, &[]),
            usage(node("d", 1_000, 4_096, &["proxy"]), false, &[given(2, 2_000, 100)]),
        ];
        let ask = request(9, 1_000, 100, &[]);
        assert_eq!(units_free(&nodes, ask.amounts, &ask.capabilities, false), 4);
        assert_eq!(units_free(&nodes, ask.amounts, &ask.capabilities, true), 1);
        let tags = BTreeSet::from(["proxy".to_owned()]);
        assert_eq!(units_free(&nodes, ask.amounts, &tags, false), 2);
        assert_eq!(units_free(&nodes, ask.amounts, &tags, true), 0);
        assert_eq!(units_free(&nodes, Amounts::ZERO, &tags, false), u32::MAX);

        // The number is what choosing over and over agrees with.
        let mut count = 0;
        while let Ok(chosen) = choose(&nodes, &ask) {
            let name = chosen.node.name.clone();
            let place = nodes.iter().position(|n| n.node.name == name).unwrap();
            let old = nodes.remove(place);
            let mut shares = vec![Given { amounts: old.given, ..given(100, 0, 0) }];
            shares.push(given(count + 200, 1_000, 100));
            nodes.insert(place, usage(old.node, false, &shares));
            count += 1;
        }
        assert_eq!(count, 4);
    }
}
