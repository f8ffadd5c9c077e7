//! Turning servers on and off. What was asked for is not asked for again for a
//! while: it takes controllers some time to show it, and some begin anew.

use super::{
    session::{Resource, Service},
    wire::{at, list, text},
};
use hansa_repository::system::{SystemError, SystemErrorKind};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// What was asked for is asked for again after this long.
const PATIENCE: Duration = Duration::from_secs(45);

/// How a server stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Power {
    On,
    Off,
    /// On its way, or not known.
    Between,
}

/// What is asked of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reset {
    On,
    Shutdown,
    Off,
}

impl Reset {
    /// The reset types that do it, the best first (`Resource.ResetType`).
    const fn types(self) -> &'static [&'static str] {
        match self {
            Self::On => &["On", "ForceOn", "PushPowerButton"],
            Self::Shutdown => &["GracefulShutdown", "PushPowerButton"],
            Self::Off => &["ForceOff"],
        }
    }
}

/// What each server was asked for last, and when. Forgotten with the process: then it is asked again.
#[derive(Debug, Default)]
pub(super) struct Resets(Mutex<BTreeMap<String, (Reset, Instant)>>);

pub(super) fn power(system: &Value) -> Power {
    match text(system, "/PowerState") {
        Some("On") => Power::On,
        Some("Off") => Power::Off,
        _ => Power::Between,
    }
}

impl Resets {
    fn table(&self) -> MutexGuard<'_, BTreeMap<String, (Reset, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long ago this was asked of the server.
    pub(super) fn since(&self, path: &str, reset: Reset) -> Option<Duration> {
        let table = self.table();
        table.get(path).filter(|(asked, _)| *asked == reset).map(|(_, at)| at.elapsed())
    }

    pub(super) fn forget(&self, path: &str) {
        self.table().remove(path);
    }

    /// Asks it of the server, unless that was done just now. False: the server has no such reset.
    pub(super) async fn ask(&self, service: &Service, system: &Resource, reset: Reset) -> Result<bool, SystemError> {
        if self.since(&system.path, reset).is_some_and(|ago| ago < PATIENCE) {
            return Ok(true);
        }
        let Some(target) = text(&system.body, "/Actions/#ComputerSystem.Reset/target") else { return Ok(false) };
        let allowed = allowed(service, &system.body).await?;
        // A service that doesn't say what it takes is asked for the usual.
        let Some(kind) = reset.types().iter().find(|kind| allowed.is_empty() || allowed.iter().any(|one| one == *kind))
        else {
            return Ok(false);
        };
        let asked = service.post(target, &json!({ "ResetType": kind }), &format!("reset ({kind})")).await;
        match asked {
            // It is busy with what it was asked for before, or is already so.
            Err(error) if error.kind == SystemErrorKind::Conflict => {}
            Err(error) => return Err(error),
            Ok(()) => {}
        }
        self.table().insert(system.path.clone(), (reset, Instant::now()));
        Ok(true)
    }
}

/// The reset types that the server takes; none where it doesn't say.
async fn allowed(service: &Service, system: &Value) -> Result<Vec<String>, SystemError> {
    let texts = |found: &[Value]| found.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let action = "/Actions/#ComputerSystem.Reset";
    let said = list(system, &format!("{action}/ResetType@Redfish.AllowableValues"));
    if !said.is_empty() {
        return Ok(texts(said));
    }
    let Some(info) = at(system, action).and_then(|action| text(action, "/@Redfish.ActionInfo")) else {
        return Ok(Vec::new());
    };
    let Some(info) = service.find(info).await? else { return Ok(Vec::new()) };
    let parameters = list(&info.body, "/Parameters").iter();
    let reset =
        parameters.filter(|one| text(one, "/Name") == Some("ResetType")).find_map(|one| at(one, "/AllowableValues"));
    Ok(reset.and_then(Value::as_array).map(|found| texts(found)).unwrap_or_default())
}
