//! Shares of nodes.

use super::{given, with_two_nodes};
use crate::{
    MIGRATIONS,
    error::ErrorKind,
    model::{NodeState, ShareRequest, units_free},
    testing::{self, killed_at_every_step, node, request},
};
use hansa_repository::{DatabaseOptions, testing::for_each_test_database};
use std::{collections::BTreeMap, os::unix::fs::PermissionsExt as _, path::PathBuf};

#[test]
fn a_share_is_given_once_and_taken_back() {
    with_two_nodes(async |pim, _, data| {
        let first = pim.share_ensure(&request(1, 1_000, 512, &[])).await.unwrap();
        assert_eq!((first.node.as_str(), first.amounts.cpu_milli), ("a", 1_000));
        assert_eq!(first.directory, data.join(format!("nodes/a/machines/{}", first.machine)));
        let mode = std::fs::metadata(&first.directory).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        assert_eq!(pim.share_ensure(&request(1, 1_000, 512, &[])).await.unwrap(), first);
        assert_eq!(pim.share(first.machine).await.unwrap(), Some(first.clone()));

        let second = pim.share_ensure(&request(2, 500, 512, &[])).await.unwrap();
        assert_eq!(second.node, "b", "the least used");
        let third = pim.share_ensure(&request(3, 500, 512, &["proxy"])).await.unwrap();
        assert_eq!(third.node, "a", "the one with the tag");

        let clash = pim.share_ensure(&request(1, 1_500, 512, &[])).await.unwrap_err();
        assert_eq!(clash.kind(), ErrorKind::Conflict);
        assert!(clash.to_string().contains("different amounts"), "{clash}");

        pim.share_release(first.machine).await.unwrap();
        pim.share_release(first.machine).await.unwrap();
        assert!(!first.directory.exists());
        assert_eq!(pim.share(first.machine).await.unwrap(), None);
        assert_eq!(
            given(&pim).await,
            [("a".to_owned(), 500, NodeState::Ready), ("b".to_owned(), 500, NodeState::Ready)]
        );
    });
}

#[test]
fn no_room_says_why_for_each_node() {
    with_two_nodes(async |pim, _, _| {
        pim.share_ensure(&request(1, 3_500, 512, &["proxy"])).await.unwrap();
        let error = pim.share_ensure(&request(2, 1_000, 512, &["proxy"])).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoRoom);
        assert_eq!(
            error.to_string(),
            "no node of site urn:test:site:local can give 1 CPU, 512Mi memory, 0Mi disk and proxy; \
             a: 0.5 CPU is free, 1 are asked; b: it has not the capability `proxy`"
        );
        let elsewhere = "urn:test:site:other".parse().unwrap();
        let error = pim.share_ensure(&ShareRequest { site: elsewhere, ..request(3, 1, 1, &[]) }).await.unwrap_err();
        assert!(error.to_string().ends_with("the site has no nodes: add one to its configuration"), "{error}");
        let ask = request(9, 1_000, 512, &[]);
        assert_eq!(
            units_free(&pim.node_list(Some(&ask.site)).await.unwrap(), ask.amounts, &ask.capabilities, false),
            4
        );
        assert_eq!(units_free(&pim.node_list(Some(&ask.site)).await.unwrap(), ask.amounts, &ask.capabilities, true), 1);
    });
}

#[test]
fn leftover_directories_are_swept_and_others_are_not() {
    with_two_nodes(async |pim, _, data| {
        let kept = pim.share_ensure(&request(1, 1_000, 512, &[])).await.unwrap();
        let leftover = data.join("nodes/gone/machines").join(request(2, 1, 1, &[]).machine.to_string());
        std::fs::create_dir_all(leftover.join("deep")).unwrap();
        let twin = data.join("nodes/b/machines").join(kept.machine.to_string());
        std::fs::create_dir_all(&twin).unwrap();
        let foreign = data.join("nodes/b/machines/notes");
        std::fs::create_dir_all(&foreign).unwrap();

        let mut swept = pim.directory_sweep().await.unwrap();
        swept.sort();
        assert_eq!(swept, [twin, leftover]);
        assert!(swept.iter().all(|path| !path.exists()));
        assert!(kept.directory.is_dir() && foreign.is_dir());
        assert_eq!(pim.directory_sweep().await.unwrap(), Vec::<PathBuf>::new());
    });
}

#[test]
fn a_share_killed_at_any_step_is_ended_by_the_same_call() {
    with_two_nodes(async |pim, _, data| {
        let ask = request(1, 1_000, 512, &[]);
        let nothing_is_left = async || {
            assert_eq!(pim.share(ask.machine).await.unwrap(), None);
            assert_eq!(pim.directory_sweep().await.unwrap(), Vec::<PathBuf>::new());
            assert_eq!(std::fs::read_dir(data.join("nodes/a/machines")).map_or(0, Iterator::count), 0);
        };
        let kills = killed_at_every_step(
            async || drop(pim.share_ensure(&ask).await),
            async |steps| {
                if steps % 2 == 0 {
                    let share = pim.share_ensure(&ask).await.unwrap();
                    assert!(share.directory.is_dir());
                    assert_eq!(given(&pim).await[0].1, 1_000);
                }
                pim.share_release(ask.machine).await.unwrap();
                nothing_is_left().await;
            },
        )
        .await;
        assert!(kills >= 3, "{kills}");
        pim.share_ensure(&ask).await.unwrap();
        let kills = killed_at_every_step(
            async || drop(pim.share_release(ask.machine).await),
            async |_| {
                pim.share_release(ask.machine).await.unwrap();
                nothing_is_left().await;
                pim.share_ensure(&ask).await.unwrap();
            },
        )
        .await;
        assert!(kills >= 3, "{kills}");
    });
}

#[test]
fn a_directory_made_while_it_is_released_goes_with_the_next_release() {
    with_two_nodes(async |pim, _, _| {
        let share = pim.share_ensure(&request(1, 1_000, 512, &[])).await.unwrap();
        pim.share_release(share.machine).await.unwrap();
        std::fs::create_dir_all(&share.directory).unwrap();
        pim.share_release(share.machine).await.unwrap();
        assert!(!share.directory.exists());
    });
}

#[test]
fn parallel_requests_of_two_brokers_never_get_more_than_there_is() {
    for_each_test_database(&[MIGRATIONS], async |database| {
        let data = tempfile::tempdir().unwrap();
        let other = database.reopen(&[MIGRATIONS], DatabaseOptions::default()).unwrap();
        let brokers = [testing::pim(&database.database(), data.path()).await, testing::pim(&other, data.path()).await];
        let nodes = vec![node("a", 4_000, 65_536, &[]), node("b", 6_500, 65_536, &[])];
        brokers[0].node_register(nodes).await.unwrap();

        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..40_u128 {
            let pim = brokers[usize::from(n % 2 == 1)].clone();
            // Each machine is asked for by both brokers; there is room for 10.
            tasks.spawn(async move { pim.share_ensure(&request(n / 2, 1_000, 1, &[])).await });
        }
        let mut machines = BTreeMap::new();
        let mut refused = 0;
        while let Some(done) = tasks.join_next().await {
            match done.unwrap() {
                Ok(share) => {
                    let node = machines.entry(share.machine).or_insert_with(|| share.node.clone());
                    assert_eq!(*node, share.node, "both brokers get the same share");
                }
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::NoRoom, "{error}");
                    refused += 1;
                }
            }
        }
        assert_eq!((machines.len(), refused), (10, 20));
        assert_eq!(
            given(&brokers[1]).await,
            [("a".to_owned(), 4_000, NodeState::Ready), ("b".to_owned(), 6_000, NodeState::Ready)]
        );
    });
}
