//! `hansa demo --once`: the README's first command.

use crate::harness::{hansa, leftover_processes};
use std::fs;

#[test]
fn the_demo_shows_everything_and_leaves_nothing() {
    let folder = tempfile::Builder::new().prefix("hansa-e2e-demo-").tempdir().unwrap();
    let temporary = folder.path().join("tmp");
    fs::create_dir(&temporary).unwrap();
    let ended = hansa(folder.path(), &["demo", "--once"], &[("TMPDIR", temporary.to_str().unwrap())]);
    let said = format!("{}{}", ended.stdout, ended.stderr);
    assert_eq!(ended.code, 0, "{said}");
    let told = [
        "proxy",
        "application",
        "database",
        "an hour",
        "partnerships",
        "of partners",
        "ACTIVE",
        "loses its power",
        "one proxy runs, not two",
    ];
    for part in told {
        assert!(said.contains(part), "`{part}` in {said}");
    }
    assert_eq!(leftover_processes(folder.path()), Vec::<String>::new());
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0, "the demo's files are gone");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was written where it was called");
}
