//! How far an object of a manifest is: pure. The rules are those of
//! `kubectl rollout status`.

use serde_json::Value;

/// How far an object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Progress {
    /// It works, or there is nothing to wait for.
    Done,
    /// Not yet, and what is missing.
    Waiting(String),
    /// It won't.
    Failed(String),
}

/// Reads it from the object as the cluster has it.
pub(super) fn progress(object: &Value) -> Progress {
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
    let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
    let said = |what: String| format!("{kind} {name}: {what}");
    let outcome = match kind {
        "Deployment" => replicas(object, "availableReplicas"),
        "StatefulSet" | "ReplicaSet" => replicas(object, "readyReplicas"),
        "DaemonSet" => daemons(object),
        "Job" => job(object),
        "Pod" => pod(object),
        "PersistentVolumeClaim" => claim(object),
        _ => Ok(None),
    };
    match outcome {
        Ok(None) => Progress::Done,
        Ok(Some(waits)) => Progress::Waiting(said(waits)),
        Err(fails) => Progress::Failed(said(fails)),
    }
}

type Outcome = Result<Option<String>, String>;

fn number(object: &Value, pointer: &str) -> Option<i64> {
    object.pointer(pointer).and_then(Value::as_i64)
}

fn condition<'a>(object: &'a Value, kind: &str, status: &str) -> Option<&'a str> {
    let all = object.pointer("/status/conditions")?.as_array()?;
    let of = |one: &&Value, key: &str, wanted: &str| one.get(key).and_then(Value::as_str) == Some(wanted);
    let one = all.iter().find(|one| of(one, "type", kind) && of(one, "status", status))?;
    one.get("message").or(one.get("reason")).and_then(Value::as_str).or(Some(""))
}

fn unobserved(object: &Value) -> bool {
    number(object, "/status/observedGeneration").unwrap_or(0) < number(object, "/metadata/generation").unwrap_or(0)
}

fn replicas(object: &Value, counted: &str) -> Outcome {
    if let Some(message) = condition(object, "ReplicaFailure", "True") {
        return Err(message.to_owned());
    }
    if let Some(message) = condition(object, "Progressing", "False") {
        return Err(message.to_owned());
    }
    if unobserved(object) {
        return Ok(Some("the change is not yet seen".to_owned()));
    }
    let wished = number(object, "/spec/replicas").unwrap_or(1);
    let of = |field: &str| number(object, &format!("/status/{field}")).unwrap_or(0);
    let updated = if counted == "readyReplicas" && object.pointer("/status/updateRevision").is_none() {
        wished
    } else {
        of("updatedReplicas")
    };
    if updated < wished {
        return Ok(Some(format!("{updated} of {wished} pods are of this revision")));
    }
    let works = of(counted);
    Ok((works < wished).then(|| format!("{works} of {wished} pods are ready")))
}

fn daemons(object: &Value) -> Outcome {
    if unobserved(object) {
        return Ok(Some("the change is not yet seen".to_owned()));
    }
    let of = |field: &str| number(object, &format!("/status/{field}")).unwrap_or(0);
    let (wished, works) = (of("desiredNumberScheduled"), of("numberAvailable").min(of("updatedNumberScheduled")));
    Ok((works < wished).then(|| format!("{works} of {wished} nodes have it")))
}

fn job(object: &Value) -> Outcome {
    if let Some(message) = condition(object, "Failed", "True") {
        return Err(message.to_owned());
    }
    Ok(condition(object, "Complete", "True").is_none().then(|| "it is not yet complete".to_owned()))
}

fn pod(object: &Value) -> Outcome {
    match object.pointer("/status/phase").and_then(Value::as_str) {
        Some("Succeeded") => Ok(None),
        Some("Failed") => Err("it has failed".to_owned()),
        _ => Ok(condition(object, "Ready", "True").is_none().then(|| "it is not ready".to_owned())),
    }
}

fn claim(object: &Value) -> Outcome {
    let lost = object.pointer("/status/phase").and_then(Value::as_str) == Some("Lost");
    if lost { Err("its volume is lost".to_owned()) } else { Ok(None) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_rollout_is_done_when_all_are_new_and_ready() {
        let deployment = |status: Value| {
            progress(&json!({
                "kind": "Deployment", "metadata": { "name": "a", "generation": 2 }, "spec": { "replicas": 2 }, "status": status,
            }))
        };
        let done = json!({ "observedGeneration": 2, "updatedReplicas": 2, "availableReplicas": 2 });
        assert_eq!(deployment(done), Progress::Done);
        let old = json!({ "observedGeneration": 1, "updatedReplicas": 2, "availableReplicas": 2 });
        assert!(matches!(deployment(old), Progress::Waiting(_)));
        let half = json!({ "observedGeneration": 2, "updatedReplicas": 2, "availableReplicas": 1 });
        assert_eq!(deployment(half), Progress::Waiting("Deployment a: 1 of 2 pods are ready".to_owned()));
        let full =
            json!({ "conditions": [{ "type": "ReplicaFailure", "status": "True", "message": "exceeded quota" }] });
        assert_eq!(deployment(full), Progress::Failed("Deployment a: exceeded quota".to_owned()));
    }

    #[test]
    fn a_job_is_done_when_it_is_complete() {
        let job = |kind: &str| {
            progress(&json!({
                "kind": "Job", "metadata": { "name": "j" },
                "status": { "conditions": [{ "type": kind, "status": "True", "message": "why" }] },
            }))
        };
        assert_eq!(job("Complete"), Progress::Done);
        assert_eq!(job("Failed"), Progress::Failed("Job j: why".to_owned()));
    }

    #[test]
    fn nothing_is_waited_for_where_there_is_no_work() {
        assert_eq!(progress(&json!({ "kind": "ConfigMap", "metadata": { "name": "c" } })), Progress::Done);
    }
}
