//! The demo's three-tier application in one small program without
//! dependencies: a proxy, an application and a database that speak over TCP, and
//! a few programs that misbehave on purpose for tests.
//!
//! It knows nothing of the broker but the contract of environment variables
//! that every workload gets (docs/resource-model.md): `PORT_<NAME>`,
//! `VOLUME_<NAME>`, `PEERS_<COMPONENT>_<PORT>`, `HANSA_…`.

pub mod application;
pub mod database;
pub mod environment;
pub mod http;
mod json;
pub mod peers;
pub mod proxy;
pub mod server;
mod tool;

use environment::Environment;
use std::{
    fmt,
    io::{self, Write},
    process::ExitCode,
};

/// What the program can be.
const USAGE: &str = "\
usage: hansa sample <role>

roles of the three-tier application, told by the environment where to listen and whom to call:
  proxy                 passes HTTP requests on to the peers of `application`   (PORT_HTTP)
  application           counts visits in the database and shows a page          (PORT_HTTP)
  database              keeps keys and values in a directory                    (PORT_DB, VOLUME_DATA)
  FIND_PEERS=lookup has them ask the broker where their peers are, instead of reading the file.

programs for tests:
  sleep [MILLISECONDS]  does nothing, for ever or so long
  crash [MS] [CODE]     ends after MS milliseconds (0) with exit status CODE (1)
  echo                  prints its environment, a line for each variable, and sleeps
  burn [MILLISECONDS]   keeps one processor busy, for ever or so long
  hold MEBIBYTES        takes so much memory, says so, and sleeps
";

/// Why a role ended.
#[derive(Debug)]
pub enum Failure {
    /// The arguments name no role, or wrong values.
    Usage(String),
    /// The environment lacks something, or holds something unusable.
    Environment(String),
    /// The operating system refused.
    Io(&'static str, io::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(message) => write!(f, "{message}\n\n{USAGE}"),
            Self::Environment(message) => f.write_str(message),
            Self::Io(what, error) => write!(f, "{what}: {error}"),
        }
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(_, error) => Some(error),
            Self::Usage(_) | Self::Environment(_) => None,
        }
    }
}

/// Runs a role until it is ended from outside. The first argument is the role.
///
/// The exit status is 2 for wrong arguments, 78 (EX_CONFIG) for an environment
/// that lacks something, 1 for any other failure.
#[must_use]
pub fn run(arguments: &[String]) -> ExitCode {
    match role(arguments, &Environment::of_process()) {
        Ok(code) => code,
        Err(failure) => {
            say(&failure.to_string());
            ExitCode::from(match failure {
                Failure::Usage(_) => 2,
                Failure::Environment(_) => 78,
                Failure::Io(..) => 1,
            })
        }
    }
}

fn role(arguments: &[String], environment: &Environment) -> Result<ExitCode, Failure> {
    let Some((role, rest)) = arguments.split_first() else {
        return Err(Failure::Usage("no role was named".to_owned()));
    };
    match role.as_str() {
        "proxy" => proxy::Proxy::new(environment.clone()).listen()?.wait(),
        "application" => application::Application::new(environment.clone()).listen()?.wait(),
        "database" => database::Database::open(environment)?.listen(environment)?.wait(),
        "sleep" => tool::sleep(rest)?,
        "crash" => return tool::crash(rest),
        "echo" => tool::echo(environment)?,
        "burn" => tool::burn(rest)?,
        "hold" => tool::hold(rest)?,
        other => return Err(Failure::Usage(format!("there is no role `{other}`"))),
    }
    Ok(ExitCode::SUCCESS)
}

/// A line for the log. A log that nobody takes must not end the program.
fn say(line: &str) {
    drop(writeln!(io::stderr(), "{line}"));
}
