//! The types that come with this program: the normative ones of each version,
//! and MiCADO's. Their files are parsed once for each process.

use crate::descriptor::{
    node::Node,
    yaml::{self, Bounds},
};
use std::sync::{Arc, OnceLock};

/// A file that comes with this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Builtin {
    Simple10,
    Simple11,
    Simple12,
    Simple13,
    Simple20,
    Micado,
    Nfv,
}

impl Builtin {
    pub(crate) const ALL: [Self; 7] =
        [Self::Simple10, Self::Simple11, Self::Simple12, Self::Simple13, Self::Simple20, Self::Micado, Self::Nfv];

    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Simple10 => include_str!("profiles/simple-1.0.yaml"),
            Self::Simple11 => include_str!("profiles/simple-1.1.yaml"),
            Self::Simple12 => include_str!("profiles/simple-1.2.yaml"),
            Self::Simple13 => include_str!("profiles/simple-1.3.yaml"),
            Self::Simple20 => include_str!("profiles/simple-2.0.yaml"),
            Self::Micado => include_str!("profiles/micado.yaml"),
            Self::Nfv => include_str!("profiles/nfv-1.0.yaml"),
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Simple10 => "built in: simple-1.0.yaml",
            Self::Simple11 => "built in: simple-1.1.yaml",
            Self::Simple12 => "built in: simple-1.2.yaml",
            Self::Simple13 => "built in: simple-1.3.yaml",
            Self::Simple20 => "built in: simple-2.0.yaml",
            Self::Micado => "built in: micado.yaml",
            Self::Nfv => "built in: nfv-1.0.yaml",
        }
    }

    /// Its number among files: behind all those of a reader.
    pub(crate) const fn file(self) -> u16 {
        FIRST + self as u16
    }

    /// The parsed file.
    pub(crate) fn root(self) -> Arc<Node> {
        static ROOTS: OnceLock<Vec<Arc<Node>>> = OnceLock::new();
        let roots = ROOTS.get_or_init(|| Self::ALL.into_iter().map(|builtin| Arc::new(builtin.parse())).collect());
        roots.get(self as usize).map_or_else(|| Arc::new(self.parse()), Arc::clone)
    }

    fn parse(self) -> Node {
        let bounds = Bounds { file: self.file(), ..Bounds::DESCRIPTOR };
        let found = yaml::read(self.text(), bounds, &mut Vec::new());
        found.unwrap_or_else(|| Node::null(crate::descriptor::node::Position::START))
    }
}

/// The first number of files that come with this program.
pub(crate) const FIRST: u16 = 0xff00;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_whole() {
        for builtin in Builtin::ALL {
            let mut findings = Vec::new();
            let bounds = Bounds { file: builtin.file(), ..Bounds::DESCRIPTOR };
            assert!(yaml::read(builtin.text(), bounds, &mut findings).is_some(), "{}: {findings:?}", builtin.name());
            assert!(findings.is_empty(), "{}: {findings:?}", builtin.name());
        }
    }
}
