//! What running workloads use, and what they tell at pages of their own.

use super::Wdm;
use crate::{
    Endpoints, WdmError,
    connectors::place,
    lifecycle::Workload,
    model::{Measurement, PageRef},
    store,
};
use futures_util::{StreamExt as _, future::join_all, stream};
use hansa_ontology::ApplicationId;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// So many workloads are asked side by side.
const SIDE_BY_SIDE: usize = 32;
/// How long a workload may take to tell.
const PATIENCE: Duration = Duration::from_secs(2);
/// The longest page that is read, in bytes.
const LONGEST: usize = 4 << 20;

impl Wdm {
    /// Asks each running workload of an application what it uses, and reads
    /// these pages of each instance of these components. What can't be had is
    /// told in its place.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn measure(
        &self,
        application: ApplicationId,
        pages: &BTreeMap<String, BTreeSet<PageRef>>,
    ) -> Result<Vec<Measurement>, WdmError> {
        let all = self.database.read(move |connection| store::workload_list(connection, Some(application))).await?;
        let up = all.into_iter().filter(Workload::is_up);
        let measured = up.map(|workload| {
            let pages = pages.get(&workload.spec.component).cloned().unwrap_or_default();
            self.measured(workload, pages)
        });
        Ok(stream::iter(measured).buffered(SIDE_BY_SIDE).collect().await)
    }

    async fn measured(&self, workload: Workload, pages: BTreeSet<PageRef>) -> Measurement {
        let id = workload.spec.id;
        let connector = match self.connector(&workload.spec).await {
            Ok(connector) => connector,
            Err(error) => {
                let said = error.to_string();
                let pages = pages.into_iter().map(|page| (page, Err(said.clone()))).collect();
                return Measurement { workload: id, usage: Err(said), pages };
            }
        };
        let place = place(&workload.spec);
        let usage = async {
            match tokio::time::timeout(PATIENCE, connector.usage(&place)).await {
                Ok(Ok(Some(usage))) => Ok(usage),
                Ok(Ok(None)) => Err("its system doesn't tell what it uses".to_owned()),
                Ok(Err(error)) => Err(error.to_string()),
                Err(_) => Err(format!("its system did not tell within {} s", PATIENCE.as_secs())),
            }
        };
        let endpoints = &workload.endpoints;
        let read = join_all(pages.into_iter().map(|wanted| async {
            let text = match connector.page(&wanted, endpoints).await {
                Some(text) => text,
                None => page(&self.client, &wanted, endpoints).await,
            };
            (wanted, text)
        }));
        let (usage, pages) = futures_util::join!(usage, read);
        Measurement { workload: id, usage, pages: pages.into_iter().collect() }
    }
}

/// Reads a page; the error says for people why it can't be had.
pub(crate) async fn page(client: &reqwest::Client, page: &PageRef, endpoints: &Endpoints) -> Result<String, String> {
    let Some(endpoint) = endpoints.get(&page.port) else { return Err(format!("there is no port `{}`", page.port)) };
    let url = format!("http://{}{}", endpoint.socket(), page.path);
    let said = |error: reqwest::Error| match error.is_timeout() {
        true => format!("GET {url} had no answer within {} s", PATIENCE.as_secs()),
        false => format!("GET {url}: {}", super::probe::innermost(&error)),
    };
    let mut answer = client.get(&url).timeout(PATIENCE).send().await.map_err(said)?;
    if !answer.status().is_success() {
        return Err(format!("GET {url} answered {}", answer.status()));
    }
    let mut bytes = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(said)? {
        bytes.extend_from_slice(&part);
        if bytes.len() > LONGEST {
            return Err(format!("GET {url} answers more than {} MiB", LONGEST >> 20));
        }
    }
    String::from_utf8(bytes).map_err(|error| format!("GET {url} answers no text: {error}"))
}
