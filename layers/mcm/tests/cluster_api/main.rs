//! Clusters by Cluster API, on a real management cluster: its API server,
//! storage and controllers of Kubernetes are real; Cluster API's own
//! controllers and an infrastructure are PLAYED (`hansa_test_systems`).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    clippy::print_stderr,
    reason = "a failing set-up fails the test"
)]

mod services;
mod world;

use hansa_mcm::connectors::{DOORS, MAKERS};
use hansa_pim::{Delivery, Removal};
use hansa_repository::system::{ClusterDoor, SystemErrorKind};
use hansa_test_systems::kubernetes::{ADMIN_TOKEN, LIMITED_TOKEN};
use serde_json::json;
use std::sync::atomic::Ordering;
use world::{BROKER, SMALL, connection, connector, discovered, order, run};

#[test]
fn a_cluster_is_made_used_changed_and_taken_away() {
    run(&["v1beta2", "v1beta1"], async |cluster, api| {
        let capi = connector(MAKERS, connection(cluster, &[("templates", SMALL)])).await;
        let doors = connector(DOORS, connection(cluster, &[("templates", SMALL), ("exposure", "nodePort")])).await;
        let report = discovered(&capi).await;
        assert_eq!(report.software, "Cluster API v1beta2 on Kubernetes v1.20.2");
        let [flavour] = &report.flavours[..] else { panic!("{report:?}") };
        assert_eq!((flavour.name.as_str(), flavour.room.cpu_milli, flavour.units_free), ("small", 4_000, Some(2)));
        assert_eq!(report.images[0].name, "quick");

        // Made once, whoever asks how often; its provider's words are told.
        let order = order(1, Some("small"));
        api.is_slow.store(true, Ordering::Relaxed);
        for _ in 0..3 {
            assert!(matches!(capi.machine_ensure(&order).await.unwrap(), Delivery::Pending(_)));
        }
        api.step();
        let Delivery::Pending(waits) = capi.machine_ensure(&order).await.unwrap() else { panic!() };
        assert!(waits.starts_with("waits for its control plane and 2 of 2 workers; Available"), "{waits}");
        assert!(waits.contains("the provider waits for a network"), "{waits}");
        assert!(
            matches!(doors.door(&order.name).await.unwrap(), ClusterDoor::Nothing(why) if why.contains("no control plane yet"))
        );
        let made = &api.clusters()[0];
        assert_eq!(made["metadata"]["labels"]["hansa.internal/broker"], BROKER);
        let topology = &made["spec"]["topology"];
        assert_eq!(topology["classRef"], json!({ "name": "quick" }));
        assert_eq!(topology["variables"], json!([{ "name": "zone", "value": "a" }]));

        api.is_slow.store(false, Ordering::Relaxed);
        api.step();
        let Delivery::Ready { address, id } = capi.machine_ensure(&order).await.unwrap() else { panic!() };
        assert_eq!((address, id.as_str()), (Some(cluster.node_address()), made["metadata"]["uid"].as_str().unwrap()));
        let ClusterDoor::Open(door) = doors.door(&order.name).await.unwrap() else { panic!() };
        assert_eq!(
            (door.system.name.as_str(), door.system.kind.as_str()),
            (&*format!("capi/{}", order.name), "kubernetes")
        );
        assert_eq!(door.setting("exposure"), Some("nodePort"));
        assert!(!format!("{door:?}").contains(ADMIN_TOKEN), "a secret is shown");
        hansa_kubernetes_client::Cluster::connect(&door).await.unwrap().client().apiserver_version().await.unwrap();

        // The kubeconfig was rotated: the new one is given out.
        api.kubeconfig_set(&cluster.kubeconfig(LIMITED_TOKEN));
        api.step();
        let ClusterDoor::Open(rotated) = doors.door(&order.name).await.unwrap() else { panic!() };
        assert!(rotated.secret != door.secret && rotated.system == door.system);

        // Another number of workers, another version: what is used stays usable meanwhile.
        let changed = SMALL.replace("count: 2", "count: 3").replace("v1.20.2", "v1.21.0");
        let capi = connector(MAKERS, connection(cluster, &[("templates", &changed)])).await;
        assert!(matches!(capi.machine_ensure(&order).await.unwrap(), Delivery::Ready { .. }));
        let topology = &api.clusters()[0]["spec"]["topology"];
        assert_eq!(topology["version"], "v1.21.0");
        assert_eq!(topology["workers"]["machineDeployments"][0]["replicas"], 3);
        let version = api.clusters()[0]["metadata"]["resourceVersion"].clone();
        assert!(matches!(capi.machine_ensure(&order).await.unwrap(), Delivery::Ready { .. }));
        assert_eq!(api.clusters()[0]["metadata"]["resourceVersion"], version, "a look changes nothing");
        // The order grows.
        let mut larger = order.clone();
        larger.amounts.cpu_milli = 9_000;
        capi.machine_ensure(&larger).await.unwrap();
        assert_eq!(api.clusters()[0]["spec"]["topology"]["workers"]["machineDeployments"][0]["replicas"], 5);
        // A template that is no more takes nothing away.
        let bare = connector(MAKERS, connection(cluster, &[])).await;
        assert!(matches!(bare.machine_ensure(&order).await.unwrap(), Delivery::Ready { .. }));

        // Taken away, with a finalizer that lingers.
        api.lingers.store(true, Ordering::Relaxed);
        assert!(matches!(capi.machine_release(&order).await.unwrap(), Removal::Pending(_)));
        api.step();
        let Removal::Pending(waits) = capi.machine_release(&order).await.unwrap() else { panic!() };
        assert!(waits.contains("1 machines are left") && waits.contains("held by cluster.cluster.x-k8s.io"), "{waits}");
        assert!(
            matches!(doors.door(&order.name).await.unwrap(), ClusterDoor::Nothing(why) if why.contains("being deleted"))
        );
        let Delivery::Pending(waits) = capi.machine_ensure(&order).await.unwrap() else { panic!() };
        assert!(waits.contains("made again when it is gone"), "{waits}");
        api.lingers.store(false, Ordering::Relaxed);
        api.step();
        assert_eq!(capi.machine_release(&order).await.unwrap(), Removal::Gone);
        assert_eq!(capi.machine_release(&order).await.unwrap(), Removal::Gone);
        assert_eq!(api.listing(), Vec::<String>::new());
    });
}

#[test]
fn the_older_version_foreign_clusters_failures_and_what_vanishes() {
    run(&["v1beta1"], async |cluster, api| {
        let capi = connector(MAKERS, connection(cluster, &[("templates", SMALL)])).await;
        let doors = connector(DOORS, connection(cluster, &[("templates", SMALL)])).await;
        assert!(discovered(&capi).await.software.contains("v1beta1"));
        let order = order(1, None);
        capi.machine_ensure(&order).await.unwrap();
        assert_eq!(api.clusters()[0]["spec"]["topology"]["class"], "quick");
        api.step();
        assert!(matches!(capi.machine_ensure(&order).await.unwrap(), Delivery::Ready { .. }));

        // Behind our back: it is made again.
        api.cluster_delete(&order.name);
        api.step();
        assert!(matches!(doors.door(&order.name).await.unwrap(), ClusterDoor::Nothing(_)));
        let Delivery::Pending(_) = capi.machine_ensure(&order).await.unwrap() else { panic!() };
        assert_eq!(api.clusters().len(), 1);
        // Its provider fails at it: the words are kept, and it is taken away.
        let words = "You have requested more vCPU capacity than your current vCPU limit: VcpuLimitExceeded";
        api.status_set(&order.name, &json!({ "failureReason": "CreateError", "failureMessage": words }));
        let error = capi.machine_ensure(&order).await.unwrap_err();
        assert_eq!(error.kind, SystemErrorKind::Quota, "{error}");
        assert!(error.said.contains("current vCPU limit"), "{error}");
        api.step();
        assert_eq!(api.listing(), Vec::<String>::new());

        // Somebody else's of that name is refused, and never touched.
        let theirs = json!({ "name": order.name, "labels": { "team": "billing" } });
        assert_eq!(api.cluster_put(&theirs), 201);
        let before = api.clusters();
        let error = capi.machine_ensure(&order).await.unwrap_err();
        assert_eq!(error.kind, SystemErrorKind::Conflict);
        assert!(error.remedy.contains("has not made"), "{error}");
        assert!(matches!(doors.door(&order.name).await.unwrap(), ClusterDoor::Nothing(_)));
        assert_eq!(capi.machine_release(&order).await.unwrap(), Removal::Gone);
        assert_eq!(api.clusters(), before);
        // So is that of another broker.
        let mut other = connection(cluster, &[("templates", SMALL)]);
        other.broker = "0190aaaa-0000-7000-8000-000000000002".into();
        let order = world::order(2, None);
        connector(MAKERS, other).await.machine_ensure(&order).await.unwrap();
        let error = capi.machine_ensure(&order).await.unwrap_err();
        assert_eq!(error.kind, SystemErrorKind::Conflict);
        capi.machine_release(&order).await.unwrap();
        assert_eq!(api.clusters().len(), 2);
    });
}

#[test]
fn what_is_wrong_is_said_with_a_remedy() {
    run(&["v1beta2"], async |cluster, api| {
        let clock = hansa_repository::ambient::SystemClock;
        let now = hansa_repository::ambient::Clock::now(&clock);
        let refused = async |secret: &str| {
            let mut wrong = connection(cluster, &[("templates", SMALL)]);
            wrong.secret = Some(hansa_repository::system::SystemSecret::new(secret.as_bytes().to_vec()));
            connector(MAKERS, wrong).await.machine_ensure(&order(1, None)).await.unwrap_err()
        };
        let error = refused("not-a-token-of-anybody").await;
        assert_eq!(error.kind, SystemErrorKind::Unauthenticated);
        assert!(!error.to_string().contains("not-a-token"), "{error}");
        let error = refused(LIMITED_TOKEN).await;
        assert_eq!(error.kind, SystemErrorKind::Forbidden);
        assert!(error.said.contains("limited"), "{error}");

        for (settings, said) in [
            (vec![("templates", "small: {class: quick}")], "version"),
            (vec![("nodeAddress", "somewhere")], "workers, controlPlane"),
            (vec![("template", SMALL)], "name one of"),
        ] {
            let kind = &MAKERS[0];
            let error = (kind.connect)(connection(cluster, &settings)).await.err().unwrap();
            assert!(error.kind == SystemErrorKind::Invalid && error.to_string().contains(said), "{error}");
        }
        let nothing = connector(MAKERS, connection(cluster, &[])).await;
        assert!(nothing.discover(now).await.unwrap().notes[0].contains("`templates`"));
        assert_eq!(nothing.machine_ensure(&order(1, None)).await.unwrap_err().kind, SystemErrorKind::Unsupported);
        let missing = SMALL.replace("class: quick", "class: slow");
        let report = discovered(&connector(MAKERS, connection(cluster, &[("templates", &missing)])).await).await;
        assert!(report.flavours.is_empty() && report.notes[0].contains("no ClusterClass slow"), "{report:?}");
        let elsewhere = connector(MAKERS, connection(cluster, &[("templates", SMALL), ("namespace", "tenants")])).await;
        let error = elsewhere.machine_ensure(&order(1, None)).await.unwrap_err();
        assert!(error.remedy.contains("namespace tenants"), "{error}");

        // At most two of it.
        let capi = connector(MAKERS, connection(cluster, &[("templates", SMALL)])).await;
        for number in [1, 2] {
            capi.machine_ensure(&order(number, None)).await.unwrap();
        }
        let error = capi.machine_ensure(&order(3, None)).await.unwrap_err();
        assert_eq!(error.kind, SystemErrorKind::Quota, "{error}");
        assert_eq!(discovered(&capi).await.flavours[0].units_free, Some(0));
        // The management cluster is away, and comes back.
        api.step();
        cluster.api_server_kill();
        assert_eq!(capi.machine_ensure(&order(1, None)).await.unwrap_err().kind, SystemErrorKind::Unreachable);
        assert_eq!(capi.machine_release(&order(1, None)).await.unwrap_err().kind, SystemErrorKind::Unreachable);
        cluster.api_server_start();
        assert!(matches!(capi.machine_ensure(&order(1, None)).await.unwrap(), Delivery::Ready { .. }));
        assert_eq!(api.clusters().len(), 2);
    });
}

#[test]
fn a_cluster_without_cluster_api_is_told_from_one_with_it() {
    world::without(async |cluster| {
        let capi = connector(MAKERS, connection(cluster, &[("templates", SMALL)])).await;
        let error = capi.machine_ensure(&order(1, None)).await.unwrap_err();
        assert_eq!(error.kind, SystemErrorKind::Unsupported);
        assert!(error.remedy.contains("clusterctl init"), "{error}");
    });
}
