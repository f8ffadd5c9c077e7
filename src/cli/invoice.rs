//! `hansa invoice …`, `hansa budget …`: what a project is billed, and may spend.

use super::{
    Context, Table,
    billing_arguments::{BudgetCommand, DocumentForm, DocumentFormat, InvoiceCommand},
    download,
    owner::changing,
    owner_arguments::OwnerChange,
    tenancy::amount,
};
use crate::{
    client::Request,
    failure::Failure,
    http::wire::{Billed, Budget, BudgetRequest, Invoice, Page, Removal, Threshold},
};
use hansa_repository::ambient::{IdSource, RandomIds};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::Path;

/// Does what is asked of invoices.
pub(super) async fn run(context: &Context, command: InvoiceCommand) -> Result<(), Failure> {
    let change = |dry_run| OwnerChange { dry_run, if_version: None };
    match command {
        InvoiceCommand::List { all } => {
            let found: Vec<Invoice> = context.client.list(invoices(context, all, &[]), usize::MAX).await?;
            context.output.show(&found, |found| table("nothing was billed", found))
        }
        InvoiceCommand::Show { number, all, form } => {
            document(context, invoices(context, all, &[&number]), &form).await
        }
        InvoiceCommand::Draft { month, form } => {
            let request = invoices(context, false, &["draft"]).maybe_query("month", month);
            document(context, request, &form).await
        }
        InvoiceCommand::Issue { month, dry_run } => {
            let body = json!({ "month": month, "project": context.project });
            let request = changing(Method::POST, &["billing", "invoices"], &change(dry_run));
            let billed: Page<Billed> = context.client.json(request.body("application/json", body.to_string())).await?;
            context.output.show(&billed.items, |billed| billed_text(billed))
        }
        InvoiceCommand::TakeBack { number, dry_run } => {
            let request = changing(Method::POST, &["billing", "invoices", &number, "credit-note"], &change(dry_run));
            let note: Invoice = context.client.json(request).await?;
            context.output.show(&note, |note| table("", std::slice::from_ref(note)))
        }
    }
}

/// A project's, or as who bills sees them.
fn invoices(context: &Context, all: bool, rest: &[&str]) -> Request {
    if all {
        return Request::admin(Method::GET, &[&["billing", "invoices"], rest].concat());
    }
    Request::get(&[&["invoices"], rest].concat()).maybe_query("project", context.project.clone())
}

/// A document, in its form; without one in short.
async fn document(context: &Context, request: Request, form: &DocumentForm) -> Result<(), Failure> {
    let Some(format) = form.format else {
        let found: Value = context.client.json(request).await?;
        return context.output.show(&found, short);
    };
    let format = match format {
        DocumentFormat::Json => "json",
        DocumentFormat::Ubl => "ubl",
        DocumentFormat::Html => "html",
    };
    let request = request.query("format", format).query("language", &form.language);
    let answer = context.client.send(request).await?;
    download::save(answer, form.file.as_deref().unwrap_or(Path::new("-"))).await
}

/// What people want to see of an invoice's canonical document.
fn short(document: &Value) -> String {
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let currency = text("/currency");
    let money = |value: Option<&Value>| {
        let micros = value.and_then(Value::as_i64).unwrap_or_default();
        format!("{} {currency}", hansa_ontology::money::Micros(micros))
    };
    let mut lines = Table::new("nothing", ["PROVIDER", "PLAN", "METER", "KIND", "QUANTITY", "NET"]).right(&[4, 5]);
    for line in document["lines"].as_array().into_iter().flatten() {
        let word = |field: &str| line[field].as_str().unwrap_or_default().to_owned();
        lines.row([
            word("provider"),
            word("plan"),
            word("meter"),
            word("kind"),
            line["quantity"].to_string(),
            money(line.get("netMicros")),
        ]);
    }
    format!(
        "{} {} of {}, {} to {}, issued {}, due {}\n{} to {}\n\n{}\n\nnet {}, tax {}, payable {}",
        text("/kind"),
        text("/number"),
        text("/project"),
        text("/from"),
        text("/through"),
        text("/issued"),
        text("/due"),
        text("/seller/name"),
        text("/buyer/name"),
        lines.text(),
        money(document.get("netMicros")),
        money(document.get("taxMicros")),
        money(document.get("payableMicros")),
    )
}

fn table(empty: &'static str, invoices: &[Invoice]) -> String {
    let headings = ["NUMBER", "KIND", "PROJECT", "FROM", "THROUGH", "DUE", "NET", "TAX", "PAYABLE", "STATE"];
    let mut table = Table::new(empty, headings).right(&[6, 7, 8]);
    for invoice in invoices {
        let state = match &invoice.takes_back {
            Some(number) => format!("takes back {number}"),
            None if invoice.taken_back => "taken back".to_owned(),
            None => String::new(),
        };
        table.row([
            invoice.number.clone(),
            invoice.kind.clone(),
            invoice.project.clone(),
            invoice.from.to_string(),
            invoice.through.to_string(),
            invoice.due.to_string(),
            invoice.net.to_string(),
            invoice.tax.to_string(),
            invoice.payable.to_string(),
            state,
        ]);
    }
    table.text()
}

fn billed_text(billed: &[Billed]) -> String {
    let mut table =
        Table::new("no project has used anything", ["PROJECT", "INVOICE", "PAYABLE", "PROBLEM"]).right(&[2]);
    for one in billed {
        let (number, payable) = match &one.invoice {
            Some(invoice) => (invoice.number.clone(), invoice.payable.to_string()),
            None if one.problem.is_none() => ("nothing was used".to_owned(), String::new()),
            None => (String::new(), String::new()),
        };
        table.row([one.project.clone(), number, payable, one.problem.clone().unwrap_or_default()]);
    }
    table.text()
}

/// Does what is asked of budgets.
pub(super) async fn run_budget(context: &Context, command: BudgetCommand) -> Result<(), Failure> {
    let of = |method, rest: &[&str]| {
        Request::new(method, &[&["budgets"], rest].concat()).maybe_query("project", context.project.clone())
    };
    match command {
        BudgetCommand::List => {
            let found: Vec<Budget> = context.client.list(of(Method::GET, &[]), usize::MAX).await?;
            context.output.show(&found, |found| budgets(found))
        }
        BudgetCommand::Show { name } => {
            let found: Budget = context.client.json(of(Method::GET, &[&name])).await?;
            context.output.show(&found, |found| budgets(std::slice::from_ref(found)))
        }
        BudgetCommand::Set { name, limit, application, warn, forecast, stop, change } => {
            let thresholds = thresholds(&warn, &forecast, stop);
            let asked = BudgetRequest { application, limit: amount("LIMIT", &limit)?, thresholds };
            let mut request = of(Method::PUT, &[&name])
                .query("dryRun", change.dry_run)
                .header("Idempotency-Key", RandomIds.next().to_string());
            if let Some(version) = change.if_version {
                request = request.header("If-Match", format!("\"{version}\""));
            }
            let set: Budget = context.client.json(request.body("application/json", json!(asked).to_string())).await?;
            context.output.show(&set, |set| budgets(std::slice::from_ref(set)))
        }
        BudgetCommand::Remove { name, dry_run } => {
            let request = of(Method::DELETE, &[&name]).query("dryRun", dry_run);
            let removed: Removal = context.client.json(request).await?;
            context.output.show(&removed, |removed| match removed.dry_run {
                true => format!("{} would be removed", removed.removed),
                false => format!("{} is removed", removed.removed),
            })
        }
    }
}

fn thresholds(warn: &[u32], forecast: &[u32], stop: Option<u32>) -> Vec<Threshold> {
    let one =
        |percent: u32, of: &str, action: &str| Threshold { percent, of: of.to_owned(), action: action.to_owned() };
    let warned = warn.iter().map(|percent| one(*percent, "actual", "warn"));
    let expected = forecast.iter().map(|percent| one(*percent, "forecast", "warn"));
    warned.chain(expected).chain(stop.map(|percent| one(percent, "actual", "stop"))).collect()
}

fn budgets(budgets: &[Budget]) -> String {
    let headings = ["NAME", "APPLICATION", "MONTH", "LIMIT", "CHARGED", "EXPECTED", "THRESHOLDS"];
    let mut table = Table::new("there is no budget", headings).right(&[3, 4, 5]);
    for budget in budgets {
        let money = |price: &Option<crate::http::wire::Price>| match (price, &budget.problem) {
            (Some(price), _) => price.to_string(),
            (None, Some(problem)) => problem.clone(),
            (None, None) => String::new(),
        };
        let threshold = |one: &Threshold| match (one.of.as_str(), one.action.as_str()) {
            ("forecast", _) => format!("{} % expected", one.percent),
            (_, "stop") => format!("{} % stops", one.percent),
            _ => format!("{} %", one.percent),
        };
        let thresholds: Vec<String> = budget.thresholds.iter().map(threshold).collect();
        table.row([
            budget.name.clone(),
            budget.application.clone().unwrap_or_default(),
            budget.month.clone(),
            budget.limit.to_string(),
            money(&budget.charged),
            money(&budget.expected),
            thresholds.join(", "),
        ]);
    }
    table.text()
}
