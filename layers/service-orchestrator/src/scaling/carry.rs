//! From another number to another plan. What has no room is told, and as many
//! as fit are there.

use super::wanted::{self, Numbers};
use crate::{error::OrchestratorError, model::Application, reconcile::Round, service::ServiceOrchestrator, store};
use hansa_mco::{ApplicationRef, ErrorKind, McoError, model::Plan};

impl ServiceOrchestrator {
    /// The policies want another number than was planned.
    pub(crate) async fn rescale(
        &self,
        reference: &ApplicationRef,
        application: &Application,
        plan: &Plan,
    ) -> Result<Round, OrchestratorError> {
        let id = application.id;
        let known = self.database.read(move |connection| store::remembered(connection, id)).await?;
        let dropped = known.map(|known| known.memory.dropped()).unwrap_or_default();
        match self.plan_and_adopt(application, &dropped).await {
            Ok(Some(plan)) => self.realised(reference, application, &plan).await,
            Ok(None) => {
                let model = wanted::as_planned(&application.model, plan);
                Ok(Round::Wanted(self.mco.realise(reference, &model, plan).await?))
            }
            Err(OrchestratorError::Mco(error)) if error.kind() == ErrorKind::Stale => Ok(Round::Stale),
            Err(OrchestratorError::Mco(McoError::Plan(why))) => {
                let most = self.as_many_as_fit(application, plan).await?;
                self.numbers_give_way(application, most, &why.to_string()).await?;
                Ok(Round::Stale)
            }
            Err(error) => Err(error),
        }
    }

    /// For one target after the other the number nearest to the wanted one that can be planned.
    async fn as_many_as_fit(&self, application: &Application, plan: &Plan) -> Result<Numbers, OrchestratorError> {
        let names = wanted::targets(&application.model);
        let mut numbers: Numbers = names.iter().map(|name| ((*name).to_owned(), wanted::planned(plan, name))).collect();
        for name in names {
            let (mut fits, mut fails) = (wanted::planned(plan, name), wanted::asked(&application.model, name));
            while fits.abs_diff(fails) > 1 {
                let between = fits.midpoint(fails);
                numbers.insert(name.to_owned(), between);
                match self.can_be(application, &numbers).await? {
                    true => fits = between,
                    false => fails = between,
                }
            }
            numbers.insert(name.to_owned(), fits);
        }
        Ok(numbers)
    }

    async fn can_be(&self, application: &Application, numbers: &Numbers) -> Result<bool, OrchestratorError> {
        let mut model = application.model.clone();
        wanted::apply(&mut model, numbers);
        match self.mco.plan(Some(application.id), &model, false).await {
            Ok(_) => Ok(true),
            Err(McoError::Plan(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
