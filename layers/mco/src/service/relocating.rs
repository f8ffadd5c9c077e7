//! Plans with something elsewhere: what is asked to move, and what would be
//! had for less. Writes nothing.

use super::{Mco, leaving::Leaving};
use crate::{
    error::McoError,
    model::{Instance, Plan, PlanOptions},
    planner::{self, OfferIndex, PlanError},
    relocation::{Destination, Gain, Rearrangement, Relocation, Target},
};
use hansa_ontology::{ApplicationId, MachineId, OfferId, ResourceModel};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

impl Mco {
    /// Plans an application with these instances out of their machines, and
    /// all else where it is.
    ///
    /// # Errors
    /// When nothing takes them; why. When the database fails.
    pub async fn relocation_plan(
        &self,
        application: ApplicationId,
        model: &ResourceModel,
        leaving: BTreeMap<MachineId, BTreeSet<Instance>>,
        to: &Destination,
    ) -> Result<Plan, McoError> {
        let relocation = self.relocation(application, leaving, to).await?;
        self.over_today(application, model, move |model, index, options| {
            planner::relocate(model, index, options, &relocation)
        })
        .await
    }

    /// The plan with the least used machine emptied into the others, where
    /// those have room and it costs at least so much an hour (micro-units).
    ///
    /// # Errors
    /// When what is there can't be planned; when the database fails.
    pub async fn consolidation(
        &self,
        application: ApplicationId,
        model: &ResourceModel,
        in_force: Plan,
        least_micros: i64,
    ) -> Result<Option<Rearrangement>, McoError> {
        self.over_today(application, model, move |model, index, options| {
            planner::consolidate(model, index, options, &in_force, least_micros)
        })
        .await
    }

    /// The plan with a machine or all given up for what is cheaper, or emits less,
    /// among today's offers.
    ///
    /// # Errors
    /// When what is there can't be planned; when the database fails.
    pub async fn better_places(
        &self,
        application: ApplicationId,
        model: &ResourceModel,
        in_force: Plan,
        gain: Gain,
    ) -> Result<Option<Rearrangement>, McoError> {
        self.over_today(application, model, move |model, index, options| {
            planner::improve(model, index, options, &in_force, gain)
        })
        .await
    }

    /// The machines, offers and sites that a name stands for: an id of a
    /// machine of the application, an IRI or the last segment of one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn targets(&self, application: ApplicationId, name: &str) -> Result<Vec<Target>, McoError> {
        if let Ok(id) = name.parse::<MachineId>() {
            let machines = self.machine_list(Some(application)).await?;
            let known = machines.iter().any(|machine| machine.id == id);
            return Ok(known.then_some(Target::Machine(id)).into_iter().collect());
        }
        let snapshot = self.rooms.catalogue.snapshot().await?;
        let (sites, offers) = (&snapshot.catalogue.sites, &snapshot.catalogue.offers);
        let called = |iri: &str, short: &str| iri == name || short == name;
        let sites = sites.iter().filter(|site| called(site.id.as_str(), site.id.short()) || site.name == name);
        let offers = offers.iter().filter(|offer| called(offer.id.as_str(), offer.id.short()));
        let sites = sites.map(|site| Target::Site(site.id.clone()));
        Ok(sites.chain(offers.map(|offer| Target::Offer(offer.id.clone()))).collect())
    }

    async fn relocation(
        &self,
        application: ApplicationId,
        leaving: BTreeMap<MachineId, BTreeSet<Instance>>,
        to: &Destination,
    ) -> Result<Relocation, McoError> {
        let machines = self.machine_list(Some(application)).await?;
        let snapshot = self.rooms.catalogue.snapshot().await?;
        let all = &snapshot.catalogue.offers;
        let place = "elsewhere".to_owned();
        Ok(match to {
            Destination::Anywhere => Relocation { leaving, place, ..Relocation::default() },
            Destination::Rented => {
                let place = "in the other machines".to_owned();
                Relocation { leaving, offers: Some(BTreeSet::new()), machines: None, place }
            }
            Destination::Elsewhere => {
                let left: BTreeSet<&OfferId> =
                    machines.iter().filter(|one| leaving.contains_key(&one.id)).map(|one| &one.terms.id).collect();
                let offers = all.iter().map(|offer| &offer.id).filter(|id| !left.contains(id));
                Relocation { offers: Some(offers.cloned().collect()), machines: None, leaving, place }
            }
            Destination::Among(targets) => {
                let wants = |machine: Option<MachineId>, offer: &hansa_ontology::Offer| {
                    targets.iter().any(|target| match target {
                        Target::Machine(id) => machine == Some(*id),
                        Target::Offer(id) => *id == offer.id,
                        Target::Site(site) => *site == offer.site,
                    })
                };
                let meant = machines.iter().filter(|one| wants(Some(one.id), &one.terms)).map(|one| one.id);
                let offers = all.iter().filter(|offer| wants(None, offer)).map(|offer| offer.id.clone());
                let names: Vec<String> = targets.iter().map(Target::to_string).collect();
                Relocation {
                    machines: Some(meant.collect()),
                    offers: Some(offers.collect()),
                    place: format!("in {}", names.join(" or ")),
                    leaving,
                }
            }
        })
    }

    /// Plans with what is offered and rented now; what is on a node under
    /// maintenance stays there, and nothing joins it.
    async fn over_today<T: Send + 'static>(
        &self,
        application: ApplicationId,
        model: &ResourceModel,
        plan: impl FnOnce(&ResourceModel, &OfferIndex, &PlanOptions) -> Result<T, PlanError> + Send + 'static,
    ) -> Result<T, McoError> {
        let nodes = self.nodes_by_site(None).await?;
        let leaving = Leaving::of(&nodes).all_stay();
        let (index, options): (Arc<OfferIndex>, PlanOptions) =
            self.circumstances(Some(application), model, false, &nodes, &leaving, None).await?;
        let model = model.clone();
        Ok(tokio::task::spawn_blocking(move || plan(&model, &index, &options)).await??)
    }
}
