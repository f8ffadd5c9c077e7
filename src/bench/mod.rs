//! `hansa bench`: what this machine and this database can do, measured in the
//! broker's own process: events a second, offers a second, submit to running.

mod load;

pub(crate) use load::{Load, measure as measure_http};

use crate::{
    cli::{Progress, Table, follow_operation},
    client::{Client, Request},
    config::Settings,
    demo::THREE_TIER,
    failure::Failure,
    http::wire::Accepted,
    metrics::Metrics,
    wiring::{self, RunningBroker},
};
use chrono::{DateTime, Utc};
use hansa_ontology::{Actor, Catalogue, OfferId, rdf, rdf::RdfFormat};
use hansa_repository::{
    RepositoryError,
    catalogue::ImportRequest,
    event::{self, NewEvent},
};
use reqwest::Method;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// How long a deployment may take.
const DEPLOYMENT: Duration = Duration::from_secs(120);
/// Events of one transaction, where they are written together.
const BATCH: u32 = 100;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Amounts {
    /// Offers to import.
    pub offers: u32,
    /// Events to write.
    pub events: u32,
    /// Submissions.
    pub submissions: u32,
}

/// Measures with these settings; `catalogue` has the offers of the sample's sites.
///
/// # Errors
/// When the broker does not start, or a measurement fails.
pub(crate) async fn measure(settings: Settings, catalogue: &str, amounts: Amounts) -> Result<String, Failure> {
    let database = crate::config::without_password(&settings.database_url());
    let running =
        wiring::start(settings, Arc::new(Metrics::new())).await.map_err(|error| Failure::failed(error.to_string()))?;
    let measured = all(&running, catalogue, amounts).await;
    running.stop().await;
    Ok(format!("database: {database}\n\n{}", measured?))
}

async fn all(running: &RunningBroker, catalogue: &str, amounts: Amounts) -> Result<String, Failure> {
    let mut table = Table::new("nothing was measured", ["MEASURE", "AMOUNT", "TIME", "RATE"]).right(&[1, 2, 3]);
    let single = events(running, amounts.events, 1).await?;
    table.row(row("events, a durable commit each", amounts.events, single));
    let batched = events(running, amounts.events, BATCH).await?;
    table.row(row(&format!("events, {BATCH} in a commit"), amounts.events, batched));
    let imported = offers(running, catalogue, amounts.offers).await?;
    table.row(row("offers imported (parse, SHACL, store)", amounts.offers, imported));
    let mut times = submissions(running, catalogue, amounts.submissions).await?;
    times.sort_unstable();
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    table.row([
        "submit to running, three tiers (median)".to_owned(),
        amounts.submissions.to_string(),
        format!("{:.3} s", median.as_secs_f64()),
        "-".to_owned(),
    ]);
    Ok(table.text())
}

fn row(what: &str, amount: u32, took: Duration) -> [String; 4] {
    let rate = f64::from(amount) / took.as_secs_f64().max(f64::EPSILON);
    [what.to_owned(), amount.to_string(), format!("{:.3} s", took.as_secs_f64()), format!("{rate:.0} /s")]
}

async fn events(running: &RunningBroker, count: u32, batch: u32) -> Result<Duration, Failure> {
    let broker = &running.broker;
    let now = broker.clock.now();
    let begun = Instant::now();
    let mut left = count;
    while left > 0 {
        let size = left.min(batch);
        left -= size;
        let events: Vec<NewEvent> = (0..size).map(|_| an_event(now)).collect();
        broker
            .database
            .write(move |connection| event::append_all(connection, &events))
            .await
            .map_err(|error: RepositoryError| Failure::failed(error.to_string()))?;
    }
    Ok(begun.elapsed())
}

fn an_event(at: DateTime<Utc>) -> NewEvent {
    NewEvent {
        at,
        actor: Actor::Broker,
        application: None,
        subject: "bench".to_owned(),
        kind: "bench.measured".to_owned(),
        message: "an event of a measurement".to_owned(),
        data: serde_json::json!({"of": "bench"}),
    }
}

/// Imports copies of the sample's offers under IRIs of their own, then withdraws them.
async fn offers(running: &RunningBroker, catalogue: &str, count: u32) -> Result<Duration, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::failed(format!("the offers can't be imported: {error}"));
    let read =
        hansa_ontology::reading::read(catalogue.as_bytes(), RdfFormat::Turtle).map_err(|error| failed(&error))?;
    let pattern = read.accepted.offers;
    let mut copies = Vec::new();
    for (number, offer) in (0..count).zip(pattern.iter().cycle()) {
        let id = OfferId::new(format!("urn:hansa:bench:{}:{number}", running.broker.ids.next()))
            .map_err(|error| failed(&error))?;
        copies.push(hansa_ontology::Offer { id, ..offer.clone() });
    }
    let ids: Vec<OfferId> = copies.iter().map(|offer| offer.id.clone()).collect();
    let document = Catalogue { providers: read.accepted.providers, sites: read.accepted.sites, offers: copies };
    let turtle = rdf::write_turtle(&document);
    let service = &running.broker.catalogue;
    let begun = Instant::now();
    let request = ImportRequest::new(turtle, RdfFormat::Turtle, Actor::Broker, running.broker.clock.now());
    let report = service.import(request).await.map_err(|error| failed(&error))?;
    let took = begun.elapsed();
    if let Some(refused) = report.refused.first() {
        return Err(failed(&format!("{refused:?}")));
    }
    for id in &ids {
        service.offer_withdraw(id, Actor::Broker, running.broker.clock.now()).await.map_err(|error| failed(&error))?;
    }
    Ok(took)
}

/// Submits the sample application again and again, through the API.
async fn submissions(running: &RunningBroker, catalogue: &str, count: u32) -> Result<Vec<Duration>, Failure> {
    let client = Client::new(&running.url)?;
    client.send(Request::admin(Method::POST, &["offers"]).body("text/turtle", catalogue)).await?;
    let mut times = Vec::new();
    for _ in 0..count {
        let begun = Instant::now();
        let submit = Request::new(Method::POST, &["applications"]).body("application/yaml", THREE_TIER);
        let accepted: Accepted = client.json(submit).await?;
        follow_operation(&client, &accepted.operation, DEPLOYMENT, &mut Progress::silent()).await?;
        times.push(begun.elapsed());
        let removed: Accepted =
            client.json(Request::new(Method::DELETE, &["applications", &accepted.application])).await?;
        follow_operation(&client, &removed.operation, DEPLOYMENT, &mut Progress::silent()).await?;
    }
    Ok(times)
}
