//! Containers come, serve, change, and go.

use crate::{
    shared,
    world::{eventually, get, with_a_node},
};
use hansa_ontology::resource_model::FileSet;
use hansa_wdm::{PeerEndpoint, Peers};
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{Pod, Service},
};
use kube::{Api, ResourceExt as _, api::ListParams};
use std::time::Instant;

#[test]
fn a_container_answers_through_the_node_and_leaves_nothing() {
    with_a_node(async |world| {
        let spec = world.server();
        let begun = Instant::now();
        let endpoints = world.wdm.workload_prepare(&spec).await.unwrap();
        let endpoint = endpoints["http"];
        assert_eq!(endpoint.address, world.address);
        assert!((30_000..=32_767).contains(&endpoint.number), "{endpoint}");
        let status = world.until_healthy(&spec).await;
        eprintln!("figure: from nothing to healthy in {:?}", begun.elapsed());
        assert_eq!(status.endpoints["http"], endpoint);
        assert!(status.limits.memory && status.limits.cpu);
        let page = eventually("an answer", async || get(endpoint.socket()).await).await;
        assert!(page.contains("hello $(PORT_HTTP)"), "the environment is taken literally: {page}");

        let pods: Api<Pod> = world.api(&world.namespace().await);
        let pod = &pods.list(&ListParams::default()).await.unwrap().items[0];
        assert_eq!(pod.labels()["hansa.internal/workload"], spec.id.to_string());
        assert_eq!(pod.labels()["hansa.internal/component"], "web");
        assert_eq!(pod.annotations()["hansa.internal/run"], "1");
        assert_eq!(pod.annotations()["hansa.internal/revision"], "1");

        world.remove(&spec).await;
        world.assert_nothing_left().await;
    });
}

#[test]
fn files_are_where_the_model_says() {
    with_a_node(async |world| {
        let mut spec = world.server();
        let script = "mkdir /tmp/w; { /bin/cat /etc/shop/more/shop.conf /bin/shop.conf; od -An -tx1 $HANSA_FILES/settings/bytes; \
                      ls $(dirname $HANSA_PEERS_FILE); } > /tmp/w/index.html; exec httpd -f -p $PORT_HTTP -h /tmp/w";
        spec.package = world.shell(script).package;
        spec.files = shared::files(Some("/etc/shop/more/"), "a = ${HOME} $(HOME)\n");
        let in_bin =
            FileSet { mount: Some("/bin".to_owned()), ..shared::files(None, "b\n").remove("settings").unwrap() };
        spec.files.insert("beside".to_owned(), in_bin);
        let socket = world.until_healthy(&spec).await.endpoints["http"].socket();
        let page = eventually("an answer", async || get(socket).await).await;
        for line in ["a = ${HOME} $(HOME)", "b", " 00 ff 0a", "peers.json"] {
            assert!(page.lines().any(|known| known == line), "{line} is not in\n{page}");
        }
        assert!(!page.contains("files."), "the peers' directory holds the peers' file alone: {page}");
        world.remove(&spec).await;
        world.assert_nothing_left().await;
    });
}

#[test]
fn what_is_deleted_by_hand_comes_back() {
    with_a_node(async |world| {
        let spec = world.server();
        let first = world.until_healthy(&spec).await;
        let namespace = world.namespace().await;
        let (pods, name) = (world.api::<Pod>(&namespace), format!("hansa-{}", spec.id));

        // A pod: the cluster itself makes another for the same run.
        let pod = pods.list(&ListParams::default()).await.unwrap().items[0].name_any();
        pods.delete(&pod, &Default::default()).await.unwrap();
        eventually("the pod is gone", async || pods.get_opt(&pod).await.unwrap().is_none().then_some(())).await;
        let again = world.until_healthy(&spec).await;
        assert_eq!(again.restarts, 0, "the run goes on in another pod");

        // What makes pods: a new run.
        world.api::<Deployment>(&namespace).delete(&name, &Default::default()).await.unwrap();
        let again = world.until(&spec, |status| status.restarts == 1 && status.state.is_healthy()).await;
        assert_eq!(again.endpoints, first.endpoints);

        // The way to it: a new run, under the same number.
        world.api::<Service>(&namespace).delete(&name, &Default::default()).await.unwrap();
        let again = world.until(&spec, |status| status.restarts == 2 && status.state.is_healthy()).await;
        assert_eq!(again.endpoints, first.endpoints);
        eventually("an answer", async || get(first.endpoints["http"].socket()).await).await;

        world.remove(&spec).await;
        world.assert_nothing_left().await;
    });
}

#[test]
fn a_new_revision_takes_the_place_of_the_old_one() {
    with_a_node(async |world| {
        let mut spec = world.server();
        let first = world.until_healthy(&spec).await;
        spec.revision = "2".to_owned();
        spec.environment.insert("GREETING".to_owned(), "second".to_owned());
        let second = world.until(&spec, |status| status.state.is_healthy() && status.restarts == 1).await;
        assert_eq!(second.endpoints, first.endpoints);
        let page = eventually("an answer", async || get(second.endpoints["http"].socket()).await).await;
        assert!(page.contains("second"), "{page}");
        world.remove(&spec).await;
        world.assert_nothing_left().await;
    });
}

#[test]
fn peers_are_told_while_it_runs() {
    with_a_node(async |world| {
        let mut spec = world.server();
        spec.package = world
            .shell("mkdir /tmp/w; httpd -p $PORT_HTTP -h /tmp/w; while true; do cat $HANSA_PEERS_FILE > /tmp/w/n; cp /tmp/w/n /tmp/w/index.html 2>/dev/null || cat /tmp/w/n > /tmp/w/index.html; sleep 1; done")
            .package;
        let status = world.until_healthy(&spec).await;
        let peer = PeerEndpoint { ordinal: 0, port: "sql".to_owned(), address: ([10, 0, 0, 7], 5_432).into() };
        let peers = Peers::from([("db".to_owned(), vec![peer])]);
        world.wdm.workload_apply(&spec, &peers).await.unwrap();
        let begun = Instant::now();
        eventually("the peers' file is current", async || {
            get(status.endpoints["http"].socket()).await.filter(|page| page.contains("10.0.0.7:5432"))
        })
        .await;
        eprintln!("figure: peers known in the container after {:?}", begun.elapsed());
        assert_eq!(world.wdm.workload(spec.id).await.unwrap().restarts, 0);
        world.remove(&spec).await;
        world.assert_nothing_left().await;
    });
}
