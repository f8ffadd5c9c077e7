//! From bytes to a template: files, types, the template, and everything that is
//! wrong with any of it.

use super::{
    csar,
    import::{Importer, MAX_FILE, file_fields},
    report::{Fault, FileText},
    source::{Fetch, Inputs, Source},
    template::Topology,
    types::{Kind, builtin},
    version::Version,
    world::World,
};
use crate::{
    descriptor::{
        node::{Node, Position},
        yaml::{self, Bounds},
    },
    diagnostic::{Code, Diagnostic},
};
use std::{collections::BTreeMap, fmt, sync::Arc};

/// What came of reading.
pub struct Outcome {
    /// The template, where it has no error.
    pub template: Option<ServiceTemplate>,
    /// What is to be said, in the order of files and lines.
    pub diagnostics: Vec<Diagnostic>,
    /// How many more errors, warnings and notes there were than are listed.
    pub omitted: usize,
    /// The files that were read, with their texts.
    pub files: Vec<(String, Arc<str>)>,
}

impl Outcome {
    /// A diagnostic with the line that it is about.
    #[must_use]
    pub fn render(&self, diagnostic: &Diagnostic) -> String {
        let name = diagnostic.file.as_deref().unwrap_or_default();
        let text = self.files.iter().find(|(known, _)| known == name).map_or("", |(_, text)| text);
        diagnostic.render(name, text)
    }

    /// Whether something is wrong, so that there is no template.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity.is_error())
    }
}

/// A template without errors.
pub struct ServiceTemplate {
    pub(crate) version: Version,
    /// Its file's name without its ending.
    pub(crate) name: String,
    /// None: it defines types and describes nothing.
    pub(crate) topology: Option<Topology>,
    pub(crate) world: World,
    pub(crate) files: BTreeMap<u16, FileText>,
}

// Templates hold what is secret, so neither shows its texts.
impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files: Vec<&str> = self.files.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Outcome")
            .field("template", &self.template)
            .field("diagnostics", &self.diagnostics)
            .field("files", &files)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ServiceTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceTemplate")
            .field("name", &self.name)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// The number of the file of given inputs.
const INPUTS: u16 = u16::MAX - 1;

/// Reads a template, or a package, with all that it imports.
#[must_use]
pub fn read(source: &Source<'_>, fetch: &dyn Fetch, inputs: &Inputs) -> Outcome {
    let mut world = World::default();
    let package = if csar::is_package(source.bytes) {
        match csar::open(&mut world.report, source.name, source.bytes) {
            Some(package) => Some(package),
            None => return finish(world, None),
        }
    } else {
        None
    };
    let (name, bytes) = match &package {
        Some(package) => (package.entry.clone(), package.main_bytes()),
        None => (source.name.to_owned(), source.bytes.to_vec()),
    };
    let unit = Importer::new(&mut world, source.files, fetch, package.as_ref()).main(&name, &bytes);
    let Some(unit) = unit else {
        return finish(world, None);
    };
    if package.as_ref().is_some_and(|package| !package.has_meta) && world.version_of(unit) == Version::V1_0 {
        let message =
            "a package of TOSCA 1.0 names its main template in `TOSCA-Metadata/TOSCA.meta`, which is not there";
        let at = Position { file: u16::MAX, ..Position::START };
        let hint = "add that file, or speak a later version, which does without";
        world.report.say(Fault::error(at, Code::InvalidPackage, message).hint(hint));
    }
    let given = given_inputs(&mut world, inputs);
    let topology = world.topology(unit, &given, package.as_ref().map(|package| (package, name.as_str())));
    substitutes(&mut world, unit);
    check_files(&mut world, topology.is_some());
    if topology.is_none() && !world.report.has_errors() {
        describes_nothing(&mut world, unit);
    }
    let version = world.version_of(unit);
    finish(world, Some((version, stem(source.name), topology)))
}

/// The name of a file without folders and ending.
fn stem(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    last.split('.').next().unwrap_or(last).to_owned()
}

fn describes_nothing(world: &mut World, unit: usize) {
    let Some(root) = world.unit(unit).map(|unit| Arc::clone(&unit.root)) else { return };
    let types = Kind::ALL.iter().any(|kind| root.given(kind.section()).is_some());
    if !types && root.given("imports").is_none() {
        let message = "the file neither defines types nor describes an application";
        world.report.say(Fault::warning(root.at, Code::Empty, message));
    }
}

/// Checks the templates that are imported to stand for nodes of this one.
fn substitutes(world: &mut World, main: usize) {
    for unit in (0..world.units.len()).filter(|unit| *unit != main) {
        let Some(root) = world.unit(unit).filter(|unit| !unit.builtin).map(|unit| Arc::clone(&unit.root)) else {
            continue;
        };
        let field = if world.version_of(unit).is_two() { "service_template" } else { "topology_template" };
        if root.get(field).and_then(|node| node.given("substitution_mappings")).is_some() {
            // Its inputs come from the node that it stands for.
            world.substitute = true;
            let _read = world.topology(unit, &[], None);
            world.substitute = false;
        }
    }
}

/// Checks all files: their fields, and every type that they define. Types that a
/// template doesn't use are looked at more kindly.
fn check_files(world: &mut World, described: bool) {
    for unit in 0..world.units.len() {
        file_fields(world, unit);
    }
    world.report.unused = described;
    let own: Vec<usize> = (0..world.types.definitions.len())
        .filter(|id| world.types.definitions.get(*id).is_some_and(|definition| world.speaks_of(definition.unit)))
        .collect();
    for id in own {
        let flat = world.flat(id);
        let Some(definition) = world.types.definitions.get(id) else { continue };
        let (unit, kind) = (definition.unit, definition.kind);
        let ours = |at: Position| at.file < builtin::FIRST;
        // Defaults must be what their own type asks for, where that type is of the same file.
        let checked: Vec<_> = flat
            .properties
            .iter()
            .filter(|(_, schema)| ours(schema.at) && world.speaks_of(unit))
            .filter_map(|(name, schema)| Some((name.clone(), schema.default.clone()?, schema.clone())))
            .filter(|(_, default, schema)| default.at > schema.at)
            .collect();
        for (name, default, schema) in checked {
            let what = format!("the default of `{name}` of `{}`", flat.name);
            world.soft = kind == Kind::Policy;
            world.check_value(&default, &schema, &what);
            world.soft = false;
        }
    }
    world.report.unused = false;
}

/// The values that are given for inputs.
fn given_inputs(world: &mut World, inputs: &Inputs) -> Vec<(String, Node)> {
    let mut given: Vec<(String, Node)> = Vec::new();
    if let Some((name, bytes)) = &inputs.file {
        let text: Arc<str> =
            Arc::from(String::from_utf8_lossy(bytes.get(..bytes.len().min(MAX_FILE)).unwrap_or_default()));
        world.report.file(INPUTS, FileText { name: name.clone(), text: Arc::clone(&text), root: None });
        let bounds = Bounds {
            file: INPUTS,
            lenient: true,
            begins: "it is a map of inputs and their values",
            ..Bounds::DESCRIPTOR
        };
        let mut findings = Vec::new();
        let root = yaml::read(&text, bounds, &mut findings);
        findings.into_iter().for_each(|finding| world.report.say_found(INPUTS, finding));
        if let Some(root) = root {
            if !root.is_mapping() {
                world.report.say(Fault::error(
                    root.at,
                    Code::WrongType,
                    "a file of inputs is a map of names and values",
                ));
            }
            given.extend(root.entries().iter().map(|entry| (entry.key.clone(), entry.value.clone())));
        }
    }
    for (index, (name, text)) in inputs.given.iter().enumerate() {
        let file = INPUTS - 1 - u16::try_from(index).unwrap_or(0).min(100);
        world
            .report
            .file(file, FileText { name: format!("--input {name}"), text: Arc::from(text.as_str()), root: None });
        let bounds = Bounds { file, lenient: true, begins: "", ..Bounds::DESCRIPTOR };
        let read = yaml::read(text, bounds, &mut Vec::new());
        // What is no YAML is a text all the same.
        let at = Position { file, ..Position::START };
        let value = read.unwrap_or_else(|| Node::of_text(at, text.clone()));
        given.retain(|(known, _)| known != name);
        given.push((name.clone(), value));
    }
    given
}

fn finish(mut world: World, found: Option<(Version, String, Option<Topology>)>) -> Outcome {
    let good = !world.report.has_errors();
    let (diagnostics, omitted, files) = std::mem::take(&mut world.report).finish();
    let texts = files.values().map(|file| (file.name.clone(), Arc::clone(&file.text))).collect();
    let template = found.filter(|_| good).map(|(version, name, topology)| ServiceTemplate {
        version,
        name,
        topology,
        world,
        files,
    });
    let files = texts;
    Outcome { template, diagnostics, omitted, files }
}
