//! Who answers PromQL: the broker's own measurements, and where they have
//! nothing, the Prometheus that the owner has set.

use chrono::{DateTime, Utc};
use hansa_assurance::{Prometheus, Query, QueryAnswer, QueryLimits, QueryResult, Series};
use hansa_ontology::{ApplicationId, ProjectId};
use std::{sync::Arc, time::Duration};

/// How long a round waits for a Prometheus.
const PATIENCE: Duration = Duration::from_secs(5);

/// Who answers.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    series: Arc<Series>,
    prometheus: Option<Arc<Prometheus>>,
}

impl Metrics {
    /// Own measurements alone, or a Prometheus besides.
    #[must_use]
    pub fn new(prometheus: Option<Prometheus>) -> Self {
        Self { series: Arc::default(), prometheus: prometheus.map(Arc::new) }
    }

    pub(crate) fn series(&self) -> &Series {
        &self.series
    }

    /// Asks a query for a time. An answer may be without any element.
    ///
    /// # Errors
    /// Why there is no answer, in words.
    pub(super) async fn ask(
        &self,
        (id, project): (ApplicationId, &ProjectId),
        query: &str,
        at: DateTime<Utc>,
    ) -> Result<QueryAnswer, String> {
        let (series, tenant, text) = (Arc::clone(&self.series), id.to_string(), query.to_owned());
        // A tenant's query may take its time.
        let own = tokio::task::spawn_blocking(move || {
            Query::parse(&text)
                .and_then(|query| query.evaluate(&series, &tenant, at, &QueryLimits::default()))
                .map_err(|error| error.to_string())
        });
        let own = own.await.map_err(|error| error.to_string())?;
        let Some(prometheus) = self.prometheus.as_ref().filter(|_| !own.as_ref().is_ok_and(has_value)) else {
            return own;
        };
        let tenant = project.to_string();
        match tokio::time::timeout(PATIENCE, prometheus.query(query, at, Some(&tenant))).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("the Prometheus did not answer within {} s", PATIENCE.as_secs())),
        }
    }

    /// Whether an alert's expression holds: whether it gives anything.
    ///
    /// # Errors
    /// Why that can't be known, in words.
    pub(super) async fn holds(
        &self,
        of: (ApplicationId, &ProjectId),
        query: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, String> {
        let holds = has_value(&self.ask(of, query, now).await?);
        if !holds {
            self.is_asked_of_somebody(of.0, query)?;
        }
        Ok(holds)
    }

    /// The values of a label, in the order of the answer: an element without it has none.
    ///
    /// # Errors
    /// Why there is no answer, in words.
    pub(super) async fn labels(
        &self,
        of: (ApplicationId, &ProjectId),
        query: &str,
        label: &str,
        now: DateTime<Utc>,
    ) -> Result<Vec<String>, String> {
        match self.ask(of, query, now).await?.result {
            QueryResult::Scalar { .. } => Err("the answer is a number, which has no labels".to_owned()),
            QueryResult::Vector(elements) if elements.is_empty() => {
                self.is_asked_of_somebody(of.0, query)?;
                Ok(Vec::new())
            }
            QueryResult::Vector(elements) => {
                Ok(elements.iter().filter_map(|element| Some(element.labels.get(label)?.to_owned())).collect())
            }
        }
    }

    /// That nothing was found says something only where somebody measures it.
    fn is_asked_of_somebody(&self, id: ApplicationId, query: &str) -> Result<(), String> {
        if self.prometheus.is_some() {
            return Ok(());
        }
        let (tenant, read) = (id.to_string(), Query::parse(query).map_err(|error| error.to_string())?);
        match read.unmeasured(&self.series, &tenant) {
            Some(metric) => Err(format!("the broker measures no {metric}, and no Prometheus is set")),
            None => Ok(()),
        }
    }

    /// One number.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub(crate) async fn number(
        &self,
        of: (ApplicationId, &ProjectId),
        query: &str,
        now: DateTime<Utc>,
    ) -> Result<(f64, DateTime<Utc>), String> {
        let answer = self.ask(of, query, now).await?;
        match answer.number() {
            Some((value, at)) if value.is_finite() => Ok((value, at)),
            Some((value, _)) => Err(format!("the answer is {value}")),
            None if self.prometheus.is_some() => {
                Err("neither the broker nor the Prometheus has such a series".to_owned())
            }
            None => Err("the broker measures no such series, and no Prometheus is set".to_owned()),
        }
    }
}

fn has_value(answer: &QueryAnswer) -> bool {
    match &answer.result {
        QueryResult::Scalar { .. } => true,
        QueryResult::Vector(elements) => !elements.is_empty(),
    }
}
