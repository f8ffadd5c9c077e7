//! Months that are billed, books that are closed.

use super::*;
use crate::{
    invoice::{DocumentKind, Language, Party},
    ledger::{Balance, LedgerAccount},
    price::{Account, Zone},
    usage::{Meter, Resource, ResourceKind, Source, Standing, Subject},
};
use hansa_ontology::place::Area;

fn party(name: &str) -> Party {
    Party {
        name: name.to_owned(),
        street: "Street 1".to_owned(),
        city: "Kiel".to_owned(),
        post_code: "24103".to_owned(),
        country: Area::new("DE").unwrap(),
        vat_id: Some("DE123456789".to_owned()),
        legal_id: None,
        email: None,
    }
}

pub(super) async fn with_account(broker: &Broker, zone: chrono_tz::Tz) {
    let account = Account {
        project: project(),
        currency: Currency::EUR,
        zone: Zone(zone),
        discounts: Vec::new(),
        reservations: Vec::new(),
    };
    let account = BillingAccount { account, buyer: Some(party("Buyer")) };
    assert_eq!(broker.accounting.account_put(account, Some(0)).await.unwrap(), 1);
    let seller = Seller { party: party("Seller"), iban: None, series: "H-".to_owned(), payment_days: 14 };
    broker.accounting.seller_put(seller, None).await.unwrap();
    let tax = TaxRate { country: Area::new("DE").unwrap(), day: day("2007-01-01"), basis_points: 1_900 };
    broker.accounting.tax_rate_put(tax).await.unwrap();
}

#[test]
fn a_month_is_billed_once_whoever_bills_it() {
    for_each_test_database(&[crate::MIGRATIONS], async |database: &TestDatabase| {
        let broker = Broker::new(database.database(), "2026-02-27T22:50:30Z").await;
        with_account(&broker, chrono_tz::Tz::Europe__Berlin).await;
        a_life(&broker).await;
        broker.set("2026-02-28T22:59:59Z");
        let early = broker.accounting.month_close(&project(), "2026-02").await.unwrap_err();
        assert!(early.to_string().contains("2026-02 ends at 2026-02-28 23:00:00 UTC"), "{early}");
        broker.set("2026-03-02T07:00:00Z");
        broker.follow().await;
        // Two brokers at one time.
        let second = database.reopen(&[crate::MIGRATIONS], DatabaseOptions::default()).unwrap();
        let second = Accounting::new(second, Arc::clone(&broker.clock) as _, Defaults::default());
        let of = project();
        let (one, other) =
            tokio::join!(broker.accounting.month_close(&of, "2026-02"), second.month_close(&of, "2026-02"));
        let (Closed::Billed(one), Closed::Billed(other)) = (one.unwrap(), other.unwrap()) else { panic!("nothing") };
        assert_eq!(one, other);
        assert_eq!(one.invoice.heading.number, "H-2026-000001");
        assert_eq!(one.invoice.bytes().unwrap(), one.bytes, "and read back they are the same bytes");
        let seconds = seconds("2026-02-27T22:50:30Z", "2026-02-28T23:00:00Z") - 3_600;
        assert_eq!(one.invoice.exact_micros, seconds * 10);
        assert!(String::from_utf8(one.invoice.ubl().unwrap()).unwrap().contains("H-2026-000001"));
        assert!(String::from_utf8(one.invoice.html(Language::De).unwrap()).unwrap().contains("Rechnung"));
        books_balance(&broker, one.invoice.payable_micros).await;
        the_export_adds_up(&broker, one.invoice.payable_micros).await;
        // Taken back, and billed anew: the numbers have no gap.
        let note = second.credit_note("H-2026-000001").await.unwrap();
        assert_eq!(
            (note.invoice.kind, note.invoice.heading.number.as_str()),
            (DocumentKind::CreditNote, "H-2026-000002")
        );
        assert_eq!(second.credit_note("H-2026-000001").await.unwrap_err().kind(), ErrorKind::Conflict);
        assert_eq!(second.credit_note("H-2026-000002").await.unwrap_err().kind(), ErrorKind::Invalid);
        books_balance(&broker, 0).await;
        let Closed::Billed(again) = broker.accounting.month_close(&of, "2026-02").await.unwrap() else {
            panic!("nothing")
        };
        assert_eq!(again.invoice.heading.number, "H-2026-000003");
        assert_eq!(again.invoice.payable_micros, one.invoice.payable_micros);
        books_balance(&broker, one.invoice.payable_micros).await;
        let page = PageRequest { limit: 2, token: None };
        let first = broker.accounting.invoice_list(&ProjectScope::All, &page).await.unwrap();
        assert!(first.items[0].taken_back);
        let rest = PageRequest { limit: 2, token: first.next };
        let rest = broker.accounting.invoice_list(&ProjectScope::All, &rest).await.unwrap();
        assert_eq!((rest.items.len(), rest.next), (1, None));
        assert_eq!(broker.accounting.month_close(&of, "2025-12").await.unwrap(), Closed::Nothing);
    });
}

#[test]
fn a_month_is_billed_when_it_is_metered_to_its_end() {
    for_each_test_database(&[crate::MIGRATIONS], async |database: &TestDatabase| {
        let broker = Broker::new(database.database(), "2026-02-27T22:50:30Z").await;
        with_account(&broker, chrono_tz::Tz::Asia__Kathmandu).await;
        let assigned = |connection: &mut _| hansa_repository::project::assign(connection, APPLICATION, &project());
        broker.database.write(assigned).await.unwrap();
        broker.tell(Thing::Machine(MACHINE), rental(36_000, OfferKind::VirtualMachine)).await;
        // In Kathmandu March begins a quarter past an hour, and that hour ends at 19:00 UTC.
        for now in ["2026-02-28T18:15:00Z", "2026-02-28T18:50:00Z", "2026-02-28T19:00:30Z"] {
            broker.set(now);
            let behind = broker.accounting.month_close(&project(), "2026-02").await.unwrap_err();
            assert_eq!(behind.kind(), ErrorKind::Conflict, "{behind}");
            broker.follow().await;
        }
        broker.set("2026-02-28T19:01:00Z");
        broker.follow().await;
        let Ok(Closed::Billed(invoice)) = broker.accounting.month_close(&project(), "2026-02").await else {
            panic!("nothing")
        };
        let whole = seconds("2026-02-27T22:50:30Z", "2026-02-28T18:15:00Z");
        assert_eq!(invoice.invoice.exact_micros, whole * 10);
    });
}

async fn books_balance(broker: &Broker, receivable: i64) {
    let balances = broker.accounting.trial_balance(None).await.unwrap();
    assert_eq!(balances.values().map(Balance::net).sum::<i64>(), 0, "debits equal credits");
    let of = |account: LedgerAccount| balances.get(&(account, Currency::EUR)).map_or(0, Balance::net);
    assert_eq!(of(LedgerAccount::Receivable(project())), receivable);
    let revenue = -of(LedgerAccount::Revenue(crate::testing::broker("north")));
    let unbilled = of(LedgerAccount::Unbilled(project()));
    assert_eq!(unbilled, if receivable == 0 { revenue } else { 0 }, "what is used is owed, billed or not");
}

async fn the_export_adds_up(broker: &Broker, payable: i64) {
    let export = broker.accounting.focus_export(&project(), "2026-02").await.unwrap();
    let mut csv = Vec::new();
    export.csv(&mut csv).unwrap();
    let text = String::from_utf8(csv).unwrap();
    let mut lines = text.lines();
    let place = lines.next().unwrap().split(',').position(|name| name == "BilledCost").unwrap();
    let billed: f64 = lines.map(|line| line.split(',').nth(place).unwrap().parse::<f64>().unwrap()).sum();
    assert!((billed * 1e6 - payable as f64).abs() < 1.0, "{billed} and {payable}");
    assert!(text.contains("urn:hansa:site:kiel"));
    let mut parquet = Vec::new();
    export.parquet(&mut parquet).unwrap();
    assert!(parquet.starts_with(b"PAR1"));
}

#[test]
fn closed_books_stay_and_corrections_go_to_open_days() {
    for_each_test_database(&[crate::MIGRATIONS], async |database: &TestDatabase| {
        let broker = Broker::new(database.database(), "2026-02-27T22:50:30Z").await;
        with_account(&broker, chrono_tz::UTC).await;
        a_life(&broker).await;
        broker.until("2026-03-02T00:00:00Z").await;
        let refused = broker.accounting.books_close(day("2026-03-01")).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Invalid);
        assert!(matches!(broker.accounting.month_close(&project(), "2026-02").await, Ok(Closed::Billed(_))));
        let closing = broker.accounting.books_close(day("2026-02-28")).await.unwrap();
        assert_eq!(closing.entries, 2, "a charge of each day; the invoice is of March");
        assert!(broker.accounting.books_close(day("2026-02-28")).await.is_err());
        broker.accounting.books_check().await.unwrap();
        // A late record takes ten minutes of the last hour of February back.
        let now = broker.accounting.invoice("H-2026-000001").await.unwrap().invoice.exact_micros;
        let late = late_record(&broker).await;
        broker.accounting.records_take(vec![late]).await.unwrap();
        broker.accounting.credit_note("H-2026-000001").await.unwrap();
        let Ok(Closed::Billed(again)) = broker.accounting.month_close(&project(), "2026-02").await else {
            panic!("nothing")
        };
        assert_eq!(again.invoice.exact_micros, now - 600 * 10);
        broker.accounting.books_check().await.unwrap();
        let page = PageRequest { limit: 1_000, token: None };
        let entries = broker.accounting.entry_list(&page).await.unwrap().items;
        let after: Vec<_> = entries.iter().skip(3).collect();
        assert!(after.iter().all(|entry| entry.day() > day("2026-02-28")), "{after:?}");
        assert!(after.iter().any(|entry| entry.reverses().is_some()));
        books_balance(&broker, again.invoice.payable_micros).await;
        assert_eq!(broker.accounting.closing_list().await.unwrap(), [closing]);
    });
}

async fn late_record(broker: &Broker) -> UsageRecord {
    let plan = broker.accounting.plan_list(&PageRequest::default()).await.unwrap().items.remove(0).id;
    let subject = Subject {
        provider: crate::testing::broker("north"),
        resource: Resource { kind: ResourceKind::Machine, id: MACHINE.to_string() },
        meter: Meter::machine_seconds(),
        project: project(),
        application: Some(APPLICATION),
        offer: Some(OfferId::new("urn:hansa:offer:small").unwrap()),
        plan,
    };
    let hour = crate::Interval::new(moment("2026-02-28T23:00:00Z"), moment("2026-02-28T23:50:00Z")).unwrap();
    UsageRecord::new(Arc::new(subject), hour, 3_000, 1_000_000, Standing::Measured, Source::Measurement).unwrap()
}
