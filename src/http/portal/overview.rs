//! The first page: what runs, what it costs, what needs attention.

use super::Visit;
use crate::{
    http::problem::Reply,
    portal::{
        Place,
        pages::overview::{Attention, OverviewPage, Recent},
    },
};
use hansa_repository::event::{self, EventFilter, Order};
use hansa_service_orchestrator::ApplicationFilter;

/// Events that are shown.
const EVENTS: usize = 12;
/// Applications that are looked through for what needs attention.
const LOOKED_AT: usize = 500;

/// Shows the overview.
pub(crate) async fn show(visit: Visit) -> Reply {
    let broker = visit.broker.clone();
    let counts = broker.orchestrator.phase_counts().await?;
    let list = broker.orchestrator.application_list(ApplicationFilter::default(), LOOKED_AT, None).await?;
    let events = broker
        .database
        .read(|connection| event::list(connection, &EventFilter::default(), EVENTS, Order::NewestFirst))
        .await?;
    visit.show(Place::Overview, |frame| {
        let language = frame.language;
        let attention = list.items.iter().filter_map(|application| Attention::of(language, application)).collect();
        let recent = events.into_iter().map(|event| Recent::of(&frame, event)).collect();
        OverviewPage::new(frame, &counts, attention, recent)
    })
}
