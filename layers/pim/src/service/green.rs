//! Green mode: what holds where, and the rounds in which idle nodes are turned
//! off. Deciding and writing down is one transaction with looking whether
//! anything has a share of the node; writers take turns, so nothing gets one
//! in between. Power is turned off after it, and what gets a share then waits
//! until it is ([`Shares::wake`]).

use super::{Pim, Shares};
use crate::{
    connectors::Sleep,
    error::PimError,
    model::{
        GreenMode, HostPower, MaintenanceTarget, Node, NodeState, NodeUsage, Rest, RestState,
        green::{self, Look, Told, WAKES_WITHIN},
    },
    store,
};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::Actor;
use hansa_repository::{
    Connection, RepositoryError,
    event::{self, NewEvent},
    system::{HostState, SystemReport},
};
use serde_json::json;
use std::collections::BTreeMap;

/// The shortest time that may be set for anything here.
const SHORTEST: TimeDelta = TimeDelta::minutes(1);
/// The longest time for which a node may be idle.
const LONGEST_IDLE: TimeDelta = TimeDelta::days(30);
/// The longest time within which one may have to wake.
const LONGEST_WAKE: TimeDelta = TimeDelta::hours(6);
/// The most nodes that are kept on.
const MOST_RESERVE: u32 = 10_000;

/// What is to hold for a node or a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGreenMode {
    /// A node or a site.
    pub target: MaintenanceTarget,
    /// So long there was nothing on a node that is turned off: 1 minute to 30 days.
    pub idle: TimeDelta,
    /// So many idle nodes of the site stay on, at most 10,000; none of a node.
    pub reserve: u32,
    /// A node has to work so long after it was woken: 1 minute to 6 hours.
    pub wake_within: TimeDelta,
}

/// What is known of a host when a round begins.
#[derive(Debug, Clone)]
struct Seen {
    host: String,
    power: HostPower,
    usable: bool,
}

/// Whether a machine can be made on a node now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Gate {
    /// It can; the node is being woken for it where that is so.
    Open { waking: bool },
    /// Not yet; what is waited for.
    Waits(String),
    /// It can't; why.
    Shut(String),
}

impl Pim {
    /// Where green mode is on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn green_list(&self) -> Result<Vec<GreenMode>, PimError> {
        self.database.read(|connection| Ok(store::green_list(connection)?)).await
    }

    /// Turns green mode on for a node or a site, or says what else is to hold
    /// there. Nodes that failed to wake are tried again.
    ///
    /// # Errors
    /// `NoNode`; `Field` where a value is out of bounds or the node can't be
    /// turned off; `Changed` when it isn't of the expected version.
    pub async fn green_set(
        &self,
        new: NewGreenMode,
        expected: Option<i64>,
        actor: Actor,
        dry_run: bool,
    ) -> Result<GreenMode, PimError> {
        self.green_check(&new).await?;
        let now = self.clock.now();
        self.database
            .write(move |connection| {
                let known = mode_at(connection, &new.target)?;
                unchanged(known.as_ref(), expected, &new.target)?;
                let NewGreenMode { target, idle, reserve, wake_within } = new;
                let version = known.map_or(1, |known| known.version + 1);
                let mode = GreenMode { target, idle, reserve, wake_within, set_at: now, set_by: actor, version };
                if !dry_run {
                    store::green_put(connection, &mode)?;
                    forgive(connection, &mode.target, now)?;
                    let (idle, reserve) = (mode.idle.num_minutes(), mode.reserve);
                    let what = format!("turns nodes off that were idle for {idle} minutes; {reserve} stay on");
                    told_of_mode(connection, &mode, "green.set", &what, mode.set_by.clone(), now)?;
                }
                Ok(mode)
            })
            .await
    }

    /// Turns green mode off for a node or a site. What sleeps stays off until
    /// something is to run there.
    ///
    /// # Errors
    /// `NoGreen`; `Changed` when it isn't of the expected version.
    pub async fn green_end(
        &self,
        target: MaintenanceTarget,
        expected: Option<i64>,
        actor: Actor,
        dry_run: bool,
    ) -> Result<GreenMode, PimError> {
        let now = self.clock.now();
        self.database
            .write(move |connection| {
                let Some(known) = mode_at(connection, &target)? else {
                    return Err(PimError::NoGreen(target.to_string()));
                };
                unchanged(Some(&known), expected, &target)?;
                if !dry_run {
                    store::green_delete(connection, &target)?;
                    told_of_mode(connection, &known, "green.ended", "turns no nodes off any more", actor, now)?;
                }
                Ok(known)
            })
            .await
    }

    async fn green_check(&self, new: &NewGreenMode) -> Result<(), PimError> {
        let refuse = |field, message: String| Err(PimError::Field { field, message });
        if !(SHORTEST..=LONGEST_IDLE).contains(&new.idle) {
            return refuse("/idleSeconds", "must be 60 (a minute) to 2592000 (30 days)".to_owned());
        }
        if !(SHORTEST..=LONGEST_WAKE).contains(&new.wake_within) {
            return refuse("/wakeSeconds", "must be 60 (a minute) to 21600 (6 hours)".to_owned());
        }
        if new.reserve > MOST_RESERVE {
            return refuse("/reserve", format!("must be at most {MOST_RESERVE}"));
        }
        let MaintenanceTarget::Node(name) = &new.target else { return Ok(()) };
        if new.reserve > 0 {
            return refuse("/reserve", "a reserve is kept of a site's nodes; of one node it must be 0".to_owned());
        }
        let node = self.node(name).await?.node;
        let kind = match &node.host {
            Some(host) => Some(self.systems.system(&host.system).await?.kind),
            None => None,
        };
        if kind.is_some_and(|kind| self.live().speaks(&kind)) {
            return Ok(());
        }
        let kinds: Vec<&str> = self.live().kinds().collect();
        let message = format!("nobody can turn node {name} off: it must be a host of a system of {}", kinds.join(", "));
        refuse("/node", message)
    }

    /// One round for the hosts of a system that was just asked what it has:
    /// what is idle is turned off, and what was found is written down.
    ///
    /// # Errors
    /// When the database fails. That a host can't be turned off now is tried again in the next round.
    pub async fn green_round(&self, system: &str, report: &SystemReport) -> Result<(), PimError> {
        let any = |connection: &mut Connection| {
            Ok::<_, PimError>(!store::green_list(connection)?.is_empty() || !store::rest_list(connection)?.is_empty())
        };
        if !self.database.read(any).await? {
            return Ok(());
        }
        let Ok(connector) = self.live().get(system).await else { return Ok(()) };
        let Some(switch) = connector.power_switch() else { return Ok(()) };
        let seen: BTreeMap<String, Seen> = report
            .hosts
            .iter()
            .map(|host| {
                let (power, usable) = (switch.power_of(host), host.state == HostState::Ready);
                (Node::name_of_host(system, &host.name), Seen { host: host.name.clone(), power, usable })
            })
            .collect();
        let (name, now) = (system.to_owned(), self.clock.now());
        let falling = self.database.write(move |connection| Ok::<_, PimError>(round(connection, &name, &seen, now)?));
        for (node, host) in falling.await? {
            match switch.host_sleep(&host).await {
                Ok(Sleep::Pending) => {}
                Ok(Sleep::Off) => self.fallen_asleep(node, None).await?,
                Err(error) if error.kind.is_refusal() => self.fallen_asleep(node, Some(error.to_string())).await?,
                Err(error) => tracing::warn!(%node, %error, "a node can't be turned off now"),
            }
        }
        Ok(())
    }

    /// Writes down that a node has been turned off, or why it won't be.
    async fn fallen_asleep(&self, name: String, refusal: Option<String>) -> Result<(), PimError> {
        let now = self.clock.now();
        self.database
            .write(move |connection| {
                let falling = |rest: &Rest| rest.state == RestState::FallingAsleep;
                if !store::rest_get(connection, &name)?.as_ref().is_some_and(falling) {
                    return Ok(());
                }
                let (rest, said) = match refusal {
                    None => green::asleep(now),
                    Some(why) => {
                        let said = Told::new("node.sleep-refused", format!("stays on: {why}"));
                        (Some(Rest::refused(now)), Some(said))
                    }
                };
                let node = store::node_of(connection, &name)?;
                put(connection, &node, rest.as_ref(), said, now)?;
                Ok(())
            })
            .await
    }
}

impl Shares {
    /// Before a machine is made on a node: wakes the node, waits where it is
    /// just being turned off, and gives it up where it had its time to wake.
    pub(crate) async fn wake(&self, node: &str) -> Result<Gate, PimError> {
        let (name, now) = (node.to_owned(), self.clock.now());
        let known =
            self.database.read(move |connection| Ok::<_, PimError>(store::rest_get(connection, &name)?)).await?;
        if known.is_none_or(|rest| rest.state == RestState::Awake) {
            return Ok(Gate::Open { waking: false });
        }
        let name = node.to_owned();
        self.database.write(move |connection| Ok(gate(connection, &name, now)?)).await
    }

    /// Writes down that a node works that was being woken.
    pub(crate) async fn woke(&self, node: &str) -> Result<(), PimError> {
        let (name, now) = (node.to_owned(), self.clock.now());
        self.database
            .write(move |connection| {
                let Some(rest) = store::rest_get(connection, &name)? else { return Ok(()) };
                if rest.state != RestState::Waking {
                    return Ok(());
                }
                let said = Told::new("node.awake", format!("works again after {} s", (now - rest.since).num_seconds()));
                let node = store::node_of(connection, &name)?;
                put(connection, &node, Some(&Rest::new(RestState::Awake, now)), Some(said), now)?;
                Ok(())
            })
            .await
    }
}

fn gate(connection: &mut Connection, name: &str, now: DateTime<Utc>) -> Result<Gate, RepositoryError> {
    let Some(rest) = store::rest_get(connection, name)? else { return Ok(Gate::Open { waking: false }) };
    let node = store::node_of(connection, name)?;
    match rest.state {
        RestState::Awake => Ok(Gate::Open { waking: false }),
        RestState::FallingAsleep => Ok(Gate::Waits(format!("node {name} is being turned off; it is turned on then"))),
        RestState::Failed => Ok(Gate::Shut(rest.reason.unwrap_or_else(|| "it failed to wake".to_owned()))),
        RestState::Asleep => {
            let said = Told::new("node.waking", "is turned on: something is to run there");
            put(connection, &node, Some(&Rest::new(RestState::Waking, now)), Some(said), now)?;
            Ok(Gate::Open { waking: true })
        }
        RestState::Waking => {
            let modes = store::green_list(connection)?;
            let within = GreenMode::of(&modes, &node).map_or(WAKES_WITHIN, |mode| mode.wake_within);
            let Some(reason) = rest.overslept(within, now) else { return Ok(Gate::Open { waking: true }) };
            let failed = Rest { reason: Some(reason.clone()), ..Rest::new(RestState::Failed, now) };
            let said = Told::new("node.lost", format!("doesn't work: {reason}"));
            put(connection, &node, Some(&failed), Some(said), now)?;
            Ok(Gate::Shut(reason))
        }
    }
}

/// Goes on with each node of a system; answers those that are to be turned off, with their hosts.
fn round(
    connection: &mut Connection,
    system: &str,
    seen: &BTreeMap<String, Seen>,
    now: DateTime<Utc>,
) -> Result<Vec<(String, String)>, RepositoryError> {
    let (modes, mut rests) = (store::green_list(connection)?, store::rest_list(connection)?);
    let nodes = store::node_list(connection, None)?;
    let mut falling = Vec::new();
    for usage in nodes.iter().filter(|usage| usage.is_of(Some(system))) {
        let name = &usage.node.name;
        let Some(seen) = seen.get(name) else { continue };
        let mode = GreenMode::of(&modes, &usage.node);
        let look = Look {
            power: seen.power,
            usable: seen.usable && usage.state == NodeState::Ready,
            busy: !usage.machines.is_empty(),
            mode,
            spared: mode.is_some_and(|mode| idle(&nodes, &rests, &modes, mode) <= mode.reserve as usize),
            now,
        };
        let known = rests.remove(name);
        let (rest, said) = green::after(known.clone(), &look);
        if rest != known {
            put(connection, &usage.node, rest.as_ref(), said, now)?;
        }
        if let Some(rest) = rest {
            if rest.state == RestState::FallingAsleep {
                falling.push((name.clone(), seen.host.clone()));
            }
            rests.insert(name.clone(), rest);
        }
    }
    Ok(falling)
}

/// How many nodes for which a mode holds are on with nothing on them.
fn idle(nodes: &[NodeUsage], rests: &BTreeMap<String, Rest>, modes: &[GreenMode], mode: &GreenMode) -> usize {
    let is_idle = |usage: &&NodeUsage| {
        let rest = rests.get(&usage.node.name);
        let held = GreenMode::of(modes, &usage.node).is_some_and(|of| of.target == mode.target);
        held && usage.state == NodeState::Ready && rest.is_some_and(|rest| rest.idle_since.is_some())
    };
    nodes.iter().filter(is_idle).count()
}

/// Nodes that failed to wake are tried again.
fn forgive(connection: &mut Connection, target: &MaintenanceTarget, now: DateTime<Utc>) -> Result<(), RepositoryError> {
    for (name, rest) in store::rest_list(connection)? {
        let node = store::node_of(connection, &name)?;
        if rest.state == RestState::Failed && target.covers(&node) {
            let said = Told::new("node.found", "failed to wake, and is tried again: green mode was set anew");
            put(connection, &node, None, Some(said), now)?;
        }
    }
    Ok(())
}

fn mode_at(connection: &mut Connection, target: &MaintenanceTarget) -> Result<Option<GreenMode>, RepositoryError> {
    Ok(store::green_list(connection)?.into_iter().find(|mode| mode.target == *target))
}

fn unchanged(known: Option<&GreenMode>, expected: Option<i64>, target: &MaintenanceTarget) -> Result<(), PimError> {
    let version = known.map_or(0, |known| known.version);
    match expected {
        Some(expected) if expected != version => Err(PimError::Changed(format!("green mode of {target}"))),
        _ => Ok(()),
    }
}

/// Writes how a node stands, and tells it.
fn put(
    connection: &mut Connection,
    node: &Node,
    rest: Option<&Rest>,
    said: Option<Told>,
    now: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    store::rest_put(connection, &node.name, rest)?;
    let Some(Told { kind, what }) = said else { return Ok(()) };
    let system = node.host.as_ref().map(|host| host.system.as_str());
    let new = NewEvent {
        at: now,
        actor: Actor::Broker,
        application: None,
        subject: format!("node/{}", node.name),
        kind: kind.to_owned(),
        message: format!("node {} of site {} {what}", node.name, node.site.short()),
        data: json!({ "site": node.site, "system": system }),
    };
    event::append(connection, &new).map(drop)
}

fn told_of_mode(
    connection: &mut Connection,
    mode: &GreenMode,
    kind: &str,
    what: &str,
    actor: Actor,
    at: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    let subject = mode.target.to_string();
    let message = format!("green mode of {subject} {what}");
    let data = json!({ "idleSeconds": mode.idle.num_seconds(), "reserve": mode.reserve,
        "wakeSeconds": mode.wake_within.num_seconds() });
    let new = NewEvent { at, actor, application: None, subject, kind: kind.to_owned(), message, data };
    event::append(connection, &new).map(drop)
}
