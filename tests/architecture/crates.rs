//! Who depends on whom: rules over the crates of the workspace.

use std::collections::{BTreeMap, BTreeSet};

/// A crate of the workspace, as far as the rules need it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Member {
    /// Its name.
    pub(crate) name: String,
    /// Its folder below the workspace; empty for the root package.
    pub(crate) folder: String,
    /// What it itself names as a dependency, for building and running.
    pub(crate) direct: BTreeSet<String>,
    /// All that is compiled for it, directly or not.
    pub(crate) all: BTreeSet<String>,
    /// Whether it has a `store` module.
    pub(crate) has_store: bool,
}

impl Member {
    fn is_layer(&self) -> bool {
        self.folder.starts_with("layers/")
    }

    fn is_domain(&self) -> bool {
        self.folder.starts_with("domains/")
    }
}

/// Crates that serve HTTP. Clients share hyper with some of them, so hyper is not one.
pub(crate) const HTTP_SERVERS: &[&str] = &[
    "actix-http",
    "actix-server",
    "actix-web",
    "axum",
    "dropshot",
    "gotham",
    "poem",
    "rocket",
    "rouille",
    "salvo",
    "thruster",
    "tide",
    "tiny_http",
    "trillium",
    "viz",
    "warp",
];
/// Crates that talk to a relational database.
pub(crate) const DATABASES: &[&str] = &[
    "diesel",
    "diesel-async",
    "diesel_migrations",
    "libsqlite3-sys",
    "postgres",
    "pq-sys",
    "rusqlite",
    "sea-orm",
    "sqlx",
    "tokio-postgres",
];
/// Crates of RDF, SPARQL and SHACL.
pub(crate) const RDF: &[&str] = &[
    "oxigraph",
    "oxiri",
    "oxjsonld",
    "oxrdf",
    "oxrdfio",
    "oxrdfxml",
    "oxttl",
    "prefixmap",
    "rudof_iri",
    "rudof_lib",
    "rudof_rdf",
    "shacl",
    "sophia",
    "spareval",
    "spargebra",
    "sparopt",
    "sparesults",
];
/// Crates of login and of the policy engine.
pub(crate) const IDENTITY: &[&str] = &["cedar-policy", "jsonwebtoken", "oauth2", "openidconnect"];

/// The layers, and those each may call: the ones below it. `application`
/// is called by none; `wdm` stands beside `mcm`, below `mco`; `scaling` is pure,
/// and serves whoever reads policies and whoever runs them.
const LAYERS: &[(&str, &[&str])] = &[
    ("hansa-application", &["hansa-scaling"]),
    ("hansa-service-orchestrator", &["hansa-mco", "hansa-mcm", "hansa-wdm", "hansa-vip", "hansa-pim", "hansa-scaling"]),
    ("hansa-mco", &["hansa-mcm", "hansa-wdm", "hansa-vip", "hansa-pim"]),
    ("hansa-mcm", &["hansa-vip", "hansa-pim"]),
    ("hansa-wdm", &[]),
    ("hansa-vip", &["hansa-pim"]),
    ("hansa-pim", &[]),
    ("hansa-scaling", &[]),
];

/// Nothing of `banned` is compiled for a crate, unless the crate is `allowed`.
pub(crate) fn only(members: &[Member], allowed: &[&str], banned: &[&str], direct: bool) -> Vec<String> {
    let mut broken = Vec::new();
    for member in members.iter().filter(|member| !allowed.contains(&member.name.as_str())) {
        let has = if direct { &member.direct } else { &member.all };
        for name in banned.iter().filter(|name| has.contains(**name)) {
            broken.push(format!("{} depends on {name}; only {} may", member.name, allowed.join(", ")));
        }
    }
    broken
}

/// Only `repository`, and crates with a `store`, know the database.
pub(crate) fn database(members: &[Member]) -> Vec<String> {
    let without = |member: &&Member| member.name != "hansa-repository" && !member.has_store;
    let mut broken = Vec::new();
    for member in members.iter().filter(without) {
        for name in DATABASES.iter().filter(|name| member.direct.contains(**name)) {
            broken.push(format!("{} depends on {name} and has no `store` module", member.name));
        }
    }
    broken
}

/// Calls go down.
pub(crate) fn layers(members: &[Member]) -> Vec<String> {
    let below: BTreeMap<&str, &[&str]> = LAYERS.iter().copied().collect();
    let rooms: BTreeSet<&str> =
        members.iter().filter(|member| member.is_layer()).map(|member| member.name.as_str()).collect();
    let mut broken = Vec::new();
    for member in members {
        let layers = member.direct.iter().map(String::as_str).filter(|name| rooms.contains(name));
        let may: &[&str] = match below.get(member.name.as_str()) {
            Some(may) => may,
            None if member.is_layer() => {
                broken.push(format!("{} is a layer without a place in the order of layers", member.name));
                continue;
            }
            // The root package wires everything; nobody else knows a layer.
            None if member.folder.is_empty() => continue,
            None => &[],
        };
        for layer in layers.filter(|layer| !may.contains(layer)) {
            let what = if member.is_domain() { "a domain" } else { "not above it" };
            broken.push(format!("{} depends on {layer}, and is {what}", member.name));
        }
    }
    broken
}

/// The ontology is at the bottom; the federation protocol has no database.
pub(crate) fn foundations(members: &[Member]) -> Vec<String> {
    let mut broken = Vec::new();
    for member in members {
        let banned: Vec<&String> = match member.folder.as_str() {
            "ontology" => member.all.iter().filter(|name| name.starts_with("hansa")).collect(),
            "federation" => member
                .all
                .iter()
                .filter(|name| DATABASES.contains(&name.as_str()) || *name == "hansa-repository")
                .collect(),
            _ => Vec::new(),
        };
        broken.extend(banned.iter().map(|name| format!("{} depends on {name}", member.name)));
    }
    broken
}

/// The manifest of every crate takes the workspace's lints, and these forbid `unsafe`.
pub(crate) fn lints(root: &str, manifests: &[(String, String)]) -> Vec<String> {
    let section = |text: &str, name: &str| -> Vec<String> {
        let lines = text.lines().map(str::trim).skip_while(|line| *line != name).skip(1);
        lines.take_while(|line| !line.starts_with('[')).map(|line| line.replace(' ', "")).collect()
    };
    let mut broken = Vec::new();
    if !section(root, "[workspace.lints.rust]").contains(&"unsafe_code=\"forbid\"".to_owned()) {
        broken.push("the workspace's lints do not forbid unsafe_code".to_owned());
    }
    for (path, text) in manifests {
        if !section(text, "[lints]").contains(&"workspace=true".to_owned()) {
            broken.push(format!("{path} does not take the workspace's lints"));
        }
    }
    broken
}

mod tests {
    use super::*;

    fn member(name: &str, folder: &str, direct: &[&str]) -> Member {
        let direct: BTreeSet<String> = direct.iter().map(|&name| name.to_owned()).collect();
        Member { name: name.to_owned(), folder: folder.to_owned(), all: direct.clone(), direct, has_store: false }
    }

    #[test]
    fn a_banned_crate_is_found_directly_and_behind_another() {
        let mut hidden = member("hansa-vip", "layers/vip", &["nice-crate"]);
        hidden.all.insert("actix-web".to_owned());
        let members = [member("hansa", "", &["actix-web"]), hidden];
        assert_eq!(only(&members, &["hansa"], HTTP_SERVERS, false), ["hansa-vip depends on actix-web; only hansa may"]);
        assert_eq!(only(&members, &["hansa"], HTTP_SERVERS, true), Vec::<String>::new());
        assert_eq!(only(&members, &["other"], HTTP_SERVERS, true).len(), 1);
    }

    #[test]
    fn the_database_needs_a_store() {
        let store = Member { has_store: true, ..member("hansa-pim", "layers/pim", &["diesel"]) };
        let members = [member("hansa-repository", "domains/repository", &["diesel"]), store];
        assert_eq!(database(&members), Vec::<String>::new());
        let without = [member("hansa-vip", "layers/vip", &["diesel"])];
        assert_eq!(database(&without), ["hansa-vip depends on diesel and has no `store` module"]);
    }

    #[test]
    fn calls_that_go_up_or_sideways_are_found() {
        let pim = || member("hansa-pim", "layers/pim", &[]);
        let mco = || member("hansa-mco", "layers/mco", &["hansa-pim"]);
        assert_eq!(layers(&[member("hansa", "", &["hansa-mco"]), mco(), pim()]), Vec::<String>::new());
        let wrong = [
            member("hansa-pim", "layers/pim", &["hansa-mco"]),
            member("hansa-wdm", "layers/wdm", &["hansa-pim"]),
            member("hansa-accounting", "domains/accounting", &["hansa-pim"]),
            member("hansa-ontology", "ontology", &["hansa-pim"]),
            member("hansa-data", "layers/data", &[]),
            mco(),
        ];
        assert_eq!(
            layers(&wrong),
            [
                "hansa-pim depends on hansa-mco, and is not above it",
                "hansa-wdm depends on hansa-pim, and is not above it",
                "hansa-accounting depends on hansa-pim, and is a domain",
                "hansa-ontology depends on hansa-pim, and is not above it",
                "hansa-data is a layer without a place in the order of layers",
            ]
        );
        let orchestrator = "hansa-service-orchestrator";
        let wrong = [
            member(orchestrator, "layers/service-orchestrator", &["hansa-application"]),
            member("hansa-application", "layers/application", &[]),
        ];
        assert_eq!(layers(&wrong).len(), 1, "application is used by src alone");
    }

    #[test]
    fn the_foundations_stand_on_nothing() {
        let ontology = member("hansa-ontology", "ontology", &["serde", "hansa-repository"]);
        let federation = member("hansa-federation", "federation", &["hansa-ontology", "diesel"]);
        assert_eq!(
            foundations(&[ontology, federation]),
            ["hansa-ontology depends on hansa-repository", "hansa-federation depends on diesel"]
        );
        let good = member("hansa-federation", "federation", &["hansa-ontology"]);
        assert_eq!(foundations(&[good]), Vec::<String>::new());
    }

    #[test]
    fn a_crate_without_the_lints_is_found() {
        let root = "[workspace.lints.rust]\nunsafe_code = \"forbid\"\n[lints]\nworkspace = true\n";
        let crates = [
            ("a".to_owned(), "[package]\n[lints]\nworkspace = true".to_owned()),
            ("b".to_owned(), "[lints]\n[dependencies]\nworkspace = true".to_owned()),
        ];
        assert_eq!(lints(root, &crates), ["b does not take the workspace's lints"]);
        assert_eq!(lints("[workspace.lints.rust]\nunsafe_code = \"warn\"", &[]).len(), 1);
    }
}
