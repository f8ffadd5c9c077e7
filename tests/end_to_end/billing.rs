//! What is stated about money, what a month would be billed, what may be spent.

use crate::harness::{Broker, Options, eventually};
use reqwest::Method;
use serde_json::{Value, json};

fn model(replicas: u32) -> Value {
    json!({
        "hansa": 1, "name": "shop",
        "components": { "sleeper": {
            "package": { "process": { "command": ["sleep", "600"] } },
            "resources": { "cpu": "50m", "memory": "32Mi" },
            "replicas": replicas
        } }
    })
}

fn party(name: &str, country: &str, vat: &str) -> Value {
    json!({ "name": name, "street": "Kai 1", "city": "Kiel", "postCode": "24103", "country": country, "vatId": vat })
}

/// States who sells and who buys, by the command line.
fn state(broker: &Broker) {
    let seller = json!({ "party": party("North Cloud", "DE", "DE123456789"), "series": "N-", "paymentDays": 14 });
    let file = broker.file("seller.json", &seller.to_string());
    // A rehearsal leaves nothing.
    broker.cli(&["billing", "seller", "set", &file, "--dry-run"]).ok();
    broker.get("/admin/v1/billing/seller").problem(404, "not-found");
    broker.cli(&["billing", "seller", "set", &file]).ok();
    let account = "currency: EUR\nzone: Europe/Berlin\nbuyer:\n  name: Acme\n  street: Markt 2\n  city: Wien\n  postCode: '1010'\n  country: AT\n  vatId: ATU12345678\n";
    let file = broker.file("account.yaml", account);
    broker.cli(&["billing", "account", "set", "local/default", &file]).ok();
    broker.cli(&["billing", "tax-rate", "set", "DE", "19", "2026-01-01"]).ok();
    broker.cli(&["billing", "exchange-rate", "set", "USD", "EUR", "0.9215", "2026-01-01"]).ok();
    let shown = broker.cli(&["billing", "account", "list"]).ok();
    assert!(shown.contains("local/default") && shown.contains("Europe/Berlin") && shown.contains("Acme"), "{shown}");
    let shown = broker.cli(&["billing", "exchange-rate", "list"]).ok();
    assert!(shown.contains("921500000"), "{shown}");
}

#[test]
fn a_month_is_drafted_exported_and_not_billed_before_its_end() {
    let broker = Broker::usual();
    broker.done(&broker.submit(&model(1)));
    eventually("it is metered", || match broker.get("/api/v1/usage").ok()["items"].as_array().map(Vec::len) {
        Some(0) | None => Err("nothing yet".to_owned()),
        Some(_) => Ok(()),
    });
    // Who sells and who buys is told of where it is missing.
    let told = broker.get("/api/v1/invoices/draft").problem(409, "conflict");
    assert!(told["detail"].as_str().unwrap().contains("buyer"), "{told}");
    state(&broker);

    let draft = eventually("something is owed", || {
        let draft = broker.get("/api/v1/invoices/draft").ok();
        if draft["netMicros"] == 0 && draft["exactMicros"] == 0 { Err(draft.to_string()) } else { Ok(draft) }
    });
    assert_eq!((&draft["number"], &draft["kind"]), (&json!("DRAFT"), &json!("invoice")), "{draft}");
    assert_eq!(draft["lines"][0]["tax"]["category"], "AE", "to a business abroad: reverse charge: {draft}");
    let month = draft["from"].as_str().unwrap()[..7].to_owned();
    let html = broker.get("/api/v1/invoices/draft?format=html&language=de");
    assert!(html.status == 200 && html.header("content-type").starts_with("text/html"), "{html:?}");
    assert!(html.body.contains("Rechnung"), "{}", html.body);
    assert!(broker.get("/api/v1/invoices/draft?format=ubl").body.contains("DRAFT"));
    let shown = broker.cli(&["invoice", "draft"]).ok();
    assert!(shown.contains("invoice DRAFT of local/default") && shown.contains("North Cloud to Acme"), "{shown}");

    // It is billed when it is over, and not before.
    let told = broker.cli(&["invoice", "issue", &month]).ok();
    assert!(told.contains("local/default") && told.contains("bill it then"), "{told}");
    assert!(broker.cli(&["invoice", "issue", "2020-01"]).ok().contains("nothing was used"));
    assert!(broker.cli(&["invoice", "list"]).ok().contains("nothing was billed"));
    assert!(broker.cli(&["ledger", "balance"]).ok().contains("nothing is booked"));
    assert!(broker.cli(&["ledger", "close", "2020-12-31", "--dry-run"]).ok().contains("0 entries"));
    assert!(broker.cli(&["ledger", "closings"]).ok().contains("there is none"));
    broker.cli(&["ledger", "close", "2020-12-31"]).ok();
    assert!(broker.cli(&["ledger", "close", "2020-12-30"]).failed(2).contains("closed through 2020-12-31 already"));
    assert!(broker.cli(&["ledger", "check"]).ok().contains("every closed period"));

    let file = broker.folder().join("month.csv").display().to_string();
    broker.cli(&["usage", "export", &file]).ok();
    let csv = std::fs::read_to_string(&file).unwrap();
    assert!(csv.lines().next().unwrap().contains("BilledCost") && csv.lines().count() > 1, "{csv}");
    let file = broker.folder().join("month.parquet").display().to_string();
    broker.cli(&["usage", "export", &file]).ok();
    assert!(std::fs::read(&file).unwrap().starts_with(b"PAR1"));
    let told = broker.cli(&["usage", "forecast"]).ok();
    assert!(told.contains(&month) && told.contains("expected"), "{told}");
}

/// What can't be stated: path, body, status, and what is told.
fn wrong() -> Vec<(&'static str, Value, u16, &'static str)> {
    let seller = json!({ "party": party("North", "DE", ""), "paymentDays": 14, "colour": "red" });
    vec![
        ("/admin/v1/billing/seller", seller, 422, "colour"),
        ("/admin/v1/billing/seller", json!({ "party": party("", "DE", "DE1"), "paymentDays": 1 }), 422, "party.name"),
        ("/admin/v1/billing/seller", json!({ "party": party("N", "Germany", "DE1"), "paymentDays": 1 }), 422, "ountry"),
        (
            "/admin/v1/billing/accounts/local/default",
            json!({ "currency": "EUR", "zone": "Mars/Base" }),
            422,
            "time zone",
        ),
        (
            "/admin/v1/billing/accounts/local/default",
            json!({ "currency": "EUR", "zone": "UTC", "discount": [] }),
            422,
            "discount",
        ),
        (
            "/admin/v1/billing/accounts/local/default",
            json!({ "project": "a/b", "currency": "EUR", "zone": "UTC" }),
            422,
            "project",
        ),
        ("/admin/v1/billing/accounts/no/body", json!({ "currency": "EUR", "zone": "UTC" }), 404, "no/body"),
        ("/admin/v1/billing/plans/included", json!({ "title": "x", "currency": "EUR", "rates": [] }), 422, "included"),
        (
            "/admin/v1/billing/tax-rates",
            json!({ "country": "DE", "day": "2026-01-01", "basisPoints": 20_000 }),
            422,
            "",
        ),
        (
            "/admin/v1/billing/exchange-rates",
            json!({ "from": "USD", "to": "EUR", "day": "2026-01-01", "nanos": 0 }),
            422,
            "",
        ),
    ]
}

/// Budgets that can't be.
fn wrong_budgets() -> Vec<(&'static str, Value, u16, &'static str)> {
    vec![
        (
            "/api/v1/budgets/All",
            json!({ "limit": { "amount": "1", "currency": "EUR" }, "thresholds": [{ "percent": 1 }] }),
            422,
            "name",
        ),
        (
            "/api/v1/budgets/all",
            json!({ "limit": { "amount": "1", "currency": "EUR" }, "thresholds": [] }),
            422,
            "thresholds",
        ),
        (
            "/api/v1/budgets/all",
            json!({ "limit": { "amount": "1", "currency": "USD" }, "thresholds": [{ "percent": 1 }] }),
            422,
            "limit",
        ),
        (
            "/api/v1/budgets/all",
            json!({ "limit": { "amount": "x", "currency": "EUR" }, "thresholds": [{ "percent": 1 }] }),
            422,
            "limit",
        ),
        (
            "/api/v1/budgets/all",
            json!({ "limit": { "amount": "1", "currency": "EUR" }, "thresholds": [{ "percent": 1, "action": "shout" }] }),
            422,
            "/thresholds/0/action",
        ),
    ]
}

#[test]
fn what_cannot_be_stated_names_the_field() {
    let broker = Broker::usual();
    let put = |path: &str, body: Value| broker.call(Method::PUT, path).json(&body).send();
    for (path, body, status, said) in wrong().into_iter().chain(wrong_budgets()) {
        let answer = put(path, body);
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        assert!(answer.json()["detail"].as_str().unwrap().contains(said), "{path}: {said}: {answer:?}");
    }
    // A rate that was stated stays.
    let rate = |points: u32| {
        put("/admin/v1/billing/tax-rates", json!({ "country": "DE", "day": "2026-01-01", "basisPoints": points }))
    };
    rate(1_900).ok();
    rate(1_900).ok();
    rate(1_600).problem(409, "conflict");
    for (query, said) in [
        ("invoices/draft?month=2026-13", "month"),
        ("invoices/draft?format=pdf", "format"),
        ("costs/export?format=xls", "format"),
        ("costs/forecast?month=x", "month"),
    ] {
        let answer = broker.get(&format!("/api/v1/{query}"));
        assert!(matches!(answer.status, 400 | 409 | 422), "{query}: {answer:?}");
        assert!(
            answer.json()["detail"].as_str().unwrap().contains(said) || answer.status == 409,
            "{query}: {answer:?}"
        );
    }
    broker.get("/api/v1/invoices/N-2026-000001").problem(404, "not-found");
    broker.get("/api/v1/budgets/none").problem(404, "not-found");
}

#[test]
fn an_exhausted_budget_lets_nothing_new_begin() {
    let options = Options { more: "billing:\n  budgets: 1s\n".to_owned(), ..Options::default() };
    let Some(broker) = Broker::start(options) else { return };
    broker.done(&broker.submit(&model(1)));
    let set = |limit: &str| broker.cli(&["budget", "set", "small", limit, "--stop", "100"]).ok();
    let shown = set("0.000001 EUR");
    assert!(shown.contains("100 % stops"), "{shown}");
    eventually("the budget is exhausted", || {
        let told = broker.cli(&["event", "list"]).ok();
        if told.contains("budget.exhausted") { Ok(()) } else { Err(told) }
    });
    let refused = broker.scale("shop", "sleeper", 3).send();
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("the budget `small` of local/default") && detail.contains("raise the limit"), "{detail}");
    let second = broker.submit(&json!({
        "hansa": 1, "name": "more",
        "components": { "sleeper": { "package": { "process": { "command": ["sleep", "600"] } } } }
    }));
    assert!(second.status >= 400 && second.body.contains("exhausted"), "{second:?}");
    // What runs may become less; and with a higher limit more again.
    broker.done(&broker.scale("shop", "sleeper", 1).send());
    set("1000 EUR");
    broker.done(&broker.scale("shop", "sleeper", 2).send());
    broker.cli(&["budget", "remove", "small"]).ok();
    assert!(broker.cli(&["budget", "list"]).ok().contains("there is no budget"));
}
