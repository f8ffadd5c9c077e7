//! What the demo shows, step by step. Each step checks what it says.

use super::{
    narrator::Narrator,
    page::Page,
    stage::{OFFERS, Stage, THREE_TIER},
};
use crate::{
    cli::{Progress, follow_operation, plan_text},
    client::{Client, Request},
    failure::Failure,
    http::wire::{
        self, Accepted, ApplicationDetail, Endpoint, ImportReport, Plan, Provider, ScaleRequest, Site, Workload,
    },
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use reqwest::Method;
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

/// How long a deployment may take.
const DEPLOYMENT: Duration = Duration::from_secs(120);
/// How long healing may take.
const HEALING: Duration = Duration::from_secs(60);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(200);
/// The tier that is killed: it keeps what the others only pass on.
const KILLED: &str = "database";
/// The tier that is scaled, and to how many instances.
const SCALED: (&str, u32) = ("application", 3);

/// The demo's story.
pub(super) struct Scenario<'a> {
    client: &'a Client,
    url: &'a str,
    narrator: &'a Narrator,
    application: String,
}

impl<'a> Scenario<'a> {
    /// The story on this stage.
    ///
    /// # Errors
    /// When the sample's own descriptor is broken.
    pub(super) fn new(stage: &'a Stage, narrator: &'a Narrator) -> Result<Self, Failure> {
        let described = hansa_application::read_descriptor(THREE_TIER)
            .map_err(|faults| Failure::failed(format!("the demo's own application is described wrongly: {faults}")))?;
        Ok(Self { client: &stage.client, url: stage.url(), narrator, application: described.model.name })
    }

    /// Plays it.
    ///
    /// # Errors
    /// At the first step that does not show what it should.
    pub(super) async fn play(&mut self) -> Result<(), Failure> {
        self.import().await?;
        self.plan().await?;
        self.submit().await?;
        let before = self.fetch().await?;
        self.heal(&before).await?;
        self.scale().await?;
        self.cost().await
    }

    async fn import(&self) -> Result<(), Failure> {
        self.narrator.step("Take in the offers of three providers at five European sites")?;
        let request = Request::new(Method::POST, &["offers"]).body("text/turtle", OFFERS);
        let report: ImportReport = self.client.json(request).await?;
        check(report.refused.is_empty(), || format!("some were refused: {:?}", report.refused))?;
        let providers: Vec<Provider> = self.client.list(Request::get(&["providers"]), usize::MAX).await?;
        let sites: Vec<Site> = self.client.list(Request::get(&["sites"]), usize::MAX).await?;
        let offers: Vec<wire::Offer> = self.client.list(Request::get(&["offers"]), usize::MAX).await?;
        check(providers.len() == 3 && sites.len() == 5, || {
            format!("{} providers and {} sites came in, not 3 and 5", providers.len(), sites.len())
        })?;
        let names: BTreeMap<&str, &str> =
            providers.iter().map(|provider| (provider.id.as_str(), provider.name.as_str())).collect();
        for site in &sites {
            let count = offers.iter().filter(|offer| offer.site == site.id).count();
            let provider = names.get(site.provider.as_str()).copied().unwrap_or(&site.provider);
            self.narrator.say(&format!("{} ({}), of {provider}: {count} offers", site.name, site.country))?;
        }
        self.narrator.well(&format!("{} offers, each checked against its shape", offers.len()))
    }

    async fn plan(&self) -> Result<(), Failure> {
        self.narrator.step(&format!("Plan the three-tier application `{}`; nothing is written", self.application))?;
        let request = Request::new(Method::POST, &["plans"]).body("application/yaml", THREE_TIER);
        let plan: Plan = self.client.json(request).await?;
        self.narrator.say(&plan_text(&plan))?;
        check(!plan.machines.is_empty(), || "the plan rents no machine".to_owned())?;
        self.narrator.well(&format!("{} machines for {} an hour", plan.machines.len(), plan.price_per_hour))
    }

    async fn submit(&self) -> Result<(), Failure> {
        self.narrator.step("Submit it, and see it come up as real processes")?;
        let request = Request::new(Method::POST, &["applications"]).body("application/yaml", THREE_TIER);
        let accepted: Accepted = self.client.json(request).await?;
        follow_operation(self.client, &accepted.operation, DEPLOYMENT, &mut Progress::silent()).await?;
        let detail = self.detail().await?;
        check(detail.application.phase.state == "running", || format!("it is {}", detail.application.phase.state))?;
        self.tell_workloads(&detail.workloads)?;
        self.narrator.well(&format!("{} workloads run and are healthy", detail.workloads.len()))
    }

    async fn fetch(&self) -> Result<Page, Failure> {
        self.narrator.step("Fetch a page through the proxy")?;
        let address = self.proxy().await?;
        let page = Page::fetch(&address).await?;
        self.narrator.say(&page.to_string())?;
        self.narrator.well(&format!("http://{address}/ is served by the whole chain"))?;
        Ok(page)
    }

    async fn heal(&self, before: &Page) -> Result<(), Failure> {
        self.narrator.step(&format!("Kill the {KILLED} (SIGKILL), and see it come back"))?;
        let victim = self.workload(KILLED).await?;
        let pid = victim
            .pid
            .and_then(|pid| i32::try_from(pid).ok())
            .ok_or_else(|| Failure::failed(format!("the {KILLED} has no process")))?;
        kill(Pid::from_raw(pid), Signal::SIGKILL)
            .map_err(|error| Failure::failed(format!("process {pid} can't be killed: {error}")))?;
        self.narrator.say(&format!("process {pid} is killed"))?;
        let begun = Instant::now();
        let healed = loop {
            let now = self.workload(KILLED).await?;
            if now.state == "running" && now.pid != victim.pid && now.pid.is_some() {
                break now;
            }
            check(begun.elapsed() < HEALING, || format!("it is {} after {} s", now.state, HEALING.as_secs()))?;
            tokio::time::sleep(LOOK).await;
        };
        let after = self.page_again(HEALING).await?;
        check(after.visits > before.visits, || {
            format!("the {KILLED} has lost its data: {} visits before, {} after", before.visits, after.visits)
        })?;
        let pid = healed.pid.unwrap_or_default();
        self.narrator.well(&format!(
            "it is back as process {pid} with its data: {} visits before, {} after",
            before.visits, after.visits
        ))
    }

    async fn scale(&self) -> Result<(), Failure> {
        let (component, count) = SCALED;
        self.narrator.step(&format!("Scale the {component} tier from 1 to {count}"))?;
        let body = json!(ScaleRequest { replicas: BTreeMap::from([(component.to_owned(), count)]) });
        let request = Request::new(Method::PATCH, &["applications", &self.application])
            .body("application/json", body.to_string());
        let accepted: Accepted = self.client.json(request).await?;
        follow_operation(self.client, &accepted.operation, DEPLOYMENT, &mut Progress::silent()).await?;
        let workloads = self.detail().await?.workloads;
        self.tell_workloads(&workloads)?;
        let address = self.proxy().await?;
        let (begun, mut seen) = (Instant::now(), BTreeSet::new());
        while seen.len() < count as usize {
            seen.insert(Page::fetch(&address).await?.application);
            check(begun.elapsed() < HEALING, || format!("only {} answered: {seen:?}", seen.len()))?;
        }
        let names: Vec<String> = seen.into_iter().collect();
        self.narrator.well(&format!("the proxy hands requests to all of them: {}", names.join(", ")))
    }

    async fn cost(&self) -> Result<(), Failure> {
        self.narrator.step("Say what it costs")?;
        let plan = self.detail().await?.plan.ok_or_else(|| Failure::failed("no plan is in force"))?;
        for machine in &plan.machines {
            self.narrator.say(&format!("{:>14} an hour  {}", machine.price_per_hour.to_string(), machine.title))?;
        }
        self.narrator.well(&format!("{} an hour for everything", plan.price_per_hour))
    }

    /// Invites to look around.
    pub(super) fn invite(&self) -> Result<(), Failure> {
        self.narrator.step("Look around, in another terminal; Ctrl-C takes everything away")?;
        let name = &self.application;
        self.narrator.say(&format!(
            "export HANSA_SERVER={}\nhansa app show {name}\nhansa app logs {name} --follow\nhansa event watch\nor in a browser: {}/docs",
            self.url, self.url
        ))
    }

    async fn detail(&self) -> Result<ApplicationDetail, Failure> {
        Ok(self.client.json(Request::get(&["applications", &self.application])).await?)
    }

    async fn workload(&self, component: &str) -> Result<Workload, Failure> {
        let workloads = self.detail().await?.workloads;
        let found = workloads.into_iter().find(|workload| workload.component == component);
        found.ok_or_else(|| Failure::failed(format!("there is no workload of {component}")))
    }

    /// Where the proxy is reached from outside.
    async fn proxy(&self) -> Result<String, Failure> {
        let request = Request::get(&["applications", &self.application, "endpoints"]).query("component", "proxy");
        let page: wire::Page<Endpoint> = self.client.json(request).await?;
        let public = page.items.into_iter().find(|endpoint| endpoint.public && endpoint.healthy);
        public
            .map(|endpoint| endpoint.address)
            .ok_or_else(|| Failure::failed("the proxy has no healthy public address"))
    }

    /// The page, as soon as it is served again.
    async fn page_again(&self, patience: Duration) -> Result<Page, Failure> {
        let begun = Instant::now();
        loop {
            match Page::fetch(&self.proxy().await?).await {
                Ok(page) => return Ok(page),
                Err(failure) if begun.elapsed() > patience => return Err(failure),
                Err(_) => tokio::time::sleep(LOOK).await,
            }
        }
    }

    fn tell_workloads(&self, workloads: &[Workload]) -> Result<(), Failure> {
        for workload in workloads {
            let addresses: Vec<&str> = workload.endpoints.values().map(String::as_str).collect();
            self.narrator.say(&format!(
                "{:<14} process {:<8} {:<18} {}",
                format!("{}#{}", workload.component, workload.ordinal),
                workload.pid.map(|pid| pid.to_string()).unwrap_or_default(),
                addresses.join(" "),
                match (&workload.partner, &workload.node) {
                    (Some(partner), _) => format!("partner {partner}"),
                    (None, node) => format!("node {}", node.as_deref().unwrap_or("-")),
                }
            ))?;
        }
        Ok(())
    }
}

/// Fails with `text` where something is not as it should be.
fn check(right: bool, text: impl FnOnce() -> String) -> Result<(), Failure> {
    if right { Ok(()) } else { Err(Failure::failed(text())) }
}
