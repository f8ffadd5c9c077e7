//! The service against both databases.

use crate::{Mcm, McmError};
use hansa_ontology::{ApplicationId, MachineId};
use hansa_pim::{
    ErrorKind, Machine, MachineRequest, NodeShare, Pim, Removal,
    testing::{Room, check_room, machine_request, node, pim},
};
use hansa_repository::{Database, testing::for_each_database};
use uuid::Uuid;

impl Room for Mcm {
    type Error = McmError;
    async fn ensure(&self, request: &MachineRequest) -> Result<NodeShare, McmError> {
        self.placement_ensure(request).await.map(|given| given.ready().expect("a share"))
    }
    async fn release(&self, machine: MachineId) -> Result<(), McmError> {
        assert_eq!(self.placement_release(machine).await?, Removal::Gone);
        Ok(())
    }
    async fn list(&self) -> Result<Vec<Machine>, McmError> {
        self.placement_list(None).await
    }
}

/// Runs the test with the service over one node of 4 processors on each database.
fn with_a_node(test: impl AsyncFn(Mcm, Pim, Database)) {
    for_each_database(&[hansa_pim::MIGRATIONS, crate::MIGRATIONS], async |database| {
        let data = tempfile::tempdir().unwrap();
        let pim = pim(&database, data.path()).await;
        pim.node_register(vec![node("a", 4_000, 4_096, &["proxy"])]).await.unwrap();
        let service = Mcm::new(&pim);
        test(service, pim, database).await;
    });
}

#[test]
fn one_killed_at_any_step_is_ended_by_the_same_call() {
    with_a_node(async |service, pim, database| {
        check_room(&service, &pim, &database, &machine_request(1, 1_000)).await;
    });
}

#[test]
fn several_live_on_one_node_until_it_is_full() {
    with_a_node(async |service, _, _| {
        let amounts = machine_request(1, 1_500).amounts;
        for n in [1, 2] {
            let share = service.ensure(&machine_request(n, 1_500)).await.unwrap();
            assert_eq!((share.node.as_str(), share.amounts), ("a", amounts));
        }
        let error = service.placement_ensure(&machine_request(3, 1_500)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoRoom);
        assert!(error.to_string().ends_with("; a: 1 CPU is free, 1.5 are asked"), "{error}");

        let mine = service.placement_list(Some(ApplicationId(Uuid::from_u128(1)))).await.unwrap();
        let ready: Vec<bool> = mine.iter().map(|one| one.share().is_some()).collect();
        assert_eq!(ready, [true, true, false]);
        let clash = service.placement_ensure(&machine_request(1, 1_000)).await.unwrap_err();
        assert_eq!(clash.kind(), ErrorKind::Conflict);
        for one in mine {
            service.placement_release(one.request.machine).await.unwrap();
            assert_eq!(service.placement(one.request.machine).await.unwrap(), None);
        }
    });
}
