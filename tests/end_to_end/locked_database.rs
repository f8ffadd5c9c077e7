//! A database that somebody else holds for a while.

use crate::harness::{Broker, Engine, Options, eventually, single, three_tier};
use hansa_repository::{Database, DatabaseUrl, RepositoryError};
use std::{sync::mpsc, thread, time::Duration};

/// Holds the write lock of the broker's SQLite file, as another program would.
struct WriteLock {
    release: Option<mpsc::Sender<()>>,
    holder: Option<thread::JoinHandle<()>>,
}

impl WriteLock {
    fn take(broker: &Broker) -> Self {
        let url = DatabaseUrl::sqlite(broker.data().join("hansa.db"));
        let rooms = [
            hansa_pim::MIGRATIONS,
            hansa_iam::CREDENTIAL_MIGRATIONS,
            hansa_vip::MIGRATIONS,
            hansa_mcm::MIGRATIONS,
            hansa_wdm::MIGRATIONS,
            hansa_mco::MIGRATIONS,
            hansa_service_orchestrator::MIGRATIONS,
            hansa_accounting::MIGRATIONS,
            hansa_sustainability::MIGRATIONS,
            hansa_assurance::MIGRATIONS,
            hansa_federation_manager::MIGRATIONS,
            hansa_iam::MIGRATIONS,
        ];
        let database = Database::open(&url, &rooms).unwrap();
        let (locked, is_locked) = mpsc::channel();
        let (release, is_released) = mpsc::channel::<()>();
        let holder = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let held = database.write(move |_| {
                locked.send(()).unwrap();
                // Ends too when the test fails and the sender is dropped.
                is_released.recv().ok();
                Ok::<_, RepositoryError>(())
            });
            runtime.block_on(held).unwrap();
        });
        is_locked.recv().unwrap();
        Self { release: Some(release), holder: Some(holder) }
    }
}

impl Drop for WriteLock {
    fn drop(&mut self) {
        drop(self.release.take());
        if let Some(holder) = self.holder.take() {
            drop(holder.join());
        }
    }
}

#[test]
fn a_locked_database_is_a_clear_answer_and_nothing_is_lost() {
    let broker = Broker::usual();
    broker.done(&broker.submit(&three_tier("shop")));
    let before = broker.running();
    let lock = WriteLock::take(&broker);
    let refused = broker.submit(&single("late", &["sleep"]));
    let problem = refused.problem(503, "unavailable");
    assert!(!refused.header("retry-after").is_empty());
    assert!(problem["detail"].as_str().unwrap().contains("database"), "{problem}");
    // Reading goes on, and so do the workloads.
    assert_eq!(broker.application("shop")["name"], "shop");
    broker.page("shop").unwrap();
    drop(lock);
    // What was refused was not half done.
    broker.get("/api/v1/applications/late").problem(404, "not-found");
    broker.done(&broker.submit(&single("late", &["sleep"])));
    assert!(before.iter().all(|process| broker.running().contains(process)), "the workloads were left alone");
}

#[test]
fn a_request_that_meets_a_short_lock_waits() {
    let broker = Broker::usual();
    let lock = WriteLock::take(&broker);
    let accepted = thread::scope(|scope| {
        let request = scope.spawn(|| broker.submit(&single("patient", &["sleep"])));
        // Long enough for the request to meet the lock, shorter than its patience.
        thread::sleep(Duration::from_millis(500));
        drop(lock);
        request.join().unwrap()
    });
    broker.done(&accepted);
}

#[test]
fn a_broker_that_starts_while_the_database_is_locked_comes_up() {
    let mut broker = Broker::usual();
    broker.done(&broker.submit(&single("kept", &["sleep"])));
    let before = broker.running();
    broker.kill();
    let lock = WriteLock::take(&broker);
    thread::scope(|scope| {
        scope.spawn(move || {
            thread::sleep(Duration::from_secs(2));
            drop(lock);
        });
        broker.restart();
    });
    eventually(
        "it adopts",
        || {
            if broker.running() == before { Ok(()) } else { Err(format!("{:?}", broker.running())) }
        },
    );
    broker.done(&broker.scale("kept", "web", 2).send());
}

#[test]
fn a_postgresql_that_breaks_every_connection_is_borne() {
    let options = Options { engine: Engine::Postgres, ..Options::default() };
    let Some(broker) = Broker::start(options) else {
        return;
    };
    broker.done(&broker.submit(&three_tier("shop")));
    let before = broker.running();
    for _ in 0..3 {
        broker.break_database_connections();
        broker.page("shop").unwrap();
    }
    broker.done(&broker.scale("shop", "application", 2).send());
    assert!(before.iter().all(|process| broker.running().contains(process)));
}
