//! What callers see of an application's workloads, wherever they run.

use super::{Mco, realising::elsewhere};
use crate::{
    error::McoError,
    model::{Place, Workload},
};
use futures_util::{StreamExt as _, stream};
use hansa_ontology::{ApplicationId, resource_model::HealthProbe};
use hansa_wdm::{LogLine, LogQuery, LogSource, LogStream, Measurement, PageRef};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// Lines of a partner's workload where the caller names no number.
const ALL_LINES: usize = 10_000;

impl Mco {
    /// The workloads of an application as they were last seen here, and as
    /// partners last told of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn workload_list(&self, application: ApplicationId) -> Result<Vec<Workload>, McoError> {
        let here = self.rooms.wdm.workload_list(Some(application)).await?;
        let machines = self.machine_list(Some(application)).await?;
        let ordered = self.ordered(application, &machines).await?;
        let mut all: Vec<Workload> =
            here.into_iter().map(Workload::from).chain(elsewhere(&machines, &ordered)).collect();
        if let Some(other) = self.beside(application).await? {
            for workload in &mut all {
                workload.beside = other.own.contains(&workload.id);
            }
        }
        all.sort_by(|a, b| (&a.component, a.ordinal, a.id).cmp(&(&b.component, b.ordinal, b.id)));
        Ok(all)
    }

    /// What the workloads on nodes of this broker use now, and these pages of
    /// theirs, by component. Those at partners are not measured from here.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn measure(
        &self,
        application: ApplicationId,
        pages: &BTreeMap<String, BTreeSet<PageRef>>,
    ) -> Result<Vec<Measurement>, McoError> {
        Ok(self.rooms.wdm.measure(application, pages).await?)
    }

    /// Tries what a workload offers, here or at a partner: how long that took,
    /// and for people what came of it where it is not good.
    pub async fn probe(
        &self,
        workload: &Workload,
        probe: &HealthProbe,
        timeout: Duration,
    ) -> (Duration, Result<(), String>) {
        self.rooms.wdm.probe(probe, &workload.endpoints, timeout).await
    }

    /// The output of a workload, oldest line first. That of a partner's
    /// workload is what the partner has now, or a note why that can't be had;
    /// it isn't followed.
    ///
    /// # Errors
    /// When there is no such workload.
    pub async fn logs(&self, workload: &Workload, query: LogQuery) -> Result<LogStream, McoError> {
        if let Place::Node(_) = workload.place {
            return Ok(self.rooms.wdm.logs(workload.id, query).await?);
        }
        let tail = query.tail.unwrap_or(ALL_LINES);
        let partner = &self.rooms.infrastructure.partner;
        let lines = partner.order_logs(workload.machine, &workload.component, workload.ordinal, tail).await;
        // One partner that doesn't answer must not keep the others' output back.
        let lines = lines.unwrap_or_else(|error| {
            let text = format!("the output of {} can't be had now: {error}", workload.name());
            vec![LogLine { at: self.rooms.clock.now(), source: LogSource::Note, text }]
        });
        let asked = move |line: &LogLine| query.since.is_none_or(|since| line.at >= since);
        Ok(stream::iter(lines.into_iter().filter(asked).map(Ok)).boxed())
    }
}
