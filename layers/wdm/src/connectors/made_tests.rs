//! What a maker says, and what becomes of it.

use super::*;
use hansa_ontology::{Actor, SiteId};
use hansa_repository::system::{System, SystemSecret};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A maker that answers what it was told to.
#[derive(Debug)]
struct Maker {
    says: Mutex<Result<ClusterDoor, SystemError>>,
    asked: AtomicUsize,
}

#[async_trait]
impl ClusterDoors for Maker {
    async fn cluster_open(&self, _: &MadeCluster) -> Result<ClusterDoor, SystemError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        lock(&self.says).clone()
    }
}

fn cluster() -> MadeCluster {
    MadeCluster { maker: "capi".to_owned(), name: "hansa-1".to_owned() }
}

fn open(token: &str) -> ClusterDoor {
    ClusterDoor::Open(Box::new(SystemConnection {
        system: System {
            name: cluster().to_string(),
            kind: "kubernetes".to_owned(),
            site: SiteId::new("urn:test:site").unwrap(),
            address: "https://127.0.0.1:1".to_owned(),
            credential: None,
            trust: None,
            settings: BTreeMap::new(),
            created_at: chrono::DateTime::UNIX_EPOCH,
            created_by: Actor::Broker,
            version: 1,
        },
        secret: Some(SystemSecret::new(token.as_bytes().to_vec())),
        broker: "b".into(),
    }))
}

fn error(system: &str) -> SystemError {
    SystemError {
        system: system.to_owned(),
        kind: SystemErrorKind::Unreachable,
        action: "look".to_owned(),
        said: "connection refused".to_owned(),
        remedy: String::new(),
    }
}

fn made(says: ClusterDoor) -> (Arc<Maker>, Arc<Made>) {
    let maker = Arc::new(Maker { says: Mutex::new(Ok(says)), asked: AtomicUsize::new(0) });
    (Arc::clone(&maker), Arc::new(Made::new(maker)))
}

/// What is known has grown old.
fn age(made: &Made) {
    for known in lock(&made.entered).values_mut() {
        known.at = known.at.checked_sub(GOOD).expect("a clock that runs for so long");
    }
}

/// Asks again, and waits until what the maker says has been heard.
async fn again(maker: &Maker, made: &Arc<Made>) -> Result<Arc<dyn Connector>, SystemError> {
    let before = maker.asked.load(Ordering::Relaxed);
    age(made);
    drop(made.of(&cluster()).await);
    while maker.asked.load(Ordering::Relaxed) == before || lock(&made.gates)["capi/hansa-1"].try_lock().is_err() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    made.of(&cluster()).await
}

#[tokio::test]
async fn a_connector_lives_until_its_kubeconfig_changes() {
    let (maker, made) = made(open("one"));
    let first = made.of(&cluster()).await.unwrap();
    let which = cluster();
    let all: Vec<_> = futures_util::future::join_all((0..100).map(|_| made.of(&which))).await;
    assert!(all.into_iter().all(|one| Arc::ptr_eq(&one.unwrap(), &first)));
    assert_eq!(maker.asked.load(Ordering::Relaxed), 1);
    assert!(Arc::ptr_eq(&again(&maker, &made).await.unwrap(), &first), "the same kubeconfig");
    *lock(&maker.says) = Ok(open("two"));
    let second = again(&maker, &made).await.unwrap();
    assert!(!Arc::ptr_eq(&second, &first));
    // The maker is away: who was let in stays.
    *lock(&maker.says) = Err(error("capi"));
    assert!(Arc::ptr_eq(&again(&maker, &made).await.unwrap(), &second));
    assert!(!format!("{made:?}").contains("two"));
}

#[tokio::test]
async fn what_is_gone_holds_nobody_up() {
    let (maker, made) = made(ClusterDoor::Nothing("it is being deleted".to_owned()));
    let nowhere = made.of(&cluster()).await.unwrap();
    let place = Place {
        workload: hansa_ontology::WorkloadId(uuid::Uuid::nil()),
        application: None,
        directory: std::path::PathBuf::new(),
    };
    assert_eq!(nowhere.observe(&place).await.unwrap().activity, Activity::Nothing);
    assert_eq!(nowhere.remove(&place, false).await.unwrap(), Removal::Gone);
    nowhere.retire(ApplicationId(uuid::Uuid::nil())).await.unwrap();
    nowhere.volumes_remove(ApplicationId(uuid::Uuid::nil()), "db", 0).await.unwrap();
    *lock(&maker.says) = Err(error("capi/hansa-1"));
    assert_eq!(again(&maker, &made).await.unwrap_err().said, "connection refused");
    *lock(&maker.says) = Ok(open("one"));
    let there = again(&maker, &made).await.unwrap();
    assert!(!format!("{there:?}").contains("Nowhere"), "it was made again");
}

#[test]
fn removals_are_given_up_only_where_the_cluster_itself_is_lost() {
    let (_, made) = made(open("one"));
    let mut made = Arc::into_inner(made).unwrap();
    assert!(!made.is_given_up("capi/hansa-1", &error("capi/hansa-1")), "it has just begun");
    made.patience = Duration::ZERO;
    assert!(made.is_given_up("capi/hansa-1", &error("capi/hansa-1")));
    assert!(!made.is_given_up("capi/hansa-1", &error("capi")), "its maker is away");
    assert!(!made.is_given_up("edge", &error("edge")), "a cluster of somebody else stays");
}
