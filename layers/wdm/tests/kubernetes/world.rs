//! A broker's corner of a cluster for one test, and the certainty that nothing
//! of it is left there.

use crate::shared::{self, Looks, run};
use hansa_ontology::{
    Actor, ApplicationId, SiteId,
    resource_model::{ContainerPackage, ExposedPort, Package},
};
use hansa_repository::{
    OwnerChange,
    ambient::{IdSource as _, RandomIds, SharedClock, SystemClock},
    system::{System, SystemConnection, SystemSecret, Systems},
    testing::{PlainSecrets, sqlite, systems},
};
use hansa_test_systems::{
    Kubernetes,
    kubernetes::{ADMIN_TOKEN, IMAGE},
    wanted,
};
use hansa_wdm::{MIGRATIONS, Peers, ProcessOptions, Wdm, WdmOptions, WorkloadSpec, WorkloadStatus};
use k8s_openapi::api::{
    apps::v1::{Deployment, ReplicaSet, StatefulSet},
    batch::v1::Job,
    core::v1::{ConfigMap, Namespace, PersistentVolumeClaim, Pod, Secret, Service},
    networking::v1::{Ingress, NetworkPolicy},
};
use kube::{Api, Client, Resource, ResourceExt as _, api::ListParams};
use serde::de::DeserializeOwned;
use std::{
    collections::BTreeMap,
    fmt::Debug,
    path::Path,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

/// How this room looks.
const LOOKS: Looks = Looks::new(100, 90);

/// The cluster with a node that all tests share. It ends with this process.
static SHARED: OnceLock<Kubernetes> = OnceLock::new();

pub(crate) struct World {
    pub(crate) wdm: Wdm,
    pub(crate) systems: Systems,
    pub(crate) secrets: Arc<PlainSecrets>,
    pub(crate) application: ApplicationId,
    pub(crate) client: Client,
    pub(crate) address: std::net::IpAddr,
    pub(crate) node: String,
    _database: Box<dyn std::any::Any>,
}

/// Runs a test with a node to run on. Skipped, loudly, where there is no Kubernetes.
pub(crate) fn with_a_node(test: impl AsyncFn(World)) {
    if wanted("kubernetes", Kubernetes::is_installed(), Kubernetes::REMEDY) {
        let cluster = SHARED.get_or_init(Kubernetes::start);
        run(async { test(World::new(cluster, &[]).await).await });
    }
}

/// Runs a test with a cluster of its own without a node.
pub(crate) fn with_a_control_plane(test: impl AsyncFn(Kubernetes)) {
    if wanted("kubernetes", Kubernetes::is_installed(), Kubernetes::REMEDY) {
        let cluster = Kubernetes::control_plane();
        run(async { test(cluster).await });
    }
}

/// A system of the kind `kubernetes`.
pub(crate) fn system(cluster: &Kubernetes, name: &str, settings: &[(&str, &str)]) -> System {
    let clock: SharedClock = Arc::new(SystemClock);
    let mut all = BTreeMap::from([("gracePeriodSeconds".to_owned(), "1".to_owned())]);
    all.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    System {
        name: name.to_owned(),
        kind: "kubernetes".to_owned(),
        site: SiteId::new("urn:test:site").unwrap(),
        address: cluster.address(),
        credential: Some(name.to_owned()),
        trust: Some(cluster.ca().to_owned()),
        settings: all,
        created_at: clock.now(),
        created_by: Actor::Broker,
        version: 1,
    }
}

pub(crate) fn change() -> OwnerChange {
    let clock: SharedClock = Arc::new(SystemClock);
    OwnerChange { actor: Actor::Broker, now: clock.now(), expected: None, dry_run: false }
}

/// A client of the administrator, for what other people do in the cluster.
pub(crate) async fn admin(cluster: &Kubernetes) -> Client {
    let connection = SystemConnection {
        system: system(cluster, "admin", &[]),
        secret: Some(SystemSecret::new(cluster.kubeconfig(ADMIN_TOKEN).into_bytes())),
        broker: "nobody".into(),
    };
    hansa_kubernetes_client::Cluster::connect(&connection).await.unwrap().client()
}

impl World {
    pub(crate) async fn new(cluster: &Kubernetes, settings: &[(&str, &str)]) -> Self {
        let database = sqlite(&[MIGRATIONS]);
        let (clock, secrets): (SharedClock, Arc<PlainSecrets>) = (Arc::new(SystemClock), Arc::default());
        let systems = systems(&database.database(), &clock, &secrets).await;
        secrets.set("edge", &cluster.kubeconfig(ADMIN_TOKEN));
        systems.system_add(system(cluster, "edge", settings), change()).await.unwrap();
        let mut process = ProcessOptions::new("/nowhere", std::env::temp_dir().join("hansa-wdm-kubernetes"));
        process.grace_ms = 5_000;
        process.discovery_url = Some("http://127.0.0.1:1/{application}".to_owned());
        let wdm = Wdm::new(database.database(), clock, WdmOptions::new(process)).unwrap().with_systems(systems.clone());
        Self {
            wdm,
            systems,
            secrets,
            application: ApplicationId(RandomIds.next()),
            client: admin(cluster).await,
            address: cluster.node_address(),
            node: cluster.node_name(),
            _database: Box::new(database),
        }
    }

    /// A workload that runs this program of a shell.
    pub(crate) fn shell(&self, script: &str) -> WorkloadSpec {
        let package = Package::Container(ContainerPackage {
            image: IMAGE.to_owned(),
            command: vec!["sh".to_owned(), "-c".to_owned(), script.to_owned()],
            ..ContainerPackage::default()
        });
        let spec = shared::workload(self.application, Path::new("/nowhere/m1"), package);
        shared::on_edge(spec, &format!("edge.{}", self.node), self.address, 20, 32)
    }

    /// A web server that tells who it is, with a health check.
    pub(crate) fn server(&self) -> WorkloadSpec {
        let mut spec = self
            .shell("mkdir -p /tmp/w && echo $GREETING > /tmp/w/index.html && exec httpd -f -p $PORT_HTTP -h /tmp/w");
        spec.environment.insert("GREETING".to_owned(), "hello $(PORT_HTTP)".to_owned());
        spec.ports.insert("http".to_owned(), ExposedPort { public: true, ..ExposedPort::default() });
        spec.health = Some(shared::health("/", 1_000, 1_000));
        spec
    }

    /// Reconciles until it is as wanted.
    pub(crate) async fn until(&self, spec: &WorkloadSpec, wanted: impl Fn(&WorkloadStatus) -> bool) -> WorkloadStatus {
        LOOKS
            .explained(async || {
                let applied = self.wdm.workload_apply(spec, &Peers::new()).await;
                let all = self.wdm.workload_observe(spec.application).await.unwrap();
                let found = all.into_iter().find(|status| status.id == spec.id);
                found.clone().filter(|status| wanted(status)).ok_or_else(|| format!("{applied:?}, {found:#?}"))
            })
            .await
    }

    pub(crate) async fn until_healthy(&self, spec: &WorkloadSpec) -> WorkloadStatus {
        self.until(spec, |status| status.state.is_healthy()).await
    }

    /// Waits until the reason that people see holds these words.
    pub(crate) async fn until_said(&self, spec: &WorkloadSpec, words: &str) -> String {
        let said = |status: &WorkloadStatus| status.state.reason().is_some_and(|reason| reason.contains(words));
        self.until(spec, said).await.state.reason().unwrap().to_owned()
    }

    pub(crate) async fn remove(&self, spec: &WorkloadSpec) {
        let begun = Instant::now();
        LOOKS.removed(&self.wdm, spec.id).await;
        eprintln!("figure: removed in {:?}", begun.elapsed());
    }

    pub(crate) fn api<K>(&self, namespace: &str) -> Api<K>
    where
        K: Resource<Scope = kube::core::NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.client.clone(), namespace)
    }

    /// The application's namespace, as the cluster lists it.
    pub(crate) async fn namespace(&self) -> String {
        let api: Api<Namespace> = Api::all(self.client.clone());
        let which = ListParams::default().labels(&format!("hansa.internal/application={}", self.application));
        api.list(&which).await.unwrap().items.first().expect("its namespace").name_any()
    }

    /// By the cluster's own listing nothing of this broker is left, of any kind.
    pub(crate) async fn assert_nothing_left(&self) {
        let labels = format!("hansa.internal/broker={}", self.systems.broker());
        let begun = Instant::now();
        eventually("nothing is left", async || {
            let mut left = Vec::new();
            left.extend(listed::<Namespace>(&self.client, &labels).await);
            left.extend(listed::<Deployment>(&self.client, &labels).await);
            left.extend(listed::<StatefulSet>(&self.client, &labels).await);
            left.extend(listed::<ReplicaSet>(&self.client, &labels).await);
            left.extend(listed::<Job>(&self.client, &labels).await);
            left.extend(listed::<Pod>(&self.client, &labels).await);
            left.extend(listed::<Service>(&self.client, &labels).await);
            left.extend(listed::<ConfigMap>(&self.client, &labels).await);
            left.extend(listed::<Secret>(&self.client, &labels).await);
            left.extend(listed::<PersistentVolumeClaim>(&self.client, &labels).await);
            left.extend(listed::<Ingress>(&self.client, &labels).await);
            left.extend(listed::<NetworkPolicy>(&self.client, &labels).await);
            if left.is_empty() { Some(()) } else { None }
        })
        .await;
        eprintln!("figure: by the cluster's own list nothing is left after {:?}", begun.elapsed());
    }
}

/// The names of all of a kind with these labels, in every namespace.
pub(crate) async fn listed<K>(client: &Client, labels: &str) -> Vec<String>
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug,
{
    let api: Api<K> = Api::all(client.clone());
    let found = api.list(&ListParams::default().labels(labels)).await.unwrap();
    found.items.iter().map(|one| format!("{} {}", K::kind(&()), one.name_any())).collect()
}

/// Waits until there is an answer.
pub(crate) async fn eventually<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    LOOKS.eventually(what, look).await
}

/// What a web server answers; None where it doesn't within some seconds.
pub(crate) async fn get(address: std::net::SocketAddr) -> Option<String> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let asked = async {
        let mut stream = tokio::net::TcpStream::connect(address).await.ok()?;
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await.ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await.ok()?;
        (!text.is_empty()).then_some(text)
    };
    tokio::time::timeout(Duration::from_secs(3), asked).await.ok()?
}
