//! What is looked at of another tenant's application: nothing.

use super::*;
use hansa_repository::testing::for_each_database;
use std::collections::BTreeSet;

#[test]
fn what_lies_in_anothers_project_is_not_read() {
    for_each_database(&[MIGRATIONS], async |database| {
        let id = "01a2010a-b95a-71b6-8b16-9fbc39e4a666";
        let shop = ProjectId::new("globex/shop").unwrap();
        let at = time::to_column(chrono::DateTime::UNIX_EPOCH);
        // Without a model: to read it is an error, and so is noticed.
        let row = Row {
            id: id.to_owned(),
            name: "secret".to_owned(),
            live_name: Some(living(&shop, "secret")),
            owner: "{}".to_owned(),
            desired: "{}".to_owned(),
            revision: 1,
            phase: "{}".to_owned(),
            operation: id.to_owned(),
            version: 1,
            created_at: at,
            updated_at: at,
            project: shop.to_string(),
            instances: None,
            cpu_milli: None,
            memory_mib: None,
            price_micros: None,
            price_currency: None,
        };
        let insert = move |connection: &mut Connection| {
            diesel::insert_into(application::table).values(&row).execute(connection)?;
            Ok::<_, RepositoryError>(())
        };
        database.write(insert).await.unwrap();
        let mine = ProjectScope::Only(BTreeSet::from([ProjectId::new("acme/web").unwrap()]));
        for reference in ["globex/shop/secret", "globex/shop/nothing", id, "01a2010a-b95a-71b6-8b16-9fbc39e4a667"] {
            let scope = mine.clone();
            let found = database.read(move |connection| find(connection, &scope, reference)).await;
            assert!(matches!(found, Err(OrchestratorError::NotFound(_))), "{reference}: {found:?}");
        }
        for reference in ["globex/shop/secret", id] {
            let found = database.read(move |connection| find(connection, &ProjectScope::All, reference)).await;
            assert!(!matches!(found, Ok(_) | Err(OrchestratorError::NotFound(_))), "{reference}: {found:?}");
        }
    });
}
