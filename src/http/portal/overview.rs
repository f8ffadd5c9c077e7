//! The first page: what runs, what it costs, what needs attention.

use super::{Visit, tenant};
use crate::{
    http::problem::{ApiError, Reply},
    portal::{
        Language, Place,
        pages::overview::{Attention, OverviewPage, Recent},
    },
};
use hansa_federation_manager::partners::PartnerState;
use hansa_iam::{Action, Resource};
use hansa_repository::event::{self, EventFilter, Order};

/// Events that are shown.
const EVENTS: usize = 12;

/// Shows the overview.
pub(crate) async fn show(visit: Visit) -> Reply {
    let broker = visit.broker.clone();
    let all = tenant::outlines(&visit).await?;
    let scope = visit.caller.scope(&broker, Action::ApplicationRead).await?;
    let brokers = visit.caller.may(&broker, Action::EventRead, &Resource::Broker);
    let filter = EventFilter { scope, brokers, ..EventFilter::default() };
    let events =
        broker.database.read(move |connection| event::list(connection, &filter, EVENTS, Order::NewestFirst)).await?;
    let partners = partners(&visit, visit.language()).await?;
    visit.show(Place::Overview, |frame| {
        let recent = events.into_iter().map(|event| Recent::of(&frame, event)).collect();
        OverviewPage::new(frame, &all, partners, recent)
    })
}

/// Partners that can't be reached, and those with whom things are on hold.
async fn partners(visit: &Visit, language: Language) -> Result<Vec<Attention>, ApiError> {
    let Some(manager) = &visit.broker.federation else { return Ok(Vec::new()) };
    let scope = visit.caller.partners(&visit.broker, Action::PartnerRead);
    let seen = manager.partner_list().await?.into_iter().filter(|partner| scope.covers(&partner.did));
    let unwell = seen.filter_map(|partner| {
        let (state, reason) = match partner.state {
            PartnerState::Suspended => ("suspended", partner.reason.clone()),
            PartnerState::Active | PartnerState::Draining if partner.unreachable_since.is_some() => {
                ("unreachable", partner.last_error.clone())
            }
            _ => return None,
        };
        Some(Attention::partner(language, &partner.name, state, reason.unwrap_or_default()))
    });
    Ok(unwell.collect())
}
