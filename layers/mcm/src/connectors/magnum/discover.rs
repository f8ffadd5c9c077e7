//! What a Magnum has for this account: its templates as sizes, its quota, and
//! how the clusters stand that this broker has there.

use super::{Magnum, cluster::Stage};
use chrono::{DateTime, Utc};
use hansa_repository::system::{
    Room, SystemError, SystemErrorKind, SystemFlavour, SystemImage, SystemQuota, SystemReport,
};
use serde::Deserialize;

/// Of so many clusters it is noted how they stand.
const NOTED: usize = 20;

impl Magnum {
    pub(super) async fn look_around(&self, now: DateTime<Utc>) -> Result<SystemReport, SystemError> {
        let templates = self.templates().await?;
        let clusters = self.clusters().await?;
        let mut report = SystemReport::new(now, format!("OpenStack Magnum, {}", super::VERSION));
        report.capabilities = ["clusters", "containers", "kubernetes"].map(str::to_owned).into();
        report.notes.push(format!("the account is {}", self.keystone.whoami().await?));
        let used = clusters.len() as u64;
        match self.limit().await {
            Ok(limit) => report.quotas.push(SystemQuota { name: "clusters".to_owned(), limit, used }),
            Err(error) => report.notes.push(format!("its quota could not be looked at: {error}")),
        }
        let left = report.quotas.first().and_then(|quota| Some(quota.limit?.saturating_sub(quota.used)));
        for template in templates {
            let Some(room) = template.room(self.nodes()) else {
                report.notes.push(format!("template {}: what its flavour has is not known", template.name));
                continue;
            };
            report.flavours.push(SystemFlavour {
                name: template.name.clone(),
                room: Room::from(room),
                units_free: left.map(|left| u32::try_from(left).unwrap_or(u32::MAX)),
            });
            report.images.push(SystemImage { id: template.uuid, name: template.name });
        }
        let amiss = clusters.iter().filter(|one| {
            let failed = one.status.as_deref().is_some_and(|status| status.ends_with("_FAILED"));
            self.is_ours(one) && (failed || one.stage() == Stage::Leaving)
        });
        report.notes.extend(amiss.take(NOTED).map(|one| format!("cluster {}: {}", one.name, one.told())));
        Ok(report)
    }

    /// How many clusters the project may have. None: nothing is set.
    async fn limit(&self) -> Result<Option<u64>, SystemError> {
        #[derive(Deserialize)]
        struct Quota {
            hard_limit: i64,
        }
        let Some(project) = self.keystone.project().await? else { return Ok(None) };
        let call = self.magnum.get(&["quotas", &project, "Cluster"], &[], "look at its quota");
        match self.magnum.maybe::<Quota>(&call).await {
            Ok(quota) => Ok(quota.and_then(|quota| u64::try_from(quota.hard_limit).ok())),
            Err(error) if error.kind == SystemErrorKind::Forbidden => Ok(None),
            Err(error) => Err(error),
        }
    }
}
