//! How a cluster stands, by what its objects say: of both versions of their
//! API, which tell the same in different places.

use hansa_kubernetes_client::bounded;
use serde_json::Value;

/// Conditions that are bad news when they are true.
const NEGATIVE: [&str; 6] = ["Deleting", "Paused", "Remediating", "RollingOut", "ScalingDown", "ScalingUp"];
/// So many of them are told.
const TOLD: usize = 4;

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The conditions, the newer ones first where there are both sorts.
fn conditions(object: &Value) -> impl Iterator<Item = &Value> {
    let lists = ["/status/v1beta2/conditions", "/status/conditions"];
    lists.into_iter().filter_map(|at| object.pointer(at)?.as_array()).flatten()
}

fn is_true(object: &Value, condition: &str) -> bool {
    conditions(object).any(|one| text(one, "/type") == condition && text(one, "/status") == "True")
}

/// Whether its control plane has worked once: from then on something may run there.
pub(super) fn is_initialised(cluster: &Value) -> bool {
    cluster.pointer("/status/initialization/controlPlaneInitialized") == Some(&Value::Bool(true))
        || is_true(cluster, "ControlPlaneInitialized")
        || is_ready(cluster)
}

/// What the older version tells of the control plane.
fn is_ready(cluster: &Value) -> bool {
    cluster.pointer("/status/controlPlaneReady") == Some(&Value::Bool(true))
}

/// Whether its control plane works now.
fn is_available(cluster: &Value) -> bool {
    is_true(cluster, "ControlPlaneAvailable") || is_true(cluster, "ControlPlaneReady") || is_ready(cluster)
}

/// How many workers are ready. None where nothing tells.
pub(super) fn workers_ready(cluster: &Value, groups: Option<&[Value]>) -> Option<u64> {
    if let Some(groups) = groups {
        let ready = |group: &Value| group.pointer("/status/readyReplicas").and_then(Value::as_u64).unwrap_or(0);
        return Some(groups.iter().map(ready).sum());
    }
    let places = ["/status/workers", "/status/v1beta2/workers"];
    let told = places.iter().find_map(|at| cluster.pointer(at));
    ["readyReplicas", "availableReplicas"].iter().find_map(|key| told?.get(*key)?.as_u64())
}

/// What a cluster that is being made waits for; None: it can be used.
pub(super) fn waits_for(cluster: &Value, ready: Option<u64>, wanted: u32) -> Option<String> {
    let mut parts = Vec::new();
    if !is_initialised(cluster) || !is_available(cluster) {
        parts.push("its control plane".to_owned());
    }
    if ready.is_none_or(|ready| ready < u64::from(wanted)) {
        parts.push(format!("{} of {wanted} workers", u64::from(wanted).saturating_sub(ready.unwrap_or(0))));
    }
    if parts.is_empty() {
        return None;
    }
    let said = words(cluster);
    let waits = format!("waits for {}", parts.join(" and "));
    Some(if said.is_empty() { waits } else { format!("{waits}; {said}") })
}

/// What the conditions say that is not as it should be, in their own words.
pub(super) fn words(object: &Value) -> String {
    let mut told: Vec<String> = Vec::new();
    for one in conditions(object) {
        let (kind, status) = (text(one, "/type"), text(one, "/status"));
        let negative = NEGATIVE.contains(&kind);
        if (status == "True") != negative || status.is_empty() {
            continue;
        }
        let (reason, message) = (text(one, "/reason"), text(one, "/message"));
        let flat = message.split_whitespace().collect::<Vec<_>>().join(" ");
        let said = match (reason, flat.as_str()) {
            ("", "") => continue,
            (reason, "") => format!("{kind}: {reason}"),
            ("", message) => format!("{kind}: {message}"),
            (reason, message) => format!("{kind}: {reason}: {message}"),
        };
        // Conditions sum one another up: what was said is not said again.
        if !flat.is_empty() && told.iter().any(|known| known.contains(&flat)) {
            continue;
        }
        told.push(said);
        if told.len() == TOLD {
            break;
        }
    }
    bounded(&told.join("; "))
}

/// Why it has failed for good, where its provider says so.
pub(super) fn failure(cluster: &Value) -> Option<String> {
    let places = ["/status", "/status/deprecated/v1beta1"];
    let found = places.iter().find_map(|at| {
        let (reason, message) =
            (text(cluster, &format!("{at}/failureReason")), text(cluster, &format!("{at}/failureMessage")));
        (!reason.is_empty() || !message.is_empty()).then(|| [reason, message].map(str::to_owned))
    })?;
    let parts: Vec<String> = found.into_iter().filter(|part| !part.is_empty()).collect();
    Some(bounded(&parts.join(": ")))
}

/// What keeps an object that is being deleted.
pub(super) fn held_by(object: &Value) -> String {
    let all = object.pointer("/metadata/finalizers").and_then(Value::as_array);
    let names: Vec<&str> = all.into_iter().flatten().filter_map(Value::as_str).collect();
    let deleting = conditions(object).find(|one| text(one, "/type") == "Deleting").map(|one| text(one, "/message"));
    match (names.is_empty(), deleting.filter(|said| !said.is_empty())) {
        (true, None) => String::new(),
        (true, Some(said)) => bounded(said),
        (false, None) => format!("held by {}", names.join(", ")),
        (false, Some(said)) => bounded(&format!("held by {}: {said}", names.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_older_version_is_understood() {
        let mut cluster = json!({ "status": { "phase": "Provisioning", "infrastructureReady": false, "conditions": [
            { "type": "Ready", "status": "False", "severity": "Info", "reason": "WaitingForInfrastructure",
              "message": "0 of 2 completed" },
            { "type": "ControlPlaneInitialized", "status": "False", "reason": "WaitingForControlPlane", "message": "" },
        ] } });
        assert!(!is_initialised(&cluster));
        let waits = waits_for(&cluster, Some(0), 2).unwrap();
        assert_eq!(
            waits,
            "waits for its control plane and 2 of 2 workers; Ready: WaitingForInfrastructure: 0 of 2 completed; \
             ControlPlaneInitialized: WaitingForControlPlane"
        );
        cluster["status"]["conditions"] = json!([
            { "type": "ControlPlaneInitialized", "status": "True" }, { "type": "ControlPlaneReady", "status": "True" }]);
        assert_eq!(waits_for(&cluster, Some(1), 2).unwrap(), "waits for 1 of 2 workers");
        assert_eq!(waits_for(&cluster, Some(2), 2), None);
    }

    #[test]
    fn the_newer_version_is_understood() {
        let mut cluster = json!({ "status": {
            "initialization": { "infrastructureProvisioned": true, "controlPlaneInitialized": true },
            "workers": { "desiredReplicas": 3, "readyReplicas": 1 },
            "conditions": [
                { "type": "Available", "status": "False", "reason": "NotAvailable",
                  "message": "* WorkersAvailable: 2 machines not ready" },
                { "type": "WorkersAvailable", "status": "False", "reason": "NotAvailable", "message": "2 machines not ready" },
                { "type": "ControlPlaneAvailable", "status": "True", "reason": "Available", "message": "" },
                { "type": "RollingOut", "status": "False", "reason": "NotRollingOut", "message": "" },
                { "type": "ScalingUp", "status": "True", "reason": "ScalingUp", "message": "Scaling up from 1 to 3 replicas" },
            ],
        } });
        let ready = workers_ready(&cluster, None);
        assert_eq!(ready, Some(1));
        let waits = waits_for(&cluster, ready, 3).unwrap();
        assert!(
            waits.starts_with("waits for 2 of 3 workers; Available: NotAvailable: * WorkersAvailable: 2"),
            "{waits}"
        );
        assert!(waits.ends_with("ScalingUp: ScalingUp: Scaling up from 1 to 3 replicas"), "{waits}");
        assert_eq!(waits.matches("2 machines not ready").count(), 1, "{waits}");
        cluster["status"]["workers"]["readyReplicas"] = json!(3);
        assert_eq!(waits_for(&cluster, workers_ready(&cluster, None), 3), None);
    }

    #[test]
    fn failures_and_what_holds_are_told() {
        let failed = json!({ "status": { "failureReason": "CreateError", "failureMessage": "vCPU limit exceeded" } });
        assert_eq!(failure(&failed).as_deref(), Some("CreateError: vCPU limit exceeded"));
        assert_eq!(failure(&json!({ "status": { "failureReason": "" } })), None);
        let going = json!({ "metadata": { "finalizers": ["cluster.cluster.x-k8s.io"] }, "status": { "conditions": [
            { "type": "Deleting", "status": "True", "message": "* MachineDeployments: workers" }] } });
        assert_eq!(held_by(&going), "held by cluster.cluster.x-k8s.io: * MachineDeployments: workers");
    }
}
