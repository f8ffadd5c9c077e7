//! Gathers what the planner is told: the offers, what is rented of them, what
//! their sites can still give, who refused.

use super::{Compiled, Mco, leaving::Leaving, room::Room};
use crate::{
    beside::{self, Colour},
    error::McoError,
    grid::ComingBySite,
    infrastructure::InfrastructureError,
    model::{HeldMachine, Instance, Machine, MachineState, Plan, PlanOptions, PlannedMachine},
    planner::{self, OfferIndex, PlanError},
};
use hansa_ontology::{ApplicationId, MachineId, Offer, ProviderId, ResourceModel, SiteId, order::PartnerProvider};
use hansa_pim::{Drain, NewMaintenance, NodeUsage};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

impl Mco {
    /// Plans a model: for a new application, or for one whose machines are
    /// held. Writes nothing. With `what_if` offers count that nobody here can
    /// deliver, and what others rented does not count.
    ///
    /// # Errors
    /// When no plan satisfies the model, with a minimal set of the constraints
    /// that can't hold together; when the database fails.
    pub async fn plan(
        &self,
        application: Option<ApplicationId>,
        model: &ResourceModel,
        what_if: bool,
    ) -> Result<Plan, McoError> {
        let nodes = self.nodes_by_site(None).await?;
        let leaving = Leaving::of(&nodes);
        self.plan_or_stay(application, model, what_if, &nodes, leaving).await
    }

    /// Plans an application whose machines are held, without these of them,
    /// where that can be and they keep no data. Writes nothing.
    ///
    /// # Errors
    /// As [`Self::plan`].
    pub async fn plan_without(
        &self,
        application: ApplicationId,
        model: &ResourceModel,
        machines: &BTreeSet<MachineId>,
    ) -> Result<Plan, McoError> {
        let nodes = self.nodes_by_site(None).await?;
        let leaving = Leaving::of(&nodes).and(machines);
        self.plan_or_stay(Some(application), model, false, &nodes, leaving).await
    }

    async fn plan_or_stay(
        &self,
        application: Option<ApplicationId>,
        model: &ResourceModel,
        what_if: bool,
        nodes: &BTreeMap<SiteId, Vec<NodeUsage>>,
        leaving: Leaving,
    ) -> Result<Plan, McoError> {
        match self.plan_over(application, model, what_if, nodes, &leaving).await {
            // Maintenance keeps nobody from being planned: what can't move stays for now.
            Err(McoError::Plan(PlanError::Infeasible(_))) if !leaving.is_empty() => {
                self.plan_over(application, model, what_if, nodes, &leaving.all_stay()).await
            }
            planned => planned,
        }
    }

    /// Plans over these nodes, with what leaves some of them placed elsewhere.
    pub(super) async fn plan_over(
        &self,
        application: Option<ApplicationId>,
        model: &ResourceModel,
        what_if: bool,
        nodes: &BTreeMap<SiteId, Vec<NodeUsage>>,
        leaving: &Leaving,
    ) -> Result<Plan, McoError> {
        let (index, options) = self.circumstances(application, model, what_if, nodes, leaving, None).await?;
        let model = model.clone();
        let planned = tokio::task::spawn_blocking(move || match &model.delivery {
            Some(delivery) => planner::deliver(&model, delivery, &index, &options),
            None => planner::plan(&model, &index, &options),
        });
        Ok(planned.await??)
    }

    /// At which sites there is something that each component of a model could use now, by
    /// its name; a plan tells whether all of it can.
    ///
    /// # Errors
    /// When the model names what isn't there; when the database fails.
    pub async fn sites(
        &self,
        application: ApplicationId,
        model: &ResourceModel,
    ) -> Result<BTreeMap<String, BTreeSet<SiteId>>, McoError> {
        let nodes = self.nodes_by_site(None).await?;
        let leaving = Leaving::of(&nodes);
        let (index, options) = self.circumstances(Some(application), model, false, &nodes, &leaving, None).await?;
        let model = model.clone();
        Ok(tokio::task::spawn_blocking(move || planner::sites(&model, &index, &options)).await??)
    }

    /// What a plan is made from, besides the model. Where it is planned beside a revision
    /// that callers are led to: that.
    pub(super) async fn circumstances(
        &self,
        application: Option<ApplicationId>,
        model: &ResourceModel,
        what_if: bool,
        nodes: &BTreeMap<SiteId, Vec<NodeUsage>>,
        leaving: &Leaving,
        serving: Option<&Colour>,
    ) -> Result<(Arc<OfferIndex>, PlanOptions), McoError> {
        let index = self.offer_index().await?;
        let mut options = PlanOptions::new(self.rooms.clock.now());
        options.default_currency = self.rooms.default_currency;
        if let Some(application) = application {
            self.held_machines(application, model, leaving, serving, &mut options).await?;
            self.refusals_apply(application, model, &mut options).await?;
        }
        if !what_if {
            let room = self.room(nodes.clone()).await?;
            self.deliverable(application, model.delivery.is_some(), &room, &mut options).await?;
        }
        Ok((index, options))
    }

    async fn offer_index(&self) -> Result<Arc<OfferIndex>, McoError> {
        let (snapshot, coming) = (self.rooms.catalogue.snapshot().await?, self.grids.coming().await);
        let cache = &self.rooms.index.0;
        if let Ok(cached) = cache.lock()
            && let Some(Compiled { generation, coming: by, index }) = cached.as_ref()
            && *generation == snapshot.generation
            && Arc::ptr_eq(by, &coming)
        {
            return Ok(Arc::clone(index));
        }
        let (generation, by) = (snapshot.generation, ComingBySite::clone(&coming));
        let compile = move || Arc::new(OfferIndex::with_coming(&snapshot.catalogue, by));
        let index = tokio::task::spawn_blocking(compile).await?;
        if let Ok(mut cached) = cache.lock() {
            *cached = Some(Compiled { generation, coming, index: Arc::clone(&index) });
        }
        Ok(index)
    }

    /// What is rented for an application, with what its plan put there: nothing
    /// yet in a machine that was held for a partner's order, and less room where
    /// another revision stands beside. What leaves its node is not among it.
    async fn held_machines(
        &self,
        application: ApplicationId,
        model: &ResourceModel,
        leaving: &Leaving,
        serving: Option<&Colour>,
        options: &mut PlanOptions,
    ) -> Result<(), McoError> {
        let machines = self.machine_list(Some(application)).await?;
        let beside = self.beside(application).await?;
        let (own, other) = match serving {
            Some(serving) => (beside.map(|beside| beside.plan), Some(serving.clone())),
            None => (self.plan_in_force(application).await?.map(|(_, plan)| plan), beside),
        };
        let instances = match &other {
            Some(other) => beside::held(application, model, own.as_ref(), other),
            None => own.iter().flat_map(|plan| &plan.machines).filter_map(contents).collect(),
        };
        let reserved = other.map(|other| beside::reserved(application, model, &instances, &other)).unwrap_or_default();
        options.held = machines
            .into_iter()
            .filter(|machine| !matches!(machine.state, MachineState::Releasing | MachineState::Lost))
            .map(|machine| HeldMachine {
                machine: machine.id,
                offer: machine.terms.id.clone(),
                instances: instances.get(&machine.id).cloned().unwrap_or_default(),
                // A partner is asked for one revision of a component in a machine.
                closed: leaving.has(machine.id) || machine.partner.is_some() && reserved.contains_key(&machine.id),
                terms: Some(machine.terms),
            })
            .filter(|held| !leaving.goes(held.machine, model, &held.instances))
            .collect();
        options.reserved = reserved;
        Ok(())
    }

    /// Excludes what neither this broker nor a partner can deliver, and takes
    /// off what is not free. What a partner orders is delivered by this broker itself.
    async fn deliverable(
        &self,
        application: Option<ApplicationId>,
        by_us_only: bool,
        room: &Room,
        options: &mut PlanOptions,
    ) -> Result<(), McoError> {
        let machines = self.machine_list(None).await?;
        let held: BTreeSet<MachineId> = options.held.iter().map(|held| held.machine).collect();
        let snapshot = self.rooms.catalogue.snapshot().await?;
        let partners = self.partners().await?;
        for offer in &snapshot.catalogue.offers {
            let standing = match partners.get(&offer.provider) {
                Some(partner) if by_us_only => Err(format!("it is an offer of the partner {}", partner.partner)),
                Some(partner) => ordered_units(offer, application, &machines, partner),
                None => room.units(offer).map(|free| units_taken(offer, application, &machines, &held, free)),
            };
            match standing {
                Ok(taken) => drop(options.taken.insert(offer.id.clone(), taken)),
                Err(reason) => drop(options.excluded.entry(offer.id.clone()).or_insert(reason)),
            }
        }
        Ok(())
    }

    /// The partners, by the provider whose offers they deliver.
    pub(super) async fn partners(&self) -> Result<BTreeMap<ProviderId, PartnerProvider>, McoError> {
        let list = self.rooms.infrastructure.partner.provider_list().await.map_err(InfrastructureError::from)?;
        Ok(list.into_iter().map(|partner| (partner.provider.clone(), partner)).collect())
    }

    /// The nodes as they are, or as they would be with this under maintenance.
    pub(super) async fn nodes_by_site(
        &self,
        supposed: Option<&NewMaintenance>,
    ) -> Result<BTreeMap<SiteId, Vec<NodeUsage>>, McoError> {
        let mut sites: BTreeMap<SiteId, Vec<NodeUsage>> = BTreeMap::new();
        let nodes = self.rooms.infrastructure.pim.node_list(None).await;
        for node in nodes.map_err(InfrastructureError::from)? {
            let node = match supposed.filter(|new| new.covers(&node.node)) {
                Some(new) => node.under(Drain { leave_volumes: new.leave_volumes }),
                None => node,
            };
            sites.entry(node.node.site.clone()).or_default().push(node);
        }
        Ok(sites)
    }
}

/// What is in a planned machine that is held.
fn contents(planned: &PlannedMachine) -> Option<(MachineId, BTreeSet<Instance>)> {
    Some((planned.held?, planned.instances.iter().cloned().collect()))
}

/// How many of a partner's units others here have rented; what the partner has
/// given to anybody else it takes off itself.
///
/// # Errors
/// Why none can be ordered now.
fn ordered_units(
    offer: &Offer,
    application: Option<ApplicationId>,
    machines: &[Machine],
    partner: &PartnerProvider,
) -> Result<u32, String> {
    let name = &partner.partner;
    if let Some(reason) = &partner.unusable {
        return Err(format!("the partner {name} can't be ordered from now: {reason}"));
    }
    if let Some(reason) = partner.unusable_offers.get(&offer.id) {
        return Err(format!("it can't be ordered from the partner {name} now: {reason}"));
    }
    let others = machines.iter().filter(|m| m.terms.id == offer.id && Some(m.application) != application).count();
    Ok(u32::try_from(others).unwrap_or(u32::MAX))
}

/// How many of an offer's units a new machine of this application can't have:
/// rented by anyone else, by itself and about to be given back, or more than
/// what stands behind it can still give (`free`). What it holds the planner takes off itself.
fn units_taken(
    offer: &Offer,
    application: Option<ApplicationId>,
    machines: &[Machine],
    held: &BTreeSet<MachineId>,
    free: u32,
) -> u32 {
    let (own, others): (Vec<&Machine>, Vec<&Machine>) = machines
        .iter()
        .filter(|machine| machine.terms.id == offer.id)
        .partition(|machine| Some(machine.application) == application && held.contains(&machine.id));
    let count = |machines: &[&Machine]| u32::try_from(machines.len()).unwrap_or(u32::MAX);
    let rest = offer.capacity.available_units.saturating_sub(count(&own)).saturating_sub(count(&others));
    count(&others).saturating_add(rest.saturating_sub(free))
}
