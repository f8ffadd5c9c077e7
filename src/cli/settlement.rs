//! `hansa settlement …`, `hansa claim …`: what brokers owe each other.

use super::{
    Context, Output, Table, event, read_input,
    settlement_arguments::{ClaimCommand, SettlementCommand},
    verify::Good,
};
use crate::{
    client::Request,
    failure::Failure,
    http::wire::{Claim, ClaimWithdrawal, Payment, Settlement, SettlementDetail, SettlementRequest},
};
use hansa_accounting::settle::Statement;
use hansa_federation::verify::{Finding, bundle_read, keys_read, verify_file, verify_file_by};
use hansa_ontology::money::Micros;
use hansa_repository::ambient::{Clock as _, IdSource as _, RandomIds, SystemClock};
use reqwest::Method;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Does what is asked of statements.
pub(super) async fn run(context: &Context, command: SettlementCommand) -> Result<(), Failure> {
    match command {
        SettlementCommand::List { partner, state } => {
            let request = Request::admin(Method::GET, &["settlements"])
                .maybe_query("partner", partner)
                .maybe_query("state", state);
            let all: Vec<Settlement> = context.client.list(request, usize::MAX).await?;
            context.output.show(&all, |all| list_text(all))
        }
        SettlementCommand::Show { settlement } => {
            let detail = get(context, &settlement).await?;
            context.output.show(&detail, detail_text)
        }
        SettlementCommand::Make { partner, from, through, currency, dry_run } => {
            let body = serde_json::json!(SettlementRequest { partner, from, through, currency });
            let request = post(&["settlements"], &body).query("dryRun", dry_run);
            let made: Settlement = context.client.json(request).await?;
            context.output.show(&made, |made| list_text(std::slice::from_ref(made)))
        }
        SettlementCommand::Export { settlement } => {
            let detail = get(context, &settlement).await?;
            let state = detail.settlement.state;
            let unsigned = || {
                Failure::failed(format!("the statement {settlement} is {state}: only agreed ones are signed by both"))
            };
            let bundle = detail.bundle.ok_or_else(unsigned)?;
            let text = serde_json::to_string_pretty(&bundle).unwrap_or_default();
            super::output::write(format!("{text}\n").as_bytes())
        }
        SettlementCommand::Payments { from, through } => {
            let request =
                Request::admin(Method::GET, &["payments"]).maybe_query("from", from).maybe_query("through", through);
            let payments: Vec<Payment> = context.client.list(request, usize::MAX).await?;
            context.output.show(&payments, |payments| {
                let mut table = Table::new("nothing is to be paid", ["PAYS", "TO", "AMOUNT"]).right(&[2]);
                for one in payments {
                    let amount = format!("{} {}", one.amount.amount, one.amount.currency);
                    table.row([one.payer.clone(), one.payee.clone(), amount]);
                }
                table.text()
            })
        }
        SettlementCommand::Verify { file, keys } => run_verify(context.output, &file, &keys),
    }
}

/// Does what is asked of claims.
pub(super) async fn run_claim(context: &Context, command: ClaimCommand) -> Result<(), Failure> {
    let (claim, act, body, dry_run) = match command {
        ClaimCommand::List { partner, state } => {
            let request =
                Request::admin(Method::GET, &["claims"]).maybe_query("partner", partner).maybe_query("state", state);
            let all: Vec<Claim> = context.client.list(request, usize::MAX).await?;
            return context.output.show(&all, |all| claims_text(all));
        }
        ClaimCommand::Accept { claim, dry_run } => (claim, "accept", serde_json::json!({}), dry_run),
        ClaimCommand::Withdraw { claim, reason, dry_run } => {
            let body = ClaimWithdrawal { reason: reason.unwrap_or_default() };
            (claim, "withdraw", serde_json::json!(body), dry_run)
        }
    };
    let request = post(&["claims", &claim, act], &body).query("dryRun", dry_run);
    let claim: Claim = context.client.json(request).await?;
    context.output.show(&claim, |claim| claims_text(std::slice::from_ref(claim)))
}

/// With a key of its own, so that a repetition on the way has no second effect.
fn post(path: &[&str], body: &serde_json::Value) -> Request {
    Request::admin(Method::POST, path)
        .header("Idempotency-Key", RandomIds.next().to_string())
        .body("application/json", body.to_string())
}

async fn get(context: &Context, settlement: &str) -> Result<SettlementDetail, Failure> {
    Ok(context.client.json(Request::admin(Method::GET, &["settlements", settlement])).await?)
}

fn state(state: &str, overdue: bool) -> String {
    if overdue { format!("{state} (overdue)") } else { state.to_owned() }
}

fn list_text(all: &[Settlement]) -> String {
    let columns = ["SETTLEMENT", "PARTNER", "FROM", "THROUGH", "WE PAY", "STATE", "REASON"];
    let mut table = Table::new("there is no statement", columns).right(&[4]);
    for one in all {
        let to_pay = one.to_pay.as_ref().map(|price| format!("{} {}", price.amount, price.currency));
        table.row([
            one.id.clone(),
            one.partner_name.clone(),
            one.from.to_string(),
            one.through.to_string(),
            to_pay.unwrap_or_else(|| "-".to_owned()),
            state(&one.state, one.overdue),
            one.reason.clone().unwrap_or_else(|| "-".to_owned()),
        ]);
    }
    table.text()
}

fn detail_text(detail: &SettlementDetail) -> String {
    let mut text = list_text(std::slice::from_ref(&detail.settlement));
    if let Some(statement) = &detail.statement
        && let Ok(statement) = serde_json::from_value::<Statement>(statement.clone())
    {
        text.push_str(&statement_text(&statement));
    }
    let dispute = detail.dispute.as_ref().and_then(|dispute| dispute["content"].as_str());
    if let Some(content) = dispute.and_then(|content| serde_json::from_str::<serde_json::Value>(content).ok()) {
        let pretty = serde_json::to_string_pretty(&content).unwrap_or_default();
        text.push_str(&format!("\n\nwhat differs, as it was signed:\n{pretty}"));
    }
    text
}

fn statement_text(statement: &Statement) -> String {
    let money = |micros: i64| format!("{} {}", Micros(micros), statement.currency);
    let mut table = Table::new("nothing was delivered", ["SELLER", "WHAT", "OF", "SECONDS", "AMOUNT"]).right(&[3, 4]);
    for one in &statement.charges {
        let quantity = one.quantity.to_string();
        table.row([one.seller.to_string(), "delivered".to_owned(), one.resource.clone(), quantity, money(one.micros)]);
    }
    for one in &statement.claims {
        let (seconds, share) = (one.credit.seconds.to_string(), format!("credit of {} %", one.credit.percent));
        table.row([one.seller.to_string(), share, one.resource.clone(), seconds, money(-one.credit.micros)]);
    }
    for one in &statement.left_out {
        let what = format!("not agreed, from {}", event::time(one.from));
        table.row([one.seller.to_string(), what, one.resource.clone(), one.seconds.to_string(), "-".to_owned()]);
    }
    let (payer, payee) = if statement.first_pays_micros < 0 {
        (&statement.second, &statement.first)
    } else {
        (&statement.first, &statement.second)
    };
    let paid = Micros(statement.first_pays_micros.saturating_abs());
    format!("\n\n{}\n\n{payer} pays {payee} {paid} {}", table.text(), statement.currency)
}

fn claims_text(all: &[Claim]) -> String {
    let columns = ["CLAIM", "ROLE", "PARTNER", "ORDER", "MISSED", "AMOUNT", "STATE", "REASON"];
    let mut table = Table::new("there is no claim", columns).right(&[5]);
    for one in all {
        let amount = one.amount.as_ref().map(|price| format!("{} {}", price.amount, price.currency));
        table.row([
            one.id.clone(),
            one.role.clone(),
            one.partner_name.clone(),
            one.order.clone(),
            format!("{} {} of {}", one.metric, one.measured, one.target),
            amount.unwrap_or_else(|| "-".to_owned()),
            state(&one.state, one.overdue),
            one.reason.clone().unwrap_or_else(|| "-".to_owned()),
        ]);
    }
    table.text()
}

/// What was found in an exported statement, for programs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Verified {
    signatures: Vec<Good>,
    statement: Statement,
}

/// Who has signed the statement of a file by the keys in it, and what it says.
///
/// # Errors
/// Says why it is no statement that both have signed.
pub(crate) fn statement_signed(bytes: &[u8]) -> Result<(Vec<String>, Statement), String> {
    let findings = verify_file(bytes, SystemClock.now()).map_err(|error| error.to_string())?;
    let statement = parties_signed(bytes, &findings)?;
    Ok((findings.iter().map(|finding| finding.verified.signer.as_str().to_owned()).collect(), statement))
}

/// The statement of a file, computed again, if both its parties are among the signers.
fn parties_signed(bytes: &[u8], findings: &[Finding]) -> Result<Statement, String> {
    let bundle = bundle_read(bytes).map_err(|error| error.to_string())?;
    let statement = Statement::verify(bundle.document.content.as_bytes()).map_err(|error| error.to_string())?;
    for party in [&statement.first, &statement.second] {
        if !findings.iter().any(|finding| finding.verified.signer.as_str() == party.as_str()) {
            return Err(format!("{party} has not signed it"));
        }
    }
    Ok(statement)
}

/// Verifies an exported statement: both signatures, and all that it says, from nothing but the file.
///
/// # Errors
/// When anything isn't right: exit code 2, for the document is at fault.
pub(super) fn run_verify(output: Output, file: &Path, keys: &[PathBuf]) -> Result<(), Failure> {
    let (name, bytes) = (file.display().to_string(), read_input(file)?);
    let bad = |reason: String| Failure::input(format!("{name} is NOT a statement that both have signed: {reason}"));
    let now = SystemClock.now();
    let findings = if keys.is_empty() {
        verify_file(&bytes, now)
    } else {
        let mut trusted = Vec::new();
        for file in keys {
            let read = keys_read(&read_input(file)?);
            trusted.push(read.map_err(|error| Failure::input(format!("{}: {error}", file.display())))?);
        }
        verify_file_by(&bytes, &trusted, now)
    };
    let findings: Vec<Finding> = findings.map_err(|error| bad(error.to_string()))?;
    let statement = parties_signed(&bytes, &findings).map_err(bad)?;
    let verified = Verified { signatures: findings.into_iter().map(Good::from).collect(), statement };
    output.show(&verified, |verified| {
        let whose = if keys.is_empty() { "the keys in the file" } else { "the keys that were given" };
        let signers: Vec<&str> = verified.signatures.iter().map(Good::signer).collect();
        format!(
            "{name} is genuine: signed by {}, by {whose}; every amount and every sum follows.{}",
            signers.join(" and "),
            statement_text(&verified.statement)
        )
    })
}
