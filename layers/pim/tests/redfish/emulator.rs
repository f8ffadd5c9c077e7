//! Against the emulator of sushy-tools. Its servers have no asset tags, so
//! they can only be used by one broker alone (`mark` = `none`).

use super::{connect, connection, ensured, order, released};
use hansa_pim::{
    Delivery,
    testing::{noon, run},
};
use hansa_repository::system::{HostState, SystemErrorKind};
use hansa_test_systems::{REDFISH_USER, Redfish, cut_after, serve};
use serde_json::Value;
use std::time::Instant;

/// What the service itself says.
async fn told(service: &Redfish, path: &str) -> Value {
    let url = format!("{}/redfish/v1/{path}", service.address);
    reqwest::get(url).await.unwrap().json().await.unwrap()
}

#[test]
fn its_servers_are_seen_with_what_is_measured() {
    let Some(service) = Redfish::start(3, true) else { return };
    run(async {
        let connector = connect(connection(&service.address, Some(REDFISH_USER), &[("mark", "none")])).await.unwrap();
        let report = connector.discover(noon()).await.unwrap();
        assert!(report.software.starts_with("Redfish 1."), "{}", report.software);
        let mut names: Vec<&str> = report.hosts.iter().map(|host| host.name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, service.servers);
        for host in &report.hosts {
            assert_eq!(host.state, HostState::Ready);
            assert_eq!(host.temperature_celsius, Some(41.0));
            assert_eq!(host.facts["power"], "Off");
            assert!(host.facts["network-cards"].starts_with("00:5c:52:31:3a:"), "{:?}", host.facts);
        }

        // It fails at storage that it was not told of; the rest is known all the same.
        assert_eq!(report.notes.len(), 3, "{:?}", report.notes);
        assert!(report.notes.iter().all(|note| note.contains("Error finding storage collection")));

        let careful = connect(connection(&service.address, Some(REDFISH_USER), &[])).await.unwrap();
        let report = careful.discover(noon()).await.unwrap();
        assert!(report.hosts.iter().all(|host| matches!(host.state, HostState::Closed { .. })));
        let refused = careful.machine_ensure(&order(1, Some(&service.servers[0]))).await.unwrap_err();
        assert_eq!(refused.kind, SystemErrorKind::Unsupported);
        assert!(refused.remedy.contains("mark to none"), "{refused}");
    });
}

#[test]
fn a_wrong_credential_is_told_and_shown_nowhere() {
    let Some(service) = Redfish::start(1, true) else { return };
    run(async {
        let wrong = connect(connection(&service.address, Some(("operator", "s3cret-wrong")), &[])).await.unwrap();
        let error = wrong.discover(noon()).await.unwrap_err();
        assert_eq!(error.kind, SystemErrorKind::Unauthenticated);
        assert!(!format!("{error}{error:?}{wrong:?}").contains("s3cret"), "{error}");
        let nobody = connect(connection(&service.address, None, &[])).await.unwrap();
        assert_eq!(nobody.discover(noon()).await.unwrap_err().kind, SystemErrorKind::Unauthenticated);
    });
}

#[test]
fn a_server_is_given_started_again_when_turned_off_and_set_back() {
    let Some(service) = Redfish::start(2, false) else { return };
    run(async {
        let image = format!("{}/boot.iso", serve(b"an image"));
        let (mine, other) = (service.servers[0].as_str(), service.servers[1].as_str());
        let address = format!("address.{mine}");
        let settings = [
            ("mark", "none"),
            ("bootTarget", "Cd"),
            ("mediaUrl", image.as_str()),
            (address.as_str(), "192.0.2.7"),
            ("graceSeconds", "20"),
        ];
        let connector = connect(connection(&service.address, None, &settings)).await.unwrap();
        let (order, begun) = (order(1, Some(mine)), Instant::now());
        let ready = Delivery::Ready { address: Some("192.0.2.7".parse().unwrap()), id: mine.to_owned() };
        assert_eq!(ensured(&*connector, &order).await, ready);
        println!("from the first call to ready: {:?}", begun.elapsed());
        assert_eq!(connector.machine_ensure(&order).await.unwrap(), ready);

        let system = told(&service, &format!("Systems/{mine}")).await;
        assert_eq!((&system["PowerState"], &system["Boot"]["BootSourceOverrideTarget"]), (&"On".into(), &"Cd".into()));
        let drive = told(&service, &format!("Systems/{mine}/VirtualMedia/Cd")).await;
        assert_eq!((&drive["Image"], &drive["Inserted"]), (&image.as_str().into(), &true.into()));
        assert_eq!(told(&service, &format!("Systems/{other}")).await["PowerState"], "Off");

        let reset = format!("{}/redfish/v1/Systems/{mine}/Actions/ComputerSystem.Reset", service.address);
        let off = serde_json::json!({ "ResetType": "ForceOff" });
        assert!(reqwest::Client::new().post(reset).json(&off).send().await.unwrap().status().is_success());
        while told(&service, &format!("Systems/{mine}")).await["PowerState"] == "On" {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        assert!(matches!(connector.machine_ensure(&order).await.unwrap(), Delivery::Pending(_)));
        assert_eq!(ensured(&*connector, &order).await, ready);

        released(&*connector, &order).await;
        released(&*connector, &order).await;
        let system = told(&service, &format!("Systems/{mine}")).await;
        assert_eq!(
            (&system["PowerState"], &system["Boot"]["BootSourceOverrideTarget"]),
            (&"Off".into(), &"None".into())
        );
        assert_eq!(told(&service, &format!("Systems/{mine}/VirtualMedia/Cd")).await["Inserted"], false);
    });
}

#[test]
fn one_that_is_killed_at_any_step_is_ended_by_the_same_call() {
    let Some(service) = Redfish::start(1, false) else { return };
    run(async {
        let settings = [("mark", "none"), ("bootTarget", "Pxe"), ("graceSeconds", "20")];
        let (order, connection) = (order(1, Some(&service.servers[0])), connection(&service.address, None, &settings));
        for waits in 0..40 {
            let connector = connect(connection.clone()).await.unwrap();
            drop(cut_after(waits, connector.machine_ensure(&order)).await.transpose().unwrap());
        }
        let connector = connect(connection.clone()).await.unwrap();
        ensured(&*connector, &order).await;
        for waits in 0..40 {
            let connector = connect(connection.clone()).await.unwrap();
            drop(cut_after(waits, connector.machine_release(&order)).await.transpose().unwrap());
        }
        released(&*connector, &order).await;
        assert_eq!(told(&service, &format!("Systems/{}", service.servers[0])).await["PowerState"], "Off");
    });
}
