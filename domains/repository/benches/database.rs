//! How much the database does in a second: durable writes on both databases,
//! imports of offers. `cargo bench -p hansa-repository`.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a program of its own for developers"
)]

#[path = "../tests/databases/offers.rs"]
mod offers;

use chrono::TimeDelta;
use diesel::{Connection as _, connection::SimpleConnection as _};
use hansa_ontology::{
    Actor,
    rdf::{self, RdfFormat},
};
use hansa_repository::{
    Database, DatabaseUrl,
    ambient::{Clock as _, SystemClock},
    catalogue::{CatalogueService, ImportRequest, Outcome},
    event::{self, NewEvent},
    testing::{self, TestDatabase},
    work,
};
use std::time::{Duration, Instant};

const PERIOD: Duration = Duration::from_secs(3);
const OFFERS: u32 = 2_000;

fn main() {
    // `cargo test --benches` only wants to know that this compiles.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let databases = [Some(testing::sqlite(&[])), testing::postgres(&[])];
    for test in databases.into_iter().flatten() {
        make_durable(&test);
        println!("{}", test.url());
        runtime.block_on(measure(&test.database()));
    }
}

/// The tests' server does without durability; production does not.
fn make_durable(test: &TestDatabase) {
    if let DatabaseUrl::Postgres(url) = test.url() {
        let mut connection = diesel::PgConnection::establish(url).unwrap();
        connection.batch_execute("ALTER SYSTEM SET fsync = on").unwrap();
        connection.batch_execute("SELECT pg_reload_conf()").unwrap();
        std::thread::sleep(Duration::from_millis(500));
    }
}

async fn measure(db: &Database) {
    events(db, 1, 1).await;
    events(db, 100, 1).await;
    events(db, 1, 16).await;
    queue(db).await;
    imports(db).await;
}

fn new_event() -> NewEvent {
    NewEvent {
        at: SystemClock.now(),
        actor: Actor::Broker,
        application: None,
        subject: "workload/0193d5b4-0000-7000-8000-000000000001".to_owned(),
        kind: "workload.started".to_owned(),
        message: "Workload web#0 was started on node a.".to_owned(),
        data: serde_json::json!({ "node": "a", "pid": 4_711, "address": "127.0.0.1:8080" }),
    }
}

async fn events(db: &Database, batch: usize, callers: usize) {
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..callers {
        let db = db.clone();
        tasks.spawn(async move {
            let mut written = 0;
            while begun.elapsed() < PERIOD {
                let events: Vec<NewEvent> = (0..batch).map(|_| new_event()).collect();
                db.write(move |connection| event::append_all(connection, &events)).await.unwrap();
                written += batch;
            }
            written
        });
    }
    let written: usize = tasks.join_all().await.into_iter().sum();
    println!("  {:>9.0} events/s, {batch} in each transaction, {callers} callers", rate(written, begun));
}

async fn queue(db: &Database) {
    let begun = Instant::now();
    let mut rounds = 0;
    while begun.elapsed() < PERIOD {
        let now = SystemClock.now();
        db.write(move |connection| work::enqueue(connection, "q", "key", now)).await.unwrap();
        let claim = db
            .write(move |connection| work::claim(connection, "q", "w", now, TimeDelta::seconds(30)))
            .await
            .unwrap()
            .unwrap();
        db.write(move |connection| work::finish(connection, &claim, None)).await.unwrap();
        rounds += 1;
    }
    println!(
        "  {:>9.0} rounds/s through the work queue (enqueue, claim, finish: three transactions)",
        rate(rounds, begun)
    );
}

async fn imports(db: &Database) {
    let service = CatalogueService::new(db.clone()).unwrap();
    let mut catalogue = offers::catalogue(OFFERS);
    for (what, change) in [("new", 0), ("unchanged", 0), ("changed", 1)] {
        for offer in &mut catalogue.offers {
            offer.price_plan.price_per_hour.micros += change;
        }
        let text = rdf::write_turtle(&catalogue);
        let begun = Instant::now();
        let request = ImportRequest::new(text, RdfFormat::Turtle, Actor::Local, SystemClock.now());
        let report = service.import(request).await.unwrap();
        assert_eq!(report.outcome, Outcome::Imported);
        println!(
            "  {:>9.0} {what} offers/s imported ({OFFERS} in {:?})",
            rate(OFFERS as usize, begun),
            begun.elapsed()
        );
        let begun = Instant::now();
        service.snapshot().await.unwrap();
        println!("            snapshot after it in {:?}", begun.elapsed());
    }
    let begun = Instant::now();
    for _ in 0..1_000 {
        service.snapshot().await.unwrap();
    }
    println!("            snapshot without changes in {:?}", begun.elapsed() / 1_000);
    let begun = Instant::now();
    let query = "SELECT (COUNT(?o) AS ?n) WHERE { ?o a hansa:Offer }".to_owned();
    service.query(query, hansa_ontology::graph::QueryLimits::default()).await.unwrap();
    println!("            first query of the graph in {:?}", begun.elapsed());
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn rate(count: usize, since: Instant) -> f64 {
    count as f64 / since.elapsed().as_secs_f64()
}
