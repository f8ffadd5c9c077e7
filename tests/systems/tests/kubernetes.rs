//! Clusters start, answer side by side, and leave nothing behind.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing set-up fails the test")]

use hansa_test_systems::{Kubernetes, wanted};
use std::path::Path;

#[test]
fn two_clusters_start_side_by_side_and_leave_nothing() {
    if !wanted("kubernetes", Kubernetes::is_installed(), Kubernetes::REMEDY) {
        return;
    }
    let (one, other) = (Kubernetes::start(), Kubernetes::control_plane());
    assert_ne!(one.address(), other.address());
    let names = [one.name(), other.name()];
    let folder = one.folder().to_owned();
    drop((one, other));
    for name in names {
        assert!(!Path::new("/run/netns").join(&name).exists(), "{name} is left");
        assert!(!Path::new("/sys/fs/cgroup/memory").join(&name).exists(), "{name} is left");
    }
    assert!(!folder.exists());
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
    assert!(!mounts.contains(&*folder.to_string_lossy()), "{mounts}");
}
