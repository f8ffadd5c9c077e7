//! Which control groups this system has and lets us write.

use crate::model::LimitSupport;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Where the controllers are that limit workloads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mounts {
    /// Version 2, with processor, memory and process numbers.
    Unified {
        /// Where it is mounted.
        root: PathBuf,
    },
    /// Version 1: a hierarchy for each controller.
    Split {
        /// Processor time.
        cpu: Option<PathBuf>,
        /// Memory.
        memory: Option<PathBuf>,
        /// Process numbers.
        pids: Option<PathBuf>,
        /// For people: which aren't there and why.
        missing: String,
    },
    /// None that we may write.
    Nothing {
        /// For people: why.
        missing: String,
    },
}

impl Mounts {
    /// Looks at this system, and tries with a group of our own whether it may be written.
    pub(crate) fn probe(parent: &str) -> Self {
        match fs::read_to_string("/proc/self/mounts") {
            Ok(text) => Self::choose(&text, |root| try_group(root, parent)),
            Err(error) => Self::Nothing { missing: format!("/proc/self/mounts can't be read: {error}") },
        }
    }

    /// The rule: version 2 where it has the controllers, else version 1, else nothing.
    fn choose(mounts: &str, writable: impl Fn(&Path) -> io::Result<()>) -> Self {
        let mut missing = Vec::new();
        if let Some(root) = mount_of(mounts, |kind, _| kind == "cgroup2") {
            let controllers = fs::read_to_string(root.join("cgroup.controllers")).unwrap_or_default();
            let has = |name| controllers.split_whitespace().any(|one| one == name);
            if has("cpu") && has("memory") {
                match writable(&root) {
                    Ok(()) => return Self::Unified { root },
                    Err(error) => missing.push(format!("{}: {error}", root.display())),
                }
            }
        }
        let mut find = |controller: &str| {
            let root = mount_of(mounts, |kind, options| {
                kind == "cgroup" && options.split(',').any(|option| option == controller)
            });
            let Some(root) = root else {
                missing.push(format!("there is no control group for {controller}"));
                return None;
            };
            match writable(&root) {
                Ok(()) => Some(root),
                Err(error) => {
                    missing.push(format!("{}: {error}", root.display()));
                    None
                }
            }
        };
        let (cpu, memory, pids) = (find("cpu"), find("memory"), find("pids"));
        let missing = missing.join("; ");
        if cpu.is_none() && memory.is_none() && pids.is_none() {
            return Self::Nothing { missing };
        }
        Self::Split { cpu, memory, pids, missing }
    }

    /// For people: which limits aren't there and why.
    pub(crate) fn missing(&self) -> &str {
        match self {
            Self::Unified { .. } => "",
            Self::Split { missing, .. } | Self::Nothing { missing } => missing,
        }
    }

    /// Which limits will hold.
    pub(crate) fn support(&self) -> LimitSupport {
        let (cpu, memory, pids, by) = match self {
            Self::Unified { .. } => (true, true, true, "enforced by control groups, version 2"),
            Self::Split { cpu, memory, pids, .. } => {
                (cpu.is_some(), memory.is_some(), pids.is_some(), "enforced by control groups, version 1")
            }
            Self::Nothing { .. } => (false, false, false, "no limit is enforced"),
        };
        let explanation = match self.missing() {
            "" => by.to_owned(),
            missing => format!("{by}; {missing}"),
        };
        LimitSupport { cpu, memory, pids, explanation }
    }
}

/// The mount point of the first line (fstab(5): device, mount point, kind, options) that fits.
fn mount_of(mounts: &str, fits: impl Fn(&str, &str) -> bool) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        let (path, kind, options) = (fields.next()?, fields.next()?, fields.next()?);
        // Blanks in a mount point are written as \040.
        fits(kind, options).then(|| PathBuf::from(path.replace("\\040", " ")))
    })
}

/// Whether a group can be made below the parent.
fn try_group(root: &Path, parent: &str) -> io::Result<()> {
    let group = root.join(parent).join(format!("probe-{}", std::process::id()));
    fs::create_dir_all(&group)?;
    let writable = fs::OpenOptions::new().write(true).open(group.join("cgroup.procs")).map(drop);
    drop(fs::remove_dir(&group));
    drop(fs::remove_dir(root.join(parent)));
    writable
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID: &str = "\
tmpfs /sys/fs/cgroup tmpfs rw 0 0
cgroup /cg/cpu cgroup rw,relatime,cpu,cpuacct 0 0
cgroup /cg/memory cgroup rw,relatime,memory 0 0
cgroup2 /cg/unified cgroup2 rw 0 0
";

    #[test]
    fn a_hybrid_system_uses_version_1_and_names_what_is_missing() {
        let mounts = Mounts::choose(HYBRID, |_| Ok(()));
        assert_eq!(
            mounts,
            Mounts::Split {
                cpu: Some("/cg/cpu".into()),
                memory: Some("/cg/memory".into()),
                pids: None,
                missing: "there is no control group for pids".into()
            }
        );
        assert!(mounts.support().cpu && !mounts.support().pids);
    }

    #[test]
    fn version_2_comes_first_where_it_has_the_controllers() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("cgroup.controllers"), "cpuset cpu io memory pids\n").unwrap();
        let text = format!("cgroup2 {} cgroup2 rw 0 0\n{HYBRID}", root.path().display());
        assert_eq!(Mounts::choose(&text, |_| Ok(())), Mounts::Unified { root: root.path().to_owned() });
    }

    #[test]
    fn a_system_without_says_why() {
        let denied = |_: &Path| Err(io::Error::from(io::ErrorKind::PermissionDenied));
        let mounts = Mounts::choose(HYBRID, denied);
        assert!(matches!(mounts, Mounts::Nothing { .. }));
        assert!(mounts.support().explanation.contains("/cg/memory: permission denied"));
    }
}
