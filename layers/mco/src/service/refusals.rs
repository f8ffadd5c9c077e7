//! Packages that were refused by what should run them: kept for the next plan,
//! which puts their instances elsewhere. What of the same component runs stays.

use super::{Mco, realising::Round};
use crate::{
    desired::{DesiredWorkload, fingerprint, revision_of},
    error::McoError,
    model::{HeldMachine, Instance, PlanOptions, Workload},
    store::{self, PackageRefusal},
};
use chrono::TimeDelta;
use hansa_ontology::{Actor, ApplicationId, MachineId, ResourceModel};
use hansa_repository::event;
use hansa_wdm::WorkloadSpec;
use serde_json::json;

/// How long a package isn't brought again to where it was refused.
const HOLDS: TimeDelta = TimeDelta::minutes(10);
/// What has no room at this moment may have some in the next: so long it is tried again first.
const PATIENCE: TimeDelta = TimeDelta::seconds(30);

impl Round<'_> {
    /// What was refused at once, where nothing of it works there.
    pub(super) fn refused(&self, spec: &WorkloadSpec, reason: String) -> Option<PackageRefusal> {
        if self.seen.iter().any(|workload| workload.id == spec.id && workload.state.is_fulfilled()) {
            return None;
        }
        let instance = Instance { component: spec.component.clone(), ordinal: spec.ordinal };
        self.refusal(spec.target.machine, instance, spec.revision.clone(), reason)
    }

    /// What its system has refused for a while.
    fn refused_for_long(&self, workload: &Workload, now: chrono::DateTime<chrono::Utc>) -> Option<PackageRefusal> {
        let refused = workload.refused()?;
        if !self.wants(workload.id) || now - refused.since < PATIENCE {
            return None;
        }
        let instance = Instance { component: workload.component.clone(), ordinal: workload.ordinal };
        self.refusal(workload.machine, instance, workload.revision.clone(), refused.reason.clone())
    }

    /// It is a package of what stands beside.
    fn is_refused_beside(&self, one: &PackageRefusal) -> bool {
        let PackageRefusal { instance, revision, .. } = one;
        let same = |want: &DesiredWorkload| {
            (&want.component, want.ordinal, &want.revision) == (&instance.component, instance.ordinal, revision)
        };
        let all = self.beside.iter().flat_map(|beside| &beside.desired);
        all.into_iter().any(|want| self.is_beside(want.id) && same(want))
    }

    fn refusal(
        &self,
        machine: MachineId,
        instance: Instance,
        revision: String,
        reason: String,
    ) -> Option<PackageRefusal> {
        let offer = self.machines.iter().find(|known| known.id == machine)?.terms.id.clone();
        Some(PackageRefusal { instance, offer, revision, reason })
    }
}

impl Mco {
    /// Keeps what was refused in a round. Returns whether anything was: the
    /// plan can't be carried out as it is; and of what stands beside.
    pub(super) async fn refusals_note(
        &self,
        round: &Round<'_>,
        mut refused: Vec<PackageRefusal>,
    ) -> Result<(bool, bool), McoError> {
        let (application, now) = (round.application.id, self.rooms.clock.now());
        refused.extend(round.seen.iter().filter_map(|workload| round.refused_for_long(workload, now)));
        let beside = refused.iter().filter(|one| round.is_refused_beside(one)).count();
        let found = (beside < refused.len(), beside > 0);
        if refused.is_empty() {
            return Ok(found);
        }
        let listed = move |connection: &mut _| store::package_refusal_list(connection, application, now);
        let known = self.rooms.database.read(listed).await?;
        refused.retain(|one| {
            let same = |other: &PackageRefusal| {
                (&other.instance, &other.offer, &other.revision) == (&one.instance, &one.offer, &one.revision)
            };
            !known.iter().any(same)
        });
        if refused.is_empty() {
            return Ok(found);
        }
        self.rooms
            .database
            .write(move |connection| {
                for refusal in &refused {
                    store::package_refusal_put(connection, application, refusal, now + HOLDS)?;
                    let Instance { component, ordinal } = &refusal.instance;
                    let told = event::NewEvent {
                        at: now,
                        actor: Actor::Broker,
                        application: Some(application),
                        subject: format!("application/{application}"),
                        kind: "package.refused".to_owned(),
                        message: format!(
                            "{component}#{ordinal} is refused by offer {}: {}",
                            refusal.offer.short(),
                            refusal.reason
                        ),
                        data: json!({"component": component, "ordinal": ordinal, "offer": refusal.offer}),
                    };
                    event::append(connection, &told)?;
                }
                Ok(found)
            })
            .await
    }

    /// Tells the planner what was refused: no instance more of these
    /// components goes there, and the refused ones don't stay.
    pub(super) async fn refusals_apply(
        &self,
        application: ApplicationId,
        model: &ResourceModel,
        options: &mut PlanOptions,
    ) -> Result<(), McoError> {
        let now = self.rooms.clock.now();
        let (sellers, packages) = self
            .rooms
            .database
            .read(move |connection| {
                let sellers = store::refusal_list(connection, application, now)?;
                Ok::<_, McoError>((sellers, store::package_refusal_list(connection, application, now)?))
            })
            .await?;
        options.excluded = sellers;
        for PackageRefusal { instance, offer, revision, reason } in packages {
            let asked = fingerprint(application, model, &instance.component);
            if asked.is_none_or(|asked| revision_of(asked) != revision) {
                continue;
            }
            let here = |held: &&mut HeldMachine| held.offer == offer;
            for held in options.held.iter_mut().filter(here) {
                held.instances.remove(&instance);
            }
            options.refused.insert((instance.component, offer), reason);
        }
        Ok(())
    }
}
