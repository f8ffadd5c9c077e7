//! Volumes that follow their instances when these move.

use super::{Mco, realising::Round};
use crate::{
    error::McoError,
    infrastructure::InfrastructureError,
    model::Instance,
    relocation::{Spot, Transfer},
};
use chrono::{DateTime, Utc};
use hansa_ontology::{ApplicationId, MachineId, ResourceModel};
use hansa_pim::PimError;
use hansa_repository::Connection;
use hansa_wdm::{CopyOutlook, CopyStage, VolumeCopy};
use std::collections::{BTreeMap, BTreeSet};

/// What becomes of the volumes of what moves with a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MovedVolumes {
    /// They follow their instance from this machine.
    pub followed: BTreeMap<Instance, MachineId>,
    /// They stay where they are.
    pub left: BTreeSet<Instance>,
}

/// An instance whose volumes couldn't be copied: it doesn't run where the plan has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uncopied {
    /// The instance.
    pub instance: Instance,
    /// The machine with its content.
    pub source: MachineId,
    /// Why.
    pub reason: String,
}

impl MovedVolumes {
    pub(super) fn ask(
        &self,
        connection: &mut Connection,
        application: ApplicationId,
        now: DateTime<Utc>,
    ) -> Result<(), McoError> {
        for (one, from) in &self.followed {
            hansa_wdm::volumes_follow(connection, application, (&one.component, one.ordinal), *from, now)?;
        }
        for one in &self.left {
            hansa_wdm::volumes_left(connection, application, (&one.component, one.ordinal))?;
        }
        Ok(())
    }
}

impl Mco {
    /// What copying the volumes of what moves would come to, for each that has some.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn volumes_outlook(
        &self,
        application: ApplicationId,
        model: &ResourceModel,
        transfers: &[Transfer],
    ) -> Result<BTreeMap<Instance, CopyOutlook>, McoError> {
        let mut outlooks = BTreeMap::new();
        for transfer in transfers {
            let one = &transfer.instance;
            let keeps = model.components.get(&one.component).is_some_and(|component| !component.volumes.is_empty());
            if let (true, Some(from), Some(to)) = (keeps, transfer.from.machine, &transfer.to) {
                let outlook = match self.closed_to_volumes(to).await? {
                    Some(why) => CopyOutlook::Impossible(why),
                    None => self.rooms.wdm.volumes_outlook(application, (&one.component, one.ordinal), from).await?,
                };
                outlooks.insert(one.clone(), outlook);
            }
        }
        Ok(outlooks)
    }

    /// Why volumes can't be written in a machine of an offer.
    async fn closed_to_volumes(&self, to: &Spot) -> Result<Option<String>, McoError> {
        let snapshot = self.rooms.catalogue.snapshot().await?;
        let offer = snapshot.catalogue.offers.iter().find(|offer| offer.id == to.offer);
        let partners = self.partners().await?;
        if let Some(partner) = offer.and_then(|offer| partners.get(&offer.provider)) {
            return Ok(Some(format!("the partner {} takes no volumes", partner.partner)));
        }
        let systems = self.rooms.infrastructure.pim.systems();
        let backing =
            systems.backing(&to.offer).await.map_err(|error| InfrastructureError::from(PimError::from(error)))?;
        let system = backing.map(|backing| backing.system);
        match self.rooms.wdm.takes_volumes(system.as_deref()).await {
            Ok(true) => Ok(None),
            Ok(false) => Ok(Some(format!("system {} takes no volumes from elsewhere", system.unwrap_or_default()))),
            Err(hansa_wdm::WdmError::System(error)) => Ok(Some(error.to_string())),
            Err(error) => Err(error.into()),
        }
    }

    /// How far volumes are that follow their instances; those that nobody
    /// wants here any more are let go.
    pub(super) async fn volumes_on_their_way(&self, round: &Round<'_>) -> Result<Vec<VolumeCopy>, McoError> {
        let application = round.application.id;
        let mut wanted = Vec::new();
        for copy in self.rooms.wdm.volume_copies(application).await? {
            let here = round.desired.iter().any(|want| {
                (&want.component, want.ordinal) == (&copy.component, copy.ordinal)
                    && !round.grounds.at_partners.contains(&want.machine)
            });
            if here {
                wanted.push(copy);
            } else {
                self.rooms.wdm.volume_copy_drop(application, &copy).await?;
            }
        }
        Ok(wanted)
    }
}

/// What couldn't be copied.
pub(super) fn uncopied(copies: &[VolumeCopy]) -> Vec<Uncopied> {
    let failed = |copy: &VolumeCopy| match &copy.stage {
        CopyStage::Failed(reason) => Some(Uncopied {
            instance: Instance { component: copy.component.clone(), ordinal: copy.ordinal },
            source: copy.source,
            reason: reason.clone(),
        }),
        _ => None,
    };
    copies.iter().filter_map(failed).collect()
}

/// What is copied now, or waits for that, for people.
pub(super) fn under_way(copies: &[VolumeCopy]) -> impl Iterator<Item = String> {
    copies.iter().filter(|copy| copy.stage != CopyStage::Copied).map(ToString::to_string)
}
