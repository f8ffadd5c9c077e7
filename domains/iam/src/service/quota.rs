//! Quotas: set here, enforced in the transaction of whatever takes of them.

use super::{Iam, member::expect_place, organisation::expect_version};
use crate::{HeldQuota, IamError, Place, store};
use hansa_ontology::{
    Actor, ProjectId,
    quota::{Quota, QuotaHolder},
};
use hansa_repository::event::{self, NewEvent};
use serde_json::json;

impl Iam {
    /// The quota of a holder; without limits where none was set.
    ///
    /// # Errors
    /// When there is no such holder.
    pub async fn quota_get(&self, holder: QuotaHolder) -> Result<HeldQuota, IamError> {
        self.inner
            .database
            .read(move |connection| {
                expect_place(connection, &place(&holder))?;
                Ok(store::quota::get(connection, &holder)?)
            })
            .await
    }

    /// The quotas that an application of this project has to fit into.
    ///
    /// # Errors
    /// When there is no such project, or it is closed.
    pub async fn quotas_of(&self, project: &ProjectId) -> Result<Vec<(QuotaHolder, Quota)>, IamError> {
        let holders = [QuotaHolder::Project(project.clone()), QuotaHolder::Organisation(project.organisation())];
        let project = project.clone();
        self.inner
            .database
            .read(move |connection| {
                super::project::open(connection, &project)?;
                let mut quotas = Vec::new();
                for holder in holders {
                    let limits = store::quota::get(connection, &holder)?.limits;
                    if !limits.is_unlimited() {
                        quotas.push((holder, limits));
                    }
                }
                Ok(quotas)
            })
            .await
    }

    /// Sets the quota of a holder. What is already there stays, even above it.
    ///
    /// # Errors
    /// When there is no such holder, a limit is negative, or the quota has
    /// another version than `expected`.
    pub async fn quota_set(
        &self,
        holder: QuotaHolder,
        limits: Quota,
        expected: Option<i64>,
        actor: Actor,
    ) -> Result<HeldQuota, IamError> {
        if limits.price_per_hour.is_some_and(|price| price.micros < 0) {
            return Err(IamError::invalid("/pricePerHour", "is negative; give 0 or more, or leave it out"));
        }
        let now = self.now();
        self.inner
            .database
            .write(move |connection| {
                expect_place(connection, &place(&holder))?;
                let known = store::quota::get(connection, &holder)?;
                expect_version(expected, known.version)?;
                if known.limits == limits && known.version > 0 {
                    return Ok(known);
                }
                let set = HeldQuota { limits, updated_at: Some(now), version: known.version + 1, holder };
                store::quota::put(connection, &set)?;
                event::append(
                    connection,
                    &NewEvent {
                        at: now,
                        actor,
                        application: None,
                        subject: place(&set.holder).to_string(),
                        kind: "quota.set".to_owned(),
                        message: format!("the quota of {} was set", set.holder),
                        data: json!({"before": known.limits, "now": set.limits}),
                    },
                )?;
                Ok(set)
            })
            .await
    }
}

fn place(holder: &QuotaHolder) -> Place {
    match holder {
        QuotaHolder::Organisation(id) => Place::Organisation(id.clone()),
        QuotaHolder::Project(id) => Place::Project(id.clone()),
    }
}
