//! Machines in which an agent runs packages: a machine is there when its agent
//! is, and lost when its agent is silent for long. Where its packages run in a
//! cluster of the machine's own, the same holds for that.

use super::Mco;
use crate::{
    error::McoError,
    infrastructure::{Ensured, InfrastructureError},
    model::{Machine, MachineState},
};
use hansa_ontology::{OfferKind, resource_model::RUNS_NOTHING};
use hansa_pim::NodeShare;
use hansa_wdm::agent::{AgentStanding, CLUSTER_GIVEN_UP, ClusterStanding, GIVEN_UP};
use std::time::Duration;

/// So long a machine that runs may take until its agent is heard. Large images
/// boot slowly, and the program has to be brought.
const FIRST_BOOT: Duration = Duration::from_secs(15 * 60);

/// So long the cluster of a machine may take, once its agent is there.
const CLUSTER_BOOT: Duration = Duration::from_secs(10 * 60);

impl Mco {
    /// What a machine's provider says of it, and then its agent.
    pub(super) async fn joined(
        &self,
        machine: &Machine,
        answer: Result<Ensured, InfrastructureError>,
    ) -> Result<Ensured, McoError> {
        match answer {
            Ok(Ensured::Here(share)) if gets_agent(machine, &share) => self.with_agent(machine, share).await,
            answer => Ok(answer?),
        }
    }

    async fn with_agent(&self, machine: &Machine, share: NodeShare) -> Result<Ensured, McoError> {
        let agents = self.rooms.wdm.agents();
        let (standing, was_ready) = (agents.standing(machine.id), matches!(machine.state, MachineState::Ready { .. }));
        if standing == AgentStanding::Heard {
            let cluster = agents.facts(machine.id).and_then(|facts| facts.cluster);
            return Ok(match cluster {
                Some(cluster) => with_cluster(cluster.standing, was_ready, share),
                None => Ensured::Here(share),
            });
        }
        let Some(host) = share.host.as_ref() else {
            return Ok(Ensured::Here(share));
        };
        let system = self.systems().system(&host.system).await?;
        if system.agent().is_none() {
            return Ok(Ensured::Refused(format!(
                "its offer says that packages run in it, and system {} brings no agent: set its setting `agent`, or \
                 give the offer the capability {RUNS_NOTHING}",
                system.name
            )));
        }
        Ok(judged(standing, was_ready, share))
    }
}

/// Packages run in it, by an agent.
fn gets_agent(machine: &Machine, share: &NodeShare) -> bool {
    let whole = matches!(machine.terms.kind, OfferKind::VirtualMachine | OfferKind::BareMetal);
    whole && share.host.is_some() && !machine.terms.capabilities.contains(RUNS_NOTHING)
}

/// What the standing of its agent means for a machine that runs.
fn judged(standing: AgentStanding, was_ready: bool, share: NodeShare) -> Ensured {
    let lost = |time: Duration| {
        Ensured::Lost(format!("the machine runs, and its agent has not been heard for {} s", time.as_secs()))
    };
    match standing {
        AgentStanding::Heard => Ensured::Here(share),
        AgentStanding::Silent(time) if time >= GIVEN_UP => lost(time),
        // A moment ago it was there, or before this broker was started again.
        AgentStanding::Silent(_) => Ensured::Here(share),
        AgentStanding::Awaited(time) if was_ready && time < GIVEN_UP => Ensured::Here(share),
        AgentStanding::Awaited(time) if was_ready => lost(time),
        AgentStanding::Awaited(time) if time < FIRST_BOOT => {
            Ensured::Pending("it runs, and its agent has not reported yet".to_owned())
        }
        AgentStanding::Awaited(_) => Ensured::Refused(format!(
            "it runs, and its agent was not heard within {} minutes: look whether its image has cloud-init, and \
             whether it reaches this broker",
            FIRST_BOOT.as_secs() / 60
        )),
    }
}

/// What the standing of its cluster means for a machine whose agent is heard.
fn with_cluster(standing: ClusterStanding, was_ready: bool, share: NodeShare) -> Ensured {
    match standing {
        ClusterStanding::Ready => Ensured::Here(share),
        ClusterStanding::Waiting { seconds, said } if was_ready && seconds >= CLUSTER_GIVEN_UP.as_secs() => {
            Ensured::Lost(format!("the machine runs, and its cluster has not worked for {seconds} s: {said}"))
        }
        // What runs there goes on without it for a while.
        ClusterStanding::Waiting { .. } if was_ready => Ensured::Here(share),
        ClusterStanding::Waiting { seconds, said } if seconds < CLUSTER_BOOT.as_secs() => {
            Ensured::Pending(format!("its agent is there, and its cluster is not ready: {said}"))
        }
        ClusterStanding::Waiting { said, .. } => Ensured::Refused(format!(
            "its cluster was not ready within {} minutes: {said}",
            CLUSTER_BOOT.as_secs() / 60
        )),
        ClusterStanding::Failed { said } => Ensured::Refused(format!("it gets no cluster: {said}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hansa_pim::Amounts;
    use std::{net::IpAddr, path::PathBuf};

    fn share() -> NodeShare {
        NodeShare {
            machine: hansa_ontology::MachineId(uuid::Uuid::nil()),
            site: "https://a.example/site/one".parse().unwrap(),
            directory: PathBuf::from("/x"),
            address: IpAddr::from([192, 0, 2, 1]),
            amounts: Amounts::default(),
            host: None,
            node: "one".to_owned(),
        }
    }

    fn name(found: &Ensured) -> &'static str {
        match found {
            Ensured::Here(_) => "here",
            Ensured::Pending(_) => "pending",
            Ensured::Lost(_) => "lost",
            Ensured::Refused(_) => "refused",
            Ensured::AtPartner => "elsewhere",
        }
    }

    #[test]
    fn a_machine_with_a_cluster_is_there_when_that_is() {
        let waiting = |seconds: u64| ClusterStanding::Waiting { seconds, said: "no etcd".to_owned() };
        for (standing, was_ready, wanted) in [
            (ClusterStanding::Ready, false, "here"),
            (waiting(599), false, "pending"),
            (waiting(600), false, "refused"),
            (waiting(299), true, "here"),
            (waiting(300), true, "lost"),
            (ClusterStanding::Failed { said: "no checksum".to_owned() }, false, "refused"),
        ] {
            let found = with_cluster(standing.clone(), was_ready, share());
            assert_eq!(name(&found), wanted, "{standing:?} {was_ready}");
            if let Ensured::Pending(said) | Ensured::Refused(said) | Ensured::Lost(said) = found {
                assert!(said.contains("no etcd") || said.contains("no checksum"), "{said}");
            }
        }
    }

    #[test]
    fn a_machine_is_there_when_its_agent_is() {
        let seconds = Duration::from_secs;
        for (standing, was_ready, wanted) in [
            (AgentStanding::Heard, false, "here"),
            (AgentStanding::Awaited(seconds(30)), false, "pending"),
            (AgentStanding::Awaited(seconds(30)), true, "here"),
            (AgentStanding::Awaited(seconds(61)), true, "lost"),
            (AgentStanding::Awaited(seconds(901)), false, "refused"),
            (AgentStanding::Silent(seconds(20)), true, "here"),
            (AgentStanding::Silent(seconds(60)), true, "lost"),
        ] {
            let found = name(&judged(standing, was_ready, share()));
            assert_eq!(found, wanted, "{standing:?} {was_ready}");
        }
    }
}
