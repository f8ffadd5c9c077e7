//! What breaks, each with its own kind and a sentence that names the remedy.

use diesel::{Connection as _, connection::SimpleConnection as _};
use hansa_ontology::Actor;
use hansa_repository::{
    Connection, Database, DatabaseOptions, DatabaseUrl, ErrorKind, RepositoryError,
    ambient::Clock as _,
    event::{self, NewEvent},
    testing::{HandClock, for_each_test_database, postgres, sqlite},
};
use std::{
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn impatient() -> DatabaseOptions {
    DatabaseOptions { busy_timeout: Duration::from_millis(200), ..DatabaseOptions::default() }
}

/// An event of about `bytes` bytes.
fn event(bytes: usize) -> NewEvent {
    NewEvent {
        at: HandClock::default().now(),
        actor: Actor::Broker,
        application: None,
        subject: "s".to_owned(),
        kind: "k".to_owned(),
        message: "x".repeat(bytes),
        data: serde_json::Value::Null,
    }
}

async fn append(db: &Database, bytes: usize) -> Result<i64, RepositoryError> {
    db.write(move |c| event::append(c, &event(bytes))).await
}

/// Writes until it fails.
async fn fill(db: &Database) -> RepositoryError {
    for _ in 0..10_000 {
        if let Err(error) = append(db, 20_000).await {
            return error;
        }
    }
    panic!("never full")
}

#[test]
fn locked_by_another_program() {
    for_each_test_database(&[], async |test| {
        let db = test.reopen(&[], impatient()).unwrap();
        append(&db, 1).await.unwrap();
        let other = test.database();
        let (held_tx, held) = std::sync::mpsc::channel();
        let (go, go_rx) = std::sync::mpsc::channel::<()>();
        let holder = tokio::spawn(async move {
            other
                .write(move |_| -> Result<(), RepositoryError> {
                    held_tx.send(()).unwrap();
                    go_rx.recv().unwrap();
                    Ok(())
                })
                .await
        });
        held.recv().unwrap();
        let begun = Instant::now();
        let error = append(&db, 1).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
        assert!(error.is_transient() && error.to_string().contains("locked by another writer"), "{error}");
        assert!(begun.elapsed() >= Duration::from_millis(200) && begun.elapsed() < Duration::from_secs(5));
        let error = test.reopen(&[], impatient()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
        db.read(event::last_sequence).await.unwrap();
        go.send(()).unwrap();
        holder.await.unwrap().unwrap();
        append(&db, 1).await.unwrap();
    });
}

#[test]
fn a_call_does_not_wait_for_its_turn_for_ever() {
    for_each_test_database(&[], async |test| {
        let options = DatabaseOptions { queue_timeout: Duration::from_millis(100), ..DatabaseOptions::default() };
        let db = test.reopen(&[], options).unwrap();
        let (go, go_rx) = std::sync::mpsc::channel::<()>();
        let holder = db.clone();
        let (held_tx, held) = std::sync::mpsc::channel();
        let holder = tokio::spawn(async move {
            holder
                .write(move |_| -> Result<(), RepositoryError> {
                    held_tx.send(()).unwrap();
                    go_rx.recv().unwrap();
                    Ok(())
                })
                .await
        });
        held.recv().unwrap();
        assert_eq!(append(&db, 1).await.unwrap_err().kind(), ErrorKind::Busy);
        go.send(()).unwrap();
        holder.await.unwrap().unwrap();
        append(&db, 1).await.unwrap();
    });
}

#[test]
fn no_more_pages() {
    runtime().block_on(async {
        let test = sqlite(&[]);
        let db = test.reopen(&[], DatabaseOptions { max_page_count: Some(80), ..DatabaseOptions::default() }).unwrap();
        let error = fill(&db).await;
        assert_eq!(error.kind(), ErrorKind::Full, "{error}");
        assert!(error.to_string().contains(&test.folder().unwrap().display().to_string()), "{error}");
        db.read(event::last_sequence).await.unwrap();
        // Once there is room again the same process goes on.
        append(&test.database(), 20_000).await.unwrap();
    });
}

struct Mounted<'a>(&'a Path);

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        assert!(Command::new("umount").arg(self.0).status().is_ok_and(|status| status.success()));
    }
}

/// A small file system in memory; None where mounting is not allowed.
fn small_disk(folder: &Path) -> Option<Mounted<'_>> {
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(folder).status();
    if mounted.is_ok_and(|status| status.success()) {
        return Some(Mounted(folder));
    }
    eprintln!("\n*** SKIPPED: a full disk, for want of the right to mount one ***\n");
    None
}

#[test]
fn a_full_disk() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mounted) = small_disk(folder.path()) else {
        return;
    };
    runtime().block_on(async {
        // What an operator frees in the end.
        let reserve = folder.path().join("reserve");
        std::fs::write(&reserve, vec![1_u8; 256 << 10]).unwrap();
        let url = DatabaseUrl::sqlite(folder.path().join("hansa.db"));
        let db = Database::open(&url, &[]).unwrap();
        let error = fill(&db).await;
        assert_eq!(error.kind(), ErrorKind::Full, "{error}");
        let before = db.read(event::last_sequence).await.unwrap();

        // A disk filled by others to the last byte: opening and small writes fail alike.
        let ballast = folder.path().join("ballast");
        std::fs::write(&ballast, vec![1_u8; 4 << 20]).unwrap_err();
        for _ in 0..50 {
            match append(&db, 3_000).await {
                Ok(_) => {}
                Err(error) => assert_eq!(error.kind(), ErrorKind::Full, "{error}"),
            }
        }
        drop(db);
        if let Err(error) = Database::open(&url, &[]) {
            assert_eq!(error.kind(), ErrorKind::Full, "{error}");
        }
        let fresh = DatabaseUrl::sqlite(folder.path().join("other/hansa.db"));
        let error = Database::open(&fresh, &[]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Full, "{error}");

        std::fs::remove_file(&ballast).unwrap();
        std::fs::remove_file(&reserve).unwrap();
        let db = Database::open(&url, &[]).unwrap();
        assert!(db.read(event::last_sequence).await.unwrap() >= before);
        append(&db, 10).await.unwrap();
    });
    drop(mounted);
}

#[test]
fn a_damaged_file() {
    use std::os::unix::fs::FileExt as _;
    runtime().block_on(async {
        let test = sqlite(&[]);
        for _ in 0..20 {
            append(&test.database(), 2_000).await.unwrap();
        }
        let path = test.folder().unwrap().join("copy.db");
        let target = path.display().to_string();
        let mut plain =
            diesel::SqliteConnection::establish(&test.folder().unwrap().join("hansa.db").display().to_string())
                .unwrap();
        plain.batch_execute(&format!("VACUUM INTO '{target}'")).unwrap();
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        let length = file.metadata().unwrap().len();
        for page in 2..length / 4_096 {
            file.write_all_at(&[0xff; 64], page * 4_096).unwrap();
        }
        let url = DatabaseUrl::sqlite(&path);
        let error = match Database::open(&url, &[]) {
            Err(error) => error,
            Ok(db) => append(&db, 9_000).await.unwrap_err(),
        };
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        assert!(error.to_string().contains("restore the last backup"));

        file.write_all_at(&[b'?'; 100], 0).unwrap();
        assert_eq!(Database::open(&url, &[]).unwrap_err().kind(), ErrorKind::Corrupt);
        std::fs::write(&path, "this is a letter and not a database\n".repeat(100)).unwrap();
        let error = Database::open(&url, &[]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    });
}

#[test]
fn the_file_is_its_owners_alone_and_durable() {
    let test = sqlite(&[]);
    runtime().block_on(append(&test.database(), 10)).unwrap();
    for name in ["hansa.db", "hansa.db-wal", "hansa.db-shm"] {
        let mode = std::fs::metadata(test.folder().unwrap().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    #[derive(diesel::QueryableByName)]
    struct Setting {
        #[diesel(sql_type = diesel::sql_types::Text)]
        v: String,
    }
    let settings = "SELECT (SELECT journal_mode FROM pragma_journal_mode) || ' ' || (SELECT synchronous FROM pragma_synchronous) \
                    || ' ' || (SELECT foreign_keys FROM pragma_foreign_keys) AS v";
    let read = move |c: &mut Connection| -> Result<String, RepositoryError> {
        use diesel::RunQueryDsl as _;
        Ok(diesel::sql_query(settings).get_result::<Setting>(c)?.v)
    };
    assert_eq!(runtime().block_on(test.database().write(read)).unwrap(), "wal 2 1");
}

#[test]
fn nobody_answers() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url: DatabaseUrl = format!("postgres://hansa:s3cret@127.0.0.1:{closed}/hansa").parse().unwrap();
    let error = Database::open(&url, &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let text = format!("{error} {error:?}");
    assert!(text.contains("refused") && text.contains("database.url") && !text.contains("s3cret"), "{text}");

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let error = Database::open(&DatabaseUrl::sqlite(folder.path().join("file/hansa.db")), &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    let error = Database::open(&DatabaseUrl::sqlite(folder.path()), &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}

#[test]
fn a_connection_that_died_is_replaced() {
    let Some(test) = postgres(&[]) else { return };
    runtime().block_on(async {
        let db = test.database();
        append(&db, 1).await.unwrap();
        db.read(event::last_sequence).await.unwrap();
        let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let killer = test.reopen(&[], DatabaseOptions::default()).unwrap();
        killer.write(move |c| Ok::<_, RepositoryError>(c.batch_execute(kill)?)).await.unwrap();
        append(&db, 1).await.unwrap();
        db.read(event::last_sequence).await.unwrap();

        // In the middle of a transaction it cannot be hidden, but the next call goes well.
        let (begun_tx, begun) = std::sync::mpsc::channel();
        let (go, go_rx) = std::sync::mpsc::channel::<()>();
        let writer = db.clone();
        let writing = tokio::spawn(async move {
            writer.write(move |c| { begun_tx.send(()).unwrap(); go_rx.recv().unwrap(); event::append(c, &event(1)) }).await
        });
        begun.recv().unwrap();
        killer.read(move |c| Ok::<_, RepositoryError>(c.batch_execute(kill)?)).await.unwrap();
        go.send(()).unwrap();
        let error = writing.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        append(&db, 1).await.unwrap();
    });
}
