//! A management cluster for one test.

use hansa_pim::{Amounts, MachineConnector, MachineOrder, testing};
use hansa_repository::system::{Kind, System, SystemConnection, SystemReport};
use hansa_test_systems::{
    Kubernetes,
    kubernetes::{ADMIN_TOKEN, ClusterApi},
    wanted,
};
use std::sync::Arc;

pub(crate) use hansa_pim::testing::BROKER;

/// What the owner offers.
pub(crate) const SMALL: &str = "small: {class: quick, version: v1.20.2, atMost: 2, variables: {zone: a},
  workers: {count: 2, cpu: 2, memory: 2Gi}}";

pub(crate) fn system(cluster: &Kubernetes, settings: &[(&str, &str)]) -> System {
    connection(cluster, settings).system
}

pub(crate) fn connection(cluster: &Kubernetes, settings: &[(&str, &str)]) -> SystemConnection {
    let mut made =
        testing::connection("cluster_api", &cluster.address(), Some(&cluster.kubeconfig(ADMIN_TOKEN)), settings);
    made.system.name = "capi".to_owned();
    made.system.credential = Some("capi".to_owned());
    made.system.trust = Some(cluster.ca().to_owned());
    made
}

pub(crate) async fn connector<C: ?Sized>(kinds: &[Kind<C>], connection: SystemConnection) -> Arc<C> {
    testing::connector(kinds, connection).await.unwrap()
}

pub(crate) async fn discovered(connector: &Arc<dyn MachineConnector>) -> SystemReport {
    connector.discover(testing::noon()).await.unwrap()
}

pub(crate) fn order(number: u128, item: Option<&str>) -> MachineOrder {
    let amounts = Amounts { cpu_milli: 500, memory_mib: 256, ..Amounts::ZERO };
    MachineOrder { item: item.map(str::to_owned), amounts, ..testing::order(number, 9) }
}

/// Runs a test on a management cluster that serves these versions, and gives
/// out itself as each cluster that is made.
pub(crate) fn run(versions: &[&'static str], test: impl AsyncFnOnce(&Kubernetes, &ClusterApi<'_>)) {
    without(async |cluster| {
        let api = ClusterApi::install(cluster, versions, cluster);
        test(cluster, &api).await;
    });
}

/// The same without Cluster API.
pub(crate) fn without(test: impl AsyncFnOnce(&Kubernetes)) {
    if wanted("kubernetes", Kubernetes::is_installed(), Kubernetes::REMEDY) {
        let cluster = Kubernetes::control_plane();
        testing::run(test(&cluster));
    }
}
