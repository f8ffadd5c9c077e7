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
            scaled: None,
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

/// An application as it was just submitted.
pub(crate) fn application() -> Application {
    let model = r#"{"hansa": 1, "name": "shop", "components": {"web": {"package": {"process": {"command": ["a"]}}}}}"#;
    Application {
        id: "01a2010a-b95a-71b6-8b16-9fbc39e4a666".parse().unwrap(),
        name: "shop".to_owned(),
        project: ProjectId::local(),
        owner: Actor::Local,
        desired: crate::model::DesiredState::Running,
        revision: 1,
        model: serde_json::from_str(model).unwrap(),
        scaled: BTreeMap::new(),
        phase: Phase::Planning,
        operation: "01a2010a-b95a-71b6-8b16-9fbc39e4a667".parse().unwrap(),
        version: 1,
        price: None,
        created_at: chrono::DateTime::UNIX_EPOCH,
        updated_at: chrono::DateTime::UNIX_EPOCH,
    }
}

#[test]
fn the_last_revision_that_ran_and_was_another_is_found() {
    for_each_database(&[MIGRATIONS], async |database| {
        let write = |connection: &mut Connection| {
            let mut one = application();
            let now = chrono::DateTime::UNIX_EPOCH;
            insert(connection, &one)?;
            // So many replicas each revision has, and whether it ran.
            for (replicas, ran) in [(1, true), (2, true), (3, false), (2, true)] {
                one.model.components.get_mut("web").unwrap().replicas =
                    serde_json::from_str(&replicas.to_string()).unwrap();
                revision_insert(connection, &one, &Actor::Local)?;
                if ran {
                    revision_ran(connection, one.id, one.revision, now)?;
                }
                one.revision += 1;
            }
            restores_set(connection, one.id, 4, 2)?;
            let before = |connection: &mut Connection, number| ran_before(connection, one.id, number);
            let found =
                [before(connection, 4)?, before(connection, 3)?, before(connection, 2)?, before(connection, 1)?];
            assert_eq!(found, [Some(1), Some(2), Some(1), None]);
            let all = revisions(connection, one.id, 3, None)?;
            let told: Vec<_> =
                all.iter().map(|it| (it.number, it.restores, it.ran_at.is_some(), it.changes.len())).collect();
            assert_eq!(told, [(4, Some(2), true, 1), (3, None, false, 1), (2, None, true, 1)]);
            let rest = revisions(connection, one.id, 3, Some(2))?;
            assert_eq!((rest.len(), rest[0].changes.len()), (1, 0));
            Ok::<_, RepositoryError>(())
        };
        database.write(write).await.unwrap();
    });
}

#[test]
fn what_moves_is_kept_until_the_next_does() {
    use crate::moving::{MoveKind, MoveWish, Relocation};
    use hansa_mco::relocation::Destination;
    for_each_database(&[MIGRATIONS], async |database| {
        let write = |connection: &mut Connection| {
            let one = application();
            insert(connection, &one)?;
            revision_insert(connection, &one, &Actor::Local)?;
            let now = chrono::DateTime::UNIX_EPOCH;
            let web = hansa_ontology::order::Instance { component: "web".to_owned(), ordinal: 0 };
            let wish = MoveWish {
                leaving: BTreeMap::from([(
                    hansa_ontology::MachineId(one.id.0),
                    std::collections::BTreeSet::from([web]),
                )]),
                to: Destination::Elsewhere,
                leave_volumes: true,
            };
            let (operation, adopted_at) = (Some(one.operation), None);
            let kind = MoveKind::Move;
            let asked =
                Relocation { kind, revision: 1, operation, wish, told: None, begun_at: now, adopted_at, done_at: None };
            assert_eq!(relocation(connection, one.id)?, None);
            relocation_put(connection, one.id, &asked)?;
            relocation_told(connection, one.id, "web#0 moves")?;
            relocation_adopted(connection, one.id, now)?;
            relocation_done(connection, one.id, now)?;
            let told = Some("web#0 moves".to_owned());
            let done = Relocation { told, adopted_at: Some(now), done_at: Some(now), ..asked.clone() };
            assert_eq!(relocation(connection, one.id)?, Some(done));
            relocation_put(connection, one.id, &asked)?;
            assert_eq!(relocation(connection, one.id)?, Some(asked.clone()));
            // A round that read the application before the wish was written doesn't drop it.
            assert!(!relocation_overtaken(connection, one.id)?);
            assert_eq!(relocation(connection, one.id)?, Some(asked.clone()));
            relocation_put(connection, one.id, &Relocation { revision: 7, ..asked.clone() })?;
            assert!(relocation_overtaken(connection, one.id)?);
            assert_eq!(relocation(connection, one.id)?, None);
            relocation_put(connection, one.id, &asked)?;
            relocation_forget(connection, one.id)?;
            assert_eq!(relocation(connection, one.id)?, None);
            Ok::<_, RepositoryError>(())
        };
        database.write(write).await.unwrap();
    });
}
