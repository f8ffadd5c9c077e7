//! Migrations: once each, all or none, and never backwards.

use diesel::connection::SimpleConnection as _;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use hansa_repository::{
    Database, DatabaseOptions, ErrorKind, Migrations, RepositoryError, testing::for_each_test_database,
};

const GOOD: EmbeddedMigrations = embed_migrations!("tests/databases/rooms/good");
const BROKEN: EmbeddedMigrations = embed_migrations!("tests/databases/rooms/broken");

async fn run(db: &Database, sql: &'static str) -> Result<(), RepositoryError> {
    db.write(move |c| Ok(c.batch_execute(sql)?)).await
}

#[test]
fn a_room_joins_later_and_opening_again_changes_nothing() {
    for_each_test_database(&[], async |test| {
        for _ in 0..2 {
            let db = test.reopen(&[Migrations::portable(GOOD)], DatabaseOptions::default()).unwrap();
            run(&db, "INSERT INTO room (name) VALUES ('x')").await.unwrap();
        }
    });
}

#[test]
fn a_newer_database_is_refused_by_name() {
    for_each_test_database(&[Migrations::portable(GOOD)], async |test| {
        let error = test.reopen(&[], DatabaseOptions::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Newer);
        assert!(error.to_string().contains("20261121990001"), "{error}");
    });
}

#[test]
fn a_broken_migration_leaves_nothing() {
    for_each_test_database(&[], async |test| {
        let rooms = [Migrations::portable(GOOD), Migrations::portable(BROKEN)];
        let error = test.reopen(&rooms, DatabaseOptions::default()).unwrap_err();
        assert!(matches!(&error, RepositoryError::Migration { name, .. } if name.contains("990002")), "{error}");
        assert!(run(&test.database(), "INSERT INTO room (name) VALUES ('x')").await.is_err());
        test.reopen(&[], DatabaseOptions::default()).unwrap();
    });
}

#[test]
fn two_rooms_with_one_version_are_a_mistake() {
    for_each_test_database(&[], async |test| {
        let rooms = [Migrations::portable(GOOD), Migrations::portable(GOOD)];
        let error = test.reopen(&rooms, DatabaseOptions::default()).unwrap_err();
        assert!(error.to_string().contains("two migrations have this version"), "{error}");
    });
}

#[test]
fn brokers_that_start_together_migrate_once() {
    for_each_test_database(&[], async |test| {
        let url = test.url().clone();
        let starts: Vec<_> = (0..4)
            .map(|_| {
                let url = url.clone();
                std::thread::spawn(move || Database::open(&url, &[Migrations::portable(GOOD)]).map(drop))
            })
            .collect();
        for start in starts {
            start.join().unwrap().unwrap();
        }
    });
}

#[test]
fn brokers_that_start_together_on_no_file_yet_make_one() {
    for round in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        let url = hansa_repository::DatabaseUrl::sqlite(folder.path().join("data/hansa.db"));
        let starts: Vec<_> = (0..4)
            .map(|_| {
                let url = url.clone();
                std::thread::spawn(move || Database::open(&url, &[]).map(drop))
            })
            .collect();
        for start in starts {
            let opened = start.join().unwrap();
            assert!(opened.is_ok(), "round {round}: {opened:?}");
        }
    }
}
