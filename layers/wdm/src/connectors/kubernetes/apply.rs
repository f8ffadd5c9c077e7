//! Writing into a cluster: by server-side apply, and never over what is
//! somebody else's.

use super::naming::{BROKER, MANAGER};
use hansa_kubernetes_client::{Cluster, error, managers};
use hansa_repository::system::{SystemError, SystemErrorKind};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{
    Api, Resource,
    api::{Patch, PatchParams},
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{fmt::Debug, time::Duration};

/// So long one write may take.
const WRITE: Duration = Duration::from_secs(10);

/// Whose an object is.
pub(super) fn is_ours(meta: &ObjectMeta, broker: &str) -> bool {
    meta.labels.iter().flatten().any(|(key, value)| key == BROKER && value == broker)
}

/// The kind and the name of an object, for people and for paths.
pub(super) fn named(object: &Value) -> (&str, &str) {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    (text("/kind"), text("/metadata/name"))
}

/// What to say where a name is taken.
pub(super) fn foreign(system: &str, kind: &str, name: &str) -> SystemError {
    SystemError {
        system: system.to_owned(),
        kind: SystemErrorKind::Conflict,
        action: format!("apply {kind} {name}"),
        said: String::new(),
        remedy: format!(
            "there is a {kind} {name} that this broker has not made, and it is left alone: rename or delete it"
        ),
    }
}

/// Makes an object as it should be, or changes what is not so. Repeating is safe.
pub(super) async fn apply<K>(cluster: &Cluster, broker: &str, api: &Api<K>, object: &Value) -> Result<K, SystemError>
where
    K: Resource + Clone + Debug + DeserializeOwned,
{
    let (kind, name) = named(object);
    let action = format!("apply {kind} {name}");
    if let Some(there) = cluster.maybe(&action, api.get_metadata(name)).await? {
        if !is_ours(&there.metadata, broker) {
            return Err(foreign(cluster.system(), kind, name));
        }
        if there.metadata.deletion_timestamp.is_some() {
            return Err(SystemError {
                system: cluster.system().to_owned(),
                kind: SystemErrorKind::Conflict,
                action,
                said: String::new(),
                remedy: format!("the {kind} {name} is being removed; it is made again once it is gone"),
            });
        }
    }
    let params = PatchParams::apply(MANAGER);
    match written(cluster, &action, api, &params, name, object).await? {
        // What an earlier call of ours changed otherwise (the number of
        // replicas) is ours all the same.
        Err(kube::Error::Api(status)) if managers(&status).iter().eq([MANAGER]) => {
            let forced = written(cluster, &action, api, &params.force(), name, object).await?;
            forced.map_err(|failed| error(cluster.system(), &action, &failed))
        }
        written => written.map_err(|failed| error(cluster.system(), &action, &failed)),
    }
}

async fn written<K>(
    cluster: &Cluster,
    action: &str,
    api: &Api<K>,
    params: &PatchParams,
    name: &str,
    object: &Value,
) -> Result<Result<K, kube::Error>, SystemError>
where
    K: Resource + Clone + Debug + DeserializeOwned,
{
    let patch = Patch::Apply(object);
    match tokio::time::timeout(WRITE, api.patch(name, params, &patch)).await {
        Ok(answer) => Ok(answer),
        Err(_) => cluster.call(action, std::future::pending()).await,
    }
}
