//! How a machine comes and goes, for servers and virtual machines alike: the
//! record, a share of a node where the machine stands on one, and the system
//! that makes it.
//!
//! What this very machine gives is a share and nothing else. What a real system
//! gives is asked of its connector, round after round, until it is there.

use crate::{
    connectors::{Delivery, MachineConnector, MachineOrder, Removal, labels},
    error::PimError,
    machines::{MachineTable, Machines},
    model::{Machine, MachineRequest, NodeRefusal, NodeShare, SystemHost},
    service::{Gate, Pim, Shares},
};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::MachineId;
use hansa_repository::{
    Database,
    ambient::SharedClock,
    system::{BootScript, Kind, LiveConnectors, Systems},
};
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A machine that is there is looked at so often.
const LOOK: TimeDelta = TimeDelta::seconds(30);
/// One that is on its way, or on its way out, so often.
const PRESS: TimeDelta = TimeDelta::seconds(2);

/// How a machine stands that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provision {
    /// It can be used.
    Ready(NodeShare),
    /// It is being made; what is waited for, for people.
    Pending(String),
}

impl Provision {
    /// The share, where it can be used.
    #[must_use]
    pub fn ready(self) -> Option<NodeShare> {
        match self {
            Self::Ready(share) => Some(share),
            Self::Pending(_) => None,
        }
    }
}

/// Makes the machines of one room and takes them away. Clones share everything.
#[derive(Debug)]
pub struct Making<T> {
    machines: Machines<T>,
    shares: Shares,
    systems: Systems,
    live: LiveConnectors<dyn MachineConnector>,
    clock: SharedClock,
    looks: Arc<Looks>,
    only_shares: bool,
}

impl<T> Clone for Making<T> {
    fn clone(&self) -> Self {
        Self {
            machines: self.machines.clone(),
            shares: self.shares.clone(),
            systems: self.systems.clone(),
            live: self.live.clone(),
            clock: self.clock.clone(),
            looks: Arc::clone(&self.looks),
            only_shares: self.only_shares,
        }
    }
}

impl<T: MachineTable> Making<T> {
    /// The machines of a room above, on the nodes of `pim` and of the systems
    /// to which these kinds of connector speak.
    #[must_use]
    pub fn new(pim: &Pim, kinds: &'static [Kind<dyn MachineConnector>]) -> Self {
        Self::over(pim.database(), pim.clock(), pim.shares(), pim.systems(), kinds)
    }

    /// The machines of a room above that are shares of nodes and nothing
    /// else, whether these are of this very machine or hosts of a system.
    #[must_use]
    pub fn of_shares(pim: &Pim) -> Self {
        Self { only_shares: true, ..Self::new(pim, &[]) }
    }

    pub(crate) fn over(
        database: &Database,
        clock: &SharedClock,
        shares: &Shares,
        systems: &Systems,
        kinds: &'static [Kind<dyn MachineConnector>],
    ) -> Self {
        Self {
            machines: Machines::new(database.clone(), clock.clone()),
            shares: shares.clone(),
            live: LiveConnectors::new(systems.clone(), kinds),
            systems: systems.clone(),
            clock: clock.clone(),
            looks: Arc::default(),
            only_shares: false,
        }
    }

    /// The records.
    #[must_use]
    pub const fn machines(&self) -> &Machines<T> {
        &self.machines
    }

    /// The connectors.
    #[must_use]
    pub const fn live(&self) -> &LiveConnectors<dyn MachineConnector> {
        &self.live
    }

    /// Gives a machine, or says how far it is. The same request again goes on with it.
    ///
    /// # Errors
    /// `NoRoom` with the reasons; `Conflict` when it was asked for differently
    /// or is on its way out; what its system says.
    pub async fn ensure(&self, request: &MachineRequest, whole_node: bool) -> Result<Provision, PimError> {
        let known = self.machines.requested(request).await?;
        let provision = match self.maker(&known.request) {
            None => Provision::Ready(self.shares.ensure(&known.request.share_request(whole_node)).await?),
            Some(system) => self.asked(system, &known, whole_node).await?,
        };
        let Provision::Ready(share) = provision else { return Ok(provision) };
        if self.machines.ready(request.machine, share.clone()).await? {
            return Ok(Provision::Ready(share));
        }
        // It was released while it was being made.
        self.take_away(&known).await?;
        Err(PimError::Releasing { machine: request.machine })
    }

    /// Takes a machine away. None is success.
    ///
    /// # Errors
    /// When what is below fails; the same call again ends it.
    pub async fn release(&self, machine: MachineId) -> Result<Removal, PimError> {
        let Some(record) = self.machines.releasing(machine).await? else {
            return Ok(Removal::Gone);
        };
        let removal = self.take_away(&record).await?;
        if removal == Removal::Gone {
            self.looks.forget(machine);
            self.machines.released(record).await?;
        }
        Ok(removal)
    }

    /// The system that has to make the machine. None: a share is all of it.
    fn maker<'a>(&self, request: &'a MachineRequest) -> Option<&'a str> {
        request.system.as_deref().filter(|_| !self.only_shares)
    }

    async fn asked(&self, system: &str, known: &Machine, whole_node: bool) -> Result<Provision, PimError> {
        let (machine, now) = (known.request.machine, self.clock.now());
        let there = known.share();
        if let Some(answer) = self.looks.fresh(machine, there, now) {
            return Ok(answer);
        }
        let share = self.share_of(system, &known.request, whole_node).await?;
        // Where the machine stands, its node is awake.
        let waking = match self.gate(share.as_ref().filter(|_| there.is_none())).await? {
            Gate::Open { waking } => waking,
            Gate::Waits(text) => return Ok(Provision::Pending(text)),
            Gate::Shut(why) => return Err(overslept(&known.request, share, why)),
        };
        let boot = self.systems.boot_script(system, machine).await?;
        let order = self.order(&known.request, share.as_ref(), boot);
        let answer = match self.live.get(system).await {
            Ok(connector) => connector.machine_ensure(&order).await,
            Err(error) => Err(error),
        };
        let provision = match (answer, there) {
            (Ok(Delivery::Ready { address, id }), _) => {
                if let Some(share) = share.as_ref().filter(|_| waking) {
                    self.shares.woke(&share.node).await?;
                }
                Provision::Ready(self.standing(system, &known.request, share, address, id))
            }
            (Ok(Delivery::Pending(waits_for)), Some(_)) => {
                self.machines.lost(machine, &waits_for).await?;
                self.systems.machine_made_anew(machine).await;
                Provision::Pending(waits_for)
            }
            (Ok(Delivery::Pending(waits_for)), None) => Provision::Pending(waits_for),
            // That it can't be looked at now does not make it go away.
            (Err(error), Some(there)) if !error.kind.is_refusal() => {
                tracing::warn!(%machine, %error, "a machine can't be looked at now");
                Provision::Ready(there.clone())
            }
            (Err(error), _) => return Err(error.into()),
        };
        self.looks.looked(machine, &provision, now);
        Ok(provision)
    }

    /// Whether a machine can be made on the node of its share now.
    async fn gate(&self, share: Option<&NodeShare>) -> Result<Gate, PimError> {
        match share {
            Some(share) => self.shares.wake(&share.node).await,
            None => Ok(Gate::Open { waking: false }),
        }
    }

    /// The machine's share of a host, where the system's hosts are known one by one.
    async fn share_of(
        &self,
        system: &str,
        request: &MachineRequest,
        whole_node: bool,
    ) -> Result<Option<NodeShare>, PimError> {
        let nodes = self.shares.node_list(Some(&request.site)).await?;
        if !nodes.iter().any(|usage| usage.is_of(Some(system))) {
            return Ok(None);
        }
        self.shares.ensure(&request.share_request(whole_node)).await.map(Some)
    }

    fn order(&self, request: &MachineRequest, share: Option<&NodeShare>, boot: Option<BootScript>) -> MachineOrder {
        MachineOrder {
            machine: request.machine,
            application: request.application,
            name: MachineOrder::name_of(request.machine),
            labels: labels(self.systems.broker(), request.application, request.machine),
            item: request.item.clone(),
            amounts: request.amounts,
            host: share.and_then(|share| share.host.as_ref()).map(|host| host.name.clone()),
            boot,
        }
    }

    fn standing(
        &self,
        system: &str,
        request: &MachineRequest,
        share: Option<NodeShare>,
        address: Option<IpAddr>,
        id: String,
    ) -> NodeShare {
        let name = MachineOrder::name_of(request.machine);
        let unknown = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        match share {
            Some(share) => NodeShare { address: address.unwrap_or(share.address), ..share },
            None => NodeShare {
                machine: request.machine,
                site: request.site.clone(),
                directory: self.shares.directory(&name, request.machine),
                address: address.unwrap_or(unknown),
                amounts: request.amounts,
                host: Some(SystemHost { system: system.to_owned(), name: id }),
                node: name,
            },
        }
    }

    async fn take_away(&self, record: &Machine) -> Result<Removal, PimError> {
        let request = &record.request;
        if let Some(system) = self.maker(request) {
            if let Some(waits_for) = self.looks.pressed(request.machine, self.clock.now()) {
                return Ok(Removal::Pending(waits_for));
            }
            let share = self.shares.share(request.machine).await?;
            let order = self.order(request, share.as_ref(), None);
            let removal = self.live.get(system).await?.machine_release(&order).await?;
            if let Removal::Pending(waits_for) = &removal {
                self.looks.looked(request.machine, &Provision::Pending(waits_for.clone()), self.clock.now());
                return Ok(removal);
            }
            self.systems.machine_gone(request.machine).await;
        }
        self.shares.release(request.machine).await?;
        Ok(Removal::Gone)
    }
}

/// A node that doesn't wake gives no machine: another has to.
fn overslept(request: &MachineRequest, share: Option<NodeShare>, why: String) -> PimError {
    let nodes = share.map(|share| NodeRefusal { node: share.node, reasons: vec![why] });
    let (site, asked) = (request.site.clone(), request.amounts.to_string());
    PimError::NoRoom { site, asked, nodes: nodes.into_iter().collect() }
}

/// When each machine of a system was last looked at, so that none is asked for
/// more often than it changes. Forgotten with the process: then each is looked at.
#[derive(Debug, Default)]
struct Looks(Mutex<LookTable>);

/// When each machine was looked at, and what it waited for then.
type LookTable = BTreeMap<MachineId, (DateTime<Utc>, Option<String>)>;

impl Looks {
    fn table(&self) -> MutexGuard<'_, LookTable> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last answer, while it is still good.
    fn fresh(&self, machine: MachineId, there: Option<&NodeShare>, now: DateTime<Utc>) -> Option<Provision> {
        let table = self.table();
        let (at, waits_for) = table.get(&machine)?;
        match (waits_for, there) {
            (None, Some(share)) if now - *at < LOOK => Some(Provision::Ready(share.clone())),
            (Some(text), None) if now - *at < PRESS => Some(Provision::Pending(text.clone())),
            _ => None,
        }
    }

    /// What the removal waits for, where it was asked for just now.
    fn pressed(&self, machine: MachineId, now: DateTime<Utc>) -> Option<String> {
        let table = self.table();
        let (at, waits_for) = table.get(&machine)?;
        waits_for.clone().filter(|_| now - *at < PRESS)
    }

    fn looked(&self, machine: MachineId, found: &Provision, now: DateTime<Utc>) {
        let waits_for = match found {
            Provision::Ready(_) => None,
            Provision::Pending(text) => Some(text.clone()),
        };
        self.table().insert(machine, (now, waits_for));
    }

    fn forget(&self, machine: MachineId) {
        self.table().remove(&machine);
    }
}
