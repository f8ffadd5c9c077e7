//! Where the sealer may die: tests kill it with SIGKILL at each of these steps.

/// The step has been reached.
#[cfg(not(test))]
pub(super) const fn reached(_step: &'static str) {}

/// Every step, in order.
#[cfg(test)]
pub(super) const ALL: [&str; 12] = [
    "state begun",
    "key made",
    "key written",
    "key listed",
    "records made",
    "records written",
    "intake emptied",
    "checkpoint written",
    "sealed",
    "next key written",
    "next key listed",
    "next key in place",
];

/// The environment variable that names the step at which a test's process dies.
#[cfg(test)]
pub(super) const DIES_AT: &str = "HANSA_TEST_AUDIT_DIES_AT";

/// The step has been reached.
#[cfg(test)]
pub(super) fn reached(step: &'static str) {
    assert!(ALL.contains(&step), "{step} is not in the list");
    if std::env::var(DIES_AT).is_ok_and(|wanted| wanted == step) {
        let own = std::process::id().to_string();
        let killed = std::process::Command::new("kill").args(["-9", &own]).status();
        unreachable!("still alive after {killed:?}");
    }
}
