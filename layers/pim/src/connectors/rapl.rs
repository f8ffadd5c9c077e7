//! What this very machine's processors and memory have drawn, as Linux counts
//! it (`powercap`, Intel's and AMD's RAPL): of each package, and of memory that
//! isn't in its package's count.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// How the kernel calls a zone: `intel-rapl:0`, and in it `intel-rapl:0:1`. Those of
/// `intel-rapl-mmio` are the same counters once more.
const PREFIX: &str = "intel-rapl:";

/// The counters of this very machine.
#[derive(Debug, Clone)]
pub struct Rapl {
    zones: Vec<Zone>,
}

/// One counter.
#[derive(Debug, Clone)]
struct Zone {
    name: String,
    energy: PathBuf,
    range: Option<u64>,
}

/// What a counter shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Microjoules.
    pub microjoules: u64,
    /// The most that it shows, after which it begins at 0.
    pub range: Option<u64>,
}

impl Rapl {
    /// The counters below this directory (`/sys/class/powercap`). None: it has none.
    ///
    /// # Errors
    /// When one can't be read: since 2020 only root may.
    pub fn find(root: &Path) -> io::Result<Option<Self>> {
        let mut zones = Vec::new();
        let entries = match fs::read_dir(root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let path = entry?.path();
            let Some(place) =
                path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_prefix(PREFIX))
            else {
                continue;
            };
            let called = text(&path.join("name"))?;
            // `psys` counts the packages once more, `core` and `uncore` are in theirs.
            let counts = if place.contains(':') { called.starts_with("dram") } else { called.starts_with("package") };
            if counts {
                let range = number(&path.join("max_energy_range_uj")).ok().filter(|range| *range > 0);
                zones.push(Zone { name: format!("{place} {called}"), energy: path.join("energy_uj"), range });
            }
        }
        if zones.is_empty() {
            return Ok(None);
        }
        let found = Self { zones };
        found.read()?;
        Ok(Some(found))
    }

    /// What each of them shows now, by name.
    ///
    /// # Errors
    /// When one can't be read: then the machine's sum isn't known.
    pub fn read(&self) -> io::Result<BTreeMap<String, Counted>> {
        let shown = self.zones.iter().map(|zone| {
            let counted = Counted { microjoules: number(&zone.energy)?, range: zone.range };
            Ok((zone.name.clone(), counted))
        });
        shown.collect()
    }
}

/// How many processors this very machine has, whoever may use them.
///
/// # Errors
/// When the system does not tell.
pub fn processors() -> io::Result<u64> {
    let said = fs::read_to_string("/proc/stat")?;
    let is_one =
        |line: &&str| line.strip_prefix("cpu").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    Ok(said.lines().filter(is_one).count() as u64)
}

fn text(path: &Path) -> io::Result<String> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    Ok(fs::read_to_string(path).map_err(named)?.trim().to_owned())
}

fn number(path: &Path) -> io::Result<u64> {
    let said = text(path)?;
    let refuse = |error| io::Error::new(io::ErrorKind::InvalidData, format!("{}: `{said}`: {error}", path.display()));
    said.parse().map_err(refuse)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tree as the kernel's documentation (`power/powercap`) has it: flat, by name.
    fn tree(zones: &[(&str, &str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("intel-rapl")).unwrap();
        for (place, name, energy) in zones {
            let folder = root.path().join(place);
            fs::create_dir(&folder).unwrap();
            for (file, text) in [("name", *name), ("energy_uj", *energy), ("max_energy_range_uj", "262143328850")] {
                fs::write(folder.join(file), format!("{text}\n")).unwrap();
            }
        }
        root
    }

    #[test]
    fn packages_and_their_memory_are_counted_once() {
        let root = tree(&[
            ("intel-rapl:0", "package-0", "100"),
            ("intel-rapl:0:0", "core", "60"),
            ("intel-rapl:0:1", "uncore", "20"),
            ("intel-rapl:0:2", "dram", "7"),
            ("intel-rapl:1", "package-1", "200"),
            ("intel-rapl:2", "psys", "900"),
            ("intel-rapl-mmio:0", "package-0", "100"),
        ]);
        let shown = Rapl::find(root.path()).unwrap().unwrap().read().unwrap();
        let counts: Vec<(&str, u64)> = shown.iter().map(|(name, one)| (name.as_str(), one.microjoules)).collect();
        assert_eq!(counts, [("0 package-0", 100), ("0:2 dram", 7), ("1 package-1", 200)]);
        assert!(shown.values().all(|one| one.range == Some(262_143_328_850)));
    }

    #[test]
    fn this_machine_has_processors() {
        let usable = std::thread::available_parallelism().unwrap().get() as u64;
        assert!(processors().unwrap() >= usable);
    }

    #[test]
    fn a_machine_without_counters_has_none_and_one_that_hides_them_says_so() {
        assert!(Rapl::find(Path::new("/nowhere/at/all")).unwrap().is_none());
        assert!(Rapl::find(tree(&[]).path()).unwrap().is_none());
        assert!(Rapl::find(tree(&[("intel-rapl:0", "psys", "1")]).path()).unwrap().is_none());
        let odd = tree(&[("intel-rapl:0", "package-0", "many")]);
        let said = Rapl::find(odd.path()).unwrap_err().to_string();
        assert!(said.contains("intel-rapl:0/energy_uj: `many`"), "{said}");
        let hidden = tree(&[("intel-rapl:0", "package-0", "1")]);
        let found = Rapl::find(hidden.path()).unwrap().unwrap();
        fs::remove_file(hidden.path().join("intel-rapl:0/energy_uj")).unwrap();
        assert!(found.read().unwrap_err().to_string().contains("intel-rapl:0/energy_uj"));
    }
}
