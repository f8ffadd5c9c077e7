//! `hansa billing …`, `hansa ledger …`: what who bills states, and the books.

use super::{
    Context, Table,
    billing_arguments::{
        BillingAccountCommand, BillingCommand, ExchangeRateCommand, LedgerCommand, PricePlanCommand, SellerCommand,
        TaxRateCommand,
    },
    owner::{changing, described, named, show, table},
    owner_arguments::OwnerChange,
};
use crate::{
    client::Request,
    failure::Failure,
    http::wire::{BooksCheck, Closing, LedgerBalance, LedgerEntry},
};
use reqwest::Method;
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use serde_json::json;
use std::path::Path;

/// Does what is asked of what is stated about money.
pub(super) async fn run(context: &Context, command: BillingCommand) -> Result<(), Failure> {
    match command {
        BillingCommand::Account(command) => run_account(context, command).await,
        BillingCommand::Seller(SellerCommand::Show) => show(context, get(&["seller"])).await,
        BillingCommand::Seller(SellerCommand::Set { file, change }) => {
            state(context, &["seller"], &file, &change).await
        }
        BillingCommand::Plan(command) => run_plan(context, command).await,
        BillingCommand::ExchangeRate(command) => run_exchange(context, command).await,
        BillingCommand::TaxRate(command) => run_tax(context, command).await,
        BillingCommand::Faults => {
            let columns = [("AT", "/at"), ("THING", "/thing"), ("PROJECT", "/project"), ("PROBLEM", "/problem")];
            table(context, get(&["faults"]), &columns).await
        }
    }
}

async fn run_account(context: &Context, command: BillingAccountCommand) -> Result<(), Failure> {
    match command {
        BillingAccountCommand::List => {
            let columns = [
                ("PROJECT", "/project"),
                ("CURRENCY", "/currency"),
                ("TIME ZONE", "/zone"),
                ("BUYER", "/buyer/name"),
                ("COUNTRY", "/buyer/country"),
            ];
            table(context, get(&["accounts"]), &columns).await
        }
        BillingAccountCommand::Show { project } => {
            let (organisation, project) = parts(&project)?;
            show(context, get(&["accounts", organisation, project])).await
        }
        BillingAccountCommand::Set { project, file, change } => {
            let (organisation, project) = parts(&project)?;
            state(context, &["accounts", organisation, project], &file, &change).await
        }
    }
}

async fn run_plan(context: &Context, command: PricePlanCommand) -> Result<(), Failure> {
    match command {
        PricePlanCommand::List => {
            let columns = [("PLAN", "/id"), ("TITLE", "/title"), ("CURRENCY", "/currency")];
            table(context, get(&["plans"]), &columns).await
        }
        PricePlanCommand::Show { plan } => show(context, get(&["plans", &plan])).await,
        PricePlanCommand::Set { plan, file, dry_run } => {
            state(context, &["plans", &plan], &file, &OwnerChange { dry_run, if_version: None }).await
        }
    }
}

async fn run_exchange(context: &Context, command: ExchangeRateCommand) -> Result<(), Failure> {
    match command {
        ExchangeRateCommand::List => {
            let columns = [("FROM", "/from"), ("TO", "/to"), ("DAY", "/day"), ("BILLIONTHS", "/nanos")];
            table(context, get(&["exchange-rates"]), &columns).await
        }
        ExchangeRateCommand::Set { from, to, rate, day, dry_run } => {
            let nanos = whole(rate, 1_000_000_000, "RATE", "at most 9 decimals")?;
            put(context, "exchange-rates", &json!({ "from": from, "to": to, "day": day, "nanos": nanos }), dry_run)
                .await
        }
    }
}

async fn run_tax(context: &Context, command: TaxRateCommand) -> Result<(), Failure> {
    match command {
        TaxRateCommand::List => {
            let columns = [("COUNTRY", "/country"), ("DAY", "/day"), ("HUNDREDTHS OF A PERCENT", "/basisPoints")];
            table(context, get(&["tax-rates"]), &columns).await
        }
        TaxRateCommand::Set { country, percent, day, dry_run } => {
            let points = whole(percent, 100, "PERCENT", "at most 2 decimals")?;
            put(context, "tax-rates", &json!({ "country": country, "day": day, "basisPoints": points }), dry_run).await
        }
    }
}

/// Does what is asked of the books.
pub(super) async fn run_ledger(context: &Context, command: LedgerCommand) -> Result<(), Failure> {
    let get = |name: &str| Request::admin(Method::GET, &["ledger", name]);
    match command {
        LedgerCommand::Balance { through } => {
            let request = get("balance").maybe_query("through", through);
            let found: Vec<LedgerBalance> = context.client.list(request, usize::MAX).await?;
            context.output.show(&found, |found| {
                let mut table = Table::new("nothing is booked", ["ACCOUNT", "DEBIT", "CREDIT"]).right(&[1, 2]);
                for one in found {
                    table.row([one.account.clone(), one.debit.to_string(), one.credit.to_string()]);
                }
                table.text()
            })
        }
        LedgerCommand::Entries => {
            let found: Vec<LedgerEntry> = context.client.list(get("entries"), usize::MAX).await?;
            context.output.show(&found, |found| {
                let headings = ["DAY", "GROUP", "ABOUT", "ACCOUNT", "AMOUNT", "TAKES BACK"];
                let mut table = Table::new("nothing is booked", headings).right(&[4]);
                for entry in found {
                    for posting in &entry.postings {
                        table.row([
                            entry.day.to_string(),
                            entry.group.clone(),
                            entry.about.clone(),
                            posting.account.clone(),
                            posting.amount.to_string(),
                            entry.reverses.clone().unwrap_or_default(),
                        ]);
                    }
                }
                table.text()
            })
        }
        LedgerCommand::Closings => {
            let columns = [("THROUGH", "/through"), ("ENTRIES", "/entries"), ("DIGEST", "/digest")];
            table(context, get("closings"), &columns).await
        }
        LedgerCommand::Close { through, dry_run } => {
            let change = OwnerChange { dry_run, if_version: None };
            let request = changing(Method::POST, &["ledger", "closings"], &change);
            let body = json!({ "through": through }).to_string();
            let closed: Closing = context.client.json(request.body("application/json", body)).await?;
            context.output.show(&closed, |closed| {
                format!("closed through {}: {} entries, {}", closed.through, closed.entries, closed.digest)
            })
        }
        LedgerCommand::Check => {
            let told: BooksCheck = context.client.json(get("check")).await?;
            context.output.show(&told, |told| match &told.problem {
                None => "every closed period is what it was when it was closed".to_owned(),
                Some(problem) => problem.clone(),
            })?;
            if told.sound { Ok(()) } else { Err(Failure::failed("the books are not what they were")) }
        }
    }
}

fn get(path: &[&str]) -> Request {
    Request::admin(Method::GET, &[&["billing"], path].concat())
}

/// States what a file says.
async fn state(context: &Context, path: &[&str], file: &Path, change: &OwnerChange) -> Result<(), Failure> {
    let request = changing(Method::PUT, &[&["billing"], path].concat(), change);
    named(context, request.body("application/json", described(file)?), file).await
}

async fn put(context: &Context, what: &str, stated: &serde_json::Value, dry_run: bool) -> Result<(), Failure> {
    let request = changing(Method::PUT, &["billing", what], &OwnerChange { dry_run, if_version: None });
    show(context, request.body("application/json", stated.to_string())).await
}

fn parts(project: &str) -> Result<(&str, &str), Failure> {
    let wrong = || Failure::input(format!("PROJECT: `{project}` is not organisation/project"));
    project.split_once('/').ok_or_else(wrong)
}

/// A number in parts of which so many are one.
fn whole(number: Decimal, parts: i64, argument: &str, remedy: &str) -> Result<i64, Failure> {
    let exact = number.checked_mul(Decimal::from(parts)).filter(|exact| exact.is_integer());
    exact
        .and_then(|exact| exact.to_i64())
        .ok_or_else(|| Failure::input(format!("{argument}: `{number}`: give {remedy}")))
}
