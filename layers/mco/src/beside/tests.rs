//! What two revisions are to each other, and what a round does with both.

use super::*;
use crate::rollout::{SeenWorkload, rollout_beside};
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

fn application() -> ApplicationId {
    ApplicationId(Uuid::from_u128(7))
}

fn machine(number: u128) -> MachineId {
    MachineId(Uuid::from_u128(number))
}

/// A shop whose servers are of this version.
fn shop(version: &str, replicas: u32) -> ResourceModel {
    serde_json::from_value(json!({
        "hansa": 1, "name": "shop",
        "components": {
            "web": {
                "package": { "process": { "command": ["web", version] } }, "ports": { "http": {} },
                "resources": { "cpu": "500m", "memory": "64Mi" }, "replicas": replicas
            },
            "db": {
                "package": { "process": { "command": ["db"] } }, "ports": { "http": {} },
                "volumes": { "data": { "size": "10Mi" } }
            }
        },
        "links": [{ "from": "web", "to": "db" }]
    }))
    .unwrap()
}

/// A plan with these instances in these machines.
fn plan(machines: &[(u128, &[(&str, u32)])]) -> Plan {
    let planned = |(number, instances): &(u128, &[(&str, u32)])| {
        let instances: Vec<_> = instances
            .iter()
            .map(|(component, ordinal)| json!({ "component": component, "ordinal": ordinal }))
            .collect();
        json!({
            "held": machine(*number), "offer": "urn:t:o", "title": "o", "kind": "virtual-machine", "provider": "did:web:p",
            "site": "urn:t:s", "instances": instances, "pricePerHourMicros": 1, "carbonGramsPerHour": "0",
            "availabilityPercent": null,
            "used": { "cpuMilli": 0, "memoryMib": 0, "diskMib": 0, "gpus": 0 },
            "capacity": { "cpuMilli": 0, "memoryMib": 0, "diskMib": 0, "gpus": 0 }
        })
    };
    serde_json::from_value(json!({
        "machines": machines.iter().map(planned).collect::<Vec<_>>(),
        "pricePerHourMicros": 1, "currency": "EUR", "carbonGramsPerHour": "0", "carbonIntensity": null,
        "availabilityPercent": null, "linkLatencies": [],
        "proof": {
            "status": "optimal", "objective": 0.0, "bound": 0.0, "gap": 0.0, "offersConsidered": 0, "offersEligible": 0,
            "patterns": 0, "nodes": 0
        },
        "components": {}, "notes": []
    }))
    .unwrap()
}

#[test]
fn what_both_want_runs_once_and_takes_its_room_once() {
    let old = Colour::new(1, shop("1", 2), plan(&[(1, &[("db", 0), ("web", 0)]), (2, &[("web", 1)])]));
    let new = shop("2", 2);
    assert!(differs(application(), &old.model, &new) && !differs(application(), &old.model, &shop("1", 5)));
    let stays = held(application(), &new, None, &old);
    assert_eq!(stays.keys().collect::<Vec<_>>(), [&machine(1)], "the database stays");
    let room = reserved(application(), &new, &stays, &old);
    assert_eq!(room[&machine(1)], Amounts { cpu_milli: 500, memory_mib: 64, disk_mib: 0, gpus: 0 });
    assert_eq!(room[&machine(2)].cpu_milli, 500);

    let beside = plan(&[(1, &[("db", 0), ("web", 1)]), (3, &[("web", 0)])]);
    assert_eq!(clash(application(), &old, &new, &beside), None);
    let own = Colour::new(2, new.clone(), beside.clone()).beside(application(), (&old.model, &old.plan)).own;
    let wanted = workload_list(application(), &new, &beside);
    let names: Vec<&str> = wanted.iter().filter(|one| own.contains(&one.id)).map(|one| &*one.component).collect();
    assert_eq!(names, ["web", "web"]);
    // With its own plan it keeps what it has there.
    let mine = held(application(), &new, Some(&beside), &old);
    assert_eq!(mine[&machine(3)].len(), 1);
    assert_eq!(reserved(application(), &new, &mine, &old), room, "the old takes what it took");
}

#[test]
fn what_can_not_stand_beside_itself_is_named_with_its_reason() {
    let old = Colour::new(1, shop("1", 1), plan(&[(1, &[("db", 0), ("web", 0)])]));
    let mut new = shop("2", 1);
    let moved = clash(application(), &old, &new, &plan(&[(2, &[("db", 0), ("web", 0)])])).unwrap();
    assert!(moved.starts_with("db#0 would have to leave its machine and can't stand beside itself: it has a volume"));
    new.components.get_mut("db").unwrap().environment.insert("A".to_owned(), "b".to_owned());
    let changed = clash(application(), &old, &new, &plan(&[(1, &[("db", 0)]), (2, &[("web", 0)])])).unwrap();
    assert!(changed.starts_with("db#0 changes") && changed.contains("update.strategy: rolling"), "{changed}");
    // Where it has moved since, the one that stands beside doesn't start it a second time.
    let kept = workload_list(application(), &old.model, &old.plan);
    let serving = workload_list(application(), &shop("2", 1), &plan(&[(9, &[("db", 0), ("web", 0)])]));
    let names: Vec<&str> = kept
        .iter()
        .filter(|one| own(&serving, &old.model, &kept).contains(&one.id))
        .map(|one| &*one.component)
        .collect();
    assert_eq!(names, ["web"]);
}

proptest! {
    /// Whatever is seen of an old and a new revision: while one serves and the other stands
    /// beside it nothing of either is removed, all of what stands beside runs, and what
    /// neither wants is not kept for it. Which of the two serves makes no difference to that.
    #[test]
    fn nothing_of_either_goes_while_both_stand(
        counts in (1_u32..4, 1_u32..4), seen in prop::collection::vec((any::<bool>(), any::<bool>(), any::<bool>()), 9),
        turned in any::<bool>(), strangers in 0_u128..3,
    ) {
        let webs = |count: u32| (0..count).map(|ordinal| ("web", ordinal)).collect::<Vec<_>>();
        let (first, second) = (webs(counts.0), webs(counts.1));
        let old = Colour::new(1, shop("1", counts.0), plan(&[(1, &[("db", 0)]), (2, &first)]));
        let new = Colour::new(2, shop("2", counts.1), plan(&[(1, &[("db", 0)]), (3, &second)]));
        let (serving, beside) = if turned { (&new, &old) } else { (&old, &new) };
        let desired = workload_list(application(), &serving.model, &serving.plan);
        let other = workload_list(application(), &beside.model, &beside.plan);
        let own = own(&desired, &beside.model, &other);
        prop_assert_eq!(own.len(), other.len() - 1, "the database is one and the same");
        let all = desired.iter().chain(other.iter().filter(|one| own.contains(&one.id)));
        let mut known: Vec<SeenWorkload> = all
            .zip(seen)
            .filter(|(_, (there, ..))| *there)
            .map(|(want, (_, ready, known))| SeenWorkload {
                id: want.id, component: want.component.clone(), ordinal: want.ordinal, ready, known: ready && known, since: None,
            })
            .collect();
        let both: BTreeSet<WorkloadId> = known.iter().map(|one| one.id).collect();
        known.extend((0..strangers).map(|number| SeenWorkload {
            id: WorkloadId(Uuid::from_u128(number)), component: "gone".to_owned(), ordinal: 0, ready: true, known: true, since: None,
        }));
        let round = rollout_beside(&serving.model, &desired, &own, &known);
        prop_assert!(round.remove.iter().all(|id| !both.contains(id)), "{:?}", round.remove);
        prop_assert_eq!(round.remove.len() as u128, strangers);
        prop_assert!(own.iter().all(|id| round.apply.contains(id)));
        prop_assert_eq!(round.apply.iter().collect::<BTreeSet<_>>().len(), round.apply.len());
    }
}
