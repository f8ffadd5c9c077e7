//! Nodes that come, change and go.

use super::{given, with_two_nodes};
use crate::{
    error::ErrorKind,
    model::{Amounts, Node, NodeState, units_free},
    testing::{node, request, site},
};
use std::collections::BTreeSet;

#[test]
fn nodes_that_shrink_or_leave_keep_their_machines_and_give_nothing_new() {
    with_two_nodes(async |pim, _, _| {
        let on_a = pim.share_ensure(&request(1, 2_000, 512, &["proxy"])).await.unwrap();
        let on_b = pim.share_ensure(&request(2, 2_000, 512, &[])).await.unwrap();

        let warnings = pim.node_register(vec![node("a", 1_000, 4_096, &["proxy"])]).await.unwrap();
        assert_eq!(
            warnings,
            [
                "node a has given away more (2 CPU, 512Mi memory, 0Mi disk) than it now has (1 CPU, 4Gi memory, 10Gi disk); it gives nothing new until machines leave",
                "node b is no longer configured; it keeps its 1 machines and gives nothing new",
            ]
        );
        assert_eq!(
            given(&pim).await,
            [("a".to_owned(), 2_000, NodeState::Overcommitted), ("b".to_owned(), 2_000, NodeState::Withdrawn)]
        );
        assert_eq!(pim.share_ensure(&request(2, 2_000, 512, &[])).await.unwrap(), on_b, "kept");
        assert_eq!(pim.share(on_a.machine).await.unwrap(), Some(on_a));
        let error = pim.share_ensure(&request(3, 1, 1, &[])).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoRoom);
        assert_eq!(units_free(&pim.node_list(Some(&site())).await.unwrap(), Amounts::ZERO, &BTreeSet::new(), false), 0);
    });
}

#[test]
fn a_withdrawn_node_is_forgotten_with_its_last_machine_and_may_come_back() {
    with_two_nodes(async |pim, _, _| {
        let on_a = pim.share_ensure(&request(1, 2_000, 512, &["proxy"])).await.unwrap();
        pim.node_register(vec![node("b", 4_000, 4_096, &[])]).await.unwrap();
        assert_eq!(pim.node_list(None).await.unwrap().len(), 2);
        pim.node_register(vec![node("a", 4_000, 4_096, &["proxy"])]).await.unwrap();
        assert_eq!(given(&pim).await, [("a".to_owned(), 2_000, NodeState::Ready)]);
        pim.share_ensure(&request(3, 1, 1, &[])).await.unwrap();

        let moved = Node { site: "urn:test:site:other".parse().unwrap(), ..node("a", 4_000, 4_096, &[]) };
        let error = pim.node_register(vec![moved]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().starts_with("node `a`: site: 2 machines run on it"), "{error}");
        assert_eq!(pim.share(on_a.machine).await.unwrap(), Some(on_a), "nothing was changed");
    });
}

#[test]
fn nodes_that_break_a_rule_are_refused_and_an_excess_is_told() {
    with_two_nodes(async |pim, _, _| {
        let before = pim.node_list(None).await.unwrap();
        for name in ["", "A", "a/b", "..", "a..b", "-a", "a.", &"x".repeat(64)] {
            let error = pim.node_register(vec![node(name, 1_000, 512, &[])]).await.unwrap_err();
            assert!(error.to_string().contains(": name: must be"), "{error}");
        }
        let twins = vec![node("n", 1_000, 512, &[]), node("n", 1_000, 512, &[])];
        assert!(pim.node_register(twins).await.unwrap_err().to_string().contains("another node"));
        assert!(pim.node_register(vec![node("n", 0, 512, &[])]).await.is_err());
        assert_eq!(pim.node_list(None).await.unwrap(), before);

        let warnings = pim.node_register(vec![node("a", 10_000, 512, &[]), node("b", 8_500, 512, &[])]).await.unwrap();
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].contains("2.5 CPU more than its 16"), "{warnings:?}");
    });
}
