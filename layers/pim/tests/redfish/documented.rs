//! What the standard documents and the emulator lacks.

use super::{connect, connection, controller::Controller, ensured, order, released};
use hansa_pim::{
    Delivery, MachineConnector, Removal, Sleep,
    testing::{noon, run},
};
use hansa_repository::system::{HostState, SystemConnection, SystemErrorKind};
use hansa_test_systems::cut_after;
use serde_json::json;
use std::{sync::Arc, time::Duration};

const MARK: &str = "hansa:00aabbccddee:000000000001";

fn opened(controller: &Controller, settings: &[(&str, &str)]) -> SystemConnection {
    connection(&controller.address, Some(("admin", "pa55word")), settings)
}

async fn connector(controller: &Controller, settings: &[(&str, &str)]) -> Arc<dyn MachineConnector> {
    connect(opened(controller, settings)).await.unwrap()
}

#[test]
fn a_server_is_marked_started_and_given_back_as_it_was() {
    run(async {
        let controller = Controller::start();
        let rack = connector(&controller, &[("bootTarget", "Pxe"), ("graceSeconds", "1")]).await;
        let order = order(1, Some("1"));
        let ready = Delivery::Ready { address: None, id: "1".to_owned() };
        assert_eq!(ensured(&*rack, &order).await, ready);
        assert_eq!(controller.kept(), (MARK.to_owned(), true, "Pxe".to_owned()));
        println!("requests from nothing to ready: {}", controller.state().asked.len());
        let before = controller.state().changes;
        assert_eq!(rack.machine_ensure(&order).await.unwrap(), ready);
        assert_eq!(controller.state().changes, before, "asking again changes nothing");

        controller.state().on = false;
        assert_eq!(ensured(&*rack, &order).await, ready);
        released(&*rack, &order).await;
        assert_eq!(rack.machine_release(&order).await.unwrap(), Removal::Gone);
        let state = controller.state();
        assert_eq!((state.tag.as_str(), state.boot.as_str(), state.on), ("", "None", false));
        assert!(state.asked.iter().any(|one| one == "POST /redfish/v1/Systems/1/Reset"));
    });
}

#[test]
fn a_server_is_only_turned_off_while_nobody_has_it() {
    run(async {
        let controller = Controller::start();
        let taking = connector(&controller, &[("takeRunning", "true"), ("graceSeconds", "1")]).await;
        for (tag, what) in [("INV-0042", "somebody else's"), (MARK, "a machine's of ours"), ("", "nobody's: it runs")] {
            tag.clone_into(&mut controller.state().tag);
            controller.state().on = true;
            // The last is nobody's only for who may take what runs.
            let careful = connector(&controller, &[]).await;
            let rack = if tag.is_empty() { &careful } else { &taking };
            let error = rack.power_switch().unwrap().host_sleep("1").await.unwrap_err();
            assert_eq!((error.kind, controller.state().on), (SystemErrorKind::NoRoom, true), "{what}: {error}");
        }
        let end = std::time::Instant::now() + Duration::from_secs(30);
        while taking.power_switch().unwrap().host_sleep("1").await.unwrap() != Sleep::Off {
            assert!(std::time::Instant::now() < end, "never off");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(controller.kept(), (String::new(), false, "None".to_owned()));
    });
}

#[test]
fn what_is_somebody_elses_is_refused_and_never_touched() {
    run(async {
        let controller = Controller::start();
        let rack = connector(&controller, &[]).await;
        for (tag, on) in [("INV-0042", false), ("hansa:ffffffffffff:000000000001", true), ("", true)] {
            let before = {
                let mut state = controller.state();
                tag.clone_into(&mut state.tag);
                state.on = on;
                state.changes
            };
            let error = rack.machine_ensure(&order(1, Some("1"))).await.unwrap_err();
            assert_eq!(error.kind, SystemErrorKind::NoRoom, "{error}");
            assert!(!error.remedy.is_empty() && error.said.contains(tag), "{error}");
            assert_eq!(rack.machine_ensure(&order(1, None)).await.unwrap_err().kind, SystemErrorKind::NoRoom);
            assert_eq!(rack.machine_release(&order(1, Some("1"))).await.unwrap(), Removal::Gone);
            let report = rack.discover(noon()).await.unwrap();
            assert!(matches!(report.hosts[0].state, HostState::Closed { .. }), "{:?}", report.hosts);
            assert_eq!(report.hosts[0].used_by_others.cpu_milli, 64_000);
            assert_eq!(controller.state().changes, before);
            assert_eq!(controller.state().on, on);
        }
    });
}

#[test]
fn two_machines_get_no_server_both() {
    run(async {
        let controller = Controller::start();
        let rack = connector(&controller, &[]).await;
        ensured(&*rack, &order(1, None)).await;
        let error = rack.machine_ensure(&order(2, Some("1"))).await.unwrap_err();
        assert_eq!(error.kind, SystemErrorKind::NoRoom);
        assert_eq!(controller.state().tag, MARK);
        assert_eq!(rack.machine_release(&order(2, None)).await.unwrap(), Removal::Gone);
        assert!(controller.state().on);
    });
}

#[test]
fn one_that_is_killed_at_any_step_is_ended_by_the_same_call() {
    run(async {
        let controller = Controller::start();
        let settings = [("bootTarget", "Pxe"), ("graceSeconds", "0")];
        for waits in 0..34 {
            {
                let mut state = controller.state();
                (state.tag, state.on, state.boot) = (String::new(), false, "None".to_owned());
            }
            let killed = connector(&controller, &settings).await;
            drop(cut_after(waits, killed.machine_ensure(&order(1, Some("1")))).await.transpose().unwrap());
            let rack = connector(&controller, &settings).await;
            ensured(&*rack, &order(1, Some("1"))).await;
            assert_eq!(controller.kept(), (MARK.to_owned(), true, "Pxe".to_owned()), "{waits}");
            let killed = connector(&controller, &settings).await;
            drop(cut_after(waits, killed.machine_release(&order(1, Some("1")))).await.transpose().unwrap());
            released(&*rack, &order(1, Some("1"))).await;
            let state = controller.state();
            assert_eq!((state.tag.as_str(), state.on, state.boot.as_str()), ("", false, "None"), "{waits}");
        }
    });
}

#[test]
fn a_session_is_used_renewed_and_given_back() {
    run(async {
        let controller = Controller::start();
        let rack = connector(&controller, &[]).await;
        rack.discover(noon()).await.unwrap();
        rack.discover(noon()).await.unwrap();
        assert_eq!(controller.state().logins, 1);
        controller.state().sessions.clear();
        rack.discover(noon()).await.unwrap();
        assert_eq!(controller.state().logins, 2);
        assert_eq!(controller.state().sessions.len(), 1);
        drop(rack);
        for _ in 0..100 {
            if controller.state().sessions.is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(controller.state().sessions.len(), 0);
        let wrong = connect(connection(&controller.address, Some(("admin", "wr0ng")), &[])).await.unwrap();
        let error = wrong.discover(noon()).await.unwrap_err();
        assert_eq!(error.kind, SystemErrorKind::Unauthenticated);
        assert!(error.said.contains("The username or password is wrong.") && !error.to_string().contains("wr0ng"));
    });
}

#[test]
fn changes_of_others_in_between_are_seen() {
    run(async {
        let controller = Controller::start();
        let rack = connector(&controller, &[]).await;
        controller.state().meddle = 1;
        // The claim is decided again by a later round, never forced.
        assert!(matches!(rack.machine_ensure(&order(1, Some("1"))).await.unwrap(), Delivery::Pending(_)));
        assert_eq!(controller.state().tag, "");
        rack.machine_ensure(&order(1, Some("1"))).await.unwrap();
        controller.state().meddle = 1;
        ensured(&*rack, &order(1, Some("1"))).await;
        controller.state().meddle = 2;
        controller.state().on = false;
        released(&*rack, &order(1, Some("1"))).await;
        assert_eq!(controller.state().tag, "");
    });
}

#[test]
fn a_task_that_fails_says_why_and_a_broken_server_is_not_used() {
    run(async {
        let controller = Controller::start();
        let rack = connector(&controller, &[]).await;
        controller.state().task =
            Some(json!({"TaskState": "Exception", "Messages": [{"Message": "The power supply is missing."}]}));
        let error = rack.machine_ensure(&order(1, Some("1"))).await.unwrap_err();
        assert_eq!((error.kind, error.said.as_str()), (SystemErrorKind::Failed, "The power supply is missing."));
        released(&*rack, &order(1, Some("1"))).await;
        controller.state().health = Some("Critical");
        let error = rack.machine_ensure(&order(1, Some("1"))).await.unwrap_err();
        assert_eq!((error.kind, error.said.as_str()), (SystemErrorKind::NoRoom, "its health is Critical"));
        let report = rack.discover(noon()).await.unwrap();
        assert!(matches!(&report.hosts[0].state, HostState::Down { reason } if reason.contains("Critical")));
        assert_eq!(report.notes, ["server 1: its health is Critical"]);
    });
}
