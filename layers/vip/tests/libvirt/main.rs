//! The connector `libvirt` against libvirt and QEMU as they run here, without
//! KVM. The guest is QEMU's own network boot, which takes a lease. What is left
//! is listed by libvirt's own client.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a failing set-up fails the test"
)]

use hansa_pim::{
    Amounts, Delivery, MachineConnector, MachineOrder, Removal,
    testing::{self, Rounds, connection, noon, run},
};
use hansa_repository::system::{SystemConnection, SystemErrorKind};
use hansa_test_systems::{Libvirt, cut_after};
use hansa_vip::connectors::KINDS;
use std::sync::Arc;

const ROUNDS: Rounds = Rounds::new(200, 80);

fn hypervisor(address: &str, settings: &[(&str, &str)]) -> SystemConnection {
    connection("libvirt", address, None, settings)
}

async fn connect(connection: SystemConnection) -> Arc<dyn MachineConnector> {
    testing::connector(KINDS, connection).await.unwrap()
}

fn order(n: u128) -> MachineOrder {
    let amounts = Amounts { cpu_milli: 1_000, memory_mib: 128, disk_mib: 1_024, gpus: 0 };
    MachineOrder { amounts, ..testing::order(n, 1) }
}

async fn ensured(connector: &dyn MachineConnector, order: &MachineOrder) -> Delivery {
    ROUNDS.ready(connector, order).await.unwrap().0
}

async fn released(connector: &dyn MachineConnector, order: &MachineOrder) {
    ROUNDS.gone(connector, order).await.unwrap();
}

fn left(libvirt: &Libvirt) -> (String, Vec<String>) {
    let volumes = libvirt.virsh(&["vol-list", &libvirt.pool]);
    let volumes =
        volumes.lines().filter_map(|line| line.split_whitespace().next()).filter(|name| name.starts_with("hansa-"));
    (libvirt.virsh(&["list", "--all", "--name"]).trim().to_owned(), volumes.map(str::to_owned).collect())
}

#[test]
fn a_host_is_seen_with_what_others_use() {
    let Some(_libvirt) = Libvirt::start() else { return };
    run(async {
        // libvirt's own host of the imagination, with a running domain of somebody.
        let connector = connect(hypervisor("test:///default", &[("pool", "default-pool")])).await;
        let report = connector.discover(noon()).await.unwrap();
        let host = &report.hosts[0];
        assert_eq!((host.capacity.cpu_milli, host.capacity.memory_mib), (16_000, 3_072));
        assert_eq!((host.used_by_others.cpu_milli, host.used_by_others.memory_mib), (2_000, 8_192));
        let nowhere = connect(hypervisor("qemu+unix:///system?socket=/nowhere", &[])).await;
        assert_eq!(nowhere.discover(noon()).await.unwrap_err().kind, SystemErrorKind::Unreachable);
        let wrong = connect(hypervisor("qemu:///system", &[])).await;
        let error = wrong.machine_ensure(&order(9)).await.unwrap_err();
        assert!(!error.said.is_empty(), "{error}");
    });
}

#[test]
fn a_domain_is_made_found_started_again_made_anew_and_taken_away() {
    let Some(libvirt) = Libvirt::start() else { return };
    run(async {
        let settings = [
            ("pool", libvirt.pool.as_str()),
            ("network", libvirt.network.as_str()),
            ("image", "base.qcow2"),
            ("virtType", "qemu"),
            ("userData", "#cloud-config\n"),
            ("graceSeconds", "1"),
        ];
        let (order, begun) = (order(1), std::time::Instant::now());
        let host = connect(hypervisor(&libvirt.address, &settings)).await;
        let ready = ensured(&*host, &order).await;
        println!("from the first call to ready: {:?}", begun.elapsed());
        let Delivery::Ready { address: Some(address), .. } = &ready else { panic!("{ready:?}") };
        assert!(address.to_string().starts_with("192.168.177."), "{address}");
        assert_eq!(host.machine_ensure(&order).await.unwrap(), ready);
        let (domains, volumes) = left(&libvirt);
        assert_eq!((domains.as_str(), volumes.len()), (order.name.as_str(), 2));
        let disk = libvirt.virsh(&["vol-dumpxml", &format!("{}.qcow2", order.name), "--pool", &libvirt.pool]);
        assert!(disk.contains("<backingStore>") && disk.contains("base.qcow2"), "{disk}");
        let report = host.discover(noon()).await.unwrap();
        assert_eq!(report.hosts[0].used_by_others.cpu_milli, 0, "what is ours is not of others");

        libvirt.virsh(&["destroy", &order.name]);
        assert!(matches!(host.machine_ensure(&order).await.unwrap(), Delivery::Pending(_)));
        ensured(&*host, &order).await;
        libvirt.virsh(&["destroy", &order.name]);
        libvirt.virsh(&["undefine", &order.name]);
        ensured(&*host, &order).await;

        released(&*host, &order).await;
        released(&*host, &order).await;
        assert_eq!(left(&libvirt), (String::new(), Vec::new()));
    });
}

#[test]
fn a_domain_of_somebody_else_is_refused_and_one_that_was_killed_is_ended() {
    let Some(libvirt) = Libvirt::start() else { return };
    run(async {
        let settings = [
            ("pool", libvirt.pool.as_str()),
            ("network", "user"),
            ("virtType", "qemu"),
            ("address", "none"),
            ("userData", "#cloud-config\n"),
            ("graceSeconds", "0"),
        ];
        let host = connect(hypervisor(&libvirt.address, &settings)).await;
        let order = order(2);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("foreign.xml");
        let foreign = format!(
            "<domain type='qemu'><name>{}</name><memory unit='MiB'>64</memory><os><type>hvm</type></os></domain>",
            order.name
        );
        std::fs::write(&file, foreign).unwrap();
        libvirt.virsh(&["define", file.to_str().unwrap()]);
        let before = libvirt.virsh(&["dumpxml", &order.name]);
        let error = host.machine_ensure(&order).await.unwrap_err();
        assert_eq!(error.kind, SystemErrorKind::Conflict, "{error}");
        assert_eq!(host.machine_release(&order).await.unwrap(), Removal::Gone);
        assert_eq!(libvirt.virsh(&["dumpxml", &order.name]), before);
        libvirt.virsh(&["undefine", &order.name]);

        for waits in (0..24).step_by(3) {
            drop(cut_after(waits, host.machine_ensure(&order)).await.transpose().unwrap());
            ensured(&*host, &order).await;
            drop(cut_after(waits, host.machine_release(&order)).await.transpose().unwrap());
            released(&*host, &order).await;
            assert_eq!(left(&libvirt), (String::new(), Vec::new()), "{waits}");
        }
    });
}
