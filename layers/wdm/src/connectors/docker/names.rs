//! How what this broker makes in an engine is called, and by which labels it
//! is known again. What has the name and not the label is somebody else's.

use crate::model::WorkloadSpec;
use hansa_ontology::{ApplicationId, WorkloadId};
use std::collections::HashMap;

/// Whose it is: this broker's id.
pub(super) const BROKER: &str = "hansa-broker";
/// The application's id.
pub(super) const APPLICATION: &str = "hansa-application";
/// The workload's id.
pub(super) const WORKLOAD: &str = "hansa-workload";
/// The run's number.
pub(super) const RUN: &str = "hansa-run";
/// Which step before the workload's container it is; others have no such label.
pub(super) const STEP: &str = "hansa-init-step";
/// The component's name.
pub(super) const COMPONENT: &str = "hansa-component";
/// The instance's ordinal.
pub(super) const ORDINAL: &str = "hansa-ordinal";
/// The revision.
const REVISION: &str = "hansa-revision";
/// The application's name, for people.
const APPLICATION_NAME: &str = "hansa-application-name";
/// A volume's name in the model.
const VOLUME: &str = "hansa-volume";
/// Published ports: `20001:8080,20002:9090`, outside and inside.
pub(super) const PORTS: &str = "hansa-ports";
/// The memory limit in MiB, for the words of an end by it.
pub(super) const MEMORY: &str = "hansa-memory-mib";

/// Labels of a thing in an engine.
pub(super) type Labels = HashMap<String, String>;

/// The container that runs a workload.
pub(super) fn container(workload: WorkloadId) -> String {
    format!("hansa-{workload}")
}

/// What is left of an earlier run, kept for its output.
pub(super) fn earlier(workload: WorkloadId, run: u64) -> String {
    format!("hansa-{workload}.run-{run}")
}

/// A step before a workload's container; a run takes the place of the one before.
pub(super) fn step(workload: WorkloadId, index: usize) -> String {
    format!("hansa-{workload}.init-{index}")
}

/// The network of an application.
pub(super) fn network(application: ApplicationId) -> String {
    format!("hansa-{application}")
}

/// A volume of one instance of a component.
pub(super) fn volume(application: ApplicationId, component: &str, ordinal: u32, volume: &str) -> String {
    format!("hansa-{application}-{component}-{ordinal}-{volume}")
}

/// Of an application as a whole.
pub(super) fn of_application(broker: &str, application: ApplicationId) -> Labels {
    labels([(BROKER, broker.to_owned()), (APPLICATION, application.to_string())])
}

/// Of a volume.
pub(super) fn of_volume(broker: &str, spec: &WorkloadSpec, volume: &str) -> Labels {
    let mut all = of_instance(broker, spec.application, &spec.component, spec.ordinal);
    all.insert(APPLICATION_NAME.to_owned(), spec.application_name.clone());
    all.insert(VOLUME.to_owned(), volume.to_owned());
    all
}

/// Of one instance of a component, whichever workload runs it.
pub(super) fn of_instance(broker: &str, application: ApplicationId, component: &str, ordinal: u32) -> Labels {
    let mut all = of_application(broker, application);
    all.extend(labels([(COMPONENT, component.to_owned()), (ORDINAL, ordinal.to_string())]));
    all
}

/// Of a container.
pub(super) fn of_container(broker: &str, spec: &WorkloadSpec, run: u64) -> Labels {
    let mut all = of_instance(broker, spec.application, &spec.component, spec.ordinal);
    all.extend(labels([
        (APPLICATION_NAME, spec.application_name.clone()),
        (WORKLOAD, spec.id.to_string()),
        (RUN, run.to_string()),
        (REVISION, spec.revision.clone()),
        (MEMORY, spec.resources.memory.0.to_string()),
    ]));
    all
}

/// Of everything of this broker.
pub(super) fn of_broker(broker: &str) -> Labels {
    labels([(BROKER, broker.to_owned())])
}

fn labels<const N: usize>(pairs: [(&str, String); N]) -> Labels {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// As engines filter lists and events.
pub(super) fn filter(labels: &Labels) -> HashMap<String, Vec<String>> {
    let mut pairs: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    pairs.sort();
    HashMap::from([("label".to_owned(), pairs)])
}

/// Whether this broker made it.
pub(super) fn is_ours(found: Option<&Labels>, broker: &str) -> bool {
    found.and_then(|labels| labels.get(BROKER)).is_some_and(|of| of == broker)
}

/// A label that has to be there, as what it stands for.
pub(super) fn read<T: std::str::FromStr>(found: Option<&Labels>, label: &str) -> Option<T> {
    found?.get(label)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn only_what_bears_our_label_is_ours() {
        let ours = of_application("b1", ApplicationId(Uuid::from_u128(7)));
        assert!(is_ours(Some(&ours), "b1"));
        assert!(!is_ours(Some(&ours), "b2") && !is_ours(Some(&Labels::new()), "b1") && !is_ours(None, "b1"));
        assert_eq!(read::<ApplicationId>(Some(&ours), APPLICATION), Some(ApplicationId(Uuid::from_u128(7))));
        let asked = filter(&ours);
        assert_eq!(asked["label"][1], "hansa-broker=b1");
    }
}
