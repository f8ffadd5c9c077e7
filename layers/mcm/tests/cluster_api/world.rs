//! A management cluster for one test.

use hansa_ontology::{Actor, ApplicationId, MachineId, SiteId};
use hansa_pim::{Amounts, MachineConnector, MachineOrder, connectors::labels};
use hansa_repository::{
    ambient::{SharedClock, SystemClock},
    system::{Kind, System, SystemConnection, SystemReport, SystemSecret},
};
use hansa_test_systems::{
    Kubernetes,
    kubernetes::{ADMIN_TOKEN, ClusterApi},
    wanted,
};
use std::sync::Arc;
use uuid::Uuid;

pub(crate) const BROKER: &str = "0190aaaa-0000-7000-8000-000000000001";

/// What the owner offers.
pub(crate) const SMALL: &str = "small: {class: quick, version: v1.20.2, atMost: 2, variables: {zone: a},
  workers: {count: 2, cpu: 2, memory: 2Gi}}";

pub(crate) fn system(cluster: &Kubernetes, settings: &[(&str, &str)]) -> System {
    let clock: SharedClock = Arc::new(SystemClock);
    System {
        name: "capi".to_owned(),
        kind: "cluster_api".to_owned(),
        site: SiteId::new("urn:test:site:local").unwrap(),
        address: cluster.address(),
        credential: Some("capi".to_owned()),
        trust: Some(cluster.ca().to_owned()),
        settings: settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        created_at: clock.now(),
        created_by: Actor::Broker,
        version: 1,
    }
}

pub(crate) fn connection(cluster: &Kubernetes, settings: &[(&str, &str)]) -> SystemConnection {
    SystemConnection {
        system: system(cluster, settings),
        secret: Some(SystemSecret::new(cluster.kubeconfig(ADMIN_TOKEN).into_bytes())),
        broker: BROKER.into(),
    }
}

pub(crate) async fn connector<C: ?Sized>(kinds: &[Kind<C>], connection: SystemConnection) -> Arc<C> {
    let kind = kinds.iter().find(|kind| kind.name == "cluster_api").expect("it is registered");
    (kind.connect)(connection).await.unwrap()
}

pub(crate) async fn discovered(connector: &Arc<dyn MachineConnector>) -> SystemReport {
    let clock: SharedClock = Arc::new(SystemClock);
    connector.discover(clock.now()).await.unwrap()
}

pub(crate) fn order(number: u128, item: Option<&str>) -> MachineOrder {
    let (machine, application) = (MachineId(Uuid::from_u128(number)), ApplicationId(Uuid::from_u128(9)));
    MachineOrder {
        machine,
        application,
        name: MachineOrder::name_of(machine),
        labels: labels(BROKER, application, machine),
        item: item.map(str::to_owned),
        amounts: Amounts { cpu_milli: 500, memory_mib: 256, ..Amounts::ZERO },
        host: None,
        boot: None,
    }
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
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        runtime.unwrap().block_on(test(&cluster));
    }
}
