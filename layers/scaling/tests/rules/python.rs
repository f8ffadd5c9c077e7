//! Python itself, as the judge: one process for many programs.

use serde_json::{Value, json};
use std::{
    io::Write,
    process::{Command, Stdio},
};

/// Runs each program in a namespace of its own, within bounds, and tells what it printed, or None.
const JUDGE: &str = r#"
import contextlib, io, json, math, resource, signal, sys
resource.setrlimit(resource.RLIMIT_AS, (1 << 31, 1 << 31))
sys.set_int_max_str_digits(0) if hasattr(sys, "set_int_max_str_digits") else None
def late(*_): raise TimeoutError()
signal.signal(signal.SIGALRM, late)
def plain_sum(values, start=0):
    # Since 3.12 sum() of floats is compensated; a rule adds one after another.
    if isinstance(start, str): raise TypeError()
    for value in values: start = start + value
    return start
there = {name: getattr(math, name) for name in ("ceil", "floor", "sqrt", "trunc", "isnan", "isinf", "fabs", "pi", "e")}
judged = []
for program in json.load(sys.stdin):
    printed = io.StringIO()
    namespace = dict(there, sum=plain_sum, time=lambda: program["now"])
    for name, value in program["variables"].items(): namespace[name] = value
    signal.alarm(3)
    try:
        with contextlib.redirect_stdout(printed):
            exec(program["text"], namespace)
        judged.append(printed.getvalue())
    except BaseException as fault:
        judged.append(None)
    signal.alarm(0)
json.dump(judged, sys.stdout)
"#;

/// Whether python3 is there.
pub(crate) fn there() -> bool {
    let runs = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
    hansa_test_systems::wanted("PYTHON", runs, "install python3")
}

/// What Python prints for each program; None where it ends with an error.
pub(crate) fn judge(programs: &[Value]) -> Vec<Option<String>> {
    let mut child = Command::new("python3")
        .args(["-W", "ignore", "-c", JUDGE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(json!(programs).to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}
