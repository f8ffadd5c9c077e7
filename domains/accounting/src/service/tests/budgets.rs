//! Budgets that are reached.

use super::*;
use crate::budget::{Budget, BudgetAction, Measure, Threshold};
use hansa_ontology::Money;
use std::collections::BTreeSet;

#[test]
fn budgets_are_told_once_a_month_in_the_log() {
    for_each_test_database(&[crate::MIGRATIONS], async |database: &TestDatabase| {
        let broker = Broker::new(database.database(), "2026-02-27T22:50:30Z").await;
        let threshold = |percent, action| Threshold { percent, of: Measure::Actual, action };
        let budget = Budget {
            project: project(),
            application: Some(APPLICATION),
            limit: Money::new(500_000, Currency::EUR),
            thresholds: vec![threshold(80, BudgetAction::Warn), threshold(100, BudgetAction::Stop)],
        };
        let named = NamedBudget { name: "tests".to_owned(), budget };
        let accounting = &broker.accounting;
        let stated = accounting.budget_put(named.clone(), Some(0)).await.unwrap();
        assert_eq!((stated.version, &stated.budget), (1, &named));
        let stale = accounting.budget_put(named.clone(), Some(0)).await.unwrap_err();
        assert_eq!(stale.kind(), ErrorKind::PreconditionFailed);
        let dollars = Budget { limit: Money::new(1, "USD".parse().unwrap()), ..named.budget.clone() };
        let dollars = NamedBudget { name: "dollars".to_owned(), budget: dollars };
        assert!(accounting.budget_put(dollars, None).await.unwrap_err().to_string().contains("limit: must be in EUR"));
        a_life(&broker).await;
        let told: Vec<u32> = accounting.budget_check().await.unwrap().iter().map(|one| one.threshold.percent).collect();
        assert!(told.is_empty(), "March has cost 18.6 cents");
        broker.set("2026-02-28T23:30:00Z");
        let told: Vec<u32> = accounting.budget_check().await.unwrap().iter().map(|one| one.threshold.percent).collect();
        assert_eq!(told, [80, 100]);
        assert!(accounting.budget_check().await.unwrap().is_empty(), "told once");
        let filter = event::EventFilter { kind_prefix: Some("budget.".to_owned()), ..event::EventFilter::default() };
        let events = broker
            .database
            .read(move |connection| event::list(connection, &filter, 10, event::Order::OldestFirst))
            .await
            .unwrap();
        let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
        assert_eq!(kinds, ["budget.warned", "budget.exhausted"]);
        assert_eq!(events[1].project, Some(project()));
        let scope = ProjectScope::Only(BTreeSet::from([ProjectId::orders()]));
        assert!(accounting.budget_list(&scope, &PageRequest::default()).await.unwrap().items.is_empty());
        accounting.budget_delete(&project(), "tests").await.unwrap();
        assert_eq!(accounting.budget_delete(&project(), "tests").await.unwrap_err().kind(), ErrorKind::NotFound);
    });
}
