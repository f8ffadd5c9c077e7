//! The vocabulary and the shapes as the broker serves them, and the names
//! (IRIs) that the mapping uses.

/// Hansa's namespace; its prefix is `hansa:`.
pub const NS: &str = "https://w3id.org/hansa/ns#";

/// The vocabulary in Turtle.
pub const VOCABULARY_TTL: &str = "";

/// All the shapes in one Turtle document.
pub const SHAPES_TTL: &str = "";
