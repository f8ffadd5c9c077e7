//! Ending workloads and taking away what is theirs.

use super::{
    Place,
    layout::{self, Layout, WORKLOADS, is_absent, remove_empty_parents, remove_file, remove_tree},
    layout_of,
    lock::Lock,
    process_table::{self, ProcessRef},
    record::{RunSpec, RunState},
};
use crate::{WdmError, connectors::environment::MARK, model::Removal};
use nix::sys::signal::Signal;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

/// How long one call waits for processes that were killed.
const KILLED: Duration = Duration::from_secs(5);

/// The supervisor, if it lives.
fn supervisor(layout: &Layout) -> Result<Option<ProcessRef>, WdmError> {
    let held = Lock::is_held(&layout.lock()).map_err(WdmError::io("look at", layout.lock()))?;
    if !held {
        return Ok(None);
    }
    let recorded: Option<RunState> = layout::read_json(&layout.state()).unwrap_or(None);
    let recorded = recorded.map(|state| state.shim).filter(|shim| shim.is_alive());
    // The record may be an earlier supervisor's: the disk is full, or it is just coming up.
    Ok(recorded.or_else(|| process_table::supervisor_of(layout.root())))
}

/// Asks the supervisor to end the workload. By force: kills the supervisor,
/// which takes the workload's main process with it; the rest falls to [`clear`].
pub(super) fn stop(layout: &Layout, force: bool) -> Result<(), WdmError> {
    if let Some(shim) = supervisor(layout)? {
        shim.signal(if force { Signal::SIGKILL } else { Signal::SIGTERM });
    }
    Ok(())
}

/// Where nobody supervises the workload, ends what is left of it.
pub(super) fn clear(place: &Place, layout: &Layout) -> Result<(), WdmError> {
    if !layout.root().exists() {
        return kill_leftovers(place, None).map(drop);
    }
    let lock = Lock::take(&layout.lock()).map_err(WdmError::io("lock", layout.lock()))?;
    if lock.is_some() {
        let spec: Option<RunSpec> = layout::read_json(&layout.spec()).unwrap_or(None);
        kill_leftovers(place, spec.as_ref())?;
    }
    Ok(())
}

/// Ends the workload and removes its directory and control groups.
pub(super) fn remove(place: &Place, layout: &Layout, force: bool) -> Result<Removal, WdmError> {
    stop(layout, force)?;
    if !layout.root().exists() {
        return kill_leftovers(place, None);
    }
    // Under the lock no supervisor can start; without it one still works.
    let lock = match Lock::take(&layout.lock()) {
        Ok(Some(lock)) => lock,
        Ok(None) => return Ok(Removal::Stopping),
        Err(error) if is_absent(&error) => return Ok(Removal::Stopping),
        Err(error) => return Err(WdmError::io("lock", layout.lock())(error)),
    };
    let spec: Option<RunSpec> = layout::read_json(&layout.spec()).unwrap_or(None);
    if kill_leftovers(place, spec.as_ref())? == Removal::Stopping {
        return Ok(Removal::Stopping);
    }
    if let Some(spec) = spec {
        spec.cgroups.remove().map_err(WdmError::io("remove the control group of", layout.root()))?;
    }
    // First what a supervisor would run: one that finds the lock deleted, and
    // makes its own, finds nothing to do.
    remove_file(&layout.spec())?;
    remove_tree(layout.root())?;
    remove_empty_parents(layout.root(), &place.directory);
    drop(lock);
    Ok(Removal::Gone)
}

/// Kills every process of the workload: nobody supervises them.
fn kill_leftovers(place: &Place, spec: Option<&RunSpec>) -> Result<Removal, WdmError> {
    let deadline = Instant::now() + KILLED;
    loop {
        let mut left: BTreeSet<ProcessRef> = process_table::marked(MARK, &place.workload.to_string());
        left.extend(spec.into_iter().flat_map(|spec| spec.cgroups.members()));
        if left.is_empty() {
            return Ok(Removal::Gone);
        }
        if Instant::now() >= deadline {
            return Ok(Removal::Stopping);
        }
        for process in left {
            process.signal(Signal::SIGKILL);
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Every workload below the nodes' directory, by its files or by a process
/// that says it belongs there.
pub(super) fn found(nodes_directory: &Path) -> Result<Vec<Place>, WdmError> {
    let mut places = Vec::new();
    find_workloads(nodes_directory, 4, &mut places)?;
    for (_, environment) in process_table::marks(MARK) {
        let place = environment.get("HANSA_PEERS_FILE").and_then(|file| place_of(Path::new(file)));
        if let Some(place) = place
            && place.directory.starts_with(nodes_directory)
        {
            places.push(place);
        }
    }
    places.sort_by_key(|place| place.workload);
    places.dedup();
    Ok(places)
}

/// The place whose peers file this is.
fn place_of(peers_file: &Path) -> Option<Place> {
    let root = peers_file.parent()?;
    let workload = root.file_name()?.to_str()?.parse().ok()?;
    let place = Place { workload, application: None, directory: root.parent()?.parent()?.to_owned() };
    (layout_of(&place).root() == root).then_some(place)
}

/// Directories of workloads, at most `depth` levels down: nodes, machines, their directories.
fn find_workloads(directory: &Path, depth: u32, places: &mut Vec<Place>) -> Result<(), WdmError> {
    for (name, path) in subdirectories(directory)? {
        if name == WORKLOADS {
            for (name, _) in subdirectories(&path)? {
                // What isn't named as a workload was not made by us.
                if let Ok(workload) = name.parse() {
                    places.push(Place { workload, application: None, directory: directory.to_owned() });
                }
            }
        } else if name != layout::VOLUMES && depth > 0 {
            find_workloads(&path, depth - 1, places)?;
        }
    }
    Ok(())
}

/// Real directories only: a link could lead into another broker's data.
fn subdirectories(directory: &Path) -> Result<Vec<(String, PathBuf)>, WdmError> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if is_absent(&error) => return Ok(Vec::new()),
        Err(error) => return Err(WdmError::io("list", directory)(error)),
    };
    Ok(entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())))
        .collect())
}
