//! What a partner promised and missed: measured, credited to the tenant, claimed
//! of the partner, settled by both, and verified without any broker.

use super::scenario::{LOOK, LOST, Scenario, check};
use crate::{
    cli::statement_signed,
    client::Request,
    failure::Failure,
    http::wire::{Claim, CostReport, Settlement, SettlementDetail, SettlementRequest, SlaBreach},
};
use hansa_repository::ambient::{Clock as _, SystemClock};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long what follows from a breach may take, step by step.
const PATIENCE: Duration = Duration::from_secs(120);

/// From the breach of the lost provider to the statement.
///
/// # Errors
/// At the first step that does not show what it should.
pub(super) async fn keep_to_account(scenario: &Scenario<'_>, lost: &str) -> Result<(), Failure> {
    let name = scenario.provider_name(lost);
    scenario.narrator.step(&format!("{name} promised more of the {LOST}'s machine than it kept"))?;
    let breach = breach(scenario, lost).await?;
    scenario.narrator.say(&format!(
        "{} {} % of the {} was promised, {} % was measured, by events {}: a credit of {} %",
        breach.objective.metric,
        breach.objective.target,
        breach.objective.window,
        breach.measured,
        events(&breach),
        breach.credit_percent
    ))?;
    credited(scenario).await?;
    let claim = claimed(scenario, &breach).await?;
    let owed = claim.amount.map(|amount| amount.to_string()).unwrap_or_default();
    scenario.narrator.say(&format!("{owed} are claimed of {name}; its broker has signed: {}", claim.state))?;
    settled(scenario, &claim.partner, &claim.id).await
}

fn events(breach: &SlaBreach) -> String {
    let all: Vec<String> =
        breach.outages.iter().flat_map(|outage| &outage.events).map(|number| format!("#{number}")).collect();
    all.join(", ")
}

async fn breach(scenario: &Scenario<'_>, lost: &str) -> Result<SlaBreach, Failure> {
    let begun = Instant::now();
    loop {
        let all: Vec<SlaBreach> = scenario.client.list(Request::get(&["sla", "breaches"]), usize::MAX).await?;
        if let Some(breach) = all.into_iter().find(|breach| breach.provider == lost) {
            return Ok(breach);
        }
        check(begun.elapsed() < PATIENCE, || "nobody has noticed that a promise was broken".to_owned())?;
        tokio::time::sleep(LOOK).await;
    }
}

/// The tenant's invoice, as it would be now, has the credit.
async fn credited(scenario: &Scenario<'_>) -> Result<(), Failure> {
    let project = scenario.detail().await?.application.project;
    let (organisation, own) = project.split_once('/').unwrap_or((&project, ""));
    state(
        scenario,
        &["billing", "seller"],
        &json!({
            "party": party("Rheinwerk GmbH", "Köln", "50667", "DE", "DE123456789"), "series": "R-", "paymentDays": 14
        }),
    )
    .await?;
    state(scenario, &["billing", "accounts", organisation, own], &json!({
        "currency": "EUR", "zone": "Europe/Berlin", "buyer": party("Acme SA", "Bruxelles", "1000", "BE", "BE0123456749")
    }))
    .await?;
    // The breach has only just been told: accounting follows the log.
    let begun = Instant::now();
    loop {
        let request = Request::get(&["invoices", "draft"]).query("project", &project);
        let draft: Value = scenario.client.json(request).await?;
        if has_credit(&draft) {
            break;
        }
        check(begun.elapsed() < PATIENCE, || format!("the invoice has no credit: {draft}"))?;
        tokio::time::sleep(LOOK).await;
    }
    let request = Request::get(&["costs"]).query("project", &project).query("by", "kind");
    let costs: CostReport = scenario.client.json(request).await?;
    for row in &costs.items {
        let kind = row.of.get("kind").map_or("", String::as_str);
        scenario.narrator.say(&format!("{:>16}  {kind}", row.net.to_string()))?;
    }
    scenario.narrator.well("the tenant's invoice, as it would be now, has the credit on a line of its own")
}

fn has_credit(draft: &Value) -> bool {
    let lines = draft.get("lines").and_then(Value::as_array).cloned().unwrap_or_default();
    let below_zero = |line: &Value| line.get("exactMicros").and_then(Value::as_i64).is_some_and(|exact| exact < 0);
    lines.iter().any(|line| line.get("kind").is_some_and(|kind| kind == "credit") && below_zero(line))
}

fn party(name: &str, city: &str, code: &str, country: &str, vat: &str) -> Value {
    json!({ "name": name, "street": "Markt 1", "city": city, "postCode": code, "country": country, "vatId": vat })
}

async fn state(scenario: &Scenario<'_>, path: &[&str], what: &Value) -> Result<(), Failure> {
    let request = Request::admin(Method::PUT, path).body("application/json", what.to_string());
    let _stated: Value = scenario.operator.json(request).await?;
    Ok(())
}

/// The claim, once the partner has answered.
async fn claimed(scenario: &Scenario<'_>, breach: &SlaBreach) -> Result<Claim, Failure> {
    let begun = Instant::now();
    loop {
        let all: Vec<Claim> = scenario.operator.list(Request::admin(Method::GET, &["claims"]), usize::MAX).await?;
        let claim = all.into_iter().find(|claim| claim.order == breach.machine);
        match claim {
            Some(claim) if claim.state == "ACCEPTED" => return Ok(claim),
            other => {
                check(begun.elapsed() < PATIENCE, || format!("the claim is not accepted: {other:?}"))?;
                tokio::time::sleep(LOOK).await;
            }
        }
    }
}

/// Settles today with the partner, until both have signed a statement with the claim.
async fn settled(scenario: &Scenario<'_>, partner: &str, claim: &str) -> Result<(), Failure> {
    let today = SystemClock.now().date_naive();
    let asked =
        SettlementRequest { partner: partner.to_owned(), from: today, through: today, currency: "EUR".to_owned() };
    let begun = Instant::now();
    loop {
        let request = Request::admin(Method::POST, &["settlements"]).body("application/json", json!(asked).to_string());
        let made: Settlement = scenario.operator.json(request).await?;
        let request = Request::admin(Method::GET, &["settlements", &made.id]);
        let detail: SettlementDetail = scenario.operator.json(request).await?;
        if let Some(bundle) = detail.bundle.filter(|bundle| bundle.to_string().contains(claim)) {
            let (signers, statement) = statement_signed(bundle.to_string().as_bytes()).map_err(Failure::failed)?;
            scenario.narrator.say(&format!(
                "{} charges, {} claims; {} pays {} micro-units of {}",
                statement.charges.len(),
                statement.claims.len(),
                statement.first,
                statement.first_pays_micros,
                statement.currency
            ))?;
            return scenario
                .narrator
                .well(&format!("signed by {}; computed again without them", signers.join(" and ")));
        }
        check(begun.elapsed() < PATIENCE, || format!("both have not signed: {:?}", detail.settlement))?;
        tokio::time::sleep(LOOK).await;
    }
}
