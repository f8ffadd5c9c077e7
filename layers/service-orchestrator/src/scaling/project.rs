//! What there is to be measured of all applications of a project, for the
//! alert rules of its people.

use super::own_series::{container_labels, container_series};
use crate::{
    error::OrchestratorError,
    model::{Application, ApplicationFilter, DesiredState},
    service::ServiceOrchestrator,
    store,
};
use chrono::{DateTime, Utc};
use hansa_assurance::{
    Labels,
    alert::{Measured, Sampled},
};
use hansa_mco::model::Workload;
use hansa_ontology::{ProjectId, ProjectScope};
use hansa_wdm::{Measurement, WorkloadState};
use std::collections::BTreeMap;

/// The most applications that are measured for the rules of one project.
const APPLICATIONS: usize = 200;
/// 1 while an instance works, 0 while it should and doesn't.
const HEALTHY: &str = "hansa_workload_healthy";
/// How often it was started again.
const RESTARTS: &str = "hansa_workload_restarts_total";

impl ServiceOrchestrator {
    /// What the instances of a project's applications are and use now, under
    /// the names that cAdvisor has, each with the label `application`. What
    /// can't be had is told with how the names of its metrics begin. At
    /// partners only whether they work is known.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn project_measured(&self, project: &ProjectId) -> Result<Measured, OrchestratorError> {
        let scope = ProjectScope::Only([project.clone()].into());
        let filter = ApplicationFilter { scope, include_orders: true, ..ApplicationFilter::default() };
        let page = self.database.read(move |connection| store::list(connection, &filter, APPLICATIONS, None)).await?;
        let mut all = Measured::default();
        if page.next.is_some() {
            let why = format!("the project has more than {APPLICATIONS} applications; the others are not measured");
            all.lacks.insert(String::new(), why);
        }
        for application in page.items.iter().filter(|it| it.desired == DesiredState::Running) {
            let workloads = self.mco.workload_list(application.id).await?;
            let used = self.mco.measure(application.id, &BTreeMap::new()).await?;
            let used: BTreeMap<_, _> = used.into_iter().map(|one| (one.workload, one)).collect();
            let now = self.clock.now();
            for workload in &workloads {
                self.sampled(application, (workload, used.get(&workload.id)), now, &mut all);
            }
        }
        Ok(all)
    }

    fn sampled(
        &self,
        application: &Application,
        (workload, used): (&Workload, Option<&Measurement>),
        now: DateTime<Utc>,
        all: &mut Measured,
    ) {
        let labels = container_labels(&application.model.name, workload);
        let labels = Labels::new(labels.iter().chain([("application", application.name.as_str())]));
        let mut sample = |metric: &str, value: f64| {
            all.samples.push(Sampled { metric: metric.to_owned(), labels: labels.clone(), value });
        };
        let lack = |why: &str| format!("{}: {}: {why}", application.name, workload.name());
        match &workload.unseen {
            Some(why) => drop(all.lacks.insert("hansa_workload_".to_owned(), lack(why))),
            None if matches!(workload.state, WorkloadState::Completed { .. } | WorkloadState::Stopping { .. }) => {}
            None => {
                sample(HEALTHY, if workload.state.is_healthy() { 1.0 } else { 0.0 });
                sample(RESTARTS, f64::from(workload.restarts));
            }
        }
        if !workload.is_here() || !workload.state.is_healthy() {
            return;
        }
        match used.map(|used| &used.usage) {
            Some(Ok(usage)) => {
                for (metric, labels, value) in
                    container_series(&self.machine_clocks, (workload.id.0, usage), &labels, now)
                {
                    all.samples.push(Sampled { metric: metric.to_owned(), labels, value });
                }
            }
            Some(Err(why)) => drop(all.lacks.insert("container_".to_owned(), lack(why))),
            // It has begun between the two questions.
            None => {}
        }
    }
}
