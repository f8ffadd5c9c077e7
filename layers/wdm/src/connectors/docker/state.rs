//! What an engine says about a container, as what became of a run. No IO.

use super::names;
use crate::{
    connectors::{Activity, Observation},
    model::{Exit, LimitSupport},
};
use bollard::models::{ContainerInspectResponse, ContainerState, ContainerStateStatusEnum as Status};
use chrono::{DateTime, Utc};
use hansa_ontology::ApplicationId;
use std::net::IpAddr;

/// A container that a run left behind or goes on in.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seen {
    /// The container.
    pub(super) id: String,
    /// The run that it was made for.
    pub(super) run: u64,
    /// Its application.
    pub(super) application: Option<ApplicationId>,
    /// What it does.
    pub(super) phase: Phase,
    /// It stands still, by somebody's hand.
    pub(super) paused: bool,
    /// Its address in the application's network, while it runs.
    pub(super) address: Option<IpAddr>,
    /// Port numbers outside and inside.
    pub(super) ports: Vec<(u16, u16)>,
}

/// What a container does.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Phase {
    /// Made and not started.
    Made,
    /// On its way up.
    Starting,
    /// Runs; with the number of its main process.
    Running(u32),
    /// On its way out.
    Ending,
    /// Over.
    Exited(Exit),
    /// It couldn't be started.
    Failed(String),
}

impl Phase {
    /// Something of it is there that has to end before it can be removed.
    pub(super) const fn is_up(&self) -> bool {
        matches!(self, Self::Starting | Self::Running(_))
    }
}

/// Reads what the engine says; `now` stands in for an end whose time it does not know.
pub(super) fn read(told: &ContainerInspectResponse, now: DateTime<Utc>) -> Seen {
    let labels = told.config.as_ref().and_then(|config| config.labels.as_ref());
    let application: Option<ApplicationId> = names::read(labels, names::APPLICATION);
    let state = told.state.clone().unwrap_or_default();
    let networks = told.network_settings.as_ref().and_then(|settings| settings.networks.as_ref());
    let address = application
        .and_then(|application| networks?.get(&names::network(application)))
        .and_then(|endpoint| endpoint.ip_address.as_deref()?.parse().ok());
    Seen {
        id: told.id.clone().unwrap_or_default(),
        run: names::read(labels, names::RUN).unwrap_or(0),
        application,
        paused: state.paused.unwrap_or(false),
        phase: phase(&state, names::read(labels, names::MEMORY), now),
        address,
        ports: labels.and_then(|labels| labels.get(names::PORTS)).map(|text| ports(text)).unwrap_or_default(),
    }
}

/// `20001:8080,20002:9090`.
fn ports(text: &str) -> Vec<(u16, u16)> {
    let pair = |pair: &str| {
        let (outside, inside) = pair.split_once(':')?;
        Some((outside.parse().ok()?, inside.parse().ok()?))
    };
    text.split(',').filter_map(pair).collect()
}

fn phase(state: &ContainerState, memory_mib: Option<u64>, now: DateTime<Utc>) -> Phase {
    match state.status {
        Some(Status::CREATED | Status::EMPTY) | None => never_ran(state),
        Some(Status::RUNNING | Status::PAUSED) => Phase::Running(pid(state)),
        Some(Status::RESTARTING) => Phase::Starting,
        Some(Status::REMOVING | Status::STOPPING) => Phase::Ending,
        Some(Status::EXITED | Status::DEAD) => Phase::Exited(exit(state, memory_mib, now)),
    }
}

/// A container that was made and whose start the engine has refused says so.
fn never_ran(state: &ContainerState) -> Phase {
    match state.error.as_deref().map(str::trim) {
        Some(error) if !error.is_empty() => Phase::Failed(error.to_owned()),
        _ => Phase::Made,
    }
}

fn pid(state: &ContainerState) -> u32 {
    state.pid.and_then(|pid| u32::try_from(pid).ok()).unwrap_or(0)
}

/// Engines tell a signal as 128 and its number, as shells do.
fn exit(state: &ContainerState, memory_mib: Option<u64>, now: DateTime<Utc>) -> Exit {
    let told = state.exit_code.and_then(|code| i32::try_from(code).ok());
    let signal = told.filter(|code| (129..=128 + 31).contains(code)).map(|code| code - 128);
    let starved = state.oom_killed == Some(true) && told != Some(0);
    let error = state.error.clone().filter(|error| !error.trim().is_empty());
    Exit {
        at: time(state.finished_at.as_deref()).unwrap_or(now),
        code: if signal.is_some() { None } else { told },
        signal,
        out_of_memory_mib: if starved { memory_mib } else { None },
        detail: error,
    }
}

/// Engines write the year 1 for what has not happened.
fn time(text: Option<&str>) -> Option<DateTime<Utc>> {
    let read = DateTime::parse_from_rfc3339(text?).ok()?.to_utc();
    (read.timestamp() > 0).then_some(read)
}

/// For the room: what a container says about its workload's run.
pub(super) fn observation(seen: Option<&Seen>, limits: &LimitSupport, local: bool) -> Observation {
    let nothing = Observation { run: 0, activity: Activity::Nothing, limits: None, verdict: None };
    let Some(seen) = seen else { return nothing };
    let activity = match &seen.phase {
        // The run that it was made for was not begun: it still has to be.
        Phase::Made => return nothing,
        Phase::Starting => Activity::Starting,
        Phase::Running(pid) => Activity::Running { pid: if local { *pid } else { 0 } },
        Phase::Ending => Activity::Ending,
        Phase::Exited(exit) => Activity::Exited(exit.clone()),
        Phase::Failed(reason) => Activity::Failed(reason.clone()),
    };
    Observation { run: seen.run, activity, limits: Some(limits.clone()), verdict: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn seen(state: serde_json::Value) -> Seen {
        let told = json!({
            "Id": "c1", "State": state,
            "Config": { "Labels": {
                "hansa-run": "3", "hansa-memory-mib": "64", "hansa-ports": "20001:80,20002:9090",
                "hansa-application": "00000000-0000-0000-0000-000000000007" } },
            "NetworkSettings": { "Networks": {
                "hansa-00000000-0000-0000-0000-000000000007": { "IPAddress": "10.89.0.2" } } },
        });
        read(&serde_json::from_value(told).unwrap(), DateTime::UNIX_EPOCH)
    }

    fn ended(state: serde_json::Value) -> String {
        match seen(state).phase {
            Phase::Exited(exit) => exit.to_string(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_running_container_has_address_and_ports() {
        // As Docker Engine 20.10 tells it.
        let seen = seen(json!({ "Status": "running", "Running": true, "Pid": 42, "ExitCode": 0,
            "StartedAt": "2026-11-22T08:13:51.254484024Z", "FinishedAt": "0001-01-01T00:00:00Z" }));
        assert_eq!((seen.run, seen.phase.clone()), (3, Phase::Running(42)));
        assert_eq!(seen.address, Some([10, 89, 0, 2].into()));
        assert_eq!(seen.ports, [(20001, 80), (20002, 9090)]);
        let far = observation(Some(&seen), &LimitSupport::default(), false);
        assert_eq!(far.activity, Activity::Running { pid: 0 });
    }

    #[test]
    fn ends_are_told_apart() {
        let at = "2026-11-22T08:13:51Z";
        let state =
            |code: i64, oom: bool| json!({ "Status": "exited", "ExitCode": code, "OOMKilled": oom, "FinishedAt": at });
        assert_eq!(ended(state(3, false)), "exited with code 3");
        assert_eq!(ended(state(143, false)), "killed by signal 15 (SIGTERM)");
        assert_eq!(ended(state(137, true)), "killed: out of memory (limit 64 MiB)");
        // A child was killed for its memory, and the program went on to its good end.
        assert_eq!(ended(state(0, true)), "exited with code 0");
        assert_eq!(ended(state(255, false)), "exited with code 255");
    }

    #[test]
    fn what_was_made_and_not_begun_is_nothing_yet() {
        let made = seen(json!({ "Status": "created", "ExitCode": 0, "Error": "" }));
        let told = observation(Some(&made), &LimitSupport::default(), true);
        assert_eq!((told.run, told.activity), (0, Activity::Nothing));
        let refused = seen(json!({ "Status": "created", "ExitCode": 127, "Error": "exec: \"nope\": not found" }));
        assert_eq!(refused.phase, Phase::Failed("exec: \"nope\": not found".to_owned()));
    }
}
