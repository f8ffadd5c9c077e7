//! The service against both databases.

use crate::{Vip, VipError};
use hansa_ontology::{ApplicationId, MachineId, SiteId};
use hansa_pim::{
    ErrorKind, Machine, MachineRequest, NodeShare, Pim,
    testing::{Room, check_room, local_sites, machine_request, node, pim, site},
};
use hansa_repository::{
    Database,
    testing::{HandClock, for_each_database},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use uuid::Uuid;

impl Room for Vip {
    type Error = VipError;
    async fn ensure(&self, request: &MachineRequest) -> Result<NodeShare, VipError> {
        self.machine_ensure(request).await
    }
    async fn release(&self, machine: MachineId) -> Result<(), VipError> {
        self.machine_release(machine).await
    }
    async fn list(&self) -> Result<Vec<Machine>, VipError> {
        self.machine_list(None).await
    }
}

/// Runs the test with the service over one node of 4 processors on each database.
fn with_a_node(test: impl AsyncFn(Vip, Pim, Database)) {
    for_each_database(&[hansa_pim::MIGRATIONS, crate::MIGRATIONS], async |database| {
        let data = tempfile::tempdir().unwrap();
        let pim = pim(&database, data.path());
        pim.node_register(vec![node("a", 4_000, 4_096, &["proxy"])]).await.unwrap();
        let clock = Arc::new(HandClock::default());
        let service = Vip::new(database.clone(), clock, pim.clone(), &local_sites()).unwrap();
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
        let (amounts, none) = (machine_request(1, 1_500).amounts, BTreeSet::new());
        assert_eq!(service.units_free(&site(), amounts, &none).await.unwrap(), 2);
        for n in [1, 2] {
            let share = service.machine_ensure(&machine_request(n, 1_500)).await.unwrap();
            assert_eq!((share.node.as_str(), share.amounts), ("a", amounts));
        }
        assert_eq!(service.units_free(&site(), amounts, &none).await.unwrap(), 0);
        let error = service.machine_ensure(&machine_request(3, 1_500)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoRoom);
        assert!(error.to_string().ends_with("; a: 1 CPU is free, 1.5 are asked"), "{error}");

        let mine = service.machine_list(Some(ApplicationId(Uuid::from_u128(1)))).await.unwrap();
        let ready: Vec<bool> = mine.iter().map(|one| one.share().is_some()).collect();
        assert_eq!(ready, [true, true, false]);
        let clash = service.machine_ensure(&machine_request(1, 1_000)).await.unwrap_err();
        assert_eq!(clash.kind(), ErrorKind::Conflict);
        for one in mine {
            service.machine_release(one.request.machine).await.unwrap();
            assert_eq!(service.machine(one.request.machine).await.unwrap(), None);
        }
        assert_eq!(service.units_free(&site(), amounts, &none).await.unwrap(), 2);
    });
}

#[test]
fn a_site_without_a_connector_is_named() {
    with_a_node(async |_, pim, database| {
        let clock = || Arc::new(HandClock::default());
        let closed = Vip::new(database.clone(), clock(), pim.clone(), &BTreeMap::new()).unwrap();
        assert!(!closed.serves(&site()));
        let ask = machine_request(1, 1_000);
        assert_eq!(closed.units_free(&ask.site, ask.amounts, &ask.capabilities).await.unwrap(), 0);
        // A site with nodes that its owner added needs no name of a connector; this one has none.
        let elsewhere = MachineRequest { site: SiteId::new("urn:test:site:elsewhere").unwrap(), ..ask };
        let error = closed.machine_ensure(&elsewhere).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoConnector);
        assert_eq!(
            error.to_string(),
            "site urn:test:site:elsewhere has no connector for virtual machines; name one in the configuration of the site"
        );
        let unknown = BTreeMap::from([(site(), "elsewhere".to_owned())]);
        let error = Vip::new(database, clock(), pim, &unknown).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
    });
}
