//! What this broker has measured of what it delivers, for whoever ordered it.

use super::Assurance;
use crate::{
    sla::{Stretch, merged},
    store,
};
use chrono::{DateTime, Utc};
use hansa_ontology::ApplicationId;
use hansa_repository::RepositoryError;

/// A part of a stretch: from when until when.
pub type Part = (DateTime<Utc>, DateTime<Utc>);

/// What was measured of an application's machines within a stretch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delivered {
    /// When one of them could not be used, in order.
    pub down: Vec<Part>,
    /// Maintenance that was announced before it began, in order.
    pub maintenance: Vec<Part>,
}

impl Assurance {
    /// What was measured of an application's machines within a stretch, by all
    /// that the log tells by now. None: nothing was promised of them, or it is
    /// too long ago.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delivered(
        &self,
        application: ApplicationId,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Option<Delivered>, RepositoryError> {
        while !self.follow().await?.is_idle() {}
        let begun = until.timestamp().saturating_add(i64::from(until.timestamp_subsec_nanos() > 0));
        let Some(stretch) = Stretch::new(from.timestamp(), begun) else { return Ok(None) };
        let found = self
            .database
            .read(move |connection| {
                let machines = store::machines_of(connection, application)?;
                let courses = store::courses_get(connection, machines)?;
                let announced = store::announcements_since(connection, stretch.from())?;
                let service = |course: &crate::sla::Course| course.service(&stretch, &announced);
                Ok::<_, RepositoryError>(courses.values().map(service).collect::<Vec<_>>())
            })
            .await?;
        if found.is_empty() {
            return Ok(None);
        }
        let (down, maintenance): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        let parts = |all: Vec<Vec<Stretch>>| -> Vec<Part> {
            let all = merged(all.into_iter().flatten().collect());
            // Seconds that are told whole reach beyond a stretch that isn't.
            let part = |one: Stretch| (one.times().0.max(from), one.times().1.min(until));
            all.into_iter().map(part).filter(|(from, until)| from < until).collect()
        };
        Ok(Some(Delivered { down: parts(down), maintenance: parts(maintenance) }))
    }
}
