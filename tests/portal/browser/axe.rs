//! axe, the engine that looks for what keeps people out of a page.

use super::{Browser, Look};
use crate::harness::say;
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

/// axe's program. None, loudly, where it isn't installed; a failure where
/// `HANSA_TEST_AXE=required` says that it has to be.
static AXE: LazyLock<Option<String>> = LazyLock::new(|| {
    let named = std::env::var_os("HANSA_AXE").map(PathBuf::from);
    let file = named.unwrap_or_else(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        target.join("tools/node_modules/axe-core/axe.min.js")
    });
    if file.is_file() {
        return Some(fs::read_to_string(file).unwrap());
    }
    let required = std::env::var("HANSA_TEST_AXE").is_ok_and(|value| value == "required");
    assert!(!required, "HANSA_TEST_AXE=required, but axe-core is not there: .ci/run installs it, HANSA_AXE names it");
    say("!!!! axe-core is absent: accessibility is NOT checked (npm install axe-core, HANSA_AXE=…/axe.min.js) !!!!");
    None
});

/// What axe finds; every rule it has, best practices too.
const RUN: &str = "
    const done = arguments[arguments.length - 1];
    axe.run(document, { resultTypes: ['violations'] }).then(
        (found) => done(found.violations.map((v) =>
            `${v.id} (${v.impact}): ${v.help}: ` + v.nodes.map((n) => n.html.slice(0, 300) + ' ' + (n.failureSummary || '')).join('\\n    '))),
        (error) => done(['axe failed: ' + error]));";

impl Browser {
    /// axe finds nothing wrong with this page, light and dark.
    #[track_caller]
    pub(crate) fn is_accessible(&self, look: &Look) {
        let Some(axe) = &*AXE else { return };
        for dark in [false, true] {
            self.look(&Look { dark, ..*look });
            self.script(axe, Vec::new());
            let found = self.run("axe", self.client.execute_async(RUN, Vec::new()));
            let violations: Vec<&str> = found.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let scheme = if dark { "dark" } else { "light" };
            assert!(violations.is_empty(), "axe at {} ({scheme}):\n{}", self.url(), violations.join("\n"));
        }
        self.look(look);
    }
}
