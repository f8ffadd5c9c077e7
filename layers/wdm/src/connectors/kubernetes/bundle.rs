//! Bringing all objects of a package: what comes before, the objects, what comes
//! after. Every step may be the last before this broker dies, and each is made again.

use super::{
    Kubernetes, apply, documents,
    hooks::{self, Bundle},
    inventory::Entry,
    pod::set,
    rollout::Progress,
};
use crate::{WdmError, connectors::Launch};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use hansa_repository::system::{SystemError, SystemErrorKind};
use kube::api::{DeleteParams, PropagationPolicy};
use serde_json::Value;
use std::time::Duration;

/// So many objects are applied side by side.
const SIDE_BY_SIDE: usize = 8;
/// So long hooks may take together (Helm's own measure).
const HOOKS: Duration = Duration::from_secs(300);

impl Kubernetes {
    /// Applies all that a package has, removes what it no longer names, and
    /// writes down what there is. False while something of it is waited for.
    pub(super) async fn deploy_bundle(
        &self,
        launch: &Launch,
        namespace: &str,
        bundle: &Bundle,
    ) -> Result<bool, WdmError> {
        let spec = &launch.spec;
        let entries = self.entries(bundle).await?;
        let (before, old) = self.cache.inventory(spec.id).map_or((0, Vec::new()), |it| (it.run, it.entries));
        let gone: Vec<Entry> = old.into_iter().filter(|one| !entries.iter().any(|new| new.is(one))).collect();
        // Before anything is made: what a crash leaves behind is found again.
        let all: Vec<Entry> = entries.iter().chain(&gone).cloned().collect();
        let waits = !(bundle.before.is_empty() && bundle.after.is_empty());
        self.write_inventory(namespace, spec, before, waits, &all).await?;
        if !self.hooks(launch, namespace, &bundle.before, &entries).await? {
            return Ok(false);
        }
        let objects: Vec<_> = bundle.objects.iter().zip(entries.iter().skip(bundle.before.len())).collect();
        for wave in 0..=2 {
            let of_it = objects.iter().filter(|(_, entry)| hooks::wave(&entry.kind) == wave);
            let applied = of_it.map(|(object, entry)| self.apply_object(launch, namespace, object, entry));
            let applied: Vec<_> = applied.collect();
            stream::iter(applied).buffered(SIDE_BY_SIDE).try_collect::<Vec<()>>().await?;
        }
        if !self.hooks(launch, namespace, &bundle.after, &entries).await? {
            return Ok(false);
        }
        for entry in &gone {
            self.delete_entry(namespace, entry, spec.id).await?;
        }
        self.write_inventory(namespace, spec, launch.run, false, &entries).await?;
        self.seen_manifests().remove(&spec.id);
        Ok(true)
    }

    /// What the cluster calls each object's kind.
    async fn entries(&self, bundle: &Bundle) -> Result<Vec<Entry>, SystemError> {
        let all: Vec<&Value> = bundle.all().collect();
        let asked: Vec<_> = all.iter().map(|object| self.entry(object, &all)).collect();
        let found: Vec<Entry> = stream::iter(asked).buffered(SIDE_BY_SIDE).try_collect().await?;
        Ok(found.into_iter().zip(&all).map(|(entry, object)| Entry { hook: bundle.is_hook(object), ..entry }).collect())
    }

    async fn apply_object(
        &self,
        launch: &Launch,
        namespace: &str,
        object: &Value,
        entry: &Entry,
    ) -> Result<(), SystemError> {
        let api = self.dynamic(namespace, entry);
        self.is_free(&api, entry, &launch.spec).await?;
        let mut wish = documents::labelled(object, &self.broker, &launch.spec, launch.run);
        if entry.hook {
            documents::mark(&mut wish, launch.run);
        }
        apply::apply(&self.cluster, &self.broker, &api, &wish).await.map(drop)
    }

    /// Applies hooks one after the other, and waits for what they do. False
    /// while one of them is at it. What an earlier run has left is made anew.
    async fn hooks(
        &self,
        launch: &Launch,
        namespace: &str,
        hooks: &[Value],
        entries: &[Entry],
    ) -> Result<bool, SystemError> {
        for object in hooks {
            let (kind, name) = apply::named(object);
            let Some(entry) = entries.iter().find(|it| it.kind == kind && it.name == name) else { continue };
            let (api, action) = (self.dynamic(namespace, entry), format!("run the hook {kind} {name}"));
            let there = self.cluster.maybe(&action, api.get(name)).await?;
            let there = there.map(|it| (it.metadata.clone(), serde_json::to_value(it).unwrap_or_default()));
            let Some((meta, mut seen)) = there.filter(|_| hooks::is_task(object)) else {
                self.apply_object(launch, namespace, object, entry).await?;
                if hooks::is_task(object) {
                    return Ok(false);
                }
                continue;
            };
            let mine = apply::is_ours(&meta, &self.broker);
            if mine && hooks::run_of(&seen) != Some(launch.run) {
                self.is_free(&api, entry, &launch.spec).await?;
                let policy = Some(PropagationPolicy::Background);
                let params = DeleteParams { propagation_policy: policy, ..DeleteParams::default() };
                self.cluster.maybe(&action, api.delete(name, &params)).await?;
                return Ok(false);
            }
            if !mine {
                return Err(apply::foreign(self.cluster.system(), kind, name));
            }
            set(&mut seen, "kind", kind.into());
            match hooks::progress(&seen) {
                Progress::Done => {}
                Progress::Failed(why) => return Err(self.hook_failed(action, why)),
                Progress::Waiting(why) if self.charts.since(launch.spec.id, launch.run) > HOOKS => {
                    return Err(self.hook_failed(action, format!("{why} after {} s", HOOKS.as_secs())));
                }
                Progress::Waiting(_) => return Ok(false),
            }
        }
        Ok(true)
    }

    fn hook_failed(&self, action: String, said: String) -> SystemError {
        let remedy = "see what the hook's pod says; all hooks are run again with the next start".to_owned();
        SystemError { system: self.cluster.system().to_owned(), kind: SystemErrorKind::Failed, action, said, remedy }
    }
}
