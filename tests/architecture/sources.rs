//! What the sources may and may not say.

/// A source file.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// Its path below the workspace.
    pub(crate) path: String,
    /// What is in it.
    pub(crate) text: String,
}

/// The most lines of a file.
pub(crate) const MOST_LINES: usize = 500;

/// Files that may be longer, each with the reason.
pub(crate) const LONGER: &[(&str, &str)] = &[];

/// What asks the system for time or randomness, and the one file that may.
const AMBIENT: &[&str] = &[
    concat!("Utc::", "now"),
    concat!("Local::", "now"),
    concat!("SystemTime::", "now"),
    concat!("Uuid::now", "_v7"),
    concat!("Uuid::new", "_v4"),
];
const AMBIENT_FILE: &str = "domains/repository/src/ambient.rs";

/// What a pure function does not touch.
const IMPURE: &[&str] = &[
    "diesel",
    "hansa_repository",
    "tokio",
    "std::fs",
    "std::net",
    "std::env",
    "std::io",
    "std::process",
    "std::thread",
    "std::time",
    "Instant",
    "SystemTime",
    "rand::",
    "RandomState",
    "HashMap",
    "HashSet",
];
/// Where all is pure: what plans, and what scales.
const PURE: &[&str] = &["layers/mco/src/planner/", "layers/scaling/src/"];

impl Source {
    /// The lines of code with their numbers: without comments and without documentation.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().filter_map(|(at, line)| {
            let code = line.split(" // ").next().unwrap_or(line);
            (!code.trim_start().starts_with("//")).then_some((at + 1, code))
        })
    }

    fn mentions(&self, words: &[&str], rule: &str) -> Vec<String> {
        let found = |(at, line): (usize, &str)| {
            let word = words.iter().find(|word| has_word(line, word))?;
            Some(format!("{}:{at} mentions {word}: {rule}", self.path))
        };
        self.code().filter_map(found).collect()
    }
}

/// Whether the word stands in the line, not as a part of a longer name.
fn has_word(line: &str, word: &str) -> bool {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + word.len()..).and_then(|text| text.chars().next());
        !part(before) && (!part(after) || word.ends_with(':'))
    })
}

/// Outside `repository` only `store` modules know diesel.
pub(crate) fn diesel(sources: &[Source]) -> Vec<String> {
    let store =
        |path: &str| path.starts_with("domains/repository/") || path.ends_with("/store.rs") || path.contains("/store/");
    let others = sources.iter().filter(|source| !store(&source.path) && !source.path.starts_with("tests/architecture"));
    others
        .flat_map(|source| source.mentions(&["diesel", "diesel_migrations"], "only repository and `store` know it"))
        .collect()
}

/// Time and randomness are arguments.
pub(crate) fn ambient(sources: &[Source]) -> Vec<String> {
    let others = sources.iter().filter(|source| source.path != AMBIENT_FILE);
    others.flat_map(|source| source.mentions(AMBIENT, "take a Clock or an IdSource")).collect()
}

/// The planner and scaling are pure functions.
pub(crate) fn pure(sources: &[Source]) -> Vec<String> {
    let pure = sources.iter().filter(|source| PURE.iter().any(|room| source.path.starts_with(room)));
    pure.flat_map(|source| source.mentions(IMPURE, "this room is pure")).collect()
}

/// Every file says first why it exists.
pub(crate) fn headings(sources: &[Source]) -> Vec<String> {
    let says_why = |source: &&Source| {
        let first = source.text.lines().find(|line| !line.trim().is_empty());
        first.is_some_and(|line| line.strip_prefix("//!").is_some_and(|why| !why.trim().is_empty()))
    };
    let silent = sources.iter().filter(|source| !says_why(source));
    silent.map(|source| format!("{} does not begin with `//!` and why it exists", source.path)).collect()
}

/// Files are small.
pub(crate) fn sizes(sources: &[Source], longer: &[(&str, &str)]) -> Vec<String> {
    let mut broken = Vec::new();
    for source in sources {
        let lines = source.text.lines().count();
        let listed = longer.iter().any(|(path, reason)| *path == source.path && !reason.is_empty());
        if lines > MOST_LINES && !listed {
            broken.push(format!("{} has {lines} lines, more than {MOST_LINES}", source.path));
        }
        if lines <= MOST_LINES && listed {
            broken.push(format!("{} is short again: take it off the list", source.path));
        }
    }
    let gone = longer.iter().filter(|(path, _)| !sources.iter().any(|source| source.path == *path));
    broken.extend(gone.map(|(path, _)| format!("{path} is gone: take it off the list")));
    broken
}

mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn diesel_outside_of_a_store_is_found_and_in_a_comment_it_is_not() {
        let good = [
            source("layers/pim/src/store.rs", "use diesel::x;"),
            source("layers/pim/src/store/nodes.rs", "use diesel::x;"),
            source("domains/repository/src/event.rs", "use diesel::x;"),
            source(
                "layers/pim/src/lib.rs",
                "//! Only `store` knows diesel.\nlet x = 1; // not diesel\nlet biodiesel = 2;",
            ),
        ];
        assert_eq!(diesel(&good), Vec::<String>::new());
        let bad = [
            source("layers/pim/src/service.rs", "fn f() {}\nuse diesel::x;"),
            source("layers/pim/src/restore.rs", "diesel_migrations::embed();"),
        ];
        assert_eq!(
            diesel(&bad),
            [
                "layers/pim/src/service.rs:2 mentions diesel: only repository and `store` know it",
                "layers/pim/src/restore.rs:1 mentions diesel_migrations: only repository and `store` know it",
            ]
        );
    }

    #[test]
    fn asking_the_system_for_time_or_randomness_is_found() {
        for call in AMBIENT {
            let line = format!("let x = chrono::{call}();");
            assert_eq!(ambient(&[source("src/main.rs", &line)]).len(), 1, "{line}");
            assert_eq!(ambient(&[source(AMBIENT_FILE, &line)]), Vec::<String>::new());
        }
        assert_eq!(ambient(&[source("src/main.rs", "clock.now()")]), Vec::<String>::new());
    }

    #[test]
    fn what_is_impure_in_a_pure_room_is_found() {
        let path = "layers/mco/src/planner/search.rs";
        assert_eq!(pure(&[source("layers/scaling/src/rule/run/mod.rs", "use std::time::SystemTime;")]).len(), 1);
        assert_eq!(pure(&[source("layers/scaling/tests/rules/main.rs", "use std::process;")]), Vec::<String>::new());
        for line in
            ["use std::time::Instant;", "let x = rand::random();", "tokio::spawn(f);", "use std::collections::HashMap;"]
        {
            assert_eq!(pure(&[source(path, line)]).len(), 1, "{line}");
            assert_eq!(pure(&[source("layers/mco/src/service.rs", line)]), Vec::<String>::new());
        }
        assert_eq!(pure(&[source(path, "let operand = BTreeMap::new();")]), Vec::<String>::new());
    }

    #[test]
    fn a_file_that_does_not_say_why_is_found() {
        let good = [source("a.rs", "\n//! Why.\n"), source("b.rs", "//! Why.")];
        assert_eq!(headings(&good), Vec::<String>::new());
        let bad = [
            source("a.rs", "// Why.\n"),
            source("b.rs", ""),
            source("c.rs", "//!\nuse x;"),
            source("d.rs", "use x;\n//! Why."),
        ];
        assert_eq!(headings(&bad).len(), 4);
    }

    #[test]
    fn a_long_file_is_found_and_so_is_a_stale_exception() {
        let long = source("a.rs", &"x\n".repeat(MOST_LINES + 1));
        let short = source("b.rs", &"x\n".repeat(MOST_LINES));
        assert_eq!(sizes(&[long.clone(), short.clone()], &[]), ["a.rs has 501 lines, more than 500"]);
        assert_eq!(sizes(std::slice::from_ref(&long), &[("a.rs", "a table")]), Vec::<String>::new());
        assert_eq!(sizes(&[long], &[("a.rs", "")]).len(), 1);
        assert_eq!(sizes(&[short], &[("b.rs", "a table"), ("c.rs", "a table")]).len(), 2);
    }
}
