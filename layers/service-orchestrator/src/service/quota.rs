//! Quotas: checked in the transaction of the change that takes of them, so
//! that two changes at once never take together what each could have alone.

use super::{ServiceOrchestrator, change::Verb};
use crate::{
    error::OrchestratorError,
    model::{Application, Change},
    store,
};
use hansa_ontology::{
    ApplicationId, Money, ResourceModel,
    quota::{Quota, QuotaHolder, QuotaUsage},
};
use hansa_repository::Connection;
use std::sync::Arc;

/// What an application takes as it is written.
pub(crate) fn taken(application: &Application) -> QuotaUsage {
    QuotaUsage::of(&application.model).with_price(application.price)
}

/// Whether a quota limits the price, which only a plan tells.
pub(crate) fn limits_price(quotas: &[(QuotaHolder, Quota)]) -> bool {
    quotas.iter().any(|(_, quota)| quota.price_per_hour.is_some())
}

/// Checks that an application as it is to be may be what a change makes of it.
///
/// # Errors
/// When it grows while nothing may; the first quota that it would break.
pub(super) fn expect_of(
    connection: &mut Connection,
    change: &Change,
    wanted: &Application,
    before: &QuotaUsage,
) -> Result<(), OrchestratorError> {
    match &change.frozen {
        Some(why) if taken(wanted).grows_from(before) => Err(OrchestratorError::Frozen(why.clone())),
        _ => expect(connection, &change.quotas, wanted, before),
    }
}

/// Checks that an application as it is to be fits into the quotas.
///
/// # Errors
/// The first quota that it would break.
pub(crate) fn expect(
    connection: &mut Connection,
    quotas: &[(QuotaHolder, Quota)],
    wanted: &Application,
    before: &QuotaUsage,
) -> Result<(), OrchestratorError> {
    let asked = taken(wanted);
    for (holder, quota) in quotas.iter().filter(|(_, quota)| !quota.is_unlimited()) {
        let others = store::usage(connection, holder, Some(wanted.id))?;
        quota.check(holder, &others, before, &asked)?;
    }
    Ok(())
}

impl ServiceOrchestrator {
    /// What a holder's applications take of its quota now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn quota_usage(&self, holder: QuotaHolder) -> Result<QuotaUsage, OrchestratorError> {
        self.database.read(move |connection| Ok(store::usage(connection, &holder, None)?)).await
    }

    /// What a model would cost an hour now.
    pub(crate) async fn price(
        &self,
        existing: Option<ApplicationId>,
        model: &ResourceModel,
    ) -> Result<Money, OrchestratorError> {
        let plan = self.mco.plan(existing, model, false).await?;
        Ok(Money::new(plan.price_per_hour_micros, plan.currency))
    }

    /// The version of an application and what it would cost after an edit,
    /// where a quota limits that.
    pub(super) async fn priced(
        &self,
        id: ApplicationId,
        change: &Change,
        edit: Arc<
            impl Fn(&mut Connection, &mut Application) -> Result<Verb, OrchestratorError> + Send + Sync + 'static,
        >,
    ) -> Result<Option<(i64, Money)>, OrchestratorError> {
        if !limits_price(&change.quotas) {
            return Ok(None);
        }
        let mut application = self.application(id).await?;
        let version = application.version;
        let edited = self
            .database
            .read(move |connection| edit(connection, &mut application).map(|_unused| application.model))
            .await;
        // What is wrong with the edit is told in the transaction, after what comes before it.
        match edited {
            Ok(model) => Ok(Some((version, self.price(Some(id), &model).await?))),
            Err(_) => Ok(None),
        }
    }
}
