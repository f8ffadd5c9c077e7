//! What emits how much for what components reserve.

use super::{
    Dimension, Query, ServiceError, Sustainability,
    report::{Report, figures},
};
use crate::{
    SustainabilityError,
    advice::{Compared, Work, compare},
};
use std::collections::BTreeMap;

/// An hour of a virtual processor, in seconds of thousandths of one.
pub const PROCESSOR_HOUR: u64 = 3_600_000;

impl Sustainability {
    /// What the query is about by its one dimension, the least carbon first for each hour of
    /// a virtual processor that components reserve ([`PROCESSOR_HOUR`] units). What nobody
    /// reserved of a machine counts in carbon and not in hours. Hours that a version counted
    /// which didn't note what was reserved are left out.
    ///
    /// # Errors
    /// When the query has not one dimension, its days can't be, or the database fails.
    pub async fn compare(&self, query: &Query) -> Result<Vec<Compared<String>>, ServiceError> {
        let &[by] = query.by.as_slice() else {
            return Err(SustainabilityError::invalid("by", "must be one dimension, such as site").into());
        };
        let (this, query) = (self.clone(), query.clone());
        self.database.read(move |connection| this.compared(connection, &query, by)).await
    }

    fn compared(
        &self,
        connection: &mut hansa_repository::Connection,
        query: &Query,
        by: Dimension,
    ) -> Result<Vec<Compared<String>>, ServiceError> {
        let window = query.window()?;
        let mut cells = self.cells(connection, query.project.as_ref(), window)?;
        let wanted = |application| query.application.is_none_or(|wanted| application == Some(wanted));
        cells.retain(|(subject, _), cell| wanted(subject.application) && cell.held.is_some());
        let book = self.book(connection, &cells, window)?;
        let mut all: BTreeMap<String, Work> = BTreeMap::new();
        let mut unused = Report::default();
        for ((subject, hour), cell) in &cells {
            let figures = figures(&book, (subject, *hour), cell, &mut unused);
            let work = all.entry(by.of(subject, *hour)).or_default();
            work.footprint += figures.footprint;
            work.units += cell.held.unwrap_or_default();
            work.lacks |= figures.energy_unknown > 0 || figures.embodied_unknown > 0;
        }
        Ok(compare(&all, PROCESSOR_HOUR))
    }
}
