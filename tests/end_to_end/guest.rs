//! A package inside a virtual machine that really boots: a guest of Debian
//! under libvirt and QEMU, with systemd and cloud-init, which fetches the agent
//! from the broker at its first boot.

use crate::harness::{Broker, Options, Owner, attempt, fetch, forward};
use hansa_test_systems::{Libvirt, free_port};
use serde_json::json;
use std::time::Duration;

/// An emulated processor boots slowly, and slower still where much else is done.
const BOOT: Duration = Duration::from_secs(900);

#[test]
fn a_package_runs_inside_a_guest_that_boots() {
    let Some(libvirt) = Libvirt::start() else { return };
    if !libvirt.with_guest() {
        return;
    }
    let door = format!("192.168.177.1:{}", free_port());
    let owner = Some(Owner::named("metal", "DE"));
    let broker =
        Broker::start(Options { owner, more: format!("agents:\n  url: http://{door}\n"), ..Options::default() })
            .expect("SQLite");
    forward(&door, broker.url().trim_start_matches("http://").to_owned());
    let site = broker.site();
    let (pool, network) = (format!("pool={}", libvirt.pool), format!("network={}", libvirt.network));
    let words = ["system", "connect", "hall", "--kind", "libvirt", "--site", &site, "--address", &libvirt.address];
    let settings = ["--set", &pool, "--set", &network, "--set", "image=guest.qcow2", "--set", "virtType=qemu"];
    broker
        .cli(
            &[
                &words[..],
                &settings,
                &["--set", "agent=processes", "--set", "graceSeconds=5", "--set", "capabilities=hall"],
            ]
            .concat(),
        )
        .ok();
    let shape = "name: guest\nkind: virtual-machine\ncpuMilli: 1000\nmemoryMib: 1024\ndiskMib: 4096\n";
    let flavour = broker.file("flavour.yaml", shape);
    broker.cli(&["flavour", "add", &flavour]).ok();
    let offer = ["system", "offers", "hall", "--flavour", "guest", "--per-cpu", "0.01", "--capability", "hall"];
    attempt(BOOT, || {
        let made = broker.cli(&[&offer[..], &["--publish"]].concat());
        if made.code == 0 { Ok(()) } else { Err(made.stderr) }
    })
    .unwrap();

    let serve = "echo inside $(uname -n) > index.html; exec python3 -m http.server -b $HANSA_ADDRESS $PORT_HTTP";
    let accepted = broker.submit(&json!({
        "hansa": 1,
        "name": "inside",
        "components": { "page": {
            "package": { "process": { "command": ["sh", "-c", serve] } },
            "resources": { "cpu": "500m", "memory": "64Mi" },
            "ports": { "http": {} },
            "constraints": { "capabilities": ["hall"] },
            "health": { "probe": { "http": { "port": "http" } }, "interval": "2s", "timeout": "2s" }
        } }
    }));
    let page = attempt(BOOT, || {
        let all = broker.workloads("inside");
        let at = all.first().filter(|one| one.state == "running").and_then(|one| one.endpoints.get("http"));
        at.and_then(|at| fetch(*at).ok())
            .ok_or_else(|| format!("{all:#?} {}", broker.cli(&["event", "list", "--application", "inside"]).stdout))
    })
    .unwrap();
    assert!(page.contains("inside hansa-"), "the machine's name is that of its order: {page}");
    broker.done(&accepted);
    let accepted = broker.remove("inside").send();
    broker.done(&accepted);
    assert_eq!(libvirt.virsh(&["list", "--all", "--name"]).trim(), "", "a domain is left behind");
    let volumes = libvirt.virsh(&["vol-list", &libvirt.pool]);
    assert!(!volumes.contains("hansa-"), "{volumes}");
}
