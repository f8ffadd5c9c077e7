//! The absences of ARCHITECTURE.md, proved from `cargo metadata` and the
//! sources. The rules are plain functions beside their own tests, in
//! `architecture/`, so that each is known to fail when it should.

#![allow(clippy::expect_used, reason = "a failing set-up fails the test")]

#[path = "architecture/crates.rs"]
mod crates;
#[path = "architecture/duplicates.rs"]
mod duplicates;
#[path = "architecture/sources.rs"]
mod sources;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};
use crates::Member;
use duplicates::Version;
use sources::Source;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

/// The workspace as cargo sees it for this machine, from what is already downloaded.
static METADATA: LazyLock<Metadata> = LazyLock::new(|| {
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .other_options(["--offline".to_owned(), "--filter-platform".to_owned(), host()])
        .exec()
        .expect("cargo metadata answers")
});

static MEMBERS: LazyLock<Vec<Member>> = LazyLock::new(members);
static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(all_sources);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The triple of this machine: crates for other systems are not downloaded.
fn host() -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let told = Command::new(cargo).arg("-vV").output().expect("cargo runs");
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let line = told.lines().find_map(|line| line.strip_prefix("host: "));
    line.expect("cargo -vV names the host").to_owned()
}

fn members() -> Vec<Member> {
    let edges = compiled_with();
    let packages: HashMap<&PackageId, &Package> =
        METADATA.packages.iter().map(|package| (&package.id, package)).collect();
    METADATA
        .workspace_packages()
        .into_iter()
        .map(|package| {
            let folder = folder_of(package);
            let mut seen = BTreeSet::new();
            let mut next = vec![&package.id];
            while let Some(id) = next.pop() {
                let deeper = edges.get(id).into_iter().flatten().copied();
                next.extend(deeper.filter(|id| seen.insert(*id)));
            }
            Member {
                name: package.name.to_string(),
                direct: (package.dependencies.iter())
                    .filter(|dependency| dependency.kind != DependencyKind::Development)
                    .map(|dependency| dependency.name.clone())
                    .collect(),
                all: seen.iter().filter_map(|id| packages.get(id)).map(|package| package.name.to_string()).collect(),
                has_store: ["src/store.rs", "src/store/mod.rs"]
                    .iter()
                    .any(|path| root().join(&folder).join(path).is_file()),
                folder,
            }
        })
        .collect()
}

/// For each package what is compiled for it, tests and benches aside.
fn compiled_with() -> BTreeMap<&'static PackageId, Vec<&'static PackageId>> {
    let resolve = METADATA.resolve.as_ref().expect("cargo metadata resolves");
    let needed =
        |kinds: &[cargo_metadata::DepKindInfo]| kinds.iter().any(|one| one.kind != DependencyKind::Development);
    (resolve.nodes.iter())
        .map(|node| (&node.id, node.deps.iter().filter(|dep| needed(&dep.dep_kinds)).map(|dep| &dep.pkg).collect()))
        .collect()
}

fn folder_of(package: &Package) -> String {
    let folder = package.manifest_path.parent().expect("a manifest lies in a folder");
    let folder = folder.as_std_path().strip_prefix(root()).expect("a member lies in the workspace");
    folder.to_string_lossy().into_owned()
}

/// Every file of Rust in the workspace.
fn all_sources() -> Vec<Source> {
    let mut files = Vec::new();
    rust_files(root(), &mut files);
    let read = |path: PathBuf| Source {
        text: fs::read_to_string(&path).expect("a source can be read"),
        path: path.strip_prefix(root()).expect("it lies in the workspace").to_string_lossy().into_owned(),
    };
    files.into_iter().map(read).collect()
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).expect("a folder can be read").flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// KiB of Rust source in a package.
fn kib(package: &Package) -> u64 {
    let mut files = Vec::new();
    let folder = package.manifest_path.parent().map(|folder| folder.as_std_path().join("src"));
    if let Some(folder) = folder.filter(|folder| folder.is_dir()) {
        rust_files(&folder, &mut files);
    }
    files.iter().filter_map(|file| fs::metadata(file).ok()).map(|file| file.len()).sum::<u64>() / 1_024
}

/// Fails with every broken place, one on a line.
#[track_caller]
fn holds(broken: Vec<String>) {
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn the_workspace_is_seen() {
    let names: BTreeSet<&str> = MEMBERS.iter().map(|member| member.name.as_str()).collect();
    for expected in ["hansa", "hansa-ontology", "hansa-repository", "hansa-mco", "hansa-pim"] {
        assert!(names.contains(expected), "{expected} is missing in {names:?}");
    }
    let binary = MEMBERS.iter().find(|member| member.name == "hansa").expect("the binary");
    assert!(binary.all.contains("actix-web") && binary.all.contains("oxigraph"), "{:?}", binary.all);
    assert!(SOURCES.len() > 100 && SOURCES.iter().any(|source| source.path == "tests/architecture.rs"));
}

#[test]
fn only_src_knows_an_http_server() {
    holds(crates::only(&MEMBERS, &["hansa"], crates::HTTP_SERVERS, false));
}

#[test]
fn only_repository_and_the_stores_know_diesel() {
    holds(crates::database(&MEMBERS));
    holds(sources::diesel(&SOURCES));
}

#[test]
fn only_the_ontology_knows_rdf_and_shacl() {
    holds(crates::only(&MEMBERS, &["hansa-ontology"], crates::RDF, true));
}

#[test]
fn only_iam_knows_login_and_the_policy_engine() {
    holds(crates::only(&MEMBERS, &["hansa-iam"], crates::IDENTITY, true));
}

#[test]
fn calls_go_down() {
    holds(crates::layers(&MEMBERS));
    holds(crates::foundations(&MEMBERS));
}

#[test]
fn unsafe_is_forbidden_everywhere() {
    let manifest = |folder: &str| fs::read_to_string(root().join(folder).join("Cargo.toml")).expect("a manifest");
    let manifests: Vec<(String, String)> =
        MEMBERS.iter().map(|member| (member.name.clone(), manifest(&member.folder))).collect();
    holds(crates::lints(&manifest(""), &manifests));
}

#[test]
fn time_and_randomness_are_arguments() {
    holds(sources::ambient(&SOURCES));
}

#[test]
fn the_planner_and_scaling_are_pure() {
    holds(sources::pure(&SOURCES));
}

#[test]
fn every_file_says_why_it_exists_and_is_small() {
    holds(sources::headings(&SOURCES));
    holds(sources::sizes(&SOURCES, sources::LONGER));
}

#[test]
fn a_second_version_of_a_large_crate_has_a_reason() {
    let resolve = METADATA.resolve.as_ref().expect("cargo metadata resolves");
    let used: BTreeSet<&PackageId> = resolve.nodes.iter().map(|node| &node.id).collect();
    let used = METADATA.packages.iter().filter(|package| used.contains(&package.id));
    let mut count: HashMap<&str, usize> = HashMap::new();
    let packages: Vec<&Package> = used.collect();
    for package in &packages {
        *count.entry(package.name.as_str()).or_default() += 1;
    }
    let tree: BTreeSet<Version> = packages
        .iter()
        .filter(|package| count.get(package.name.as_str()).is_some_and(|count| *count > 1))
        .map(|package| Version {
            name: package.name.to_string(),
            version: package.version.to_string(),
            kib: kib(package),
        })
        .collect();
    assert!(!tree.is_empty(), "two versions of http are unavoidable: the tree was not seen");
    holds(duplicates::unexplained(&tree, duplicates::ACCEPTED));
}
