//! What the demo shows once the brokers are partners, step by step. Each step
//! checks what it says.

use super::{narrator::Narrator, outage::Outage, page::Page, promise, stage::Stage};
use crate::{
    cli::{Progress, follow_operation, plan_text},
    client::{Client, Request},
    failure::Failure,
    http::wire::{self, Accepted, Agreement, ApplicationDetail, Endpoint, Order, Plan, ScaleRequest, Workload},
};
use reqwest::Method;
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

/// The application, whose parts suit different providers.
const APPLICATION: &str = include_str!("../../examples/federation.yaml");
/// How long a deployment may take.
const DEPLOYMENT: Duration = Duration::from_secs(120);
/// How long anything else may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks.
pub(super) const LOOK: Duration = Duration::from_millis(200);
/// The tier that is scaled, and to how many instances.
const SCALED: (&str, u32) = ("application", 3);
/// The tier whose provider fails.
pub(super) const LOST: &str = "proxy";

/// The demo's story.
pub(super) struct Scenario<'a> {
    pub(super) stage: &'a mut Stage,
    pub(super) narrator: &'a Narrator,
    /// The tenant's.
    pub(super) client: Client,
    /// Of who runs the tenant's broker.
    pub(super) operator: Client,
    application: String,
}

impl<'a> Scenario<'a> {
    /// The story on this stage.
    ///
    /// # Errors
    /// When the sample's own descriptor is broken.
    pub(super) fn new(stage: &'a mut Stage, narrator: &'a Narrator) -> Result<Self, Failure> {
        let described = hansa_application::read_descriptor(APPLICATION)
            .map_err(|faults| Failure::failed(format!("the demo's own application is described wrongly: {faults}")))?;
        let primary = stage.members.first().ok_or_else(|| Failure::failed("there is no broker"))?;
        let (client, operator) = (primary.tenant.clone(), primary.client.clone());
        Ok(Self { stage, narrator, client, operator, application: described.model.name })
    }

    /// Plays it.
    ///
    /// # Errors
    /// At the first step that does not show what it should.
    pub(super) async fn play(&mut self) -> Result<(), Failure> {
        self.plan().await?;
        self.submit().await?;
        self.contracts().await?;
        let before = self.fetch().await?;
        let outage = Outage::strike(self, &before).await?;
        outage.come_back(self).await?;
        promise::keep_to_account(self, outage.lost()).await?;
        self.scale().await?;
        self.cost().await
    }

    fn primary(&self) -> &str {
        self.stage.members.first().map_or("", |member| member.provider.name.as_str())
    }

    /// The name of a provider by its IRI.
    pub(super) fn provider_name(&self, iri: &str) -> String {
        let member = self.stage.members.iter().find(|member| member.provider.id.as_str() == iri);
        member.map_or_else(|| iri.to_owned(), |member| member.provider.name.clone())
    }

    async fn plan(&self) -> Result<(), Failure> {
        self.narrator.step(&format!(
            "A customer of {} plans the three-tier application over the offers of all; nothing is written",
            self.primary()
        ))?;
        let request = Request::new(Method::POST, &["plans"]).body("application/yaml", APPLICATION);
        let plan: Plan = self.client.json(request).await?;
        self.narrator.say(&plan_text(&plan))?;
        let providers: BTreeSet<&str> = plan.machines.iter().map(|machine| machine.provider.as_str()).collect();
        check(providers.len() == 3, || format!("the plan has machines of {} providers, not 3", providers.len()))?;
        self.narrator.well(&format!(
            "{} machines of {} providers for {} an hour",
            plan.machines.len(),
            providers.len(),
            plan.price_per_hour
        ))
    }

    async fn submit(&self) -> Result<(), Failure> {
        self.narrator.step(&format!("Submit it to {} alone", self.primary()))?;
        let request = Request::new(Method::POST, &["applications"]).body("application/yaml", APPLICATION);
        let accepted: Accepted = self.client.json(request).await?;
        follow_operation(&self.client, &accepted.operation, DEPLOYMENT, &mut Progress::silent()).await?;
        let detail = self.detail().await?;
        check(detail.application.phase.state == "running", || format!("it is {}", detail.application.phase.state))?;
        self.tell_workloads(&detail)?;
        self.narrator.well(&format!("{} workloads run and are healthy", detail.workloads.len()))
    }

    async fn contracts(&self) -> Result<(), Failure> {
        self.narrator.step("See what the brokers have agreed, and what was ordered")?;
        let agreements: Vec<Agreement> =
            self.operator.list(Request::admin(Method::GET, &["agreements"]), usize::MAX).await?;
        let orders: Vec<Order> = self.operator.list(Request::admin(Method::GET, &["orders"]), usize::MAX).await?;
        for agreement in &agreements {
            self.narrator.say(&format!("agreement {}  {}: {}", agreement.id, agreement.state, agreement.offer))?;
        }
        for order in &orders {
            self.narrator.say(&format!("order     {}  {} at {}", order.id, order.state, order.partner_name))?;
        }
        check(agreements.len() >= 2 && orders.len() >= 2, || {
            format!("{} agreements and {} orders, not two or more", agreements.len(), orders.len())
        })?;
        self.narrator.well("negotiated by the Dataspace Protocol, signed by both sides, held, ordered, delivered")
    }

    async fn fetch(&self) -> Result<Page, Failure> {
        self.narrator.step("Fetch a page through the proxy: three brokers, one page")?;
        // The proxy looks for the application every second or so.
        let (page, address) = (self.page_again().await?, self.proxy().await?);
        self.narrator.say(&page.to_string())?;
        self.narrator.well(&format!("http://{address}/ is served by the whole chain"))?;
        Ok(page)
    }

    async fn scale(&self) -> Result<(), Failure> {
        let (component, count) = SCALED;
        self.narrator.step(&format!("Scale the {component} tier from 1 to {count}, at the partner"))?;
        let body = json!(ScaleRequest { replicas: BTreeMap::from([(component.to_owned(), count)]) });
        let request = Request::new(Method::PATCH, &["applications", &self.application])
            .body("application/json", body.to_string());
        let accepted: Accepted = self.client.json(request).await?;
        follow_operation(&self.client, &accepted.operation, DEPLOYMENT, &mut Progress::silent()).await?;
        self.tell_workloads(&self.detail().await?)?;
        let (begun, mut seen) = (Instant::now(), BTreeSet::new());
        while seen.len() < count as usize {
            seen.insert(self.page_again().await?.application);
            check(begun.elapsed() < PATIENCE, || format!("only {} answered: {seen:?}", seen.len()))?;
        }
        let names: Vec<String> = seen.into_iter().collect();
        self.narrator.well(&format!("the proxy hands requests to all of them: {}", names.join(", ")))
    }

    async fn cost(&self) -> Result<(), Failure> {
        self.narrator.step("Say what it costs")?;
        let plan = self.detail().await?.plan.ok_or_else(|| Failure::failed("no plan is in force"))?;
        for machine in &plan.machines {
            self.narrator.say(&format!(
                "{:>14} an hour  {}, of {}",
                machine.price_per_hour.to_string(),
                machine.title,
                self.provider_name(&machine.provider)
            ))?;
        }
        self.narrator.well(&format!("{} an hour for everything", plan.price_per_hour))
    }

    /// Invites to look around.
    ///
    /// # Errors
    /// When nobody reads any more.
    pub(super) fn invite(&self) -> Result<(), Failure> {
        self.narrator.step("Look around; Ctrl-C takes everything away")?;
        let url = self.stage.members.first().map_or("", |member| member.url.as_str());
        let name = &self.application;
        self.narrator.say(&format!(
            "The portal, in a browser:  {url}/\n\n\
             The development login asks for no password; be whom you choose:\n\
             \x20 Uma Okafor     runs the tenant acme: deploy, watch, scale, remove\n\
             \x20 Tess Novak     runs another tenant, and sees nothing of acme's\n\
             \x20 Ada Lindqvist  runs the broker: infrastructure, partners, orders, audit\n\
             The sign-in page has more of them."
        ))?;
        self.narrator.say(&format!(
            "The command line, in another terminal:\n  export HANSA_SERVER={url}\n  hansa login\n  hansa app show {name}\n  hansa app logs {name} --follow\n  hansa event watch\nThe API: {url}/docs and {url}/admin/docs"
        ))
    }

    /// The application as its broker shows it.
    pub(super) async fn detail(&self) -> Result<ApplicationDetail, Failure> {
        Ok(self.client.json(Request::get(&["applications", &self.application])).await?)
    }

    /// Where the proxy is reached from outside.
    pub(super) async fn proxy(&self) -> Result<String, Failure> {
        let request = Request::get(&["applications", &self.application, "endpoints"]).query("component", "proxy");
        let page: wire::Page<Endpoint> = self.client.json(request).await?;
        let public = page.items.into_iter().find(|endpoint| endpoint.public && endpoint.healthy);
        public
            .map(|endpoint| endpoint.address)
            .ok_or_else(|| Failure::failed("the proxy has no healthy public address"))
    }

    /// The page, as soon as it is served again.
    pub(super) async fn page_again(&self) -> Result<Page, Failure> {
        let begun = Instant::now();
        loop {
            let fetched = match self.proxy().await {
                Ok(address) => Page::fetch(&address).await,
                Err(failure) => Err(failure),
            };
            match fetched {
                Ok(page) => return Ok(page),
                Err(failure) if begun.elapsed() > PATIENCE => return Err(failure),
                Err(_) => tokio::time::sleep(LOOK).await,
            }
        }
    }

    /// A line for each workload: where it runs, and whose that is.
    ///
    /// # Errors
    /// When nobody reads any more.
    pub(super) fn tell_workloads(&self, detail: &ApplicationDetail) -> Result<(), Failure> {
        for workload in &detail.workloads {
            let addresses: Vec<&str> = workload.endpoints.values().map(String::as_str).collect();
            self.narrator.say(&format!(
                "{:<14} {:<9} {:<18} {:<12} {}",
                format!("{}#{}", workload.component, workload.ordinal),
                workload.state,
                addresses.join(" "),
                crate::cli::short(&workload.site),
                self.provider_name(&provider_of(detail, workload))
            ))?;
        }
        Ok(())
    }
}

/// The provider whose machine a workload runs in.
pub(super) fn provider_of(detail: &ApplicationDetail, workload: &Workload) -> String {
    let machine = detail.machines.iter().find(|machine| machine.id == workload.machine);
    machine.map(|machine| machine.provider.clone()).unwrap_or_default()
}

/// Fails with `text` where something is not as it should be.
pub(super) fn check(right: bool, text: impl FnOnce() -> String) -> Result<(), Failure> {
    if right { Ok(()) } else { Err(Failure::failed(text())) }
}
