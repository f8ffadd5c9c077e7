//! The PostgreSQL server of a test process.
//!
//! A small shell script makes and starts the server, waits for the end of its
//! standard input, and takes the server away. The test process holds the other
//! end of that pipe, so however it ends, SIGKILL included, the script goes on.

use std::{
    io::{BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{ChildStdin, Command, Stdio},
    sync::OnceLock,
};

/// A running server.
#[derive(Debug)]
pub(super) struct Server {
    /// URL with `{database}` in place of the database's name.
    template: String,
    /// Closed when the process ends: the sign for the script to clean up.
    _lifeline: Option<ChildStdin>,
}

impl Server {
    pub(super) fn url(&self, database: &str) -> String {
        self.template.replace("{database}", database)
    }
}

const SCRIPT: &str = r#"
trap '' INT TERM HUP PIPE
PATH="$1:$PATH"
folder=$(mktemp -d /tmp/hansa-pg-XXXXXX) || exit 1
cd "$folder" || exit 1
clean() { pg_ctl -D "$folder/data" -m immediate -w stop >/dev/null 2>&1; cd /; rm -rf "$folder"; }
if initdb -D "$folder/data" -U hansa -A trust -E UTF8 --locale=C --no-sync >"$folder/log" 2>&1 &&
   printf '%s\n' 'fsync = off' 'max_connections = 200' >>"$folder/data/postgresql.conf" &&
   pg_ctl -D "$folder/data" -w -t 60 -l "$folder/log" -o "-c listen_addresses= -c unix_socket_directories=$folder" start </dev/null >>"$folder/log" 2>&1
then echo "ready $folder"
else tr '\n' ' ' <"$folder/log"; echo
fi
exec 1>/dev/null
cat >/dev/null
clean
"#;

/// The server of this process, started at the first call.
pub(super) fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER
        .get_or_init(|| {
            let found = match std::env::var("HANSA_TEST_POSTGRES_URL") {
                Ok(url) => Ok(Server { template: with_placeholder(&url), _lifeline: None }),
                Err(_) => start(),
            };
            found.map_err(skip).ok()
        })
        .as_ref()
}

fn skip(reason: String) {
    assert!(std::env::var("HANSA_TEST_POSTGRES").as_deref() != Ok("required"), "PostgreSQL is required: {reason}");
    eprintln!("\n*** SKIPPED ON POSTGRESQL: {reason} ***\n");
}

/// Puts the placeholder where the URL names its database.
fn with_placeholder(url: &str) -> String {
    let (base, parameters) =
        url.split_once('?').map_or((url, String::new()), |(base, rest)| (base, format!("?{rest}")));
    let (scheme, rest) = base.split_once("://").unwrap_or(("postgres", base));
    let authority = rest.split('/').next().unwrap_or_default();
    format!("{scheme}://{authority}/{{database}}{parameters}")
}

fn start() -> Result<Server, String> {
    let programs = programs().ok_or("initdb and pg_ctl are not installed (Debian: apt install postgresql)")?;
    let mut command = unprivileged();
    let mut child = command
        .args(["sh", "-c", SCRIPT, "hansa-test-postgres"])
        .arg(&programs)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // Ctrl-C in the terminal is for the tests; the script hears of it by the pipe.
        .process_group(0)
        .spawn()
        .map_err(|error| format!("no shell: {error}"))?;
    let lifeline = child.stdin.take();
    let mut line = String::new();
    if let Some(output) = child.stdout.take() {
        BufReader::new(output).read_line(&mut line).map_err(|error| error.to_string())?;
    }
    match line.trim().strip_prefix("ready ") {
        Some(folder) => {
            Ok(Server { template: format!("postgres:///{{database}}?host={folder}&user=hansa"), _lifeline: lifeline })
        }
        None => Err(format!("PostgreSQL does not start: {}", line.trim())),
    }
}

/// PostgreSQL refuses to run as root.
fn unprivileged() -> Command {
    if !is_root() {
        return Command::new("env");
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", "--", "env", "HOME=/tmp"]);
    command
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// The folder of the server's programs: on the path, or the newest of Debian's.
fn programs() -> Option<PathBuf> {
    let has = |folder: &Path| folder.join("initdb").exists() && folder.join("pg_ctl").exists();
    let path = std::env::var_os("PATH").unwrap_or_default();
    if let Some(found) = std::env::split_paths(&path).find(|folder| has(folder)) {
        return Some(found);
    }
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, folder)| has(folder))
        .collect();
    versions.sort();
    versions.pop().map(|(_, folder)| folder)
}
