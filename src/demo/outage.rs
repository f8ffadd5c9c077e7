//! A partner whose machine loses its power, and comes back: what it ran is
//! planned again elsewhere, and in the end nothing runs twice.

use super::{
    member::Member,
    page::Page,
    scenario::{LOOK, LOST, PATIENCE, Scenario, check, provider_of},
};
use crate::{client::Request, failure::Failure, http::wire::Order};
use reqwest::Method;
use std::time::Instant;

/// Who was lost, and what was found in its place.
pub(super) struct Outage {
    /// The provider's IRI.
    lost: String,
    /// The new provider's.
    replacement: String,
}

impl Outage {
    /// Takes the partner down that runs the proxy, and sees the application repaired.
    ///
    /// # Errors
    /// When it is not repaired in time.
    pub(super) async fn strike(scenario: &mut Scenario<'_>, before: &Page) -> Result<Self, Failure> {
        let lost = provider(scenario).await?.ok_or_else(|| Failure::failed(format!("there is no {LOST}")))?;
        let name = scenario.provider_name(&lost);
        scenario.narrator.step(&format!("The machine of {name} loses its power: its broker and all that it runs"))?;
        let killed = member(scenario, &lost)?.power_off().await?;
        scenario.narrator.say(&format!("{killed} processes are killed (SIGKILL); the {LOST} was one of them"))?;
        let begun = Instant::now();
        let replacement = loop {
            match provider(scenario).await? {
                Some(now) if now != lost => break now,
                _ => tokio::time::sleep(LOOK).await,
            }
            check(begun.elapsed() < PATIENCE, || format!("the {LOST} is not planned elsewhere"))?;
        };
        let after = scenario.page_again().await?;
        check(after.visits > before.visits, || {
            format!("the database has lost its data: {} visits before, {} after", before.visits, after.visits)
        })?;
        let detail = scenario.detail().await?;
        scenario.tell_workloads(&detail)?;
        scenario.narrator.well(&format!(
            "the {LOST} runs at {} now, and the page is served again: {} visits before, {} after",
            scenario.provider_name(&replacement),
            before.visits,
            after.visits
        ))?;
        Ok(Self { lost, replacement })
    }

    /// The lost provider's IRI.
    pub(super) fn lost(&self) -> &str {
        &self.lost
    }

    /// Brings the partner back, and sees that nothing runs twice.
    ///
    /// # Errors
    /// When something does, or the partner isn't heard again.
    pub(super) async fn come_back(&self, scenario: &mut Scenario<'_>) -> Result<(), Failure> {
        let name = scenario.provider_name(&self.lost);
        scenario.narrator.step(&format!("{name} comes back, with an order that nobody wants any more"))?;
        member(scenario, &self.lost)?.start().await?;
        let begun = Instant::now();
        loop {
            let orders = orders(scenario, &self.lost).await?;
            let alive = orders.iter().filter(|order| order.state != "ended").count();
            let processes = member(scenario, &self.lost)?.processes(LOST);
            if alive == 0 && processes.is_empty() {
                break;
            }
            check(begun.elapsed() < PATIENCE, || {
                format!("{name} still has {alive} orders and {} processes of the {LOST}", processes.len())
            })?;
            tokio::time::sleep(LOOK).await;
        }
        let workloads = scenario.detail().await?.workloads;
        let proxies = workloads.iter().filter(|workload| workload.component == LOST).count();
        let own = member(scenario, &self.replacement)?.processes(LOST).len();
        check(proxies == 1 && own == 1, || format!("{proxies} of the {LOST} are known and {own} run, not one"))?;
        scenario.page_again().await?;
        scenario.narrator.well(&format!("the primary has ended the old order there; one {LOST} runs, not two"))
    }
}

/// The provider at which the proxy runs and is healthy.
async fn provider(scenario: &Scenario<'_>) -> Result<Option<String>, Failure> {
    let detail = scenario.detail().await?;
    let running = |workload: &&crate::http::wire::Workload| workload.component == LOST && workload.state == "running";
    Ok(detail.workloads.iter().find(running).map(|workload| provider_of(&detail, workload)))
}

/// What the partner delivers, as it says itself.
async fn orders(scenario: &mut Scenario<'_>, provider: &str) -> Result<Vec<Order>, Failure> {
    let client = member(scenario, provider)?.client.clone();
    Ok(client.list(Request::admin(Method::GET, &["orders"]), usize::MAX).await?)
}

fn member<'a>(scenario: &'a mut Scenario<'_>, provider: &str) -> Result<&'a mut Member, Failure> {
    let found = scenario.stage.members.iter_mut().find(|member| member.provider.id.as_str() == provider);
    found.ok_or_else(|| Failure::failed(format!("no broker of {provider} takes part")))
}
