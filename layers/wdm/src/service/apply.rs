//! Making sure that one copy runs as specified.

use super::{Wdm, ports, prepare, tell};
use crate::{
    Applied, Peers, WdmError, WorkloadSpec,
    connectors::{Launch, PortChoice, environment::sorted, place},
    lifecycle::{Action, Change, Workload, force_is_due},
    store,
};
use hansa_ontology::WorkloadId;

impl Wdm {
    /// Makes sure that one copy of the workload runs as specified, and that
    /// its peers file is current: prepares it where that wasn't done, starts
    /// it when it is dead and its back-off is over, replaces it when it runs
    /// in another revision. Waits for no program; the state tells how far it is.
    ///
    /// # Errors
    /// As [`Self::workload_prepare`]; when the workload is being removed.
    /// What keeps the process from starting is no error but a state.
    pub async fn workload_apply(&self, spec: &WorkloadSpec, peers: &Peers) -> Result<Applied, WdmError> {
        self.workload_prepare(spec).await?;
        if !self.volumes_whole(spec).await? {
            return Ok(self.find(spec.id).await?.applied());
        }
        let peers = sorted(peers);
        if !self.make_room(spec.id).await? {
            return Ok(self.find(spec.id).await?.applied());
        }
        let connector = self.connector(spec).await?;
        let seen = connector.observe(&place(spec)).await?;
        let wished = peers.clone();
        let decided = self
            .change(spec.id, move |workload, now| {
                let mut changes = workload.observed(&seen, now);
                let (action, more) = workload.advance(&seen, &wished, now);
                changes.extend(more);
                (action, changes)
            })
            .await?;
        let Some((action, workload)) = decided else {
            return Err(WdmError::NotFound(spec.id));
        };
        self.carry_out(action, &workload).await?;
        if workload.is_up()
            && let Err(error) = connector.tell(&place(spec), &peers, self.token(spec.id).as_ref()).await
        {
            // The workload runs on with what it knows; the next call tries again.
            tracing::warn!(workload = %spec.id, %error, "the peers file isn't current");
        }
        // A program that ends at once, or doesn't exist, is known by now.
        let seen = connector.observe(&place(spec)).await?;
        let settled = self.change(spec.id, move |workload, now| ((), workload.observed(&seen, now))).await?;
        match settled {
            Some(((), workload)) if !workload.progress.removing => Ok(workload.applied()),
            // Somebody removed it between the decision and the deed: undo the deed.
            gone => {
                connector.remove(&place(spec), false).await?;
                Err(gone.map_or(WdmError::NotFound(spec.id), |_| WdmError::BeingRemoved(spec.id)))
            }
        }
    }

    /// Ends the running copy gracefully; the next apply starts a new one,
    /// without back-off. Nothing happens where none runs.
    ///
    /// # Errors
    /// When there is no such workload.
    pub async fn workload_restart(&self, id: WorkloadId) -> Result<(), WdmError> {
        let decided = self.change(id, |workload, now| ((), workload.ask_to_stop("it is to be restarted", now))).await?;
        let Some(((), workload)) = decided else {
            return Err(WdmError::NotFound(id));
        };
        if workload.progress.stop_asked_at.is_some() {
            self.connector(&workload.spec).await?.stop(&place(&workload.spec), false).await?;
        }
        Ok(())
    }

    /// Tells a running copy its peers' current addresses, where nobody applies
    /// it any more since another takes its place: until then it still serves.
    /// Nothing happens where none runs.
    ///
    /// # Errors
    /// When there is no such workload; when the file can't be written.
    pub async fn workload_tell(&self, id: WorkloadId, peers: &Peers) -> Result<(), WdmError> {
        let workload = self.find(id).await?;
        if workload.is_up() {
            let connector = self.connector(&workload.spec).await?;
            connector.tell(&place(&workload.spec), peers, self.token(id).as_ref()).await?;
        }
        Ok(())
    }

    async fn carry_out(&self, action: Action, workload: &Workload) -> Result<(), WdmError> {
        match action {
            Action::Wait => Ok(()),
            Action::Stop => self.stop(workload).await,
            Action::Start(run) => self.start(run, workload).await,
        }
    }

    pub(super) async fn stop(&self, workload: &Workload) -> Result<(), WdmError> {
        let asked = workload.progress.stop_asked_at;
        let force = force_is_due(asked, self.options.process.grace_ms, self.clock.now());
        self.connector(&workload.spec).await?.stop(&place(&workload.spec), force).await
    }

    async fn start(&self, run: u64, workload: &Workload) -> Result<(), WdmError> {
        let launch = Launch {
            spec: workload.spec.clone(),
            run,
            endpoints: workload.endpoints.clone(),
            peers: workload.progress.started_peers.clone(),
            discovery_url: self.options.process.discovery_url.clone(),
            token: self.token(workload.spec.id),
        };
        let connector = self.connector(&workload.spec).await?;
        if let Err(error) = connector.start(&launch).await {
            let seen = connector.observe(&launch.place()).await?;
            if seen.is_up() && seen.run >= run {
                // Another broker was quicker with this very run.
                return Ok(());
            }
            let failed = move |workload: &mut Workload, now| ((), workload.start_failed(run, &error, now));
            self.change(workload.spec.id, failed).await?;
        }
        Ok(())
    }

    /// Before a start: ends what an earlier run has left, and sees that its
    /// ports are still free. False where that can't be had now; the state says why.
    async fn make_room(&self, id: WorkloadId) -> Result<bool, WdmError> {
        let workload = self.find(id).await?;
        if !workload.start_is_due(self.clock.now()) {
            return Ok(true);
        }
        let connector = self.connector(&workload.spec).await?;
        connector.clear(&place(&workload.spec)).await?;
        if workload.endpoints.is_empty() || connector.ports() != PortChoice::Here {
            return Ok(true);
        }
        match self.free_ports(workload).await {
            Ok(()) => Ok(true),
            Err(error @ (WdmError::PortTaken { .. } | WdmError::PortsExhausted { .. })) => {
                let reason = error.to_string();
                self.change(id, move |workload, now| ((), workload.blocked(&reason, now))).await?;
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Puts others in the place of ports that are taken.
    async fn free_ports(&self, workload: Workload) -> Result<(), WdmError> {
        let (id, address) = (workload.spec.id, workload.spec.target.address);
        // A supervisor that still works means that another broker was quicker.
        let seen = self.connector(&workload.spec).await?.observe(&place(&workload.spec)).await?;
        if seen.is_up() {
            return Ok(());
        }
        let table = self.database.read(move |connection| store::port_table(connection, address)).await?;
        let range = self.options.ports.clone();
        let recheck = move || ports::recheck(&workload.spec, &workload.endpoints, &table, &range);
        let fresh = tokio::task::spawn_blocking(recheck).await??;
        if fresh.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let replaced = self
            .database
            .write(move |connection| -> Result<bool, WdmError> {
                if !prepare::replace_port(connection, id, &fresh)? {
                    return Ok(false);
                }
                if let Some(workload) = store::workload_find(connection, id)? {
                    let numbers: Vec<String> =
                        fresh.iter().map(|(name, endpoint)| format!("{name} is now {endpoint}")).collect();
                    let message = format!("gets other ports, since its own were taken: {}", numbers.join(", "));
                    let change = Change { kind: "workload.endpoints-changed", message };
                    tell(connection, &workload, &[change], now)?;
                }
                Ok(true)
            })
            .await?;
        if replaced { Ok(()) } else { Err(self.exhausted(address)) }
    }
}
