//! Files that import files: found, read, and their types brought together
//! under the names that the importing file has for them.

pub(crate) mod known;
mod mend;
mod notation;

use super::{
    csar::Package,
    grammar,
    report::{Fault, FileText},
    source::{Fetch, Files, beside},
    types::{Definition, Kind, builtin::Builtin},
    version::Version,
    world::{Unit, World},
};
use crate::{
    descriptor::{
        node::{Node, Position},
        yaml::{self, Bounds},
    },
    diagnostic::Code,
    suggestion::{closest, shown},
};
use known::Known;
use notation::{Import, What};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// The largest file, in bytes.
pub(crate) const MAX_FILE: usize = 8 << 20;
/// How many bytes all files may have together.
const MAX_ALL: usize = 32 << 20;
/// How many files there may be.
const MAX_FILES: usize = 200;
/// How deeply files may import each other.
const MAX_DEPTH: usize = 16;

/// What a file of TOSCA is read with.
fn bounds(file: u16) -> Bounds {
    Bounds {
        depth: 128,
        nodes: 2_000_000,
        file,
        lenient: true,
        begins: "it begins with `tosca_definitions_version`, such as `tosca_definitions_version: tosca_simple_yaml_1_3`",
    }
}

/// Brings files together.
pub(crate) struct Importer<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) files: &'a dyn Files,
    pub(crate) fetch: &'a dyn Fetch,
    /// The package that is read, if it is one: its files take the place of those beside.
    pub(crate) package: Option<&'a Package>,
    /// Units that were read, by their place.
    read: HashMap<String, usize>,
    /// The places that are being read, the outermost first.
    path: Vec<String>,
    bytes: usize,
    next: u16,
    builtins: BTreeMap<Builtin, usize>,
}

impl<'a> Importer<'a> {
    pub(crate) fn new(
        world: &'a mut World,
        files: &'a dyn Files,
        fetch: &'a dyn Fetch,
        package: Option<&'a Package>,
    ) -> Self {
        Self {
            world,
            files,
            fetch,
            package,
            read: HashMap::new(),
            path: Vec::new(),
            bytes: 0,
            next: 0,
            builtins: BTreeMap::new(),
        }
    }

    /// Reads the main file and all that it imports. None: it can't be read at all.
    pub(crate) fn main(&mut self, name: &str, bytes: &[u8]) -> Option<usize> {
        // The normative types are there before any file asks for them.
        for builtin in [Builtin::Simple10, Builtin::Simple11, Builtin::Simple12, Builtin::Simple13] {
            self.builtin(builtin);
        }
        let unit = self.unit(name, bytes);
        self.set_base();
        unit
    }

    /// The normative types are those of the newest version that any file speaks.
    fn set_base(&mut self) {
        let units =
            self.world.units.iter().filter(|unit| !unit.builtin || self.builtins.contains_key(&Builtin::Micado));
        let newest = units.filter(|unit| !unit.builtin).map(|unit| unit.version).max().unwrap_or(Version::V1_3);
        let newest = if self.builtins.contains_key(&Builtin::Micado) { newest.max(Version::V1_2) } else { newest };
        let layers = [
            (Version::V1_0, Builtin::Simple10),
            (Version::V1_1, Builtin::Simple11),
            (Version::V1_2, Builtin::Simple12),
            (Version::V1_3, Builtin::Simple13),
        ];
        for (_, builtin) in layers.into_iter().filter(|(version, _)| *version <= newest) {
            if let Some(unit) = self.builtins.get(&builtin).copied() {
                self.base_of(unit);
            }
        }
        if let Some(unit) = self.builtins.get(&Builtin::Nfv).copied() {
            self.base_of(unit);
        }
        // The profile of 2.0 is all of that by its short names.
        let all: Vec<(Kind, String, usize)> =
            self.world.types.base.all().map(|(kind, name, id)| (kind, name.to_owned(), id)).collect();
        for unit in &mut self.world.units {
            for (prefix, _) in std::mem::take(&mut unit.wants_base) {
                for (kind, name, id) in &all {
                    let name = if prefix.is_empty() { name.clone() } else { format!("{prefix}:{name}") };
                    if unit.scope.get(*kind, &name).is_none() {
                        unit.scope.set(*kind, name, *id);
                    }
                }
            }
        }
    }

    /// Makes the types of a file normative ones.
    fn base_of(&mut self, unit: usize) {
        let of = |id: &usize| self.world.types.definitions.get(*id).is_some_and(|definition| definition.unit == unit);
        let own: Vec<usize> = (0..self.world.types.definitions.len()).filter(of).collect();
        own.into_iter().for_each(|id| self.world.types.add_base(id));
    }

    fn number(&mut self) -> u16 {
        let number = self.next;
        self.next = self.next.saturating_add(1);
        number
    }

    /// Reads a file into a unit.
    fn unit(&mut self, name: &str, bytes: &[u8]) -> Option<usize> {
        let file = self.number();
        let at = Position { file, ..Position::START };
        let text: Arc<str> = Arc::from(String::from_utf8_lossy(bytes));
        let told = FileText { name: name.to_owned(), text: Arc::clone(&text), root: None };
        self.world.report.file(file, told);
        if bytes.len() > MAX_FILE {
            let message = format!("a file may have at most {} MiB", MAX_FILE >> 20);
            self.world.report.say(Fault::error(at, Code::TooLarge, message));
            return None;
        }
        if let Err(error) = std::str::from_utf8(bytes) {
            let before = String::from_utf8_lossy(bytes.get(..error.valid_up_to()).unwrap_or_default());
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            let fault = Fault::error(Position { file, line, column }, Code::Encoding, "this byte is no UTF-8");
            self.world.report.say(fault.hint("save the file as UTF-8"));
            return None;
        }
        self.bytes += bytes.len();
        let mut findings = Vec::new();
        let mut root = yaml::read(&text, bounds(file), &mut findings);
        if root.is_none()
            && let Some((mended, place)) = mend::indented(&text, &findings)
        {
            let mut others = Vec::new();
            root = yaml::read(&mended, bounds(file), &mut others);
            if root.is_some() {
                let message = "YAML wants this line indented; it is read as if it were";
                self.world.report.say(Fault::warning(place, Code::Lenient, message));
                findings = others;
            }
        }
        findings.into_iter().for_each(|finding| self.world.report.say_found(file, finding));
        let root = Arc::new(root?);
        self.world.report.root(file, Arc::clone(&root));
        if !root.is_mapping() {
            let message = format!("a TOSCA file is a map of fields, not {}", root.what());
            self.world.report.say(Fault::error(root.at, Code::WrongType, message));
            return None;
        }
        let version = self.version(&root)?;
        if version == Version::V1_0 && is_nfv(&root) {
            self.builtin(Builtin::Nfv);
        }
        let unit = self.add(version, Arc::clone(&root), false);
        self.path.push(name.to_owned());
        self.imports(unit, name);
        self.path.pop();
        self.define(unit, &root);
        Some(unit)
    }

    fn add(&mut self, version: Version, root: Arc<Node>, builtin: bool) -> usize {
        let repositories = root
            .get("repositories")
            .into_iter()
            .flat_map(Node::entries)
            .filter_map(|entry| {
                let url = entry.value.text().or_else(|| entry.value.get("url").and_then(Node::text))?;
                Some((entry.key.clone(), url.trim().trim_end_matches('/').to_owned()))
            })
            .collect();
        self.world.units.push(Unit {
            version,
            root,
            scope: super::types::Scope::default(),
            builtin,
            incomplete: false,
            repositories,
            wants_base: Vec::new(),
        });
        self.world.units.len() - 1
    }

    /// The version that a file speaks. None: it was said that it speaks none.
    fn version(&mut self, root: &Node) -> Option<Version> {
        let known = Version::ALL.map(Version::as_str);
        let Some(entry) = root.entry("tosca_definitions_version") else {
            // A file that is imported may do without: other readers don't ask for it.
            if let Some(version) =
                self.path.last().and(self.world.units.iter().find(|unit| !unit.builtin)).map(|unit| unit.version)
            {
                let message = format!("there is no `tosca_definitions_version`; {} is taken", version.as_str());
                self.world.report.say(Fault::warning(root.at, Code::Lenient, message));
                return Some(version);
            }
            let fault = Fault::error(root.at, Code::MissingField, "there is no `tosca_definitions_version`");
            let slip = root.entries().first().and_then(|first| closest(&first.key, ["tosca_definitions_version"]));
            let hint =
                slip.map_or_else(|| format!("one of: {}", known.join(", ")), |name| format!("did you mean `{name}`?"));
            self.world.report.say(fault.hint(hint));
            return None;
        };
        let text = entry.value.scalar().unwrap_or_default();
        if let Some(version) = Version::named(text) {
            return Some(version);
        }
        if let Some(version) = Version::meant(text) {
            let message = format!("`{}` is read as {}", shown(text), version.as_str());
            self.world.report.say(Fault::warning(entry.value.at, Code::Lenient, message));
            return Some(version);
        }
        let message = format!("`{}` is no version of TOSCA that is read here", shown(text));
        let fault = Fault::error(entry.value.at, Code::UnknownVersion, message);
        self.world.report.say(fault.hint(format!("one of: {}", known.join(", "))));
        None
    }

    /// Takes in the types that a file defines itself.
    fn define(&mut self, unit: usize, root: &Node) {
        for kind in Kind::ALL {
            let Some(section) = root.given(kind.section()) else { continue };
            if !section.is_mapping() {
                let message = format!("`{}` must be a map, not {}", kind.section(), section.what());
                self.world.report.say(Fault::error(section.at, Code::WrongType, message));
                continue;
            }
            for entry in section.entries() {
                let node = Arc::new(entry.value.clone());
                let definition = Definition { kind, name: entry.key.clone(), unit, node };
                let id = self.world.types.add(definition);
                if let Some(unit) = self.world.units.get_mut(unit) {
                    unit.scope.set(kind, entry.key.clone(), id);
                }
            }
        }
    }

    /// One of the files that come with this program.
    fn builtin(&mut self, builtin: Builtin) -> usize {
        if let Some(unit) = self.builtins.get(&builtin) {
            return *unit;
        }
        let root = builtin.root();
        let told = FileText {
            name: builtin.name().to_owned(),
            text: Arc::from(builtin.text()),
            root: Some(Arc::clone(&root)),
        };
        self.world.report.file(builtin.file(), told);
        let version = Version::V1_3;
        let unit = self.add(version, Arc::clone(&root), true);
        self.builtins.insert(builtin, unit);
        self.define(unit, &root);
        unit
    }

    fn imports(&mut self, unit: usize, name: &str) {
        let Some(root) = self.world.unit(unit).map(|unit| Arc::clone(&unit.root)) else { return };
        let Some(section) = root.given("imports") else { return };
        let version = self.world.version_of(unit);
        for import in notation::read(&mut self.world.report, section, version) {
            match self.import(unit, name, &import) {
                Some(imported) => self.take_in(unit, imported, &import),
                None => {
                    if let Some(unit) = self.world.units.get_mut(unit) {
                        unit.incomplete = true;
                    }
                }
            }
        }
    }

    /// Gives a file the names of one that it imports.
    fn take_in(&mut self, unit: usize, imported: usize, import: &Import) {
        let Some(from) = self.world.units.get(imported) else { return };
        let names: Vec<(Kind, String, usize)> =
            from.scope.all().map(|(kind, name, id)| (kind, name.to_owned(), id)).collect();
        let (incomplete, base) = (from.incomplete, from.wants_base.clone());
        let profile = self.builtins.get(&Builtin::Simple20) == Some(&imported);
        let mut clashes = Vec::new();
        if let Some(unit) = self.world.units.get_mut(unit) {
            unit.incomplete |= incomplete;
            let prefix = import.prefix.as_deref().unwrap_or_default();
            for (inner, at) in base.into_iter().chain(profile.then(|| (String::new(), import.at))) {
                let both = [prefix, inner.as_str()].into_iter().filter(|part| !part.is_empty());
                unit.wants_base.push((both.collect::<Vec<_>>().join(":"), at));
            }
            for (kind, name, id) in names {
                if prefix.is_empty() {
                    let before = unit.scope.set(kind, name.clone(), id);
                    clashes.extend(before.filter(|before| *before != id).map(|_| (kind, name)));
                } else {
                    unit.scope.set(kind, format!("{prefix}:{name}"), id);
                    // So does the parser that MiCADO relies on.
                    unit.scope.set(kind, format!("{prefix}.{name}"), id);
                }
            }
        }
        for (kind, name) in clashes {
            let message = format!("two imports have a {} `{}`; that of this one is taken", kind.word(), shown(&name));
            self.world.report.say(Fault::warning(import.at, Code::DuplicateEntry, message));
        }
    }

    /// Finds what is imported. None: that was said.
    fn import(&mut self, unit: usize, from: &str, import: &Import) -> Option<usize> {
        match &import.what {
            What::Profile(name) => match known::profile(name) {
                Some(known) => Some(self.known(known)),
                None => {
                    let message = format!("the profile `{}` is none of those built in", shown(name));
                    let hint = "save its file beside this one and import it with `url`; built in are org.oasis-open.simple:2.0 and the types of MiCADO";
                    self.world.report.say(Fault::error(import.at, Code::ImportMissing, message).hint(hint));
                    None
                }
            },
            What::File(path) => {
                let path = match &import.repository {
                    Some(repository) => {
                        let place = self.world.unit(unit).and_then(|unit| unit.repositories.get(repository).cloned());
                        let Some(place) = place else {
                            let message = format!("there is no repository `{}`", shown(repository));
                            let hint = "define it under `repositories`";
                            self.world.report.say(Fault::error(import.at, Code::UnknownName, message).hint(hint));
                            return None;
                        };
                        format!("{place}/{}", path.trim_start_matches('/'))
                    }
                    None => path.clone(),
                };
                self.place(from, &path, import.at)
            }
        }
    }

    fn known(&mut self, known: Known) -> usize {
        match known {
            Known::Types(builtin) => self.builtin(builtin),
            Known::Normative(_) => self.builtin(Builtin::Simple10),
        }
    }

    /// The unit of a path or an address.
    fn place(&mut self, from: &str, path: &str, at: Position) -> Option<usize> {
        if path.contains("://")
            && let Some(known) = known::address(path)
        {
            return Some(self.known(known));
        }
        let place = beside(from, path);
        if self.path.contains(&place) {
            let message = format!("the import of `{}` comes back to the file itself", shown(path));
            let hint = "put what both files need into a third one";
            self.world.report.say(Fault::error(at, Code::ImportCycle, message).hint(hint));
            return None;
        }
        if let Some(unit) = self.read.get(&place) {
            return Some(*unit);
        }
        if self.path.len() > MAX_DEPTH || self.read.len() >= MAX_FILES || self.bytes > MAX_ALL {
            let message =
                format!("more than {MAX_FILES} files, {} MiB or {MAX_DEPTH} imports behind each other", MAX_ALL >> 20);
            self.world.report.say(Fault::error(at, Code::TooLarge, message));
            return None;
        }
        let bytes = match self.bytes_of(&place) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => {
                // Other readers look beside the main template, too.
                let first = self.path.first().map(|main| beside(main, path)).filter(|other| *other != place);
                if let Some(other) = first
                    && let Ok(Some(_)) = self.bytes_of(&other)
                {
                    let message = format!(
                        "`{}` is not beside the file that imports it; it is taken from beside the main template",
                        shown(path)
                    );
                    self.world.report.say(Fault::warning(at, Code::Lenient, message));
                    let main = self.path.first().cloned().unwrap_or_default();
                    return self.place(&main, path, at);
                }
                if let Some(known) = known::file_name(path) {
                    let message = format!("there is no file `{}`; the types built in are taken", shown(path));
                    self.world.report.say(Fault::warning(at, Code::Lenient, message));
                    return Some(self.known(known));
                }
                let message = format!("there is no file `{}` to import", shown(&place));
                let hint = "a path is relative to the file that names it; pack what belongs together into one CSAR, or give the folder";
                self.world.report.say(Fault::error(at, Code::ImportMissing, message).hint(hint));
                return None;
            }
            Err((said, remedy)) => {
                let message = format!("`{}` can't be imported: {said}", shown(&place));
                self.world.report.say(Fault::error(at, Code::ImportMissing, message).hint(remedy));
                return None;
            }
        };
        let unit = self.unit(&place, &bytes)?;
        self.read.insert(place, unit);
        Some(unit)
    }

    fn bytes_of(&self, place: &str) -> Result<Option<Vec<u8>>, (String, String)> {
        if place.contains("://") {
            let found = self.fetch.fetch(place);
            return found.map(Some).map_err(|missing| (missing.said, missing.remedy));
        }
        match self.package {
            Some(package) => Ok(package.file(place).map(<[u8]>::to_vec)),
            None => self.files.read(place).map_err(|said| (said, "see that this broker may read it".to_owned())),
        }
    }
}

/// Says which fields of a whole file the language doesn't have.
pub(crate) fn file_fields(world: &mut World, unit: usize) {
    let Some((root, version)) = world.unit(unit).map(|unit| (Arc::clone(&unit.root), unit.version)) else { return };
    if !world.speaks_of(unit) {
        return;
    }
    grammar::fields(&mut world.report, &root, grammar::FILE, version, "a TOSCA file");
    for entry in root.get("repositories").into_iter().flat_map(Node::entries).filter(|entry| entry.value.is_mapping()) {
        let what = format!("the repository `{}`", shown(&entry.key));
        grammar::fields(&mut world.report, &entry.value, grammar::REPOSITORY, version, &what);
        if entry.value.given("url").is_none() {
            world.report.say(Fault::error(entry.at, Code::MissingField, format!("{what} has no `url`")));
        }
    }
}

/// Whether a file is written for Network Functions Virtualization.
fn is_nfv(root: &Node) -> bool {
    let named = root.get("tosca_definitions_version").and_then(Node::text);
    named.is_some_and(|text| text.starts_with("tosca_simple_profile_for_nfv"))
}
