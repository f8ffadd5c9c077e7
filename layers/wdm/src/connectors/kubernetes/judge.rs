//! What the records of a workload mean: pure.

use super::record::{Container, Controller, HOPELESS, PodRecord};
use crate::{
    connectors::{Activity, Observation},
    model::{Exit, LimitSupport},
};
use hansa_kubernetes_client::quota_words;

/// What is enforced in a cluster.
pub(super) fn limits() -> LimitSupport {
    LimitSupport {
        cpu: true,
        memory: true,
        pids: false,
        explanation: "requests and limits of the pod; how many processes it may have is the node's setting".to_owned(),
    }
}

/// What is there of a workload. A run is one life of the container: when it
/// ended, the run is over, also where the cluster has started the container
/// again meanwhile.
pub(super) fn judge(controller: Option<&Controller>, pods: &[PodRecord], is_served: bool) -> Observation {
    let Some(controller) = controller.filter(|it| !it.deleting) else {
        // What is being deleted is waited for, whoever deletes it.
        let run = controller.map_or(0, |it| it.run).max(pods.iter().map(|pod| pod.run).max().unwrap_or(0));
        let left = controller.is_some() || !pods.is_empty();
        return observation(run, if left { Activity::Ending } else { Activity::Nothing }, None);
    };
    let run = controller.run;
    if controller.replicas == 0 {
        let activity = if pods.is_empty() { Activity::Nothing } else { Activity::Ending };
        return observation(run, activity, None);
    }
    if controller.listens && !is_served {
        let why = "its Service was deleted by somebody else, so nobody reaches it";
        return observation(run, Activity::Failed(why.to_owned()), None);
    }
    let mut own: Vec<&PodRecord> = pods.iter().filter(|pod| pod.run == run && !pod.deleting).collect();
    // One that was evicted stays as a record beside the one in its place.
    own.sort_by_key(|pod| (pod.over.is_none(), pod.created));
    match own.last() {
        Some(pod) => of_pod(run, pod),
        // The pod of a job that is done may be gone before it.
        None => match (&controller.done, &controller.failure) {
            (Some(at), _) => observation(run, Activity::Exited(Exit { code: Some(0), ..Exit::at(*at) }), None),
            (None, Some(failure)) => observation(run, failed(failure), None),
            (None, None) => observation(run, Activity::Starting, None),
        },
    }
}

/// What the cluster says when it makes no pod: by a quota, or by another reason.
pub(super) fn failed(why: &str) -> Activity {
    if quota_words(why) { Activity::Refused(why.to_owned()) } else { Activity::Failed(why.to_owned()) }
}

fn of_pod(run: u64, pod: &PodRecord) -> Observation {
    if let Some(exit) = pod.ended() {
        return observation(run, Activity::Exited(exit.clone()), None);
    }
    if let Some(over) = &pod.over {
        let detail = Some(over.to_string());
        let at = chrono::DateTime::from_timestamp(pod.created, 0).unwrap_or(chrono::DateTime::UNIX_EPOCH);
        let exit = Exit { detail, ..Exit::at(at) };
        return observation(run, Activity::Exited(exit), None);
    }
    if let Some(why) = &pod.unschedulable {
        return observation(run, Activity::Refused(format!("no node of the cluster takes it: {why}")), None);
    }
    if let Some(why) = &pod.stuck {
        return observation(run, Activity::Failed(why.to_string()), None);
    }
    match &pod.container {
        Container::Waiting(reason, said) if HOPELESS.contains(&&**reason) => {
            observation(run, Activity::Failed(format!("{reason}: {said}")), None)
        }
        Container::Running if pod.ready => observation(run, Activity::Running { pid: 0 }, Some(Ok(()))),
        Container::Running => {
            let why = pod.unready.as_deref().unwrap_or("its pod is not ready");
            observation(run, Activity::Running { pid: 0 }, Some(Err(why.to_owned())))
        }
        // A pod in the place of one that somebody deleted: the run goes on.
        _ => observation(run, Activity::Running { pid: 0 }, Some(Err("its pod is being started".to_owned()))),
    }
}

fn observation(run: u64, activity: Activity, verdict: Option<Result<(), String>>) -> Observation {
    // Somebody judges in any case, so nobody else probes.
    let verdict = verdict.or_else(|| Some(Err("it does not run".to_owned())));
    Observation { run, activity, limits: Some(limits()), verdict }
}

#[cfg(test)]
mod tests {
    use super::{super::record::Makes, *};
    use hansa_ontology::WorkloadId;
    use uuid::Uuid;

    fn controller() -> Controller {
        Controller {
            uid: "c".into(),
            version: 1,
            workload: WorkloadId(Uuid::from_u128(1)),
            application: None,
            namespace: "n".into(),
            component: "web".into(),
            hosted: "".into(),
            kind: Makes::Deployment,
            listens: false,
            run: 2,
            replicas: 1,
            deleting: false,
            failure: None,
            done: None,
        }
    }

    fn pod() -> PodRecord {
        PodRecord {
            uid: "p".into(),
            workload: WorkloadId(Uuid::from_u128(1)),
            namespace: "n".into(),
            name: "p".into(),
            run: 2,
            created: 1,
            deleting: false,
            over: None,
            ready: true,
            was_ready: true,
            container: Container::Running,
            restarts: 0,
            last_exit: None,
            unschedulable: None,
            unready: None,
            stuck: None,
        }
    }

    fn exit(code: i32) -> Exit {
        Exit { at: chrono::DateTime::UNIX_EPOCH, code: Some(code), signal: None, out_of_memory_mib: None, detail: None }
    }

    #[test]
    fn it_runs_when_its_pod_is_ready() {
        let seen = judge(Some(&controller()), &[pod()], true);
        assert_eq!((seen.run, seen.activity, seen.verdict), (2, Activity::Running { pid: 0 }, Some(Ok(()))));
    }

    #[test]
    fn a_run_that_ended_once_is_over() {
        let again = PodRecord { restarts: 1, last_exit: Some(Box::new(exit(3))), ..pod() };
        assert_eq!(judge(Some(&controller()), &[again], true).activity, Activity::Exited(exit(3)));
    }

    #[test]
    fn a_pod_of_an_earlier_run_is_no_pod_of_this_one() {
        let old = PodRecord { run: 1, ..pod() };
        assert_eq!(judge(Some(&controller()), &[old], true).activity, Activity::Starting);
    }

    #[test]
    fn what_was_deleted_ends() {
        assert_eq!(judge(None, &[], true).activity, Activity::Nothing);
        assert_eq!(judge(None, &[pod()], true).activity, Activity::Ending);
        let going = Controller { deleting: true, ..controller() };
        assert_eq!(judge(Some(&going), &[], true).activity, Activity::Ending);
        let scaled = Controller { replicas: 0, ..controller() };
        assert_eq!(judge(Some(&scaled), &[pod()], true).activity, Activity::Ending);
        assert_eq!(judge(Some(&scaled), &[], true).activity, Activity::Nothing);
    }

    #[test]
    fn reasons_reach_people() {
        let quota = Controller { failure: Some("exceeded quota: tight".into()), ..controller() };
        assert_eq!(judge(Some(&quota), &[], true).activity, Activity::Refused("exceeded quota: tight".to_owned()));
        let image = Container::Waiting("ErrImagePull".into(), "not found".into());
        let pulled = PodRecord { container: image, ready: false, ..pod() };
        assert_eq!(
            judge(Some(&controller()), &[pulled], true).activity,
            Activity::Failed("ErrImagePull: not found".into())
        );
        let stuck = PodRecord { stuck: Some("init step 1: exited with code 7".into()), ready: false, ..pod() };
        let Activity::Failed(reason) = judge(Some(&controller()), &[stuck], true).activity else { panic!("it failed") };
        assert_eq!(reason, "init step 1: exited with code 7");
        let full = PodRecord { unschedulable: Some("0/1 nodes".into()), ready: false, ..pod() };
        let Activity::Refused(reason) = judge(Some(&controller()), &[full], true).activity else {
            panic!("it can't run")
        };
        assert!(reason.contains("0/1 nodes"), "{reason}");
    }
}
