//! Well-known files: whoever imports them by their published address gets what
//! comes with this program, whichever branch or tag they name.

use crate::tosca::{types::builtin::Builtin, version::Version};

/// What an import by address stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// One of the files that come with this program.
    Types(Builtin),
    /// The normative types of 1.x, which every template of 1.x has anyway.
    Normative(Version),
}

/// The owners under whom the types of MiCADO were published.
const MICADO: [&str; 5] = ["micado-scale", "jaydeslauriers", "colarepo", "uow-cpc", "resmiarjun"];

/// What an address stands for.
pub(crate) fn address(url: &str) -> Option<Known> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest).to_ascii_lowercase();
    let parts: Vec<&str> = rest.split(['/', '?', '#']).filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        ["raw.githubusercontent.com" | "github.com" | "www.github.com", owner, "tosca", path @ ..]
            if MICADO.contains(owner) && is_micado(path) =>
        {
            Some(Known::Types(Builtin::Micado))
        }
        ["cdn.jsdelivr.net", "gh", owner, repository, path @ ..]
            if MICADO.contains(owner) && repository.split('@').next() == Some("tosca") && is_micado(path) =>
        {
            Some(Known::Types(Builtin::Micado))
        }
        ["docs.oasis-open.org", "tosca", "ns", "simple", "yaml", version, ..] => simple(version),
        _ => None,
    }
}

/// Paths of the repository of MiCADO's types that hold types; its examples are others.
fn is_micado(path: &[&str]) -> bool {
    path.last().is_some_and(|last| *last == "micado_types.yaml") || path.contains(&"custom_types")
}

/// What a plain file name stands for, where no such file is there.
pub(crate) fn file_name(path: &str) -> Option<Known> {
    let path = path.to_ascii_lowercase();
    let last = path.rsplit('/').next().unwrap_or_default();
    (last == "micado_types.yaml" || path.contains("micado-scale/tosca")).then_some(Known::Types(Builtin::Micado))
}

/// What the name of a profile stands for (2.0, clause 6.4).
pub(crate) fn profile(name: &str) -> Option<Known> {
    let (name, version) = name.rsplit_once(':').unwrap_or((name, "2.0"));
    match name.to_ascii_lowercase().as_str() {
        "org.oasis-open.simple" | "org.oasis-open.tosca.simple" | "tosca.simple" | "org.oasis-open.tosca" => {
            match version {
                "2.0" => Some(Known::Types(Builtin::Simple20)),
                other => simple(other).or(Some(Known::Types(Builtin::Simple20))),
            }
        }
        "micado" | "eu.micado-scale" | "org.micado-scale" => Some(Known::Types(Builtin::Micado)),
        _ => None,
    }
}

fn simple(version: &str) -> Option<Known> {
    let named = Version::ALL.into_iter().find(|known| known.to_string() == version);
    named.filter(|version| !version.is_two()).map(Known::Normative)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whichever_branch_or_tag_is_named() {
        let micado = Some(Known::Types(Builtin::Micado));
        for rest in [
            "micado-scale/tosca/main/micado_types.yaml",
            "micado-scale/tosca/develop/micado_types.yaml",
            "micado-scale/tosca/v0.x.2/micado_types.yaml",
            "micado-scale/tosca/refs/heads/main/micado_types.yaml",
            "micado-scale/tosca/v0.12.3/custom_types/container/kubernetes.yaml",
        ] {
            assert_eq!(address(&format!("https://raw.githubusercontent.com/{rest}")), micado, "{rest}");
        }
        assert_eq!(address("https://github.com/micado-scale/tosca/blob/main/micado_types.yaml"), micado);
        assert_eq!(address("https://raw.githubusercontent.com/someone/tosca/main/micado_types.yaml"), None);
        assert_eq!(address("https://raw.githubusercontent.com/micado-scale/tosca/main/ADT/outlandish.yaml"), None);
        assert_eq!(profile("org.oasis-open.simple:2.0"), Some(Known::Types(Builtin::Simple20)));
        assert_eq!(profile("community.other:1.0"), None);
    }
}
