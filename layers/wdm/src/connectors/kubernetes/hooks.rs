//! What a chart wants done before and after its objects are applied: pure.
//! Helm's own rules (<https://helm.sh/docs/topics/charts_hooks/>), but for what
//! happens at removal: nothing of a chart runs then.

use super::{
    naming::RUN,
    rollout::{self, Progress},
};
use serde_json::Value;

const HOOK: &str = "helm.sh/hook";
const WEIGHT: &str = "helm.sh/hook-weight";

/// The objects of a package, by when they are applied.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Bundle {
    /// One after the other, each awaited.
    pub(super) before: Vec<Value>,
    /// All that makes the package.
    pub(super) objects: Vec<Value>,
    /// As `before`.
    pub(super) after: Vec<Value>,
}

impl Bundle {
    /// Of objects without hooks.
    pub(super) fn plain(objects: Vec<Value>) -> Self {
        Self { objects, ..Self::default() }
    }

    /// Of what came of a chart. Hooks of another occasion (tests, removal, a
    /// return to an earlier release) are left out.
    pub(super) fn of_chart(objects: Vec<Value>, upgrade: bool) -> Self {
        let (before, after) = if upgrade { ("pre-upgrade", "post-upgrade") } else { ("pre-install", "post-install") };
        let mut bundle = Self::default();
        for object in objects {
            match annotation(&object, HOOK).map(str::to_owned) {
                None => bundle.objects.push(object),
                Some(on) => {
                    let at = |occasion: &str| on.split(',').any(|word| word.trim() == occasion);
                    let (early, late) = (at(before), at(after));
                    bundle.before.extend(early.then(|| object.clone()));
                    bundle.after.extend((late && !early).then_some(object));
                }
            }
        }
        // Stable: what weighs the same stays as the chart has it.
        bundle.before.sort_by_key(weight);
        bundle.after.sort_by_key(weight);
        bundle
    }

    /// All of it, in the order in which it is applied.
    pub(super) fn all(&self) -> impl Iterator<Item = &Value> {
        self.before.iter().chain(&self.objects).chain(&self.after)
    }

    /// Whether an object is a hook of it.
    pub(super) fn is_hook(&self, object: &Value) -> bool {
        !(self.before.is_empty() && self.after.is_empty()) && annotation(object, HOOK).is_some()
    }
}

/// What others need to be there comes before them: kinds, then what pods name, then all else.
pub(super) fn wave(kind: &str) -> u8 {
    match kind {
        "CustomResourceDefinition" => 0,
        "Namespace"
        | "LimitRange"
        | "ResourceQuota"
        | "NetworkPolicy"
        | "PodSecurityPolicy"
        | "PriorityClass"
        | "ServiceAccount"
        | "Secret"
        | "ConfigMap"
        | "StorageClass"
        | "PersistentVolume"
        | "PersistentVolumeClaim"
        | "ClusterRole"
        | "ClusterRoleBinding"
        | "Role"
        | "RoleBinding"
        | "Service" => 1,
        _ => 2,
    }
}

/// Whether an object does something once, and is awaited.
pub(super) fn is_task(object: &Value) -> bool {
    matches!(text(object, "/kind"), "Job" | "Pod")
}

/// How far a hook is. A pod that is one works when it has ended, not when it is ready.
pub(super) fn progress(object: &Value) -> Progress {
    match (text(object, "/kind"), text(object, "/status/phase"), rollout::progress(object)) {
        ("Pod", phase, Progress::Done) if phase != "Succeeded" => {
            Progress::Waiting(format!("Pod {}: it has not yet ended", text(object, "/metadata/name")))
        }
        (.., progress) => progress,
    }
}

/// The run for which a hook was applied.
pub(super) fn run_of(object: &Value) -> Option<u64> {
    annotation(object, RUN)?.parse().ok()
}

fn text<'o>(object: &'o Value, pointer: &str) -> &'o str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn annotation<'o>(object: &'o Value, key: &str) -> Option<&'o str> {
    object.pointer("/metadata/annotations")?.get(key)?.as_str()
}

fn weight(object: &Value) -> i64 {
    annotation(object, WEIGHT).and_then(|text| text.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn hook(name: &str, on: &str, weight: &str) -> Value {
        let annotations = json!({ HOOK: on, WEIGHT: weight });
        json!({ "kind": "Job", "metadata": { "name": name, "annotations": annotations } })
    }

    fn names(of: &[Value]) -> Vec<&str> {
        of.iter().map(|one| text(one, "/metadata/name")).collect()
    }

    #[test]
    fn hooks_come_by_occasion_and_weight() {
        let objects = vec![
            json!({ "kind": "Thing", "metadata": { "name": "thing" } }),
            json!({ "kind": "CustomResourceDefinition", "metadata": { "name": "things" } }),
            hook("late", "post-install,post-upgrade", "0"),
            hook("second", "pre-install, pre-upgrade", "5"),
            hook("first", "pre-install", "-5"),
            hook("gone", "pre-delete", "0"),
            hook("back", "pre-rollback", "0"),
        ];
        let install = Bundle::of_chart(objects.clone(), false);
        assert_eq!(names(&install.before), ["first", "second"]);
        assert_eq!((names(&install.objects), names(&install.after)), (vec!["thing", "things"], vec!["late"]));
        let upgrade = Bundle::of_chart(objects, true);
        assert_eq!((names(&upgrade.before), names(&upgrade.after)), (vec!["second"], vec!["late"]));
        assert!(upgrade.after.iter().all(|one| upgrade.is_hook(one)));
        let waves = ["Thing", "CustomResourceDefinition", "ServiceAccount", "Pod"].map(wave);
        assert_eq!(waves, [2, 0, 1, 2]);
    }
}
