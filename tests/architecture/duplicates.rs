//! No second version of a large crate without a reason.

use std::collections::{BTreeMap, BTreeSet};

/// From this much Rust source on a crate is large, in KiB.
pub(crate) const LARGE_KIB: u64 = 400;

/// Large crates of which a second version is accepted, each with the reason.
pub(crate) const ACCEPTED: &[(&str, &str)] = &[
    ("curve25519-dalek", "signed_note keeps ed25519-dalek 2, openidconnect has 3; our own signatures are aws-lc-rs"),
    ("der", "openidconnect's RSA keeps 0.7, its elliptic curves have 0.8"),
    ("hashbrown", "dashmap (rudof) keeps 0.14 and petgraph 0.15; the standard maps of all others are newer"),
    ("http", "actix-http keeps http 0.2; every HTTP client has 1"),
    ("indexmap", "serde_with (openidconnect) names 1 for a feature that is off: it is in the lock, not in the binary"),
    ("itertools", "criterion keeps 0.13: benches only, not in the binary"),
    ("nom", "the SHACL library's tables (ansitok) keep 7; lettre reads the answers of mail servers with 8"),
    ("petgraph", "lalrpop (cedar's grammar) keeps 0.7, at build time only; the SHACL library has 0.8"),
    ("quick-xml", "oxigraph's RDF/XML keeps 0.37; the answers of EC2 and libvirt are read by 0.42"),
    ("reqwest", "rudof_iri keeps 0.12, without need of it at run time; our own client has 0.13"),
    ("syn", "procedural macros are half way from 2 to 3; at build time only"),
    ("tower-http", "reqwest has 0.6, kube has 0.7; of each only the layers that it names"),
    ("unicode-width", "miette (cedar) keeps 0.1; all tables and progress bars have 0.2"),
    ("zerovec", "webdriver (fantoccini) keeps ICU 1: tests only, not in the binary"),
    ("winnow", "toml 0.9 (figment and rudof) reads with 0.7 and writes with 1"),
];

/// A crate in the tree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    /// Its name.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// Its Rust source, KiB.
    pub(crate) kib: u64,
}

/// Large crates in several versions without a reason, and reasons without such a crate.
pub(crate) fn unexplained(tree: &BTreeSet<Version>, accepted: &[(&str, &str)]) -> Vec<String> {
    let mut by_name: BTreeMap<&str, Vec<&Version>> = BTreeMap::new();
    for one in tree {
        by_name.entry(&one.name).or_default().push(one);
    }
    by_name.retain(|_, versions| versions.len() > 1 && versions.iter().any(|one| one.kib >= LARGE_KIB));
    let mut broken = Vec::new();
    for (name, versions) in &by_name {
        if !accepted.iter().any(|(known, reason)| known == name && !reason.is_empty()) {
            let each: Vec<String> = versions.iter().map(|one| format!("{} ({} KiB)", one.version, one.kib)).collect();
            broken.push(format!("{name} is there {} times without a reason: {}", each.len(), each.join(", ")));
        }
    }
    let gone = accepted.iter().filter(|(name, _)| !by_name.contains_key(name));
    broken.extend(gone.map(|(name, _)| format!("{name} is no longer there twice: remove its reason")));
    broken
}

mod tests {
    use super::*;

    fn tree(versions: &[(&str, &str, u64)]) -> BTreeSet<Version> {
        let make = |&(name, version, kib): &(&str, &str, u64)| Version {
            name: name.to_owned(),
            version: version.to_owned(),
            kib,
        };
        versions.iter().map(make).collect()
    }

    #[test]
    fn a_second_version_of_a_large_crate_needs_a_reason() {
        let all = tree(&[
            ("big", "1.0.0", 900),
            ("big", "2.0.0", 10),
            ("small", "1.0.0", 5),
            ("small", "2.0.0", 5),
            ("one", "1.0.0", 9_000),
        ]);
        assert_eq!(unexplained(&all, &[]), ["big is there 2 times without a reason: 1.0.0 (900 KiB), 2.0.0 (10 KiB)"]);
        assert_eq!(unexplained(&all, &[("big", "")]).len(), 1);
        assert_eq!(unexplained(&all, &[("big", "because")]), Vec::<String>::new());
    }

    #[test]
    fn a_reason_that_is_no_longer_needed_is_found() {
        let all = tree(&[("big", "1.0.0", 900)]);
        assert_eq!(unexplained(&all, &[("big", "because")]), ["big is no longer there twice: remove its reason"]);
    }
}
