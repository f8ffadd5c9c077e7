//! What `read` and `write` promise.

use diesel::{Connection as _, RunQueryDsl as _, connection::SimpleConnection as _};
use hansa_repository::{
    Connection, Database, DatabaseOptions, ErrorKind, RepositoryError,
    testing::{for_each_database, for_each_test_database},
};
use std::time::Duration;

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

fn number(connection: &mut Connection, sql: &str) -> Result<i64, RepositoryError> {
    Ok(diesel::sql_query(sql).get_result::<Number>(connection)?.n)
}

async fn table(db: &Database) {
    db.write(|c| Ok::<_, RepositoryError>(c.batch_execute("CREATE TABLE t (n BIGINT NOT NULL UNIQUE)")?))
        .await
        .unwrap();
}

async fn count(db: &Database) -> i64 {
    db.read(|c| number(c, "SELECT count(*) AS n FROM t")).await.unwrap()
}

#[test]
fn an_error_and_a_panic_undo_everything() {
    for_each_database(&[], async |db| {
        table(&db).await;
        let failed: Result<(), RepositoryError> = db
            .write(|c| {
                c.batch_execute("INSERT INTO t VALUES (1)")?;
                c.batch_execute("INSERT INTO t VALUES (1)")?;
                Ok(())
            })
            .await;
        assert_eq!(failed.unwrap_err().kind(), ErrorKind::Conflict);
        let writer = db.clone();
        let panicked = tokio::spawn(async move {
            writer
                .write(|c| -> Result<(), RepositoryError> {
                    c.batch_execute("INSERT INTO t VALUES (1)")?;
                    panic!("on purpose")
                })
                .await
        });
        assert!(panicked.await.unwrap_err().is_panic());
        assert_eq!(count(&db).await, 0);
        db.write(|c| Ok::<_, RepositoryError>(c.batch_execute("INSERT INTO t VALUES (1)")?)).await.unwrap();
        assert_eq!(count(&db).await, 1);
    });
}

#[test]
fn a_swallowed_error_is_never_a_silent_rollback() {
    for_each_database(&[], async |db| {
        table(&db).await;
        let result: Result<(), RepositoryError> = db
            .write(|c| {
                c.batch_execute("INSERT INTO t VALUES (1)")?;
                assert!(c.batch_execute("INSERT INTO t VALUES (1)").is_err());
                Ok(())
            })
            .await;
        // SQLite keeps what succeeded; PostgreSQL cannot, and then must say so.
        assert_eq!(count(&db).await, i64::from(result.is_ok()));
        db.write(|c| Ok::<_, RepositoryError>(c.batch_execute("INSERT INTO t VALUES (2)")?)).await.unwrap();
    });
}

#[test]
fn readers_cannot_write() {
    for_each_database(&[], async |db| {
        table(&db).await;
        let refused = db.read(|c| Ok::<_, RepositoryError>(c.batch_execute("INSERT INTO t VALUES (1)")?)).await;
        assert!(refused.is_err());
        assert_eq!(count(&db).await, 0);
    });
}

#[test]
fn a_reader_sees_one_state_throughout_and_does_not_stop_writers() {
    for_each_database(&[], async |db| {
        table(&db).await;
        let (seen_tx, seen) = std::sync::mpsc::channel();
        let (go, go_rx) = std::sync::mpsc::channel();
        let reader = db.clone();
        let reading = tokio::spawn(async move {
            reader
                .read(move |c| {
                    let first = number(c, "SELECT count(*) AS n FROM t")?;
                    seen_tx.send(()).unwrap();
                    go_rx.recv().unwrap();
                    Ok::<_, RepositoryError>((first, number(c, "SELECT count(*) AS n FROM t")?))
                })
                .await
        });
        seen.recv().unwrap();
        db.write(|c| Ok::<_, RepositoryError>(c.batch_execute("INSERT INTO t VALUES (1)")?)).await.unwrap();
        go.send(()).unwrap();
        assert_eq!(reading.await.unwrap().unwrap(), (0, 0));
        assert_eq!(count(&db).await, 1);
    });
}

/// Reads a number and writes the next one: without turns some would be lost or clash.
#[test]
fn writers_of_two_processes_take_turns() {
    for_each_test_database(&[], async |test| {
        table(&test.database()).await;
        let processes = [test.database(), test.reopen(&[], DatabaseOptions::default()).unwrap()];
        let mut writers = tokio::task::JoinSet::new();
        for db in processes.iter().cycle().take(40) {
            let db = db.clone();
            writers.spawn(async move {
                db.write(|c| {
                    let next = number(c, "SELECT coalesce(max(n), 0) + 1 AS n FROM t")?;
                    c.batch_execute(&format!("INSERT INTO t VALUES ({next})"))?;
                    Ok::<_, RepositoryError>(())
                })
                .await
            });
        }
        while let Some(done) = writers.join_next().await {
            done.unwrap().unwrap();
        }
        let largest = test.database().read(|c| number(c, "SELECT max(n) AS n FROM t")).await.unwrap();
        assert_eq!(largest, 40);
    });
}

#[test]
fn a_room_may_nest_transactions() {
    for_each_database(&[], async |db| {
        table(&db).await;
        db.write(|c| {
            let inner: Result<(), RepositoryError> = c.transaction(|c| {
                c.batch_execute("INSERT INTO t VALUES (1)")?;
                Err(RepositoryError::conflict("undo this part"))
            });
            assert!(inner.is_err());
            c.batch_execute("INSERT INTO t VALUES (2)")?;
            Ok::<_, RepositoryError>(())
        })
        .await
        .unwrap();
        assert_eq!(count(&db).await, 1);
    });
}

/// Whoever drops the future of a write gets a whole transaction or none, and
/// the next writer gets its turn.
#[test]
fn a_dropped_write_still_ends() {
    for_each_database(&[], async |db| {
        table(&db).await;
        for n in 0..20 {
            let write = db.write(move |c| {
                c.batch_execute(&format!("INSERT INTO t VALUES ({n})"))?;
                c.batch_execute(&format!("INSERT INTO t VALUES ({})", 100 + n))?;
                Ok::<_, RepositoryError>(())
            });
            drop(tokio::time::timeout(Duration::from_micros(n * 50), write).await);
        }
        db.write(|c| Ok::<_, RepositoryError>(c.batch_execute("INSERT INTO t VALUES (1000)")?)).await.unwrap();
        assert_eq!(count(&db).await % 2, 1);
    });
}

/// A process that writes without a pause must not shut another out.
#[test]
fn a_busy_process_lets_others_have_their_turn() {
    for_each_test_database(&[], async |test| {
        table(&test.database()).await;
        let (busy, modest) = (test.database(), test.reopen(&[], DatabaseOptions::default()).unwrap());
        let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let stopped = std::sync::Arc::clone(&stop);
        let hog = tokio::spawn(async move {
            let mut n = 0;
            while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
                n += 1;
                busy.write(move |c| {
                    c.batch_execute(&format!("INSERT INTO t VALUES ({n})"))?;
                    std::thread::sleep(Duration::from_millis(1));
                    Ok::<_, RepositoryError>(())
                })
                .await
                .unwrap();
            }
        });
        let begun = std::time::Instant::now();
        for n in 0..10 {
            modest
                .write(move |c| {
                    c.batch_execute(&format!("INSERT INTO t VALUES (-{n} - 1)"))?;
                    Ok::<_, RepositoryError>(())
                })
                .await
                .unwrap();
        }
        let waited = begun.elapsed();
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        hog.await.unwrap();
        assert!(waited < Duration::from_secs(5), "ten turns took {waited:?}");
    });
}

#[test]
fn only_a_relaxed_write_does_not_wait_for_the_disk() {
    /// 2: waits for the disk (SQLite's FULL). Anything less: doesn't.
    fn waits(connection: &mut Connection) -> Result<i64, RepositoryError> {
        let sql = match connection {
            Connection::Sqlite(_) => "SELECT synchronous AS n FROM pragma_synchronous",
            Connection::Postgres(_) => {
                "SELECT CASE current_setting('synchronous_commit') WHEN 'on' THEN 2 ELSE 1 END::bigint AS n"
            }
        };
        number(connection, sql)
    }
    for_each_database(&[], async |db| {
        table(&db).await;
        assert_eq!(db.write(waits).await.unwrap(), 2);
        assert_eq!(db.write_relaxed(waits).await.unwrap(), 1);
        db.write_relaxed(|c| Ok::<_, RepositoryError>(c.batch_execute("INSERT INTO t VALUES (7)")?)).await.unwrap();
        assert_eq!(count(&db).await, 1);
        assert_eq!(db.write(waits).await.unwrap(), 2);
    });
}
