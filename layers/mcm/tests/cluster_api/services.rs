//! The Multi-Cluster Manager over a management cluster: machines that are
//! clusters, two at once, entered by the doors that it opens.

use crate::world::{SMALL, run, system};
use hansa_mcm::{Mcm, PlacementRequest};
use hansa_pim::{
    LOST_AFTER, Pim, PimSettings, Provision, Removal,
    testing::{machine_request, node, site},
};
use hansa_repository::{
    OwnerChange,
    ambient::{SharedClock, SystemClock},
    system::{ClusterDoor, ClusterDoors as _, MadeCluster},
    testing::{PlainSecrets, sqlite, systems},
};
use hansa_test_systems::kubernetes::{ADMIN_TOKEN, ClusterApi};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

async fn ready(mcm: &Mcm, api: &ClusterApi<'_>, request: &PlacementRequest) -> hansa_pim::NodeShare {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        api.step();
        if let Provision::Ready(share) = mcm.placement_ensure(request).await.unwrap() {
            return share;
        }
        assert!(Instant::now() < until, "it is never ready");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[test]
fn machines_are_clusters_and_shares_stay_shares() {
    run(&["v1beta2"], async |cluster, api| {
        let (database, data) = (sqlite(&[hansa_pim::MIGRATIONS, hansa_mcm::MIGRATIONS]), tempfile::tempdir().unwrap());
        let (clock, secrets): (SharedClock, Arc<PlainSecrets>) = (Arc::new(SystemClock), Arc::default());
        let systems = systems(&database.database(), &clock, &secrets).await;
        secrets.set("capi", &cluster.kubeconfig(ADMIN_TOKEN));
        let change =
            OwnerChange { actor: hansa_ontology::Actor::Broker, now: clock.now(), expected: None, dry_run: false };
        systems.system_add(system(cluster, &[("templates", SMALL)]), change).await.unwrap();
        let host = hansa_pim::Host::observe(data.path()).unwrap();
        let settings = PimSettings { data_dir: data.path().to_owned(), host, lost_after: LOST_AFTER };
        let pim = Pim::new(database.database(), clock.clone(), systems, settings).unwrap();
        pim.node_register(vec![node("a", 1_000, 1_024, &[])]).await.unwrap();
        let mcm = Mcm::new(&pim);

        let of = |number| PlacementRequest { system: Some("capi".to_owned()), ..machine_request(number, 500) };
        let (one, two) = (of(1), of(2));
        let begun = Instant::now();
        let first = ready(&mcm, api, &one).await;
        eprintln!("figure: a played cluster was delivered after {:?}", begun.elapsed());
        let second = ready(&mcm, api, &two).await;
        assert_eq!(first.address, cluster.node_address());
        let named = |share: &hansa_pim::NodeShare| MadeCluster::read(&share.host.as_ref().unwrap().system).unwrap();
        let (first, second) = (named(&first), named(&second));
        assert!(first != second && first.maker == "capi", "{first} {second}");
        assert_eq!(mcm.cluster(one.machine).await.unwrap(), Some(first.clone()));
        assert!(matches!(mcm.cluster_open(&first).await.unwrap(), ClusterDoor::Open(_)));

        // Beside them a place on this machine's own node.
        let local = machine_request(3, 500);
        let share = mcm.placement_ensure(&local).await.unwrap().ready().unwrap();
        assert_eq!((share.node.as_str(), share.host), ("a", None));
        assert_eq!((mcm.cluster(local.machine).await.unwrap(), site()), (None, share.site));

        // Each goes alone.
        let until = Instant::now() + Duration::from_secs(60);
        while mcm.placement_release(one.machine).await.unwrap() != Removal::Gone {
            api.step();
            assert!(Instant::now() < until, "it never goes");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        assert!(matches!(mcm.cluster_open(&first).await.unwrap(), ClusterDoor::Nothing(_)));
        assert!(matches!(mcm.cluster_open(&second).await.unwrap(), ClusterDoor::Open(_)));
        assert_eq!(mcm.placement_release(local.machine).await.unwrap(), Removal::Gone);
        while mcm.placement_release(two.machine).await.unwrap() != Removal::Gone {
            api.step();
            assert!(Instant::now() < until, "it never goes");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        assert_eq!(api.listing(), Vec::<String>::new());
        assert_eq!(pim.node_list(None).await.unwrap()[0].machines.len(), 0);
    });
}
